//! Hashing of passwords: argon2id, two at a time, away from the threads that serve.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use super::types::Password;
use crate::{
    error::{ApiError, ApiResult},
    http,
};

/// A hash takes 19 MiB and a whole core: more at once would starve the wards of theirs.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Checked when there is no account, so that a stranger's e-mail costs what a known one does. No password has it.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2lyYWotbm9ib2R5LWhlcg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The right to work out one hash after another.
pub struct Turn(http::Turn);

impl Turn {
    /// Waits for a turn.
    pub async fn wait() -> ApiResult<Self> {
        http::Turn::wait(&TURNS).await.map(Self)
    }

    /// Whether this is the password; without a hash the same work is done for nothing.
    pub async fn verify(self, password: &Password, hash: Option<String>) -> ApiResult<(Self, bool)> {
        let password = password.clone();
        let (turn, right) = self
            .0
            .work(move || {
                let (hash, known) = hash.map_or((NOBODY.to_owned(), false), |hash| (hash, true));
                matches(&password, &hash) && known
            })
            .await?;
        Ok((Self(turn), right))
    }

    /// The hash of a new password.
    pub async fn hash(self, password: &Password) -> ApiResult<String> {
        let password = password.clone();
        let hashed =
            self.0.work(move || Argon2::default().hash_password(password.as_str().as_bytes()).map(|hash| hash.to_string()));
        hashed.await?.1.map_err(ApiError::internal)
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
