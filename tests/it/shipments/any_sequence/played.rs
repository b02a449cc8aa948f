//! The acts are sent, and answered as the model says.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Act, CONSUMPTION, Differing, Model, STORE, Sent, WAREHOUSE, act};
use crate::{
    shipments::{Place, SHIPMENTS, SUPPLIER, place},
    stock::sequences,
    support::{client::Answer, id_of},
};

/// One story: its own item and lots in the common places.
struct Story<'a> {
    place: &'a Place,
    item: Uuid,
    lots: [Uuid; 2],
    model: Model,
}

fn day(day: u32) -> String {
    format!("2015-01-{day:02}")
}

impl Story<'_> {
    async fn move_by_hand(&self, from: &Value, to: &Value, lot: usize, quantity: i64, on: u32) -> Answer {
        let body = json!({"from_id": from, "to_id": to, "occurred_on": day(on), "lines": [{"lot_id": self.lots[lot], "quantity": quantity}]});
        self.place.manager.post("/api/v1/stock-documents", &body).await
    }

    async fn step(&self, shipment: usize, act: &str, body: Value) -> Answer {
        self.place.act(&format!("{SHIPMENTS}/{}", self.model.shipments[shipment].id), act, &body).await
    }

    /// What the service answers, and what the model says; `None` where there is nothing to act on.
    async fn play(&mut self, act: &Act) -> Option<(Answer, u16)> {
        const REASON: &str = "As the paper of the day says.";
        if let Act::Pack { shipment, .. }
        | Act::Unpack { shipment }
        | Act::Dispatch { shipment, .. }
        | Act::Receive { shipment, .. }
        | Act::Differ { shipment, .. }
        | Act::Lose { shipment, .. }
        | Act::Return { shipment, .. }
        | Act::Close { shipment, .. }
        | Act::Cancel { shipment } = act
        {
            self.model.shipments.get(*shipment)?;
        }
        Some(match act {
            Act::Supply { lot, quantity, day: on } => {
                let answer = self.move_by_hand(&json!(SUPPLIER), &json!(self.place.warehouse), *lot, *quantity, *on).await;
                (answer, if self.model.post(&[(WAREHOUSE, *lot, *quantity, *on)]) { 201 } else { 409 })
            }
            Act::Use { at, lot, quantity, day: on } => {
                let from = json!([self.place.warehouse, self.place.store][*at]);
                let answer = self.move_by_hand(&from, &json!(CONSUMPTION), *lot, *quantity, *on).await;
                (answer, if self.model.post(&[(*at, *lot, -quantity, *on)]) { 201 } else { 409 })
            }
            Act::Draft { quantity } => {
                let id = Uuid::now_v7();
                let code = format!("S-{}", id.simple().to_string().to_uppercase());
                let body = json!({"id": id, "code": code, "from_id": self.place.warehouse, "to_id": self.place.store,
                    "lines": [{"item_id": self.item, "quantity": quantity}]});
                self.model.shipments.push(Sent { id, wanted: *quantity, status: "draft", ..Sent::default() });
                (self.place.manager.post(SHIPMENTS, &body).await, 201)
            }
            Act::Pack { shipment, day: on, with_shortfall } => {
                let body = json!({"packed_on": day(*on), "with_shortfall": with_shortfall});
                (self.step(*shipment, "packing", body).await, self.model.pack(*shipment, *on, *with_shortfall))
            }
            Act::Unpack { shipment } => {
                let answer = self.step(*shipment, "unpacking", json!({"reason": REASON})).await;
                let packed = self.model.shipments[*shipment].status == "packed";
                if packed {
                    self.model.set_free(*shipment, "draft");
                }
                (answer, if packed { 200 } else { 409 })
            }
            Act::Dispatch { shipment, day: on } => {
                let answer = self.step(*shipment, "dispatch", json!({"dispatched_on": day(*on)})).await;
                (answer, self.model.dispatch(*shipment, *on))
            }
            Act::Receive { shipment, day: on, lots } => self.receive(*shipment, *on, lots).await,
            Act::TurnRound { receipt } => {
                let id = self.model.receipts.get(*receipt)?.id;
                let path = format!("/api/v1/shipment-receipts/{id}/reversal");
                (self.place.manager.post(&path, &json!({"reason": REASON})).await, self.model.turn_round(*receipt))
            }
            Act::Differ { shipment, lot, quantity, day: on, document_error } => {
                let (id, cause) = (Uuid::now_v7(), if *document_error { "document_error" } else { "seized" });
                let body =
                    json!({"id": id, "lot_id": self.lots[*lot], "cause": cause, "quantity": quantity, "occurred_on": day(*on)});
                let one = Differing {
                    id,
                    shipment: *shipment,
                    receipt: None,
                    lot: *lot,
                    quantity: *quantity,
                    day: *on,
                    on_the_road: true,
                    document_error: *document_error,
                    open: true,
                    withdrawn: false,
                };
                (self.step(*shipment, "discrepancies", body).await, self.model.differ(one))
            }
            Act::Settle { discrepancy, day: on, withdrawn } => {
                let id = self.model.differences.get(*discrepancy)?.id;
                let outcome = if *withdrawn { "withdrawn" } else { "written_off" };
                let body = json!({"settled_on": day(*on), "outcome": outcome, "reason": REASON});
                let answer = self.place.manager.post(&format!("/api/v1/shipment-discrepancies/{id}/settlement"), &body).await;
                (answer, self.model.settle(*discrepancy, *on, *withdrawn))
            }
            Act::Lose { shipment, day: on } => {
                let body = json!({"lost_on": day(*on), "cause": "looted", "reason": REASON});
                (self.step(*shipment, "loss", body).await, self.model.leave(*shipment, *on, true))
            }
            Act::Return { shipment, day: on } => {
                let body = json!({"returned_on": day(*on), "reason": REASON});
                (self.step(*shipment, "return", body).await, self.model.leave(*shipment, *on, false))
            }
            Act::Close { shipment, day: on } => {
                (self.step(*shipment, "closing", json!({"closed_on": day(*on)})).await, self.model.close(*shipment, *on))
            }
            Act::Cancel { shipment } => {
                let answer = self.step(*shipment, "cancellation", json!({"reason": REASON})).await;
                let here = matches!(self.model.shipments[*shipment].status, "draft" | "packed");
                if here {
                    self.model.set_free(*shipment, "cancelled");
                }
                (answer, if here { 200 } else { 409 })
            }
        })
    }

    async fn receive(&mut self, shipment: usize, on: u32, lots: &[(i64, i64); 2]) -> (Answer, u16) {
        let id = Uuid::now_v7();
        let lines: Vec<_> = (0..2)
            .filter(|lot| lots[*lot] != (0, 0))
            .map(|lot| {
                let cause = if lots[lot].1 > 0 { json!("damaged") } else { Value::Null };
                json!({"lot_id": self.lots[lot], "accepted_quantity": lots[lot].0, "rejected_quantity": lots[lot].1, "cause": cause})
            })
            .collect();
        let answer = self.step(shipment, "receipts", json!({"id": id, "received_on": day(on), "lines": lines})).await;
        let expected = self.model.receive(shipment, on, lots, id);
        if expected == 201 {
            self.find_differences(id).await;
        }
        (answer, expected)
    }

    /// The differences that a receipt has found: the model learns their ids.
    async fn find_differences(&mut self, receipt: Uuid) {
        let index = self.model.receipts.len() - 1;
        let shipment = self.model.receipts[index].shipment;
        let path = format!("/api/v1/shipment-discrepancies?shipment_id={}", self.model.shipments[shipment].id);
        for one in self.place.manager.all(&path).await {
            if one["receipt_id"] == json!(receipt) {
                let lot = self.lots.iter().position(|lot| one["lot_id"] == json!(lot)).expect("one of the two lots");
                self.model.differences.push(Differing {
                    id: id_of(&one),
                    shipment,
                    receipt: Some(index),
                    lot,
                    quantity: one["quantity"].as_i64().expect("a number"),
                    day: self.model.receipts[index].day,
                    on_the_road: false,
                    document_error: false,
                    open: true,
                    withdrawn: false,
                });
            }
        }
    }

    /// Everything lies where the model says, and every shipment tells the same.
    async fn agrees(&self) -> Result<(), TestCaseError> {
        for lot in 0..2 {
            let at = async |place: Uuid| self.place.lies(place, self.lots[lot]).await;
            prop_assert_eq!(
                at(self.place.warehouse).await,
                (self.model.lies(WAREHOUSE, lot), self.model.lies(WAREHOUSE, lot).min(self.model.reserved[lot]))
            );
            prop_assert_eq!(at(self.place.store).await.0, self.model.lies(STORE, lot));
        }
        for sent in &self.model.shipments {
            let there = self.place.read(&format!("{SHIPMENTS}/{}", sent.id)).await;
            prop_assert_eq!(there["status"].as_str(), Some(sent.status), "{:?}", there);
            for lot in 0..2 {
                let found =
                    there["contents"].as_array().expect("contents").iter().find(|one| one["lot_id"] == json!(self.lots[lot]));
                let told = found.map_or([0; 7], |one| {
                    ["quantity", "accepted", "rejected", "lost", "returned", "outstanding", "explained"]
                        .map(|field| one[field].as_i64().expect("a number"))
                });
                let own = &sent.contents[lot];
                let expected =
                    [own.quantity, own.accepted, own.rejected, own.lost, own.returned, own.outstanding(), own.explained];
                prop_assert_eq!(told, expected, "{:?}", there);
            }
        }
        Ok(())
    }
}

async fn story(place: &Place) -> Story<'_> {
    let name = Uuid::now_v7().simple().to_string().to_uppercase();
    let body = json!({"code": format!("M-{name}"), "name": name, "category": "medicines", "base_unit": "piece"});
    let item = id_of(&place.manager.post("/api/v1/items", &body).await.expect_status(201).json());
    let lot = async |number: &str, expires_on: &str| {
        let body = json!({"item_id": item, "number": number, "expires_on": expires_on});
        id_of(&place.manager.post("/api/v1/lots", &body).await.expect_status(201).json())
    };
    let lots = [lot("A", "2016-05-31").await, lot("B", "2016-06-30").await];
    Story { place, item, lots, model: Model::default() }
}

#[test]
fn any_sequence_of_acts_on_shipments_is_answered_as_the_simple_model_says() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let place = runtime.block_on(place());
    let played = AtomicUsize::new(0);
    // Several at once: each with an item of its own, all in the same places.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let config = Config { cases: sequences().div_ceil(4), failure_persistence: None, ..Config::default() };
                let outcome = TestRunner::new(config).run(&prop::collection::vec(act(), 4..24), |acts| {
                    runtime.block_on(async {
                        let mut story = story(&place).await;
                        for act in &acts {
                            let Some((answer, expected)) = story.play(act).await else { continue };
                            played.fetch_add(1, Ordering::Relaxed);
                            prop_assert_eq!(answer.status.as_u16(), expected, "{:?} {} {:?}", act, answer.text(), story.model);
                        }
                        story.agrees().await
                    })
                });
                outcome.unwrap_or_else(|error| panic!("{error}"));
            });
        }
    });
    assert!(played.load(Ordering::Relaxed) > 200, "almost nothing was played");
    runtime.block_on(place.holds_true());
}

#[test]
fn whoever_acts_on_the_same_shipments_at_once_loses_and_doubles_nothing() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let place = runtime.block_on(place());
    let config = Config { cases: sequences().div_ceil(12), failure_persistence: None, ..Config::default() };
    let many = prop::collection::vec(prop::collection::vec(act(), 4..14), 3);
    let outcome = TestRunner::new(config).run(&many, |many| {
        runtime.block_on(async {
            let mut first = story(&place).await;
            for act in [Act::Supply { lot: 0, quantity: 90, day: 1 }, Act::Supply { lot: 1, quantity: 90, day: 1 }] {
                first.play(&act).await;
            }
            for quantity in [30, 40, 50] {
                first.play(&Act::Draft { quantity }).await;
            }
            // Each acts on what it believes of the same three shipments; what they believe is soon wrong.
            let players = many.iter().map(|acts| {
                let mut story = Story { place: &place, item: first.item, lots: first.lots, model: first.model.clone() };
                async move {
                    let mut statuses = Vec::new();
                    for act in acts.iter().filter(|act| !matches!(act, Act::Draft { .. })) {
                        statuses.extend(story.play(act).await.map(|(answer, _)| answer.status.as_u16()));
                    }
                    statuses
                }
            });
            for statuses in futures_util::future::join_all(players).await {
                prop_assert!(statuses.iter().all(|status| [200, 201, 409, 422].contains(status)), "{:?}", statuses);
            }
            Ok(())
        })
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    runtime.block_on(place.holds_true());
}
