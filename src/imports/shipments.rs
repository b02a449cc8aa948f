//! Shipments come on two sheets: the shipments, and their lines.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    CellFault, Sheet,
    lots::lot_key,
    rows::{Columns, cell_under, fault},
    tables::Import,
};
use crate::{
    db::Conn,
    error::{ApiResult, Code, Faults},
    http::New,
    register::{Fields, Record},
    shipments::{self, Arrived, DiscrepancyCause, Journey, RejectionCause, Shipment, ShipmentFields, ShipmentLineFields},
    types::{happened, in_order},
};

const HEADS: &str = "shipments";
const LINES: &str = "shipment_lines";

/// A line of a shipment, with the row that it stands on.
struct SheetLine {
    row: usize,
    content: Map<String, Value>,
    /// What became of it.
    fate: Fate,
}

/// What a sheet tells of a line that was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Fate {
    /// What was accepted and rejected of it.
    arrived: Option<(i64, i64)>,
    /// Why it was rejected.
    cause: Option<RejectionCause>,
    /// Why the rest did not arrive.
    missing: Option<DiscrepancyCause>,
}

/// What a sheet tells of a shipment's way.
struct Way {
    id: Uuid,
    row: usize,
    dispatched: Option<NaiveDate>,
    received: Option<NaiveDate>,
    /// The row of each line, and what became of it.
    fates: Vec<(usize, Fate)>,
}

impl Import<'_> {
    /// Loads shipments with their lines, and leads them to the state that their days tell.
    pub(super) async fn shipments(&mut self, conn: &mut Conn, sheets: &[Sheet]) -> ApiResult<()> {
        let sheet = |name: &str| sheets.iter().find(|sheet| sheet.name == name);
        let (Some(heads), Some(lines)) = (sheet(HEADS), sheet(LINES)) else {
            // One without the other is half a shipment.
            for alone in [sheet(HEADS), sheet(LINES)].into_iter().flatten() {
                self.summary.faults.push(fault(alone, 1, "", Code::Required));
            }
            return Ok(());
        };
        let mut of_shipment = self.lines(lines);
        let columns = Columns::of::<ShipmentFields>(heads, HEADS, &["dispatched_on", "received_on"], &mut self.summary.faults);
        let (mut read, mut ways) = (Vec::new(), Vec::new());
        for (row, cells) in &heads.rows {
            let id = self.id_of(heads, HEADS, cells);
            let own = of_shipment.remove(&id).unwrap_or_default();
            let fates = own.iter().map(|line| (line.row, line.fate)).collect();
            let (dispatched, received) =
                (self.day(heads, *row, cells, "dispatched_on"), self.day(heads, *row, cells, "received_on"));
            let way = Way { id, row: *row, dispatched, received, fates };
            let own = own.into_iter().map(|line| (line.row, line.content)).collect();
            let whole = columns.read_with_lines((heads, *row, cells), ("lines", lines, own), &self.ids, ShipmentFields::check);
            match whole {
                Err(faults) => self.summary.faults.extend(faults),
                Ok(fields) => {
                    self.summary.faults.extend(way.judge(heads, lines, &fields));
                    read.push((*row, New { id, fields }));
                    ways.push(way);
                }
            }
        }
        // Lines of a shipment that the sheet of shipments does not have would come from nowhere.
        let left =
            of_shipment.into_values().flatten().map(|line| fault(lines, line.row, "shipment_code", Code::UnknownReference));
        self.summary.faults.extend(left);
        if !self.summary.faults.is_empty() {
            return Ok(());
        }
        let new = self.new_ways(conn, heads, &ways).await?;
        self.write::<Shipment>(conn, heads, ("code", &columns), &read).await?;
        let fields: HashMap<Uuid, &ShipmentFields> = read.iter().map(|(_, new)| (new.id, &new.fields)).collect();
        let journey = Journey(new.iter().filter_map(|way| way.to_be_led(fields.get(&way.id)?)).collect());
        if self.summary.faults.is_empty()
            && let Err(error) = shipments::lead(conn, self.actor.id, &journey).await
        {
            return self.refused(heads, &columns, ways.first().map_or(1, |way| way.row), error);
        }
        Ok(())
    }

    /// The way of the shipments that are new; one that is there already must have come the same way.
    async fn new_ways<'w>(&mut self, conn: &mut Conn, heads: &Sheet, ways: &'w [Way]) -> ApiResult<Vec<&'w Way>> {
        let ids: Vec<Uuid> = ways.iter().map(|way| way.id).collect();
        let there: HashMap<Uuid, Shipment> =
            Shipment::load_many(conn, &ids).await?.into_iter().map(|shipment| (shipment.id(), shipment)).collect();
        let mut new = Vec::new();
        for way in ways {
            match there.get(&way.id) {
                Some(shipment) if way.is_that_of(shipment) => {}
                Some(_) => self.summary.faults.push(fault(heads, way.row, "code", Code::RecordConflict)),
                None => new.push(way),
            }
        }
        Ok(new)
    }

    /// The day in a cell, if there is one.
    fn day(&mut self, sheet: &Sheet, row: usize, cells: &[String], heading: &str) -> Option<NaiveDate> {
        let cell = cell_under(heading, sheet, cells);
        let day = cell.parse().ok();
        if day.is_none() && !cell.is_empty() {
            self.summary.faults.push(fault(sheet, row, heading, Code::InvalidDate));
        }
        day
    }

    /// The lines by their shipment, in the order of their numbers, and what arrived of them.
    fn lines(&mut self, sheet: &Sheet) -> HashMap<Uuid, Vec<SheetLine>> {
        let ignored =
            ["shipment_code", "line", "lot_number", "accepted_quantity", "rejected_quantity", "rejection_cause", "missing_cause"];
        let columns = Columns::of::<ShipmentLineFields>(sheet, LINES, &ignored, &mut self.summary.faults);
        let mut lines: HashMap<Uuid, Vec<SheetLine>> = HashMap::new();
        for (row, cells) in &sheet.rows {
            let cell = |heading: &str| cell_under(heading, sheet, cells);
            let Some(shipment) = self.ids.get(&(HEADS, cell("shipment_code").to_owned())).copied() else {
                self.summary.faults.push(fault(sheet, *row, "shipment_code", Code::UnknownReference));
                continue;
            };
            let own = lines.entry(shipment).or_default();
            if cell("line").parse() != Ok(own.len() + 1) {
                self.summary.faults.push(fault(sheet, *row, "line", Code::OutOfRange));
            }
            let mut content = columns.object(sheet, *row, cells, &self.ids, &mut self.summary.faults);
            match self.ids.get(&("lots", lot_key(cell("item_code"), cell("lot_number")))) {
                Some(lot) => drop(content.insert("lot_id".to_owned(), Value::String(lot.to_string()))),
                // Without a number it may be a draft that takes whichever expire first.
                None if cell("lot_number").is_empty() => {}
                None => self.summary.faults.push(fault(sheet, *row, "lot_number", Code::UnknownReference)),
            }
            let fate = fate(sheet, *row, cells, &mut self.summary.faults);
            own.push(SheetLine { row: *row, content, fate });
        }
        lines
    }
}

impl Way {
    /// The rules of the API's steps: what arrived had left, every line of it was counted, nothing lies in the future.
    fn judge(&self, heads: &Sheet, lines: &Sheet, fields: &ShipmentFields) -> Vec<CellFault> {
        let mut faults = Faults::default();
        for (pointer, day) in [("/dispatched_on", self.dispatched), ("/received_on", self.received)] {
            if let Some(day) = day {
                happened(&mut faults, pointer, day);
            }
        }
        in_order(&mut faults, "/received_on", self.dispatched, self.received);
        if self.received.is_some() && self.dispatched.is_none() {
            faults.add("/dispatched_on", Code::Required);
        }
        let of_head = faults.0.into_iter().map(|one| fault(heads, self.row, one.pointer.trim_start_matches('/'), one.code));
        let of_lines = self.fates.iter().zip(&fields.lines).filter_map(|((row, fate), line)| {
            let (column, code) = self.fault_of(fate, line)?;
            Some(fault(lines, *row, column, code))
        });
        of_head.chain(of_lines).collect()
    }

    /// What is wrong with what became of a line: what left names its lot, what arrived was counted, and every rest has one cause.
    fn fault_of(&self, fate: &Fate, line: &ShipmentLineFields) -> Option<(&'static str, Code)> {
        if self.dispatched.is_some() && line.lot_id.is_none() {
            return Some(("lot_number", Code::Required));
        }
        let (accepted, rejected) = match (self.received, fate.arrived) {
            (None, None) => return None,
            (Some(_), None) => return Some(("accepted_quantity", Code::Required)),
            (None, Some(_)) => return Some(("accepted_quantity", Code::WrongState)),
            (Some(_), Some(arrived)) => arrived,
        };
        let whole = 0..=line.quantity;
        if !whole.contains(&accepted) || !(0..=line.quantity - accepted).contains(&rejected) {
            return Some(("accepted_quantity", Code::OutOfRange));
        }
        match (rejected > 0, fate.cause) {
            (true, None) => return Some(("rejection_cause", Code::Required)),
            (false, Some(_)) => return Some(("rejection_cause", Code::UnknownValue)),
            _ => {}
        }
        let nothing_missing = accepted + rejected == line.quantity;
        (nothing_missing && fate.missing.is_some()).then_some(("missing_cause", Code::UnknownValue))
    }

    /// Whether the register tells the same of a shipment.
    fn is_that_of(&self, shipment: &Shipment) -> bool {
        let arrived = |line: &(usize, Fate), lot: Option<Uuid>| {
            let content = shipment.contents.iter().find(|content| Some(content.lot_id) == lot);
            content.map_or(line.1.arrived.is_none(), |content| {
                line.1.arrived.unwrap_or_default() == (content.accepted, content.rejected)
            })
        };
        (self.dispatched, self.received) == (shipment.row.dispatched_on, shipment.row.received_on)
            && self.fates.len() == shipment.lines.len()
            && self.fates.iter().zip(&shipment.lines).all(|(fate, line)| arrived(fate, line.lot_id))
    }

    /// The way of a shipment that left, for the journey; a draft has none.
    fn to_be_led(&self, fields: &ShipmentFields) -> Option<shipments::Way> {
        let line = |(line, (_, fate)): (&ShipmentLineFields, &(usize, Fate))| {
            let (accepted, rejected) = fate.arrived?;
            Some(Arrived { lot_id: line.lot_id?, accepted, rejected, cause: fate.cause, missing: fate.missing })
        };
        Some(shipments::Way {
            shipment: self.id,
            dispatched_on: self.dispatched?,
            received_on: self.received,
            lines: fields.lines.iter().zip(&self.fates).filter_map(line).collect(),
        })
    }
}

/// What a row tells of what became of its line.
fn fate(sheet: &Sheet, row: usize, cells: &[String], faults: &mut Vec<CellFault>) -> Fate {
    let cell = |heading: &str| cell_under(heading, sheet, cells);
    let arrived = match (cell("accepted_quantity"), cell("rejected_quantity")) {
        ("", "") => None,
        (accepted, rejected) => {
            let arrived = accepted.parse().ok().zip(rejected.parse().ok());
            if arrived.is_none() {
                faults.push(fault(sheet, row, "accepted_quantity", Code::WrongType));
            }
            arrived
        }
    };
    let mut word = |heading: &'static str, known: bool, allowed: Vec<&'static str>| {
        if !known && !cell(heading).is_empty() {
            let allowed = allowed.into_iter().map(ToOwned::to_owned).collect();
            faults.push(CellFault { allowed, ..fault(sheet, row, heading, Code::UnknownValue) });
        }
    };
    let cause = RejectionCause::parse(cell("rejection_cause"));
    word("rejection_cause", cause.is_some(), RejectionCause::ALL.iter().map(|cause| cause.as_str()).collect());
    let of_the_road =
        || DiscrepancyCause::ALL.iter().filter(|cause| cause.is_of_the_road() && **cause != DiscrepancyCause::DocumentError);
    let missing = of_the_road().copied().find(|cause| cause.as_str() == cell("missing_cause"));
    word("missing_cause", missing.is_some(), of_the_road().map(|cause| cause.as_str()).collect());
    Fate { arrived, cause, missing }
}
