//! Donations and allocations as they are stored and travel.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{Code, Faults},
    http::{ListFilter, New},
    register::Fields,
    schema::{campaign_allocations, donations},
    types::{Currency, Factor, LongText, Money, Reason, ShortText, happened, words},
};

words! {
    /// What a row of a campaign's money is.
    DonationKind {
        /// Money came in.
        Received = "received",
        /// Money was given back to whoever gave it.
        Refund = "refund",
        /// What a bank or a payment service took.
        Fee = "fee",
        /// Money was taken back by the payer's bank.
        Chargeback = "chargeback",
        /// Goods came in; their value is as declared.
        InKind = "in_kind",
    }
}

words! {
    /// How money came or went.
    DonationChannel {
        BankTransfer = "bank_transfer",
        Card = "card",
        Online = "online",
        Cash = "cash",
        Cheque = "cheque",
        Hawala = "hawala",
        Other = "other",
    }
}

/// What people say of a row of a campaign's money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = donations)]
#[schema(example = json!({"campaign_id": "0193a1c2-0000-7000-8000-000000000001", "kind": "received", "amount": "50.00", "currency": "USD",
    "received_on": "2015-03-02", "channel": "card", "reference": "TX-1181"}))]
pub struct DonationFields {
    /// The campaign.
    pub campaign_id: Uuid,
    /// What the row is.
    pub kind: DonationKind,
    /// Who gave; absent where they did not say who they are. A refund's donor is its gift's.
    #[deserr(default)]
    pub donor_id: Option<Uuid>,
    /// How much, more than nothing; of a gift in kind, its declared value.
    pub amount: Money,
    /// Its currency; reckoned into the campaign's at the rate of the day.
    pub currency: Currency,
    /// The day: of money received, one of the campaign's own days.
    pub received_on: NaiveDate,
    /// How it came or went.
    #[deserr(default)]
    pub channel: Option<DonationChannel>,
    /// The number on the paper.
    #[deserr(default)]
    pub reference: Option<ShortText>,
    /// Anything else worth knowing. Never names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
    /// The gift: required of a refund and a chargeback, possible for a fee.
    #[deserr(default)]
    pub gift_id: Option<Uuid>,
    /// The stock document that brought a gift in kind into stock; or else its lot.
    #[deserr(default)]
    pub stock_document_id: Option<Uuid>,
    /// The lot that a gift in kind is.
    #[deserr(default)]
    pub lot_id: Option<Uuid>,
    /// The proof.
    #[deserr(default)]
    pub attachment_id: Option<Uuid>,
    /// Why raised may fall below what has been allocated: 10 to 500 letters; for refunds and chargebacks.
    #[deserr(default)]
    pub override_reason: Option<Reason>,
}

impl Fields for DonationFields {
    fn check(&self, faults: &mut Faults) {
        happened(faults, "/received_on", self.received_on);
        Money::ensure_exact(faults, "/amount", Some(&self.amount), Some(&self.currency));
        if self.amount.0 == 0 {
            faults.add("/amount", Code::OutOfRange);
        }
        let back = matches!(self.kind, DonationKind::Refund | DonationKind::Chargeback);
        if back && self.gift_id.is_none() {
            faults.add("/gift_id", Code::Required);
        }
        if self.kind == DonationKind::InKind && self.stock_document_id.is_none() && self.lot_id.is_none() {
            faults.add("/stock_document_id", Code::Required);
        }
        let in_kind = self.kind == DonationKind::InKind;
        let gives = matches!(self.kind, DonationKind::Received | DonationKind::InKind);
        let strangers = [
            ("/gift_id", self.gift_id.is_some() && gives),
            ("/donor_id", self.donor_id.is_some() && !gives),
            ("/stock_document_id", self.stock_document_id.is_some() && !in_kind),
            ("/lot_id", self.lot_id.is_some() && (!in_kind || self.stock_document_id.is_some())),
            ("/override_reason", self.override_reason.is_some() && !back),
        ];
        for (pointer, _) in strangers.iter().filter(|(_, stranger)| *stranger) {
            faults.add(*pointer, Code::UnknownField);
        }
    }
}

/// A row as it lies in the table.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = donations)]
pub struct DonationRow {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: DonationFields,
    /// The campaign's currency.
    pub campaign_currency: Currency,
    /// The amount in it.
    pub campaign_amount: Money,
    /// The rate that it was reckoned with.
    pub exchange_rate_id: Option<Uuid>,
    /// The rate itself, as it was then: so many units of the campaign's currency for one of the other.
    pub rate: Option<Factor>,
    /// The row that this one turns round.
    pub reverses_id: Option<Uuid>,
    /// Why it was turned round.
    pub reason: Option<Reason>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A row of a campaign's money. It never changes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Donation {
    #[serde(flatten)]
    pub row: DonationRow,
    /// The row that turned it round, if one did.
    pub reversed_by_id: Option<Uuid>,
}

/// A row to be written.
pub type NewDonation = New<DonationFields>;

/// Why a row is turned round.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "Entered twice: the bank's list of the same day was read again."}))]
pub struct MoneyReversal {
    /// Chosen by the client (UUID), or made by the service when absent.
    #[deserr(default)]
    pub id: Option<Uuid>,
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
    /// Why raised may fall below what has been allocated: 10 to 500 letters.
    #[deserr(default)]
    pub override_reason: Option<Reason>,
}

/// Which rows to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DonationFilter {
    /// Those of this campaign.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// Those that are this.
    #[deserr(default)]
    pub kind: Option<DonationKind>,
    /// Those of this donor.
    #[deserr(default)]
    pub donor_id: Option<Uuid>,
    /// Those of this gift: what was given back of it, and its fees.
    #[deserr(default)]
    pub gift_id: Option<Uuid>,
    /// Those of this day or later.
    #[deserr(default)]
    pub since_on: Option<NaiveDate>,
    /// Those of this day or earlier.
    #[deserr(default)]
    pub until_on: Option<NaiveDate>,
}

impl ListFilter for DonationFilter {
    const SORTS: &'static [&'static str] = &["received_on", "recorded_at"];
}

/// What people say of an allocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = campaign_allocations)]
#[schema(example = json!({"campaign_id": "0193a1c2-0000-7000-8000-000000000001", "budget_line_id": "0193a1c2-0000-7000-8000-000000000002",
    "amount": "20000.00", "allocated_on": "2015-04-01"}))]
pub struct AllocationFields {
    /// The campaign.
    pub campaign_id: Uuid,
    /// The budget line that the money goes to.
    pub budget_line_id: Uuid,
    /// How much, in the campaign's currency; more than nothing.
    pub amount: Money,
    /// The day.
    pub allocated_on: NaiveDate,
    /// Anything else worth knowing.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl Fields for AllocationFields {
    fn check(&self, faults: &mut Faults) {
        happened(faults, "/allocated_on", self.allocated_on);
        if self.amount.0 == 0 {
            faults.add("/amount", Code::OutOfRange);
        }
    }
}

/// Money of a campaign that went to a budget line. It never changes.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = campaign_allocations)]
pub struct Allocation {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: AllocationFields,
    /// The campaign's currency.
    pub campaign_currency: Currency,
    /// The line's currency.
    pub line_currency: Currency,
    /// The amount in it.
    pub line_amount: Money,
    /// The rate that it was reckoned with.
    pub exchange_rate_id: Option<Uuid>,
    /// The rate itself, as it was then: so many units of the line's currency for one of the campaign's.
    pub rate: Option<Factor>,
    /// The allocation that this one turns round.
    pub reverses_id: Option<Uuid>,
    /// Why it was turned round.
    pub reason: Option<Reason>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// An allocation to be written.
pub type NewAllocation = New<AllocationFields>;

/// Which allocations to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AllocationFilter {
    /// Those of this campaign.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// Those to this budget line.
    #[deserr(default)]
    pub budget_line_id: Option<Uuid>,
}

impl ListFilter for AllocationFilter {
    const SORTS: &'static [&'static str] = &["allocated_on", "recorded_at"];
}
