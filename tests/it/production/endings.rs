//! How orders end: rejected, turned round, released as a number, and given to facilities.

use serde_json::json;
use siraj::auth::Role;
use uuid::Uuid;

use super::{DOCUMENTS, FREE, ORDERS, RECIPES, Works, pair, release_body, why};
use crate::support::{
    client::{Client, faults},
    id_of,
};

#[tokio::test]
async fn a_rejected_lot_stays_in_quarantine_until_it_is_destroyed() {
    let works = Works::open().await;
    let (recipe, ..) = works.saline(false).await;
    let (order, lot) = works.made("PRD-1", recipe, "SAL-1").await;
    let body = json!({"rejected_on": "2015-03-10", "reason": "Two of five bags grew bacteria."});
    works.act(&works.manager, order, "rejection", body.clone()).await.expect_problem(409, "second-person-required");
    let told = works.act(&works.second, order, "rejection", body.clone()).await.expect_status(200).json();
    assert_eq!((&told["status"], &told["product"]["status"]), (&json!("rejected"), &json!("recalled")));
    for (noun, body) in [("rejection", body), ("release", release_body(works.warehouse)), ("reversal", why())] {
        works.act(&works.second, order, noun, body).await.expect_problem(409, "wrong-state");
    }
    works.manager.post(&format!("/api/v1/lots/{lot}/releases"), &why()).await.expect_problem(409, "wrong-state");
    works.moved(works.quarantine, works.warehouse, "2015-03-11", lot, 1).await.expect_problem(409, "lot-recalled");
    works.moved(works.quarantine, works.account("LOSS"), "2015-03-11", lot, 90).await.expect_status(201);
    works.holds_true().await;
}

#[tokio::test]
async fn a_wrong_order_is_turned_round_whole_and_its_number_may_be_made_anew() {
    let works = Works::open().await;
    let (recipe, [early, ..], _) = works.saline(false).await;
    let draft = works.order("PRD-0", recipe, 1).await;
    works.act(&works.manager, draft, "reversal", why()).await.expect_problem(409, "wrong-state");
    let told = works.act(&works.manager, draft, "cancellation", why()).await.expect_status(200).json();
    assert_eq!((&told["status"], &told["reason"]), (&json!("cancelled"), &why()["reason"]));
    let (order, lot) = works.made("PRD-1", recipe, "SAL-1").await;
    assert_eq!(works.quantity(works.workshop, early).await, 50);
    works.act(&works.manager, order, "cancellation", why()).await.expect_problem(409, "wrong-state");
    let told = works.act(&works.manager, order, "reversal", why()).await.expect_status(200).json();
    assert_eq!((&told["status"], &told["consumed"]), (&json!("cancelled"), &json!([])));
    assert_eq!((works.quantity(works.workshop, early).await, works.quantity(works.quarantine, lot).await), (150, 0));
    works.act(&works.manager, order, "reversal", why()).await.expect_problem(409, "wrong-state");
    works.manager.post(&format!("/api/v1/lots/{lot}/releases"), &why()).await.expect_problem(409, "wrong-state");
    // What was only started comes back too.
    let begun = works.order("PRD-2", recipe, 1).await;
    works.act(&works.manager, begun, "start", json!({"started_on": "2015-03-02"})).await.expect_status(200);
    works.act(&works.manager, begun, "reversal", why()).await.expect_status(200);
    assert_eq!(works.quantity(works.workshop, early).await, 150);
    let (again, same) = works.made("PRD-3", recipe, "SAL-1").await;
    assert_eq!((same, works.read(again).await["product"]["status"].clone()), (lot, json!("quarantined")));
    // Once something of it has left quarantine, it was made.
    works.moved(works.quarantine, works.account("LOSS"), "2015-03-05", lot, 5).await.expect_status(201);
    works.act(&works.manager, again, "reversal", why()).await.expect_problem(409, "insufficient-stock");
    assert_eq!(works.read(again).await["status"], "completed");
    // The rest of it is released.
    works.act(&works.second, again, "release", release_body(works.warehouse)).await.expect_status(200);
    assert_eq!(works.quantity(works.warehouse, lot).await, 85);
    works.holds_true().await;
}

#[tokio::test]
async fn workshop_goods_without_lots_wait_as_a_number() {
    let works = Works::open().await;
    let bed = works.item("BED", json!({"expiry_tracked": false, "category": "equipment"})).await;
    let pipe = works.item("PIPE", json!({"expiry_tracked": false, "category": "equipment"})).await;
    works.stocked(pipe, None, "2015-01-10", 100).await;
    let lot = works.stocked(bed, None, "2015-01-10", 3).await;
    works.moved(works.workshop, works.quarantine, "2015-01-11", lot, 3).await.expect_status(201);
    let body = json!({"code": "REC-BED", "version": 1, "name": "Hospital bed", "item_id": bed, "batch_size": 1, "ingredients": [{"item_id": pipe, "quantity": 8}]});
    let recipe = id_of(&works.manager.post(RECIPES, &body).await.expect_status(201).json());
    let mut orders = Vec::new();
    for code in ["PRD-1", "PRD-2"] {
        let order = works.order(code, recipe, 2).await;
        works.act(&works.manager, order, "start", json!({"started_on": "2015-03-02"})).await.expect_status(200);
        let numbered = works
            .act(&works.manager, order, "completion", json!({"completed_on": "2015-03-03", "quantity": 2, "lot_number": "B"}))
            .await;
        assert_eq!(faults(&numbered.expect_problem(422, "validation-failed")), pair("/lot_number", "unknown-field"));
        let told = works
            .act(&works.manager, order, "completion", json!({"completed_on": "2015-03-03", "quantity": 2}))
            .await
            .expect_status(200)
            .json();
        assert_eq!(told["lot_id"], json!(lot), "the one lot there is");
        orders.push(order);
    }
    // Three lie there of their own; the four that wait are the orders' alone.
    works.moved(works.quarantine, works.warehouse, "2015-03-04", lot, 4).await.expect_problem(409, "lot-blocked");
    works.moved(works.quarantine, works.warehouse, "2015-03-04", lot, 3).await.expect_status(201);
    works.moved(works.quarantine, works.warehouse, "2015-03-04", lot, 1).await.expect_problem(409, "lot-blocked");
    works.act(&works.second, orders[0], "release", release_body(works.warehouse)).await.expect_status(200);
    let rejection = json!({"rejected_on": "2015-03-10", "reason": "The welds of both beds broke."});
    works.act(&works.second, orders[1], "rejection", rejection).await.expect_status(200);
    // What cannot be told from the good is lost at once.
    assert_eq!((works.quantity(works.quarantine, lot).await, works.quantity(works.warehouse, lot).await), (0, 5));
    let units = "/api/v1/equipment-units";
    let unit = |serial: &str, order: Uuid| json!({"item_id": bed, "serial_number": serial, "production_order_id": order, "facility_id": works.facility, "acquired_on": "2015-03-11"});
    for serial in ["BED-1", "BED-2"] {
        works.manager.post(units, &unit(serial, orders[0])).await.expect_status(201);
    }
    for order in orders {
        let more = works.manager.post(units, &unit("BED-3", order)).await.expect_problem(422, "validation-failed");
        assert_eq!(
            faults(&more),
            pair("/production_order_id", "unknown-reference"),
            "no more than were made, and none that was rejected"
        );
    }
    // All of it lost before it was judged: nothing to release; it is rejected, and nothing is lost twice.
    let order = works.order("PRD-4", recipe, 1).await;
    works.act(&works.manager, order, "start", json!({"started_on": "2015-03-02"})).await.expect_status(200);
    works.act(&works.manager, order, "completion", json!({"completed_on": "2015-03-03", "quantity": 1})).await.expect_status(200);
    works.moved(works.quarantine, works.account("LOSS"), "2015-03-04", lot, 1).await.expect_status(201);
    works.act(&works.second, order, "release", release_body(works.warehouse)).await.expect_problem(409, "insufficient-stock");
    let rejection = json!({"rejected_on": "2015-03-10", "reason": "It was burnt with the shed."});
    works.act(&works.second, order, "rejection", rejection).await.expect_status(200);
    works.holds_true().await;
}

#[tokio::test]
async fn orders_are_of_those_whose_workshop_it_is() {
    let works = Works::open().await;
    let (recipe, ..) = works.saline(true).await;
    let order = works.order("PRD-1", recipe, 1).await;
    let (read, path) = (format!("{ORDERS}/{order}"), format!("{ORDERS}/{order}/start"));
    let foreign = works.app.coordinator(&[works.app.area("HAMA", None).await]).await;
    let body = json!({"started_on": "2015-03-02"});
    let (clerk, admin, auditor) =
        (works.app.clerk(works.facility).await, works.app.user(Role::Admin).await, works.app.user(Role::Auditor).await);
    for hidden in [&foreign, &clerk] {
        hidden.get(&read).await.expect_problem(404, "not-found");
        assert!(hidden.all(ORDERS).await.is_empty());
    }
    foreign.post(&path, &body).await.expect_problem(404, "not-found");
    foreign.patch(&read, "*", &json!({"batches": 2})).await.expect_problem(404, "not-found");
    let blind = foreign.post(ORDERS, &works.order_body("PRD-2", recipe, 1)).await.expect_problem(422, "validation-failed");
    let unknown = |pointer: &str| (pointer.to_owned(), "unknown-reference".to_owned());
    assert_eq!(faults(&blind), [unknown("/place_id"), unknown("/quarantine_id")], "all at once");
    for refused in [&clerk, &admin, &auditor] {
        refused.post(&path, &body).await.expect_problem(403, "forbidden");
    }
    // What may hold what is controlled is not for admins.
    admin.get(&read).await.expect_problem(403, "forbidden");
    auditor.get(&read).await.expect_status(200);
    assert_eq!((works.second.all(ORDERS).await.len(), auditor.all(&format!("{read}/history")).await.len()), (1, 1));
    // Nor does the product go where the second person may not look.
    let area = works.app.area("IDLIB", None).await;
    let place = json!({"code": "FAR", "name": "Far", "kind": "warehouse", "area_id": area});
    let far = id_of(&works.manager.post("/api/v1/stock-locations", &place).await.expect_status(201).json());
    works.manager.post(&path, &body).await.expect_status(200);
    works
        .act(&works.manager, order, "completion", json!({"completed_on": "2015-03-03", "lot_number": "SAL-1", "quantity": 90}))
        .await
        .expect_status(200);
    let out = works.act(&works.second, order, "release", release_body(far)).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&out), pair("/to_id", "unknown-reference"));
    works.holds_true().await;
}

#[tokio::test]
async fn what_of_our_own_making_reached_facilities_is_told_by_month() {
    let works = Works::open().await;
    let (recipe, _, saline) = works.saline(false).await;
    let (order, lot) = works.made("PRD-1", recipe, "SAL-1").await;
    works.act(&works.second, order, "release", release_body(works.warehouse)).await.expect_status(200);
    let [one, two] = works.stores;
    let moved = async |from: Uuid, to: Uuid, day: &str, quantity: i64| {
        id_of(&works.moved(from, to, day, lot, quantity).await.expect_status(201).json())
    };
    moved(works.warehouse, one, "2015-03-12", 30).await;
    let wrong = moved(works.warehouse, one, "2015-03-13", 20).await;
    works.manager.post(&format!("{DOCUMENTS}/{wrong}/reversal"), &why()).await.expect_status(201);
    moved(works.warehouse, two, "2015-04-01", 10).await;
    // Handed on, sent back, and sent back by mistake: none of these is a distribution.
    moved(one, two, "2015-03-20", 5).await;
    let back = moved(one, works.warehouse, "2015-03-21", 4).await;
    works.manager.post(&format!("{DOCUMENTS}/{back}/reversal"), &why()).await.expect_status(201);
    // Nor is what was bought.
    let bought = works.stocked(works.item("GAUZE", json!({})).await, Some(("G", "2016-12-31")), "2015-01-10", 10).await;
    works.moved(works.workshop, one, "2015-03-12", bought, 10).await.expect_status(201);
    let told = async |by: &Client, query: &str| {
        let rows = by.all(&format!("{FREE}?limit=1&{query}")).await;
        let mut rows: Vec<_> = rows
            .iter()
            .map(|row| {
                let text = |name: &str| row[name].as_str().unwrap().to_owned();
                (text("item_code"), text("facility_code"), text("month"), row["quantity"].as_i64().unwrap())
            })
            .collect();
        rows.sort();
        rows
    };
    let row = |facility: &str, month: &str, quantity: i64| ("SALINE".to_owned(), facility.to_owned(), month.to_owned(), quantity);
    // Nor is what a store sets aside and gets back, nor what it sends by road, whether it arrives or comes back.
    moved(one, works.quarantine, "2015-03-22", 6).await;
    moved(works.quarantine, one, "2015-03-23", 6).await;
    for (code, from, to, end) in
        [("SHP-1", one, two, None), ("SHP-2", one, two, Some("return")), ("SHP-3", works.warehouse, two, None)]
    {
        works.sent(code, (from, to), lot, 3, end).await;
    }
    let (march, april) = (row("HOS-01", "2015-03-01", 30), row("HOS-02", "2015-04-01", 13));
    assert_eq!(told(&works.manager, "").await, [march.clone(), april.clone()]);
    assert_eq!(told(&works.manager, "sort=-item_code").await, [march.clone(), april.clone()]);
    assert_eq!(told(&works.manager, "since_on=2015-03-13").await, std::slice::from_ref(&april));
    assert_eq!(
        told(&works.manager, &format!("until_on=2015-03-12&item_id={saline}&q=saline")).await,
        std::slice::from_ref(&march)
    );
    assert_eq!(told(&works.manager, &format!("facility_id={}", works.facility)).await, std::slice::from_ref(&march));
    let clerk = works.app.clerk(works.facility).await;
    let foreign = works.app.coordinator(&[works.app.area("HAMA", None).await]).await;
    assert_eq!((told(&clerk, "").await, told(&foreign, "").await), (vec![march.clone()], vec![]));
    let admin = works.app.user(Role::Admin).await;
    assert_eq!(told(&admin, "").await.len(), 2);
    let owner = works.app.database.owner().await;
    owner.execute("UPDATE items SET controlled = true WHERE id = $1", &[&saline]).await.expect("controlled");
    assert_eq!((told(&admin, "").await.len(), told(&works.second, "").await.len()), (0, 2));
    let csv = works.manager.get(&format!("{FREE}?format=csv")).await.expect_status(200).text();
    assert_eq!(csv.lines().count(), 3);
    let wrong = works.manager.get(&format!("{FREE}?since_on=2015-04-01&until_on=2015-03-01")).await;
    assert_eq!(faults(&wrong.expect_problem(422, "validation-failed")), pair("/until_on", "date-order"));
    works.holds_true().await;
}
