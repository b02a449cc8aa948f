//! Discrepancies as they are stored and travel: a cause, a quantity and an end.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::acts::{LossCause, RejectionCause};
use crate::{
    error::Faults,
    schema::shipment_discrepancies,
    types::{Amount, Currency, LongText, Reason, words},
};

words! {
    /// Why what arrived differs from what was sent.
    DiscrepancyCause {
        /// Less was in the boxes than the papers say.
        Short = "short",
        /// More arrived than was outstanding.
        Over = "over",
        /// It arrived broken.
        Damaged = "damaged",
        /// It arrived past its day.
        Expired = "expired",
        /// It was not what was sent for.
        WrongItem = "wrong_item",
        /// It was lost on the road.
        LostInTransit = "lost_in_transit",
        /// It was seized.
        Seized = "seized",
        /// It was looted.
        Looted = "looted",
        /// It never left: the papers were wrong.
        DocumentError = "document_error",
    }
}

impl DiscrepancyCause {
    /// Whether goods of this cause are still counted as on the road when it is recorded; of the others the receipt has told.
    pub const fn is_of_the_road(self) -> bool {
        matches!(self, Self::Short | Self::LostInTransit | Self::Seized | Self::Looted | Self::DocumentError)
    }
}

impl From<RejectionCause> for DiscrepancyCause {
    fn from(cause: RejectionCause) -> Self {
        match cause {
            RejectionCause::Damaged => Self::Damaged,
            RejectionCause::Expired => Self::Expired,
            RejectionCause::WrongItem => Self::WrongItem,
        }
    }
}

impl From<LossCause> for DiscrepancyCause {
    fn from(cause: LossCause) -> Self {
        match cause {
            LossCause::LostInTransit => Self::LostInTransit,
            LossCause::Looted => Self::Looted,
        }
    }
}

words! {
    /// How far a discrepancy has come.
    DiscrepancyStatus {
        /// Recorded.
        Open = "open",
        /// Claimed of whom it is due.
        Claimed = "claimed",
        /// Made good.
        Settled = "settled",
        /// Borne by us.
        WrittenOff = "written_off",
        /// It was none, or the goods turned up.
        Withdrawn = "withdrawn",
    }
}

/// A difference to be recorded: what is outstanding and will not arrive.
#[derive(Debug, Clone, PartialEq, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"lot_id": "0193a1c2-0000-7000-8000-000000000005", "cause": "seized", "quantity": 200, "occurred_on": "2014-05-24"}))]
pub struct NewDiscrepancy {
    /// Chosen by the client (UUID), or made by the service when absent.
    #[deserr(default)]
    pub id: Option<Uuid>,
    /// The lot.
    pub lot_id: Uuid,
    /// `short`, `lost_in_transit`, `seized`, `looted` or `document_error`; the others are recorded by receipts.
    pub cause: DiscrepancyCause,
    /// How much, in the item's base unit: no more than is outstanding.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub quantity: i64,
    /// The day it happened or was found.
    pub occurred_on: NaiveDate,
    /// What it was worth.
    #[deserr(default)]
    pub value: Option<Amount>,
    /// The currency of the value (ISO 4217).
    #[deserr(default)]
    pub currency: Option<Currency>,
    /// Anything else worth knowing. Never routes or names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
}

/// Of whom a difference is claimed.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"organization_id": "0193a1c2-0000-7000-8000-000000000006", "reason": "Broken before it was handed over."}))]
pub struct DiscrepancyClaim {
    /// The organisation.
    pub organization_id: Uuid,
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

/// How a difference ends.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"settled_on": "2014-06-01", "outcome": "written_off", "reason": "The checkpoint keeps it for good."}))]
pub struct DiscrepancySettlement {
    /// The day it ended.
    pub settled_on: NaiveDate,
    /// `settled` when it was made good, `written_off` when we bear it, `withdrawn` when it was none or the goods turned up.
    pub outcome: SettlementOutcome,
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

words! {
    /// How a difference ends.
    SettlementOutcome {
        /// Made good.
        Settled = "settled",
        /// Borne by us.
        WrittenOff = "written_off",
        /// It was none, or the goods turned up.
        Withdrawn = "withdrawn",
    }
}

impl From<SettlementOutcome> for DiscrepancyStatus {
    fn from(outcome: SettlementOutcome) -> Self {
        match outcome {
            SettlementOutcome::Settled => Self::Settled,
            SettlementOutcome::WrittenOff => Self::WrittenOff,
            SettlementOutcome::Withdrawn => Self::Withdrawn,
        }
    }
}

/// A difference between what was sent and what arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = shipment_discrepancies)]
pub struct ShipmentDiscrepancy {
    /// Its id.
    pub id: Uuid,
    /// The shipment.
    pub shipment_id: Uuid,
    /// The receipt that found it.
    pub receipt_id: Option<Uuid>,
    /// The lot.
    pub lot_id: Uuid,
    /// Why.
    pub cause: DiscrepancyCause,
    /// How much, in the item's base unit.
    pub quantity: i64,
    /// The day it happened or was found.
    pub occurred_on: NaiveDate,
    /// Whether its goods are still counted as on the road; settling takes them off it.
    pub on_the_road: bool,
    /// What it was worth.
    pub value: Option<Amount>,
    /// The currency of the value.
    pub currency: Option<Currency>,
    /// Anything else worth knowing.
    pub note: Option<LongText>,
    /// How far it has come.
    pub status: DiscrepancyStatus,
    /// Why it came to its status.
    pub reason: Option<Reason>,
    /// Of whom it is claimed.
    pub claimed_of_id: Option<Uuid>,
    /// The day it was made good or written off.
    pub settled_on: Option<NaiveDate>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

impl ShipmentDiscrepancy {
    /// Whether these words made it.
    pub fn is_made_of(&self, shipment: Uuid, new: &NewDiscrepancy) -> bool {
        (self.shipment_id, self.lot_id, self.cause, self.quantity, self.occurred_on)
            == (shipment, new.lot_id, new.cause, new.quantity, new.occurred_on)
            && (&self.value, &self.currency, &self.note) == (&new.value, &new.currency, &new.note)
    }
}
