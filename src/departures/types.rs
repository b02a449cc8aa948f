//! A departure as it is stored and travels.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::Faults,
    http::{ListFilter, New},
    register::Fields,
    schema::staff_departures,
    types::{Flag, LongText, happened, words},
};

words! {
    /// Why a person left.
    DepartureReason {
        /// Of their own will.
        Left = "left",
        /// Nobody paid the post any longer.
        ContractEnded = "contract_ended",
        /// Was dismissed.
        Dismissed = "dismissed",
        /// Went to another organisation or programme.
        Transferred = "transferred",
        /// Had to flee.
        Displaced = "displaced",
        /// Was taken.
        Detained = "detained",
        /// Nobody knows where they are.
        Missing = "missing",
        /// Was killed.
        Killed = "killed",
        /// Died of other causes.
        Died = "died",
        /// Something else; the note says what.
        Other = "other",
    }
}

/// When and why a person left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = staff_departures)]
#[schema(example = json!({"departed_on": "2014-08-21", "reason": "displaced", "note": "Left with the family for the north."}))]
pub struct DepartureFields {
    /// The last day: posts that go on are ended on it.
    pub departed_on: NaiveDate,
    /// Why.
    pub reason: DepartureReason,
    /// What else is known. Never names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl Fields for DepartureFields {
    fn check(&self, faults: &mut Faults) {
        happened(faults, "/departed_on", self.departed_on);
    }
}

/// A departure to be recorded.
pub type NewDeparture = New<DepartureFields>;

/// When and why a person left, and when they came back.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = staff_departures)]
pub struct Departure {
    /// Its id.
    pub id: Uuid,
    /// The person.
    pub staff_id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: DepartureFields,
    /// The first day back.
    pub returned_on: Option<NaiveDate>,
    /// The posts that it ended, with the ends that they had.
    #[serde(skip)]
    pub closed_posts: Value,
    /// When it was taken back.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// The first day back.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"returned_on": "2015-02-01"}))]
pub struct Return {
    /// From this day on the person can hold posts again; the old ones stay ended.
    pub returned_on: NaiveDate,
}

/// Which departures of a person to list.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DepartureFilter {
    /// `true`: those that were taken back; else those that stand.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for DepartureFilter {
    const SORTS: &'static [&'static str] = &["departed_on"];
}
