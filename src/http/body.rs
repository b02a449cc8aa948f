//! Bodies: read within limits of size and time, parsed strictly, every fault told at once.

use std::{fmt, io::Read, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{ContentEncoding, HeaderMap},
};
use deserr::Deserr;
use futures_util::StreamExt;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use tokio::time::{Instant, timeout, timeout_at};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type, schema::AdditionalProperties},
};
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult, Code, Faults},
    keys::sha256,
};

/// The largest body, after decompression.
const MOST_BYTES: usize = 1 << 20;
/// The largest body of whoever has not signed in yet.
const MOST_BYTES_OF_STRANGERS: usize = 1 << 13;
/// The deepest nesting of objects and lists.
const MOST_LEVELS: usize = 16;
/// A body may be slow, but not so slow: within each window at least `LEAST_PER_WINDOW` bytes, and all of it within `LONGEST`.
const WINDOW: Duration = Duration::from_secs(30);
const LEAST_PER_WINDOW: usize = 50 * 30;
const LONGEST: Duration = Duration::from_mins(5);

/// A body of one type. Its digest tells one request from another under the same idempotency key.
#[derive(Debug, Clone)]
pub struct Body<T> {
    /// What the body says.
    pub value: T,
    /// SHA-256 of the body as it came.
    pub digest: Vec<u8>,
}

/// A record to be created: its fields, and its id if the client has chosen one.
#[derive(Debug, Clone)]
pub struct New<T> {
    /// Chosen by the client, so that an offline record has its name before it has a link; else made here (v7).
    pub id: Uuid,
    /// The record's fields.
    pub fields: T,
}

/// A JSON merge patch (RFC 7396): absent keeps, null clears, a value sets.
#[derive(Debug, Clone)]
pub struct Merge<T> {
    patch: Map<String, Value>,
    of: std::marker::PhantomData<T>,
}

impl<T: Deserr<Faults>> Deserr<Faults> for New<T> {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: deserr::ValuePointerRef,
    ) -> Result<Self, Faults> {
        use deserr::Map as _;
        let deserr::Value::Map(mut map) = value else {
            return T::deserialize_from_value(value, location).and(Err(Faults::at(location, Code::WrongType)));
        };
        let given = map.remove("id");
        let id = match given {
            None => Ok(Uuid::now_v7()),
            Some(id) => Uuid::deserialize_from_value(id.into_value(), location.push_key("id")),
        };
        match (id, T::deserialize_from_value::<V>(deserr::Value::Map(map), location)) {
            (Ok(id), Ok(fields)) => Ok(Self { id, fields }),
            (Err(mut faults), Err(more)) => {
                faults.0.extend(more.0);
                Err(faults)
            }
            (Err(faults), Ok(_)) | (Ok(_), Err(faults)) => Err(faults),
        }
    }
}

impl<T> Deserr<Faults> for Merge<T> {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: deserr::ValuePointerRef,
    ) -> Result<Self, Faults> {
        match Value::from(value) {
            Value::Object(patch) => Ok(Self { patch, of: std::marker::PhantomData }),
            _ => Err(Faults::at(location, Code::WrongType)),
        }
    }
}

impl<T: Deserr<Faults> + serde::Serialize> Merge<T> {
    /// The fields as they will be: the present ones with the patch applied, read again as strictly as a new record's.
    pub fn apply(&self, present: &T) -> ApiResult<T> {
        let mut merged = serde_json::to_value(present).map_err(ApiError::internal)?;
        let mut faults = Faults::default();
        // A null takes its field away before the strict reading, which would not miss a name that it never saw.
        for name in self.cleared().filter(|name| merged.get(name).is_none()) {
            faults.add(pointer_of(name), Code::UnknownField);
        }
        merge(&mut merged, &Value::Object(self.patch.clone()));
        let applied = match deserr::deserialize::<T, _, Faults>(merged) {
            Ok(applied) => applied,
            Err(more) => {
                faults.0.extend(more.0);
                return Err(faults.into());
            }
        };
        // Clearing may not put back a value that nobody has said.
        let now = serde_json::to_value(&applied).map_err(ApiError::internal)?;
        let empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        for name in self.cleared().filter(|name| now.get(name).is_some_and(|value| !empty(value))) {
            faults.add(pointer_of(name), Code::Required);
        }
        faults.into_result()?;
        Ok(applied)
    }

    /// The fields that the patch clears.
    fn cleared(&self) -> impl Iterator<Item = &String> {
        self.patch.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name)
    }
}

/// RFC 6901: the pointer to a field of the body.
fn pointer_of(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// RFC 7396, section 2.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(fields) = target {
        for (name, value) in patch {
            if value.is_null() {
                fields.remove(name);
            } else {
                merge(fields.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

impl<T: Deserr<Faults>> Body<T> {
    /// A body that the service says to itself, read as strictly as one that was sent.
    pub fn said(value: Value) -> ApiResult<Self> {
        let digest = sha256(&[value.to_string().as_bytes()]);
        Ok(Self { value: deserr::deserialize::<T, _, Faults>(value)?, digest })
    }
}

impl<T: Deserr<Faults> + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = ApiResult<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let most = if request.path().starts_with("/api/v1/auth/") { MOST_BYTES_OF_STRANGERS } else { MOST_BYTES };
        let checked = check_headers(request.headers(), most);
        let payload = payload.take();
        Box::pin(async move {
            let bytes = read(payload, checked?, most).await?;
            let value = parse(&bytes)?;
            if !value.is_object() {
                return Err(ApiError::fault("", if value.is_null() { Code::Required } else { Code::WrongType }));
            }
            let value = deserr::deserialize::<T, _, Faults>(value)?;
            Ok(Self { value, digest: sha256(&[&bytes]) })
        })
    }
}

fn check_headers(headers: &HeaderMap, most: usize) -> ApiResult<ContentEncoding> {
    let text = |name| {
        headers
            .get(name)
            .map(|value: &actix_web::http::header::HeaderValue| value.to_str().unwrap_or_default().trim().to_ascii_lowercase())
    };
    let media = text("content-type").unwrap_or_default();
    let essence = media.split(';').next().unwrap_or_default().trim();
    if !matches!(essence, "application/json" | "application/merge-patch+json") {
        return Err(ApiError::new(Code::UnsupportedMediaType));
    }
    let length = text("content-length").and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > most as u64) {
        return Err(ApiError::new(Code::PayloadTooLarge));
    }
    match text("content-encoding").as_deref() {
        None | Some("" | "identity") => Ok(ContentEncoding::Identity),
        Some("gzip") => Ok(ContentEncoding::Gzip),
        Some("br") => Ok(ContentEncoding::Brotli),
        Some("deflate") => Ok(ContentEncoding::Deflate),
        Some(_) => Err(ApiError::new(Code::UnsupportedEncoding)),
    }
}

/// Reads the body as it was sent, within its bounds, and only then unpacks it: nothing is unpacked beyond what is read.
async fn read(mut payload: Payload, encoding: ContentEncoding, most: usize) -> ApiResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let end = Instant::now() + LONGEST;
    let slow = |_| ApiError::new(Code::RequestTimeout);
    loop {
        let before = bytes.len();
        let window = Instant::now() + WINDOW;
        while bytes.len() < before + LEAST_PER_WINDOW {
            let next = timeout(LONGEST, payload.next());
            match timeout_at(window.min(end), next).await.map_err(slow)?.map_err(slow)? {
                None => return unpack(bytes, encoding, most),
                Some(chunk) => bytes.extend_from_slice(&chunk.map_err(|error| broken(&error))?),
            }
            if bytes.len() > most {
                return Err(ApiError::new(Code::PayloadTooLarge));
            }
        }
    }
}

fn broken(error: &actix_web::error::PayloadError) -> ApiError {
    use actix_web::error::PayloadError;
    match error {
        PayloadError::Overflow => ApiError::new(Code::PayloadTooLarge),
        _ => ApiError::new(Code::MalformedJson),
    }
}

fn unpack(bytes: Vec<u8>, encoding: ContentEncoding, most: usize) -> ApiResult<Vec<u8>> {
    const BUFFER: usize = 4096;
    let packed = bytes.as_slice();
    let unpacked: &mut dyn Read = match encoding {
        ContentEncoding::Gzip => &mut flate2::read::MultiGzDecoder::new(packed),
        ContentEncoding::Deflate => &mut flate2::read::ZlibDecoder::new(packed),
        ContentEncoding::Brotli => &mut brotli::Decompressor::new(packed, BUFFER),
        _ => return Ok(bytes),
    };
    let mut whole = Vec::new();
    unpacked.take(most as u64 + 1).read_to_end(&mut whole).map_err(|_| ApiError::new(Code::MalformedEncoding))?;
    if whole.len() > most { Err(ApiError::new(Code::PayloadTooLarge)) } else { Ok(whole) }
}

/// JSON as RFC 8259 has it, and stricter: no key twice, no deeper than we ever nest.
fn parse(bytes: &[u8]) -> ApiResult<Value> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let parsed = Strict { level: 0 }.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    parsed.map_err(|error| {
        let told = error.to_string();
        if told.starts_with(Code::DuplicateKey.as_str()) {
            ApiError::new(Code::DuplicateKey)
        } else if told.starts_with(Code::TooDeep.as_str()) || told.starts_with("recursion limit") {
            ApiError::new(Code::TooDeep)
        } else if told.starts_with("number out of range") {
            ApiError::fault("", Code::OutOfRange)
        } else {
            ApiError::new(Code::MalformedJson)
        }
    })
}

struct Strict {
    level: usize,
}

impl Strict {
    fn inner<E: serde::de::Error>(&self) -> Result<Self, E> {
        if self.level < MOST_LEVELS { Ok(Self { level: self.level + 1 }) } else { Err(E::custom(Code::TooDeep.as_str())) }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element_seed(self.inner()?)? {
            list.push(entry);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(self.inner()?)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom(Code::DuplicateKey.as_str()));
            }
        }
        Ok(Value::Object(object))
    }
}

/// The object schema of a record's fields.
fn fields_of<T: PartialSchema>() -> utoipa::openapi::Object {
    match T::schema() {
        RefOr::T(Schema::Object(object)) => object,
        _ => ObjectBuilder::new().build(),
    }
}

/// `FacilityFields` is the noun `Facility` with the word for its fields behind it.
fn noun<T: ToSchema>() -> String {
    T::name().trim_end_matches("Fields").to_owned()
}

impl<T: PartialSchema> PartialSchema for New<T> {
    fn schema() -> RefOr<Schema> {
        let mut object = fields_of::<T>();
        let id = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Uuid)))
            .description(Some("Chosen by the client (UUID), or made by the service when absent."))
            .build();
        object.properties.insert("id".to_owned(), id.into());
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        object.into()
    }
}

impl<T: ToSchema> ToSchema for New<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("New{}", noun::<T>()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

impl<T: PartialSchema> PartialSchema for Merge<T> {
    fn schema() -> RefOr<Schema> {
        let mut object = fields_of::<T>();
        object.required.clear();
        object.description = Some("A JSON merge patch: absent keeps, null clears, a value sets.".to_owned());
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        object.into()
    }
}

impl<T: ToSchema> ToSchema for Merge<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("{}Patch", noun::<T>()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}
