//! An answer that is one document in JSON and a table in CSV and XLSX: figures by their parts.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};
use deserr::Deserr;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{
    export::{Format, columns, csv_table, xlsx_table},
    hxl,
    listing::read_hxl,
    params::{read_params, read_query},
};
use crate::{
    error::{ApiError, ApiResult, Code, Faults},
    types::KnownAt,
};

/// What every table takes beside its own parameters.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "says in the document what is taken; a request is read in one piece with its own parameters")]
pub struct TableQuery {
    /// `json`, `csv` or `xlsx`; else what `Accept` asks for. CSV and XLSX hold the parts alone.
    #[param(value_type = Option<String>, pattern = "^(json|csv|xlsx)$")]
    format: Format,
    /// `true`: CSV and XLSX get a second heading line with the tags of HXL.
    #[param(value_type = Option<bool>)]
    hxl: bool,
}

/// Rows under their headings.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Table {
    /// Rows under headings of their own.
    pub const fn new(columns: Vec<String>, rows: Vec<Vec<Value>>) -> Self {
        Self { columns, rows }
    }

    /// Records under the names of their fields.
    pub fn of<T: Serialize + ToSchema>(records: &[T]) -> ApiResult<Self> {
        let columns = columns::<T>();
        let row = |record: &T| -> ApiResult<Vec<Value>> {
            let told = serde_json::to_value(record).map_err(ApiError::internal)?;
            Ok(columns.iter().map(|column| told.get(column).cloned().unwrap_or_default()).collect())
        };
        let rows = records.iter().map(row).collect::<ApiResult<Vec<_>>>()?;
        Ok(Self { columns, rows })
    }

    /// Leaves the other columns out.
    pub fn keep(&mut self, wanted: impl Fn(&str) -> bool) {
        let kept: Vec<bool> = self.columns.iter().map(|column| wanted(column)).collect();
        for row in &mut self.rows {
            let mut each = kept.iter();
            row.retain(|_| each.next().copied().unwrap_or_default());
        }
        let mut each = kept.iter();
        self.columns.retain(|_| each.next().copied().unwrap_or_default());
    }
}

/// A request for such an answer.
#[derive(Debug, Clone)]
pub struct Tabled<Q> {
    /// Its own parameters.
    pub query: Q,
    format: Format,
    hxl: bool,
}

impl<Q: Deserr<Faults>> FromRequest for Tabled<Q> {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl<Q: Deserr<Faults>> Tabled<Q> {
    fn read(request: &HttpRequest) -> ApiResult<Self> {
        let mut params = read_query(request.query_string())?;
        let mut take = |name: &str| match params.shift_remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let (format, hxl) = (take("format"), take("hxl"));
        let format = Format::wanted(request, format.as_deref())?;
        let mut faults = Faults::default();
        let hxl = hxl.is_some_and(|text| read_hxl(&text, format, &mut faults));
        let query = read_params(params).map_err(|mut error| {
            if error.code == Code::ValidationFailed {
                error.faults.append(&mut faults.0);
            }
            error
        })?;
        faults.into_result()?;
        Ok(Self { query, format, hxl })
    }
}

impl<Q> Tabled<Q> {
    /// Whether it is an answer that may be kept: the document, of now.
    pub fn is_kept(&self, known_at: Option<KnownAt>) -> bool {
        self.format == Format::Json && known_at.is_none()
    }

    /// Answers with the document, or with its parts as a table.
    pub async fn answer(&self, document: &impl Serialize, table: impl FnOnce() -> ApiResult<Table>) -> ApiResult<HttpResponse> {
        if self.format == Format::Json {
            return Ok(HttpResponse::Ok().json(document));
        }
        let Table { columns, rows } = table()?;
        let tags = self.hxl.then(|| columns.iter().map(|column| hxl::tag("", column)).collect());
        let headings: Vec<Vec<String>> = std::iter::once(columns).chain(tags).collect();
        match self.format {
            Format::Xlsx => xlsx_table(headings, &rows).await,
            Format::Csv | Format::Json => csv_table(&headings, &rows),
        }
    }
}
