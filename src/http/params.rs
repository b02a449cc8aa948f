//! Path and query: every fault told, nothing unknown accepted, nothing echoed.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use chrono::{Datelike, Days, NaiveDate, Utc};
use deserr::{Deserr, ValuePointerRef};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::error::{ApiError, ApiResult, Code, Fault, Faults};

/// The id in the path. What is no id names nothing: 404, the same as an id of nothing.
#[derive(Debug, Clone, Copy)]
pub struct RecordId(pub Uuid);

impl FromRequest for RecordId {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(path_id(request, 0).map(Self))
    }
}

/// The day in the path from which a state holds: from 2011 to today. It is a value like any other, so a wrong one is 422 at `/since_on`.
#[derive(Debug, Clone, Copy)]
pub struct SinceOn(pub NaiveDate);

impl FromRequest for SinceOn {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(path_day(request, "since_on").map(Self))
    }
}

/// The day in the path on which something ran: as [`SinceOn`], at `/ran_on`.
#[derive(Debug, Clone, Copy)]
pub struct RanOn(pub NaiveDate);

impl FromRequest for RanOn {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(path_day(request, "ran_on").map(Self))
    }
}

/// The day of this name in the path.
fn path_day(request: &HttpRequest, name: &str) -> ApiResult<NaiveDate> {
    let given = deserr::Value::<Value>::String(request.match_info().query(name).to_owned());
    let day = NaiveDate::deserialize_from_value(given, ValuePointerRef::Origin.push_key(name))?;
    // Where the facilities are, the day begins before it does in UTC.
    let latest = Utc::now().date_naive() + Days::new(1);
    match day {
        early if early.year() < 2011 => Err(ApiError::fault(format!("/{name}"), Code::DateOutOfRange)),
        late if late > latest => Err(ApiError::fault(format!("/{name}"), Code::DateInFuture)),
        day => Ok(day),
    }
}

/// The second id in the path: of what belongs to the first.
#[derive(Debug, Clone, Copy)]
pub struct ChildId(pub Uuid);

impl FromRequest for ChildId {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(path_id(request, 1).map(Self))
    }
}

/// The id at this place of the path.
fn path_id(request: &HttpRequest, place: usize) -> ApiResult<Uuid> {
    let id = request.match_info().iter().nth(place).and_then(|(_, text)| (text.len() == 36).then(|| text.parse().ok()).flatten());
    id.ok_or_else(|| ApiError::new(Code::NotFound))
}

/// The whole query string as one type.
#[derive(Debug, Clone)]
pub struct Params<T>(pub T);

impl<T: Deserr<Faults>> FromRequest for Params<T> {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read_query(request.query_string()).and_then(read_params).map(Self))
    }
}

/// The parameters of a query string; each may stand once.
pub(super) fn read_query(query: &str) -> ApiResult<Map<String, Value>> {
    let mut params = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        if params.insert(name, Value::String(value)).is_some() {
            return Err(ApiError::new(Code::DuplicateParameter));
        }
    }
    Ok(params)
}

fn decode(part: &str) -> ApiResult<String> {
    let malformed = || ApiError::new(Code::MalformedQuery);
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|b| char::from(b).to_digit(16));
                let (high, low) = (digit(rest.next()).ok_or_else(malformed)?, digit(rest.next()).ok_or_else(malformed)?);
                u8::try_from(high * 16 + low).map_err(|_| malformed())?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| malformed())
}

/// Parameters as a type. A name that does not exist is the reader's mistake about the API (400), a wrong value about the world (422).
pub(super) fn read_params<T: Deserr<Faults>>(params: Map<String, Value>) -> ApiResult<T> {
    deserr::deserialize::<T, _, Faults>(Value::Object(params)).map_err(|faults| {
        let unknown = |fault: &Fault| fault.code == Code::UnknownField;
        if faults.0.iter().any(unknown) {
            let named =
                faults.0.into_iter().filter(unknown).map(|fault| Fault { code: Code::UnknownParameter, ..fault }).collect();
            return ApiError { faults: named, ..ApiError::new(Code::UnknownParameter) };
        }
        faults.into()
    })
}
