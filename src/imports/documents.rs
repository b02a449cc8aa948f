//! Documents of the ledger come on two sheets: the papers, and their lines. What names a paper is its `reference`.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use uuid::Uuid;

use super::{
    CellFault, Sheet,
    lots::lot_key,
    rows::{Columns, Lines, cell_under, fault},
    tables::{BATCH, Import, made_id},
};
use crate::{
    db::Conn,
    error::{ApiResult, Code},
    register::Record,
    stock::{self, NewStockDocument, Posting, StockDocument, StockLine},
    stock_locations::{LocationKind, StockLocation},
};

const HEADS: &str = "stock_documents";
const LINES: &str = "stock_document_lines";

/// A paper as it was read: its row, its id, its words.
type Read = (usize, Uuid, NewStockDocument);

/// A paper that is not in the ledger yet.
struct Paper {
    row: usize,
    posting: Posting,
    /// Whether it brings what was nowhere before.
    from_outside: bool,
}

/// The papers of the sheets that are not in the ledger yet, the oldest first, and where they stand.
pub(super) struct Papers<'s> {
    heads: &'s Sheet,
    columns: Columns,
    new: Vec<Paper>,
}

impl Import<'_> {
    /// Reads and judges the papers; nothing if there are none, or if anything is wrong.
    pub(super) async fn papers<'s>(&mut self, conn: &mut Conn, sheets: &'s [Sheet]) -> ApiResult<Option<Papers<'s>>> {
        let sheet = |name: &str| sheets.iter().find(|sheet| sheet.name == name);
        let (Some(heads), Some(lines)) = (sheet(HEADS), sheet(LINES)) else {
            // One without the other is half a document.
            for alone in [sheet(HEADS), sheet(LINES)].into_iter().flatten() {
                self.summary.faults.push(fault(alone, 1, "", Code::Required));
            }
            return Ok(None);
        };
        // Its name is its reference, its lines have a sheet of their own.
        let not_here = ["id", "lines"].into_iter().filter(|name| heads.columns.iter().any(|heading| heading == name));
        self.summary.faults.extend(not_here.map(|name| fault(heads, 1, name, Code::UnknownField)));
        let columns = Columns::of::<NewStockDocument>(heads, HEADS, &[], &mut self.summary.faults);
        let read = self.read_papers(&columns, heads, lines);
        let ids: Vec<(usize, Uuid)> = read.iter().map(|(row, id, _)| (*row, *id)).collect();
        if !self.summary.faults.is_empty() || !self.each_once(heads, "reference", &ids) {
            return Ok(None);
        }
        let ids: Vec<Uuid> = ids.into_iter().map(|(_, id)| id).collect();
        let there: HashMap<Uuid, StockDocument> =
            stock::of_ids(conn, &ids).await?.into_iter().map(|document| (document.row.id, document)).collect();
        let (old, fresh): (Vec<Read>, Vec<Read>) = read.into_iter().partition(|(_, id, _)| there.contains_key(id));
        let other = |(_, id, new): &&Read| there.get(id).is_none_or(|document| !document.is_made_of(new));
        self.conflicts(heads, "reference", old.iter().filter(other).map(|(row, ..)| *row));
        (self.progress)(old.len() as u64);
        let new = self.judged(conn, heads, &fresh).await?;
        self.summary.tables.push((heads.name.clone(), fresh.len(), old.len()));
        Ok(Some(Papers { heads, columns, new }))
    }

    /// Posts the papers that bring something from outside, or all others, by the set and the oldest first.
    pub(super) async fn post(&mut self, conn: &mut Conn, papers: Option<&Papers<'_>>, from_outside: bool) -> ApiResult<()> {
        let Some(Papers { heads, columns, new }) = papers else { return Ok(()) };
        let now: Vec<&Paper> = new.iter().filter(|paper| paper.from_outside == from_outside).collect();
        for batch in now.chunks(BATCH) {
            if !self.summary.faults.is_empty() {
                return Ok(());
            }
            let first = batch.first().map_or(1, |paper| paper.row);
            let postings: Vec<Posting> = batch.iter().map(|paper| paper.posting.clone()).collect();
            match stock::post(conn, self.actor.id, &postings).await {
                Ok(true) => (self.progress)(batch.len() as u64),
                // Somebody has written one of them meanwhile.
                Ok(false) => self.conflicts(heads, "reference", std::iter::once(first)),
                Err(error) => self.refused(heads, columns, first, error)?,
            }
        }
        Ok(())
    }

    fn read_papers(&mut self, columns: &Columns, heads: &Sheet, lines: &Sheet) -> Vec<Read> {
        let mut of_paper = self.paper_lines(lines);
        let mut read = Vec::new();
        let mut named = HashSet::new();
        for (row, cells) in &heads.rows {
            let reference = cell_under("reference", heads, cells);
            if reference.is_empty() {
                self.summary.faults.push(fault(heads, *row, "reference", Code::Required));
                continue;
            }
            named.insert(reference);
            let own = of_paper.remove(reference).unwrap_or_default();
            let check = |new: &NewStockDocument, faults: &mut _| stock::check_document(faults, new);
            match columns.read_with_lines((heads, *row, cells), ("lines", lines, own), &self.ids, check) {
                Err(faults) => self.summary.faults.extend(faults),
                Ok(new) => read.push((*row, made_id(HEADS, reference), new)),
            }
        }
        // Where a reference stands twice its lines went with the first.
        let left = of_paper.into_iter().filter(|(reference, _)| !named.contains(reference.as_str())).flat_map(|(_, own)| own);
        self.summary.faults.extend(left.map(|(row, _)| fault(lines, row, "document_reference", Code::UnknownReference)));
        read
    }

    /// The lines by the reference of their paper, in the order of the sheet.
    fn paper_lines(&mut self, sheet: &Sheet) -> HashMap<String, Lines> {
        let columns =
            Columns::of::<StockLine>(sheet, LINES, &["document_reference", "item_code", "lot_number"], &mut self.summary.faults);
        let mut lines: HashMap<String, Lines> = HashMap::new();
        for (row, cells) in &sheet.rows {
            let cell = |heading: &str| cell_under(heading, sheet, cells);
            let mut content = columns.object(sheet, *row, cells, &self.ids, &mut self.summary.faults);
            let Some(lot) = self.ids.get(&("lots", lot_key(cell("item_code"), cell("lot_number")))) else {
                self.summary.faults.push(fault(sheet, *row, "lot_number", Code::UnknownReference));
                continue;
            };
            content.insert("lot_id".to_owned(), Value::String(lot.to_string()));
            lines.entry(cell("document_reference").to_owned()).or_default().push((*row, content));
        }
        lines
    }

    /// What kind of act each paper is follows from its two places.
    async fn judged(&mut self, conn: &mut Conn, heads: &Sheet, read: &[Read]) -> ApiResult<Vec<Paper>> {
        let ends: HashSet<Uuid> = read.iter().flat_map(|(.., new)| [new.from_id, new.to_id]).collect();
        let places: HashMap<Uuid, StockLocation> = StockLocation::load_many(conn, &ends.into_iter().collect::<Vec<_>>())
            .await?
            .into_iter()
            .map(|place| (place.id(), place))
            .collect();
        let mut papers = Vec::new();
        for (row, id, new) in read {
            match ends_of(heads, *row, &places, new) {
                Err(fault) => self.summary.faults.push(fault),
                Ok((from, to)) => match stock::kind_between(from, to) {
                    None => self.summary.faults.push(fault(heads, *row, "to_code", Code::WrongPlaces)),
                    Some(kind) => {
                        papers.push(Paper { row: *row, posting: new.posting(*id, kind), from_outside: !from.holds() });
                    }
                },
            }
        }
        papers.sort_by_key(|paper| (paper.posting.occurred_on, paper.row));
        Ok(papers)
    }
}

/// What the two places of a paper are.
fn ends_of(
    heads: &Sheet,
    row: usize,
    places: &HashMap<Uuid, StockLocation>,
    new: &NewStockDocument,
) -> Result<(LocationKind, LocationKind), CellFault> {
    let end = |column: &str, id: Uuid| match places.get(&id) {
        Some(place) if place.is_retired() => Err(fault(heads, row, column, Code::RetiredReference)),
        Some(place) => Ok(place.fields.kind),
        None => Err(fault(heads, row, column, Code::UnknownReference)),
    };
    Ok((end("from_code", new.from_id)?, end("to_code", new.to_id)?))
}
