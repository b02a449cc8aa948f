//! Units of equipment and repair jobs as they are stored and travel.

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
    schema::{equipment_units, repair_jobs},
    stock::{ActLine, StockLine},
    types::{Flag, LongText, Reason, ShortText, happened, words},
};

words! {
    /// Whether a unit is still ours to use.
    UnitStatus {
        /// It is; perhaps in repair.
        InUse = "in_use",
        /// Worn out, or beyond repair.
        WrittenOff = "written_off",
        /// Looted, destroyed, gone.
        Lost = "lost",
    }
}

/// What people say of a unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = equipment_units, treat_none_as_null = true)]
#[schema(example = json!({"item_id": "0193a1c2-0000-7000-8000-000000000014", "serial_number": "VENT-0007",
    "facility_id": "0193a1c2-0000-7000-8000-000000000003", "acquired_on": "2014-09-01"}))]
pub struct EquipmentUnitFields {
    /// The item: one whose lots do not expire.
    pub item_id: Uuid,
    /// Its serial number, once among the units of its item.
    pub serial_number: ShortText,
    /// The released order that made it in our own workshop.
    #[deserr(default)]
    pub production_order_id: Option<Uuid>,
    /// The organisation it came from, where we did not make it.
    #[deserr(default)]
    pub origin_id: Option<Uuid>,
    /// The facility where it stands; or else `location_id`.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// The place where it stands; or else `facility_id`.
    #[deserr(default)]
    pub location_id: Option<Uuid>,
    /// The day it became ours.
    pub acquired_on: NaiveDate,
    /// Anything else worth knowing.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl Fields for EquipmentUnitFields {
    fn check(&self, faults: &mut Faults) {
        happened(faults, "/acquired_on", self.acquired_on);
        match (self.facility_id, self.location_id) {
            (None, None) => faults.add("/facility_id", Code::Required),
            (Some(_), Some(_)) => faults.add("/location_id", Code::UnknownField),
            _ => {}
        }
        if self.production_order_id.is_some() && self.origin_id.is_some() {
            faults.add("/origin_id", Code::UnknownField);
        }
    }
}

/// A unit of equipment.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = equipment_units)]
pub struct EquipmentUnit {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: EquipmentUnitFields,
    /// Whether it is still ours to use.
    pub status: UnitStatus,
    /// The day it came to its end.
    pub ended_on: Option<NaiveDate>,
    /// Why it came to its end.
    pub reason: Option<Reason>,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A unit to be added.
pub type NewEquipmentUnit = New<EquipmentUnitFields>;
/// What is to change about a unit.
pub type EquipmentUnitPatch = Merge<EquipmentUnitFields>;

words! {
    /// How a unit comes to its end.
    UnitEnding {
        /// Worn out.
        WrittenOff = "written_off",
        /// Looted, destroyed, gone.
        Lost = "lost",
    }
}

/// A unit comes to its end.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"ended_on": "2015-08-16", "status": "lost", "reason": "Buried when the upper floor came down."}))]
pub struct UnitEnd {
    /// The day.
    pub ended_on: NaiveDate,
    /// How.
    pub status: UnitEnding,
    /// Why: 10 to 500 letters.
    pub reason: Reason,
}

/// Which units to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EquipmentUnitFilter {
    /// Those of this item.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
    /// Those of this status.
    #[deserr(default)]
    pub status: Option<UnitStatus>,
    /// Those in this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those at this place.
    #[deserr(default)]
    pub location_id: Option<Uuid>,
    /// Those that this order made.
    #[deserr(default)]
    pub production_order_id: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for EquipmentUnitFilter {
    const SORTS: &'static [&'static str] = &["serial_number", "acquired_on", "recorded_at"];
}

words! {
    /// How far a repair job has come.
    RepairStatus {
        /// The fault is known; the unit cannot be used.
        Reported = "reported",
        /// In the workshop's hands.
        InRepair = "in_repair",
        /// It works again, and is to be given back.
        Repaired = "repaired",
        /// It will not work again; the unit is written off.
        BeyondRepair = "beyond_repair",
        /// Back where it is used.
        Returned = "returned",
        /// There was nothing to repair.
        Cancelled = "cancelled",
    }
}

/// What people say of a repair job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = repair_jobs, treat_none_as_null = true)]
#[schema(example = json!({"unit_id": "0193a1c2-0000-7000-8000-000000000015", "reported_on": "2015-02-01", "fault": "The pump stops after ten minutes."}))]
pub struct RepairJobFields {
    /// The unit; it has no other open job.
    pub unit_id: Uuid,
    /// The workshop; named at the latest when the repair begins.
    #[deserr(default)]
    pub place_id: Option<Uuid>,
    /// The day from which the unit could not be used.
    pub reported_on: NaiveDate,
    /// What is wrong.
    pub fault: LongText,
}

impl Fields for RepairJobFields {
    fn check(&self, faults: &mut Faults) {
        happened(faults, "/reported_on", self.reported_on);
    }
}

/// A repair job.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = repair_jobs)]
pub struct RepairJob {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: RepairJobFields,
    /// How far it has come.
    pub status: RepairStatus,
    /// The day the repair began.
    pub started_on: Option<NaiveDate>,
    /// The day it was finished.
    pub finished_on: Option<NaiveDate>,
    /// The day the unit was given back.
    pub returned_on: Option<NaiveDate>,
    /// What was done; or why nothing was.
    pub report: Option<Reason>,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A repair job with what follows from its days.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RepairJobReport {
    #[serde(flatten)]
    pub job: RepairJob,
    /// Days the unit could not be used: from the report to the return, to the end of what is beyond repair, or to today. 0 where cancelled.
    pub days_unavailable: i64,
}

/// A repair job with the parts it used up.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RepairJobSheet {
    #[serde(flatten)]
    pub report: RepairJobReport,
    /// The parts that were used up.
    pub parts: Vec<ActLine>,
}

/// A fault to be reported.
pub type NewRepairJob = New<RepairJobFields>;
/// What is to change about a job that has not begun.
pub type RepairJobPatch = Merge<RepairJobFields>;

/// A repair begins.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"started_on": "2015-02-03", "place_id": "0193a1c2-0000-7000-8000-000000000012"}))]
pub struct RepairStart {
    /// The day.
    pub started_on: NaiveDate,
    /// The workshop; absent, the one the job names already.
    #[deserr(default)]
    pub place_id: Option<Uuid>,
}

/// Spare parts that a repair used up.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"used_on": "2015-02-04", "lines": [{"lot_id": "0193a1c2-0000-7000-8000-000000000007", "quantity": 1}]}))]
pub struct RepairParts {
    /// Of the document that takes them; chosen by the client (UUID), or made by the service when absent.
    #[deserr(default)]
    pub id: Option<Uuid>,
    /// The day.
    pub used_on: NaiveDate,
    /// Which, and how many.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<StockLine>,
}

/// Parts that were written by mistake.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"document_id": "0193a1c2-0000-7000-8000-000000000016", "reason": "The pump was of another job."}))]
pub struct PartsReversal {
    /// The document that took them.
    pub document_id: Uuid,
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

words! {
    /// How a repair ends.
    RepairOutcome {
        /// It works again.
        Repaired = "repaired",
        /// It will not work again.
        BeyondRepair = "beyond_repair",
    }
}

/// A repair is finished.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"finished_on": "2015-02-05", "outcome": "repaired", "report": "New pump; ran for two hours without a stop."}))]
pub struct RepairResult {
    /// The day.
    pub finished_on: NaiveDate,
    /// How it ends.
    pub outcome: RepairOutcome,
    /// What was done: 10 to 500 letters.
    pub report: Reason,
}

/// The unit is given back.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"returned_on": "2015-02-07"}))]
pub struct RepairReturn {
    /// The day.
    pub returned_on: NaiveDate,
}

/// There was nothing to repair.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "The plug was loose; the unit works."}))]
pub struct RepairCancellation {
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

/// Which repair jobs to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RepairJobFilter {
    /// Those of this unit.
    #[deserr(default)]
    pub unit_id: Option<Uuid>,
    /// Those of this workshop.
    #[deserr(default)]
    pub place_id: Option<Uuid>,
    /// Those of this status.
    #[deserr(default)]
    pub status: Option<RepairStatus>,
    /// Those of units of this item.
    #[deserr(default)]
    pub item_id: Option<Uuid>,
}

impl ListFilter for RepairJobFilter {
    const SORTS: &'static [&'static str] = &["reported_on", "recorded_at"];
}
