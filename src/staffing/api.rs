//! `/api/v1/reports/staffing`, `/reports/staff-turnover` and `/reports/vacancies`.

use actix_web::{HttpResponse, get, web::Data};
use chrono::Utc;

use super::{
    store,
    types::{Staffing, StaffingQuery, StaffingRow, Turnover, TurnoverQuery, Vacancies, VacancyQuery},
    world::{RowsPage, World},
};
use crate::{
    auth::{Caller, Permission, ReadDepartures, ReadStaffing},
    db::Db,
    error::ApiResult,
    http::{Answer, Listing, Mount, Page, PageQuery, Params},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.service(read_staffing).service(list_staffing_rows).service(read_staff_turnover).service(list_vacancies);
}

/// How many people, posts and full-time equivalents there are on a day.
#[utoipa::path(tag = "reports", params(StaffingQuery), responses((status = 200, description = "The whole, and its parts", body = Staffing)))]
#[get("/reports/staffing")]
async fn read_staffing(caller: Caller<ReadStaffing>, Params(query): Params<StaffingQuery>, db: Data<Db>) -> ApiResult<Answer> {
    let world = World::of_day(&caller.scope, &query, Utc::now().date_naive())?;
    Answer::plain(&db.read_at(query.known_at, async |conn| store::head_count(conn, &world).await).await?)
}

/// The posts behind a head-count, as many as it says.
#[utoipa::path(tag = "reports", params(PageQuery, StaffingQuery), responses((status = 200, description = "A page of the posts that are counted", body = Page<StaffingRow>)))]
#[get("/reports/staffing/rows")]
async fn list_staffing_rows(
    caller: Caller<ReadStaffing>,
    listing: Listing<StaffingQuery>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let mut world = World::of_day(&caller.scope, &listing.filter, Utc::now().date_naive())?;
    world.by = None;
    listing
        .answer(async move |page, filter| {
            let asked = World { page: RowsPage::of(page)?, ..world.clone() };
            db.read_at(filter.known_at, async |conn| store::rows(conn, &asked).await).await
        })
        .await
}

/// Who was there, joined and left between two days.
#[utoipa::path(tag = "reports", params(TurnoverQuery), responses((status = 200, description = "The whole, and its parts", body = Turnover)))]
#[get("/reports/staff-turnover")]
async fn read_staff_turnover(
    caller: Caller<ReadStaffing>,
    Params(query): Params<TurnoverQuery>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    let world = World::of_days(&caller.scope, &query)?;
    // Why somebody left is sealed, and what is sealed has no history.
    let reasons = ReadDepartures::ROLES.contains(&caller.role) && query.known_at.is_none();
    Answer::plain(&db.read_at(query.known_at, async |conn| store::turnover(conn, &world, reasons).await).await?)
}

/// Which posts of the facilities' plans are vacant on a day, and which are held by more than planned.
#[utoipa::path(tag = "reports", params(VacancyQuery), responses((status = 200, description = "By facility and cadre, and together", body = Vacancies)))]
#[get("/reports/vacancies")]
async fn list_vacancies(caller: Caller<ReadStaffing>, Params(query): Params<VacancyQuery>, db: Data<Db>) -> ApiResult<Answer> {
    let world = World::of_plan(&caller.scope, &query, Utc::now().date_naive());
    Answer::plain(&db.read_at(query.known_at, async |conn| store::vacancies(conn, &world).await).await?)
}
