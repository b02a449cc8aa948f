//! An attachment as it is stored and travels.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::Faults,
    http::{ListFilter, Merge},
    register::Fields,
    schema::attachments,
    types::{Flag, LongText, words},
};

words! {
    /// What a file proves.
    AttachmentKind {
        /// A contract as it was signed.
        Contract = "contract",
        /// A change of a contract.
        Amendment = "amendment",
        /// A report to a partner.
        Report = "report",
        /// What somebody asks to be paid.
        Invoice = "invoice",
        /// That something was paid or received.
        Receipt = "receipt",
        /// A list signed by those who were paid.
        SignatureSheet = "signature_sheet",
        /// An agent's word that they have paid.
        AgentAcknowledgement = "agent_acknowledgement",
        /// What travels with a shipment.
        Waybill = "waybill",
        /// A photograph.
        Photo = "photo",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// What a scanner found in a file.
    AttachmentScan {
        /// No scanner has said anything of it.
        Unscanned = "unscanned",
        /// Nothing harmful.
        Clean = "clean",
        /// Something harmful: the file is never given out.
        Infected = "infected",
    }
}

/// What people say of a file, and may say differently later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = attachments, treat_none_as_null = true)]
#[schema(example = json!({"kind": "signature_sheet", "area_id": "0193a1c2-0000-7000-8000-000000000001", "note": "March 2015, sheet 2 of 3."}))]
pub struct AttachmentFields {
    /// What it proves.
    pub kind: AttachmentKind,
    /// The area whose coordinators may read it; absent for a file of headquarters.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// Anything else worth knowing. Never names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl Fields for AttachmentFields {}

/// What stands beside the file in the form: every part is text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct UploadFields {
    pub kind: AttachmentKind,
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    #[deserr(default)]
    pub note: Option<LongText>,
}

/// A file to be kept, as a form (`multipart/form-data`).
#[derive(Debug, ToSchema)]
#[schema(example = json!({"kind": "signature_sheet", "note": "March 2015, sheet 2 of 3.", "file": "(the bytes)"}))]
#[expect(dead_code, reason = "it only shows the form in the document")]
pub struct UploadForm {
    /// Chosen by the client, so that the file has its name before it has a link; else made here.
    pub id: Option<Uuid>,
    /// What it proves.
    pub kind: AttachmentKind,
    /// The area whose coordinators may read it; absent for a file of headquarters.
    pub area_id: Option<Uuid>,
    /// Anything else worth knowing. Never names of people.
    pub note: Option<LongText>,
    /// The name of the file, where the part itself does not tell it. It must stand before the file.
    #[schema(max_length = 2000)]
    pub file_name: Option<String>,
    /// The file: PDF, JPEG, PNG, an office document without programs, CSV or plain text.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    pub file: Vec<u8>,
}

/// A file that is kept.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = attachments)]
pub struct Attachment {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: AttachmentFields,
    /// The name it is given out under: a word about it, made harmless.
    pub file_name: String,
    /// What its bytes are.
    pub content_type: String,
    /// How many bytes it has.
    pub size_bytes: i64,
    /// The SHA-256 of its bytes as they are kept: a photograph's without what it told of place and camera.
    pub sha256: String,
    /// What a scanner found.
    pub scan: AttachmentScan,
    /// When that was.
    pub scanned_at: Option<DateTime<Utc>>,
    /// Who sent it.
    pub uploaded_by: Uuid,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// What is to change about what is said of a file.
pub type AttachmentPatch = Merge<AttachmentFields>;

/// Which files to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AttachmentFilter {
    /// Those that prove this.
    #[deserr(default)]
    pub kind: Option<AttachmentKind>,
    /// Those of this area or below it.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// Those of which a scanner said this.
    #[deserr(default)]
    pub scan: Option<AttachmentScan>,
    /// Those with these bytes.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub sha256: Option<String>,
    /// Those that this user sent.
    #[deserr(default)]
    pub uploaded_by: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for AttachmentFilter {
    const SORTS: &'static [&'static str] = &["recorded_at", "file_name"];
}
