//! The SQL of attachments. Who may read one depends on who asks, not on their scope alone: everybody reads what they sent.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{IntoBoxed, Select, exists, now},
    pg::Pg,
    prelude::*,
    sql_types::{Bool, Timestamptz},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    bytes::Incoming,
    types::{Attachment, AttachmentFields, AttachmentFilter, AttachmentScan},
};
use crate::{
    areas::holds,
    auth::{Actor, Role, Scope},
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code},
    http::{PageQuery, in_use, keyset},
    schema::{area_closure, attachments, facilities},
};

/// What somebody may read: managers and auditors all, coordinators what is of their areas, and everybody who sends files their own.
fn visible(actor: &Actor) -> Box<dyn BoxableExpression<attachments::table, Pg, SqlType = Bool> + '_> {
    let own = attachments::uploaded_by.eq(actor.id);
    match (actor.role, &actor.scope) {
        (Role::Manager | Role::Auditor, Scope::Everything) => Box::new(attachments::id.eq(attachments::id)),
        (Role::Coordinator, Scope::Areas(areas)) => {
            let below =
                area_closure::table.filter(area_closure::ancestor_id.eq_any(areas)).select(area_closure::area_id.nullable());
            Box::new(own.or(attachments::area_id.eq_any(below).assume_not_null()))
        }
        (Role::Clerk, _) => Box::new(own),
        _ => Box::new(attachments::id.ne(attachments::id)),
    }
}

/// The ids of the attachments that the actor may read, retired ones too: for whoever names files.
pub fn readable(actor: &Actor) -> IntoBoxed<'_, Select<attachments::table, attachments::id>, Pg> {
    attachments::table.select(attachments::id).into_boxed().filter(visible(actor))
}

/// An attachment that the actor may read.
pub async fn find(conn: &mut Conn, actor: &Actor, id: Uuid) -> ApiResult<Attachment> {
    let there = attachments::table.find(id).filter(visible(actor)).select(Attachment::as_select()).first(conn).await;
    there.optional()?.ok_or_else(|| ApiError::new(Code::NotFound))
}

/// The attachment of an id, whoever may read it: to tell whether the id is free.
pub async fn find_any(conn: &mut Conn, id: Uuid) -> ApiResult<Option<Attachment>> {
    Ok(attachments::table.find(id).select(Attachment::as_select()).first(conn).await.optional()?)
}

/// Refuses, at the pointer, attachments that the actor may not read, that are retired, or in which a scanner found something.
pub async fn ensure_readable(conn: &mut Conn, actor: &Actor, ids: &[Uuid], pointer: &str) -> ApiResult<()> {
    let wanted: HashSet<Uuid> = ids.iter().copied().collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let same = diesel::alias!(attachments as same);
    let infected =
        same.filter(same.field(attachments::scan).eq(AttachmentScan::Infected)).select(same.field(attachments::sha256));
    let readable = attachments::table
        .filter(attachments::id.eq_any(ids))
        .filter(attachments::retired_at.is_null())
        .filter(attachments::sha256.ne_all(infected))
        .filter(visible(actor));
    let there: i64 = readable.count().get_result(conn).await?;
    let all = usize::try_from(there).is_ok_and(|there| there == wanted.len());
    if all { Ok(()) } else { Err(ApiError::fault(pointer, Code::UnknownReference)) }
}

/// Refuses an area in which the actor has no say: a coordinator's are those they keep, a clerk's is that of their facility.
pub async fn ensure_area(conn: &mut Conn, actor: &Actor, area: Option<Uuid>) -> ApiResult<()> {
    let Some(area) = area else { return Ok(()) };
    let own = match &actor.scope {
        Scope::Facility(facility) => {
            let there = facilities::table.find(*facility).filter(facilities::area_id.eq(area));
            diesel::select(exists(there)).get_result(conn).await?
        }
        scope => holds(conn, scope, area).await?,
    };
    if own { Ok(()) } else { Err(ApiError::fault("/area_id", Code::UnknownReference)) }
}

/// The row of a file whose bytes are stored; nothing where the id is taken.
pub async fn insert(
    conn: &mut Conn,
    by: Uuid,
    id: Uuid,
    (fields, file): (&AttachmentFields, &Incoming),
    scan: AttachmentScan,
) -> ApiResult<Option<Attachment>> {
    let row = (
        attachments::id.eq(id),
        fields,
        attachments::file_name.eq(&file.file_name),
        attachments::content_type.eq(file.kind.media_type()),
        attachments::size_bytes.eq(file.size),
        attachments::sha256.eq(&file.sha256),
        attachments::scan.eq(scan),
        attachments::scanned_at.eq((scan != AttachmentScan::Unscanned).then(Utc::now)),
        // The database puts the writer here; the column only has to be there.
        attachments::uploaded_by.eq(by),
        attachments::recorded_by.eq(by),
    );
    let insert = diesel::insert_into(attachments::table).values(row).on_conflict(attachments::id).do_nothing();
    Ok(insert.returning(Attachment::as_returning()).get_result(conn).await.optional()?)
}

/// Puts what is said of a file in the place of what was, if the revision is still this.
pub async fn save(conn: &mut Conn, by: Uuid, there: &Attachment, fields: &AttachmentFields) -> ApiResult<Option<Attachment>> {
    let row = attachments::table.find(there.id).filter(attachments::revision.eq(there.revision));
    let save = diesel::update(row).set((fields, attachments::recorded_by.eq(by)));
    Ok(save.returning(Attachment::as_returning()).get_result(conn).await.optional()?)
}

/// Whether a scanner has found something in these bytes, under whatever record they were sent.
pub async fn is_infected(conn: &mut Conn, sha256: &str) -> ApiResult<bool> {
    let found = attachments::table.filter(attachments::sha256.eq(sha256)).filter(attachments::scan.eq(AttachmentScan::Infected));
    Ok(diesel::select(exists(found)).get_result(conn).await?)
}

/// Writes down what a scanner found.
pub async fn save_scan(conn: &mut Conn, by: Uuid, id: Uuid, scan: AttachmentScan) -> ApiResult<Attachment> {
    let scanned_at = now.into_sql::<Timestamptz>().nullable();
    let set = (attachments::scan.eq(scan), attachments::scanned_at.eq(scanned_at), attachments::recorded_by.eq(by));
    // Of two scans at once, what one has found stands.
    let harmless = attachments::table.find(id).filter(attachments::scan.ne(AttachmentScan::Infected));
    let saved = diesel::update(harmless).set(set).returning(Attachment::as_returning()).get_result(conn).await.optional()?;
    saved.ok_or_else(|| ApiError::new(Code::AttachmentInfected))
}

/// Retires a file, if the revision is still this.
pub async fn retire(conn: &mut Conn, by: Uuid, there: &Attachment) -> ApiResult<Option<Attachment>> {
    let row = attachments::table.find(there.id).filter(attachments::revision.eq(there.revision));
    let set = (attachments::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), attachments::recorded_by.eq(by));
    Ok(diesel::update(row).set(set).returning(Attachment::as_returning()).get_result(conn).await.optional()?)
}

/// One page of attachments.
pub async fn list(conn: &mut Conn, actor: &Actor, filter: &AttachmentFilter, page: &PageQuery) -> ApiResult<Vec<Attachment>> {
    let mut query = attachments::table.select(Attachment::as_select()).into_boxed().filter(visible(actor));
    query = in_use!(query, filter.retired, attachments::retired_at);
    if let Some(kind) = filter.kind {
        query = query.filter(attachments::kind.eq(kind));
    }
    if let Some(scan) = filter.scan {
        query = query.filter(attachments::scan.eq(scan));
    }
    if let Some(sha256) = &filter.sha256 {
        query = query.filter(attachments::sha256.eq(sha256));
    }
    if let Some(user) = filter.uploaded_by {
        query = query.filter(attachments::uploaded_by.eq(user));
    }
    if let Some(area) = filter.area_id {
        let below = area_closure::table.filter(area_closure::ancestor_id.eq(area)).select(area_closure::area_id.nullable());
        query = query.filter(attachments::area_id.eq_any(below));
    }
    if let Some(words) = &page.q {
        query = query.filter(attachments::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, attachments::id, {
        "recorded_at" => attachments::recorded_at; DateTime<Utc>,
        "file_name" => attachments::file_name; String,
    });
    Ok(query.load(conn).await?)
}
