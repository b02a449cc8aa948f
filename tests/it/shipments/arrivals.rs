//! Stories of what arrives, and of what does not.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{SHIPMENTS, SUPPLIER, fate, pairs, place, receipt};
use crate::support::{client::faults, id_of};

const DISCREPANCIES: &str = "/api/v1/shipment-discrepancies";

#[tokio::test]
async fn ketamine_reaches_the_cave_hospital_in_two_receipts_with_40_broken_and_200_seized_at_a_checkpoint() {
    let place = place().await;
    let manager = &place.manager;
    let body =
        json!({"code": "ANA-01", "name": "Ketamine", "category": "anaesthetics", "base_unit": "ampoule", "controlled": true});
    let ketamine = id_of(&manager.post("/api/v1/items", &body).await.expect_status(201).json());
    let lot = async |number: &str, expires_on: &str| {
        let body = json!({"item_id": ketamine, "number": number, "expires_on": expires_on});
        id_of(&manager.post("/api/v1/lots", &body).await.expect_status(201).json())
    };
    let (sooner, later) = (lot("KET-13B", "2015-03-31").await, lot("KET-14A", "2016-06-30").await);
    place.stock(place.warehouse, &[(sooner, 1_500), (later, 8_500)]).await;
    let body = json!({"code": "SHP-CAVE", "from_id": place.warehouse, "to_id": place.store, "lines": [{"item_id": ketamine, "quantity": 4_000}]});
    let made = manager.post(SHIPMENTS, &body).await.expect_status(201).json();
    let path = format!("{SHIPMENTS}/{}", id_of(&made));
    place.act(&path, "packing", &json!({"packed_on": "2014-05-20"})).await.expect_status(200);
    let sent = place.act(&path, "dispatch", &json!({"dispatched_on": "2014-05-21"})).await.expect_status(200).json();
    assert_eq!((fate(&sent, sooner), fate(&sent, later)), ([1_500, 0, 0, 0, 0, 1_500], [2_500, 0, 0, 0, 0, 2_500]));

    let mut first = receipt("2014-05-27", &[(sooner, 1_460, 40)]);
    // What is controlled is not given up by one person: it is set aside.
    place.act(&path, "receipts", &first).await.expect_problem(409, "second-person-required");
    first["rejected_to_id"] = json!(place.quarantine);
    let first = place.act(&path, "receipts", &first).await.expect_status(201).json();
    assert_eq!(place.read(&path).await["status"], "partially_received");
    place.act(&path, "receipts", &receipt("2014-05-29", &[(later, 2_300, 0)])).await.expect_status(201);
    place.act(&path, "closing", &json!({"closed_on": "2014-05-30"})).await.expect_problem(409, "outstanding");
    let seized = json!({"lot_id": later, "cause": "seized", "quantity": 200, "occurred_on": "2014-05-24", "value": "340.00", "currency": "USD"});
    let clerk = place.app.clerk(place.facility).await;
    let seized = clerk.post(&format!("{path}/discrepancies"), &seized).await.expect_status(201).json();
    assert_eq!((&seized["status"], &seized["on_the_road"], &seized["value"]), (&json!("open"), &json!(true), &json!("340.00")));
    // It is explained, and still outstanding: it cannot be closed before it is settled.
    place.act(&path, "closing", &json!({"closed_on": "2014-05-30"})).await.expect_problem(409, "outstanding");
    let found = manager.all(&format!("{DISCREPANCIES}?shipment_id={}&sort=occurred_on", id_of(&made))).await;
    let told: Vec<_> = found.iter().map(|one| (one["cause"].as_str().unwrap(), one["quantity"].as_i64().unwrap())).collect();
    assert_eq!(told, [("seized", 200), ("damaged", 40)]);
    assert_eq!(found[1]["receipt_id"], first["id"]);
    let settle = json!({"settled_on": "2014-06-01", "outcome": "written_off", "reason": "The checkpoint keeps it for good."});
    for one in &found {
        let settled =
            manager.post(&format!("{DISCREPANCIES}/{}/settlement", id_of(one)), &settle).await.expect_status(200).json();
        assert_eq!((&settled["status"], &settled["settled_on"]), (&json!("written_off"), &json!("2014-06-01")));
    }
    let now = place.read(&path).await;
    assert_eq!(
        (&now["status"], fate(&now, sooner), fate(&now, later)),
        (&json!("received"), [1_500, 1_460, 40, 0, 0, 0], [2_500, 2_300, 0, 200, 0, 0])
    );
    place.act(&path, "closing", &json!({"closed_on": "2014-06-02"})).await.expect_status(200);
    assert_eq!((place.lies(place.store, sooner).await.0, place.lies(place.store, later).await.0), (1_460, 2_300));
    // From the lot to every place and document that it touched.
    let trace = manager.all(&format!("/api/v1/stock-documents?lot_id={later}&sort=occurred_on")).await;
    let kinds: Vec<_> = trace.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["receipt", "transfer", "transfer", "loss"]);
    place.holds_true().await;
}

#[tokio::test]
async fn what_arrives_beyond_what_was_sent_is_recorded_as_over() {
    let place = place().await;
    let (path, sent) = place.dispatched("SHP-01").await;
    let strange = id_of(
        &place
            .manager
            .post("/api/v1/lots", &json!({"item_id": place.medicine, "number": "X", "expires_on": "2016-01-01"}))
            .await
            .expect_status(201)
            .json(),
    );
    let over = receipt("2014-05-27", &[(place.first, 450, 0), (place.later, 200, 0), (place.litres, 2000, 0), (strange, 7, 0)]);
    let told = place.act(&path, "receipts", &over).await.expect_status(201).json();
    let line = |lot: Uuid| told["lines"].as_array().unwrap().iter().find(|one| one["lot_id"] == json!(lot)).unwrap().clone();
    assert_eq!(
        (&line(place.first)["accepted"], &line(place.first)["over"], &line(strange)["over"]),
        (&json!(400), &json!(50), &json!(7))
    );
    let now = place.read(&path).await;
    assert_eq!(
        (&now["status"], fate(&now, place.first)),
        (&json!("received"), [400, 400, 0, 0, 0, 0]),
        "never more than was sent"
    );
    assert_eq!((place.lies(place.store, place.first).await.0, place.lies(place.store, strange).await.0), (450, 7));
    let found = place.manager.all(&format!("{DISCREPANCIES}?shipment_id={}&cause=over", id_of(&sent))).await;
    assert_eq!(found.iter().map(|one| one["quantity"].as_i64().unwrap()).sum::<i64>(), 57);
    place.holds_true().await;
}

#[tokio::test]
async fn a_wrong_receipt_is_turned_round_with_everything_that_it_did() {
    let place = place().await;
    let (path, sent) = place.dispatched("SHP-01").await;
    let mut body = receipt("2014-05-27", &[(place.first, 390, 10), (place.later, 220, 0), (place.litres, 2000, 0)]);
    body["rejected_to_id"] = json!(place.quarantine);
    let made = place.act(&path, "receipts", &body).await.expect_status(201).json();
    assert_eq!(place.lies(place.quarantine, place.first).await.0, 10);
    let own = format!("/api/v1/shipment-receipts/{}", id_of(&made));
    let why = json!({"reason": "Counted twice: the boxes of the day before."});
    let turned = place.manager.post(&format!("{own}/reversal"), &why).await.expect_status(200).json();
    assert_eq!(turned["reversed_reason"], why["reason"]);
    let now = place.read(&path).await;
    assert_eq!((&now["status"], &now["received_on"], &now["contents"]), (&json!("dispatched"), &Value::Null, &sent["contents"]));
    for (at, lot) in [(place.quarantine, place.first), (place.store, place.first), (place.store, place.later)] {
        assert_eq!(place.lies(at, lot).await, (0, 0));
    }
    let found = place.manager.all(&format!("{DISCREPANCIES}?shipment_id={}", id_of(&sent))).await;
    assert!(found.len() == 2 && found.iter().all(|one| one["status"] == "withdrawn"), "{found:?}");
    place.manager.post(&format!("{own}/reversal"), &why).await.expect_problem(409, "wrong-state");

    // What was settled, or has been used meanwhile, stands in the way.
    let made = place
        .act(&path, "receipts", &receipt("2014-05-27", &[(place.first, 390, 10), (place.litres, 2000, 0)]))
        .await
        .expect_status(201)
        .json();
    let own = format!("/api/v1/shipment-receipts/{}/reversal", id_of(&made));
    let used = json!({"from_id": place.store, "to_id": "00000000-0000-7000-8000-000000000104", "occurred_on": "2014-06-01", "lines": [{"lot_id": place.litres, "quantity": 1}]});
    let used = id_of(&place.manager.post("/api/v1/stock-documents", &used).await.expect_status(201).json());
    place.manager.post(&own, &why).await.expect_problem(409, "insufficient-stock");
    place.manager.post(&format!("/api/v1/stock-documents/{used}/reversal"), &why).await.expect_status(201);
    let broken = place.manager.all(&format!("{DISCREPANCIES}?shipment_id={}&status=open", id_of(&sent))).await;
    let claim = format!("{DISCREPANCIES}/{}/claim", id_of(&broken[0]));
    let supplier = json!({"code": "SUP-1", "name": "Supplier", "roles": ["supplier"]});
    let supplier = id_of(&place.manager.post("/api/v1/organizations", &supplier).await.expect_status(201).json());
    let reason = "Broken before it was handed over.";
    let problem = place
        .manager
        .post(&claim, &json!({"organization_id": Uuid::now_v7(), "reason": reason}))
        .await
        .expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/organization_id", "unknown-reference")]));
    let claimed =
        place.manager.post(&claim, &json!({"organization_id": supplier, "reason": reason})).await.expect_status(200).json();
    assert_eq!((&claimed["status"], &claimed["claimed_of_id"]), (&json!("claimed"), &json!(supplier)));
    place.manager.post(&own, &why).await.expect_problem(409, "wrong-state");
    assert_eq!(place.read(&path).await["status"], "partially_received", "nothing half-turned");
    place.holds_true().await;
}

#[tokio::test]
async fn a_receipt_of_wrong_values_is_refused_with_every_fault_and_nothing_is_written() {
    let place = place().await;
    let (path, sent) = place.dispatched("SHP-01").await;
    let told = async |body: &Value| faults(&place.act(&path, "receipts", body).await.expect_problem(422, "validation-failed"));
    let of = |lots: &[(Uuid, i64, i64)]| receipt("2014-05-27", lots);
    assert_eq!(told(&of(&[])).await, pairs(&[("/lines", "required")]));
    assert_eq!(told(&of(&[(place.first, 0, 0)])).await, pairs(&[("/lines/0/accepted_quantity", "out-of-range")]));
    let most = i64::MAX;
    assert_eq!(
        told(&of(&[(place.first, -1, 0), (place.first, most, most), (place.litres, 0, 2001)])).await,
        pairs(&[
            ("/lines/0/accepted_quantity", "out-of-range"),
            ("/lines/1/accepted_quantity", "out-of-range"),
            ("/lines/1/lot_id", "repeated"),
            ("/lines/1/rejected_quantity", "out-of-range"),
            ("/lines/2/rejected_quantity", "out-of-range")
        ])
    );
    let mut why = of(&[(place.first, 1, 1), (place.later, 1, 0)]);
    (why["lines"][0]["cause"], why["lines"][1]["cause"]) = (Value::Null, json!("damaged"));
    assert_eq!(told(&why).await, pairs(&[("/lines/0/cause", "required"), ("/lines/1/cause", "unknown-field")]));
    assert_eq!(told(&of(&[(Uuid::now_v7(), 1, 0)])).await, pairs(&[("/lines", "unknown-reference")]), "no such lot anywhere");
    let mut aside = of(&[(place.first, 1, 1)]);
    aside["rejected_to_id"] = json!(place.store);
    assert_eq!(told(&aside).await, pairs(&[("/rejected_to_id", "wrong-places")]));
    // Expired on its way, it is not taken into the store; it can be refused.
    place.act(&path, "receipts", &receipt("2015-06-29", &[(place.first, 400, 0)])).await.expect_problem(409, "lot-expired");
    let mut expired = receipt("2015-06-29", &[(place.first, 0, 400)]);
    expired["lines"][0]["cause"] = json!("expired");
    assert_eq!(place.read(&path).await, sent, "nothing written");
    place.act(&path, "receipts", &expired).await.expect_status(201);
    place.holds_true().await;
}

#[tokio::test]
async fn discrepancies_explain_no_more_than_is_outstanding_and_end_once() {
    let place = place().await;
    let (path, sent) = place.dispatched("SHP-01").await;
    let new = |lot: Uuid, cause: &str, quantity: i64| json!({"lot_id": lot, "cause": cause, "quantity": quantity, "occurred_on": "2014-05-24"});
    let told =
        async |body: &Value| faults(&place.act(&path, "discrepancies", body).await.expect_problem(422, "validation-failed"));
    for quantity in [0, -3, 401] {
        assert_eq!(told(&new(place.first, "seized", quantity)).await, pairs(&[("/quantity", "out-of-range")]));
    }
    assert_eq!(told(&new(place.first, "damaged", 5)).await, pairs(&[("/cause", "unknown-value")]), "a receipt tells that");
    assert_eq!(told(&new(Uuid::now_v7(), "seized", 5)).await, pairs(&[("/lot_id", "unknown-reference")]));
    let mut worth = new(place.first, "seized", 5);
    worth["value"] = json!("5.00");
    assert_eq!(told(&worth).await, pairs(&[("/currency", "required")]));
    let mut own = new(place.first, "looted", 300);
    own["id"] = json!(Uuid::now_v7());
    let made = place.act(&path, "discrepancies", &own).await.expect_status(201).json();
    assert_eq!(place.act(&path, "discrepancies", &own).await.expect_status(200).json(), made, "sent again it is the same");
    own["quantity"] = json!(299);
    place.act(&path, "discrepancies", &own).await.expect_problem(409, "record-conflict");
    assert_eq!(
        told(&new(place.first, "seized", 101)).await,
        pairs(&[("/quantity", "out-of-range")]),
        "300 are explained already"
    );
    // What is explained does not arrive before the difference is withdrawn: it would count twice.
    let over = place.act(&path, "receipts", &receipt("2014-05-27", &[(place.first, 0, 101)])).await;
    assert_eq!(faults(&over.expect_problem(422, "validation-failed")), pairs(&[("/lines/0/rejected_quantity", "out-of-range")]));
    let settlement = format!("{DISCREPANCIES}/{}/settlement", id_of(&made));
    let end = |outcome: &str, day: &str| json!({"settled_on": day, "outcome": outcome, "reason": "The lorry was found again."});
    let early = place.manager.post(&settlement, &end("withdrawn", "2014-05-23")).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&early), pairs(&[("/settled_on", "date-order")]));
    let withdrawn = place.manager.post(&settlement, &end("withdrawn", "2014-05-28")).await.expect_status(200).json();
    assert_eq!((&withdrawn["status"], &withdrawn["on_the_road"]), (&json!("withdrawn"), &json!(false)));
    place.manager.post(&settlement, &end("settled", "2014-05-28")).await.expect_problem(409, "wrong-state");
    place.act(&path, "receipts", &receipt("2014-05-28", &[(place.first, 390, 0)])).await.expect_status(201);
    // The papers were wrong: ten never left, and lie where they always lay.
    let ten = place.act(&path, "discrepancies", &new(place.first, "document_error", 10)).await.expect_status(201).json();
    place
        .manager
        .post(&format!("{DISCREPANCIES}/{}/settlement", id_of(&ten)), &end("settled", "2014-05-29"))
        .await
        .expect_status(200);
    let now = place.read(&path).await;
    assert_eq!((fate(&now, place.first), place.lies(place.warehouse, place.first).await), ([400, 390, 0, 0, 10, 0], (10, 0)));
    // Somebody else's differences do not exist.
    let west = place.app.area("WEST", None).await;
    let stranger = place.app.coordinator(&[west]).await;
    assert!(stranger.all(DISCREPANCIES).await.is_empty());
    stranger.get(&format!("{DISCREPANCIES}/{}", id_of(&made))).await.expect_problem(404, "not-found");
    stranger.post(&settlement, &end("settled", "2014-05-28")).await.expect_problem(404, "not-found");
    assert!(place.manager.all(&format!("{DISCREPANCIES}?shipment_id={}", id_of(&sent))).await.len() == 2);
    place.holds_true().await;
}

#[tokio::test]
async fn a_receipt_sent_again_is_answered_the_same_and_done_once() {
    let place = place().await;
    let clerk = place.app.clerk(place.facility).await;
    let (path, _) = place.dispatched("SHP-01").await;
    let receipts = format!("{path}/receipts");
    let body = receipt("2014-05-27", &[(place.first, 380, 8), (place.litres, 2000, 0)]);
    let first = clerk.post_with(&receipts, &[("idempotency-key", "r-1")], &body).await.expect_status(201);
    let again = clerk.post_with(&receipts, &[("idempotency-key", "r-1")], &body).await;
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&first.body, "true".to_owned()));
    let other = receipt("2014-05-27", &[(place.first, 380, 9)]);
    clerk.post_with(&receipts, &[("idempotency-key", "r-1")], &other).await.expect_problem(422, "idempotency-key-reused");
    // Without a key its own id does the same.
    let mut own = receipt("2014-05-28", &[(place.later, 100, 0)]);
    own["id"] = json!(Uuid::now_v7());
    let first = clerk.post(&receipts, &own).await.expect_status(201).json();
    assert_eq!(clerk.post(&receipts, &own).await.expect_status(200).json(), first);
    own["lines"][0]["accepted_quantity"] = json!(99);
    clerk.post(&receipts, &own).await.expect_problem(409, "record-conflict");
    let now = place.read(&path).await;
    assert_eq!((fate(&now, place.later)[1], fate(&now, place.first)[1]), (100, 380));
    assert_eq!(clerk.all(&receipts).await.len(), 2);
    place.holds_true().await;
}

#[tokio::test]
async fn two_receipts_at_once_count_in_no_more_than_was_sent() {
    let place = place().await;
    let clerk = place.app.clerk(place.facility).await;
    let (path, sent) = place.dispatched("SHP-01").await;
    let receipts = format!("{path}/receipts");
    let body = receipt("2014-05-27", &[(place.litres, 1500, 0)]);
    let (one, two) = tokio::join!(clerk.post(&receipts, &body), place.manager.post(&receipts, &body));
    let over = |answer: &Value| answer["lines"][0]["over"].as_i64().unwrap();
    let (one, two) = (one.expect_status(201).json(), two.expect_status(201).json());
    assert_eq!((over(&one) + over(&two), fate(&place.read(&path).await, place.litres)), (1000, [2000, 2000, 0, 0, 0, 0]));
    assert_eq!(place.manager.all(&format!("{DISCREPANCIES}?shipment_id={}&cause=over", id_of(&sent))).await.len(), 1);
    place.holds_true().await;
}

#[tokio::test]
async fn a_shipment_of_a_supplier_is_counted_in_at_the_warehouse() {
    let place = place().await;
    let body = json!({"code": "SHP-IN", "from_id": SUPPLIER, "to_id": place.warehouse, "lines": [{"item_id": place.medicine, "lot_id": place.later, "quantity": 500}]});
    let made = place.manager.post(SHIPMENTS, &body).await.expect_status(201).json();
    assert_eq!(made["facility_id"], Value::Null);
    let path = format!("{SHIPMENTS}/{}", id_of(&made));
    place.act(&path, "packing", &json!({"packed_on": "2014-05-20"})).await.expect_status(200);
    place.act(&path, "dispatch", &json!({"dispatched_on": "2014-05-21"})).await.expect_status(200);
    place.act(&path, "receipts", &receipt("2014-05-27", &[(place.later, 450, 0)])).await.expect_status(201);
    assert_eq!(place.lies(place.warehouse, place.later).await, (1_050, 0));
    let back = json!({"returned_on": "2014-05-28", "reason": "The rest was never loaded."});
    place.act(&path, "return", &back).await.expect_status(200);
    let kinds: Vec<_> = place.manager.all(&format!("/api/v1/stock-documents?act_id={}&sort=occurred_on", id_of(&made))).await;
    assert_eq!(kinds.iter().map(|one| one["kind"].as_str().unwrap()).collect::<Vec<_>>(), ["receipt", "transfer", "return"]);
    place.holds_true().await;
}

#[tokio::test]
async fn a_requisition_is_answered_by_shipments_until_what_was_granted_has_come() {
    let place = place().await;
    let clerk = place.app.clerk(place.facility).await;
    let body = json!({"code": "REQ-1", "facility_id": place.facility, "requested_on": "2014-05-10",
        "lines": [{"item_id": place.medicine, "requested_quantity": 500}, {"item_id": place.fuel, "requested_quantity": 900}]});
    let asked = clerk.post("/api/v1/requisitions", &body).await.expect_status(201).json();
    let path = format!("/api/v1/requisitions/{}", id_of(&asked));
    clerk.post(&format!("{path}/submission"), &json!({})).await.expect_status(200);
    let draft = |code: &str| json!({"code": code, "from_id": place.warehouse, "to_id": place.store});
    let shipments = format!("{path}/shipments");
    place.manager.post(&shipments, &draft("SHP-0")).await.expect_problem(409, "wrong-state");
    let grant = |line: usize, quantity: i64| json!({"line_id": asked["lines"][line]["id"], "approved_quantity": quantity, "reason": "The warehouse holds no more."});
    place.manager.post(&format!("{path}/approval"), &json!({"lines": [grant(0, 450), grant(1, 900)]})).await.expect_status(200);

    let made = place.manager.post(&shipments, &draft("SHP-1")).await.expect_status(201).json();
    let wanted: Vec<_> = made["lines"].as_array().unwrap().iter().map(|line| line["quantity"].as_i64().unwrap()).collect();
    assert_eq!((wanted, &made["requisition_id"]), (vec![450, 900], &asked["id"]));
    let shipment = format!("{SHIPMENTS}/{}", id_of(&made));
    place.act(&shipment, "packing", &json!({"packed_on": "2014-05-20"})).await.expect_status(200);
    place.act(&shipment, "dispatch", &json!({"dispatched_on": "2014-05-21"})).await.expect_status(200);
    let stands = async || {
        let now = place.read(&path).await;
        let lines: Vec<_> = now["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| (line["sent_quantity"].as_i64().unwrap(), line["received_quantity"].as_i64().unwrap()))
            .collect();
        (now["status"].as_str().unwrap().to_owned(), lines)
    };
    assert_eq!(stands().await, ("in_fulfilment".into(), vec![(450, 0), (900, 0)]));
    place.manager.post(&shipments, &draft("SHP-2")).await.expect_problem(409, "wrong-state");
    let first = receipt("2014-05-27", &[(place.first, 380, 20), (place.litres, 900, 0)]);
    let first = clerk.post(&format!("{shipment}/receipts"), &first).await.expect_status(201).json();
    assert_eq!(stands().await, ("in_fulfilment".into(), vec![(430, 380), (900, 900)]));
    place
        .act(&shipment, "seizure", &json!({"seized_on": "2014-05-28", "reason": "Held back and not given free."}))
        .await
        .expect_status(200);
    // Twenty were broken and fifty seized: seventy are wanted again.
    assert_eq!(stands().await, ("in_fulfilment".into(), vec![(380, 380), (900, 900)]));
    let again = place.manager.post(&shipments, &draft("SHP-2")).await.expect_status(201).json();
    assert_eq!((again["lines"].as_array().unwrap().len(), &again["lines"][0]["quantity"]), (1, &json!(70)));
    let second = format!("{SHIPMENTS}/{}", id_of(&again));
    place.act(&second, "packing", &json!({"packed_on": "2014-06-01"})).await.expect_status(200);
    place.act(&second, "dispatch", &json!({"dispatched_on": "2014-06-02"})).await.expect_status(200);
    let came = clerk
        .post(&format!("{second}/receipts"), &receipt("2014-06-03", &[(place.later, 70, 0)]))
        .await
        .expect_status(201)
        .json();
    assert_eq!(stands().await, ("fulfilled".into(), vec![(450, 450), (900, 900)]));
    let why = json!({"reason": "Counted twice: the boxes of the day before."});
    clerk.post(&format!("/api/v1/shipment-receipts/{}/reversal", id_of(&came)), &why).await.expect_status(200);
    assert_eq!(stands().await, ("in_fulfilment".into(), vec![(450, 380), (900, 900)]));
    clerk.post(&format!("/api/v1/shipment-receipts/{}/reversal", id_of(&first)), &why).await.expect_problem(409, "wrong-state");
    // Another facility's store cannot be sent what this one asked for.
    let other = id_of(&place.app.facility(&place.manager, "MPT-09", place.area).await);
    let location = json!({"code": "ST-MPT-09", "name": "Store", "kind": "facility_store", "facility_id": other});
    let elsewhere = id_of(&place.manager.post("/api/v1/stock-locations", &location).await.expect_status(201).json());
    let mut body = place.body("SHP-3");
    (body["to_id"], body["requisition_id"]) = (json!(elsewhere), asked["id"].clone());
    let problem = place.manager.post(SHIPMENTS, &body).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), pairs(&[("/requisition_id", "unknown-reference")]));
    place.holds_true().await;
}
