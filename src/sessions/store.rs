//! The SQL of sessions: passwords, refresh tokens, tickets. Of users only what a sign-in needs.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{IntervalDsl, now},
    prelude::*,
    sql_types::Timestamptz,
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{Me, Ticket, TicketPurpose};
use crate::{
    auth::Role,
    db::Conn,
    error::{ApiError, ApiResult, Code},
    keys::{random_token, sha256},
    schema::{refresh_tokens, user_areas, user_passwords, user_tickets, users},
    types::{Email, Name},
};

/// The status of a user who may sign in.
const ACTIVE: &str = "active";

/// What a sign-in is judged by.
#[derive(Queryable)]
pub(super) struct Account {
    pub id: Uuid,
    pub status: String,
    pub session_version: i64,
    pub hash: Option<String>,
}

impl Account {
    pub fn is_active(&self) -> bool {
        self.status == ACTIVE
    }
}

/// A refresh token and where its user stands.
pub(super) struct Held {
    pub id: Uuid,
    pub family_id: Uuid,
    pub user_id: Uuid,
    pub session_version: i64,
    pub expires_at: DateTime<Utc>,
    pub spent_at: Option<DateTime<Utc>>,
    /// Signed out, or the user may no longer do what they could when they signed in.
    pub ended: bool,
}

/// Who holds an open ticket.
#[derive(Queryable)]
pub(super) struct TicketHolder {
    pub ticket_id: Uuid,
    pub user_id: Uuid,
    pub email: Email,
}

/// How a secret is kept.
pub(super) fn hash_of(secret: &str) -> Vec<u8> {
    sha256(&[secret.as_bytes()])
}

/// The database's clock: the only one that all nodes share.
pub(super) async fn clock(conn: &mut Conn) -> ApiResult<DateTime<Utc>> {
    Ok(diesel::select(now.into_sql::<Timestamptz>()).get_result(conn).await?)
}

/// The account of an e-mail address, one query whether it is there or not.
pub(super) async fn account(conn: &mut Conn, email: &str) -> ApiResult<Option<Account>> {
    let account = users::table
        .left_join(user_passwords::table.on(user_passwords::user_id.eq(users::id)))
        .filter(users::email.eq(email))
        .filter(users::retired_at.is_null())
        .select((users::id, users::status, users::session_version, user_passwords::hash.nullable()))
        .first(conn)
        .await;
    Ok(account.optional()?)
}

/// The caller's own account.
pub(super) async fn me(conn: &mut Conn, user: Uuid) -> ApiResult<Me> {
    type Row = (Email, Name, Role, Option<Uuid>, Option<Uuid>);
    let (email, name, role, organization_id, facility_id): Row = users::table
        .find(user)
        .select((users::email, users::name, users::role, users::organization_id, users::facility_id))
        .first(conn)
        .await?;
    let areas = user_areas::table.filter(user_areas::user_id.eq(user)).filter(user_areas::retired_at.is_null());
    let area_ids = areas.select(user_areas::area_id).order(user_areas::area_id).load(conn).await?;
    Ok(Me { id: user, email, name, role, organization_id, facility_id, area_ids })
}

/// The first token of a new family; it lives 30 days, and so does every successor.
pub(super) async fn open_family(conn: &mut Conn, user: Uuid, session_version: i64, token: &str) -> ApiResult<()> {
    let id = Uuid::now_v7();
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::id.eq(id),
            refresh_tokens::family_id.eq(id),
            refresh_tokens::user_id.eq(user),
            refresh_tokens::token_hash.eq(hash_of(token)),
            refresh_tokens::session_version.eq(session_version),
            refresh_tokens::expires_at.eq(now.into_sql::<Timestamptz>() + 30.days()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// A refresh token, its family held until the transaction ends. Whatever changes a family holds its first row, so
/// that a family which is being ended cannot grow at the same moment.
pub(super) async fn hold(conn: &mut Conn, token: &str) -> ApiResult<Option<Held>> {
    type Row = (Uuid, Uuid, i64, DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);
    let by_hash = || refresh_tokens::table.filter(refresh_tokens::token_hash.eq(hash_of(token)));
    let family: Option<Uuid> = by_hash().select(refresh_tokens::family_id).first(conn).await.optional()?;
    let Some(family_id) = family else { return Ok(None) };
    refresh_tokens::table.find(family_id).select(refresh_tokens::id).for_update().first::<Uuid>(conn).await?;
    let (id, user_id, session_version, expires_at, spent_at, ended_at): Row = by_hash()
        .select((
            refresh_tokens::id,
            refresh_tokens::user_id,
            refresh_tokens::session_version,
            refresh_tokens::expires_at,
            refresh_tokens::spent_at,
            refresh_tokens::ended_at,
        ))
        .first(conn)
        .await?;
    let ended = ended_at.is_some() || standing(conn, user_id).await? != Some(session_version);
    Ok(Some(Held { id, family_id, user_id, session_version, expires_at, spent_at, ended }))
}

/// The session version of a user who may sign in.
async fn standing(conn: &mut Conn, user: Uuid) -> ApiResult<Option<i64>> {
    let version = users::table
        .find(user)
        .filter(users::status.eq(ACTIVE))
        .filter(users::retired_at.is_null())
        .select(users::session_version)
        .first(conn)
        .await;
    Ok(version.optional()?)
}

/// Which of these tokens the family has, and whether it is spent.
pub(super) async fn find_in_family(conn: &mut Conn, family: Uuid, tokens: &[String]) -> ApiResult<Option<(String, bool)>> {
    let hashes: Vec<Vec<u8>> = tokens.iter().map(|token| hash_of(token)).collect();
    let found: Option<(Vec<u8>, Option<DateTime<Utc>>)> = refresh_tokens::table
        .filter(refresh_tokens::family_id.eq(family))
        .filter(refresh_tokens::token_hash.eq_any(&hashes))
        .select((refresh_tokens::token_hash, refresh_tokens::spent_at))
        .first(conn)
        .await
        .optional()?;
    Ok(found.and_then(|(hash, spent_at)| {
        let place = hashes.iter().position(|one| *one == hash)?;
        Some((tokens.get(place)?.clone(), spent_at.is_some()))
    }))
}

/// Spends a token and puts its successor into the family.
pub(super) async fn succeed(conn: &mut Conn, spent: &Held, successor: &str) -> ApiResult<()> {
    diesel::update(refresh_tokens::table.find(spent.id))
        .set(refresh_tokens::spent_at.eq(now.into_sql::<Timestamptz>().nullable()))
        .execute(conn)
        .await?;
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::id.eq(Uuid::now_v7()),
            refresh_tokens::family_id.eq(spent.family_id),
            refresh_tokens::user_id.eq(spent.user_id),
            refresh_tokens::token_hash.eq(hash_of(successor)),
            refresh_tokens::session_version.eq(spent.session_version),
            refresh_tokens::expires_at.eq(spent.expires_at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a family.
pub(super) async fn end_family(conn: &mut Conn, family: Uuid) -> ApiResult<()> {
    let living = refresh_tokens::table.filter(refresh_tokens::family_id.eq(family)).filter(refresh_tokens::ended_at.is_null());
    diesel::update(living).set(refresh_tokens::ended_at.eq(now.into_sql::<Timestamptz>().nullable())).execute(conn).await?;
    Ok(())
}

/// Ends every session of a user, access tokens too; the version of the sessions to come.
pub(super) async fn raise_session(conn: &mut Conn, by: Uuid, user: Uuid) -> ApiResult<i64> {
    let raised = diesel::update(users::table.find(user))
        .set((users::session_version.eq(users::session_version + 1), users::recorded_by.eq(by)))
        .returning(users::session_version)
        .get_result(conn)
        .await?;
    Ok(raised)
}

/// Puts a hash in the place of the present one, if any.
pub(super) async fn put_hash(conn: &mut Conn, user: Uuid, hash: &str) -> ApiResult<()> {
    let changed_at = || user_passwords::changed_at.eq(now.into_sql::<Timestamptz>());
    diesel::insert_into(user_passwords::table)
        .values((user_passwords::user_id.eq(user), user_passwords::hash.eq(hash), changed_at()))
        .on_conflict(user_passwords::user_id)
        .do_update()
        .set((user_passwords::hash.eq(hash), changed_at()))
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether a user has ever set a password.
pub async fn has_password(conn: &mut Conn, user: Uuid) -> ApiResult<bool> {
    let found = user_passwords::table.find(user).select(user_passwords::user_id).first::<Uuid>(conn).await.optional()?;
    Ok(found.is_some())
}

/// The e-mail address of a user.
pub(super) async fn email_of(conn: &mut Conn, user: Uuid) -> ApiResult<Email> {
    Ok(users::table.find(user).select(users::email).first(conn).await?)
}

/// Makes a ticket; earlier ones of its kind stop working.
pub async fn issue_ticket(conn: &mut Conn, by: Uuid, user: Uuid, purpose: TicketPurpose) -> ApiResult<Ticket> {
    set_aside_tickets(conn, user, Some(purpose)).await?;
    let token = random_token().map_err(ApiError::internal)?;
    let life = match purpose {
        TicketPurpose::Invitation => 7.days(),
        TicketPurpose::PasswordReset => 1.hour(),
    };
    let expires_at = diesel::insert_into(user_tickets::table)
        .values((
            user_tickets::id.eq(Uuid::now_v7()),
            user_tickets::user_id.eq(user),
            user_tickets::purpose.eq(purpose.as_str()),
            user_tickets::token_hash.eq(hash_of(&token)),
            user_tickets::issued_by.eq(by),
            user_tickets::expires_at.eq(now.into_sql::<Timestamptz>() + life),
        ))
        .returning(user_tickets::expires_at)
        .get_result(conn)
        .await?;
    Ok(Ticket { token, expires_at })
}

/// Open tickets of a user stop working: those of one purpose, or all.
pub async fn set_aside_tickets(conn: &mut Conn, user: Uuid, purpose: Option<TicketPurpose>) -> ApiResult<()> {
    let purposes: Vec<&str> =
        TicketPurpose::ALL.iter().filter(|one| purpose.is_none_or(|only| only == **one)).map(|one| one.as_str()).collect();
    let open = user_tickets::table
        .filter(user_tickets::user_id.eq(user))
        .filter(user_tickets::purpose.eq_any(purposes))
        .filter(user_tickets::used_at.is_null());
    diesel::update(open).set(user_tickets::used_at.eq(now.into_sql::<Timestamptz>().nullable())).execute(conn).await?;
    Ok(())
}

/// The status that a ticket finds its user in; in any other it does not work.
fn expected_status(purpose: TicketPurpose) -> &'static str {
    match purpose {
        TicketPurpose::Invitation => "invited",
        TicketPurpose::PasswordReset => ACTIVE,
    }
}

/// The holder of an open ticket.
pub(super) async fn ticket_holder(conn: &mut Conn, purpose: TicketPurpose, token: &str) -> ApiResult<Option<TicketHolder>> {
    let holder = user_tickets::table
        .inner_join(users::table.on(users::id.eq(user_tickets::user_id)))
        .filter(user_tickets::token_hash.eq(hash_of(token)))
        .filter(user_tickets::purpose.eq(purpose.as_str()))
        .filter(user_tickets::used_at.is_null())
        .filter(user_tickets::expires_at.gt(now.into_sql::<Timestamptz>()))
        .filter(users::status.eq(expected_status(purpose)))
        .filter(users::retired_at.is_null())
        .select((user_tickets::id, users::id, users::email))
        .first(conn)
        .await;
    Ok(holder.optional()?)
}

/// Uses a ticket up: the user is active from now on, with this password, and every earlier session is over.
pub(super) async fn use_ticket(conn: &mut Conn, purpose: TicketPurpose, holder: &TicketHolder, hash: &str) -> ApiResult<i64> {
    let gone = || ApiError::new(Code::InvalidToken);
    let open = user_tickets::table.find(holder.ticket_id).filter(user_tickets::used_at.is_null());
    let closed =
        diesel::update(open).set(user_tickets::used_at.eq(now.into_sql::<Timestamptz>().nullable())).execute(conn).await?;
    if closed == 0 {
        return Err(gone());
    }
    set_aside_tickets(conn, holder.user_id, None).await?;
    put_hash(conn, holder.user_id, hash).await?;
    let user =
        users::table.find(holder.user_id).filter(users::status.eq(expected_status(purpose))).filter(users::retired_at.is_null());
    let version = diesel::update(user)
        .set((
            users::status.eq(ACTIVE),
            users::session_version.eq(users::session_version + 1),
            users::recorded_by.eq(holder.user_id),
        ))
        .returning(users::session_version)
        .get_result(conn)
        .await
        .optional()?;
    version.ok_or_else(gone)
}

/// Sweeps away the sign-ins that ended more than a week ago.
pub async fn sweep(conn: &mut Conn) -> ApiResult<()> {
    let old = refresh_tokens::table.filter(refresh_tokens::expires_at.lt(now.into_sql::<Timestamptz>() - 7.days()));
    diesel::delete(old).execute(conn).await?;
    Ok(())
}
