//! Any sequence of acts, late ones and undone ones among them, is answered as a simple model says; and whoever acts at once, nothing is
//! lost, doubled or less than nothing.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Place, SHIPMENTS, SUPPLIER, place};
use crate::{
    stock::sequences,
    support::{client::Answer, id_of},
};

const CONSUMPTION: &str = "00000000-0000-7000-8000-000000000104";
const WAREHOUSE: usize = 0;
const STORE: usize = 1;

/// An act on one of a few shipments, of two lots of one item; days are of January 2015.
#[derive(Debug, Clone)]
enum Act {
    Supply { lot: usize, quantity: i64, day: u32 },
    Use { at: usize, lot: usize, quantity: i64, day: u32 },
    Draft { quantity: i64 },
    Pack { shipment: usize, day: u32, with_shortfall: bool },
    Unpack { shipment: usize },
    Dispatch { shipment: usize, day: u32 },
    Receive { shipment: usize, day: u32, lots: [(i64, i64); 2] },
    TurnRound { receipt: usize },
    Differ { shipment: usize, lot: usize, quantity: i64, day: u32, document_error: bool },
    Settle { discrepancy: usize, day: u32, withdrawn: bool },
    Lose { shipment: usize, day: u32 },
    Return { shipment: usize, day: u32 },
    Close { shipment: usize, day: u32 },
    Cancel { shipment: usize },
}

fn act() -> impl Strategy<Value = Act> {
    let (shipment, day, lot) = (0..3_usize, 1..28_u32, 0..2_usize);
    prop_oneof![
        4 => (lot.clone(), 1..60_i64, day.clone()).prop_map(|(lot, quantity, day)| Act::Supply { lot, quantity, day }),
        2 => (0..2_usize, lot.clone(), 1..20_i64, day.clone()).prop_map(|(at, lot, quantity, day)| Act::Use { at, lot, quantity, day }),
        3 => (1..60_i64).prop_map(|quantity| Act::Draft { quantity }),
        4 => (shipment.clone(), day.clone(), any::<bool>()).prop_map(|(shipment, day, with_shortfall)| Act::Pack { shipment, day, with_shortfall }),
        1 => shipment.clone().prop_map(|shipment| Act::Unpack { shipment }),
        4 => (shipment.clone(), day.clone()).prop_map(|(shipment, day)| Act::Dispatch { shipment, day }),
        5 => (shipment.clone(), day.clone(), (0..40_i64, 0..3_i64), (0..40_i64, 0..3_i64))
            .prop_map(|(shipment, day, first, second)| Act::Receive { shipment, day, lots: [first, second] }),
        2 => (0..3_usize).prop_map(|receipt| Act::TurnRound { receipt }),
        2 => (shipment.clone(), lot, 1..15_i64, day.clone(), any::<bool>())
            .prop_map(|(shipment, lot, quantity, day, document_error)| Act::Differ { shipment, lot, quantity, day, document_error }),
        2 => (0..4_usize, day.clone(), any::<bool>()).prop_map(|(discrepancy, day, withdrawn)| Act::Settle { discrepancy, day, withdrawn }),
        1 => (shipment.clone(), day.clone()).prop_map(|(shipment, day)| Act::Lose { shipment, day }),
        1 => (shipment.clone(), day.clone()).prop_map(|(shipment, day)| Act::Return { shipment, day }),
        1 => (shipment.clone(), day).prop_map(|(shipment, day)| Act::Close { shipment, day }),
        1 => shipment.prop_map(|shipment| Act::Cancel { shipment }),
    ]
}

/// What was packed of a lot and what became of it.
#[derive(Debug, Clone, Copy, Default)]
struct Content {
    quantity: i64,
    accepted: i64,
    rejected: i64,
    lost: i64,
    returned: i64,
    explained: i64,
}

impl Content {
    fn outstanding(&self) -> i64 {
        self.quantity - self.accepted - self.rejected - self.lost - self.returned
    }
}

#[derive(Debug, Clone, Default)]
struct Sent {
    id: Uuid,
    wanted: i64,
    status: &'static str,
    packed_on: u32,
    dispatched_on: u32,
    contents: [Content; 2],
}

#[derive(Debug, Clone)]
struct Counted {
    id: Uuid,
    shipment: usize,
    day: u32,
    stands: bool,
    /// Accepted, rejected, over, of each lot.
    lots: [(i64, i64, i64); 2],
}

#[expect(clippy::struct_excessive_bools, reason = "each is one thing that a careful person would tick")]
#[derive(Debug, Clone)]
struct Differing {
    id: Uuid,
    shipment: usize,
    receipt: Option<usize>,
    lot: usize,
    quantity: i64,
    day: u32,
    on_the_road: bool,
    document_error: bool,
    open: bool,
    withdrawn: bool,
}

/// What a careful person would keep on paper.
#[derive(Debug, Clone, Default)]
struct Model {
    moved: BTreeMap<(usize, usize, u32), i64>,
    reserved: [i64; 2],
    shipments: Vec<Sent>,
    receipts: Vec<Counted>,
    differences: Vec<Differing>,
}

impl Model {
    fn lies(&self, at: usize, lot: usize) -> i64 {
        self.moved.iter().filter(|((place, of, _), _)| (*place, *of) == (at, lot)).map(|(_, delta)| delta).sum()
    }

    /// Moves what the ledger would take; nothing if any day, or what is set aside, forbids it.
    fn post(&mut self, legs: &[(usize, usize, i64, u32)]) -> bool {
        let before = self.moved.clone();
        for (at, lot, delta, day) in legs {
            *self.moved.entry((*at, *lot, *day)).or_default() += delta;
        }
        let sound = [WAREHOUSE, STORE].iter().all(|at| {
            (0..2).all(|lot| {
                let mut closing = 0;
                let days = self.moved.iter().filter(|((place, of, _), _)| (*place, *of) == (*at, lot));
                let never_negative = days
                    .map(|(_, delta)| {
                        closing += delta;
                        closing
                    })
                    .all(|closing| closing >= 0);
                never_negative && (*at != WAREHOUSE || closing >= self.reserved[lot])
            })
        });
        if !sound {
            self.moved = before;
        }
        sound
    }

    fn last_receipt(&self, shipment: usize) -> Option<u32> {
        self.receipts.iter().filter(|one| one.stands && one.shipment == shipment).map(|one| one.day).max()
    }

    fn outstanding(&self, shipment: usize) -> i64 {
        self.shipments[shipment].contents.iter().map(Content::outstanding).sum()
    }

    /// The state of a shipment on the road.
    fn under_way(&mut self, shipment: usize) {
        self.shipments[shipment].status = match (self.last_receipt(shipment), self.outstanding(shipment)) {
            (None, _) => "dispatched",
            (Some(_), 0) => "received",
            _ => "partially_received",
        };
    }

    fn pack(&mut self, shipment: usize, day: u32, with_shortfall: bool) -> u16 {
        if self.shipments[shipment].status != "draft" {
            return 409;
        }
        let mut left = self.shipments[shipment].wanted;
        let mut contents = [Content::default(); 2];
        for (lot, content) in contents.iter_mut().enumerate() {
            content.quantity = left.min(self.lies(WAREHOUSE, lot) - self.reserved[lot]);
            left -= content.quantity;
        }
        if left == self.shipments[shipment].wanted || left > 0 && !with_shortfall {
            return 409;
        }
        for (reserved, content) in self.reserved.iter_mut().zip(&contents) {
            *reserved += content.quantity;
        }
        let there = &mut self.shipments[shipment];
        (there.status, there.packed_on, there.contents) = ("packed", day, contents);
        200
    }

    fn set_free(&mut self, shipment: usize, status: &'static str) {
        if self.shipments[shipment].status == "packed" {
            for lot in 0..2 {
                self.reserved[lot] -= self.shipments[shipment].contents[lot].quantity;
            }
        }
        self.shipments[shipment].contents = Default::default();
        self.shipments[shipment].status = status;
    }

    fn dispatch(&mut self, shipment: usize, day: u32) -> u16 {
        let there = self.shipments[shipment].clone();
        if there.status != "packed" {
            return 409;
        }
        if day < there.packed_on {
            return 422;
        }
        let (reserved, mut legs) = (self.reserved, Vec::new());
        for lot in 0..2 {
            self.reserved[lot] -= there.contents[lot].quantity;
            legs.push((WAREHOUSE, lot, -there.contents[lot].quantity, day));
        }
        if !self.post(&legs) {
            self.reserved = reserved;
            return 409;
        }
        (self.shipments[shipment].status, self.shipments[shipment].dispatched_on) = ("dispatched", day);
        200
    }

    fn receive(&mut self, shipment: usize, day: u32, lots: &[(i64, i64); 2], id: Uuid) -> u16 {
        let there = self.shipments[shipment].clone();
        if !matches!(there.status, "dispatched" | "partially_received" | "received") {
            return 409;
        }
        let open = |lot: usize| there.contents[lot].outstanding() - there.contents[lot].explained;
        let nothing = lots.iter().all(|line| *line == (0, 0));
        let found_again = |lot: usize| there.contents[lot].explained > 0 && lots[lot].0 + lots[lot].1 > open(lot);
        if day < there.dispatched_on || nothing || (0..2).any(|lot| lots[lot].1 > open(lot) || found_again(lot)) {
            return 422;
        }
        let counted = [0, 1].map(|lot: usize| {
            let accepted = lots[lot].0.min(open(lot) - lots[lot].1);
            (accepted, lots[lot].1, lots[lot].0 - accepted)
        });
        let legs: Vec<_> = (0..2).map(|lot| (STORE, lot, lots[lot].0, day)).collect();
        assert!(self.post(&legs), "what comes in makes nothing negative");
        self.receipts.push(Counted { id, shipment, day, stands: true, lots: counted });
        for (content, counted) in self.shipments[shipment].contents.iter_mut().zip(&counted) {
            content.accepted += counted.0;
            content.rejected += counted.1;
        }
        self.under_way(shipment);
        201
    }

    fn turn_round(&mut self, index: usize) -> u16 {
        let there = self.receipts[index].clone();
        let status = self.shipments[there.shipment].status;
        let settled = |one: &Differing| one.receipt == Some(index) && !one.open && !one.withdrawn;
        if !there.stands || !matches!(status, "partially_received" | "received") || self.differences.iter().any(settled) {
            return 409;
        }
        let legs: Vec<_> = (0..2).map(|lot| (STORE, lot, -there.lots[lot].0 - there.lots[lot].2, there.day)).collect();
        if !self.post(&legs) {
            return 409;
        }
        self.receipts[index].stands = false;
        for one in self.differences.iter_mut().filter(|one| one.receipt == Some(index)) {
            (one.open, one.withdrawn) = (false, true);
        }
        for lot in 0..2 {
            self.shipments[there.shipment].contents[lot].accepted -= there.lots[lot].0;
            self.shipments[there.shipment].contents[lot].rejected -= there.lots[lot].1;
        }
        self.under_way(there.shipment);
        200
    }

    fn differ(&mut self, one: Differing) -> u16 {
        let there = &mut self.shipments[one.shipment];
        if !matches!(there.status, "dispatched" | "partially_received" | "received") {
            return 409;
        }
        let content = &mut there.contents[one.lot];
        if one.day < there.dispatched_on || one.quantity > content.outstanding() - content.explained {
            return 422;
        }
        content.explained += one.quantity;
        self.differences.push(one);
        201
    }

    fn settle(&mut self, index: usize, day: u32, withdrawn: bool) -> u16 {
        let there = self.differences[index].clone();
        if !there.open {
            return 409;
        }
        if day < there.day {
            return 422;
        }
        (self.differences[index].open, self.differences[index].withdrawn) = (false, withdrawn);
        if there.on_the_road {
            let content = &mut self.shipments[there.shipment].contents[there.lot];
            content.explained -= there.quantity;
            match (withdrawn, there.document_error) {
                (true, _) => {}
                (false, false) => content.lost += there.quantity,
                (false, true) => {
                    content.returned += there.quantity;
                    self.post(&[(WAREHOUSE, there.lot, there.quantity, day)]);
                }
            }
            if !withdrawn {
                self.under_way(there.shipment);
            }
        }
        200
    }

    /// What is outstanding is lost, or comes back to the warehouse.
    fn leave(&mut self, shipment: usize, day: u32, lost: bool) -> u16 {
        let there = self.shipments[shipment].clone();
        if !matches!(there.status, "dispatched" | "partially_received") {
            return 409;
        }
        if day < self.last_receipt(shipment).unwrap_or(there.dispatched_on) {
            return 422;
        }
        for lot in 0..2 {
            // What was explained goes its own way: gone, or never left.
            let of = |error: bool| -> i64 {
                let own = self
                    .differences
                    .iter()
                    .filter(|one| one.on_the_road && one.open && one.shipment == shipment && one.lot == lot);
                own.filter(|one| one.document_error == error).map(|one| one.quantity).sum()
            };
            let (gone, stayed) = (of(false), of(true));
            let content = &mut self.shipments[shipment].contents[lot];
            let rest = content.outstanding() - gone - stayed;
            let returned = stayed + if lost { 0 } else { rest };
            content.lost += gone + if lost { rest } else { 0 };
            content.returned += returned;
            content.explained = 0;
            self.post(&[(WAREHOUSE, lot, returned, day)]);
        }
        for one in self.differences.iter_mut().filter(|one| one.shipment == shipment) {
            one.on_the_road = false;
        }
        self.shipments[shipment].status = if lost { "lost" } else { "returned" };
        200
    }

    fn close(&mut self, shipment: usize, day: u32) -> u16 {
        let there = &self.shipments[shipment];
        if !matches!(there.status, "dispatched" | "partially_received" | "received") {
            return 409;
        }
        if day < self.last_receipt(shipment).unwrap_or(there.dispatched_on) {
            return 422;
        }
        if self.outstanding(shipment) > 0 {
            return 409;
        }
        self.shipments[shipment].status = "closed";
        200
    }
}

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
