//! `/api/v1/exports`.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, web::Data};
use bytes::Bytes;
use chrono::Utc;
use diesel_async::RunQueryDsl;
use futures_util::stream;
use serde_json::Value;
use uuid::Uuid;

use super::{
    iati,
    statements::{Activities, Ask, Cells, DataValues, Directory},
    types::{ActivityFilter, Cell, DataValue, DataValueQuery, DataValueSet, FacilityMap, FourW, MapQuery},
};
use crate::{
    auth::{Caller, ReadCoarseCell, ReadExports},
    db::Db,
    error::{ApiError, ApiResult, Code},
    http::{Answer, Listing, Mount, Page, PageQuery, Params},
    shared::{Protected, protect},
};

/// How many resources of the directory are read at once.
const CHUNK: i64 = 2_000;

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.service(list_activities).service(read_facility_map).service(read_data_values).service(read_directory);
    iati::routes(config);
}

/// Who does what where, and when (4W): contracts, projects and campaigns by area.
#[utoipa::path(tag = "exports", params(PageQuery, ActivityFilter), responses((status = 200, description = "A page of activities; with `hxl=true`, CSV and XLSX carry the tags of HXL", body = Page<FourW>)))]
#[get("/exports/activities")]
async fn list_activities(caller: Caller<ReadExports>, listing: Listing<ActivityFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    let areas = caller.scope.areas();
    listing
        .answer(async move |page, filter| {
            let mut ask = Ask::<Activities>::new(filter.as_of.unwrap_or_else(|| Utc::now().date_naive()), areas.clone());
            ask.organization = filter.organization_id;
            ask.after = page.after::<String>()?.unzip();
            ask.limit = page.rows();
            ask.words.clone_from(&page.q);
            ask.descending = page.sort.descending;
            Ok(ask.get_results::<FourW>(&mut *db.conn().await?).await?)
        })
        .await
}

/// A coarse map as `GeoJSON`: how many facilities stand in each cell of a tenth of a degree. No names, no places.
#[utoipa::path(tag = "exports", params(MapQuery), responses((status = 200, description = "The cells that hold a facility", body = FacilityMap, content_type = "application/geo+json")))]
#[get("/exports/facility-map")]
async fn read_facility_map(
    caller: Caller<ReadCoarseCell>,
    Params(query): Params<MapQuery>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    type Row = (String, i64, i64, i64, i64, i64, i64);
    let day = query.as_of.unwrap_or_else(|| Utc::now().date_naive());
    let rows: Vec<Row> = Ask::<Cells>::new(day, caller.scope.areas()).get_results(&mut *db.conn().await?).await?;
    let cell = |row: Row| Cell::of(&row.0, [row.1, row.2, row.3, row.4, row.5, row.6]);
    let map = FacilityMap { form: "FeatureCollection", features: rows.into_iter().filter_map(cell).collect() };
    Ok(HttpResponse::Ok().content_type("application/geo+json").json(map))
}

/// The figures of a month that is over by area, as DHIS2 takes them in; without people who are few.
#[utoipa::path(tag = "exports", params(DataValueQuery), responses((status = 200, description = "The data values, for `idScheme=CODE`", body = DataValueSet)))]
#[get("/exports/data-values")]
async fn read_data_values(caller: Caller<ReadExports>, Params(query): Params<DataValueQuery>, db: Data<Db>) -> ApiResult<Answer> {
    if !query.period.is_over() {
        return Err(ApiError::fault("/period", Code::OutOfRange));
    }
    let ask = Ask::<DataValues>::new(query.period.last_day(), caller.scope.areas());
    let rows = without_small_cells(ask.get_results(&mut *db.conn().await?).await?);
    let period = query.period.text();
    let value = |(data_element, org_unit, number): (String, String, i64)| DataValue {
        data_element,
        org_unit,
        period: period.clone(),
        value: number.to_string(),
    };
    let data_values = rows.into_iter().map(value).collect();
    Answer::plain(&DataValueSet { data_set: "SIRAJ_MONTHLY".to_owned(), period: period.clone(), data_values })
}

/// A number of an area: its element, the area's code, how many.
type OfArea = (String, String, i64);
/// Fewer people of an area than these are not told.
const SMALLEST: i64 = 5;
/// The element of all people, and what those of one cadre begin with.
const STAFF: &str = "SIRAJ_STAFF";

/// Leaves out the people of an area who are few, and those who would give their number away.
fn without_small_cells(rows: Vec<OfArea>) -> Vec<OfArea> {
    let cadre = |element: &str| element.strip_prefix(STAFF).is_some_and(|rest| rest.starts_with('_'));
    let mut cells: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for (element, area, number) in rows.iter().filter(|(element, ..)| cadre(element)) {
        cells.entry(area.clone()).or_default().insert(element.clone(), *number);
    }
    let told: BTreeMap<String, Protected<String>> =
        cells.into_iter().map(|(area, cells)| (area, protect(&cells, SMALLEST))).collect();
    let is_told = |(element, area, _): &OfArea| match told.get(area) {
        Some(told) if element == STAFF => told.total.is_some(),
        Some(told) if cadre(element) => told.cells.get(element).is_some_and(Option::is_some),
        _ => true,
    };
    rows.into_iter().filter(is_told).collect()
}

/// The directory of areas and facilities as FHIR R4 (mCSD), one resource on each line, streamed. No positions, no people.
#[utoipa::path(tag = "exports", responses((status = 200, description = "Location and Organization resources", body = String, content_type = "application/fhir+ndjson", example = "{\"resourceType\": \"Location\", \"status\": \"active\", \"name\": \"Eastern Ghouta\"}")))]
#[get("/exports/fhir-directory")]
async fn read_directory(caller: Caller<ReadExports>, db: Data<Db>) -> ApiResult<HttpResponse> {
    let areas = caller.scope.areas();
    // The first lines are read before the answer begins, so that a refusal is still a refusal.
    let first = lines(&db, areas.clone(), (None, None)).await?;
    let whole = stream::unfold(Some(first), move |told| {
        let (db, areas) = (db.clone(), areas.clone());
        async move {
            let (text, after) = told?;
            let next = match after {
                Some((place, id)) => match lines(&db, areas, (Some(place), Some(id))).await {
                    Ok(next) => Some(next),
                    // The stream breaks off: half a directory must not look like a whole one.
                    Err(error) => return Some((Err(error), None)),
                },
                None => None,
            };
            Some((Ok(text), next))
        }
    });
    Ok(HttpResponse::Ok().content_type("application/fhir+ndjson").streaming(whole))
}

/// Where a part of the directory ended, if there is more.
type Rest = Option<(String, Uuid)>;

/// Some lines of the directory, and where to go on.
async fn lines(db: &Db, areas: Option<Vec<Uuid>>, after: (Option<String>, Option<Uuid>)) -> ApiResult<(Bytes, Rest)> {
    let mut ask = Ask::<Directory>::new(Utc::now().date_naive(), areas);
    (ask.after, ask.limit) = (after, CHUNK);
    let rows: Vec<(String, Uuid, Value)> = ask.get_results(&mut *db.conn().await?).await?;
    let mut text = Vec::new();
    for (_, _, resource) in &rows {
        serde_json::to_writer(&mut text, resource).map_err(ApiError::internal)?;
        text.push(b'\n');
    }
    let full = i64::try_from(rows.len()).is_ok_and(|read| read == CHUNK);
    let rest = rows.into_iter().next_back().filter(|_| full).map(|(place, id, _)| (place, id));
    Ok((text.into(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_people_of_an_area_are_left_out_with_what_would_give_them_away() {
        let row = |element: &str, area: &str, number| (element.to_owned(), area.to_owned(), number);
        let rows = vec![
            row("SIRAJ_FACILITIES", "EAST", 1),
            row("SIRAJ_STAFF", "EAST", 17),
            row("SIRAJ_STAFF_DOCTOR", "EAST", 3),
            row("SIRAJ_STAFF_MIDWIFE", "EAST", 9),
            row("SIRAJ_STAFF_NURSE", "EAST", 5),
            row("SIRAJ_STAFF", "WEST", 2),
            row("SIRAJ_STAFF_NURSE", "WEST", 2),
            row("SIRAJ_STAFF", "NORTH", 6),
            row("SIRAJ_STAFF_NURSE", "NORTH", 6),
        ];
        let told: Vec<String> =
            without_small_cells(rows).into_iter().map(|(element, area, number)| format!("{area} {element} {number}")).collect();
        assert_eq!(
            told,
            [
                "EAST SIRAJ_FACILITIES 1",
                "EAST SIRAJ_STAFF 17",
                "EAST SIRAJ_STAFF_MIDWIFE 9",
                "NORTH SIRAJ_STAFF 6",
                "NORTH SIRAJ_STAFF_NURSE 6"
            ]
        );
    }
}
