//! Answers that are told again, byte for byte, as long as nothing that feeds a figure has changed.
//!
//! Whether something has is asked of the database for every request, so that no node ever tells what is no longer so. Requests that come while
//! others wait share one question: it is asked after the last of them came, and answers them all.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use actix_web::{HttpResponse, http::StatusCode};
use bytes::Bytes;
use chrono::NaiveDate;
use diesel::select;
use diesel_async::RunQueryDsl;
use tokio::sync::Mutex;

use super::{store, types::FigureScope};
use crate::{
    db::Db,
    error::{ApiError, ApiResult, Locale},
    http::IfNoneMatch,
    keys::{hex, sha256},
};

/// Beyond so many answers, all are dropped and counted again.
const MOST_HELD: usize = 1_000;

/// What was asked: of what, of which day, and whether in Arabic.
type Asked = (FigureScope, NaiveDate, bool);

/// An answer as it was told.
#[derive(Clone)]
struct Told {
    etag: String,
    body: Bytes,
}

/// The answers of one worker.
#[derive(Default)]
pub struct Answers {
    /// Of this version of the records, and of no other.
    held: RefCell<(i64, HashMap<Asked, Told>)>,
    /// How many requests have come.
    came: Cell<u64>,
    /// The last question.
    question: Mutex<Question>,
}

/// A question that was answered.
#[derive(Default)]
struct Question {
    /// How many requests had come when it was asked: it answers these.
    answers: u64,
    version: i64,
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
            let version = select(siraj_figures_version()).get_result(&mut *db.conn().await?).await?;
            *question = Question { answers, version };
        }
        Ok(question.version)
    }

    /// The figures, from memory if they are still so.
    pub async fn figures(
        &self,
        db: &Db,
        (scope, day, locale): (FigureScope, NaiveDate, Locale),
        held: &IfNoneMatch,
    ) -> ApiResult<HttpResponse> {
        let version = self.version(db).await?;
        let asked = (scope, day, locale == Locale::Arabic);
        let known = self.known(version, &asked);
        let told = if let Some(told) = known {
            told
        } else {
            // Counted after the version was read: what is newer than its version is never told for long, what is older never.
            let counted = store::figures(&mut *db.conn().await?, &asked.0, day, locale).await?;
            let body = serde_json::to_vec(&counted.figures).map_err(ApiError::internal)?;
            let digest = sha256(&[&body]);
            let told = Told { etag: format!("\"{}\"", hex(digest.get(..16).unwrap_or(&digest))), body: body.into() };
            self.keep(version, asked, told.clone());
            told
        };
        if held.holds(&told.etag) {
            return Ok(HttpResponse::build(StatusCode::NOT_MODIFIED).insert_header(("etag", told.etag)).finish());
        }
        Ok(HttpResponse::Ok().insert_header(("etag", told.etag)).content_type("application/json").body(told.body))
    }

    fn known(&self, version: i64, asked: &Asked) -> Option<Told> {
        let held = self.held.borrow();
        (held.0 == version).then(|| held.1.get(asked).cloned()).flatten()
    }

    fn keep(&self, version: i64, asked: Asked, told: Told) {
        let mut held = self.held.borrow_mut();
        // Somebody who asked later has counted a later version meanwhile: that one stays.
        if version < held.0 {
            return;
        }
        if version > held.0 || held.1.len() >= MOST_HELD {
            *held = (version, HashMap::new());
        }
        held.1.insert(asked, told);
    }
}
