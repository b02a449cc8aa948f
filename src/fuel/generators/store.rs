//! The SQL of generators.

use chrono::{DateTime, Utc};
use diesel::{dsl::exists, pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;

use super::{
    super::tanks,
    types::{Generator, GeneratorFields, GeneratorFilter},
};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiResult, Code, Faults},
    facilities,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::{facilities as places, fuel_tanks, generators},
};

/// The generators that a scope holds: those of its facilities.
fn visible(scope: &Scope) -> Box<dyn BoxableExpression<generators::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Everything => Box::new(generators::id.eq(generators::id)),
        Scope::Facility(facility) => Box::new(generators::facility_id.eq(*facility)),
        // Partners wait for share grants.
        Scope::Organization(_) => Box::new(generators::id.ne(generators::id)),
        scope @ Scope::Areas(_) => {
            let within = places::table.select(places::id).into_boxed().filter(facilities::visible(scope));
            Box::new(generators::facility_id.eq_any(within))
        }
    }
}

register_store!(generators: Generator { fields: GeneratorFields }, "generators", scoped by "/facility_id", visible, references references);

/// A facility or a tank that the caller may not see is answered as one that does not exist.
async fn references(conn: &mut Conn, scope: &Scope, fields: &GeneratorFields) -> ApiResult<()> {
    let place = places::table.filter(places::id.eq(fields.facility_id)).filter(facilities::visible(scope));
    let tank = fuel_tanks::table.filter(fuel_tanks::id.eq(fields.tank_id)).filter(tanks::visible(scope));
    let (place, tank): (bool, bool) = diesel::select((exists(place), exists(tank))).get_result(conn).await?;
    let mut faults = Faults::default();
    if !place {
        faults.add("/facility_id", Code::UnknownReference);
    }
    if !tank {
        faults.add("/tank_id", Code::UnknownReference);
    }
    Ok(faults.into_result()?)
}

/// One page of generators.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &GeneratorFilter, page: &PageQuery) -> ApiResult<Vec<Generator>> {
    let mut query = generators::table.select(Generator::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, generators::retired_at);
    if let Some(facility) = filter.facility_id {
        query = query.filter(generators::facility_id.eq(facility));
    }
    if let Some(tank) = filter.tank_id {
        query = query.filter(generators::tank_id.eq(tank));
    }
    if let Some(words) = &page.q {
        query = query.filter(generators::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, generators::id, {
        "code" => generators::code; String,
        "name" => generators::name; String,
        "recorded_at" => generators::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}
