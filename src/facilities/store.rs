//! The SQL of facilities.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;

use super::types::{Facility, FacilityFields, FacilityFilter};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::ApiResult,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::{area_closure, facilities, facility_support},
};

/// The facilities that a scope holds.
pub fn visible(scope: &Scope) -> Box<dyn BoxableExpression<facilities::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Everything => Box::new(facilities::id.eq(facilities::id)),
        Scope::Areas(areas) => Box::new(
            facilities::area_id
                .eq_any(area_closure::table.filter(area_closure::ancestor_id.eq_any(areas)).select(area_closure::area_id)),
        ),
        Scope::Facility(facility) => Box::new(facilities::id.eq(*facility)),
        Scope::Organization(organization) => Box::new(
            facilities::id.eq_any(
                facility_support::table
                    .filter(facility_support::organization_id.eq(*organization))
                    .select(facility_support::facility_id.assume_not_null()),
            ),
        ),
    }
}

register_store!(facilities: Facility { fields: FacilityFields }, "facilities", scoped by "/area_id", visible);

/// One page of facilities.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &FacilityFilter, page: &PageQuery) -> ApiResult<Vec<Facility>> {
    let mut query = facilities::table.select(Facility::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, facilities::retired_at);
    if let Some(kind) = filter.kind {
        query = query.filter(facilities::kinds.contains(vec![kind.as_str()]));
    }
    if let Some(area) = filter.area_id {
        query = query.filter(
            facilities::area_id
                .eq_any(area_closure::table.filter(area_closure::ancestor_id.eq(area)).select(area_closure::area_id)),
        );
    }
    if let Some(operator) = filter.operator_id {
        query = query.filter(facilities::operator_id.eq(operator));
    }
    if let Some(day) = filter.open_on {
        query = query
            .filter(facilities::opened_on.is_null().or(facilities::opened_on.le(day)))
            .filter(facilities::closed_on.is_null().or(facilities::closed_on.gt(day)));
    }
    if let Some(words) = &page.q {
        query = query.filter(facilities::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, facilities::id, {
        "code" => facilities::code; String,
        "name" => facilities::name; String,
        "recorded_at" => facilities::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}
