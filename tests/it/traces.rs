//! Stories of traces: from a lot to everything it touched, and from whoever paid to the bedside.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::{
    production::{Works, release_body},
    support::{client::faults, id_of},
};

/// The numbers of a row, by their fields.
fn numbers<const N: usize>(row: &Value, fields: [&str; N]) -> [i64; N] {
    fields.map(|field| row[field].as_i64().unwrap_or_else(|| panic!("{field} of {row}")))
}

fn at(rows: &Value, place: Uuid, lot: Uuid) -> &Value {
    let rows = rows.as_array().expect("rows");
    rows.iter().find(|row| row["location_id"] == json!(place) && row["lot_id"] == json!(lot)).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn a_recalled_ingredient_leads_to_its_product_and_to_every_place_that_holds_any_of_it() {
    let works = Works::open().await;
    let (recipe, [early, late, salt], _) = works.saline(false).await;
    let (order, saline) = works.made("PRD-1", recipe, "SAL-1").await;
    works.act(&works.second, order, "release", release_body(works.warehouse)).await.expect_status(200);
    let [store, other] = works.stores;
    works.moved(works.warehouse, store, "2015-03-12", saline, 60).await.expect_status(201);
    works.moved(store, works.account("CONSUMPTION"), "2015-03-15", saline, 25).await.expect_status(201);
    let wrong = works.moved(works.warehouse, other, "2015-03-13", saline, 10).await.expect_status(201).json();
    let why = json!({"reason": "It went to the other store."});
    works.manager.post(&format!("/api/v1/stock-documents/{}/reversal", id_of(&wrong)), &why).await.expect_status(201);
    let body = json!({"code": "SHP-1", "from_id": works.warehouse, "to_id": other, "lines": [{"item_id": works.item_of(saline).await, "quantity": 20}]});
    let shipment = works.manager.post("/api/v1/shipments", &body).await.expect_status(201).json();
    let path = format!("/api/v1/shipments/{}", id_of(&shipment));
    works.manager.post(&format!("{path}/packing"), &json!({"packed_on": "2015-03-16"})).await.expect_status(200);

    works.manager.post(&format!("/api/v1/lots/{early}/recalls"), &json!({"reason": "The bags leak."})).await.expect_status(200);
    let trace = works.manager.get(&format!("/api/v1/lots/{early}/trace")).await.expect_status(200).json();
    let kin: Vec<_> =
        trace["lots"].as_array().unwrap().iter().map(|lot| (lot["lot_id"].clone(), lot["kinship"].clone())).collect();
    assert_eq!(kin, [(json!(early), json!("own")), (json!(saline), json!("made_into"))]);
    assert_eq!(numbers(at(&trace["places"], works.workshop, early), ["came", "on_hand"]), [150, 50]);
    assert_eq!(numbers(at(&trace["places"], works.warehouse, saline), ["came", "on_hand", "reserved"]), [90, 30, 20]);
    assert_eq!(numbers(at(&trace["places"], store, saline), ["came", "used", "on_hand"]), [60, 25, 35]);
    assert_eq!(numbers(at(&trace["places"], other, saline), ["came", "on_hand"]), [0, 0], "it was there, and is not");
    let packed = &trace["shipments"][0];
    assert_eq!((&packed["code"], &packed["status"], &packed["outstanding"]), (&json!("SHP-1"), &json!("packed"), &json!(20)));
    // And back: the product names everything that went into it, and nothing that did not.
    let back = works.manager.get(&format!("/api/v1/lots/{saline}/trace")).await.expect_status(200).json();
    let mut from: Vec<_> = back["lots"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|lot| lot["kinship"] == "made_from")
        .map(|lot| lot["lot_id"].clone())
        .collect();
    from.sort_by_key(ToString::to_string);
    let mut expected = [json!(early), json!(salt)];
    expected.sort_by_key(ToString::to_string);
    assert_eq!((from, works.quantity(works.workshop, late).await), (expected.to_vec(), 400));

    // Every movement with its document, in pages.
    let moved = works.manager.all(&format!("/api/v1/lots/{early}/movements?limit=2")).await;
    let kinds: Vec<_> = moved.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.len(), 8, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "production").count(), 2);
    assert_eq!(moved.iter().filter(|one| !one["reversed_by_id"].is_null()).count(), 1);
    let backwards = works.manager.all(&format!("/api/v1/lots/{early}/movements?sort=-occurred_on&limit=3")).await;
    assert_eq!(backwards.iter().rev().map(id_of).collect::<Vec<_>>(), moved.iter().map(id_of).collect::<Vec<_>>());
}

#[tokio::test]
async fn whoever_traces_sees_their_own_places_only() {
    let works = Works::open().await;
    let item = works.item("BAG", json!({})).await;
    let lot = works.stocked(item, Some(("B-1", "2016-12-31")), "2015-01-10", 100).await;
    works.moved(works.workshop, works.stores[0], "2015-01-12", lot, 30).await.expect_status(201);
    let path = format!("/api/v1/lots/{lot}/trace");
    let clerk = works.app.clerk(works.facility).await;
    let own = clerk.get(&path).await.expect_status(200).json();
    assert_eq!(
        own["places"].as_array().unwrap().iter().map(|one| one["location_id"].clone()).collect::<Vec<_>>(),
        [json!(works.stores[0])]
    );
    assert_eq!(clerk.all(&format!("/api/v1/lots/{lot}/movements")).await.len(), 1);
    let west = works.app.area("WEST", None).await;
    let stranger = works.app.coordinator(&[west]).await;
    let nothing = stranger.get(&path).await.expect_status(200).json();
    assert_eq!((&nothing["places"], &nothing["shipments"]), (&json!([]), &json!([])));
    assert!(stranger.all(&format!("/api/v1/lots/{lot}/movements")).await.is_empty());
    works.app.user(Role::Admin).await.get(&path).await.expect_problem(403, "forbidden");
    works.manager.get(&format!("/api/v1/lots/{}/trace", Uuid::now_v7())).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn what_a_contract_paid_is_followed_to_the_bedside_with_the_part_that_it_paid() {
    let works = Works::open().await;
    let organization = json!({"code": "NORWAC", "name": "NORWAC", "roles": ["partner"]});
    let partner = id_of(&works.manager.post("/api/v1/organizations", &organization).await.expect_status(201).json());
    let contract = json!({"code": "NOR-1", "number": "1", "name": "Medicines", "organization_id": partner, "starts_on": "2014-05-01", "ends_on": "2015-12-31"});
    let contract = id_of(&works.manager.post("/api/v1/contracts", &contract).await.expect_status(201).json());
    let item = works.item("MED-1", json!({})).await;
    let lot = id_of(
        &works
            .manager
            .post("/api/v1/lots", &json!({"item_id": item, "number": "M-1", "expires_on": "2016-12-31"}))
            .await
            .expect_status(201)
            .json(),
    );
    let brought = async |quantity: i64, payer: Value| {
        let mut body = json!({"from_id": works.account("SUPPLIER"), "to_id": works.warehouse, "occurred_on": "2015-02-01", "lines": [{"lot_id": lot, "quantity": quantity}]});
        body.as_object_mut().unwrap().extend(payer.as_object().unwrap().clone());
        works.manager.post("/api/v1/stock-documents", &body).await.expect_status(201);
    };
    brought(300, json!({"contract_id": contract, "organization_id": partner})).await;
    brought(100, json!({})).await;
    works.moved(works.warehouse, works.stores[0], "2015-02-10", lot, 120).await.expect_status(201);
    works.moved(works.stores[0], works.account("CONSUMPTION"), "2015-02-20", lot, 45).await.expect_status(201);
    works.moved(works.stores[0], works.account("LOSS"), "2015-02-21", lot, 5).await.expect_status(201);
    for payer in [format!("contract_id={contract}"), format!("organization_id={partner}")] {
        let rows = works.manager.all(&format!("/api/v1/paid-supplies?{payer}&limit=1")).await;
        let bedside = at_list(&rows, works.stores[0]);
        assert_eq!(
            (&bedside["paid"], &bedside["paid_percent"], &bedside["made_of_it"]),
            (&json!(300), &json!("75.0"), &json!(false))
        );
        assert_eq!(numbers(bedside, ["came", "used", "lost", "on_hand"]), [120, 45, 5, 70]);
        assert_eq!(numbers(at_list(&rows, works.warehouse), ["came", "on_hand"]), [400, 280]);
    }
    let here = works.manager.all(&format!("/api/v1/paid-supplies?contract_id={contract}&facility_id={}", works.facility)).await;
    assert_eq!(here.len(), 1);
    let nobody = works.manager.get("/api/v1/paid-supplies").await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&nobody), [("/contract_id".to_owned(), "required".to_owned())]);
    let two = works.manager.get(&format!("/api/v1/paid-supplies?contract_id={contract}&campaign_id={contract}")).await;
    assert_eq!(faults(&two.expect_problem(422, "validation-failed")), [("/campaign_id".to_owned(), "too-many".to_owned())]);
    for reader in [works.app.clerk(works.facility).await, works.app.user(Role::Admin).await, works.app.partner(partner).await] {
        reader.get(&format!("/api/v1/paid-supplies?contract_id={contract}")).await.expect_problem(403, "forbidden");
    }
}

fn at_list(rows: &[Value], place: Uuid) -> &Value {
    rows.iter().find(|row| row["location_id"] == json!(place)).expect("the place")
}
