//! What is shared, as it travels.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{
    QueryableByName,
    sql_types::{Array, Date, Integer, Text, Uuid as SqlUuid},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult, Code, Faults},
    http::ListFilter,
    share_grants::{ShareField, SharePrecision},
    types::Reason,
};

/// A grant that is open to the caller today.
#[derive(Debug, Clone, Serialize, QueryableByName, ToSchema)]
pub struct SharedGrant {
    /// Its id.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// The contract it is of.
    #[diesel(sql_type = SqlUuid)]
    pub contract_id: Uuid,
    /// The contract's code.
    #[diesel(sql_type = Text)]
    pub contract_code: String,
    /// What it gives.
    #[diesel(sql_type = Array<Text>)]
    pub fields: Vec<ShareField>,
    /// How precisely places are told.
    #[diesel(sql_type = Text)]
    pub precision: SharePrecision,
    /// Fewer people than these are not told.
    #[diesel(sql_type = Integer)]
    pub smallest_cell: i32,
    /// What it is for.
    #[diesel(sql_type = Text)]
    pub purpose: Reason,
    /// Its first day.
    #[diesel(sql_type = Date)]
    pub starts_on: NaiveDate,
    /// Its last day.
    #[diesel(sql_type = Date)]
    pub ends_on: NaiveDate,
}

/// The list of one's open grants has no filters.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct SharedGrantFilter {}

impl ListFilter for SharedGrantFilter {
    const SORTS: &'static [&'static str] = &["starts_on"];
}

/// Through which grant a list is read.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SharedFilter {
    /// The grant; may be left out by whoever has one alone, as every key has.
    #[deserr(default)]
    pub grant_id: Option<Uuid>,
}

impl ListFilter for SharedFilter {
    const SORTS: &'static [&'static str] = &["id"];
}

/// A facility, as far as a grant tells of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SharedFacility {
    /// Its id in this grant; another in every grant.
    pub id: Uuid,
    /// The kinds it serves as.
    pub kinds: Vec<String>,
    /// Whether it was open at the end of the last month that is over.
    pub open: bool,
    /// The area it stands in, the governorate it lies in, or the topmost above it, as the grant says.
    pub area_id: Uuid,
    /// The area's code.
    pub area_code: String,
    /// The area's name.
    pub area_name: String,
    /// Its code, where names are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub code: Option<String>,
    /// Its name, where names are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub name: Option<String>,
    /// Its name in Arabic, where names are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub name_ar: Option<String>,
    /// Whether it worked at the end of the last month that is over, where that is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub functionality: Option<String>,
}

/// A shipment that has arrived whole, in a month that is over.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SharedShipment {
    /// Its id in this grant; another in every grant.
    pub id: Uuid,
    /// The month in which the last of it arrived.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub arrived_in: String,
    /// The facility it went to, by its id in this grant; where it is one that the grant tells of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub facility_id: Option<Uuid>,
}

/// Through which grant, and of the end of which month figures are asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SharedFiguresQuery {
    /// The grant; may be left out by whoever has one alone, as every key has.
    #[deserr(default)]
    pub grant_id: Option<Uuid>,
    /// The last day of a month that is over; of the last one that is told when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
}

impl SharedFiguresQuery {
    /// Whether the day ends a month that is over: from day to day, what leaves and arrives would show.
    pub fn check(&self) -> ApiResult<()> {
        let Some(day) = self.as_of else { return Ok(()) };
        if day.succ_opt().is_none_or(|next| next.day() != 1) {
            return Err(ApiError::fault("/as_of", Code::NotMonthEnd));
        }
        if day >= Utc::now().date_naive() {
            return Err(ApiError::fault("/as_of", Code::OutOfRange));
        }
        Ok(())
    }
}

/// The figures of a contract at the end of a month, as they were frozen.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SharedFigures {
    /// The last day of the month.
    pub as_of: NaiveDate,
    /// When they were counted and frozen. Later corrections do not change them.
    pub known_at: DateTime<Utc>,
    /// The contract they are of.
    pub contract_code: String,
    /// Facilities, where their counts are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub facilities: Option<SharedFacilityCounts>,
    /// People, where their counts are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub staff: Option<SharedStaffCounts>,
    /// Shipments that have arrived until then, where their count is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub shipments_received: Option<i64>,
}

/// How many facilities the contract supported, open on the day.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SharedFacilityCounts {
    /// Each once.
    pub total: i64,
    /// By kind; one of several kinds stands under each.
    pub by_kind: BTreeMap<String, i64>,
}

/// How many people the contract paid on the day.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SharedStaffCounts {
    /// Each once; null where it is hidden, because all cells are small.
    pub total: Option<i64>,
    /// By cadre; null where the number is hidden, because it is small or would give away one that is.
    pub by_cadre: BTreeMap<String, Option<i64>>,
    /// Fewer people than these are not told.
    pub smallest_cell: i32,
}

/// What a release holds: all counts of a contract's month, already without what is hidden.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Release {
    /// Facilities.
    pub facilities: SharedFacilityCounts,
    /// People.
    pub staff: SharedStaffCounts,
    /// Shipments.
    pub shipments_received: i64,
}

/// Through which grant, and from where on changes are asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SharedChangesQuery {
    /// The grant; may be left out by whoever has one alone, as every key has.
    #[deserr(default)]
    pub grant_id: Option<Uuid>,
    /// The `next` of the answer before; from the beginning when absent.
    #[deserr(default)]
    #[param(max_length = 200)]
    pub after: Option<String>,
}

/// What a grant tells otherwise than before.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SharedChanges {
    /// Records in the order in which they came to differ, each once, as it is told now. At most 500.
    pub items: Vec<SharedChange>,
    /// Give this back as `after`: now if there is more, else whenever you like.
    pub next: String,
    /// Whether more is waiting.
    pub more: bool,
}

/// A record that is told otherwise than before.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SharedChange {
    /// `facilities` or `shipments`.
    pub resource: String,
    /// The record's id in this grant.
    pub id: Uuid,
    /// Whether it is told no longer: forget it.
    pub removed: bool,
    /// The record as its list tells it; null where it is removed.
    #[schema(value_type = Option<Object>)]
    pub record: Option<Value>,
}
