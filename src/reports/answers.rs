//! Answers that are told again as long as nothing that feeds a figure has changed.
//!
//! An answer is what figures are told in: those of a day, a series of them, their parts, two days side by side. Their ETag is of what was counted, not of when: every worker and node gives the same one, and a write that moves no figure leaves it. So it is a weak one.
//!
//! Whether something has is asked of the database for every request, so that no node ever tells what is no longer so. Requests that come while
//! others wait share one question: it is asked after the last of them came, and answers them all.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    time::Duration,
};

use actix_web::{HttpResponse, http::StatusCode};
use bytes::Bytes;
use chrono::NaiveDate;
use diesel::select;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use tokio::{
    sync::{Mutex, Semaphore},
    time::timeout,
};

use super::types::FigureScope;
use crate::{
    auth::Role,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Locale},
    http::IfNoneMatch,
    keys::{hex, sha256},
};

/// Beyond so many bytes of answers a worker drops all and counts again.
const MOST_HELD: usize = 4 << 20;

/// How long a request waits for others that are counted.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was asked, and who is told: everything that an answer depends on beside the records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    /// In what form figures are told.
    pub form: &'static str,
    /// What they are narrowed to.
    pub scope: FigureScope,
    /// Of which days.
    pub days: Vec<NaiveDate>,
    /// By which dimensions or steps.
    pub by: [Option<&'static str>; 2],
    /// Some rows are not for every role.
    pub role: Role,
    /// In which language.
    pub locale: Locale,
}

/// An answer as it was told.
#[derive(Clone)]
struct Told {
    etag: String,
    body: Bytes,
}

/// The answers of one worker.
#[derive(Default)]
pub struct Answers {
    held: RefCell<Held>,
    /// Whoever counts: of many who miss the same answer one or two count it, and they take no connection from those who miss none.
    counting: Counting,
    /// How many requests have come.
    came: Cell<u64>,
    /// The last question.
    question: Mutex<Question>,
}

/// Two may count at once.
struct Counting(Semaphore);

impl Default for Counting {
    fn default() -> Self {
        Self(Semaphore::new(2))
    }
}

/// Answers of one version of the records, and of no other.
#[derive(Default)]
struct Held {
    version: i64,
    bytes: usize,
    answers: HashMap<Asked, Told>,
}

/// A question that was answered.
#[derive(Default)]
struct Question {
    /// How many requests had come when it was asked: it answers these.
    answers: u64,
    /// Nothing when the database did not answer: they need not all wait for it in turn.
    version: Option<i64>,
}

diesel::define_sql_function! {
    /// Another number after every change of what feeds a figure.
    fn siraj_figures_version() -> diesel::sql_types::BigInt;
}

impl Answers {
    /// The version of the records, asked after this call began.
    async fn version(&self, db: &Db) -> ApiResult<i64> {
        let number = self.came.get() + 1;
        self.came.set(number);
        let mut question = self.question.lock().await;
        if question.answers < number {
            let answers = self.came.get();
            let asked = ask(db).await;
            *question = Question { answers, version: asked.as_ref().ok().copied() };
            return asked;
        }
        question.version.ok_or_else(|| ApiError::unavailable("the version of the figures was asked for others in vain"))
    }

    /// What was asked for, from memory if it is still so.
    pub async fn tell<T: Serialize>(
        &self,
        db: &Db,
        asked: Asked,
        held: &IfNoneMatch,
        count: impl AsyncFnOnce(&mut Conn) -> ApiResult<T>,
    ) -> ApiResult<HttpResponse> {
        let told = match self.known(self.version(db).await?, &asked) {
            Some(told) => told,
            None => self.counted(db, asked, count).await?,
        };
        if held.holds(&told.etag) {
            return Ok(HttpResponse::build(StatusCode::NOT_MODIFIED).insert_header(("etag", told.etag)).finish());
        }
        Ok(HttpResponse::Ok().insert_header(("etag", told.etag)).content_type("application/json").body(told.body))
    }

    async fn counted<T: Serialize>(
        &self,
        db: &Db,
        asked: Asked,
        count: impl AsyncFnOnce(&mut Conn) -> ApiResult<T>,
    ) -> ApiResult<Told> {
        let waited = timeout(PATIENCE, self.counting.0.acquire()).await;
        let _turn = waited.map_err(|_| ApiError::unavailable("too many figures are being counted"))?;
        // Meanwhile it may have become another, and somebody may have counted it.
        let version = self.version(db).await?;
        if let Some(told) = self.known(version, &asked) {
            return Ok(told);
        }
        // Counted after the version was read: what is newer than its version is never told for long, what is older never.
        let counted = count(&mut *db.conn().await?).await?;
        let body = serde_json::to_vec(&counted).map_err(ApiError::internal)?;
        let mut content = serde_json::to_value(&counted).map_err(ApiError::internal)?;
        content.as_object_mut().and_then(|content| content.remove("known_at"));
        let digest = sha256(&[content.to_string().as_bytes()]);
        let told = Told { etag: format!("W/\"{}\"", hex(digest.get(..16).unwrap_or(&digest))), body: body.into() };
        self.keep(version, asked, told.clone());
        Ok(told)
    }

    fn known(&self, version: i64, asked: &Asked) -> Option<Told> {
        let held = self.held.borrow();
        (held.version == version).then(|| held.answers.get(asked).cloned()).flatten()
    }

    /// Another version takes the place of what is held, an earlier one too: after a restore the numbers begin again.
    fn keep(&self, version: i64, asked: Asked, told: Told) {
        let mut held = self.held.borrow_mut();
        if version != held.version || held.bytes + told.body.len() > MOST_HELD {
            *held = Held { version, ..Held::default() };
        }
        held.bytes += told.body.len();
        held.answers.insert(asked, told);
    }
}

async fn ask(db: &Db) -> ApiResult<i64> {
    Ok(select(siraj_figures_version()).get_result(&mut *db.conn().await?).await?)
}
