//! Access tokens: JWT of minutes, one algorithm, every claim and header checked.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::Utc;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult, Code},
    keys::{Keys, sha256},
};

/// How long an access token lives.
pub const ACCESS_TOKEN_SECONDS: u64 = 600;
/// The one algorithm: issuer and reader are the same service, so a shared key is enough, and checking it costs microseconds.
const ALGORITHM: Algorithm = Algorithm::HS256;
const ISSUER: &str = "siraj";
const AUDIENCE: &str = "siraj-api";
const TYPE: &str = "at+jwt";
/// How far the clocks of two nodes may be apart.
const LEEWAY_SECONDS: u64 = 5;
const LONGEST_TOKEN: usize = 4096;

/// What a token says. Nothing else is accepted, no claim may be missing, none may be of another type.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: Uuid,
    pub iat: u64,
    pub nbf: u64,
    pub exp: u64,
    pub jti: Uuid,
    /// The user's session version: a token of an older session is refused.
    pub ver: i64,
}

/// The only header there is: anything more (`crit`, `jku`, `x5u`, `jwk`) is refused unread.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    typ: String,
    alg: String,
    kid: String,
}

/// A fresh access token of a user's session.
pub fn issue(keys: &Keys, user: Uuid, session_version: i64) -> ApiResult<String> {
    let now = u64::try_from(Utc::now().timestamp()).map_err(ApiError::internal)?;
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: user,
        iat: now,
        nbf: now,
        exp: now + ACCESS_TOKEN_SECONDS,
        jti: Uuid::now_v7(),
        ver: session_version,
    };
    let key = &keys.signing()[0];
    let header = Header { typ: Some(TYPE.to_owned()), kid: Some(key.id.clone()), ..Header::new(ALGORITHM) };
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(key.secret())).map_err(ApiError::internal)
}

/// Tokens that were checked lately, by their digests: a reader shows the same one for minutes, and its signature stays what it is.
#[derive(Default)]
pub(super) struct Tokens(RwLock<HashMap<Vec<u8>, Arc<Claims>>>);

/// Beyond so many all are checked anew.
const MOST_HELD: usize = 10_000;

impl Tokens {
    /// What a token says, if it is ours and of now.
    pub(super) fn verify(&self, keys: &Keys, token: &str) -> ApiResult<Arc<Claims>> {
        if token.len() > LONGEST_TOKEN {
            return Err(ApiError::new(Code::InvalidToken));
        }
        let digest = sha256(&[token.as_bytes()]);
        let known = self.0.read().ok().and_then(|held| held.get(&digest).cloned());
        if let Some(claims) = known {
            return if is_of_now(&claims) { Ok(claims) } else { Err(ApiError::new(Code::InvalidToken)) };
        }
        let claims = Arc::new(verify(keys, token)?);
        if let Ok(mut held) = self.0.write() {
            if held.len() >= MOST_HELD {
                held.clear();
            }
            held.insert(digest, Arc::clone(&claims));
        }
        Ok(claims)
    }
}

fn verify(keys: &Keys, token: &str) -> ApiResult<Claims> {
    read(keys, token).ok_or_else(|| ApiError::new(Code::InvalidToken))
}

/// Whether the clock stands between the moments that a token names.
fn is_of_now(claims: &Claims) -> bool {
    let Ok(now) = u64::try_from(Utc::now().timestamp()) else { return false };
    let lifetime = claims.exp.checked_sub(claims.iat);
    lifetime.is_some_and(|lifetime| lifetime <= ACCESS_TOKEN_SECONDS)
        && claims.iat.max(claims.nbf) <= now + LEEWAY_SECONDS
        && now <= claims.exp + LEEWAY_SECONDS
}

fn read(keys: &Keys, token: &str) -> Option<Claims> {
    if token.len() > LONGEST_TOKEN {
        return None;
    }
    let header = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    let header: StrictHeader = serde_json::from_slice(&header).ok()?;
    if header.typ != TYPE || header.alg != "HS256" {
        return None;
    }
    let key = keys.signing().iter().find(|key| key.id == header.kid)?;
    let mut validation = Validation::new(ALGORITHM);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
    validation.validate_nbf = true;
    validation.leeway = LEEWAY_SECONDS;
    let claims = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(key.secret()), &validation).ok()?.claims;
    is_of_now(&claims).then_some(claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn signed(keys: &Keys, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &EncodingKey::from_secret(keys.signing()[0].secret()), ALGORITHM)
                .expect("signed");
        format!("{message}.{signature}")
    }

    #[test]
    fn a_token_that_was_checked_is_known_again_and_ends_all_the_same() {
        let keys = Keys::fresh().expect("keys");
        let tokens = Tokens::default();
        let token = issue(&keys, Uuid::now_v7(), 1).expect("a token");
        let first = tokens.verify(&keys, &token).expect("ours");
        assert!(Arc::ptr_eq(&first, &tokens.verify(&keys, &token).expect("ours")), "from memory");
        assert!(tokens.verify(&keys, &format!("{token}x")).is_err(), "another text is another token");
        let past = first.exp - 2 * ACCESS_TOKEN_SECONDS;
        let over = Arc::new(Claims {
            iat: past - ACCESS_TOKEN_SECONDS,
            nbf: past - ACCESS_TOKEN_SECONDS,
            exp: past,
            ..(*first).clone()
        });
        tokens.0.write().expect("memory").insert(sha256(&[token.as_bytes()]), over);
        assert!(tokens.verify(&keys, &token).is_err(), "its time is over");
    }

    #[test]
    fn only_a_token_that_is_ours_in_every_detail_is_accepted() {
        let keys = Keys::fresh().expect("keys");
        let now = Utc::now().timestamp();
        let header = json!({"typ": "at+jwt", "alg": "HS256", "kid": keys.signing()[0].id});
        let claims = json!({"iss": "siraj", "aud": "siraj-api", "sub": Uuid::now_v7(), "iat": now, "nbf": now, "exp": now + 600, "jti": Uuid::now_v7(), "ver": 1});
        assert!(verify(&keys, &signed(&keys, &header, &claims)).is_ok());
        let with = |base: &Value, name: &str, value: Value| {
            let mut changed = base.clone();
            changed[name] = value;
            changed
        };
        let without = |base: &Value, name: &str| {
            let mut changed = base.clone();
            changed.as_object_mut().expect("object").remove(name);
            changed
        };
        for (name, value) in [
            ("typ", json!("rt+jwt")),
            ("alg", json!("none")),
            ("alg", json!("nOnE")),
            ("alg", json!("HS384")),
            ("kid", json!("../../x")),
            ("kid", json!("' OR 1=1")),
            ("jku", json!("https://x.example")),
            ("x5u", json!("https://x.example")),
            ("jwk", json!({})),
            ("crit", json!(["exp"])),
        ] {
            assert!(verify(&keys, &signed(&keys, &with(&header, name, value), &claims)).is_err(), "header {name}");
        }
        for (name, value) in [
            ("exp", json!(now - 60)),
            ("exp", json!("soon")),
            ("exp", json!(1.5e9)),
            ("exp", json!(1e18)),
            ("exp", json!(now + 90_000)),
            ("nbf", json!(now + 300)),
            ("nbf", json!("now")),
            ("iat", json!(now + 300)),
            ("aud", json!("other")),
            ("aud", json!(["siraj-api", "other"])),
            ("iss", json!("other")),
            ("sub", json!("me")),
            ("role", json!("admin")),
        ] {
            assert!(verify(&keys, &signed(&keys, &header, &with(&claims, name, value))).is_err(), "claim {name}");
        }
        for name in ["exp", "nbf", "aud", "iss", "iat", "sub", "jti", "ver"] {
            assert!(verify(&keys, &signed(&keys, &header, &without(&claims, name))).is_err(), "without {name}");
        }
        let other = Keys::fresh().expect("keys");
        assert!(verify(&other, &signed(&keys, &header, &claims)).is_err());
        assert!(verify(&keys, &"a".repeat(1 << 20)).is_err());
    }
}
