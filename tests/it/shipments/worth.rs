//! Stories of what supplies are worth: quantities times what a unit of their lots is worth.

use serde_json::{Value, json};

use super::{Place, place, receipt};

const SUPPLIES: &str = "/api/v1/reports/supplies";
const FATES: [&str; 5] = ["sent", "arrived", "refused", "lost", "returned"];

fn hundredths(amount: &Value) -> i64 {
    amount.as_str().expect("a decimal").replace('.', "").parse().expect("two digits behind the point")
}

/// The quantities of the medicines, and what they are worth.
async fn medicines(place: &Place, by: &str) -> ([i64; 5], [i64; 5], Value) {
    let told = place.read(&format!("{SUPPLIES}?by={by}")).await;
    let (mut pieces, mut worth) = ([0; 5], [0; 5]);
    for cell in told["cells"].as_array().expect("cells").iter().filter(|cell| cell["category"] == "medicines") {
        pieces.iter_mut().zip(FATES).for_each(|(sum, fate)| *sum += cell[fate].as_i64().expect("a number"));
    }
    for part in told["worth"].as_array().expect("parts") {
        assert_eq!((&part["category"], &part["currency"]), (&json!("medicines"), &json!("USD")));
        worth.iter_mut().zip(FATES).for_each(|(sum, fate)| *sum += hundredths(&part[fate]));
    }
    (pieces, worth, told["lots_without_value"].clone())
}

#[tokio::test]
async fn what_was_sent_arrived_and_was_lost_is_worth_what_its_lots_say() {
    let place = place().await;
    place.stock(place.warehouse, &[(place.first, 2_000), (place.later, 2_000), (place.litres, 20_000)]).await;
    let (one, _) = place.dispatched("SHP-01").await;
    place.act(&one, "receipts", &receipt("2014-06-02", &[(place.first, 560, 0)])).await.expect_status(201);
    let loss = json!({"lost_on": "2014-06-10", "reason": "Nothing of it was seen again.", "cause": "looted"});
    place.act(&one, "loss", &loss).await.expect_status(200);
    let (pieces, worth, unpriced) = medicines(&place, "category").await;
    assert!(pieces[0] > 560 && pieces[1] == 560 && pieces[3] > 0, "{pieces:?}");
    assert_eq!(worth, [0; 5], "nothing is known of their value");
    assert!(unpriced.as_i64() >= Some(2), "{unpriced}");
    for lot in [place.first, place.later] {
        let value = json!({"unit_value": "0.25", "currency": "USD", "reason": "The donor's list of prices came later."});
        place.manager.post(&format!("/api/v1/lots/{lot}/corrections"), &value).await.expect_status(200);
    }
    for by in ["category", "category,month", "facility,category"] {
        let (pieces, worth, unpriced) = medicines(&place, by).await;
        assert_eq!(worth.map(|sum| sum * 4), pieces.map(|sum| sum * 100), "{by}: a quarter of a dollar each");
        assert_eq!(unpriced, json!(1), "the fuel says nothing");
    }
}
