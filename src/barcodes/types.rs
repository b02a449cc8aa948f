//! A code as it is scanned, and what it says.

use chrono::NaiveDate;
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::Faults;

/// What a scanner gave.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"text": "]d201040063813339311716063010KET-14A\u{1d}21000017"}))]
pub struct BarcodeText {
    /// A GS1 element string as scanned (FNC1 as `\u001d`, `]d2` or `]C1` before it or not), as printed
    /// (`(01)04006381333931(17)160630(10)KET-14A`), or a trade item number alone.
    #[schema(min_length = 1, max_length = 500)]
    pub text: String,
}

/// What a code says, and what of it is known here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Barcode {
    /// The trade item number (01) in 14 digits.
    pub gtin: Option<String>,
    /// The item that bears the number, itself or by one of its packs; null when none does.
    pub item_id: Option<Uuid>,
    /// The pack that bears it; null when it is the item's own.
    pub pack: Option<String>,
    /// How many base units it stands for: 1 when the number is the item's own; null when no item bears it.
    pub pack_factor: Option<i64>,
    /// The maker's number of the lot (10). Where a separator is missing and the value stays within 20 letters nobody can tell: compare it with the print.
    pub lot_number: Option<String>,
    /// The last day it may be used (17); the last of its month where only the month is said.
    pub expires_on: Option<NaiveDate>,
    /// The day it was made (11).
    pub produced_on: Option<NaiveDate>,
    /// The serial number (21).
    pub serial: Option<String>,
    /// How many (30 or 37).
    pub count: Option<i64>,
    /// The lot of that item and number; null when it is not on record.
    pub lot_id: Option<Uuid>,
    /// Whether the lot on record expires on the day that the code says; null when one of the two says no day.
    pub expiry_agrees: Option<bool>,
}
