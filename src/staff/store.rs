//! The SQL of staff.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::{exists, now},
    helper_types::{IntoBoxed, Select},
    pg::Pg,
    prelude::*,
    sql_types::{Bool, Timestamptz},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{MatchKeys, SealedIdentity, Staff, StaffFields, StaffFilter};
use crate::{
    areas::holds,
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code},
    facilities,
    http::{PageQuery, in_use, keyset},
    register::{load_any, load_open, register_store},
    schema::{area_closure, assignments, facilities as places, staff, staff_identities, staff_match_keys},
    types::Reason,
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

/// Refuses whoever does not employ the person, in use or not: what became of them is not for those who only give them a post.
pub async fn ensure_employer(conn: &mut Conn, scope: &Scope, person: Uuid) -> ApiResult<()> {
    load_any::<Staff>(conn, scope, person).await?;
    ensure_own(conn, scope, person).await
}

/// The person of an address: in use, and the caller's own.
pub async fn ensure_own_open(conn: &mut Conn, scope: &Scope, person: Uuid) -> ApiResult<()> {
    load_open::<Staff>(conn, scope, person).await?;
    ensure_own(conn, scope, person).await
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
    // Whoever was merged stands in no list: the record they stand under does.
    query = in_use!(query, filter.retired, staff::retired_at).filter(staff::merged_into_id.is_null());
    if let Some(cadre) = filter.cadre {
        query = query.filter(staff::cadre.eq(cadre));
    }
    if let Some(gender) = filter.gender {
        query = query.filter(staff::gender.eq(gender));
    }
    if let Some(licence) = filter.licence {
        query = query.filter(staff::licence.eq(licence));
    }
    if let Some(language) = &filter.language {
        query = query.filter(staff::languages.contains(vec![language.as_str()]));
    }
    if let Some(availability) = filter.availability {
        query = query.filter(staff::availability.eq(availability));
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

/// Puts what finds a person's second record in the place of what found it before.
pub async fn put_match_keys(conn: &mut Conn, by: Uuid, person: Uuid, keys: MatchKeys) -> ApiResult<()> {
    let content = (
        staff_match_keys::key_id.eq(keys.key_id),
        staff_match_keys::name_keys.eq(keys.names),
        staff_match_keys::phone_key.eq(keys.phone),
        staff_match_keys::recorded_by.eq(by),
    );
    diesel::insert_into(staff_match_keys::table)
        .values((staff_match_keys::id.eq(Uuid::now_v7()), staff_match_keys::staff_id.eq(person), content.clone()))
        .on_conflict(staff_match_keys::staff_id)
        .do_update()
        .set(content)
        .execute(conn)
        .await?;
    Ok(())
}

/// Whom a record leads to, if the scope holds that person: the record itself may lie where the scope does not reach.
pub async fn survivor(conn: &mut Conn, scope: &Scope, person: Uuid) -> ApiResult<Option<Uuid>> {
    let into: Option<Option<Uuid>> = staff::table.find(person).select(staff::merged_into_id).first(conn).await.optional()?;
    let Some(into) = into.flatten() else { return Ok(None) };
    let there = staff::table.find(into).filter(visible(scope)).select(staff::id);
    Ok(there.first(conn).await.optional()?)
}

/// Holds people until the transaction ends, whichever order they are named in.
pub async fn hold(conn: &mut Conn, people: &[Uuid]) -> ApiResult<()> {
    let held = staff::table.filter(staff::id.eq_any(people)).order(staff::id).select(staff::id).for_no_key_update();
    held.load::<Uuid>(conn).await?;
    Ok(())
}

/// Lets a record, and those that led to it, lead to another one from now on. Its posts have moved before.
pub async fn redirect(conn: &mut Conn, by: Uuid, from: Uuid, into: Uuid, reason: &Reason) -> ApiResult<()> {
    diesel::update(staff::table.filter(staff::merged_into_id.eq(from)))
        .set((staff::merged_into_id.eq(into), staff::recorded_by.eq(by)))
        .execute(conn)
        .await?;
    diesel::update(staff::table.find(from))
        .set((
            staff::merged_into_id.eq(into),
            staff::merge_reason.eq(reason),
            staff::retired_at.eq(now.into_sql::<Timestamptz>().nullable()),
            staff::recorded_by.eq(by),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
