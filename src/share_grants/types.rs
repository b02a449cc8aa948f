//! A share grant as it is stored and travels.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{Code, Faults},
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::share_grants,
    types::{Flag, Reason, distinct, in_order, within, words},
};

/// The most facilities that a grant names one by one.
const MOST_FACILITIES: usize = 500;

words! {
    /// Something that a grant gives.
    ShareField {
        /// The facilities of the contract: their kinds, their area, whether they are open.
        Facilities = "facilities",
        /// Their codes and names too.
        FacilityNames = "facility_names",
        /// Whether they work, too.
        Functionality = "functionality",
        /// How many facilities there are, by kind.
        FacilityCounts = "facility_counts",
        /// How many people are paid, by cadre; small cells are hidden.
        StaffCounts = "staff_counts",
        /// How many shipments have arrived.
        ShipmentCounts = "shipment_counts",
        /// Shipments that have arrived, and in which month.
        Shipments = "shipments",
    }
}

impl ShareField {
    /// Whether it is a number over the whole contract.
    const fn counts(self) -> bool {
        matches!(self, Self::FacilityCounts | Self::StaffCounts | Self::ShipmentCounts)
    }

    /// Whether it says something of facilities that are told one by one.
    const fn needs_facilities(self) -> bool {
        matches!(self, Self::FacilityNames | Self::Functionality)
    }
}

words! {
    /// How precisely a grant says where a facility stands. Never closer than its area.
    SharePrecision {
        /// The area it stands in.
        Area = "area",
        /// The governorate that it lies in; the topmost area where there is none above it.
        Governorate = "governorate",
        /// The topmost area above it.
        TopArea = "top_area",
    }
}

words! {
    /// How far a grant has come.
    ShareStatus {
        /// It is being written.
        Draft = "draft",
        /// A second person agreed: it gives, from its first day to its last.
        Active = "active",
        /// It was ended before its last day.
        Ended = "ended",
        /// It was taken back.
        Revoked = "revoked",
    }
}

/// The terms of a grant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = share_grants, treat_none_as_null = true)]
#[schema(example = json!({"organization_id": "0193a1c2-0000-7000-8000-000000000001", "contract_id": "0193a1c2-0000-7000-8000-000000000002",
    "fields": ["facilities", "functionality", "facility_counts", "staff_counts"], "precision": "top_area", "smallest_cell": 5,
    "purpose": "Monthly report of the partner to its own donor.", "starts_on": "2026-01-01", "ends_on": "2026-06-30"}))]
pub struct ShareGrantFields {
    /// The partner.
    pub organization_id: Uuid,
    /// The contract of that partner.
    pub contract_id: Uuid,
    /// Of the contract's facilities, these alone; all of them when empty. Counts are given of whole contracts only.
    #[deserr(default)]
    #[schema(required = false, max_items = 500)]
    pub facility_ids: Vec<Uuid>,
    /// What is given.
    #[schema(min_items = 1, max_items = 7)]
    pub fields: Vec<ShareField>,
    /// How precisely places are told; the same in all open grants of a contract that give facilities, as are names.
    pub precision: SharePrecision,
    /// Fewer people than these are not told; the same in all grants of a contract.
    #[deserr(default = 5)]
    #[schema(required = false, minimum = 5, maximum = 100)]
    pub smallest_cell: i32,
    /// What the partner wants it for.
    pub purpose: Reason,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// Its last day.
    pub ends_on: NaiveDate,
}

impl Fields for ShareGrantFields {
    fn check(&self, faults: &mut Faults) {
        in_order(faults, "/ends_on", Some(self.starts_on), Some(self.ends_on));
        if self.starts_on <= self.ends_on && self.ends_on < Utc::now().date_naive() {
            faults.add("/ends_on", Code::DateInPast);
        }
        distinct(faults, "/facility_ids", &self.facility_ids, MOST_FACILITIES);
        distinct(faults, "/fields", &self.fields, ShareField::ALL.len());
        within(faults, "/smallest_cell", Some(self.smallest_cell), 5, 100);
        let lacks_facilities = !self.fields.contains(&ShareField::Facilities);
        if self.fields.is_empty() || lacks_facilities && self.fields.iter().any(|field| field.needs_facilities()) {
            faults.add("/fields", Code::Required);
        }
        if !self.facility_ids.is_empty() && self.fields.iter().any(|field| field.counts()) {
            faults.add("/facility_ids", Code::WholeContractOnly);
        }
    }
}

/// A share grant.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = share_grants)]
pub struct ShareGrant {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: ShareGrantFields,
    /// How far it has come. It gives only while it is active, and only on its days.
    pub status: ShareStatus,
    /// Who wrote its terms last.
    pub drafted_by: Uuid,
    /// The other who activated it.
    pub activated_by: Option<Uuid>,
    /// When.
    pub activated_at: Option<DateTime<Utc>>,
    /// Who ended or revoked it.
    pub closed_by: Option<Uuid>,
    /// Why it was ended or revoked.
    pub reason: Option<Reason>,
    /// When the draft was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A grant to be drafted.
pub type NewShareGrant = New<ShareGrantFields>;
/// What is to change about a draft.
pub type ShareGrantPatch = Merge<ShareGrantFields>;

/// Why a grant is ended or revoked.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "The partner's server was broken into."}))]
pub struct ShareGrantReason {
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

/// Which grants to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShareGrantFilter {
    /// Those of this partner.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
    /// Those of this contract.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// Those that have come so far.
    #[deserr(default)]
    #[param(inline)]
    pub status: Option<ShareStatus>,
    /// Those whose days hold this one.
    #[deserr(default)]
    pub on: Option<NaiveDate>,
    /// `true`: the retired drafts; else the others.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for ShareGrantFilter {
    const SORTS: &'static [&'static str] = &["recorded_at", "starts_on", "ends_on"];
}
