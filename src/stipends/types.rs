//! A run as it is stored and travels, and what people do with it.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::entries::StipendEntryStatus;
use crate::{
    error::{Code, Faults},
    http::{ListFilter, New},
    register::Fields,
    schema::stipend_runs,
    types::{Currency, Flag, LongText, Money, Reason, ShortText, distinct, happened, words},
};

/// The most entries that one request names.
const MOST_ENTRIES: usize = 20_000;
/// The most attachments that prove one payment.
const MOST_PROOFS: usize = 20;

words! {
    /// How far a run has come.
    StipendRunStatus {
        /// Its entries are computed; nothing is owed yet.
        Draft = "draft",
        /// A second person agreed: rates are frozen and the money is set aside.
        Approved = "approved",
        /// Some of it has been paid.
        Paying = "paying",
        /// Nothing of it is open any longer.
        Closed = "closed",
        /// It will not be paid.
        Cancelled = "cancelled",
    }
}

words! {
    /// How money reaches people.
    StipendMethod {
        /// Handed over.
        Cash = "cash",
        /// By a bank.
        Bank = "bank",
        /// By an agent of a hawala.
        Hawala = "hawala",
    }
}

/// What people say of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = stipend_runs, treat_none_as_null = true)]
#[schema(example = json!({"contract_id": "0193a1c2-0000-7000-8000-000000000001", "month": "2015-03-01",
    "budget_line_id": "0193a1c2-0000-7000-8000-000000000002"}))]
pub struct StipendRunFields {
    /// The contract whose people are paid.
    pub contract_id: Uuid,
    /// The month they are paid for, by its first day. A contract has one run a month, those that were cancelled aside.
    pub month: NaiveDate,
    /// The line of stipends of that contract which is charged.
    pub budget_line_id: Uuid,
    /// Anything else worth knowing. Never names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl Fields for StipendRunFields {
    fn check(&self, faults: &mut Faults) {
        if self.month.day() != 1 {
            faults.add("/month", Code::OutOfRange);
        }
    }
}

/// A run of stipends.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = stipend_runs)]
pub struct StipendRun {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: StipendRunFields,
    /// The currency it is charged in: that of the budget line.
    pub currency: Currency,
    /// How far it has come.
    pub status: StipendRunStatus,
    /// Who computed its entries last.
    pub drafted_by: Uuid,
    /// When that was.
    pub drafted_at: DateTime<Utc>,
    /// The day whose rates were frozen.
    pub rates_on: Option<NaiveDate>,
    /// Who approved it: never who drafted it.
    pub approved_by: Option<Uuid>,
    /// When that was.
    pub approved_at: Option<DateTime<Utc>>,
    /// The commitment that sets its money aside on the budget line.
    pub commitment_id: Option<Uuid>,
    /// Who closed it.
    pub closed_by: Option<Uuid>,
    /// When that was.
    pub closed_at: Option<DateTime<Utc>>,
    /// Why it was cancelled.
    pub reason: Option<Reason>,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A run with what it comes to: of the entries that the reader may see.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StipendRunSheet {
    #[serde(flatten)]
    pub run: StipendRun,
    /// Its entries by status and currency.
    pub totals: Vec<StipendTotal>,
    /// What is to be paid or was, in the run's currency: due, held and paid entries.
    pub charged_amount: Money,
    /// What was paid and has not come back, in the run's currency.
    pub paid_amount: Money,
    /// The expenditures of the run less their reversals: the same as what was paid. Absent for whoever does not see the whole run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expenditure_amount: Option<Money>,
}

/// Entries of one status and currency.
#[derive(Debug, Clone, PartialEq, Serialize, QueryableByName, ToSchema)]
pub struct StipendTotal {
    /// The status.
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub status: StipendEntryStatus,
    /// The currency they are paid in.
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub currency: Currency,
    /// How many.
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub entries: i64,
    /// Their sum.
    #[diesel(sql_type = diesel::sql_types::Numeric)]
    pub amount: Money,
    /// Their sum in the run's currency; null before the approval.
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Numeric>)]
    pub charged_amount: Option<Money>,
}

/// A run to be drafted.
pub type NewStipendRun = New<StipendRunFields>;

/// A second person agrees.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"rates_on": "2015-03-31"}))]
pub struct StipendApproval {
    /// The day whose rates are frozen; absent, the last day of the month, or today while the month runs.
    #[deserr(default)]
    pub rates_on: Option<NaiveDate>,
    /// Why more may be set aside than the budget line has left.
    #[deserr(default)]
    pub override_reason: Option<Reason>,
}

impl StipendApproval {
    /// Rates of days to come are not known.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        if let Some(day) = self.rates_on {
            happened(&mut faults, "/rates_on", day);
        }
        faults.into_result()
    }
}

/// Money was handed over.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"paid_on": "2015-04-05", "method": "hawala", "organization_id": "0193a1c2-0000-7000-8000-000000000003",
    "reference": "H-2015-0417", "totals": [{"currency": "USD", "amount": "41250.00"}],
    "attachment_ids": ["0193a1c2-0000-7000-8000-000000000004"]}))]
pub struct StipendPaying {
    /// The entries that were paid; absent, all that are due.
    #[deserr(default)]
    #[schema(min_items = 1, max_items = 20000)]
    pub entry_ids: Option<Vec<Uuid>>,
    /// The day it was handed over.
    pub paid_on: NaiveDate,
    /// How.
    pub method: StipendMethod,
    /// The agent who carried it.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
    /// The agent's or the bank's word for it.
    #[deserr(default)]
    pub reference: Option<ShortText>,
    /// What was handed over, by currency; where it is told, it must be what the entries add up to.
    #[deserr(default)]
    #[schema(min_items = 1, max_items = 20)]
    pub totals: Option<Vec<StipendSum>>,
    /// Signature sheets, the agent's acknowledgement, receipts.
    #[deserr(default)]
    #[schema(required = false, max_items = 20)]
    pub attachment_ids: Vec<Uuid>,
    /// Anything else worth knowing. Never names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
    /// Why more may be spent than the budget line has left.
    #[deserr(default)]
    pub override_reason: Option<Reason>,
}

impl StipendPaying {
    /// Judges the fields between each other.
    pub fn check(&self, month: NaiveDate) -> Result<(), Faults> {
        let mut faults = Faults::default();
        happened(&mut faults, "/paid_on", self.paid_on);
        if self.paid_on < month {
            faults.add("/paid_on", Code::DateOrder);
        }
        if let Some(ids) = &self.entry_ids {
            named(&mut faults, ids);
        }
        distinct(&mut faults, "/attachment_ids", &self.attachment_ids, MOST_PROOFS);
        for (index, sum) in self.totals.iter().flatten().enumerate() {
            Money::ensure_exact(&mut faults, &format!("/totals/{index}/amount"), Some(&sum.amount), Some(&sum.currency));
        }
        faults.into_result()
    }
}

/// An amount in a currency.
#[derive(Debug, Clone, PartialEq, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct StipendSum {
    /// The currency; each once.
    pub currency: Currency,
    /// How much.
    pub amount: Money,
}

/// Entries that are not to be paid for now.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"entry_ids": ["0193a1c2-0000-7000-8000-000000000005"], "reason": "Could not be reached behind the siege line."}))]
pub struct StipendHold {
    /// The entries; each is due.
    #[schema(min_items = 1, max_items = 20000)]
    pub entry_ids: Vec<Uuid>,
    /// Why: 10 to 500 letters.
    pub reason: Reason,
}

/// Entries that may be paid again.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"entry_ids": ["0193a1c2-0000-7000-8000-000000000005"]}))]
pub struct StipendRelease {
    /// The entries; each is held.
    #[schema(min_items = 1, max_items = 20000)]
    pub entry_ids: Vec<Uuid>,
}

/// Paid money that came back.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"entry_ids": ["0193a1c2-0000-7000-8000-000000000005"], "returned_on": "2015-04-20",
    "reason": "The agent could not find the person and brought it back."}))]
pub struct StipendReturn {
    /// The entries; each is paid.
    #[schema(min_items = 1, max_items = 20000)]
    pub entry_ids: Vec<Uuid>,
    /// The day it came back.
    pub returned_on: NaiveDate,
    /// Why: 10 to 500 letters.
    pub reason: Reason,
}

/// The end of a run.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"carry_over": true}))]
pub struct StipendClosing {
    /// Whether what was not paid or came back is carried over into the next run. Else what is held lapses, and nothing may be due.
    #[deserr(default)]
    #[schema(required = false)]
    pub carry_over: bool,
    /// Which entries are carried over: due, held or returned; absent, all of them.
    #[deserr(default)]
    #[schema(min_items = 1, max_items = 20000)]
    pub entry_ids: Option<Vec<Uuid>>,
}

impl StipendClosing {
    /// Entries are named to be carried over, for nothing else.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        if let Some(ids) = &self.entry_ids {
            named(&mut faults, ids);
            if !self.carry_over {
                faults.add("/entry_ids", Code::UnknownField);
            }
        }
        faults.into_result()
    }
}

/// Why something is done.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "The two contracts share the cost of the surgeon by agreement."}))]
pub struct StipendReason {
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

/// Entries are named once each, some at least, and not without end.
pub fn named(faults: &mut Faults, ids: &[Uuid]) {
    distinct(faults, "/entry_ids", ids, MOST_ENTRIES);
    if ids.is_empty() {
        faults.add("/entry_ids", Code::Required);
    }
}

/// Which runs to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StipendRunFilter {
    /// Those of this contract.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// Those charged to this budget line.
    #[deserr(default)]
    pub budget_line_id: Option<Uuid>,
    /// Those of this month, by its first day.
    #[deserr(default)]
    pub month: Option<NaiveDate>,
    /// Those that have come this far.
    #[deserr(default)]
    pub status: Option<StipendRunStatus>,
    /// Those that hold an entry of this person.
    #[deserr(default)]
    pub staff_id: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for StipendRunFilter {
    const SORTS: &'static [&'static str] = &["month", "recorded_at"];
}
