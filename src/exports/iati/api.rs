//! `/api/v1/exports/iati`.

use actix_web::{HttpResponse, get, web::Data};
use bytes::Bytes;
use chrono::Utc;
use deserr::Deserr;
use futures_util::stream;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    activities::{activities, reporter},
    xml::{Reporter, TAIL, head, write},
};
use crate::{
    auth::{Caller, ReadBudgets},
    db::Db,
    error::{ApiError, ApiResult, Code, Faults, Problem},
    http::{Mount, Params},
};

/// How many activities are read at once.
const CHUNK: i64 = 200;

/// The route of this export.
pub fn routes(config: &mut Mount) {
    config.service(read_iati);
}

/// Whose contracts are told.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IatiQuery {
    /// Those that this partner pays for.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
}

/// The signed contracts as activities of IATI 2.03, streamed: who pays, when, in which country, for what; budgets, what was received, what was spent. No facility, no place.
#[utoipa::path(tag = "exports", params(IatiQuery), responses(
    (status = 200, description = "Activities as the schema of IATI 2.03 has them", body = String, content_type = "application/xml", example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><iati-activities version=\"2.03\"/>"),
    (status = 404, description = "No contract has been signed: the standard has no empty file", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "No organisation of our own bears an identifier to report under; `errors` names the record and the field, or the list where there is none", body = Problem, content_type = "application/problem+json")))]
#[get("/exports/iati")]
async fn read_iati(_caller: Caller<ReadBudgets>, Params(query): Params<IatiQuery>, db: Data<Db>) -> ApiResult<HttpResponse> {
    let (body, identifier) = reporter(&mut *db.conn().await?).await?;
    let now = Utc::now();
    let reporter = Reporter { body, identifier, today: now.date_naive() };
    // The first activities are read before the answer begins, so that a refusal is still a refusal.
    let (first, rest) = part(&db, &query, &reporter, None).await?;
    if first.is_empty() {
        return Err(ApiError::new(Code::NotFound));
    }
    let first = Bytes::from([head(now).as_bytes(), &first].concat());
    let whole = stream::unfold(Some((first, rest)), move |told| {
        let (db, query, reporter) = (db.clone(), query.clone(), reporter.clone());
        async move {
            let (text, rest) = told?;
            let next = match rest {
                Some(Rest::Behind(code)) => match part(&db, &query, &reporter, Some(&code)).await {
                    Ok((text, rest)) => Some((Bytes::from(text), rest)),
                    // The stream breaks off: half a file must not look like a whole one.
                    Err(error) => return Some((Err(error), None)),
                },
                Some(Rest::Tail) => Some((Bytes::from_static(TAIL.as_bytes()), None)),
                None => None,
            };
            Some((Ok(text), next))
        }
    });
    Ok(HttpResponse::Ok().content_type("application/xml; charset=utf-8").streaming(whole))
}

/// What follows a part of the file.
enum Rest {
    /// The contracts behind this code.
    Behind(String),
    /// The end of the file.
    Tail,
}

/// Some activities, and what follows them.
async fn part(db: &Db, query: &IatiQuery, reporter: &Reporter, after: Option<&str>) -> ApiResult<(Vec<u8>, Option<Rest>)> {
    let read = activities(&mut *db.conn().await?, query.organization_id, after, CHUNK).await?;
    let full = i64::try_from(read.len()).is_ok_and(|number| number == CHUNK);
    let last = read.last().map(|last| last.code.clone()).filter(|_| full);
    let text = write(&read, reporter).map_err(ApiError::internal)?;
    Ok((text, Some(last.map_or(Rest::Tail, Rest::Behind))))
}
