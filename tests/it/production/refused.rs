//! What is wrong about recipes, orders, ingredients and days is refused by name.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{ORDERS, RECIPES, Works, pair, release_body, why};
use crate::support::client::{Client, faults};

#[tokio::test]
async fn a_wrong_recipe_or_order_is_refused_by_name() {
    let works = Works::open().await;
    let (recipe, ..) = works.saline(false).await;
    let good = works.manager.get(&format!("{RECIPES}/{recipe}")).await.json();
    let bed = works.item("BED", json!({"expiry_tracked": false})).await;
    let told = async |change: Value| {
        let mut body = json!({"code": "REC-2", "version": 1, "name": "Two", "item_id": good["item_id"], "batch_size": 10, "shelf_life_days": 5, "ingredients": good["ingredients"]});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        faults(&works.manager.post(RECIPES, &body).await.expect_problem(422, "validation-failed"))
    };
    let bag = &good["ingredients"][0]["item_id"];
    let cases = [
        (json!({"batch_size": 0}), "/batch_size", "out-of-range"),
        (json!({"version": 0}), "/version", "out-of-range"),
        (json!({"shelf_life_days": null}), "/shelf_life_days", "required"),
        (json!({"shelf_life_days": 4000}), "/shelf_life_days", "out-of-range"),
        (json!({"item_id": bed}), "/shelf_life_days", "unknown-field"),
        (json!({"ingredients": []}), "/ingredients", "required"),
        (json!({"ingredients": [{"item_id": bag, "quantity": 0}]}), "/ingredients/0/quantity", "out-of-range"),
        (
            json!({"ingredients": [{"item_id": bag, "quantity": 1}, {"item_id": bag, "quantity": 2}]}),
            "/ingredients/1/item_id",
            "repeated",
        ),
        (json!({"ingredients": [{"item_id": good["item_id"], "quantity": 1}]}), "/ingredients/0/item_id", "repeated"),
        (json!({"ingredients": [{"item_id": Uuid::now_v7(), "quantity": 1}]}), "/ingredients/0/item_id", "unknown-reference"),
        (json!({"stirred": true}), "/stirred", "unknown-field"),
    ];
    for (change, pointer, code) in cases {
        assert_eq!(told(change.clone()).await, pair(pointer, code), "{change}");
    }
    // Nor past the service: a recipe of itself, or of nothing.
    let owner = works.app.database.owner().await;
    for statement in [
        "UPDATE recipe_ingredients SET retired_at = now()",
        "UPDATE recipe_ingredients g SET item_id = r.item_id FROM recipes r WHERE r.id = g.recipe_id AND g.line = 1",
    ] {
        assert!(owner.execute(statement, &[]).await.is_err(), "{statement}");
    }
    let order = async |change: Value| {
        let mut body = works.order_body("PRD-1", recipe, 1);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        faults(&works.manager.post(ORDERS, &body).await.expect_problem(422, "validation-failed"))
    };
    let cases = [
        (json!({"batches": 0}), "/batches", "out-of-range"),
        (json!({"batches": 10_001}), "/batches", "out-of-range"),
        (json!({"place_id": works.stores[0]}), "/place_id", "wrong-places"),
        (json!({"place_id": works.account("DONOR")}), "/place_id", "wrong-places"),
        (json!({"quarantine_id": works.warehouse}), "/quarantine_id", "wrong-places"),
        (json!({"recipe_id": Uuid::now_v7()}), "/recipe_id", "unknown-reference"),
        (json!({"planned_on": "2009-01-01"}), "/planned_on", "date-out-of-range"),
        (json!({"status": "released"}), "/status", "unknown-field"),
    ];
    for (change, pointer, code) in cases {
        assert_eq!(order(change.clone()).await, pair(pointer, code), "{change}");
    }
    assert!(works.manager.all(ORDERS).await.is_empty() && works.manager.all(RECIPES).await.len() == 1);
}

#[tokio::test]
async fn what_is_short_expired_or_not_of_the_recipe_is_refused_and_nothing_is_written() {
    let works = Works::open().await;
    let (recipe, [early, late, salt], _) = works.saline(false).await;
    let before = works.holds_true().await;
    let start = async |order: Uuid, day: &str, lines: Value| {
        let body = if lines.is_null() { json!({"started_on": day}) } else { json!({"started_on": day, "lines": lines}) };
        works.act(&works.manager, order, "start", body).await
    };
    let large = works.order("PRD-1", recipe, 5).await;
    start(large, "2015-03-02", Value::Null).await.expect_problem(409, "insufficient-stock");
    let order = works.order("PRD-2", recipe, 1).await;
    let line = |lot: Uuid, quantity: i64| json!({"lot_id": lot, "quantity": quantity});
    let other = works.stocked(works.item("SUGAR", json!({})).await, Some(("SUGAR-1", "2018-12-31")), "2015-01-10", 10).await;
    let cases = [
        (json!([line(early, 100), line(salt, 900), line(other, 1)]), "/lines/2/lot_id", "unknown-reference"),
        (json!([line(early, 100), line(salt, 900), line(Uuid::now_v7(), 1)]), "/lines/2/lot_id", "unknown-reference"),
        (json!([line(early, 100), line(late, 10)]), "/lines", "required"),
        (json!([]), "/lines", "required"),
        (json!([line(early, 0), line(salt, 900)]), "/lines/0/quantity", "out-of-range"),
        (json!([line(early, 1), line(early, 2), line(salt, 900)]), "/lines/1/lot_id", "repeated"),
    ];
    for (lines, pointer, code) in cases {
        let problem = start(order, "2015-03-02", lines.clone()).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), pair(pointer, code), "{lines}");
    }
    // The ledger judges the lots by name.
    start(order, "2016-01-02", json!([line(early, 100), line(salt, 900)])).await.expect_problem(409, "lot-expired");
    start(order, "2015-03-02", json!([line(early, 151), line(salt, 900)])).await.expect_problem(409, "insufficient-stock");
    works.manager.post(&format!("/api/v1/lots/{early}/holds"), &why()).await.expect_status(200);
    start(order, "2015-03-02", json!([line(early, 100), line(salt, 900)])).await.expect_problem(409, "lot-blocked");
    works.manager.post(&format!("/api/v1/lots/{early}/recalls"), &why()).await.expect_status(200);
    start(order, "2015-03-02", json!([line(early, 100), line(salt, 900)])).await.expect_problem(409, "lot-recalled");
    let told = works.read(order).await;
    assert_eq!((&told["status"], &told["consumed"]), (&json!("draft"), &json!([])));
    assert_eq!(works.holds_true().await, before + 1, "the sugar alone");
    // What came later cannot be taken earlier: the first to expire leaves it out.
    let bag = works.manager.get(&format!("/api/v1/lots/{late}")).await.json()["item_id"].as_str().unwrap().parse().unwrap();
    works.stocked(bag, Some(("BAG-SOON", "2015-06-30")), "2015-04-01", 500).await;
    let taken = start(order, "2015-03-02", Value::Null).await.expect_status(200).json();
    assert_eq!(taken["consumed"].as_array().unwrap().iter().filter(|one| one["lot_number"] == "BAG-LATE").count(), 1);
    // A deviation is allowed, and told beside the recipe.
    let lines = json!([line(late, 104), line(salt, 950)]);
    let order = works.order("PRD-3", recipe, 1).await;
    let told = start(order, "2015-03-02", lines).await.expect_status(200).json();
    let used: Vec<_> = told["ingredients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["planned_quantity"].clone(), one["consumed_quantity"].clone()))
        .collect();
    assert_eq!(used, [(json!(100), json!(104)), (json!(900), json!(950))]);
    works.holds_true().await;
}

#[tokio::test]
async fn days_are_in_order_and_a_completion_says_what_its_item_asks_for() {
    let works = Works::open().await;
    let (recipe, ..) = works.saline(false).await;
    let order = works.order("PRD-1", recipe, 1).await;
    let soon = (chrono::Utc::now() + chrono::Days::new(5)).date_naive().to_string();
    let refused = async |by: &Client, noun: &str, body: Value| {
        faults(&works.act(by, order, noun, body).await.expect_problem(422, "validation-failed"))
    };
    let at = |day: &str| json!({"started_on": day});
    assert_eq!(refused(&works.manager, "start", at("2015-02-28")).await, pair("/started_on", "date-order"));
    assert_eq!(refused(&works.manager, "start", at(&soon)).await, pair("/started_on", "date-in-future"));
    works
        .act(&works.manager, order, "completion", json!({"completed_on": "2015-03-03", "lot_number": "X", "quantity": 1}))
        .await
        .expect_problem(409, "wrong-state");
    works.act(&works.manager, order, "start", at("2015-03-02")).await.expect_status(200);
    works.manager.patch(&format!("{ORDERS}/{order}"), "*", &json!({"batches": 2})).await.expect_problem(409, "wrong-state");
    works.manager.delete(&format!("{ORDERS}/{order}"), "*").await.expect_problem(409, "wrong-state");
    let done = |change: Value| {
        let mut body = json!({"completed_on": "2015-03-03", "lot_number": "SAL-1", "quantity": 90});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let cases = [
        (json!({"completed_on": "2015-03-01"}), "/completed_on", "date-order"),
        (json!({"completed_on": soon}), "/completed_on", "date-in-future"),
        (json!({"lot_number": null}), "/lot_number", "required"),
        (json!({"lot_number": "L".repeat(41)}), "/lot_number", "too-long"),
        (json!({"quantity": 0}), "/quantity", "out-of-range"),
        (json!({"lost_quantity": -1}), "/lost_quantity", "out-of-range"),
    ];
    for (change, pointer, code) in cases {
        assert_eq!(refused(&works.manager, "completion", done(change.clone())).await, pair(pointer, code), "{change}");
    }
    // A number means one lot.
    let saline = works.read(order).await["item_id"].clone();
    let taken = json!({"item_id": saline, "number": "TAKEN", "expires_on": "2015-12-31"});
    works.manager.post("/api/v1/lots", &taken).await.expect_status(201);
    works.act(&works.manager, order, "completion", done(json!({"lot_number": "TAKEN"}))).await.expect_problem(409, "duplicate");
    works.act(&works.manager, order, "completion", done(json!({}))).await.expect_status(200);
    let release = |change: Value| {
        let mut body = release_body(works.warehouse);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let cases = [
        (json!({"released_on": "2015-03-02"}), "/released_on", "date-order"),
        (json!({"released_on": soon}), "/released_on", "date-in-future"),
        (json!({"to_id": works.quarantine}), "/to_id", "wrong-places"),
        (json!({"to_id": works.account("CONSUMPTION")}), "/to_id", "wrong-places"),
        (json!({"to_id": Uuid::now_v7()}), "/to_id", "unknown-reference"),
        (json!({"reason": "short"}), "/reason", "too-short"),
    ];
    for (change, pointer, code) in cases {
        assert_eq!(refused(&works.second, "release", release(change.clone())).await, pair(pointer, code), "{change}");
    }
    // Past its shelf life it is released to nobody.
    works
        .act(&works.second, order, "release", release(json!({"released_on": "2015-05-01"})))
        .await
        .expect_problem(409, "lot-expired");
    let told = works.read(order).await;
    assert_eq!(
        (&told["status"], &told["product"]["status"]),
        (&json!("completed"), &json!("quarantined")),
        "nothing half-written"
    );
    works.holds_true().await;
}
