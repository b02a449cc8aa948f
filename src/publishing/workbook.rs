//! A published report as a workbook: what its document says, for those who go on counting with it.

use serde_json::{Map, Value, json};

use super::{
    numbers::{Numbers, plain},
    statement::Envelope,
};
use crate::{
    error::{ApiError, ApiResult},
    http::Sheet,
};

/// A row of a sheet.
type Row = Vec<Value>;

/// The sheets of a report: what its kind does not tell, and what a document of before did not, is no sheet.
pub fn sheets(envelope: &Envelope) -> ApiResult<Vec<Sheet>> {
    let told: Value = serde_json::from_str(&envelope.document).map_err(ApiError::internal)?;
    let mut sheets = vec![
        Sheet::tagged("Figures", "", &["figure", "value"], &figures(&told)),
        Sheet::tagged("Staff", "", &["cadre", "people"], &counts(&told["figures"]["staff"]["by_cadre"])),
        Sheet::tagged("Facilities", "areas", &["by", "word", "name", "name_ar", "facilities"], &facilities(&told)),
    ];
    if let Some(rows) = told["map"]["cells"].as_array() {
        let columns = ["cell", "at_least"];
        sheets.push(Sheet::tagged("Map", "", &columns, &records(rows, &columns)));
    }
    sheets.extend(parts(&told));
    if let Some(rows) = told["staffing"].as_array() {
        let columns = ["code", "name", "name_ar", "cadre", "posts", "full_time_equivalents"];
        sheets.push(Sheet::tagged("Staffing", "facilities", &columns, &records(rows, &columns)));
    }
    if let Some(rows) = told["reconciliation"]["claims"].as_array() {
        let columns = [
            "code",
            "statement",
            "comparison",
            "amount",
            "unit",
            "figure",
            "as_of",
            "computed",
            "computed_amount",
            "difference",
            "verdict",
            "state",
            "explanation",
            "sentence",
        ];
        sheets.push(Sheet::tagged("Reconciliation", "", &columns, &records(rows, &columns)));
    }
    let mut statement = statement(envelope)?;
    // What was made before reports said for whom they are is for the house.
    statement.push(vec![json!("audience"), told.get("audience").cloned().unwrap_or_else(|| json!("house"))]);
    sheets.push(Sheet::tagged("Statement", "", &["field", "content"], &statement));
    Ok(sheets)
}

/// The sheets of supplies and money, of a report that tells them.
fn parts(told: &Value) -> Vec<Sheet> {
    let mut sheets = Vec::new();
    if told["funds"].is_object() {
        let columns = ["code", "currency", "goal_amount", "raised", "remaining"];
        let mut funds = told["funds"].clone();
        funds["goal_amount"] = funds["goal"].take();
        sheets.push(Sheet::tagged("Funds", "campaigns", &columns, &records(&[funds], &columns)));
    }
    if let Some(rows) = told["supplies"]["cells"].as_array() {
        let columns = ["category", "month", "base_unit", "arrived"];
        sheets.push(Sheet::tagged("Supplies", "", &columns, &records(rows, &columns)));
    }
    if let Some(rows) = told["spending"]["by_category"].as_array() {
        let columns = ["category", "month", "currency", "planned", "spent"];
        sheets.push(Sheet::tagged("Spending", "", &columns, &records(rows, &columns)));
    }
    if let Some(rows) = told["spending"]["by_contract"].as_array() {
        let columns = [
            "partner_code",
            "partner_name",
            "partner_name_ar",
            "contract_code",
            "contract_name",
            "contract_name_ar",
            "currency",
            "planned",
            "received",
            "spent",
        ];
        sheets.push(Sheet::tagged("Spending by contract", "", &columns, &records(rows, &columns)));
    }
    sheets
}

/// Every number of the figures, by the name it has in the reports.
fn figures(told: &Value) -> Vec<Row> {
    // Whole numbers are written as numbers; decimals stay text, to the digit.
    let number = |text: String| text.parse::<i64>().map_or_else(|_| json!(text), |whole| json!(whole));
    Numbers::of(&told["figures"]).iter().map(|(figure, value)| vec![json!(figure), number(plain(value))]).collect()
}

fn facilities(told: &Value) -> Vec<Row> {
    let of = &told["figures"]["facilities"];
    let words = |by: &'static str, group: &str| {
        counts(&of[group]).into_iter().map(move |row| {
            let mut cells = vec![json!(by)];
            cells.extend(row);
            // Words of the house have no names of their own here.
            cells.splice(2..2, [Value::Null, Value::Null]);
            cells
        })
    };
    let areas = of["by_area"].as_array().into_iter().flatten().map(|area| {
        let name_ar = area["code"].as_str().map(|code| told["areas_ar"][code].clone());
        vec![json!("area"), area["code"].clone(), area["name"].clone(), name_ar.unwrap_or_default(), area["total"].clone()]
    });
    words("kind", "by_kind").chain(words("functionality", "by_functionality")).chain(areas).collect()
}

/// Counts by their words.
fn counts(group: &Value) -> Vec<Row> {
    group.as_object().into_iter().flatten().map(|(word, number)| vec![json!(word), number.clone()]).collect()
}

fn records(rows: &[Value], columns: &[&str]) -> Vec<Row> {
    rows.iter().map(|row| columns.iter().map(|column| row[*column].clone()).collect()).collect()
}

/// What was signed, and with what; the document itself is in the envelope.
fn statement(envelope: &Envelope) -> ApiResult<Vec<Row>> {
    let Value::Object(fields) = serde_json::to_value(envelope).map_err(ApiError::internal)? else { return Ok(Vec::new()) };
    let fields: Map<String, Value> = fields.into_iter().filter(|(field, _)| field != "document").collect();
    Ok(fields.into_iter().map(|(field, content)| vec![json!(field), content]).collect())
}
