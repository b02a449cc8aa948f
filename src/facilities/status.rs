//! How far a facility works: points of change.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{dsl::now, prelude::*, sql_types::Timestamptz};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::types::Facility;
use crate::{
    auth::Actor,
    db::Conn,
    error::{ApiResult, Faults},
    http::{Answer, IfMatch, IfPresentMatch, ListFilter, PageQuery, keyset},
    register,
    schema::facility_status,
    types::{KnownAt, LongText, distinct, happened, words},
};

words! {
    /// How far a facility works.
    Functionality {
        /// As it should.
        Full = "full",
        /// In part.
        Partial = "partial",
        /// Not at all, though it stands.
        None = "none",
        /// It no longer stands.
        Destroyed = "destroyed",
        /// Nobody can say.
        Unknown = "unknown",
    }
}

words! {
    /// Why a facility does not work as it should.
    StatusCause {
        /// It was attacked.
        Attack = "attack",
        /// Its area is under siege.
        Siege = "siege",
        /// It has no power.
        NoPower = "no_power",
        /// It has no fuel.
        NoFuel = "no_fuel",
        /// It has no water.
        NoWater = "no_water",
        /// It has no supplies.
        NoSupplies = "no_supplies",
        /// It has no staff.
        NoStaff = "no_staff",
        /// The building is damaged.
        Damage = "damage",
        /// People cannot reach it.
        Access = "access",
        /// Something else; the note says what.
        Other = "other",
    }
}

/// How far a facility works from a day on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = facility_status, treat_none_as_null = true)]
#[schema(example = json!({"functionality": "partial", "causes": ["no_power", "no_fuel"], "note": "Generator hours cut."}))]
pub struct FacilityStatusFields {
    /// The state, until the next point.
    pub functionality: Functionality,
    /// Why, where it does not work as it should.
    #[deserr(default)]
    #[schema(required = false, max_items = 10)]
    pub causes: Vec<StatusCause>,
    /// Anything else worth knowing. Never coordinates or names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl register::Fields for FacilityStatusFields {
    fn check(&self, faults: &mut Faults) {
        distinct(faults, "/causes", &self.causes, 10);
    }
}

/// A point of change of how far a facility works.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = facility_status)]
pub struct FacilityStatus {
    /// Its id.
    pub id: Uuid,
    /// The facility.
    pub facility_id: Uuid,
    /// The first day of the state.
    pub since_on: NaiveDate,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: FacilityStatusFields,
    /// When it was taken back.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// The points of a facility: oldest first, or `sort=-since_on` for newest first.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FacilityStatusFilter {
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for FacilityStatusFilter {
    const SORTS: &'static [&'static str] = &["since_on"];
}

/// One page of a facility's points of change.
pub async fn list(conn: &mut Conn, facility: Uuid, page: &PageQuery) -> ApiResult<Vec<FacilityStatus>> {
    let of_facility =
        facility_status::table.filter(facility_status::facility_id.eq(facility)).filter(facility_status::retired_at.is_null());
    let mut query = of_facility.select(FacilityStatus::as_select()).into_boxed();
    let query = keyset!(query, page, facility_status::id, { "since_on" => facility_status::since_on; NaiveDate });
    Ok(query.load(conn).await?)
}

/// Makes or replaces the point of a day. What is there already is not written again; what it replaces must have been read.
pub async fn put(
    conn: &mut Conn,
    actor: &Actor,
    (facility, day): (Uuid, NaiveDate),
    expected: IfPresentMatch,
    fields: &FacilityStatusFields,
) -> ApiResult<Answer> {
    register::load_open::<Facility>(conn, &actor.scope, facility).await?;
    register::checked(fields)?;
    let row = (
        facility_status::id.eq(Uuid::now_v7()),
        facility_status::facility_id.eq(facility),
        facility_status::since_on.eq(day),
        fields,
        facility_status::recorded_by.eq(actor.id),
    );
    let made: Option<FacilityStatus> = diesel::insert_into(facility_status::table)
        .values(row)
        .on_conflict((facility_status::facility_id, facility_status::since_on))
        .filter_target(facility_status::retired_at.is_null())
        .do_nothing()
        .returning(FacilityStatus::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    if let Some(made) = made {
        return Answer::put(true, made.revision, &made);
    }
    let mut point = of_day(conn, facility, day).await?;
    if point.fields != *fields {
        expected.check(point.revision, &point)?;
        point = diesel::update(facility_status::table.find(point.id))
            .set((fields, facility_status::recorded_by.eq(actor.id)))
            .returning(FacilityStatus::as_returning())
            .get_result(conn)
            .await?;
    }
    Answer::put(false, point.revision, &point)
}

/// Takes back the point of a day.
pub async fn retire(conn: &mut Conn, actor: &Actor, (facility, day): (Uuid, NaiveDate), expected: IfMatch) -> ApiResult<Answer> {
    register::load_open::<Facility>(conn, &actor.scope, facility).await?;
    let point = of_day(conn, facility, day).await?;
    expected.check(point.revision, &point)?;
    let retired: FacilityStatus = diesel::update(facility_status::table.find(point.id))
        .set((
            facility_status::retired_at.eq(now.into_sql::<Timestamptz>().nullable()),
            facility_status::recorded_by.eq(actor.id),
        ))
        .returning(FacilityStatus::as_returning())
        .get_result(conn)
        .await?;
    Answer::record(retired.revision, &retired)
}

/// The point of a day, held until we are done.
async fn of_day(conn: &mut Conn, facility: Uuid, day: NaiveDate) -> ApiResult<FacilityStatus> {
    let of_day = facility_status::table
        .filter(facility_status::facility_id.eq(facility))
        .filter(facility_status::since_on.eq(day))
        .filter(facility_status::retired_at.is_null());
    Ok(of_day.for_update().select(FacilityStatus::as_select()).first(conn).await?)
}

register::child_row! {
    /// A row of the sheet `facility_status`.
    FacilityStatusRow of facility_status {
        facility_id: Uuid,
        since_on: NaiveDate,
        functionality: Functionality,
        #[deserr(default)] causes: Vec<StatusCause>,
        #[deserr(default)] note: Option<LongText>,
    }
}

impl register::Fields for FacilityStatusRow {
    fn check(&self, faults: &mut Faults) {
        happened(faults, "/since_on", self.since_on);
        distinct(faults, "/causes", &self.causes, 10);
    }
}
