//! What the campaign gave back, what came to it in kind, and where its money went: the acts beside the gifts of the sheet. All of it is invented.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Cast, line, of_the_story, taken};
use crate::{
    donations,
    error::ApiResult,
    http::Body,
    imports::{id_of_lot, made_id, made_id_of},
};

const CAMPAIGN: &str = "SIRAJ-2015";

/// What went to which line of the campaign's own programme, and when.
const ALLOCATED: &[(&str, &str, u32)] = &[
    ("RELIEF", "2015-02-02", 12_000),
    ("CADRES", "2015-04-01", 50_000),
    ("FUEL", "2015-04-20", 17_000),
    ("MEDICINES", "2015-05-25", 36_000),
    ("RELIEF", "2015-07-06", 10_000),
    ("CADRES", "2015-08-03", 65_000),
    ("FUEL", "2015-10-26", 20_000),
    ("MEDICINES", "2015-11-09", 32_000),
    ("CADRES", "2015-12-01", 55_000),
    ("RELIEF", "2015-12-14", 12_000),
];

/// Plays it: a row that stands is not written again.
pub(super) async fn play(cast: &Cast<'_>) -> ApiResult<()> {
    let refund = json!({
        "kind": "refund", "amount": "2500", "received_on": "2015-05-11", "channel": "bank_transfer", "reference": "RF-2015-001",
        "gift_id": gift("BT-2015-007"), "note": "Sent twice by the giver's bank.",
    });
    write(cast, refund).await?;
    let chargeback = json!({
        "kind": "chargeback", "amount": "100", "received_on": "2015-06-30", "channel": "card", "reference": "CB-2015-001",
        "gift_id": gift("CARD-2015-0522"), "note": "The bank of the card took it back.",
    });
    write(cast, chargeback).await?;
    let in_kind = json!({
        "kind": "in_kind", "amount": "1300", "received_on": "2015-02-16", "reference": "GRN-2015-002", "donor_id": made_id("donors", "D-PUBLIC"),
        "lot_id": id_of_lot("LOC-09", "LOC09-15W"), "note": "The value is that of the giver's own paper.",
    });
    write(cast, in_kind).await?;
    for (code, allocated_on, amount) in ALLOCATED {
        allocate(cast, code, allocated_on, *amount).await?;
    }
    Ok(())
}

/// A gift of the sheet.
fn gift(reference: &str) -> Uuid {
    made_id_of("donations", [CAMPAIGN, "received", reference])
}

async fn write(cast: &Cast<'_>, mut row: Value) -> ApiResult<()> {
    row["id"] = json!(of_the_story(row["reference"].as_str().unwrap_or_default()));
    row["campaign_id"] = json!(made_id("campaigns", CAMPAIGN));
    row["currency"] = json!("USD");
    let row = Body::said(row)?.value;
    taken(cast.db.write(async |conn| donations::write(conn, cast.manager, &row).await).await)
}

async fn allocate(cast: &Cast<'_>, code: &str, allocated_on: &str, amount: u32) -> ApiResult<()> {
    let allocation = Body::said(json!({
        "id": of_the_story(&format!("allocation to {code} on {allocated_on}")),
        "campaign_id": made_id("campaigns", CAMPAIGN),
        "budget_line_id": line("SIRAJ-OWN-2015", code),
        "amount": amount.to_string(),
        "allocated_on": allocated_on,
    }))?;
    taken(cast.db.write(async |conn| donations::allocate(conn, cast.manager, &allocation.value).await).await)
}
