//! Shipments come on two sheets: the shipments, and their lines.

use std::collections::HashMap;

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
};

const HEADS: &str = "shipments";
const LINES: &str = "shipment_lines";

/// The lines of one shipment, with the rows that they stand on.
type Lines = Vec<(usize, Map<String, Value>)>;

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
        let mut journey = Journey::default();
        let mut of_shipment = self.lines(lines, &mut journey);
        let ignored = ["dispatched_on", "received_on"];
        let columns = Columns::of::<ShipmentFields>(heads, HEADS, &ignored, &mut self.summary.faults);
        let mut read = Vec::new();
        for (row, cells) in &heads.rows {
            let id = self.id_of(heads, HEADS, cells);
            let own = of_shipment.remove(&id).unwrap_or_default();
            match self.shipment(&columns, heads, lines, (*row, cells), own) {
                Err(faults) => self.summary.faults.extend(faults),
                Ok(fields) => read.push((*row, New { id, fields })),
            }
            for (heading, days) in [("dispatched_on", &mut journey.dispatched), ("received_on", &mut journey.received)] {
                let cell = cell_under(heading, heads, cells);
                match cell.parse() {
                    Ok(day) => days.push((id, day)),
                    Err(_) if cell.is_empty() => {}
                    Err(_) => self.summary.faults.push(fault(heads, *row, heading, Code::InvalidDate)),
                }
            }
        }
        if !self.summary.faults.is_empty() {
            return Ok(());
        }
        for (row, new) in &read {
            // Items are judged as they are for a shipment that is sent to the API.
            if let Err(error) = Shipment::check_references(conn, &self.actor.scope, &new.fields).await {
                self.summary.faults.extend(columns.told(heads, *row, error.faults));
            }
        }
        if !self.summary.faults.is_empty() {
            return Ok(());
        }
        self.write::<Shipment>(conn, heads, &columns, &read).await?;
        if self.summary.faults.is_empty() {
            shipments::lead(conn, self.actor.id, &journey).await?;
        }
        Ok(())
    }

    /// The lines by their shipment, in the order of their numbers, and what arrived of them.
    fn lines(&mut self, sheet: &Sheet, journey: &mut Journey) -> HashMap<Uuid, Lines> {
        let ignored = ["shipment_code", "line", "accepted_quantity", "rejected_quantity"];
        let columns = Columns::of::<ShipmentLineFields>(sheet, LINES, &ignored, &mut self.summary.faults);
        let mut lines: HashMap<Uuid, Lines> = HashMap::new();
        for (row, cells) in &sheet.rows {
            let cell = |heading: &str| cell_under(heading, sheet, cells);
            let Some(shipment) = self.ids.get(&(HEADS, cell("shipment_code").to_owned())).copied() else {
                self.summary.faults.push(fault(sheet, *row, "shipment_code", Code::UnknownReference));
                continue;
            };
            let own = lines.entry(shipment).or_default();
            let number = i32::try_from(own.len() + 1).unwrap_or(i32::MAX);
            if cell("line").parse() != Ok(number) {
                self.summary.faults.push(fault(sheet, *row, "line", Code::OutOfRange));
            }
            own.push((*row, columns.object(sheet, *row, cells, &self.ids, &mut self.summary.faults)));
            match (cell("accepted_quantity").parse(), cell("rejected_quantity").parse()) {
                (Ok(accepted), Ok(rejected)) => journey.lines.push((shipment, number, accepted, rejected)),
                _ if cell("accepted_quantity").is_empty() && cell("rejected_quantity").is_empty() => {}
                _ => self.summary.faults.push(fault(sheet, *row, "accepted_quantity", Code::WrongType)),
            }
        }
        lines
    }

    fn shipment(
        &self,
        columns: &Columns,
        heads: &Sheet,
        lines: &Sheet,
        (row, cells): (usize, &[String]),
        own: Lines,
    ) -> Result<ShipmentFields, Vec<CellFault>> {
        let mut faults = Vec::new();
        let mut object = columns.object(heads, row, cells, &self.ids, &mut faults);
        let (rows, own): (Vec<usize>, Vec<Map<String, Value>>) = own.into_iter().unzip();
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
                let (of_lines, of_head): (Vec<Fault>, Vec<Fault>) =
                    more.0.into_iter().partition(|one| one.pointer.starts_with("/lines/"));
                add_new(&mut faults, columns.told(heads, row, of_head));
                add_new(&mut faults, of_lines.into_iter().map(|one| told_of_line(lines, &rows, one)).collect());
                Err(faults)
            }
        }
    }
}

/// `/lines/2/quantity` as the cell it came from.
fn told_of_line(sheet: &Sheet, rows: &[usize], one: Fault) -> CellFault {
    let mut parts = one.pointer.split('/').skip(2);
    let row = parts.next().and_then(|index| index.parse::<usize>().ok()).and_then(|index| rows.get(index)).copied().unwrap_or(1);
    let name = parts.next().unwrap_or_default();
    let column = name.strip_suffix("_id").map_or_else(|| name.to_owned(), |stem| format!("{stem}_code"));
    CellFault { allowed: one.allowed, ..fault(sheet, row, &column, one.code) }
}
