//! The SQL of what is shared: grants, rows, and the log of readings.

use chrono::NaiveDate;
use diesel::{
    ExpressionMethods, QueryableByName, sql_query,
    sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::types::SharedGrant;
use crate::{
    auth::{Actor, Scope},
    db::Conn,
    error::{ApiError, ApiResult, Code},
    http::PageQuery,
    schema::share_reads,
    share_grants::ShareField,
};

const OPEN: &str = "SELECT g.id, g.contract_id, c.code AS contract_code, g.fields, g.precision, g.smallest_cell, g.purpose, g.starts_on, g.ends_on
     FROM siraj_open_grants() g JOIN contracts c ON c.id = g.contract_id
     WHERE g.organization_id = $1 AND ($2::uuid IS NULL OR g.id = $2) ORDER BY g.starts_on, g.id";

/// The grants that are open to the caller today: a machine's one, or all of a partner's.
pub async fn open_grants(conn: &mut Conn, actor: &Actor) -> ApiResult<Vec<SharedGrant>> {
    let Scope::Organization(organization) = actor.scope else { return Ok(Vec::new()) };
    let grant = actor.machine.map(|machine| machine.grant_id);
    Ok(sql_query(OPEN).bind::<SqlUuid, _>(organization).bind::<Nullable<SqlUuid>, _>(grant).load(conn).await?)
}

/// One page of what is held whole, because it is always short: in the order of its first day.
pub fn slice(mut grants: Vec<SharedGrant>, page: &PageQuery) -> ApiResult<Vec<SharedGrant>> {
    if let Some(words) = &page.q {
        let words = words.to_lowercase();
        grants.retain(|grant| format!("{} {}", grant.contract_code, grant.purpose).to_lowercase().contains(&words));
    }
    if page.sort.descending {
        grants.reverse();
    }
    if let Some(after) = page.after::<NaiveDate>()? {
        let place = |grant: &SharedGrant| (grant.starts_on, grant.id);
        grants.retain(|grant| if page.sort.descending { place(grant) < after } else { place(grant) > after });
    }
    grants.truncate(usize::try_from(page.rows()).map_err(ApiError::internal)?);
    Ok(grants)
}

/// The grant that is named, or the only one there is, if it gives one of these.
pub async fn grant(conn: &mut Conn, actor: &Actor, named: Option<Uuid>, gives: &[ShareField]) -> ApiResult<SharedGrant> {
    let mut open = open_grants(conn, actor).await?;
    if open.is_empty() && named.is_none() && actor.machine.is_none() {
        return Err(ApiError::new(Code::NoOpenGrant));
    }
    let found = match named {
        Some(id) => open.into_iter().find(|grant| grant.id == id),
        None if open.len() > 1 => return Err(ApiError::fault("/grant_id", Code::Required)),
        None => open.pop(),
    };
    match (found, named) {
        (Some(grant), _) if gives.iter().any(|field| grant.fields.contains(field)) => Ok(grant),
        // The key was good a moment ago: its grant has just been closed.
        (None, None) if actor.machine.is_some() => Err(ApiError::new(Code::InvalidToken)),
        (None, Some(_)) => Err(ApiError::fault("/grant_id", Code::UnknownReference)),
        _ => Err(ApiError::new(Code::NotGranted)),
    }
}

/// The same, if it gives all of these.
pub async fn grant_of_all(conn: &mut Conn, actor: &Actor, named: Option<Uuid>, gives: &[ShareField]) -> ApiResult<SharedGrant> {
    let grant = grant(conn, actor, named, gives).await?;
    if gives.iter().all(|field| grant.fields.contains(field)) { Ok(grant) } else { Err(ApiError::new(Code::NotGranted)) }
}

/// A list of what a grant tells.
#[derive(Debug, Clone, Copy)]
pub enum Told {
    /// Its facilities.
    Facilities,
    /// Its shipments.
    Shipments,
}

/// $1 the grant, $2 where the page before ended, $3 backwards, $4 words, $5 how many.
macro_rules! one_page {
    ($function:literal) => {
        concat!(
            "SELECT content FROM ",
            $function,
            "($1) WHERE ($2::uuid IS NULL OR CASE WHEN $3 THEN id < $2 ELSE id > $2 END)",
            " AND ($4::text IS NULL OR siraj_search(content ->> 'code', content ->> 'name', content ->> 'name_ar') LIKE siraj_pattern($4))",
            " ORDER BY CASE WHEN $3 THEN id END DESC, id LIMIT $5"
        )
    };
}

#[derive(QueryableByName)]
struct Content {
    #[diesel(sql_type = Jsonb)]
    content: Value,
}

/// One page of what a grant tells, in the order of the ids that it gives.
pub async fn page<T: DeserializeOwned>(conn: &mut Conn, grant: Uuid, told: Told, page: &PageQuery) -> ApiResult<Vec<T>> {
    let statement = match told {
        Told::Facilities => one_page!("siraj_shared_facilities"),
        Told::Shipments => one_page!("siraj_shared_shipments"),
    };
    let rows: Vec<Content> = sql_query(statement)
        .bind::<SqlUuid, _>(grant)
        .bind::<Nullable<SqlUuid>, _>(page.after::<Uuid>()?.map(|(id, _)| id))
        .bind::<Bool, _>(page.sort.descending)
        .bind::<Nullable<Text>, _>(page.q.as_deref())
        .bind::<BigInt, _>(page.rows())
        .load(conn)
        .await?;
    rows.into_iter().map(|row| serde_json::from_value(row.content).map_err(ApiError::internal)).collect()
}

/// Puts a reading on record, before it is answered. It waits for nobody: rows are only added.
pub async fn log(conn: &mut Conn, actor: &Actor, grant: Uuid, operation: &str, rows: usize) -> ApiResult<()> {
    let key = actor.machine.map(|machine| machine.key_id);
    diesel::insert_into(share_reads::table)
        .values((
            share_reads::grant_id.eq(grant),
            share_reads::key_id.eq(key),
            share_reads::user_id.eq(key.is_none().then_some(actor.id)),
            share_reads::operation.eq(operation),
            share_reads::rows.eq(i32::try_from(rows).map_err(ApiError::internal)?),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
