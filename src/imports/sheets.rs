//! Sheets as they come: a folder of CSV files, one CSV file, or a workbook.

use std::{fs, io, path::Path};

use calamine::{Data, Reader, Xlsx, open_workbook};
use thiserror::Error;

/// A sheet: its table's name, its headings, its rows with the number a spreadsheet program shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// `facilities`, `staff`, …
    pub name: String,
    /// The headings of row 1.
    pub columns: Vec<String>,
    /// Row number and cells; empty rows are left out.
    pub rows: Vec<(usize, Vec<String>)>,
}

/// Why sheets cannot be read.
#[derive(Debug, Error)]
pub enum SheetError {
    /// Not there, or not ours to read.
    #[error("{0} cannot be read: {1}")]
    File(String, io::Error),
    /// Not CSV in UTF-8.
    #[error("{0} is not CSV in UTF-8: {1}")]
    Csv(String, csv::Error),
    /// Not a workbook.
    #[error("{0} is not an XLSX workbook: {1}")]
    Xlsx(String, calamine::XlsxError),
    /// Neither a folder, nor .csv, nor .xlsx.
    #[error("{0} is neither a folder of CSV files, nor a .csv or .xlsx file")]
    Unknown(String),
}

/// Reads what a person points at.
pub fn read_sheets(path: &Path) -> Result<Vec<Sheet>, SheetError> {
    let shown = path.display().to_string();
    if path.is_dir() {
        let failed = |error| SheetError::File(shown.clone(), error);
        let mut files: Vec<_> = fs::read_dir(path).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        files.sort_by_key(fs::DirEntry::path);
        let csv = files.iter().map(fs::DirEntry::path).filter(|file| file.extension().is_some_and(|kind| kind == "csv"));
        return csv.map(|file| read_csv_file(&file)).collect();
    }
    match path.extension().and_then(|kind| kind.to_str()) {
        Some("csv") => Ok(vec![read_csv_file(path)?]),
        Some("xlsx") => read_workbook(path),
        _ => Err(SheetError::Unknown(shown)),
    }
}

fn read_csv_file(path: &Path) -> Result<Sheet, SheetError> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let text = fs::read(path).map_err(|error| SheetError::File(path.display().to_string(), error))?;
    read_csv(&name, &text)
}

fn read_csv(name: &str, text: &[u8]) -> Result<Sheet, SheetError> {
    let failed = |error| SheetError::Csv(name.to_owned(), error);
    let text = text.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(text);
    // The reader counts a line when it has read its LF, which it leaves for later behind a CR.
    let text: Vec<u8> = text
        .split_inclusive(|byte| *byte == b'\n')
        .flat_map(|line| line.strip_suffix(b"\r\n").map_or(line.to_vec(), |line| [line, b"\n"].concat()))
        .collect();
    let mut reader = csv::ReaderBuilder::new().from_reader(io::Read::chain(text.as_slice(), &b"\n"[..]));
    let headings = reader.headers().map_err(failed)?.clone();
    let columns = headings.iter().map(|heading| heading.trim().to_owned()).collect();
    let mut rows = Vec::new();
    // Rows are counted as a spreadsheet shows them: a quoted cell may hold several lines, an empty line is a row.
    let lines_within = |record: &csv::StringRecord| record.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>();
    let mut within = lines_within(&headings);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(failed)? {
        within += lines_within(&record);
        let row = reader.position().line().saturating_sub(1 + within);
        let cells: Vec<String> = record.iter().map(|cell| cell.trim().to_owned()).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            rows.push((usize::try_from(row).unwrap_or(usize::MAX), cells));
        }
    }
    Ok(Sheet { name: name.to_owned(), columns, rows })
}

fn read_workbook(path: &Path) -> Result<Vec<Sheet>, SheetError> {
    let failed = |error| SheetError::Xlsx(path.display().to_string(), error);
    let mut workbook: Xlsx<_> = open_workbook(path).map_err(failed)?;
    let mut sheets = Vec::new();
    for name in workbook.sheet_names() {
        let range = workbook.worksheet_range(&name).map_err(failed)?;
        let first = range.start().map_or(0, |(row, _)| row as usize);
        let mut lines = range.rows().map(|cells| cells.iter().map(cell).collect::<Vec<_>>());
        let columns = lines.next().unwrap_or_default();
        let numbered = lines.enumerate().map(|(index, cells)| (first + index + 2, cells));
        let rows = numbered.filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty())).collect();
        sheets.push(Sheet { name, columns, rows });
    }
    Ok(sheets)
}

fn cell(data: &Data) -> String {
    match data {
        Data::DateTime(day) => day.as_datetime().map_or_else(String::new, |moment| moment.date().to_string()),
        other => other.to_string().trim().to_owned(),
    }
}

macro_rules! demo {
    ($($name:literal)+) => {
        const DEMO: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../demo/", $name, ".csv"))),)+];
    };
}

demo! {
    "areas" "area_access" "organizations" "projects" "facilities" "facility_status" "project_facilities" "contracts"
    "contract_facilities" "campaigns" "campaign_facilities" "claims" "exchange_rates" "stipend_scales" "budget_lines" "budget_line_months"
    "disbursements" "commitments" "expenditures" "donors" "donations" "staff" "assignments" "items" "stock_locations" "lots" "shipments"
    "shipment_lines" "stock_documents" "stock_document_lines"
}

/// The demo campaign, as it stands in the folder `demo`.
pub fn demo_sheets() -> Result<Vec<Sheet>, SheetError> {
    DEMO.iter().map(|(name, text)| read_csv(name, text.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_csv_sheet_keeps_its_row_numbers() {
        let sheet = read_csv("areas", "\u{feff}code,name\r\nA-1,\"One, two\"\r\n,\r\nA-2,Three\r\n".as_bytes()).expect("read");
        assert_eq!(sheet.columns, ["code", "name"]);
        assert_eq!(
            sheet.rows,
            [(2, vec!["A-1".to_owned(), "One, two".to_owned()]), (4, vec!["A-2".to_owned(), "Three".to_owned()])]
        );
        let sheet = read_csv("areas", b"code,name\n\nA-1,\"One\ntwo\"\n\n\nA-2,Three").expect("read");
        assert_eq!(sheet.rows.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [3, 6]);
        assert!(matches!(read_csv("areas", b"code,name\nA-1\n"), Err(SheetError::Csv(..))));
        assert!(matches!(read_csv("areas", b"code\n\xff\xfe\n"), Err(SheetError::Csv(..))));
    }
}
