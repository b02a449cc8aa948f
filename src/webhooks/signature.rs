//! How an event is signed: Standard Webhooks 1.0, with a secret that both sides hold.

use std::{fmt::Write as _, io};

use aws_lc_rs::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use base64::{Engine, prelude::BASE64_STANDARD};

/// By what a secret is known as one of webhooks.
const MARK: &str = "whsec_";

/// A webhook's secret. Not `Debug`: nothing prints it.
pub struct Secret(Vec<u8>);

impl Secret {
    /// 256 random bits.
    pub fn fresh() -> io::Result<Self> {
        let mut bytes = vec![0; 32];
        SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
        Ok(Self(bytes))
    }

    /// A secret that was sealed before.
    pub const fn of(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What is sealed.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The form in which it is shown, once, and in which the libraries of the convention take it.
    pub fn shown(&self) -> String {
        format!("{MARK}{}", BASE64_STANDARD.encode(&self.0))
    }
}

/// The header `webhook-signature`: a signature by each secret, so that the receiver may still hold the former.
pub fn header(secrets: &[Secret], id: &str, timestamp: i64, body: &str) -> String {
    let mut header = String::new();
    for secret in secrets {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret.0);
        let signature = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
        let space = if header.is_empty() { "" } else { " " };
        // Writing into a String cannot fail.
        let _ = write!(header, "{space}v1,{}", BASE64_STANDARD.encode(signature.as_ref()));
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that is published with the convention and stands in the tests of its libraries.
    #[test]
    fn the_published_example_is_signed_as_published() {
        let bytes = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let secret = Secret::of(bytes);
        assert_eq!(secret.shown(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = header(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn two_secrets_sign_side_by_side() {
        let (new, old) = (Secret::fresh().expect("a secret"), Secret::fresh().expect("another"));
        assert_eq!((new.bytes().len(), new.shown().len()), (32, 50));
        assert_ne!(new.bytes(), old.bytes());
        let by = |secrets: &[Secret]| header(secrets, "id", 1, "{}");
        let both = by(&[Secret::of(new.0.clone()), Secret::of(old.0.clone())]);
        assert_eq!(both, format!("{} {}", by(&[new]), by(&[old])));
        assert_eq!(by(&[]), "");
    }
}
