//! Any sequence of acts, late ones and undone ones among them, is answered as a simple model says; and whoever acts at once, nothing is
//! lost, doubled or less than nothing.

mod played;

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

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
