//! Lists: bounded pages with an opaque, signed keyset cursor; the same list as CSV or XLSX.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use deserr::Deserr;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    export::Format,
    hxl,
    params::{read_params, read_query},
};
use crate::{
    error::{ApiError, ApiResult, Code, Fault, Faults},
    keys::Keys,
    types::clean_line,
};

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The records of this page.
    pub items: Vec<T>,
    /// Give this back as `after` for the next page; null on the last.
    pub next: Option<String>,
}

/// A list's own filters, and what it can be sorted by.
pub trait ListFilter: Deserr<Faults> {
    /// The field names that `sort` takes; the first is used when it is absent.
    const SORTS: &'static [&'static str];
}

/// What every list takes.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many records a page holds, 1 to 200; 50 when absent. CSV and XLSX hold all when it is absent.
    #[param(minimum = 1, maximum = 200, value_type = Option<u32>)]
    pub limit: Option<i64>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    pub after: Option<Cursor>,
    /// Words to look for in codes and names; spellings of Arabic are folded.
    #[param(value_type = Option<String>, max_length = 100)]
    pub q: Option<String>,
    /// A field to sort by; with `-` before it, backwards.
    #[param(value_type = Option<String>)]
    pub sort: Sort,
    /// `json`, `csv` or `xlsx`; else what `Accept` asks for.
    #[param(value_type = Option<String>, pattern = "^(json|csv|xlsx)$")]
    pub format: Format,
    /// `true`: CSV and XLSX get a second heading line with the tags of HXL.
    #[param(value_type = Option<bool>)]
    pub hxl: bool,
}

/// The order of a list.
#[derive(Debug, Clone, Copy)]
pub struct Sort {
    /// One of the list's sortable fields.
    pub field: &'static str,
    /// From the last to the first.
    pub descending: bool,
}

/// Where a page ended: the sort key and the id of its last record.
#[derive(Debug, Clone)]
pub struct Cursor {
    key: Value,
    id: Uuid,
}

impl PageQuery {
    /// How many rows to read: one more than are shown tells whether there is a next page.
    pub fn rows(&self) -> i64 {
        self.limit.unwrap_or(50) + 1
    }

    /// The place to go on from, its key in the type of the sorted column.
    pub fn after<K: DeserializeOwned>(&self) -> ApiResult<Option<(K, Uuid)>> {
        let Some(cursor) = &self.after else { return Ok(None) };
        let key = serde_json::from_value(cursor.key.clone()).map_err(|_| ApiError::new(Code::InvalidCursor))?;
        Ok(Some((key, cursor.id)))
    }
}

/// A request for a list: who reads it decides what is in it, this says which part.
pub struct Listing<F> {
    /// Page, order, words, form.
    pub page: PageQuery,
    /// The list's own filters.
    pub filter: F,
    path: String,
    query: String,
    keys: Data<Keys>,
}

impl<F: ListFilter> FromRequest for Listing<F> {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl<F: ListFilter> Listing<F> {
    fn read(request: &HttpRequest) -> ApiResult<Self> {
        let keys = request.app_data::<Data<Keys>>().ok_or_else(|| ApiError::internal("no keys"))?.clone();
        let path = request.path().to_owned();
        let mut params = read_query(request.query_string())?;
        let mut take = |name: &str| match params.shift_remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let (limit, after, words, sort) = (take("limit"), take("after"), take("q"), take("sort"));
        let (format, hxl) = (take("format"), take("hxl"));
        let sort = read_sort(F::SORTS, sort.as_deref())?;
        let signed_for = signed_for(&path, sort);
        let mut faults = Faults::default();
        let limit = limit.and_then(|text| read_limit(&text, &mut faults));
        let q = words.and_then(|text| read_words(&text, &mut faults));
        let after = after
            .map(|text| Cursor::open(&keys, &signed_for, &text).ok_or_else(|| ApiError::new(Code::InvalidCursor)))
            .transpose()?;
        let format = Format::wanted(request, format.as_deref())?;
        let hxl = hxl.is_some_and(|text| read_hxl(&text, format, &mut faults));
        let filter = read_params(params).map_err(|mut error| {
            if error.code == Code::ValidationFailed {
                error.faults.append(&mut faults.0);
            }
            error
        })?;
        faults.into_result()?;
        let page = PageQuery { limit, after, q, sort, format, hxl };
        Ok(Self { page, filter, path, query: request.query_string().to_owned(), keys })
    }

    /// Cuts the rows that were read (one more than a page) into a page with its marker.
    pub fn page<T: Serialize>(&self, mut rows: Vec<T>) -> ApiResult<Page<T>> {
        let shown = usize::try_from(self.page.rows() - 1).map_err(ApiError::internal)?;
        if rows.len() <= shown {
            return Ok(Page { items: rows, next: None });
        }
        rows.truncate(shown);
        let next = rows.last().map(|last| self.cursor_of(last)).transpose()?;
        Ok(Page { items: rows, next: next.map(|cursor| cursor.sign(&self.keys, &signed_for(&self.path, self.page.sort))) })
    }

    /// The place of one record in this list.
    pub fn cursor_of(&self, record: &impl Serialize) -> ApiResult<Cursor> {
        let record = serde_json::to_value(record).map_err(ApiError::internal)?;
        let id = record.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
        let key = record.get(self.page.sort.field).cloned();
        match (key, id) {
            (Some(key), Some(id)) => Ok(Cursor { key, id }),
            _ => Err(ApiError::internal("a list sorted by what its records do not show")),
        }
    }

    /// The tags of HXL for the columns, if they were asked for.
    pub(super) fn tags(&self, columns: &[String]) -> Option<Vec<String>> {
        // `/api/v1/contracts/{id}/facilities` lists supports, whose columns are told by the common tags.
        let collection = self.path.strip_prefix("/api/v1/").unwrap_or_default();
        self.page.hxl.then(|| columns.iter().map(|column| hxl::tag(collection, column)).collect())
    }

    /// The address of the next page, for the `Link` header.
    pub fn link(&self, next: &str) -> String {
        let kept = self.query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("after="));
        let query: Vec<&str> = kept.collect();
        let separator = if query.is_empty() { "" } else { "&" };
        format!("<{}?{}{separator}after={next}>; rel=\"next\"", self.path, query.join("&"))
    }
}

/// A cursor is good for one list in one order.
fn signed_for(path: &str, sort: Sort) -> String {
    format!("{path} {} {}", sort.field, sort.descending)
}

fn read_limit(text: &str, faults: &mut Faults) -> Option<i64> {
    if let Ok(number @ 1..=200) = text.parse::<i64>() {
        return Some(number);
    }
    faults.add("/limit", if crate::error::has_arabic_digits(text) { Code::ArabicDigits } else { Code::OutOfRange });
    None
}

/// Tags are for tables: JSON names its fields itself.
pub(super) fn read_hxl(text: &str, format: Format, faults: &mut Faults) -> bool {
    match (text, format) {
        ("false", _) => false,
        ("true", Format::Csv | Format::Xlsx) => true,
        _ => {
            faults.add("/hxl", Code::UnknownValue);
            false
        }
    }
}

fn read_words(text: &str, faults: &mut Faults) -> Option<String> {
    match clean_line(text, 100) {
        Ok(words) => Some(words),
        // No words look for nothing in particular.
        Err(Code::Required) => None,
        Err(code) => {
            faults.add("/q", code);
            None
        }
    }
}

fn read_sort(sorts: &'static [&'static str], given: Option<&str>) -> ApiResult<Sort> {
    let Some(given) = given else {
        return Ok(Sort { field: sorts.first().copied().unwrap_or("id"), descending: false });
    };
    let (name, descending) = given.strip_prefix('-').map_or((given, false), |name| (name, true));
    sorts.iter().find(|field| **field == name).map(|field| Sort { field, descending }).ok_or_else(|| {
        let allowed = sorts.iter().map(ToString::to_string).collect();
        let fault = Fault { pointer: "/sort".to_owned(), code: Code::UnknownValue, allowed };
        ApiError { faults: vec![fault], ..ApiError::new(Code::UnknownParameter) }
    })
}

/// The first byte of a cursor: another form of it gets another number.
const CURSOR_VERSION: u8 = 1;
const MAC_LENGTH: usize = 16;

impl Cursor {
    fn sign(&self, keys: &Keys, signed_for: &str) -> String {
        let mut bytes = vec![CURSOR_VERSION];
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(self.key.to_string().as_bytes());
        let mac = keys.mac("cursor", &[signed_for.as_bytes(), &[0], bytes.as_slice()].concat());
        bytes.extend_from_slice(&mac[..MAC_LENGTH]);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(keys: &Keys, signed_for: &str, text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_LENGTH)?)?;
        if !keys.mac_matches("cursor", &[signed_for.as_bytes(), &[0], signed].concat(), mac) {
            return None;
        }
        let (version, rest) = signed.split_first()?;
        let (id, key) = rest.split_at_checked(16)?;
        (*version == CURSOR_VERSION).then_some(())?;
        Some(Self { key: serde_json::from_slice(key).ok()?, id: Uuid::from_slice(id).ok()? })
    }
}

/// Orders a boxed query by the page's sort field and goes on behind its cursor.
/// `keyset!(query, page, table::id, { "code" => table::code: String, … })`
macro_rules! keyset {
    ($query:ident, $page:expr, $id:expr, { $($name:literal => $column:expr; $key:ty),+ $(,)? }) => {{
        use diesel::{ExpressionMethods as _, IntoSql as _, QueryDsl as _, pg::sql_types::Record};
        let page: &$crate::http::PageQuery = $page;
        let ordered = match page.sort.field {
            $($name => {
                let after = page.after::<$key>()?;
                if page.sort.descending {
                    if let Some((key, id)) = after {
                        $query = $query.filter(($column, $id).into_sql::<Record<_>>().lt((key, id)));
                    }
                    $query.order(($column.desc(), $id.desc()))
                } else {
                    if let Some((key, id)) = after {
                        $query = $query.filter(($column, $id).into_sql::<Record<_>>().gt((key, id)));
                    }
                    $query.order(($column.asc(), $id.asc()))
                }
            })+
            other => return Err($crate::error::ApiError::internal(format!("no sort by {other}"))),
        };
        ordered.limit(page.rows())
    }};
}
pub(crate) use keyset;

/// Keeps the records in use; or, when they are asked for, the retired ones: `in_use!(query, filter.retired, table::retired_at)`.
macro_rules! in_use {
    ($query:expr, $retired:expr, $column:expr) => {{
        use diesel::{ExpressionMethods as _, QueryDsl as _};
        let query = $query;
        if $retired.is_some_and(|retired| retired.0) {
            query.filter($column.is_not_null())
        } else {
            query.filter($column.is_null())
        }
    }};
}
pub(crate) use in_use;
