//! The SQL of staff.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::exists,
    helper_types::{IntoBoxed, Select},
    pg::Pg,
    prelude::*,
    sql_types::Bool,
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{SealedIdentity, Staff, StaffFields, StaffFilter};
use crate::{
    areas::holds,
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code},
    facilities,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::{area_closure, assignments, facilities as places, staff, staff_identities},
};

/// The people who hold a post that the scope holds; narrowed further by the caller.
type Posts<'a> = IntoBoxed<'a, Select<assignments::table, assignments::staff_id>, Pg>;

/// The people that a scope holds: those employed from its areas, and those with a post at one of its facilities.
pub fn visible(scope: &Scope) -> Box<dyn BoxableExpression<staff::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Everything => Box::new(staff::id.eq(staff::id)),
        Scope::Areas(areas) => {
            let below = area_closure::table.filter(area_closure::ancestor_id.eq_any(areas)).select(area_closure::area_id);
            Box::new(staff::area_id.eq_any(below).or(staff::id.eq_any(posts(scope))))
        }
        Scope::Facility(_) => Box::new(staff::id.eq_any(posts(scope))),
        // Partners wait for share grants.
        Scope::Organization(_) => Box::new(staff::id.ne(staff::id)),
    }
}

fn posts(scope: &Scope) -> Posts<'_> {
    let held = assignments::table.select(assignments::staff_id).into_boxed().filter(assignments::retired_at.is_null());
    match scope {
        Scope::Everything => held,
        Scope::Facility(facility) => held.filter(assignments::facility_id.eq(*facility)),
        scope => {
            let within = places::table.select(places::id).into_boxed().filter(facilities::visible(scope));
            held.filter(assignments::facility_id.eq_any(within))
        }
    }
}

/// Who holds a post at a facility, or on a day, as far as the scope sees posts.
fn holders(scope: &Scope, facility: Option<Uuid>, on: Option<NaiveDate>) -> Posts<'_> {
    let mut held = posts(scope);
    if let Some(facility) = facility {
        held = held.filter(assignments::facility_id.eq(facility));
    }
    if let Some(day) = on {
        held =
            held.filter(assignments::starts_on.le(day)).filter(assignments::ends_on.is_null().or(assignments::ends_on.ge(day)));
    }
    held
}

register_store!(staff: Staff { fields: StaffFields }, "staff", scoped by "/area_id", visible, references area_within);

/// A person is employed from an area that the writer keeps: a post alone does not let them be put anywhere.
async fn area_within(conn: &mut Conn, scope: &Scope, fields: &StaffFields) -> ApiResult<()> {
    if holds(conn, scope, fields.area_id).await? || *scope == Scope::Everything {
        return Ok(());
    }
    Err(ApiError::fault("/area_id", Code::UnknownReference))
}

/// Refuses to change a person who is employed from elsewhere: a post here is for reading.
pub async fn ensure_own(conn: &mut Conn, scope: &Scope, person: Uuid) -> ApiResult<()> {
    let area: Uuid = staff::table.find(person).select(staff::area_id).first(conn).await?;
    if holds(conn, scope, area).await? { Ok(()) } else { Err(ApiError::new(Code::Forbidden)) }
}

/// Refuses whoever has nothing to do with a person today: employed from their areas, or at work at one of their
/// facilities. To them the person's identity is absent.
pub async fn ensure_close(conn: &mut Conn, scope: &Scope, person: Uuid) -> ApiResult<()> {
    let area = staff::table.find(person).filter(visible(scope)).select(staff::area_id).first::<Uuid>(conn).await.optional()?;
    let area = area.ok_or_else(|| ApiError::new(Code::NotFound))?;
    let works = staff::table.find(person).filter(staff::id.eq_any(holders(scope, None, Some(Utc::now().date_naive()))));
    if holds(conn, scope, area).await? || diesel::select(exists(works)).get_result(conn).await? {
        return Ok(());
    }
    Err(ApiError::new(Code::NotFound))
}

/// One page of staff.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &StaffFilter, page: &PageQuery) -> ApiResult<Vec<Staff>> {
    let mut query = staff::table.select(Staff::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, staff::retired_at);
    if let Some(cadre) = filter.cadre {
        query = query.filter(staff::cadre.eq(cadre));
    }
    if let Some(gender) = filter.gender {
        query = query.filter(staff::gender.eq(gender));
    }
    if let Some(area) = filter.area_id {
        query = query.filter(
            staff::area_id.eq_any(area_closure::table.filter(area_closure::ancestor_id.eq(area)).select(area_closure::area_id)),
        );
    }
    if filter.facility_id.is_some() || filter.on.is_some() {
        query = query.filter(staff::id.eq_any(holders(scope, filter.facility_id, filter.on)));
    }
    if let Some(words) = &page.q {
        query = query.filter(staff::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, staff::id, {
        "code" => staff::code; String,
        "recorded_at" => staff::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

/// Puts a sealed identity in the place of an earlier one, if there is one.
pub async fn put_identity(conn: &mut Conn, by: Uuid, person: Uuid, (key_id, sealed): (String, Vec<u8>)) -> ApiResult<()> {
    let content =
        (staff_identities::key_id.eq(key_id), staff_identities::sealed.eq(sealed), staff_identities::recorded_by.eq(by));
    diesel::insert_into(staff_identities::table)
        .values((staff_identities::id.eq(Uuid::now_v7()), staff_identities::staff_id.eq(person), content.clone()))
        .on_conflict(staff_identities::staff_id)
        .do_update()
        .set(content)
        .execute(conn)
        .await?;
    Ok(())
}

/// A person's sealed identity, if one was given.
pub async fn find_identity(conn: &mut Conn, person: Uuid) -> ApiResult<Option<SealedIdentity>> {
    let there = staff_identities::table.filter(staff_identities::staff_id.eq(person)).select(SealedIdentity::as_select());
    Ok(there.first(conn).await.optional()?)
}
