//! The files of a report, whoever may read it: its document, its envelope, its pages, its workbook.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use super::{
    paper::{self, PagesLanguage, Press},
    statement::Envelope,
    store,
    types::PublishedReport,
    workbook,
};
use crate::{
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Locale},
    http::{IfNoneMatch, Turn, XLSX, locale, sheets_file},
    keys::{digest_of, hex},
};

/// The document, byte for byte as it was counted; its ETag is its hash.
pub async fn document(conn: &mut Conn, report: &PublishedReport, held: &IfNoneMatch) -> ApiResult<HttpResponse> {
    let etag = format!("\"{}\"", hex(&report.document_hash.0));
    if held.holds(&etag) {
        return Ok(HttpResponse::NotModified().insert_header(("etag", etag)).finish());
    }
    let document = store::document(conn, report.id).await?;
    let attachment = report.number.map_or_else(|| format!("draft-{}", report.id), |number| format!("report-{number}"));
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("etag", etag))
        .insert_header(("content-disposition", format!("attachment; filename=\"siraj-{attachment}.json\"")))
        .body(document))
}

/// The envelope; a draft has none.
pub async fn envelope(conn: &mut Conn, report: &PublishedReport) -> ApiResult<HttpResponse> {
    let envelope = envelope_of(conn, report).await?;
    let attachment = format!("attachment; filename=\"siraj-report-{}.envelope.json\"", envelope.number);
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("content-disposition", attachment))
        .body(envelope.bytes()?))
}

async fn envelope_of(conn: &mut Conn, report: &PublishedReport) -> ApiResult<Envelope> {
    let document = store::document(conn, report.id).await?;
    Envelope::of(report, document).ok_or_else(|| ApiError::new(Code::NotPublished))
}

/// The envelope, if it is as it was published: paper has nothing that checks it.
async fn genuine_envelope_of(conn: &mut Conn, report: &PublishedReport) -> ApiResult<Envelope> {
    let envelope = envelope_of(conn, report).await?;
    match envelope.fault() {
        None => Ok(envelope),
        Some(fault) => Err(ApiError::internal(format!("report {} is not as it was published: {fault}", envelope.number))),
    }
}

/// The language of pages: the one that is asked for, or the reader's own.
pub fn language(asked: Option<PagesLanguage>, request: &HttpRequest) -> PagesLanguage {
    asked.unwrap_or(match locale(request.headers()) {
        Locale::English => PagesLanguage::English,
        Locale::Arabic => PagesLanguage::Arabic,
    })
}

/// The pages, set by whoever has a turn at the press.
pub async fn pages(
    (turn, press): (Turn, Data<Press>),
    db: &Db,
    report: &PublishedReport,
    language: PagesLanguage,
    held: &IfNoneMatch,
) -> ApiResult<HttpResponse> {
    let envelope = genuine_envelope_of(&mut *db.conn().await?, report).await?;
    let etag = paper::etag(&envelope, language);
    if held.holds(&etag) {
        return Ok(HttpResponse::NotModified().insert_header(("etag", etag)).finish());
    }
    let file = format!("siraj-report-{}.{}.pdf", envelope.number, language.as_str());
    let pages = paper::pages(turn, press, envelope, language).await?;
    Ok(file_of("application/pdf", &file, (etag, pages)))
}

/// The workbook.
pub async fn workbook(db: &Db, report: &PublishedReport, held: &IfNoneMatch) -> ApiResult<HttpResponse> {
    let envelope = genuine_envelope_of(&mut *db.conn().await?, report).await?;
    let made = sheets_file(workbook::sheets(&envelope)?, Some(envelope.published_at)).await?;
    let etag = format!("\"{}\"", hex(&digest_of(&made)));
    if held.holds(&etag) {
        return Ok(HttpResponse::NotModified().insert_header(("etag", etag)).finish());
    }
    Ok(file_of(XLSX, &format!("siraj-report-{}.xlsx", envelope.number), (etag, made)))
}

/// A file as a download.
fn file_of(kind: &str, name: &str, (etag, bytes): (String, Vec<u8>)) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header(("etag", etag))
        .insert_header(("content-disposition", format!("attachment; filename=\"{name}\"")))
        .body(bytes)
}
