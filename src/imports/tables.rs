//! The tables in the order in which they refer to each other, each loaded by sets.

use std::collections::{HashMap, HashSet};

use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    CellFault, Sheet,
    lots::lot_key,
    rows::{Columns, Ids, cell_under, fault, name_of, parts, referred_table},
};
use crate::{
    areas::{Area, AreaAccessRow},
    assignments::Assignment,
    auth::Actor,
    budgets::{Commitment, Disbursement, ExpenditureFields},
    campaigns::Campaign,
    claims::Claim,
    contracts::Contract,
    db::Conn,
    donations::DonationFields,
    donors::Donor,
    error::{ApiError, ApiResult, Code, Faults},
    exchange_rates::ExchangeRate,
    facilities::{Facility, FacilityStatusRow},
    http::New,
    items::Item,
    lots::Lot,
    organizations::Organization,
    projects::Project,
    register::{ChildRow, Fields, Record},
    staff::Staff,
    stipend_scales::StipendScale,
    stock_locations::StockLocation,
    support::{CampaignFacilityRow, ContractFacilityRow, ProjectFacilityRow},
};

/// Ids of imported records are made from their codes, so that the same sheet makes the same records anywhere.
const NAMESPACE: Uuid = Uuid::from_u128(0x5127_a700_0000_4000_8000_0000_0000_0001);
/// Rows of one statement; PostgreSQL takes 65,535 values at once.
pub(super) const BATCH: usize = 1_000;

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// (sheet, rows added, rows that were there already)
    pub tables: Vec<(String, usize, usize)>,
    /// Everything that is wrong; nothing was written if there is any.
    pub faults: Vec<CellFault>,
}

/// Told how many rows are done.
pub type Progress<'a> = &'a dyn Fn(u64);

/// An import under way.
pub(super) struct Import<'a> {
    pub(super) actor: &'a Actor,
    pub(super) ids: Ids,
    pub(super) summary: Summary,
    pub(super) progress: Progress<'a>,
}

/// Imports sheets in one transaction of the caller's. With faults in the summary, the caller must roll back.
pub async fn import(conn: &mut Conn, actor: &Actor, sheets: &[Sheet], progress: Progress<'_>) -> ApiResult<Summary> {
    let mut import = Import { actor, ids: Ids::new(), summary: Summary::default(), progress };
    import.known_names(sheets);
    import.find_ids(conn, sheets).await?;
    import.find_lots(conn, sheets).await?;
    import.find_budgets(conn, sheets).await?;
    import.records::<Area>(conn, sheets, "areas").await?;
    import.rows::<AreaAccessRow>(conn, sheets, "area_access", &["area_code", "since_on"]).await?;
    import.records::<Organization>(conn, sheets, "organizations").await?;
    import.records::<Project>(conn, sheets, "projects").await?;
    import.records::<Facility>(conn, sheets, "facilities").await?;
    import.rows::<FacilityStatusRow>(conn, sheets, "facility_status", &["facility_code", "since_on"]).await?;
    import
        .rows::<ProjectFacilityRow>(conn, sheets, "project_facilities", &["project_code", "facility_code", "starts_on"])
        .await?;
    import.records::<Contract>(conn, sheets, "contracts").await?;
    import
        .rows::<ContractFacilityRow>(conn, sheets, "contract_facilities", &["contract_code", "facility_code", "starts_on"])
        .await?;
    import.records::<Campaign>(conn, sheets, "campaigns").await?;
    import
        .rows::<CampaignFacilityRow>(conn, sheets, "campaign_facilities", &["campaign_code", "facility_code", "starts_on"])
        .await?;
    import.records::<Claim>(conn, sheets, "claims").await?;
    import.money(conn, sheets).await?;
    import.records::<Donor>(conn, sheets, "donors").await?;
    // A row of money has no code: its campaign, its kind and the number on its paper tell it from others, so that a sheet needs the number.
    import.rows::<DonationFields>(conn, sheets, "donations", &["campaign_code", "kind", "reference"]).await?;
    import.records::<Staff>(conn, sheets, "staff").await?;
    import.records::<Assignment>(conn, sheets, "assignments").await?;
    import.records::<Item>(conn, sheets, "items").await?;
    import.records::<StockLocation>(conn, sheets, "stock_locations").await?;
    import.records::<Lot>(conn, sheets, "lots").await?;
    let papers = import.papers(conn, sheets).await?;
    // What came from outside lies there before anything leaves; what was used or lost had come first.
    import.post(conn, papers.as_ref(), true).await?;
    import.shipments(conn, sheets).await?;
    import.post(conn, papers.as_ref(), false).await?;
    Ok(import.summary)
}

impl Import<'_> {
    /// What money is reckoned with, planned for, promised, received and spent. A row of money has no code: its name is what stands on its paper.
    async fn money(&mut self, conn: &mut Conn, sheets: &[Sheet]) -> ApiResult<()> {
        let rate = ["base_currency", "quote_currency", "rated_on", "source"];
        self.named::<ExchangeRate>(conn, sheets, "exchange_rates", &rate).await?;
        let scale = ["contract_code", "cadre", "area_code", "starts_on"];
        self.named::<StipendScale>(conn, sheets, "stipend_scales", &scale).await?;
        self.budget_lines(conn, sheets).await?;
        self.named::<Disbursement>(conn, sheets, "disbursements", &["contract_code", "reference"]).await?;
        let commitment = ["contract_code", "budget_line_code", "reference"];
        self.named::<Commitment>(conn, sheets, "commitments", &commitment).await?;
        let expenditure = ["contract_code", "budget_line_code", "spent_on", "description"];
        self.rows::<ExpenditureFields>(conn, sheets, "expenditures", &expenditure).await
    }
}

/// Every sheet that an import knows, in the order in which they refer to each other.
const SHEETS: &[&str] = &[
    "areas",
    "area_access",
    "organizations",
    "projects",
    "facilities",
    "facility_status",
    "project_facilities",
    "contracts",
    "contract_facilities",
    "campaigns",
    "campaign_facilities",
    "claims",
    "exchange_rates",
    "stipend_scales",
    "budget_lines",
    "budget_line_months",
    "disbursements",
    "commitments",
    "expenditures",
    "donors",
    "donations",
    "staff",
    "assignments",
    "items",
    "stock_locations",
    "lots",
    "shipments",
    "shipment_lines",
    "stock_documents",
    "stock_document_lines",
];

impl Import<'_> {
    fn known_names(&mut self, sheets: &[Sheet]) {
        for sheet in sheets.iter().filter(|sheet| !SHEETS.contains(&sheet.name.as_str())) {
            let allowed = SHEETS.iter().map(ToString::to_string).collect();
            self.summary.faults.push(CellFault { allowed, ..fault(sheet, 1, "", Code::UnknownValue) });
        }
    }

    /// The ids behind every code that the sheets speak of: those in the database, one query a table, and those to be made.
    async fn find_ids(&mut self, conn: &mut Conn, sheets: &[Sheet]) -> ApiResult<()> {
        #[derive(diesel::QueryableByName)]
        struct Known {
            #[diesel(sql_type = Text)]
            code: String,
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
        }
        let mut codes: std::collections::BTreeMap<&'static str, Vec<String>> = std::collections::BTreeMap::new();
        for sheet in sheets {
            let Some(own) = SHEETS.iter().copied().find(|name| *name == sheet.name) else { continue };
            // The code of a budget line is one within its contract: see `find_budgets`.
            let has_own = own != "budget_lines";
            for (index, heading) in sheet.columns.iter().enumerate() {
                let stem = heading.strip_suffix("_code").or_else(|| heading.strip_suffix("_codes")).unwrap_or_default();
                let table = if heading == "code" { has_own.then_some(own) } else { referred_table(stem, own) };
                if let Some(table) = table {
                    let cells = sheet.rows.iter().filter_map(|(_, cells)| cells.get(index));
                    codes.entry(table).or_default().extend(cells.flat_map(|cell| parts(cell)).map(ToOwned::to_owned));
                }
            }
            if let Some(index) = sheet.columns.iter().position(|heading| has_own && heading == "code") {
                let made = sheet.rows.iter().filter_map(|(_, cells)| cells.get(index));
                self.ids.extend(made.map(|code| ((own, code.clone()), made_id(own, code))));
            }
        }
        for (table, codes) in codes {
            let query = format!("SELECT code, id FROM {table} WHERE code = ANY($1)");
            let known: Vec<Known> = diesel::sql_query(query).bind::<Array<Text>, _>(codes).load(conn).await?;
            self.ids.extend(known.into_iter().map(|known| ((table, known.code), known.id)));
        }
        Ok(())
    }

    /// Loads the sheet of a table whose records the register knows.
    async fn records<R: Record>(&mut self, conn: &mut Conn, sheets: &[Sheet], table: &'static str) -> ApiResult<()> {
        self.named::<R>(conn, sheets, table, &[]).await
    }

    /// The same where no code tells one record from another: `named_by` are the columns that do, of which the last is never empty.
    async fn named<R: Record>(
        &mut self,
        conn: &mut Conn,
        sheets: &[Sheet],
        table: &'static str,
        named_by: &[&str],
    ) -> ApiResult<()> {
        let Some(sheet) = sheets.iter().find(|sheet| sheet.name == table) else { return Ok(()) };
        let columns = Columns::of::<R::Fields>(sheet, table, named_by, &mut self.summary.faults);
        let mut read: Vec<(usize, New<R::Fields>)> = Vec::new();
        for (row, cells) in &sheet.rows {
            match columns.read::<R::Fields>(sheet, *row, cells, &self.ids) {
                Err(faults) => self.summary.faults.extend(faults),
                Ok(fields) => {
                    let mut faults = Faults::default();
                    fields.check(&mut faults);
                    self.summary.faults.extend(columns.told(sheet, *row, faults.0));
                    if let Some(last) = named_by.last().filter(|last| cell_under(last, sheet, cells).is_empty()) {
                        self.summary.faults.push(fault(sheet, *row, last, Code::Required));
                    }
                    let id = match named_by {
                        [] => self.id_of(sheet, table, cells),
                        named_by => id_by(table, sheet, cells, named_by),
                    };
                    read.push((*row, New { id, fields }));
                }
            }
        }
        if !self.summary.faults.is_empty() {
            return Ok(());
        }
        self.write::<R>(conn, sheet, (named_by.first().copied().unwrap_or("code"), &columns), &read).await
    }

    /// Loads the sheet of a table whose rows hang on other records; `named_by` are the columns that tell one from another.
    async fn rows<R: ChildRow>(
        &mut self,
        conn: &mut Conn,
        sheets: &[Sheet],
        table: &'static str,
        named_by: &[&str],
    ) -> ApiResult<()> {
        let Some(sheet) = sheets.iter().find(|sheet| sheet.name == table) else { return Ok(()) };
        let columns = Columns::of::<R>(sheet, table, named_by, &mut self.summary.faults);
        let mut read: Vec<(usize, (Uuid, R))> = Vec::new();
        for (row, cells) in &sheet.rows {
            match columns.read::<R>(sheet, *row, cells, &self.ids) {
                Err(faults) => self.summary.faults.extend(faults),
                Ok(fields) => {
                    let mut faults = Faults::default();
                    fields.check_in_sheet(&mut faults);
                    self.summary.faults.extend(columns.told(sheet, *row, faults.0));
                    read.push((*row, (id_by(table, sheet, cells, named_by), fields)));
                }
            }
        }
        if !self.summary.faults.is_empty() {
            return Ok(());
        }
        let column = named_by.first().copied().unwrap_or_default();
        let ids: Vec<(usize, Uuid)> = read.iter().map(|(row, (id, _))| (*row, *id)).collect();
        if !self.each_once(sheet, column, &ids) {
            return Ok(());
        }
        let ids: Vec<Uuid> = ids.iter().map(|(_, id)| *id).collect();
        let there: HashMap<Uuid, R> = R::load_many(conn, &ids).await?.into_iter().collect();
        let (old, fresh): (Vec<_>, Vec<_>) = read.into_iter().partition(|(_, (id, _))| there.contains_key(id));
        let same = |(id, fields): &(Uuid, R)| there.get(id) == Some(fields);
        self.conflicts(sheet, column, old.iter().filter(|(_, old)| !same(old)).map(|(row, _)| *row));
        (self.progress)(old.len() as u64);
        for batch in fresh.chunks(BATCH) {
            let (rows, news): (Vec<usize>, Vec<(Uuid, R)>) = batch.iter().cloned().unzip();
            match R::insert_many(conn, self.actor.id, &news).await {
                // Its id was taken all the same: by a row that was retired.
                Ok(added) => self.conflicts(sheet, column, not_added(&rows, news.iter().map(|(id, _)| *id), &added)),
                Err(error) => return self.refused(sheet, &columns, batch.first().map_or(0, |(row, _)| *row), error),
            }
            (self.progress)(batch.len() as u64);
        }
        self.summary.tables.push((sheet.name.clone(), fresh.len(), old.len()));
        Ok(())
    }

    /// Writes the records that are not there yet; `column` is the one that a fault of a whole row is told at.
    pub(super) async fn write<R: Record>(
        &mut self,
        conn: &mut Conn,
        sheet: &Sheet,
        (column, columns): (&str, &Columns),
        read: &[(usize, New<R::Fields>)],
    ) -> ApiResult<()> {
        let ids: Vec<(usize, Uuid)> = read.iter().map(|(row, new)| (*row, new.id)).collect();
        if !self.each_once(sheet, column, &ids) {
            return Ok(());
        }
        let ids: Vec<Uuid> = ids.iter().map(|(_, id)| *id).collect();
        let there: HashMap<Uuid, R> = R::load_many(conn, &ids).await?.into_iter().map(|record| (record.id(), record)).collect();
        let (old, fresh): (Vec<_>, Vec<_>) = read.iter().partition(|(_, new)| there.contains_key(&new.id));
        let same = |new: &New<R::Fields>| there.get(&new.id).is_some_and(|record| *record.fields() == new.fields);
        self.conflicts(sheet, column, old.iter().filter(|(_, new)| !same(new)).map(|(row, _)| *row));
        (self.progress)(old.len() as u64);
        for batch in fresh.chunks(BATCH) {
            let (rows, news): (Vec<usize>, Vec<New<R::Fields>>) = batch.iter().map(|(row, new)| (*row, (*new).clone())).unzip();
            match R::insert(conn, self.actor.id, &news).await {
                Ok(added) => {
                    let added: Vec<Uuid> = added.iter().map(Record::id).collect();
                    self.conflicts(sheet, column, not_added(&rows, news.iter().map(|new| new.id), &added));
                }
                Err(error) => return self.refused(sheet, columns, batch.first().map_or(0, |(row, _)| *row), error),
            }
            (self.progress)(batch.len() as u64);
        }
        self.summary.tables.push((sheet.name.clone(), fresh.len(), old.len()));
        Ok(())
    }

    /// Two rows of one name would be one record, and one of them lost without a word.
    pub(super) fn each_once(&mut self, sheet: &Sheet, column: &str, ids: &[(usize, Uuid)]) -> bool {
        let mut seen = HashSet::new();
        let repeated = ids
            .iter()
            .filter(|(_, id)| !seen.insert(*id))
            .map(|(row, _)| fault(sheet, *row, named(sheet, column), Code::Repeated));
        let before = self.summary.faults.len();
        self.summary.faults.extend(repeated);
        self.summary.faults.len() == before
    }

    /// Tells of rows whose record is there and says something else.
    pub(super) fn conflicts(&mut self, sheet: &Sheet, column: &str, rows: impl Iterator<Item = usize>) {
        self.summary.faults.extend(rows.map(|row| fault(sheet, row, named(sheet, column), Code::RecordConflict)));
    }

    /// What the database refused in a batch is told with the batch's first row: it judges sets, not rows.
    pub(super) fn refused(&mut self, sheet: &Sheet, columns: &Columns, row: usize, error: ApiError) -> ApiResult<()> {
        if error.code.status().is_server_error() {
            return Err(error);
        }
        let code = error.code;
        let told = columns.told(sheet, row, error.faults);
        let told = if told.is_empty() { vec![fault(sheet, row, "", code)] } else { told };
        self.summary.faults.extend(told);
        Ok(())
    }

    /// The id of a row: that of its code, or one made from all its cells that name it.
    pub(super) fn id_of(&self, sheet: &Sheet, table: &'static str, cells: &[String]) -> Uuid {
        if table == "lots" {
            let key = lot_key(cell_under("item_code", sheet, cells), cell_under("number", sheet, cells));
            return self.ids.get(&(table, key)).copied().unwrap_or_else(|| made_id(table, &cells.join("\u{1f}")));
        }
        let code = sheet.columns.iter().position(|heading| heading == "code").and_then(|index| cells.get(index));
        match code {
            Some(code) => self.ids.get(&(table, code.clone())).copied().unwrap_or_else(|| made_id(table, code)),
            None => made_id(table, &cells.join("\u{1f}")),
        }
    }
}

/// The column if the sheet has it, else the row as a whole.
fn named<'a>(sheet: &Sheet, column: &'a str) -> &'a str {
    if sheet.columns.iter().any(|heading| heading == column) { column } else { "" }
}

/// The rows whose ids are not among those that were added.
fn not_added(rows: &[usize], ids: impl Iterator<Item = Uuid>, added: &[Uuid]) -> impl Iterator<Item = usize> {
    let added: HashSet<Uuid> = added.iter().copied().collect();
    let rows: Vec<usize> = rows.iter().copied().zip(ids).filter(|(_, id)| !added.contains(id)).map(|(row, _)| row).collect();
    rows.into_iter()
}

/// The id of a row without a code, made from the cells that name it.
fn id_by(table: &str, sheet: &Sheet, cells: &[String], named_by: &[&str]) -> Uuid {
    made_id_of(table, named_by.iter().map(|heading| cell_under(heading, sheet, cells)))
}

/// The id of an imported record that several cells name together.
pub fn made_id_of<'a>(table: &str, name: impl IntoIterator<Item = &'a str>) -> Uuid {
    made_id(table, &name_of(name))
}

/// The id of an imported record, made from its table and its code.
pub fn made_id(table: &str, code: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{table}:{code}").as_bytes())
}
