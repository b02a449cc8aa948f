//! Who sees and moves what, many who write at once, how long the stock will last, and what is taken first.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::{BALANCES, DOCUMENTS, Stores, document};
use crate::support::{
    client::{Client, faults},
    id_of,
};

#[tokio::test]
async fn everybody_sees_and_moves_the_stock_of_their_own_places() {
    let stores = Stores::open().await;
    let (plain, controlled) = (stores.item("MED-01", false).await, stores.item("ANA-01", true).await);
    let (one, two) = (stores.lot(plain, "A", "2016-06-30").await, stores.lot(controlled, "B", "2016-06-30").await);
    let (donor, used) = (stores.account("DONOR"), stores.account("CONSUMPTION"));
    for place in [stores.warehouse, stores.store] {
        stores.moved(&stores.manager, donor, place, "2015-01-10", &[(one, 10), (two, 10)]).await.expect_status(201);
    }
    let elsewhere = stores.app.area("HAMA", None).await;
    let (own, foreign) = (stores.app.coordinator(&[stores.area]).await, stores.app.coordinator(&[elsewhere]).await);
    let (clerk, admin, auditor) =
        (stores.app.clerk(stores.facility).await, stores.app.user(Role::Admin).await, stores.app.user(Role::Auditor).await);
    let seen = async |by: &Client| by.all(BALANCES).await.len();
    let counts = [
        seen(&stores.manager).await,
        seen(&auditor).await,
        seen(&own).await,
        seen(&clerk).await,
        seen(&admin).await,
        seen(&foreign).await,
    ];
    assert_eq!(counts, [4, 4, 4, 2, 2, 0], "an admin sees nothing that is controlled");
    admin.get(DOCUMENTS).await.expect_problem(403, "forbidden");
    admin
        .get(&format!("/api/v1/stock-locations/{}/card?item_id={controlled}", stores.store))
        .await
        .expect_problem(403, "forbidden");
    let issue = async |by: &Client, place: Uuid| stores.moved(by, place, used, "2015-01-11", &[(one, 1)]).await;
    issue(&clerk, stores.store).await.expect_status(201);
    let hidden = issue(&clerk, stores.warehouse).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&hidden), [("/from_id".to_owned(), "unknown-reference".to_owned())]);
    issue(&foreign, stores.store).await.expect_problem(422, "validation-failed");
    issue(&auditor, stores.store).await.expect_problem(403, "forbidden");
    let document = id_of(&stores.manager.all(DOCUMENTS).await[0]);
    foreign.get(&format!("{DOCUMENTS}/{document}")).await.expect_problem(404, "not-found");
    foreign.get(&format!("/api/v1/stock-locations/{}/card?item_id={plain}", stores.store)).await.expect_problem(404, "not-found");
    // Where something lies is not retired; accounts stay as they are.
    own.delete(&format!("/api/v1/stock-locations/{}", stores.store), "*").await.expect_problem(409, "still-in-use");
    stores.manager.delete(&format!("/api/v1/stock-locations/{donor}"), "*").await.expect_problem(409, "still-in-use");
    own.delete(&format!("/api/v1/stock-locations/{}", stores.quarantine), "*").await.expect_status(200);
}

#[tokio::test]
async fn many_writers_on_the_same_lots_never_make_less_than_nothing_and_never_wait_for_each_other() {
    let stores = Stores::open().await;
    let item = stores.item("MED-01", false).await;
    let mut lots = Vec::new();
    for number in 0..5 {
        lots.push(stores.lot(item, &format!("L{number}"), "2016-06-30").await);
    }
    let places = [stores.warehouse, stores.store, stores.quarantine];
    let start: Vec<_> = lots.iter().map(|lot| (*lot, 60)).collect();
    stores.moved(&stores.manager, stores.account("DONOR"), stores.warehouse, "2015-01-01", &start).await.expect_status(201);
    let writers = (0..16_usize).map(|writer| {
        let (manager, lots) = (stores.manager.clone(), lots.clone());
        let used = stores.account("CONSUMPTION");
        tokio::spawn(async move {
            let mut told = BTreeMap::<u16, usize>::new();
            for round in 0..12_usize {
                let from = places[(writer + round) % 3];
                let to = if round % 4 == 3 { used } else { places[(writer + round * 2 + 1) % 3] };
                if from == to {
                    continue;
                }
                // In no order, and not always all of them.
                let lines: Vec<_> = (0..5)
                    .filter(|line| (line + round + writer) % 3 != 0)
                    .map(|line| (lots[(line * 3 + writer) % 5], 7))
                    .collect();
                let day = format!("2015-01-{:02}", 2 + (round * 5 + writer) % 20);
                *told.entry(manager.post(DOCUMENTS, &document(from, to, &day, &lines)).await.status.as_u16()).or_default() += 1;
            }
            told
        })
    });
    let mut told = BTreeMap::<u16, usize>::new();
    for writer in writers.collect::<Vec<_>>() {
        for (status, number) in writer.await.expect("a writer") {
            *told.entry(status).or_default() += number;
        }
    }
    assert_eq!(told.keys().copied().collect::<Vec<_>>(), [201, 409], "{told:?}");
    stores.holds_true().await;
    let left: i64 = stores.manager.all(BALANCES).await.iter().map(|one| one["quantity"].as_i64().unwrap()).sum();
    let used: i64 = stores
        .manager
        .all(&format!("{DOCUMENTS}?kind=issue"))
        .await
        .iter()
        .flat_map(|one| one["lines"].as_array().unwrap().clone())
        .map(|line| line["quantity"].as_i64().unwrap())
        .sum();
    assert_eq!(left + used, 300, "nothing came from nowhere, nothing went nowhere");
}

#[tokio::test]
async fn how_long_the_stock_will_last_is_told_with_what_it_was_made_of() {
    let stores = Stores::open().await;
    let item = stores.item("MED-01", false).await;
    let lot = async |number: &str, expires_on: &str| stores.lot(item, number, expires_on).await;
    let (a, b, c) = (lot("A", "2015-05-15").await, lot("B", "2016-12-31").await, lot("C", "2016-12-31").await);
    let (donor, used) = (stores.account("DONOR"), stores.account("CONSUMPTION"));
    let moved = async |from: Uuid, to: Uuid, day: &str, lines: &[(Uuid, i64)]| {
        id_of(&stores.moved(&stores.manager, from, to, day, lines).await.expect_status(201).json())
    };
    moved(donor, stores.store, "2014-12-01", &[(a, 300)]).await;
    for day in ["2015-01-10", "2015-02-10", "2015-02-20"] {
        moved(stores.store, used, day, &[(a, 100)]).await;
    }
    moved(donor, stores.store, "2015-03-02", &[(a, 20), (b, 130)]).await;
    moved(donor, stores.store, "2015-03-05", &[(c, 50)]).await;
    moved(stores.store, used, "2015-03-10", &[(b, 30)]).await;
    let wrong = moved(stores.store, used, "2015-03-11", &[(b, 10)]).await;
    let why = json!({"reason": "Entered twice from the same paper."});
    stores.manager.post(&format!("{DOCUMENTS}/{wrong}/reversal"), &why).await.expect_status(201);
    stores.manager.post(&format!("/api/v1/lots/{c}/holds"), &why).await.expect_status(200);
    let plans = stores.manager.all(&format!("/api/v1/stock-plans?as_of=2015-03-31&location_id={}", stores.store)).await;
    let told = |name: &str| plans[0][name].clone();
    assert_eq!(plans.len(), 1);
    assert_eq!(
        (told("stock_on_hand"), told("unusable"), told("near_expiry"), told("consumed")),
        (json!(120), json!(50), json!(20), json!(330))
    );
    // Nothing lay there from 21 February to 1 March: on the twentieth the last of it was issued.
    assert_eq!((told("window_days"), told("stock_out_days"), told("rule_version")), (json!(90), json!(9), json!(2)));
    // 330 / 81 days * 30.5 = 124.259; 120 / 124.259 = 0.966; 120 / (330 / 81) = 29.45 days.
    assert_eq!(
        (told("average_monthly"), told("months_of_stock"), told("runs_out_on")),
        (json!("124.26"), json!("0.97"), json!("2015-04-30"))
    );
    // The window begins with the day it first lay there.
    let young = stores.manager.all("/api/v1/stock-plans?as_of=2014-12-10&months=24").await;
    assert_eq!(
        (&young[0]["window_days"], &young[0]["average_monthly"], &young[0]["runs_out_on"]),
        (&json!(10), &json!("0.00"), &Value::Null)
    );
    let alerts = async |query: &str| {
        let told = stores.manager.all(&format!("/api/v1/stock-alerts?{query}")).await;
        told.iter()
            .map(|one| {
                (
                    one["kind"].as_str().unwrap().to_owned(),
                    one["quantity"].as_i64().unwrap(),
                    one["on_day"].as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect::<BTreeSet<_>>()
    };
    let set = |told: &[(&str, i64, &str)]| {
        told.iter().map(|(kind, quantity, day)| ((*kind).to_owned(), *quantity, (*day).to_owned())).collect::<BTreeSet<_>>()
    };
    assert_eq!(alerts("as_of=2015-03-31").await, set(&[("below_minimum", 120, "2015-04-30"), ("expiring", 20, "2015-05-15")]));
    assert_eq!(alerts("as_of=2015-03-31&expires_within=30&kind=expiring").await, set(&[]));
    assert_eq!(alerts("as_of=2015-02-25").await, set(&[("stocked_out", 0, "2015-02-21")]));
    // The last was issued on that very day.
    assert_eq!(alerts("as_of=2015-02-20").await, set(&[("stocked_out", 0, "2015-02-20")]));
    stores.manager.post(&format!("/api/v1/lots/{c}/recalls"), &why).await.expect_status(200);
    assert_eq!(alerts("as_of=2015-05-16&kind=recalled").await, set(&[("recalled", 50, "2016-12-31")]));
    assert_eq!(alerts("as_of=2015-05-16&kind=expired").await, set(&[("expired", 20, "2015-05-15")]));
    // Set aside, it needs no hand any more.
    moved(stores.store, stores.quarantine, "2015-05-16", &[(c, 50), (a, 20)]).await;
    assert_eq!(alerts("as_of=2015-05-16&kind=recalled").await, set(&[]));
    let foreign = stores.app.coordinator(&[stores.app.area("HAMA", None).await]).await;
    assert!(foreign.all("/api/v1/stock-plans").await.is_empty() && foreign.all("/api/v1/stock-alerts").await.is_empty());
    for wrong in ["months=0", "expires_within=731", "as_of=2090-01-01"] {
        stores.manager.get(&format!("/api/v1/stock-plans?{wrong}")).await.expect_problem(422, "validation-failed");
    }
}

#[tokio::test]
async fn what_expired_or_never_came_again_is_missing_however_long_ago_it_was_used() {
    let stores = Stores::open().await;
    let item = stores.item("MED-01", false).await;
    let (old, quick) = (stores.lot(item, "OLD", "2015-02-28").await, stores.lot(item, "QUICK", "2016-12-31").await);
    let (donor, used) = (stores.account("DONOR"), stores.account("CONSUMPTION"));
    let moved = async |from: Uuid, to: Uuid, day: &str, lot: Uuid, quantity: i64| {
        id_of(&stores.moved(&stores.manager, from, to, day, &[(lot, quantity)]).await.expect_status(201).json())
    };
    moved(donor, stores.store, "2015-02-01", old, 50).await;
    moved(stores.store, used, "2015-02-10", old, 40).await;
    // Came and went on one day; and a day on which nothing went after all.
    moved(donor, stores.store, "2015-03-10", quick, 5).await;
    moved(stores.store, used, "2015-03-10", quick, 5).await;
    let why = json!({"reason": "Entered twice from the same paper."});
    let came = moved(donor, stores.store, "2015-03-20", quick, 5).await;
    let went = moved(stores.store, used, "2015-03-20", quick, 5).await;
    for wrong in [went, came] {
        stores.manager.post(&format!("{DOCUMENTS}/{wrong}/reversal"), &why).await.expect_status(201);
    }
    let plan = stores.manager.all("/api/v1/stock-plans?as_of=2015-03-31").await;
    let told = |name: &str| plan[0][name].clone();
    assert_eq!((told("stock_on_hand"), told("unusable"), told("consumed")), (json!(0), json!(10), json!(45)));
    // 28 days of February and 31 of March; from the first of March on it was expired, but the tenth had its own.
    assert_eq!((told("window_days"), told("stock_out_days")), (json!(59), json!(30)));
    let out = async |day: &str| {
        let told = stores.manager.all(&format!("/api/v1/stock-alerts?kind=stocked_out&as_of={day}")).await;
        told.iter().map(|one| one["on_day"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(out("2015-02-28").await, Vec::<String>::new());
    assert_eq!(out("2015-03-09").await, ["2015-03-01"]);
    // A year on the window holds nothing but days without it.
    assert_eq!(out("2016-03-31").await, ["2015-03-11"]);
    // What was never used is not missed.
    let unused = stores.item("MED-02", false).await;
    let lot = stores.lot(unused, "U", "2015-03-31").await;
    moved(donor, stores.store, "2015-02-01", lot, 5).await;
    assert_eq!(out("2016-03-31").await, ["2015-03-11"]);
    stores.holds_true().await;
}

#[tokio::test]
async fn the_first_to_expire_is_taken_first_and_what_is_missing_is_said() {
    let stores = Stores::open().await;
    let item = stores.item("MED-01", false).await;
    let mut lots = Vec::new();
    for (number, expires_on) in [("LATE", "2016-12-31"), ("SOON", "2015-06-30"), ("HELD", "2015-05-31"), ("GONE", "2015-01-31")] {
        lots.push((stores.lot(item, number, expires_on).await, 10));
    }
    stores.moved(&stores.manager, stores.account("DONOR"), stores.store, "2015-01-10", &lots).await.expect_status(201);
    let why = json!({"reason": "The cold chain was broken on its way."});
    stores.manager.post(&format!("/api/v1/lots/{}/holds", lots[2].0), &why).await.expect_status(200);
    let path = format!("/api/v1/stock-locations/{}/allocation?item_id={item}&used_on=2015-03-01", stores.store);
    let told = async |quantity: i64| {
        let told = stores.manager.get(&format!("{path}&quantity={quantity}")).await.expect_status(200).json();
        let lines = told["lines"].as_array().unwrap().iter();
        let lines: Vec<_> =
            lines.map(|line| (line["lot_number"].as_str().unwrap().to_owned(), line["quantity"].as_i64().unwrap())).collect();
        (lines, told["shortfall"].as_i64().unwrap())
    };
    let line = |number: &str, quantity: i64| (number.to_owned(), quantity);
    assert_eq!(told(7).await, (vec![line("SOON", 7)], 0));
    assert_eq!(told(15).await, (vec![line("SOON", 10), line("LATE", 5)], 0));
    assert_eq!(told(25).await, (vec![line("SOON", 10), line("LATE", 10)], 5));
    for wrong in ["0", "-1", "1000000000001", "x"] {
        stores.manager.get(&format!("{path}&quantity={wrong}")).await.expect_problem(422, "validation-failed");
    }
}
