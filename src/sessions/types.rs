//! What travels when people sign in.

use chrono::{DateTime, Utc};
use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::Role,
    error::{Code, Faults},
    types::{Email, Name, words, wrong_kind},
};

/// More bytes than any password that is accepted.
const MOST_BYTES: usize = 1024;

/// A password as it was typed, in one Unicode form. Not `Debug`, not `Serialize`: nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Two keyboards that write one letter differently give one password.
    pub fn new(typed: &str) -> Self {
        Self(typed.nfc().collect())
    }

    /// As it is hashed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deserr<Faults> for Password {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
        match value {
            Value::String(text) if text.len() > MOST_BYTES => Err(Faults::at(location, Code::TooLong)),
            Value::String(text) => Ok(Self::new(&text)),
            other => Err(wrong_kind(other, &[ValueKind::String], location)),
        }
    }
}

/// A refresh token or a ticket as it was sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text that was given out.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deserr<Faults> for Secret {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
        match value {
            Value::String(text) if text.len() > MOST_BYTES => Err(Faults::at(location, Code::TooLong)),
            Value::String(text) => Ok(Self(text)),
            other => Err(wrong_kind(other, &[ValueKind::String], location)),
        }
    }
}

/// Who signs in.
#[derive(Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"email": "coordinator@demo.siraj.example", "password": "seven lanterns over the pass"}))]
pub struct Credentials {
    /// The account's e-mail address.
    pub email: Email,
    /// Its password.
    #[schema(value_type = String, format = Password, max_length = 256)]
    pub password: Password,
}

/// A refresh token to be spent.
#[derive(Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "mZ2P0sJ1nq6c3yq3m8b8y2Yk8Q0mJ3o0cT2y1u1m4aE"}))]
pub struct RefreshRequest {
    /// The `refresh_token` of the latest answer.
    #[schema(value_type = String, max_length = 1024)]
    pub refresh_token: Secret,
}

/// Which sign-in to end.
#[derive(Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "mZ2P0sJ1nq6c3yq3m8b8y2Yk8Q0mJ3o0cT2y1u1m4aE"}))]
pub struct SignOutRequest {
    /// The sign-in to end; without it, every sign-in of the caller ends, on every device.
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 1024)]
    pub refresh_token: Option<Secret>,
}

/// A new password in the place of the present one.
#[derive(Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"current_password": "seven lanterns over the pass", "new_password": "nine lanterns under the bridge"}))]
pub struct PasswordChange {
    /// The present password.
    #[schema(value_type = String, format = Password, max_length = 256)]
    pub current_password: Password,
    /// The new one: 12 to 256 letters, not a common one.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 256)]
    pub new_password: Password,
}

/// A ticket (an invitation's or a reset's) and the password it sets.
#[derive(Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"token": "mZ2P0sJ1nq6c3yq3m8b8y2Yk8Q0mJ3o0cT2y1u1m4aE", "password": "seven lanterns over the pass"}))]
pub struct TicketAcceptance {
    /// The ticket as it was shown.
    #[schema(value_type = String, max_length = 1024)]
    pub token: Secret,
    /// The new password: 12 to 256 letters, not a common one.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 256)]
    pub password: Password,
}

/// A signed-in client's tokens.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiJ9.e30.c2ln", "token_type": "Bearer", "expires_in": 600,
    "refresh_token": "mZ2P0sJ1nq6c3yq3m8b8y2Yk8Q0mJ3o0cT2y1u1m4aE"}))]
pub struct Tokens {
    /// For the `Authorization` header.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// Seconds that the access token lives.
    pub expires_in: u64,
    /// Spent once, for the next pair.
    pub refresh_token: String,
}

/// The caller's own account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "0193a1c2-0000-7000-8000-000000000001", "email": "coordinator@demo.siraj.example", "name": "Area coordinator",
    "role": "coordinator", "organization_id": null, "facility_id": null, "area_ids": ["0193a1c2-0000-7000-8000-000000000002"]}))]
pub struct Me {
    /// The account's id.
    pub id: Uuid,
    /// Its e-mail address.
    pub email: Email,
    /// The person's name.
    pub name: Name,
    /// What they may do.
    pub role: Role,
    /// The partner organisation they belong to.
    pub organization_id: Option<Uuid>,
    /// The facility they work in.
    pub facility_id: Option<Uuid>,
    /// The areas they coordinate.
    pub area_ids: Vec<Uuid>,
}

words! {
    /// What a ticket is good for.
    TicketPurpose {
        /// A first password; lives seven days.
        Invitation = "invitation",
        /// Another password; lives one hour.
        PasswordReset = "password_reset",
    }
}

/// A ticket just issued; its token is shown once and kept nowhere.
pub struct Ticket {
    /// To be handed to the person.
    pub token: String,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}
