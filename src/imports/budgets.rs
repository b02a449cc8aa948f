//! Budget lines have a code within their contract: a sheet names them by both, and their months stand on a sheet of their own.

use std::collections::HashMap;

use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    Sheet,
    rows::{Columns, Lines, cell_under, fault, name_of},
    tables::{Import, made_id},
};
use crate::{
    budgets::{BudgetLine, BudgetLineFields, BudgetMonth},
    db::Conn,
    error::{ApiResult, Code},
    http::New,
    register::Fields,
};

const HEADS: &str = "budget_lines";
const MONTHS: &str = "budget_line_months";
/// Which column of a sheet holds the code of a line, beside `contract_code`.
const CODES: &[(&str, &str)] =
    &[(HEADS, "code"), (MONTHS, "budget_line_code"), ("commitments", "budget_line_code"), ("expenditures", "budget_line_code")];

/// What names a budget line.
fn line_key(contract: &str, code: &str) -> String {
    name_of([contract, code])
}

impl Import<'_> {
    /// The ids of all lines and commitments that the sheets speak of: those in the database, and those to be made.
    pub(super) async fn find_budgets(&mut self, conn: &mut Conn, sheets: &[Sheet]) -> ApiResult<()> {
        #[derive(diesel::QueryableByName)]
        struct Known {
            #[diesel(sql_type = Text)]
            contract: String,
            #[diesel(sql_type = Text)]
            code: String,
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
        }
        let (mut contracts, mut codes) = (Vec::new(), Vec::new());
        for (sheet, (name, column)) in
            sheets.iter().filter_map(|sheet| Some((sheet, CODES.iter().find(|(name, _)| *name == sheet.name)?)))
        {
            for (_, cells) in &sheet.rows {
                let (contract, code) = (cell_under("contract_code", sheet, cells), cell_under(column, sheet, cells));
                if *name == HEADS {
                    let key = line_key(contract, code);
                    let id = made_id(HEADS, &key);
                    self.ids.insert((HEADS, key), id);
                }
                contracts.push(contract.to_owned());
                codes.push(code.to_owned());
            }
        }
        if codes.is_empty() {
            return Ok(());
        }
        let known: Vec<Known> = diesel::sql_query(
            "SELECT c.code AS contract, l.code, l.id FROM budget_lines l JOIN contracts c ON c.id = l.contract_id \
             WHERE (c.code, l.code) IN (SELECT * FROM unnest($1, $2))",
        )
        .bind::<Array<Text>, _>(contracts)
        .bind::<Array<Text>, _>(codes)
        .load(conn)
        .await?;
        self.ids.extend(known.into_iter().map(|line| ((HEADS, line_key(&line.contract, &line.code)), line.id)));
        self.find_commitments(conn, sheets).await
    }

    /// A sheet knows the commitments that came by a sheet: others bear no number that is theirs alone.
    async fn find_commitments(&mut self, conn: &mut Conn, sheets: &[Sheet]) -> ApiResult<()> {
        #[derive(diesel::QueryableByName)]
        struct Known {
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
        }
        let keys = |name: &str, column: &str| -> Vec<String> {
            let of_row = |sheet: &Sheet, cells: &[String]| {
                let reference = cell_under(column, sheet, cells);
                let key = ["contract_code", "budget_line_code"].map(|heading| cell_under(heading, sheet, cells));
                (!reference.is_empty()).then(|| name_of(key.into_iter().chain([reference])))
            };
            let named = sheets.iter().filter(|sheet| sheet.name == name);
            named.flat_map(|sheet| sheet.rows.iter().filter_map(move |(_, cells)| of_row(sheet, cells))).collect()
        };
        let made: Vec<String> = keys("commitments", "reference");
        let wanted: HashMap<Uuid, String> =
            keys("expenditures", "commitment_reference").into_iter().map(|key| (made_id("commitments", &key), key)).collect();
        let known: Vec<Known> = diesel::sql_query("SELECT id FROM commitments WHERE id = ANY ($1)")
            .bind::<Array<SqlUuid>, _>(wanted.keys().copied().collect::<Vec<_>>())
            .load(conn)
            .await?;
        let there = known.into_iter().filter_map(|known| wanted.get(&known.id).cloned());
        self.ids.extend(there.chain(made).map(|key| {
            let id = made_id("commitments", &key);
            (("commitments", key), id)
        }));
        Ok(())
    }

    /// Loads budget lines with their months.
    pub(super) async fn budget_lines(&mut self, conn: &mut Conn, sheets: &[Sheet]) -> ApiResult<()> {
        let sheet = |name: &str| sheets.iter().find(|sheet| sheet.name == name);
        let (heads, months) = (sheet(HEADS), sheet(MONTHS));
        let Some(heads) = heads else {
            // Months without their lines are half a plan.
            self.summary.faults.extend(months.map(|alone| fault(alone, 1, "", Code::Required)));
            return Ok(());
        };
        let mut planned = months.map(|months| self.months(months)).unwrap_or_default();
        let columns = Columns::of::<BudgetLineFields>(heads, HEADS, &[], &mut self.summary.faults);
        let mut read = Vec::new();
        for (row, cells) in &heads.rows {
            let (contract, code) = (cell_under("contract_code", heads, cells), cell_under("code", heads, cells));
            let key = line_key(contract, code);
            let own = planned.remove(&key).unwrap_or_default();
            let of_months = ("months", months.unwrap_or(heads), own);
            match columns.read_with_lines((heads, *row, cells), of_months, &self.ids, BudgetLineFields::check) {
                Err(faults) => self.summary.faults.extend(faults),
                Ok(fields) => {
                    let made = made_id(HEADS, &key);
                    read.push((*row, New { id: self.ids.get(&(HEADS, key)).copied().unwrap_or(made), fields }));
                }
            }
        }
        if let Some(months) = months {
            let left = planned.into_values().flatten();
            self.summary.faults.extend(left.map(|(row, _)| fault(months, row, "budget_line_code", Code::UnknownReference)));
        }
        if !self.summary.faults.is_empty() {
            return Ok(());
        }
        self.write::<BudgetLine>(conn, heads, ("code", &columns), &read).await
    }

    /// The months by the name of their line, in the order of the sheet.
    fn months(&mut self, sheet: &Sheet) -> HashMap<String, Lines> {
        let columns = Columns::of::<BudgetMonth>(sheet, MONTHS, &["contract_code", "budget_line_code"], &mut self.summary.faults);
        let mut planned: HashMap<String, Lines> = HashMap::new();
        for (row, cells) in &sheet.rows {
            let content = columns.object(sheet, *row, cells, &self.ids, &mut self.summary.faults);
            let key = line_key(cell_under("contract_code", sheet, cells), cell_under("budget_line_code", sheet, cells));
            planned.entry(key).or_default().push((*row, content));
        }
        planned
    }
}
