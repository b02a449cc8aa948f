//! Shipments come on two sheets: the shipments, and their lines.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    CellFault, Sheet,
    rows::{Columns, add_new, cell_under, fault},
    tables::Import,
};
use crate::{
    db::Conn,
    error::{ApiResult, Code, Fault, Faults},
    http::New,
    register::{Fields, Record},
    shipments::{self, Journey, Shipment, ShipmentFields, ShipmentLineFields},
    types::{happened, in_order},
};

const HEADS: &str = "shipments";
const LINES: &str = "shipment_lines";

/// A line of a shipment, with the row that it stands on.
struct SheetLine {
    row: usize,
    content: Map<String, Value>,
    /// What was accepted and rejected of it.
    arrived: Option<(i64, i64)>,
}

/// What a sheet tells of a shipment's way.
struct Way {
    id: Uuid,
    row: usize,
    dispatched: Option<NaiveDate>,
    received: Option<NaiveDate>,
    /// The row of each line, and what arrived of it.
    arrived: Vec<(usize, Option<(i64, i64)>)>,
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
            let arrived = own.iter().map(|line| (line.row, line.arrived)).collect();
            let (dispatched, received) =
                (self.day(heads, *row, cells, "dispatched_on"), self.day(heads, *row, cells, "received_on"));
            let way = Way { id, row: *row, dispatched, received, arrived };
            match self.shipment(&columns, heads, lines, (*row, cells), own) {
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
        if self.summary.faults.is_empty() {
            self.judge_items(conn, (heads, lines), &columns, &read, &ways).await?;
        }
        if !self.summary.faults.is_empty() {
            return Ok(());
        }
        let journey = self.journey(conn, heads, &ways).await?;
        self.write::<Shipment>(conn, heads, &columns, &read).await?;
        if self.summary.faults.is_empty()
            && let Err(error) = shipments::lead(conn, self.actor.id, &journey).await
        {
            return self.refused(heads, &columns, ways.first().map_or(1, |way| way.row), error);
        }
        Ok(())
    }

    /// Items are judged as they are for a shipment that is sent to the API, all in one query.
    async fn judge_items(
        &mut self,
        conn: &mut Conn,
        (heads, lines): (&Sheet, &Sheet),
        columns: &Columns,
        read: &[(usize, New<ShipmentFields>)],
        ways: &[Way],
    ) -> ApiResult<()> {
        let ids: Vec<Uuid> = read.iter().flat_map(|(_, new)| new.fields.lines.iter().map(|line| line.item_id)).collect();
        let tracked = shipments::tracked_items(conn, &ids).await?;
        for ((row, new), way) in read.iter().zip(ways) {
            let rows: Vec<usize> = way.arrived.iter().map(|(row, _)| *row).collect();
            let (of_lines, of_head) = split(shipments::lots(&tracked, &new.fields.lines));
            self.summary.faults.extend(columns.told(heads, *row, of_head));
            self.summary.faults.extend(of_lines.into_iter().map(|one| told_of_line(lines, &rows, one)));
        }
        Ok(())
    }

    /// The way of the shipments that are new; one that is there already must have come the same way.
    async fn journey(&mut self, conn: &mut Conn, heads: &Sheet, ways: &[Way]) -> ApiResult<Journey> {
        let ids: Vec<Uuid> = ways.iter().map(|way| way.id).collect();
        let there: HashMap<Uuid, Shipment> =
            Shipment::load_many(conn, &ids).await?.into_iter().map(|shipment| (shipment.id(), shipment)).collect();
        let mut journey = Journey::default();
        for way in ways {
            match there.get(&way.id) {
                Some(shipment) if way.is_that_of(shipment) => {}
                Some(_) => self.summary.faults.push(fault(heads, way.row, "code", Code::RecordConflict)),
                None => way.add_to(&mut journey),
            }
        }
        Ok(journey)
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
        let ignored = ["shipment_code", "line", "accepted_quantity", "rejected_quantity"];
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
            let content = columns.object(sheet, *row, cells, &self.ids, &mut self.summary.faults);
            let arrived = match (cell("accepted_quantity"), cell("rejected_quantity")) {
                ("", "") => None,
                (accepted, rejected) => {
                    let arrived = accepted.parse().ok().zip(rejected.parse().ok());
                    if arrived.is_none() {
                        self.summary.faults.push(fault(sheet, *row, "accepted_quantity", Code::WrongType));
                    }
                    arrived
                }
            };
            own.push(SheetLine { row: *row, content, arrived });
        }
        lines
    }

    fn shipment(
        &self,
        columns: &Columns,
        heads: &Sheet,
        lines: &Sheet,
        (row, cells): (usize, &[String]),
        own: Vec<SheetLine>,
    ) -> Result<ShipmentFields, Vec<CellFault>> {
        let mut faults = Vec::new();
        let mut object = columns.object(heads, row, cells, &self.ids, &mut faults);
        let (rows, own): (Vec<usize>, Vec<Map<String, Value>>) = own.into_iter().map(|line| (line.row, line.content)).unzip();
        object.insert("lines".to_owned(), own.into_iter().map(Value::Object).collect());
        let read = deserr::deserialize::<ShipmentFields, _, Faults>(Value::Object(object)).and_then(|fields| {
            let mut faults = Faults::default();
            fields.check(&mut faults);
            faults.into_result().map(|()| fields)
        });
        match read {
            Ok(fields) if faults.is_empty() => Ok(fields),
            Ok(_) => Err(faults),
            Err(more) => {
                let (of_lines, of_head) = split(more);
                add_new(&mut faults, columns.told(heads, row, of_head));
                add_new(&mut faults, of_lines.into_iter().map(|one| told_of_line(lines, &rows, one)).collect());
                Err(faults)
            }
        }
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
        let of_lines = self.arrived.iter().zip(&fields.lines).filter_map(|((row, arrived), line)| {
            let code = match (self.received, arrived) {
                (None, None) => return None,
                (Some(_), None) => Code::Required,
                (None, Some(_)) => Code::WrongState,
                (Some(_), Some((accepted, rejected))) => {
                    let whole = 0..=line.quantity;
                    if whole.contains(accepted) && (0..=line.quantity - accepted).contains(rejected) {
                        return None;
                    }
                    Code::OutOfRange
                }
            };
            Some(fault(lines, *row, "accepted_quantity", code))
        });
        of_head.chain(of_lines).collect()
    }

    /// Whether the register tells the same of a shipment.
    fn is_that_of(&self, shipment: &Shipment) -> bool {
        let arrived = shipment.lines.iter().map(|line| line.accepted_quantity.zip(line.rejected_quantity));
        (self.dispatched, self.received) == (shipment.row.dispatched_on, shipment.row.received_on)
            && self.arrived.iter().map(|(_, arrived)| *arrived).eq(arrived)
    }

    fn add_to(&self, journey: &mut Journey) {
        journey.dispatched.extend(self.dispatched.map(|day| (self.id, day)));
        journey.received.extend(self.received.map(|day| (self.id, day)));
        let counted = (1..)
            .zip(&self.arrived)
            .filter_map(|(number, (_, arrived))| arrived.map(|(accepted, rejected)| (number, accepted, rejected)));
        journey.lines.extend(counted.map(|(number, accepted, rejected)| (self.id, number, accepted, rejected)));
    }
}

/// Faults of lines, and faults of the shipment itself.
fn split(faults: Faults) -> (Vec<Fault>, Vec<Fault>) {
    faults.0.into_iter().partition(|one| one.pointer.starts_with("/lines/"))
}

/// `/lines/2/quantity` as the cell it came from.
fn told_of_line(sheet: &Sheet, rows: &[usize], one: Fault) -> CellFault {
    let mut parts = one.pointer.split('/').skip(2);
    let row = parts.next().and_then(|index| index.parse::<usize>().ok()).and_then(|index| rows.get(index)).copied().unwrap_or(1);
    let name = parts.next().unwrap_or_default();
    let column = name.strip_suffix("_id").map_or_else(|| name.to_owned(), |stem| format!("{stem}_code"));
    CellFault { allowed: one.allowed, ..fault(sheet, row, &column, one.code) }
}
