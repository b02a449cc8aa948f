//! Donors and donations that come by sheets.

use serde_json::json;
use siraj::auth::Role;

use super::{CAMPAIGNS, DONATIONS, cents};
use crate::{
    imports::{load, sheet, told},
    support::{TestApp, id_of},
};

#[tokio::test]
async fn donations_come_by_sheets_and_again_to_nothing_new() {
    let app = TestApp::start().await;
    let campaigns = ["code", "name", "goal_amount", "currency", "starts_on", "ends_on", "suggested_amounts", "published"];
    let donations = ["campaign_code", "kind", "donor_code", "amount", "currency", "received_on", "channel", "reference"];
    let sheets = |last: &str| {
        [
            sheet(
                "campaigns",
                &campaigns,
                &[&["SIRAJ-2015", "Siraj", "1000000", "USD", "2015-01-01", "2015-12-31", "10|20|50", "true"]],
            ),
            sheet("donors", &["code", "kind"], &[&["D-1", "person"]]),
            sheet(
                "donations",
                &donations,
                &[
                    &["SIRAJ-2015", "received", "D-1", "349000", "USD", "2015-02-01", "bank_transfer", "TX-1"],
                    &["SIRAJ-2015", "received", "", "1000", "USD", "2015-03-01", "online", "TX-2"],
                    &["SIRAJ-2015", "fee", "", last, "USD", "2015-03-01", "", "TX-2"],
                ],
            ),
        ]
    };
    assert_eq!(load(&app, &sheets("12.50")).await.faults, []);
    let again = load(&app, &sheets("12.50")).await;
    assert_eq!(
        again.tables.iter().map(|(name, added, there)| (name.as_str(), *added, *there)).collect::<Vec<_>>(),
        [("campaigns", 0, 1), ("donors", 0, 1), ("donations", 0, 3),]
    );
    assert_eq!(told(&load(&app, &sheets("13")).await), [("donations", 4, "campaign_code", "record-conflict")]);
    let manager = app.user(Role::Manager).await;
    let campaign = manager.all(CAMPAIGNS).await.remove(0);
    assert_eq!(campaign["suggested_amounts"], json!(["10.00", "20.00", "50.00"]));
    let funds = manager.get(&format!("{CAMPAIGNS}/{}/funds", id_of(&campaign))).await.expect_status(200).json();
    let by_hand: i64 = manager.all(&format!("{DONATIONS}?kind=received")).await.iter().map(|row| cents(&row["amount"])).sum();
    assert_eq!((cents(&funds["raised_amount"]), by_hand, &funds["fees_amount"]), (35_000_000, 35_000_000, &json!("12.50")));

    let bare = [sheet("donations", &donations, &[&["SIRAJ-2015", "received", "", "1", "USD", "2015-03-01", "", ""]])];
    assert_eq!(told(&load(&app, &bare).await), [("donations", 2, "reference", "required")]);
    let early = [sheet("donations", &donations, &[&["SIRAJ-2015", "received", "NOBODY", "1", "USD", "2014-12-31", "", "TX-3"]])];
    assert_eq!(told(&load(&app, &early).await), [("donations", 2, "donor_code", "unknown-reference")]);
    let early = [sheet("donations", &donations, &[&["SIRAJ-2015", "received", "", "1", "USD", "2014-12-31", "", "TX-3"]])];
    assert_eq!(told(&load(&app, &early).await), [("donations", 2, "received_on", "outside-period")]);
}
