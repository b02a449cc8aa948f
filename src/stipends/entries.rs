//! An entry, a person's month, as it is stored and travels; and the lists about entries.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{
    prelude::*,
    sql_types::{Bool, Date, Nullable, Numeric, Text, Uuid as SqlUuid},
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::types::StipendRunStatus;
use crate::{
    error::Faults,
    http::ListFilter,
    schema::stipend_entries,
    types::{Amount, Cadre, Currency, Factor, Flag, Money, Reason, RecordCode, words},
};

words! {
    /// How an entry stands.
    StipendEntryStatus {
        /// Computed; its run is a draft.
        Drafted = "drafted",
        /// To be paid.
        Due = "due",
        /// Not to be paid for now.
        Held = "held",
        /// Paid.
        Paid = "paid",
        /// Paid, and the money came back.
        Returned = "returned",
        /// Went over into a later run: not paid, or paid and come back.
        Carried = "carried",
        /// Was held to the end and not carried over.
        Lapsed = "lapsed",
        /// Its run was cancelled.
        Cancelled = "cancelled",
    }
}

/// An entry's own row.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = stipend_entries)]
pub struct StipendEntryRow {
    /// Its id.
    pub id: Uuid,
    /// The run it stands in.
    pub run_id: Uuid,
    /// The person, by the record that holds the post.
    pub staff_id: Uuid,
    /// The month it pays, by its first day: the run's, or an earlier one that was carried over.
    pub month: NaiveDate,
    /// The facility of the post that was served most: where the person signs.
    pub facility_id: Uuid,
    /// The cadre of that post.
    pub cadre: Cadre,
    /// On how many days of the month the contract paid a post of the person.
    pub days_served: i16,
    /// How many days of full time that is.
    pub full_time_days: Amount,
    /// What the amount was computed from.
    #[schema(value_type = Vec<StipendPost>)]
    pub posts: serde_json::Value,
    /// The currency it is paid in: that of the scale.
    pub currency: Currency,
    /// What is paid.
    pub amount: Money,
    /// How it stands.
    pub status: StipendEntryStatus,
    /// The rate that was frozen by the approval; null where the currency is the run's.
    pub exchange_rate_id: Option<Uuid>,
    /// Its value: units of the run's currency for one of the entry's.
    pub rate: Option<Factor>,
    /// The amount in the run's currency; null before the approval.
    pub charged_amount: Option<Money>,
    /// The payment that paid it.
    pub payment_id: Option<Uuid>,
    /// Why it is held, has lapsed or came back.
    pub reason: Option<Reason>,
    /// The day the money came back.
    pub returned_on: Option<NaiveDate>,
    /// Why another contract may pay the person for this month too.
    pub double_pay_waiver: Option<Reason>,
    /// The entry of an earlier run that was carried over into this one.
    pub carried_from_id: Option<Uuid>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A person's month in a run.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StipendEntry {
    #[serde(flatten)]
    pub row: StipendEntryRow,
    /// The person's pseudonym.
    pub staff_code: RecordCode,
    /// The facility's code.
    pub facility_code: RecordCode,
}

/// A post that an amount was computed from: monthly amount × share × days ÷ days of the month, summed up over the posts and rounded once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StipendPost {
    /// The assignment.
    pub assignment_id: Uuid,
    /// Its facility.
    pub facility_id: Uuid,
    /// Its cadre.
    pub cadre: Cadre,
    /// The scale that paid it.
    pub scale_id: Uuid,
    /// What the scale paid for a month of full time.
    pub monthly_amount: Money,
    /// The share of full time.
    #[schema(minimum = 1, maximum = 100)]
    pub share_percent: i16,
    /// On how many days of the month.
    #[schema(minimum = 1, maximum = 31)]
    pub days: i16,
}

/// Which entries of a run to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StipendEntryFilter {
    /// Those that stand so.
    #[deserr(default)]
    pub status: Option<StipendEntryStatus>,
    /// Those of this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those of this person.
    #[deserr(default)]
    pub staff_id: Option<Uuid>,
    /// Those of this cadre.
    #[deserr(default)]
    pub cadre: Option<Cadre>,
    /// Those in this currency.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub currency: Option<Currency>,
    /// Those that pay this month, by its first day.
    #[deserr(default)]
    pub month: Option<NaiveDate>,
    /// Those of this payment.
    #[deserr(default)]
    pub payment_id: Option<Uuid>,
    /// Those that were carried over from an earlier run, or were not.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub carried_over: Option<Flag>,
}

impl ListFilter for StipendEntryFilter {
    const SORTS: &'static [&'static str] = &["staff_code", "facility_code", "recorded_at"];
}

/// A line of the sheet that people sign when they are paid.
#[derive(Debug, Clone, Serialize, QueryableByName, ToSchema)]
pub struct SignatureLine {
    /// The entry.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Facility and pseudonym: the order of the sheet.
    #[diesel(sql_type = Text)]
    pub line: String,
    /// The facility's code.
    #[diesel(sql_type = Text)]
    pub facility_code: RecordCode,
    /// The facility's name.
    #[diesel(sql_type = Text)]
    pub facility_name: String,
    /// The person's pseudonym.
    #[diesel(sql_type = Text)]
    pub staff_code: RecordCode,
    /// The cadre.
    #[diesel(sql_type = Text)]
    pub cadre: Cadre,
    /// The month that is paid, by its first day.
    #[diesel(sql_type = Date)]
    pub month: NaiveDate,
    /// The currency.
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    /// What the person gets.
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
    /// Empty: for the hand.
    #[diesel(sql_type = Text)]
    pub signature: String,
}

/// Which lines of the sheet to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SignatureFilter {
    /// Those of this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those of this payment; absent, those that are due.
    #[deserr(default)]
    pub payment_id: Option<Uuid>,
}

impl ListFilter for SignatureFilter {
    const SORTS: &'static [&'static str] = &["line"];
}

/// A person's month that another run pays too.
#[derive(Debug, Clone, Serialize, QueryableByName, ToSchema)]
pub struct StipendOverlap {
    /// Of the two entries together, always the same.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// The person's pseudonym.
    #[diesel(sql_type = Text)]
    pub staff_code: RecordCode,
    /// The person, by the record that this run pays.
    #[diesel(sql_type = SqlUuid)]
    pub staff_id: Uuid,
    /// The month, by its first day.
    #[diesel(sql_type = Date)]
    pub month: NaiveDate,
    /// The entry of this run.
    #[diesel(sql_type = SqlUuid)]
    pub entry_id: Uuid,
    /// How it stands.
    #[diesel(sql_type = Text)]
    pub status: StipendEntryStatus,
    /// Its currency.
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    /// Its amount.
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
    /// The entry of the other run; not where its facility is out of the caller's scope.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub other_entry_id: Option<Uuid>,
    /// The other run.
    #[diesel(sql_type = SqlUuid)]
    pub other_run_id: Uuid,
    /// How far it has come.
    #[diesel(sql_type = Text)]
    pub other_run_status: StipendRunStatus,
    /// Its contract.
    #[diesel(sql_type = SqlUuid)]
    pub other_contract_id: Uuid,
    /// The contract's code.
    #[diesel(sql_type = Text)]
    pub other_contract_code: RecordCode,
    /// How the other entry stands.
    #[diesel(sql_type = Text)]
    pub other_status: StipendEntryStatus,
    /// Its currency; likewise.
    #[diesel(sql_type = Nullable<Text>)]
    pub other_currency: Option<Currency>,
    /// Its amount; likewise.
    #[diesel(sql_type = Nullable<Numeric>)]
    pub other_amount: Option<Money>,
    /// Whether one of the two has a waiver.
    #[diesel(sql_type = Bool)]
    pub waived: bool,
    /// Whether the two would be paid: this is what an approval refuses.
    #[diesel(sql_type = Bool)]
    pub paid_twice: bool,
}

/// Overlaps have no filters of their own.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct StipendOverlapFilter {}

impl ListFilter for StipendOverlapFilter {
    const SORTS: &'static [&'static str] = &["staff_code"];
}

words! {
    /// Why a post gave no entry.
    UnpricedReason {
        /// No scale pays it on some day that was served.
        NoScale = "no_scale",
        /// The scales of the person's posts are of several currencies.
        SeveralCurrencies = "several_currencies",
    }
}

/// A post that the contract pays in the month, and that gave no entry.
#[derive(Debug, Clone, Serialize, QueryableByName, ToSchema)]
pub struct UnpricedPost {
    /// The assignment.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// The person.
    #[diesel(sql_type = SqlUuid)]
    pub staff_id: Uuid,
    /// The person's pseudonym.
    #[diesel(sql_type = Text)]
    pub staff_code: RecordCode,
    /// The facility.
    #[diesel(sql_type = SqlUuid)]
    pub facility_id: Uuid,
    /// The facility's code.
    #[diesel(sql_type = Text)]
    pub facility_code: RecordCode,
    /// The cadre.
    #[diesel(sql_type = Text)]
    pub cadre: Cadre,
    /// Why it gave none.
    #[diesel(sql_type = Text)]
    pub reason: UnpricedReason,
}

/// Posts without an entry have no filters of their own.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct UnpricedPostFilter {}

impl ListFilter for UnpricedPostFilter {
    const SORTS: &'static [&'static str] = &["staff_code"];
}
