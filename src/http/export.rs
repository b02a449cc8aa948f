//! A list in three forms: JSON by the page, CSV streamed, XLSX.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format as CellFormat, Workbook, Worksheet, XlsxError};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema, schema::AllOf},
};

use super::{ListFilter, Listing, PageQuery, Turn, hxl};
use crate::error::{ApiError, ApiResult, Code, Fault};

/// The form a list is given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `{"items": […], "next": …}`
    Json,
    /// `text/csv` with a heading line, in UTF-8 with the mark that spreadsheet programs need.
    Csv,
    /// A workbook of one sheet.
    Xlsx,
}

/// The media type of a workbook.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// The most rows a workbook is made of; beyond it, CSV streams.
const MOST_XLSX_ROWS: usize = 20_000;
/// How many workbooks are made at once: each is held in memory whole.
static WORKBOOKS: Semaphore = Semaphore::const_new(2);
/// How many rows are read at once for CSV and XLSX.
const CHUNK: i64 = 2_000;

impl Format {
    /// What `?format=` or `Accept` asks for.
    pub(super) fn wanted(request: &HttpRequest, param: Option<&str>) -> ApiResult<Self> {
        match param {
            Some("json") => return Ok(Self::Json),
            Some("csv") => return Ok(Self::Csv),
            Some("xlsx") => return Ok(Self::Xlsx),
            Some(_) => {
                let allowed = ["json", "csv", "xlsx"].map(ToOwned::to_owned).to_vec();
                let fault = Fault { pointer: "/format".to_owned(), code: Code::UnknownValue, allowed };
                return Err(ApiError { faults: vec![fault], ..ApiError::new(Code::ValidationFailed) });
            }
            None => {}
        }
        let accept = request.headers().get("accept").and_then(|value| value.to_str().ok()).unwrap_or("*/*");
        let forms = accept.split(',').filter_map(|part| match part.split(';').next().unwrap_or_default().trim() {
            "application/json" | "application/*" | "*/*" | "" => Some(Self::Json),
            "text/csv" | "text/*" => Some(Self::Csv),
            XLSX => Some(Self::Xlsx),
            _ => None,
        });
        forms.into_iter().next().ok_or_else(|| ApiError::new(Code::NotAcceptable))
    }
}

impl<F: ListFilter> Listing<F> {
    /// Answers with the list in the form that was asked for. `read` reads the rows of a page (one more than are shown).
    pub async fn answer<T>(self, read: impl AsyncFn(&PageQuery, &F) -> ApiResult<Vec<T>> + 'static) -> ApiResult<HttpResponse>
    where
        T: Serialize + ToSchema + 'static,
        F: 'static,
    {
        match self.page.format {
            Format::Json => {
                let page = self.page(read(&self.page, &self.filter).await?)?;
                let mut response = HttpResponse::Ok();
                if let Some(next) = &page.next {
                    response.insert_header(("link", self.link(next)));
                }
                Ok(response.json(page))
            }
            Format::Csv => self.csv(read).await,
            Format::Xlsx => self.xlsx(read).await,
        }
    }

    /// Reads on from where the last chunk ended, until nothing is left or as many rows are read as were asked for.
    async fn chunk<T: Serialize>(
        &mut self,
        left: &mut Option<i64>,
        read: &impl AsyncFn(&PageQuery, &F) -> ApiResult<Vec<T>>,
    ) -> ApiResult<Option<Vec<T>>> {
        if *left == Some(0) {
            return Ok(None);
        }
        let size = left.map_or(CHUNK, |left| left.min(CHUNK));
        self.page.limit = Some(size);
        let mut rows = read(&self.page, &self.filter).await?;
        let size = usize::try_from(size).map_err(ApiError::internal)?;
        *left = if rows.len() > size { left.map(|left| left - CHUNK.min(left)) } else { Some(0) };
        rows.truncate(size);
        self.page.after = rows.last().map(|last| self.cursor_of(last)).transpose()?;
        Ok(Some(rows))
    }

    async fn csv<T>(mut self, read: impl AsyncFn(&PageQuery, &F) -> ApiResult<Vec<T>> + 'static) -> ApiResult<HttpResponse>
    where
        T: Serialize + ToSchema + 'static,
        F: 'static,
    {
        let columns = columns::<T>();
        let mut left = self.page.limit;
        // The first rows are read before the answer begins, so that a refusal is still a refusal.
        let first = self.chunk(&mut left, &read).await?.unwrap_or_default();
        let mut text = vec![0xef, 0xbb, 0xbf];
        text.extend(csv_lines(std::iter::once(columns.iter().map(String::as_str)))?);
        if let Some(tags) = self.tags(&columns) {
            text.extend(csv_lines(std::iter::once(tags.iter().map(String::as_str)))?);
        }
        text.extend(csv_rows(&columns, &first)?);
        let rest = stream::unfold((self, left, Arc::new(read)), move |(mut listing, mut left, read)| {
            let columns = columns.clone();
            async move {
                match listing.chunk(&mut left, &*read).await {
                    Ok(None) => None,
                    Ok(Some(rows)) => Some((csv_rows(&columns, &rows).map(Bytes::from), (listing, left, read))),
                    // The stream breaks off: half a list must not look like a whole one.
                    Err(error) => Some((Err(error), (listing, Some(0), read))),
                }
            }
        });
        let whole = stream::StreamExt::chain(stream::iter([Ok::<_, ApiError>(Bytes::from(text))]), rest);
        Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").streaming(whole))
    }

    async fn xlsx<T>(mut self, read: impl AsyncFn(&PageQuery, &F) -> ApiResult<Vec<T>>) -> ApiResult<HttpResponse>
    where
        T: Serialize + ToSchema,
    {
        let turn = Turn::wait(&WORKBOOKS).await?;
        let columns = columns::<T>();
        let mut left = self.page.limit;
        let mut rows = Vec::new();
        while let Some(more) = self.chunk(&mut left, &read).await? {
            for record in &more {
                rows.push(cells(&columns, record)?);
            }
            if rows.len() > MOST_XLSX_ROWS {
                return Err(ApiError::new(Code::PayloadTooLarge));
            }
        }
        let mut headings = vec![columns.clone()];
        headings.extend(self.tags(&columns));
        let made = made(turn, vec![Sheet { name: None, headings, rows }], None).await?;
        Ok(HttpResponse::Ok().content_type(XLSX).body(made))
    }
}

/// A table that is read already as CSV.
pub(super) fn csv_table(headings: &[Vec<String>], rows: &[Vec<Value>]) -> ApiResult<HttpResponse> {
    let mut text = vec![0xef, 0xbb, 0xbf];
    text.extend(csv_lines(headings.iter().map(|line| line.iter().map(String::as_str)))?);
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|value| text_of(Some(value))).collect()).collect();
    text.extend(csv_lines(rows.iter().map(|row| row.iter().map(String::as_str)))?);
    Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").body(text))
}

/// The same as a workbook.
pub(super) async fn xlsx_table(headings: Vec<Vec<String>>, rows: &[Vec<Value>]) -> ApiResult<HttpResponse> {
    let made = sheets_file(vec![Sheet { name: None, headings, rows: cells_of(rows) }], None).await?;
    Ok(HttpResponse::Ok().content_type(XLSX).body(made))
}

fn cells_of(rows: &[Vec<Value>]) -> Vec<Vec<Cell>> {
    rows.iter().map(|row| row.iter().map(|value| cell(Some(value))).collect()).collect()
}

/// A sheet of a workbook.
pub struct Sheet {
    name: Option<&'static str>,
    headings: Vec<Vec<String>>,
    rows: Vec<Vec<Cell>>,
}

impl Sheet {
    /// Rows under the names of their columns and the tags of HXL.
    pub fn tagged(name: &'static str, collection: &str, columns: &[&str], rows: &[Vec<Value>]) -> Self {
        let tags = columns.iter().map(|column| hxl::tag(collection, column)).collect();
        let headings = vec![columns.iter().map(|column| (*column).to_owned()).collect(), tags];
        Self { name: Some(name), headings, rows: cells_of(rows) }
    }
}

/// Sheets as the bytes of a workbook. With the moment of its making given, they are the same each time.
pub async fn sheets_file(sheets: Vec<Sheet>, made_at: Option<DateTime<Utc>>) -> ApiResult<Vec<u8>> {
    if sheets.iter().any(|sheet| sheet.rows.len() > MOST_XLSX_ROWS) {
        return Err(ApiError::new(Code::PayloadTooLarge));
    }
    made(Turn::wait(&WORKBOOKS).await?, sheets, made_at).await
}

async fn made(turn: Turn, sheets: Vec<Sheet>, made_at: Option<DateTime<Utc>>) -> ApiResult<Vec<u8>> {
    turn.work(move || workbook(&sheets, made_at)).await?.1.map_err(ApiError::internal)
}

/// The columns of a record type, in the order of its fields.
pub fn columns<T: ToSchema>() -> Vec<String> {
    fn gather(schema: &RefOr<Schema>, known: &[(String, RefOr<Schema>)], columns: &mut Vec<String>) {
        match schema {
            RefOr::T(Schema::Object(object)) => columns.extend(object.properties.keys().cloned()),
            RefOr::T(Schema::AllOf(AllOf { items, .. })) => items.iter().for_each(|item| gather(item, known, columns)),
            RefOr::Ref(reference) => {
                let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
                if let Some((_, schema)) = known.iter().find(|(known, _)| known == name) {
                    gather(schema, known, columns);
                }
            }
            RefOr::T(_) => {}
        }
    }
    let mut known = Vec::new();
    T::schemas(&mut known);
    let mut columns = Vec::new();
    gather(&T::schema(), &known, &mut columns);
    // Embedded fields come first in the schema; a reader looks for the record's name first.
    columns.sort_by_key(|column| column != "id");
    columns
}

/// What stands in a cell.
struct Cell {
    text: String,
    is_number: bool,
}

/// A record as the cells of a row. Lists are joined; a text that a spreadsheet would run as a formula is disarmed.
fn cells(columns: &[String], record: &impl Serialize) -> ApiResult<Vec<Cell>> {
    let record = serde_json::to_value(record).map_err(ApiError::internal)?;
    Ok(columns.iter().map(|column| cell(record.get(column))).collect())
}

fn cell(value: Option<&Value>) -> Cell {
    Cell { text: text_of(value), is_number: value.is_some_and(Value::is_number) }
}

fn text_of(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => disarm(text),
        Some(Value::Array(entries)) => {
            let entries: Vec<String> =
                entries.iter().map(|entry| entry.as_str().map_or_else(|| entry.to_string(), ToOwned::to_owned)).collect();
            disarm(&entries.join(" | "))
        }
        Some(other) => other.to_string(),
    }
}

fn disarm(text: &str) -> String {
    if !is_decimal(text) && text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// A decimal travels as text; below zero it begins with the sign of a formula, and is none.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    digits(whole.strip_prefix('-').unwrap_or(whole)) && fraction.is_none_or(digits)
}

fn csv_rows<T: Serialize>(columns: &[String], records: &[T]) -> ApiResult<Vec<u8>> {
    let rows = records.iter().map(|record| cells(columns, record)).collect::<ApiResult<Vec<_>>>()?;
    csv_lines(rows.iter().map(|row| row.iter().map(|cell| cell.text.as_str())))
}

fn csv_lines<'a>(rows: impl Iterator<Item = impl Iterator<Item = &'a str>>) -> ApiResult<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(ApiError::internal)?;
    }
    writer.into_inner().map_err(ApiError::internal)
}

/// The largest whole number that a spreadsheet program keeps to the digit.
const LARGEST_WHOLE: i64 = 999_999_999_999_999;

fn workbook(sheets: &[Sheet], made_at: Option<DateTime<Utc>>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    if let Some(moment) = made_at {
        let moment = ExcelDateTime::from_timestamp(moment.timestamp())?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&moment));
    }
    for sheet in sheets {
        write(workbook.add_worksheet(), sheet)?;
    }
    workbook.save_to_buffer()
}

fn write(sheet: &mut Worksheet, told: &Sheet) -> Result<(), XlsxError> {
    if let Some(name) = told.name {
        sheet.set_name(name)?;
    }
    let bold = CellFormat::new().set_bold();
    for (number, line) in (0..).zip(&told.headings) {
        for (index, heading) in (0..).zip(line) {
            sheet.write_string_with_format(number, index, heading, &bold)?;
        }
    }
    for (number, row) in (told.headings.len()..).zip(&told.rows) {
        for (index, cell) in row.iter().enumerate() {
            let (number, index) = (u32::try_from(number).unwrap_or(u32::MAX), u16::try_from(index).unwrap_or(u16::MAX));
            // Whole numbers stay numbers, as far as they are kept; everything else is text, never a formula.
            #[expect(clippy::cast_precision_loss, reason = "no precision is lost below 2^53")]
            let whole = cell.text.parse::<i64>().ok().filter(|whole| whole.abs() <= LARGEST_WHOLE).map(|whole| whole as f64);
            match whole.filter(|_| cell.is_number) {
                Some(whole) => sheet.write_number(number, index, whole)?,
                None => sheet.write_string(number, index, &cell.text)?,
            };
        }
    }
    sheet.autofit();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_disarmed_and_a_number_stays_a_number() {
        for number in ["-400.00", "-1", "0.5", "12"] {
            assert_eq!(disarm(number), number);
        }
        for formula in ["=-1", "-cmd", "-1+1", "-1.", "-.5", "-", "--1", "-1.2.3", "-1e5", "-١", "+1", "@a", "-1\n=2", "-1,5"] {
            assert_eq!(disarm(formula), format!("'{formula}"));
        }
    }
}
