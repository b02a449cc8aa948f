//! How an area can be reached: points of change.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{dsl::now, prelude::*, sql_types::Timestamptz};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{store, types::Area};
use crate::{
    auth::Actor,
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, IfMatch, IfPresentMatch, ListFilter, PageQuery, keyset},
    register,
    schema::area_access,
    types::{LongText, happened, words},
};

words! {
    /// How an area can be reached.
    AreaAccessState {
        /// People and goods pass.
        Open = "open",
        /// Some pass, on some days.
        HardToReach = "hard_to_reach",
        /// Nothing passes.
        Besieged = "besieged",
        /// Nobody can say.
        Unknown = "unknown",
    }
}

/// How an area can be reached from a day on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = area_access, treat_none_as_null = true)]
#[schema(example = json!({"access": "besieged", "note": "No supplies by road."}))]
pub struct AreaAccessFields {
    /// The state, until the next point.
    pub access: AreaAccessState,
    /// What it rests on.
    #[deserr(default)]
    pub note: Option<LongText>,
}

/// A point of change of an area's access.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = area_access)]
pub struct AreaAccess {
    /// Its id.
    pub id: Uuid,
    /// The area.
    pub area_id: Uuid,
    /// The first day of the state.
    pub since_on: NaiveDate,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: AreaAccessFields,
    /// When it was taken back.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// The points of an area have no filters of their own: oldest first, or `sort=-since_on` for newest first.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct AreaAccessFilter {}

impl ListFilter for AreaAccessFilter {
    const SORTS: &'static [&'static str] = &["since_on"];
}

/// One page of an area's points of change.
pub async fn list(conn: &mut Conn, area: Uuid, page: &PageQuery) -> ApiResult<Vec<AreaAccess>> {
    let of_area = area_access::table.filter(area_access::area_id.eq(area)).filter(area_access::retired_at.is_null());
    let mut query = of_area.select(AreaAccess::as_select()).into_boxed();
    let query = keyset!(query, page, area_access::id, { "since_on" => area_access::since_on; NaiveDate });
    Ok(query.load(conn).await?)
}

/// Makes or replaces the point of a day. What is there already is not written again; what it replaces must have been read.
pub async fn put(
    conn: &mut Conn,
    actor: &Actor,
    (area, day): (Uuid, NaiveDate),
    expected: IfPresentMatch,
    fields: &AreaAccessFields,
) -> ApiResult<Answer> {
    own(conn, actor, area).await?;
    let row = (
        area_access::id.eq(Uuid::now_v7()),
        area_access::area_id.eq(area),
        area_access::since_on.eq(day),
        fields,
        area_access::recorded_by.eq(actor.id),
    );
    let made: Option<AreaAccess> = diesel::insert_into(area_access::table)
        .values(row)
        .on_conflict((area_access::area_id, area_access::since_on))
        .filter_target(area_access::retired_at.is_null())
        .do_nothing()
        .returning(AreaAccess::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    if let Some(made) = made {
        return Answer::put(true, made.revision, &made);
    }
    let mut point = of_day(conn, area, day).await?;
    if point.fields != *fields {
        expected.check(point.revision, &point)?;
        point = diesel::update(area_access::table.find(point.id))
            .set((fields, area_access::recorded_by.eq(actor.id)))
            .returning(AreaAccess::as_returning())
            .get_result(conn)
            .await?;
    }
    Answer::put(false, point.revision, &point)
}

/// Takes back the point of a day.
pub async fn retire(conn: &mut Conn, actor: &Actor, (area, day): (Uuid, NaiveDate), expected: IfMatch) -> ApiResult<Answer> {
    own(conn, actor, area).await?;
    let point = of_day(conn, area, day).await?;
    expected.check(point.revision, &point)?;
    let retired: AreaAccess = diesel::update(area_access::table.find(point.id))
        .set((area_access::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), area_access::recorded_by.eq(actor.id)))
        .returning(AreaAccess::as_returning())
        .get_result(conn)
        .await?;
    Answer::record(retired.revision, &retired)
}

/// The area is there, and the actor's own to record.
async fn own(conn: &mut Conn, actor: &Actor, area: Uuid) -> ApiResult<()> {
    register::load_open::<Area>(conn, &actor.scope, area).await?;
    if store::holds(conn, &actor.scope, area).await? { Ok(()) } else { Err(ApiError::new(Code::Forbidden)) }
}

/// The point of a day, held until we are done.
async fn of_day(conn: &mut Conn, area: Uuid, day: NaiveDate) -> ApiResult<AreaAccess> {
    let of_day = area_access::table
        .filter(area_access::area_id.eq(area))
        .filter(area_access::since_on.eq(day))
        .filter(area_access::retired_at.is_null());
    Ok(of_day.for_update().select(AreaAccess::as_select()).first(conn).await?)
}

register::child_row! {
    /// A row of the sheet `area_access`.
    AreaAccessRow of area_access {
        area_id: Uuid,
        since_on: NaiveDate,
        access: AreaAccessState,
        #[deserr(default)] note: Option<LongText>,
    }
}

impl register::Fields for AreaAccessRow {
    fn check(&self, faults: &mut Faults) {
        happened(faults, "/since_on", self.since_on);
    }
}
