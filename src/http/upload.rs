//! Files as browsers send them (`multipart/form-data`): read part by part as they come, never as a whole.

use std::{
    future::{Ready, ready},
    io,
    time::Duration,
};

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{FromRequest, HttpRequest, dev::Payload, error::PayloadError};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout};

use crate::error::{ApiError, ApiResult, Code};

/// A file may come over a thin line, but it comes: no pause is longer than this, and all of it ends within `LONGEST`.
const PAUSE: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_mins(30);
/// On the whole it comes no slower than this, once the first pause has passed.
const LEAST_PER_SECOND: u64 = 50;
/// What goes round the parts of a form, beside the file.
const MOST_AROUND: u64 = 64 * 1024;

/// A form with a file in it, on its way in.
pub struct Upload {
    parts: Multipart,
    announced: Option<u64>,
}

/// One part of it: a field, or the file.
pub struct Part(Field);

impl FromRequest for Upload {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let text =
            |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(|text| text.trim().to_ascii_lowercase());
        let essence = text("content-type").and_then(|media| media.split(';').next().map(|essence| essence.trim().to_owned()));
        if essence.as_deref() != Some("multipart/form-data") {
            return ready(Err(ApiError::new(Code::UnsupportedMediaType)));
        }
        if !matches!(text("content-encoding").as_deref(), None | Some("" | "identity")) {
            return ready(Err(ApiError::new(Code::UnsupportedEncoding)));
        }
        let announced = text("content-length").and_then(|length| length.parse().ok());
        ready(Ok(Self { parts: Multipart::new(headers, paced(payload.take())), announced }))
    }
}

impl Upload {
    /// Refuses a form that says itself that it is larger than a file of this size makes it; nothing of it is read.
    pub fn ensure_within(&self, most: u64) -> ApiResult<()> {
        let too_large = self.announced.is_some_and(|announced| announced > most + MOST_AROUND);
        if too_large { Err(ApiError::new(Code::PayloadTooLarge)) } else { Ok(()) }
    }

    /// The next part.
    pub async fn part(&mut self) -> ApiResult<Option<Part>> {
        self.parts.next().await.transpose().map(|part| part.map(Part)).map_err(|error| broken(&error))
    }
}

impl Part {
    /// The name of its field.
    pub fn name(&self) -> &str {
        self.0.name().unwrap_or_default()
    }

    /// What the sender calls the file, as it was sent.
    pub fn file_name(&self) -> Option<&str> {
        self.0.content_disposition().and_then(|told| {
            told.get_filename_ext().map_or_else(|| told.get_filename(), |name| std::str::from_utf8(&name.value).ok())
        })
    }

    /// The next bytes of it.
    pub async fn bytes(&mut self) -> ApiResult<Option<Bytes>> {
        self.0.next().await.transpose().map_err(|error| broken(&error))
    }

    /// The whole of a field that is text.
    pub async fn text(&mut self, most: usize) -> ApiResult<String> {
        let mut whole = Vec::new();
        while let Some(bytes) = self.bytes().await? {
            if whole.len() + bytes.len() > most {
                return Err(ApiError::fault(format!("/{}", self.name()), Code::TooLong));
            }
            whole.extend_from_slice(&bytes);
        }
        String::from_utf8(whole).map_err(|_| ApiError::fault(format!("/{}", self.name()), Code::InvalidText))
    }
}

/// The body as it comes, with an end to waiting for it.
fn paced(payload: Payload) -> impl stream::Stream<Item = Result<Bytes, PayloadError>> {
    let started = Instant::now();
    stream::unfold((payload, 0_u64), move |(mut payload, mut received)| async move {
        let late = || Err(PayloadError::Io(io::ErrorKind::TimedOut.into()));
        let Ok(next) = timeout(PAUSE, payload.next()).await else { return Some((late(), (Payload::None, 0))) };
        let next = next?;
        received += next.as_ref().map_or(0, |bytes| bytes.len() as u64);
        let after = started.elapsed();
        let due = after.saturating_sub(PAUSE).as_secs() * LEAST_PER_SECOND;
        if after > LONGEST || received < due {
            return Some((late(), (Payload::None, 0)));
        }
        Some((next, (payload, received)))
    })
}

fn broken(error: &MultipartError) -> ApiError {
    match error {
        MultipartError::Payload(PayloadError::Io(io)) if io.kind() == io::ErrorKind::TimedOut => {
            ApiError::new(Code::RequestTimeout)
        }
        MultipartError::Payload(PayloadError::Overflow) => ApiError::new(Code::PayloadTooLarge),
        _ => ApiError::new(Code::MalformedForm),
    }
}
