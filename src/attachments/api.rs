//! `/api/v1/attachments`.

use actix_web::{HttpResponse, delete, get, patch, post, web::Data};

use super::{
    actions,
    bytes::Files,
    store,
    types::{Attachment, AttachmentFilter, AttachmentPatch, AttachmentScan, UploadForm},
};
use crate::{
    audit::{self, HistoryEntry, HistoryFilter},
    auth::{Caller, EditAttachments, ReadAttachments, ReadHistory},
    db::Db,
    error::{ApiError, ApiResult, Code},
    http::{Answer, Body, IdempotencyKey, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId, Upload, once},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_attachments)
        .service(create_attachment)
        .service(find_attachment)
        .service(update_attachment)
        .service(retire_attachment)
        .service(list_attachment_history)
        .service(download_attachment)
        .service(scan_attachment);
}

/// List attachments.
#[utoipa::path(tag = "attachments", params(PageQuery, AttachmentFilter), responses((status = 200, description = "A page of attachments", body = Page<Attachment>)))]
#[get("/attachments")]
async fn list_attachments(
    caller: Caller<ReadAttachments>,
    listing: Listing<AttachmentFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let actor = (*caller).clone();
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, &actor, filter, page).await).await
}

/// Send a file, as a form. What it is, is read from its bytes; photographs lose what they say of place and camera.
#[utoipa::path(tag = "attachments", request_body(content = UploadForm, content_type = "multipart/form-data"), responses((status = 201, description = "The new attachment", body = Attachment)))]
#[post("/attachments")]
async fn create_attachment(
    caller: Caller<EditAttachments>,
    key: IdempotencyKey,
    upload: Upload,
    files: Data<Files>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    let form = actions::read(&files, upload).await?;
    // The bytes before the row: what is cut between the two leaves bytes that nothing names, never a row without them.
    files.promote(&form.file).await?;
    let scan = files.scan(&form.file.sha256).await?;
    once(&db, caller.id, &key, &form.digest, async |conn| actions::add(conn, &caller, &form, scan).await).await
}

/// Read what is said of an attachment.
#[utoipa::path(tag = "attachments", params(("attachment_id" = uuid::Uuid, Path)), responses((status = 200, description = "The attachment", body = Attachment)))]
#[get("/attachments/{attachment_id}")]
async fn find_attachment(
    caller: Caller<ReadAttachments>,
    id: RecordId,
    held: IfNoneMatch,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let there = store::find(&mut *db.conn().await?, &caller, id.0).await?;
    Ok(held.answer(there.revision, &there))
}

/// Edit what is said of an attachment; the file itself never changes.
#[utoipa::path(tag = "attachments", params(("attachment_id" = uuid::Uuid, Path)), request_body(content = AttachmentPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The attachment as it is now", body = Attachment)))]
#[patch("/attachments/{attachment_id}")]
async fn update_attachment(
    caller: Caller<EditAttachments>,
    id: RecordId,
    expected: IfMatch,
    body: Body<AttachmentPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::update(conn, &caller, id.0, expected, &body.value).await).await
}

/// Retire an attachment: it stays on record, and nothing new may name it.
#[utoipa::path(tag = "attachments", params(("attachment_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired attachment", body = Attachment)))]
#[delete("/attachments/{attachment_id}")]
async fn retire_attachment(caller: Caller<EditAttachments>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    db.write(async |conn| actions::retire(conn, &caller, id.0, expected).await).await
}

/// Who changed what is said of an attachment, and how.
#[utoipa::path(tag = "attachments", params(("attachment_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/attachments/{attachment_id}/history")]
async fn list_attachment_history(
    caller: Caller<ReadHistory>,
    id: RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    store::find(&mut *db.conn().await?, &caller, id.0).await?;
    let within = caller.scope.areas();
    listing
        .answer::<HistoryEntry>(async move |page, _| audit::history(&mut *db.conn().await?, within.as_deref(), id.0, page).await)
        .await
}

/// The file itself, as a download: never shown in the page, never kept on the way.
#[utoipa::path(tag = "attachments", params(("attachment_id" = uuid::Uuid, Path)), responses((status = 200, description = "The bytes, under their media type", content((Vec<u8> = "application/pdf"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.presentationml.presentation"), (Vec<u8> = "application/vnd.oasis.opendocument.text"), (Vec<u8> = "application/vnd.oasis.opendocument.spreadsheet"), (Vec<u8> = "text/csv"), (Vec<u8> = "text/plain")))))]
#[get("/attachments/{attachment_id}/content")]
async fn download_attachment(
    caller: Caller<ReadAttachments>,
    id: RecordId,
    files: Data<Files>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let mut conn = db.conn().await?;
    let there = store::find(&mut conn, &caller, id.0).await?;
    actions::ensure_given_out(&mut conn, &files, &caller, &there).await?;
    drop(conn);
    let content = files.content(&there.sha256).await?;
    let size = u64::try_from(there.size_bytes).map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok()
        .content_type(there.content_type.as_str())
        .insert_header(("content-disposition", format!("attachment; filename*=UTF-8''{}", percent(&there.file_name))))
        .insert_header(("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"))
        .insert_header(("cache-control", "no-store"))
        .no_chunking(size)
        .streaming(content))
}

/// Scan a file again, for one whose scanner gave no answer. What was found stands in `scan`.
#[utoipa::path(tag = "attachments", params(("attachment_id" = uuid::Uuid, Path)), responses((status = 200, description = "The attachment as it is now", body = Attachment)))]
#[post("/attachments/{attachment_id}/scan")]
async fn scan_attachment(caller: Caller<EditAttachments>, id: RecordId, files: Data<Files>, db: Data<Db>) -> ApiResult<Answer> {
    let there = actions::find_open(&mut *db.conn().await?, &caller, id.0).await?;
    // Found once, it stays found: a scanner that has forgotten it does not make it harmless.
    if there.scan == AttachmentScan::Infected {
        return Err(ApiError::new(Code::AttachmentInfected));
    }
    let scan = files.scan(&there.sha256).await?;
    if scan == AttachmentScan::Unscanned {
        return Answer::record(there.revision, &there);
    }
    db.write(async |conn| {
        let there = store::save_scan(conn, caller.id, id.0, scan).await?;
        Answer::record(there.revision, &there)
    })
    .await
}

/// RFC 8187: everything but letters and digits by its bytes.
fn percent(name: &str) -> String {
    let told = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    name.bytes().map(told).collect()
}
