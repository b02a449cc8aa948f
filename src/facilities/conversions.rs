//! What a facility served as before it was converted: the figures of a day know what it was on that day.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{dsl::now, prelude::*, sql_types::Timestamptz};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::types::{Facility, FacilityFields, FacilityKind};
use crate::{
    auth::Actor,
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, IfMatch, ListFilter, New, PageQuery, in_use, keyset},
    register::{self, Record},
    schema::facility_conversions,
    types::{Flag, KnownAt, LongText, distinct, happened},
};

/// From which day on a facility serves as something else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = facility_conversions)]
#[schema(example = json!({"converted_on": "2014-06-01", "kinds": ["hospital"], "note": "An operating theatre was built in the cellar."}))]
pub struct ConversionFields {
    /// The first day. Later than every conversion before it, and than the opening.
    pub converted_on: NaiveDate,
    /// What it serves as since; other than what it served as before.
    #[schema(min_items = 1, max_items = 5)]
    pub kinds: Vec<FacilityKind>,
    /// Anything else worth knowing. Never coordinates or names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl register::Fields for ConversionFields {
    fn check(&self, faults: &mut Faults) {
        if self.kinds.is_empty() {
            faults.add("/kinds", Code::Required);
        }
        distinct(faults, "/kinds", &self.kinds, 5);
        happened(faults, "/converted_on", self.converted_on);
    }
}

/// A conversion to be recorded.
pub type NewConversion = New<ConversionFields>;

/// A conversion of a facility.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = facility_conversions)]
pub struct FacilityConversion {
    /// Its id.
    pub id: Uuid,
    /// The facility.
    pub facility_id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: ConversionFields,
    /// What it served as until the day before.
    pub kinds_before: Vec<FacilityKind>,
    /// When it was taken back.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// Which conversions of a facility to list: oldest first, or `sort=-converted_on` for newest first.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConversionFilter {
    /// `true`: those that were taken back; else those that count.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for ConversionFilter {
    const SORTS: &'static [&'static str] = &["converted_on"];
}

/// One page of a facility's conversions.
pub async fn list(
    conn: &mut Conn,
    facility: Uuid,
    filter: &ConversionFilter,
    page: &PageQuery,
) -> ApiResult<Vec<FacilityConversion>> {
    let of_facility = facility_conversions::table.filter(facility_conversions::facility_id.eq(facility));
    let mut query = of_facility.select(FacilityConversion::as_select()).into_boxed();
    query = in_use!(query, filter.retired, facility_conversions::retired_at);
    let query =
        keyset!(query, page, facility_conversions::id, { "converted_on" => facility_conversions::converted_on; NaiveDate });
    Ok(query.load(conn).await?)
}

/// Converts a facility from a day on. The same conversion sent again is answered with the one there is.
pub async fn convert(conn: &mut Conn, actor: &Actor, facility: Uuid, new: &NewConversion) -> ApiResult<Answer> {
    register::checked(&new.fields)?;
    let there = register::load_open::<Facility>(conn, &actor.scope, facility).await?;
    let collection = format!("facilities/{facility}/conversions");
    match find(conn, new.id).await? {
        Some(known) if known.facility_id == facility && known.retired_at.is_some() => {
            return Err(ApiError::new(Code::RecordDeleted));
        }
        Some(known) if known.facility_id == facility && known.fields == new.fields => {
            return Ok(Answer::created(&collection, known.id, known.revision, &known)?.again());
        }
        Some(_) => return Err(ApiError::new(Code::RecordConflict)),
        None => {}
    }
    let row = (
        facility_conversions::id.eq(new.id),
        facility_conversions::facility_id.eq(facility),
        &new.fields,
        facility_conversions::kinds_before.eq(&there.fields.kinds),
        facility_conversions::recorded_by.eq(actor.id),
    );
    let insert = diesel::insert_into(facility_conversions::table).values(row);
    let made: FacilityConversion = insert.returning(FacilityConversion::as_returning()).get_result(conn).await?;
    serve_as(conn, actor, &there, &new.fields.kinds).await?;
    Answer::created(&collection, made.id, made.revision, &made)
}

/// Takes the last conversion back: the facility serves as what it served as before.
pub async fn retire(conn: &mut Conn, actor: &Actor, (facility, id): (Uuid, Uuid), expected: IfMatch) -> ApiResult<Answer> {
    let there = register::load_open::<Facility>(conn, &actor.scope, facility).await?;
    let known = find(conn, id).await?.filter(|known| known.facility_id == facility);
    let known = known.ok_or_else(|| ApiError::new(Code::NotFound))?;
    if known.retired_at.is_some() {
        return Err(ApiError::new(Code::RecordDeleted));
    }
    expected.check(known.revision, &known)?;
    let retired: FacilityConversion = diesel::update(facility_conversions::table.find(id))
        .set((
            facility_conversions::retired_at.eq(now.into_sql::<Timestamptz>().nullable()),
            facility_conversions::recorded_by.eq(actor.id),
        ))
        .returning(FacilityConversion::as_returning())
        .get_result(conn)
        .await?;
    serve_as(conn, actor, &there, &known.kinds_before).await?;
    Answer::record(retired.revision, &retired)
}

async fn find(conn: &mut Conn, id: Uuid) -> ApiResult<Option<FacilityConversion>> {
    Ok(facility_conversions::table.find(id).select(FacilityConversion::as_select()).first(conn).await.optional()?)
}

/// The facility says what it serves as now. Whoever edited it meanwhile was first.
async fn serve_as(conn: &mut Conn, actor: &Actor, there: &Facility, kinds: &[FacilityKind]) -> ApiResult<()> {
    let fields = FacilityFields { kinds: kinds.to_vec(), ..there.fields.clone() };
    let saved = Facility::save(conn, actor.id, there.id, there.revision, &fields).await?;
    saved.map(drop).ok_or_else(|| ApiError::unavailable("could not serialize two edits of one record"))
}
