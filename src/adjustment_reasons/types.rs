//! An adjustment reason as it is stored and travels.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::Faults,
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::adjustment_reasons,
    types::{Flag, Name, RecordCode, words},
};

words! {
    /// What a reason explains.
    AdjustmentDirection {
        /// What is gone.
        Loss = "loss",
        /// What is there beyond the book.
        Gain = "gain",
        /// Both.
        Either = "either",
    }
}

/// What people say of an adjustment reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = adjustment_reasons, treat_none_as_null = true)]
#[schema(example = json!({"code": "FLOODED", "name": "Flooded", "name_ar": "غمرته المياه", "direction": "loss"}))]
pub struct AdjustmentReasonFields {
    /// What people call it in reports; never used twice.
    pub code: RecordCode,
    /// Its name in English.
    pub name: Name,
    /// Its name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// What it explains; fixed with the first document that bears it.
    pub direction: AdjustmentDirection,
}

impl Fields for AdjustmentReasonFields {}

/// An adjustment reason.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = adjustment_reasons)]
pub struct AdjustmentReason {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: AdjustmentReasonFields,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// An adjustment reason to be added.
pub type NewAdjustmentReason = New<AdjustmentReasonFields>;
/// What is to change about an adjustment reason.
pub type AdjustmentReasonPatch = Merge<AdjustmentReasonFields>;

/// Which adjustment reasons to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AdjustmentReasonFilter {
    /// Those of this direction.
    #[deserr(default)]
    pub direction: Option<AdjustmentDirection>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for AdjustmentReasonFilter {
    const SORTS: &'static [&'static str] = &["code", "name", "recorded_at"];
}
