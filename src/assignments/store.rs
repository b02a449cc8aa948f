//! The SQL of assignments.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{dsl::exists, pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;

use super::types::{Assignment, AssignmentFields, AssignmentFilter};
use crate::{
    auth::Scope,
    db::{Conn, siraj_fold, siraj_pattern},
    error::{ApiResult, Code, Faults},
    facilities,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::{assignments, facilities as places, staff as people},
    staff,
};

/// The assignments that a scope holds: those at its facilities.
pub fn visible(scope: &Scope) -> Box<dyn BoxableExpression<assignments::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Everything => Box::new(assignments::id.eq(assignments::id)),
        Scope::Facility(facility) => Box::new(assignments::facility_id.eq(*facility)),
        // Partners wait for share grants.
        Scope::Organization(_) => Box::new(assignments::id.ne(assignments::id)),
        scope @ Scope::Areas(_) => {
            let within = places::table.select(places::id).into_boxed().filter(facilities::visible(scope));
            Box::new(assignments::facility_id.eq_any(within))
        }
    }
}

register_store!(assignments: Assignment { fields: AssignmentFields }, "assignments", scoped by "/facility_id", visible, references references);

/// A person or a facility that the caller may not see is answered as one that does not exist.
async fn references(conn: &mut Conn, scope: &Scope, fields: &AssignmentFields) -> ApiResult<()> {
    let person = people::table.filter(people::id.eq(fields.staff_id)).filter(staff::visible(scope));
    let place = places::table.filter(places::id.eq(fields.facility_id)).filter(facilities::visible(scope));
    let (person, place): (bool, bool) = diesel::select((exists(person), exists(place))).get_result(conn).await?;
    let mut faults = Faults::default();
    if !person {
        faults.add("/staff_id", Code::UnknownReference);
    }
    if !place {
        faults.add("/facility_id", Code::UnknownReference);
    }
    Ok(faults.into_result()?)
}

/// One page of assignments.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &AssignmentFilter, page: &PageQuery) -> ApiResult<Vec<Assignment>> {
    let mut query = assignments::table.select(Assignment::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, assignments::retired_at);
    if let Some(person) = filter.staff_id {
        query = query.filter(assignments::staff_id.eq(person));
    }
    if let Some(facility) = filter.facility_id {
        query = query.filter(assignments::facility_id.eq(facility));
    }
    if let Some(contract) = filter.contract_id {
        query = query.filter(assignments::contract_id.eq(contract));
    }
    if let Some(cadre) = filter.cadre {
        query = query.filter(assignments::cadre.eq(cadre));
    }
    if let Some(day) = filter.on {
        query =
            query.filter(assignments::starts_on.le(day)).filter(assignments::ends_on.is_null().or(assignments::ends_on.ge(day)));
    }
    if let Some(words) = &page.q {
        query = query.filter(siraj_fold(assignments::role).like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, assignments::id, {
        "starts_on" => assignments::starts_on; NaiveDate,
        "recorded_at" => assignments::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}
