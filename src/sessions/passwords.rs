//! Hashing of passwords: argon2id, two at a time, away from the threads that serve.

use std::time::Duration;

use actix_web::web;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::types::Password;
use crate::error::{ApiError, ApiResult, Code};

/// A hash takes 19 MiB and a whole core: more at once would starve the wards of theirs.
static TURNS: Semaphore = Semaphore::const_new(2);

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Checked when there is no account, so that a stranger's e-mail costs what a known one does. No password has it.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2lyYWotbm9ib2R5LWhlcg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The right to work out one hash after another. Goes along to the thread that hashes, so that a request which is
/// dropped half-way does not let a third one start.
pub struct Turn {
    _permit: SemaphorePermit<'static>,
}

impl Turn {
    /// Waits for a turn.
    pub async fn wait() -> ApiResult<Self> {
        match timeout(PATIENCE, TURNS.acquire()).await {
            Ok(Ok(permit)) => Ok(Self { _permit: permit }),
            _ => Err(ApiError::new(Code::TooManyRequests).after(5)),
        }
    }

    /// Whether this is the password; without a hash the same work is done for nothing.
    pub async fn verify(self, password: &Password, hash: Option<String>) -> ApiResult<(Self, bool)> {
        let password = password.clone();
        web::block(move || {
            let (hash, known) = hash.map_or((NOBODY.to_owned(), false), |hash| (hash, true));
            let right = matches(&password, &hash);
            (self, right && known)
        })
        .await
        .map_err(ApiError::internal)
    }

    /// The hash of a new password.
    pub async fn hash(self, password: &Password) -> ApiResult<String> {
        let password = password.clone();
        let hashed = web::block(move || {
            let hashed = Argon2::default().hash_password(password.as_str().as_bytes()).map(|hash| hash.to_string());
            drop(self);
            hashed
        });
        hashed.await.map_err(ApiError::internal)?.map_err(ApiError::internal)
    }
}

fn matches(password: &Password, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_str().as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_costs_the_same_work_as_somebody() {
        let settings =
            |hash: &str| hash.rsplit_once('$').and_then(|(head, _)| head.rsplit_once('$')).map(|(head, _)| head.to_owned());
        let hash = Argon2::default().hash_password(b"seven lanterns").expect("hashed").to_string();
        assert_eq!(settings(&hash), settings(NOBODY));
        assert_eq!(hash.len(), NOBODY.len());
        assert!(PasswordHash::new(NOBODY).is_ok());
        assert!(matches(&Password::new("seven lanterns"), &hash));
        assert!(!matches(&Password::new("seven lantern"), &hash));
    }
}
