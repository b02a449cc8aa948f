//! What a campaign tells everybody, and what was published held against its money.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Appeal, CAMPAIGNS};
use crate::support::client::faults;

const PAGE: &str = "/api/v1/public/campaigns/SIRAJ-2015";

#[tokio::test]
async fn everybody_reads_what_a_campaign_publishes_and_nothing_else() {
    let appeal = Appeal::open().await;
    let stranger = appeal.app.stranger();
    let path = format!("{CAMPAIGNS}/{}", appeal.campaign);
    let bare = |problem: Value| problem["title"].clone();
    let hidden = bare(stranger.get(PAGE).await.expect_problem(404, "not-found"));
    for other in ["/api/v1/public/campaigns/NOBODY", "/api/v1/public/campaigns/no%20code", "/api/v1/public/campaigns/x"] {
        assert_eq!(bare(stranger.get(other).await.expect_problem(404, "not-found")), hidden);
    }
    appeal.gift("350").await;
    let edit = json!({"published": true, "public_text": "Keep the lights on.", "public_text_ar": "أبقوا النور.", "description": "For us only.",
        "suggested_amounts": ["10", "20", "50"]});
    appeal.manager.patch(&path, "*", &edit).await.expect_status(200);
    let page = stranger.get(PAGE).await.expect_status(200);
    assert_eq!(page.header("cache-control"), "public, max-age=300");
    assert_eq!(
        page.json(),
        json!({"code": "SIRAJ-2015", "name": "Siraj", "name_ar": null, "text": "Keep the lights on.", "text_ar": "أبقوا النور.",
        "currency": "USD", "goal_amount": "1000.00", "raised_amount": "350.00", "remaining_amount": "650.00",
        "suggested_amounts": ["10.00", "20.00", "50.00"], "starts_on": "2015-01-01", "ends_on": "2015-12-31", "days_left": 0})
    );
    let etag = page.header("etag");
    let held = [("if-none-match", etag.as_str())];
    let unchanged = stranger.send(Method::GET, PAGE, &held, None).await.expect_status(304);
    assert_eq!((unchanged.header("etag"), unchanged.body.len()), (etag.clone(), 0));
    appeal.gift("1").await;
    assert_ne!(stranger.send(Method::GET, PAGE, &held, None).await.expect_status(200).header("etag"), etag);
    appeal.manager.patch(&path, "*", &json!({"published": false})).await.expect_status(200);
    stranger.get(PAGE).await.expect_problem(404, "not-found");
    for _ in 0..150 {
        let answer = stranger.get(PAGE).await;
        if answer.status == 429 {
            assert!(answer.header("retry-after").parse::<u64>().is_ok());
            answer.expect_problem(429, "too-many-requests");
            return;
        }
    }
    panic!("the door never closes");
}

#[tokio::test]
async fn suggested_amounts_rise_and_the_window_holds_what_was_received() {
    let appeal = Appeal::open().await;
    let path = format!("{CAMPAIGNS}/{}", appeal.campaign);
    for (amounts, pointer, code) in [
        (json!(["10", "10"]), "/suggested_amounts/1", "repeated"),
        (json!(["20", "10"]), "/suggested_amounts/1", "out-of-range"),
        (json!(["0"]), "/suggested_amounts/0", "out-of-range"),
        (json!(["1.005"]), "/suggested_amounts/0", "precision"),
        (json!((1..=13).map(|amount| amount.to_string()).collect::<Vec<_>>()), "/suggested_amounts", "too-many"),
    ] {
        let refused = appeal.manager.patch(&path, "*", &json!({"suggested_amounts": amounts})).await;
        let refused = faults(&refused.expect_problem(422, "validation-failed"));
        assert_eq!(refused, [(pointer.to_owned(), code.to_owned())]);
    }
    let database = appeal.app.database.owner().await;
    assert!(database.execute("UPDATE campaigns SET suggested_amounts = '{20,10}'", &[]).await.is_err());
    appeal.gift("10").await;
    let narrow = appeal.manager.patch(&path, "*", &json!({"ends_on": "2015-03-01"})).await;
    let narrow = faults(&narrow.expect_problem(422, "validation-failed"));
    assert_eq!(
        narrow,
        [("/ends_on".to_owned(), "outside-period".to_owned()), ("/starts_on".to_owned(), "outside-period".to_owned())]
    );
    appeal.manager.patch(&path, "*", &json!({"ends_on": "2015-03-02"})).await.expect_status(200);
    // What comes after the end of a campaign is refused; what is given back is not.
    appeal.post("received", "1", "2015-03-03", json!({})).await.expect_problem(422, "validation-failed");
    appeal.add("fee", "1", "2015-03-03", json!({})).await;
}

#[tokio::test]
async fn what_was_published_of_the_money_is_held_against_it() {
    let appeal = Appeal::open().await;
    appeal.gift("350").await;
    let claim = async |code: &str, figure: &str, amount: &str, unit: &str| {
        let body = json!({"code": code, "campaign_id": appeal.campaign, "statement": "As published.", "subject": figure, "amount": amount,
            "unit": unit, "figure": figure, "as_of": "2015-12-31", "source": "campaign page"});
        appeal.manager.post("/api/v1/claims", &body).await.expect_status(201);
    };
    claim("C1-GOAL", "campaign.goal", "1000", "USD").await;
    claim("C1-RAISED", "campaign.raised", "350.50", "USD").await;
    claim("C1-REMAINING", "campaign.remaining", "650", "USD").await;
    claim("C1-EUROS", "campaign.raised", "350", "EUR").await;
    let told = appeal
        .manager
        .get(&format!("/api/v1/reports/reconciliation?campaign_id={}", appeal.campaign))
        .await
        .expect_status(200)
        .json();
    let of = |code: &str| {
        let one = told["claims"].as_array().unwrap().iter().find(|claim| claim["code"] == code).expect("the claim");
        (one["verdict"].clone(), one["computed_amount"].clone(), one["difference"].clone())
    };
    assert_eq!(of("C1-GOAL"), (json!("agrees"), json!("1000.00"), json!("0")));
    assert_eq!(of("C1-RAISED"), (json!("differs"), json!("350.00"), json!("-0.5")));
    assert_eq!(of("C1-REMAINING"), (json!("agrees"), json!("650.00"), json!("0")));
    assert_eq!(
        (of("C1-EUROS").0, of("C1-EUROS").1),
        (json!("not_computed"), json!(null)),
        "another currency is not the campaign's"
    );
    appeal.manager.get("/api/v1/reports/figures/campaign.raised/rows").await.expect_problem(404, "not-found");
}
