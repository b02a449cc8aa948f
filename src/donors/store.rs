//! The SQL of donors.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{Donor, DonorFields, DonorFilter, SealedIdentity};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::ApiResult,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::{donor_identities, donors},
};

/// Donors belong to no place: whoever may read donors reads all of them, by pseudonym.
fn visible(_: &Scope) -> Box<dyn BoxableExpression<donors::table, Pg, SqlType = Bool>> {
    Box::new(donors::id.eq(donors::id))
}

register_store!(donors: Donor { fields: DonorFields }, "donors", scoped by "/code", visible);

/// One page of donors.
pub async fn list(conn: &mut Conn, filter: &DonorFilter, page: &PageQuery) -> ApiResult<Vec<Donor>> {
    let mut query = in_use!(donors::table.select(Donor::as_select()).into_boxed(), filter.retired, donors::retired_at);
    if let Some(kind) = filter.kind {
        query = query.filter(donors::kind.eq(kind));
    }
    if let Some(organization) = filter.organization_id {
        query = query.filter(donors::organization_id.eq(organization));
    }
    if let Some(words) = &page.q {
        query = query.filter(donors::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, donors::id, {
        "code" => donors::code; String,
        "recorded_at" => donors::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

/// Puts a sealed identity in the place of an earlier one, if there is one.
pub async fn put_identity(conn: &mut Conn, by: Uuid, donor: Uuid, (key_id, sealed): (String, Vec<u8>)) -> ApiResult<()> {
    let content =
        (donor_identities::key_id.eq(key_id), donor_identities::sealed.eq(sealed), donor_identities::recorded_by.eq(by));
    diesel::insert_into(donor_identities::table)
        .values((donor_identities::id.eq(Uuid::now_v7()), donor_identities::donor_id.eq(donor), content.clone()))
        .on_conflict(donor_identities::donor_id)
        .do_update()
        .set(content)
        .execute(conn)
        .await?;
    Ok(())
}

/// A donor's sealed identity, if one was given.
pub async fn find_identity(conn: &mut Conn, donor: Uuid) -> ApiResult<Option<SealedIdentity>> {
    let there = donor_identities::table.filter(donor_identities::donor_id.eq(donor)).select(SealedIdentity::as_select());
    Ok(there.first(conn).await.optional()?)
}
