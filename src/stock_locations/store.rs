//! The SQL of stock locations.

use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Array, Bool, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{LocationKind, StockLocation, StockLocationFields, StockLocationFilter};
use crate::{
    auth::{Actor, Scope},
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code},
    facilities,
    http::{PageQuery, in_use, keyset},
    register::{load_any, register_store},
    schema::{area_closure, facilities as sites, stock_locations},
};

/// The locations that a scope holds: its places, and the accounts, which are everybody's.
pub fn visible(scope: &Scope) -> Box<dyn BoxableExpression<stock_locations::table, Pg, SqlType = Bool> + '_> {
    let account = || stock_locations::holds.assume_not_null().eq(false);
    match scope {
        Scope::Everything => Box::new(stock_locations::id.eq(stock_locations::id)),
        Scope::Areas(areas) => {
            let below = area_closure::table.filter(area_closure::ancestor_id.eq_any(areas)).select(area_closure::area_id);
            let within = sites::table.select(sites::id).into_boxed().filter(facilities::visible(scope));
            let own = stock_locations::area_id.assume_not_null().eq_any(below);
            let stores = stock_locations::facility_id.assume_not_null().eq_any(within);
            Box::new(
                account()
                    .or(stock_locations::area_id.is_not_null().and(own))
                    .or(stock_locations::facility_id.is_not_null().and(stores)),
            )
        }
        Scope::Facility(facility) => {
            let own = stock_locations::facility_id.assume_not_null().eq(*facility);
            Box::new(account().or(stock_locations::facility_id.is_not_null().and(own)))
        }
        // Partners wait for share grants.
        Scope::Organization(_) => Box::new(stock_locations::id.ne(stock_locations::id)),
    }
}

register_store!(stock_locations: StockLocation { fields: StockLocationFields }, "stock-locations", scoped by "/area_id", visible);

/// Makes the locations of what is on the road: one for each of these shipments, known by its id. Gives theirs.
pub async fn open_roads(conn: &mut Conn, by: Uuid, shipments: &[Uuid]) -> ApiResult<Vec<Uuid>> {
    #[derive(diesel::QueryableByName)]
    struct Road {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let opened = diesel::sql_query(
        "INSERT INTO stock_locations (id, code, name, kind, recorded_by) \
         SELECT gen_random_uuid(), 'TRANSIT-' || upper(replace(id::text, '-', '')), 'On the road: ' || code, 'in_transit', $1 \
         FROM shipments WHERE id = ANY ($2) RETURNING id",
    );
    let opened: Vec<Road> = opened.bind::<SqlUuid, _>(by).bind::<Array<SqlUuid>, _>(shipments).load(conn).await?;
    Ok(opened.into_iter().map(|road| road.id).collect())
}

/// A location, if the caller may see it: what is on the road is for those who send it.
pub async fn shown(conn: &mut Conn, actor: &Actor, id: Uuid) -> ApiResult<StockLocation> {
    let there = load_any::<StockLocation>(conn, &actor.scope, id).await?;
    if there.fields.kind == LocationKind::InTransit && !actor.role.sends() {
        return Err(ApiError::new(Code::NotFound));
    }
    Ok(there)
}

/// One page of stock locations.
pub async fn list(
    conn: &mut Conn,
    actor: &Actor,
    filter: &StockLocationFilter,
    page: &PageQuery,
) -> ApiResult<Vec<StockLocation>> {
    let mut query = stock_locations::table.select(StockLocation::as_select()).into_boxed();
    if actor.scope != Scope::Everything {
        query = query.filter(visible(&actor.scope));
    }
    if !actor.role.sends() {
        query = query.filter(stock_locations::kind.ne(LocationKind::InTransit));
    }
    query = in_use!(query, filter.retired, stock_locations::retired_at);
    if let Some(kind) = filter.kind {
        query = query.filter(stock_locations::kind.eq(kind));
    }
    if let Some(facility) = filter.facility_id {
        query = query.filter(stock_locations::facility_id.eq(facility));
    }
    if let Some(area) = filter.area_id {
        query = query.filter(stock_locations::area_id.eq(area));
    }
    if let Some(words) = &page.q {
        query = query.filter(stock_locations::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, stock_locations::id, {
        "code" => stock_locations::code; String,
        "name" => stock_locations::name; String,
        "recorded_at" => stock_locations::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}
