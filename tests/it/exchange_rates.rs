//! Stories of rates between currencies: told once, never edited, found by one rule.

use chrono::NaiveDate;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use reqwest::Method;
use serde_json::{Value, json};
use siraj::{
    auth::Role,
    exchange_rates,
    types::{Currency, Factor},
};
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

const PATH: &str = "/api/v1/exchange-rates";

/// A rate of one unit of `pair.0`, told by a manager.
pub async fn rate(by: &Client, pair: (&str, &str), rate: &str, day: &str) -> Value {
    let body =
        json!({"base_currency": pair.0, "quote_currency": pair.1, "rate": rate, "rated_on": day, "source": "Exchange office"});
    by.post(PATH, &body).await.expect_status(201).json()
}

#[tokio::test]
async fn a_rate_is_told_listed_retired_and_never_edited() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let told = rate(&manager, ("USD", "SYP"), "251.50", "2015-03-30").await;
    assert_eq!((&told["rate"], &told["note"]), (&json!("251.5"), &json!(null)));
    rate(&manager, ("EUR", "USD"), "1.0759", "2015-03-31").await;
    for (query, expected) in [
        ("?sort=-rated_on", vec!["EUR", "USD"]),
        ("?currency=USD", vec!["USD", "EUR"]),
        ("?base_currency=EUR", vec!["EUR"]),
        ("?quote_currency=SYP", vec!["USD"]),
        ("?since_on=2015-03-31", vec!["EUR"]),
        ("?until_on=2015-03-30", vec!["USD"]),
        ("?q=OFFICE&sort=base_currency", vec!["EUR", "USD"]),
        ("?q=bank", vec![]),
        ("?retired=true", vec![]),
    ] {
        let bases: Vec<_> = manager.all(&format!("{PATH}{query}")).await.iter().map(|one| one["base_currency"].clone()).collect();
        assert_eq!(bases, expected, "{query}");
    }
    let one = format!("{PATH}/{}", id_of(&told));
    let edit = manager.send(Method::PATCH, &one, &[("if-match", "*")], Some(b"{\"rate\": \"1\"}".to_vec())).await;
    edit.expect_problem(405, "method-not-allowed");
    assert_eq!(manager.get(&one).await.expect_status(200).json(), told);
    // Whichever way round it is told, a pair has one rate of a day and source, until that is retired.
    let again = json!({"base_currency": "SYP", "quote_currency": "USD", "rate": "0.004", "rated_on": "2015-03-30", "source": "Exchange office"});
    assert_eq!(
        faults(&manager.post(PATH, &again).await.expect_problem(409, "duplicate")),
        [("/rated_on".into(), "duplicate".into())]
    );
    manager.delete(&one, "\"1\"").await.expect_status(200);
    manager.post(PATH, &again).await.expect_status(201);
    assert_eq!(manager.all(&format!("{one}/history")).await.len(), 2);
}

#[tokio::test]
async fn a_rate_that_cannot_be_is_refused() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let good =
        json!({"base_currency": "USD", "quote_currency": "SYP", "rate": "250", "rated_on": "2015-03-31", "source": "Office"});
    for (field, value, code) in [
        ("rate", json!("0"), "out-of-range"),
        ("rate", json!("-1"), "out-of-range"),
        ("rate", json!("1000000000000"), "out-of-range"),
        ("rate", json!("0.000000001"), "precision"),
        ("rate", json!(250), "wrong-type"),
        ("quote_currency", json!("USD"), "repeated"),
        ("quote_currency", json!("SYR"), "unknown-currency"),
        ("rated_on", json!("2001-01-01"), "date-out-of-range"),
        ("rated_on", json!("2031-01-01"), "date-in-future"),
        ("source", json!(""), "required"),
    ] {
        let mut body = good.clone();
        body[field] = value.clone();
        let problem = manager.post(PATH, &body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), [(format!("/{field}"), code.to_owned())], "{value}");
    }
}

#[tokio::test]
async fn managers_tell_rates_and_others_read_them_or_know_nothing_of_them() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let area = app.area("GHOUTA", None).await;
    let facility = id_of(&app.facility(&manager, "MPT-01", area).await);
    let one = format!("{PATH}/{}", id_of(&rate(&manager, ("USD", "SYP"), "250", "2015-03-31").await));
    for reader in [app.coordinator(&[area]).await, app.user(Role::Auditor).await] {
        reader.get(&one).await.expect_status(200);
        reader.post(PATH, &json!({})).await.expect_problem(403, "forbidden");
        reader.delete(&one, "*").await.expect_problem(403, "forbidden");
    }
    for other in [app.user(Role::Admin).await, app.clerk(facility).await] {
        other.get(&one).await.expect_problem(403, "forbidden");
        other.get(PATH).await.expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn the_latest_rate_of_a_month_is_found_whichever_way_round_it_was_told() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let first = id_of(&rate(&manager, ("USD", "SYP"), "250", "2015-03-01").await);
    let second = id_of(&rate(&manager, ("SYP", "USD"), "0.005", "2015-03-20").await);
    let mut conn = AsyncPgConnection::establish(&app.database.service_url()).await.expect("a connection");
    let mut found = async |from: &str, to: &str, day: &str| {
        let currency = |code| Currency::parse(code).expect("a currency");
        let day: NaiveDate = day.parse().expect("a day");
        let found = exchange_rates::on(&mut conn, &currency(from), &currency(to), day).await.expect("an answer");
        found.map(|rate| (rate.id, serde_json::to_value(Factor(rate.rate)).expect("a text"), rate.rated_on.to_string()))
    };
    let told = |id: Uuid, rate: &str, day: &str| Some((id, json!(rate), day.to_owned()));
    assert_eq!(found("USD", "SYP", "2015-03-19").await, told(first, "250", "2015-03-01"));
    assert_eq!(found("SYP", "USD", "2015-03-19").await, told(first, "0.004", "2015-03-01"));
    assert_eq!(found("USD", "SYP", "2015-03-20").await, told(second, "200", "2015-03-20"));
    assert_eq!(found("SYP", "USD", "2015-03-31").await, told(second, "0.005", "2015-03-20"));
    assert_eq!(found("USD", "SYP", "2015-02-28").await, None, "told later");
    assert_eq!(found("USD", "SYP", "2015-04-20").await, told(second, "200", "2015-03-20"), "31 days old");
    assert_eq!(found("USD", "SYP", "2015-04-21").await, None, "32 days old");
    assert_eq!(found("USD", "EUR", "2015-03-20").await, None);
    manager.delete(&format!("{PATH}/{second}"), "*").await.expect_status(200);
    assert_eq!(found("USD", "SYP", "2015-03-20").await, told(first, "250", "2015-03-01"));
    // A small coin keeps what it is worth.
    let small = id_of(&rate(&manager, ("USD", "LBP"), "89500", "2015-03-20").await);
    assert_eq!(found("LBP", "USD", "2015-03-20").await, told(small, "0.0000111731843575", "2015-03-20"));
}
