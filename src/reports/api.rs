//! `/api/v1/reports`.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, dev::Payload, get, web::Data};

use super::{
    answers::{Answers, Asked},
    reconciliation::reconcile,
    rows::FigureRows,
    rules::{Rows, rows},
    store,
    types::{FigureQuery, Figures, Reconciliation, ReconciliationQuery},
};
use crate::{
    auth::{Caller, ReadFigureRows, ReadFigures, ReadReconciliation},
    claims::Figure,
    db::Db,
    error::{ApiError, ApiResult, Code},
    http::{Answer, IfNoneMatch, Listing, Mount, PageQuery, Params, locale},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.service(read_figures).service(list_figure_rows).service(read_reconciliation);
}

/// The figure in the path. What names no figure names nothing.
struct FigureInPath(Figure);

impl FromRequest for FigureInPath {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let figure = request.match_info().get("figure").and_then(Figure::parse);
        ready(figure.map(Self).ok_or_else(|| ApiError::new(Code::NotFound)))
    }
}

/// All figures of a day.
#[utoipa::path(tag = "reports", params(FigureQuery), responses((status = 200, description = "The figures, counted from the records", body = Figures), (status = 304, description = "The reader holds these figures already (`If-None-Match`)")))]
#[get("/reports/figures")]
async fn read_figures(
    caller: Caller<ReadFigures>,
    held: IfNoneMatch,
    Params(query): Params<FigureQuery>,
    request: HttpRequest,
    (db, answers): (Data<Db>, Data<Answers>),
) -> ApiResult<HttpResponse> {
    let scope = query.within(&caller)?;
    let day = query.day();
    let locale = locale(request.headers());
    if query.known_at.is_none() {
        let asked = Asked { form: "figures", scope: scope.clone(), days: vec![day], by: [None, None], role: caller.role, locale };
        return answers.tell(&db, asked, &held, async |conn| Ok(store::figures(conn, &scope, day, locale).await?.figures)).await;
    }
    let told = db.read_at(query.known_at, async |conn| store::figures(conn, &scope, day, locale).await).await?;
    Ok(Answer::plain(&told.figures)?.respond_to(&request))
}

/// The rows behind a figure, as many as the figure says.
#[utoipa::path(tag = "reports", params(("figure" = Figure, Path), PageQuery, FigureQuery), responses((status = 200, description = "A page of the facilities, people, posts, shipments or contracts that are counted", body = FigureRows)))]
#[get("/reports/figures/{figure}/rows")]
async fn list_figure_rows(
    caller: Caller<ReadFigureRows>,
    FigureInPath(figure): FigureInPath,
    listing: Listing<FigureQuery>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = listing.filter.within(&caller)?;
    let day = listing.filter.day();
    let known_at = listing.filter.known_at;
    db.read_at(known_at, async |conn| store::ensure_known(conn, &scope).await).await?;
    match rows(figure) {
        Rows::Facilities(which, word) => {
            let which = (which, word);
            listing
                .answer(async move |page, _| {
                    db.read_at(known_at, async |conn| store::facility_rows(conn, &scope, day, which, page).await).await
                })
                .await
        }
        Rows::People(cadre) => {
            listing
                .answer(async move |page, _| {
                    db.read_at(known_at, async |conn| store::person_rows(conn, &scope, day, cadre, page).await).await
                })
                .await
        }
        Rows::Posts(which) => {
            listing
                .answer(async move |page, _| {
                    db.read_at(known_at, async |conn| store::post_rows(conn, &scope, day, which, page).await).await
                })
                .await
        }
        Rows::Shipments(word) => {
            let word = (word, caller.role);
            listing
                .answer(async move |page, _| {
                    db.read_at(known_at, async |conn| store::shipment_rows(conn, &scope, day, word, page).await).await
                })
                .await
        }
        // The rows of money and of supplies are lists of their own, for those who keep and audit them.
        Rows::Apart => Err(ApiError::new(Code::NotFound)),
        // Contracts are not for clerks.
        Rows::Contracts if scope.facility.is_some() => Err(ApiError::new(Code::Forbidden)),
        Rows::Contracts => {
            listing
                .answer(async move |page, _| {
                    db.read_at(known_at, async |conn| store::contract_rows(conn, &scope, day, page).await).await
                })
                .await
        }
    }
}

/// What was published, held against the figures and against itself.
#[utoipa::path(tag = "reports", params(ReconciliationQuery), responses((status = 200, description = "Every claim of the campaign with its verdict", body = Reconciliation)))]
#[get("/reports/reconciliation")]
async fn read_reconciliation(
    caller: Caller<ReadReconciliation>,
    Params(query): Params<ReconciliationQuery>,
    request: HttpRequest,
    db: Data<Db>,
) -> ApiResult<Answer> {
    let (asked, arrived_only) = ((query.campaign_id, query.day()), !caller.role.sends());
    let told = reconcile(&mut *db.conn().await?, &caller, asked, arrived_only, locale(request.headers())).await?;
    Answer::plain(&told)
}
