//! Taking a file in, and what is said of it later.

use bytes::Bytes;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    bytes::{Files, Incoming, Source},
    store,
    types::{Attachment, AttachmentFields, AttachmentPatch, AttachmentScan, UploadFields},
};
use crate::{
    auth::{Actor, Role},
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, IdempotencyKey, IfMatch, New, Upload, once},
};

/// The longest text that may stand in a part of the form.
const LONGEST_TEXT: usize = 16 * 1024;
/// The longest name of a file that is read, in characters.
const LONGEST_NAME: usize = 2_000;
/// The collection in addresses.
const COLLECTION: &str = "attachments";

/// A form that was read whole: what was said, and the file, which waits.
pub struct Form {
    pub new: New<UploadFields>,
    pub file: Incoming,
    /// Tells this form from another under the same idempotency key.
    pub digest: Vec<u8>,
}

/// Reads the form. A file that came with wrong words is let go of again.
pub async fn read(files: &Files, mut upload: Upload) -> ApiResult<Form> {
    upload.ensure_within(files.most)?;
    let (mut said, mut named, mut file) = (Map::new(), None, None);
    let read = read_parts(files, &mut upload, (&mut said, &mut named, &mut file)).await;
    said.retain(|_, text| !text.is_null());
    let digest = Value::Object(said.clone()).to_string();
    let read = read.and_then(|()| Ok(deserr::deserialize::<New<UploadFields>, _, Faults>(Value::Object(said))?));
    match (read, file) {
        (Ok(new), Some(file)) => {
            let digest = format!("{digest} {} {}", file.sent, named.unwrap_or_default()).into_bytes();
            Ok(Form { new, file, digest })
        }
        (Ok(_), None) => Err(ApiError::fault("/file", Code::Required)),
        (Err(error), file) => {
            if let Some(file) = file {
                files.discard(&file).await;
            }
            Err(error)
        }
    }
}

async fn read_parts(
    files: &Files,
    upload: &mut Upload,
    (said, named, file): (&mut Map<String, Value>, &mut Option<String>, &mut Option<Incoming>),
) -> ApiResult<()> {
    while let Some(mut part) = upload.part().await? {
        let name = part.name().to_owned();
        if said.contains_key(&name) || (name == "file" && file.is_some()) || (name == "file_name" && named.is_some()) {
            return Err(ApiError::new(Code::DuplicateKey));
        }
        match name.as_str() {
            "file" => {
                let called = named.clone().or_else(|| part.file_name().map(ToOwned::to_owned)).unwrap_or_default();
                *file = Some(files.receive(Source::Part(&mut part), called).await?);
            }
            "file_name" => {
                let text = part.text(LONGEST_TEXT).await?;
                if text.chars().count() > LONGEST_NAME {
                    return Err(ApiError::fault("/file_name", Code::TooLong));
                }
                *named = Some(text);
            }
            _ => {
                let text = part.text(LONGEST_TEXT).await?;
                // A field of a form that was left empty was not filled in.
                said.insert(name, if text.is_empty() { Value::Null } else { Value::String(text) });
            }
        }
    }
    Ok(())
}

/// Keeps a file that the service has written itself, as if this actor had sent it.
pub async fn keep(
    db: &Db,
    files: &Files,
    actor: &Actor,
    new: New<UploadFields>,
    (name, bytes): (&str, Bytes),
) -> ApiResult<Answer> {
    let file = files.receive(Source::Written(Some(bytes)), name.to_owned()).await?;
    files.promote(&file).await?;
    let scan = files.scan(&file.sha256).await?;
    let form = Form { new, file, digest: Vec::new() };
    once(db, actor.id, &IdempotencyKey::none(), &form.digest, async |conn| add(conn, actor, &form, scan).await).await
}

/// Writes the row of a file whose bytes are stored. The same file sent again under its id is answered with the one there is.
pub async fn add(conn: &mut Conn, actor: &Actor, form: &Form, scan: AttachmentScan) -> ApiResult<Answer> {
    let UploadFields { kind, area_id, note } = form.new.fields.clone();
    let fields = AttachmentFields { kind, area_id, note };
    store::ensure_area(conn, actor, fields.area_id).await?;
    if let Some(made) = store::insert(conn, actor.id, form.new.id, (&fields, &form.file), scan).await? {
        return Answer::created(COLLECTION, made.id, made.revision, &made);
    }
    match store::find_any(conn, form.new.id).await? {
        Some(there) if there.uploaded_by == actor.id && there.retired_at.is_some() => Err(ApiError::new(Code::RecordDeleted)),
        Some(there) if there.uploaded_by == actor.id && there.sha256 == form.file.sha256 && there.fields == fields => {
            Ok(Answer::created(COLLECTION, there.id, there.revision, &there)?.again())
        }
        _ => Err(ApiError::new(Code::RecordConflict)),
    }
}

/// The attachment, unless it is hidden, missing or retired.
pub async fn find_open(conn: &mut Conn, actor: &Actor, id: Uuid) -> ApiResult<Attachment> {
    let there = store::find(conn, actor, id).await?;
    if there.retired_at.is_some() { Err(ApiError::new(Code::RecordDeleted)) } else { Ok(there) }
}

/// Changes what is said of a file: whoever sent it, managers, and the coordinators of its area.
pub async fn update(conn: &mut Conn, actor: &Actor, id: Uuid, expected: IfMatch, patch: &AttachmentPatch) -> ApiResult<Answer> {
    let there = find_open(conn, actor, id).await?;
    expected.check(there.revision, &there)?;
    let fields = patch.apply(&there.fields)?;
    if fields == there.fields {
        return Answer::record(there.revision, &there);
    }
    if fields.area_id != there.fields.area_id {
        store::ensure_area(conn, actor, fields.area_id).await?;
    }
    let saved = store::save(conn, actor.id, &there, &fields).await?;
    let saved = saved.ok_or_else(|| ApiError::unavailable("could not serialize two edits of one attachment"))?;
    Answer::record(saved.revision, &saved)
}

/// Retires a file: its bytes and its history stay, and nothing new may name it. A clerk's own word is enough while they see it.
pub async fn retire(conn: &mut Conn, actor: &Actor, id: Uuid, expected: IfMatch) -> ApiResult<Answer> {
    let there = find_open(conn, actor, id).await?;
    expected.check(there.revision, &there)?;
    let retired = store::retire(conn, actor.id, &there).await?;
    let retired = retired.ok_or_else(|| ApiError::unavailable("could not serialize two edits of one attachment"))?;
    Answer::record(retired.revision, &retired)
}

/// What of a file may be given out now: not what is retired for those who no longer keep it, never what is infected.
pub async fn ensure_given_out(conn: &mut Conn, files: &Files, actor: &Actor, there: &Attachment) -> ApiResult<()> {
    let past = there.retired_at.is_some() && !matches!(actor.role, Role::Manager | Role::Auditor);
    match there.scan {
        _ if past => Err(ApiError::new(Code::RecordDeleted)),
        _ if store::is_infected(conn, &there.sha256).await? => Err(ApiError::new(Code::AttachmentInfected)),
        AttachmentScan::Unscanned if files.scan_required => Err(ApiError::new(Code::AttachmentUnscanned)),
        _ => Ok(()),
    }
}
