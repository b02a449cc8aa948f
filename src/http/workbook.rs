//! Workbooks: a list of any length on one sheet, written as it is read; and files of a few sheets, made at once.

use std::{
    fs::File,
    io::{self, Read, Seek},
};

use actix_web::web;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{Stream, stream};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format as CellFormat, Workbook, Worksheet, XlsxError};
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc::Receiver};

use super::{
    Turn,
    cell::{Cell, cells_of},
    hxl,
};
use crate::error::{ApiError, ApiResult, Code};

/// How many workbooks are made at once.
pub(super) static WORKBOOKS: Semaphore = Semaphore::const_new(2);
/// The most rows of a sheet that is made at once: it is held in memory whole.
const MOST_ROWS: usize = 20_000;
/// How much of a file is read at once.
const PART: usize = 1 << 18;

/// A sheet of a workbook.
pub struct Sheet {
    name: Option<&'static str>,
    headings: Vec<Vec<String>>,
    rows: Vec<Vec<Cell>>,
}

impl Sheet {
    /// Rows under their headings.
    pub(super) fn of(headings: Vec<Vec<String>>, rows: &[Vec<Value>]) -> Self {
        Self { name: None, headings, rows: cells_of(rows) }
    }

    /// Rows under the names of their columns and the tags of HXL.
    pub fn tagged(name: &'static str, collection: &str, columns: &[&str], rows: &[Vec<Value>]) -> Self {
        let tags = columns.iter().map(|column| hxl::tag(collection, column)).collect();
        let headings = vec![columns.iter().map(|column| (*column).to_owned()).collect(), tags];
        Self { name: Some(name), headings, rows: cells_of(rows) }
    }
}

/// Sheets as the bytes of a workbook. With the moment of its making given, they are the same each time.
pub async fn sheets_file(sheets: Vec<Sheet>, made_at: Option<DateTime<Utc>>) -> ApiResult<Vec<u8>> {
    if sheets.iter().any(|sheet| sheet.rows.len() > MOST_ROWS) {
        return Err(ApiError::new(Code::PayloadTooLarge));
    }
    made(Turn::wait(&WORKBOOKS).await?, sheets, made_at).await
}

async fn made(turn: Turn, sheets: Vec<Sheet>, made_at: Option<DateTime<Utc>>) -> ApiResult<Vec<u8>> {
    turn.work(move || workbook(&sheets, made_at)).await?.1.map_err(ApiError::internal)
}

/// One sheet of the rows that come, as a file that has no name. It holds as much in memory as one row.
pub(super) fn sheet_file(headings: &[Vec<String>], mut coming: Receiver<Vec<Vec<Cell>>>) -> Result<File, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    head(sheet, headings)?;
    let mut number = headings.len();
    while let Some(rows) = coming.blocking_recv() {
        for row in rows {
            write_row(sheet, number, &row)?;
            number += 1;
        }
    }
    let mut file = tempfile::tempfile()?;
    workbook.save_to_writer(io::BufWriter::new(&mut file))?;
    file.rewind()?;
    Ok(file)
}

/// A file, part by part.
pub(super) fn parts_of(file: File) -> impl Stream<Item = ApiResult<Bytes>> {
    stream::try_unfold(file, async |mut file| {
        let read = web::block(move || {
            let mut part = vec![0; PART];
            let length = file.read(&mut part)?;
            part.truncate(length);
            Ok::<_, io::Error>((part, file))
        });
        let (part, file) = read.await.map_err(ApiError::internal)?.map_err(ApiError::internal)?;
        Ok((!part.is_empty()).then(|| (Bytes::from(part), file)))
    })
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
    head(sheet, &told.headings)?;
    for (number, row) in (told.headings.len()..).zip(&told.rows) {
        write_row(sheet, number, row)?;
    }
    sheet.autofit();
    Ok(())
}

/// The headings, as wide as they are: rows that are not held cannot be measured.
fn head(sheet: &mut Worksheet, headings: &[Vec<String>]) -> Result<(), XlsxError> {
    for (index, heading) in (0..).zip(headings.first().into_iter().flatten()) {
        sheet.set_column_width(index, u32::try_from(heading.chars().count()).unwrap_or(u32::MAX).clamp(12, 60))?;
    }
    let bold = CellFormat::new().set_bold();
    for (number, line) in (0..).zip(headings) {
        for (index, heading) in (0..).zip(line) {
            sheet.write_string_with_format(number, index, heading, &bold)?;
        }
    }
    Ok(())
}

fn write_row(sheet: &mut Worksheet, number: usize, row: &[Cell]) -> Result<(), XlsxError> {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    for (index, cell) in (0..).zip(row) {
        // Whole numbers stay numbers, as far as they are kept; everything else is text, never a formula.
        #[expect(clippy::cast_precision_loss, reason = "no precision is lost below 2^53")]
        let whole = cell.text.parse::<i64>().ok().filter(|whole| whole.abs() <= LARGEST_WHOLE).map(|whole| whole as f64);
        match whole.filter(|_| cell.is_number) {
            Some(whole) => sheet.write_number(number, index, whole)?,
            None => sheet.write_string(number, index, &cell.text)?,
        };
    }
    Ok(())
}
