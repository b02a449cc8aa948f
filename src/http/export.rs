//! A list in three forms: JSON by the page, CSV streamed, XLSX.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::{future::join, stream};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema, schema::AllOf},
};

use super::{
    ListFilter, Listing, PageQuery, Turn,
    cell::cells_of,
    cells::Row,
    workbook::{Sheet, WORKBOOKS, parts_of, sheet_file, sheets_file},
};
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
/// The most rows that a sheet has room for below two headings; beyond it, CSV streams.
const MOST_XLSX_ROWS: usize = 1_048_574;
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
        let second = self.chunk(&mut left, &read).await;
        let rest = stream::unfold((self, left, Arc::new(read), second), move |(mut listing, mut left, read, next)| {
            let columns = columns.clone();
            async move {
                match next {
                    Ok(None) => None,
                    Ok(Some(rows)) => {
                        // The database reads on while these are written; first it must be asked.
                        let writing = async {
                            tokio::task::yield_now().await;
                            csv_rows(&columns, &rows).map(Bytes::from)
                        };
                        let (next, written) = join(listing.chunk(&mut left, &*read), writing).await;
                        Some((written, (listing, left, read, next)))
                    }
                    // The stream breaks off: half a list must not look like a whole one.
                    Err(error) => Some((Err(error), (listing, Some(0), read, Ok(None)))),
                }
            }
        });
        let whole = stream::StreamExt::chain(stream::iter([Ok::<_, ApiError>(Bytes::from(text))]), rest);
        Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").streaming(whole))
    }

    /// Rows are written as they are read; the file lies nowhere by name, and is gone when it has been sent.
    async fn xlsx<T>(mut self, read: impl AsyncFn(&PageQuery, &F) -> ApiResult<Vec<T>>) -> ApiResult<HttpResponse>
    where
        T: Serialize + ToSchema,
    {
        let turn = Turn::wait(&WORKBOOKS).await?;
        let columns = columns::<T>();
        let mut headings = vec![columns.clone()];
        headings.extend(self.tags(&columns));
        let (rows, coming) = mpsc::channel(2);
        let writing = turn.work(move || sheet_file(&headings, coming));
        let reading = async move {
            let (mut left, mut told) = (self.page.limit, 0);
            let mut row = Row::new(&columns);
            while let Some(more) = self.chunk(&mut left, &read).await? {
                told += more.len();
                if told > MOST_XLSX_ROWS {
                    return Err(ApiError::new(Code::PayloadTooLarge));
                }
                let cells = more.iter().map(|record| row.read(record).map(<[_]>::to_vec)).collect::<Result<Vec<_>, _>>();
                if rows.send(cells.map_err(ApiError::internal)?).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        let (read, written) = join(reading, writing).await;
        read?;
        let file = written?.1.map_err(ApiError::internal)?;
        Ok(HttpResponse::Ok().content_type(XLSX).streaming(parts_of(file)))
    }
}

/// A table that is read already as CSV.
pub(super) fn csv_table(headings: &[Vec<String>], rows: &[Vec<Value>]) -> ApiResult<HttpResponse> {
    let mut text = vec![0xef, 0xbb, 0xbf];
    text.extend(csv_lines(headings.iter().map(|line| line.iter().map(String::as_str)))?);
    let rows = cells_of(rows);
    text.extend(csv_lines(rows.iter().map(|row| row.iter().map(|cell| cell.text.as_str())))?);
    Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").body(text))
}

/// The same as a workbook.
pub(super) async fn xlsx_table(headings: Vec<Vec<String>>, rows: &[Vec<Value>]) -> ApiResult<HttpResponse> {
    let made = sheets_file(vec![Sheet::of(headings, rows)], None).await?;
    Ok(HttpResponse::Ok().content_type(XLSX).body(made))
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

/// Records as lines. A list of a million rows comes this way.
fn csv_rows<T: Serialize>(columns: &[String], records: &[T]) -> ApiResult<Vec<u8>> {
    let mut row = Row::new(columns);
    let mut writer = csv_writer(Vec::with_capacity(records.len() * 256));
    for record in records {
        let cells = row.read(record).map_err(ApiError::internal)?;
        writer.write_record(cells.iter().map(|cell| cell.text.as_bytes())).map_err(ApiError::internal)?;
    }
    writer.into_inner().map_err(ApiError::internal)
}

fn csv_writer(text: Vec<u8>) -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(text)
}

fn csv_lines<'a>(rows: impl Iterator<Item = impl Iterator<Item = &'a str>>) -> ApiResult<Vec<u8>> {
    let mut writer = csv_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(ApiError::internal)?;
    }
    writer.into_inner().map_err(ApiError::internal)
}
