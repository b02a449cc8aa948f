//! What is said with the acts of a shipment's life.

use chrono::NaiveDate;
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    error::Faults,
    types::{LongText, Reason, ShortText, words},
};

/// A draft is put into boxes: lot by lot, the first to expire first where a line names none.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"packed_on": "2014-05-20", "with_shortfall": true}))]
pub struct Packing {
    /// The day it was packed.
    pub packed_on: NaiveDate,
    /// Whether it is packed though there is less than its lines want; refused when false or absent.
    #[deserr(default)]
    #[schema(required = false)]
    pub with_shortfall: bool,
}

/// A packed shipment leaves.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"dispatched_on": "2014-05-21"}))]
pub struct Dispatch {
    /// The day it left.
    pub dispatched_on: NaiveDate,
}

/// Why a shipment will not leave, or is unpacked.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "The supplier could not deliver the anaesthetics."}))]
pub struct ShipmentReason {
    /// The reason, kept as the last line of the note: 10 to 500 letters.
    pub reason: Reason,
}

words! {
    /// Why something that arrived was refused.
    RejectionCause {
        /// Broken, leaking, spoilt.
        Damaged = "damaged",
        /// Past its day.
        Expired = "expired",
        /// Not what was sent for.
        WrongItem = "wrong_item",
    }
}

/// A shipment, or a part of it, arrived and was counted.
#[derive(Debug, Clone, PartialEq, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"received_on": "2014-05-27", "lines": [
    {"lot_id": "0193a1c2-0000-7000-8000-000000000005", "accepted_quantity": 580, "rejected_quantity": 8, "cause": "damaged"}]}))]
pub struct NewReceipt {
    /// Chosen by the client (UUID), or made by the service when absent.
    #[deserr(default)]
    pub id: Option<Uuid>,
    /// The day it arrived.
    pub received_on: NaiveDate,
    /// The number on the paper.
    #[deserr(default)]
    pub reference: Option<ShortText>,
    /// Anything else worth knowing. Never names of people.
    #[deserr(default)]
    pub note: Option<LongText>,
    /// Where the rejected are set aside: a quarantine; they are given up as lost when absent.
    #[deserr(default)]
    pub rejected_to_id: Option<Uuid>,
    /// What was counted, lot by lot. Lots that are not named have not arrived yet.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<ReceivedLine>,
}

/// What was counted of one lot.
#[derive(Debug, Clone, PartialEq, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
pub struct ReceivedLine {
    /// The lot. One that was not sent, or more than was outstanding, is over-delivered: it is recorded as such.
    pub lot_id: Uuid,
    /// How much arrived whole and is kept, in the item's base unit.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub accepted_quantity: i64,
    /// How much arrived and was refused.
    #[deserr(default)]
    #[schema(required = false, minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub rejected_quantity: i64,
    /// Why it was refused; given where something was.
    #[deserr(default)]
    pub cause: Option<RejectionCause>,
}

/// Why a receipt is turned round.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "Counted twice: the boxes of the day before."}))]
pub struct ReceiptReversal {
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

words! {
    /// How what was outstanding was lost.
    LossCause {
        /// Nobody knows where it is.
        LostInTransit = "lost_in_transit",
        /// It was looted.
        Looted = "looted",
    }
}

/// What is outstanding of a shipment is lost.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"lost_on": "2014-05-23", "cause": "looted", "reason": "The lorry was emptied at night."}))]
pub struct ShipmentLoss {
    /// The day it was lost.
    pub lost_on: NaiveDate,
    /// How.
    pub cause: LossCause,
    /// The reason: 10 to 500 letters. Never routes or names of people.
    pub reason: Reason,
}

/// What is outstanding of a shipment was seized.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"seized_on": "2014-05-23", "reason": "Held back and not given free."}))]
pub struct ShipmentSeizure {
    /// The day it was seized.
    pub seized_on: NaiveDate,
    /// The reason: 10 to 500 letters. Never routes or names of people.
    pub reason: Reason,
}

/// What is outstanding of a shipment came back.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"returned_on": "2014-05-23", "reason": "The road was closed."}))]
pub struct ShipmentReturn {
    /// The day it came back.
    pub returned_on: NaiveDate,
    /// Where it was put; where it came from when absent. What must not be used goes to a quarantine.
    #[deserr(default)]
    pub to_id: Option<Uuid>,
    /// The reason: 10 to 500 letters.
    pub reason: Reason,
}

/// A shipment comes to rest.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"closed_on": "2014-06-02"}))]
pub struct Closing {
    /// The day it was closed.
    pub closed_on: NaiveDate,
}

/// A receipt's own row, for its answers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CountedLine {
    /// The lot.
    pub lot_id: Uuid,
    /// How much arrived whole, of what was outstanding.
    pub accepted: i64,
    /// How much arrived and was refused.
    pub rejected: i64,
    /// How much arrived beyond what was outstanding, and is kept.
    pub over: i64,
    /// Why it was refused.
    pub cause: Option<RejectionCause>,
}
