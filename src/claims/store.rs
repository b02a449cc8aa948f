//! The SQL of claims.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{Claim, ClaimFields, ClaimFilter, ClaimState};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code},
    http::{PageQuery, in_use, keyset},
    register::{load_any, register_store},
    schema::claims,
    types::Reason,
};

/// What was published is known: whoever may read claims reads all of them.
pub fn visible(_scope: &Scope) -> Box<dyn BoxableExpression<claims::table, Pg, SqlType = Bool>> {
    Box::new(claims::id.eq(claims::id))
}

register_store!(claims: Claim { fields: ClaimFields }, "claims", scoped by "/campaign_id", visible, references same_campaign);

/// A part belongs to the campaign of its whole.
async fn same_campaign(conn: &mut Conn, scope: &Scope, fields: &ClaimFields) -> ApiResult<()> {
    let Some(whole) = fields.part_of_id else { return Ok(()) };
    match load_any::<Claim>(conn, scope, whole).await {
        Ok(whole) if whole.fields.campaign_id == fields.campaign_id => Ok(()),
        Err(error) if error.code != Code::NotFound => Err(error),
        _ => Err(ApiError::fault("/part_of_id", Code::UnknownReference)),
    }
}

/// Holds a claim until the transaction ends.
pub async fn lock(conn: &mut Conn, id: Uuid) -> ApiResult<ClaimState> {
    let held = claims::table.find(id).select((claims::state, claims::retired_at)).for_update();
    let found: Option<(ClaimState, Option<DateTime<Utc>>)> = held.first(conn).await.optional()?;
    match found {
        None => Err(ApiError::new(Code::NotFound)),
        Some((_, Some(_))) => Err(ApiError::new(Code::RecordDeleted)),
        Some((state, None)) => Ok(state),
    }
}

/// Writes how far a held claim has come, and what was said of it.
pub async fn put(conn: &mut Conn, by: Uuid, id: Uuid, state: ClaimState, explanation: Option<&Reason>) -> ApiResult<Claim> {
    let done = diesel::update(claims::table.find(id))
        .set((claims::state.eq(state), claims::explanation.eq(explanation), claims::recorded_by.eq(by)))
        .returning(Claim::as_returning())
        .get_result(conn)
        .await?;
    Ok(done)
}

/// The claims of a campaign that are in use, by their codes.
pub async fn of_campaign(conn: &mut Conn, campaign: Uuid) -> ApiResult<Vec<Claim>> {
    let claims = claims::table.filter(claims::campaign_id.eq(campaign)).filter(claims::retired_at.is_null());
    Ok(claims.order(claims::code).select(Claim::as_select()).load(conn).await?)
}

/// One page of claims.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &ClaimFilter, page: &PageQuery) -> ApiResult<Vec<Claim>> {
    let mut query = claims::table.select(Claim::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, claims::retired_at);
    if let Some(campaign) = filter.campaign_id {
        query = query.filter(claims::campaign_id.eq(campaign));
    }
    if let Some(figure) = filter.figure {
        query = query.filter(claims::figure.eq(figure));
    }
    if let Some(state) = filter.state {
        query = query.filter(claims::state.eq(state));
    }
    if let Some(subject) = &filter.subject {
        query = query.filter(claims::subject.eq(subject));
    }
    if let Some(words) = &page.q {
        query = query.filter(claims::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, claims::id, {
        "code" => claims::code; String,
        "subject" => claims::subject; String,
        "recorded_at" => claims::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}
