//! Webhooks and deliveries as they are stored and travel.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::Faults,
    http::{ListFilter, Merge, New},
    schema::webhooks,
    types::{Flag, words},
};

words! {
    /// Why nothing is sent to a webhook any more, until it is enabled again.
    DisabledReason {
        /// Its address answered 410: it is gone for good.
        Gone = "gone",
        /// The last of all attempts failed.
        Failing = "failing",
    }
}

words! {
    /// What an event says.
    WebhookEvent {
        /// The feed of the grant has moved: ask `/shared/changes`.
        Changed = "shared.changed",
        /// Somebody tries whether events arrive.
        Test = "shared.test",
    }
}

words! {
    /// How far a delivery has come.
    DeliveryStatus {
        /// It waits for its next attempt, or is under way.
        Waiting = "waiting",
        /// The receiver answered with 2xx.
        Delivered = "delivered",
        /// It will not be tried again.
        GivenUp = "given_up",
    }
}

words! {
    /// Why an attempt had no answer.
    DeliveryFault {
        /// The name leads to an address that is neither public nor allowed, or the address itself is no longer one.
        AddressRefused = "address-refused",
        /// The name leads nowhere.
        Unresolved = "unresolved",
        /// Nobody listens there.
        Unreachable = "unreachable",
        /// No TLS, or a certificate that cannot be trusted.
        Tls = "tls",
        /// No answer within 15 seconds.
        Timeout = "timeout",
        /// The connection broke, or what came was no answer.
        Broken = "broken",
        /// The secret could not be opened with the keys that there are.
        Sealed = "sealed",
        /// The grant is over, or the webhook was retired or disabled meanwhile.
        Withdrawn = "withdrawn",
    }
}

/// What people say of a webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"url": "https://reports.partner.example/siraj"}))]
pub struct WebhookFields {
    /// Where events go: https, on port 443 or one above 1023, without a password. Put no secret into it: it is listed.
    #[schema(min_length = 1, max_length = 500, pattern = "^[Hh][Tt][Tt][Pp][Ss]?://")]
    pub url: String,
}

/// A webhook to be made, with an id of the maker's choice.
pub type NewWebhook = New<WebhookFields>;
/// What is to change about a webhook.
pub type WebhookPatch = Merge<WebhookFields>;

/// A webhook, without its secret.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = webhooks)]
pub struct Webhook {
    /// Its id.
    pub id: Uuid,
    /// The grant whose changes it is told of.
    pub grant_id: Uuid,
    /// Where events go.
    pub url: String,
    /// Since when its present secret signs.
    pub secret_since: DateTime<Utc>,
    /// Until when the secret before signs as well.
    pub former_until: Option<DateTime<Utc>>,
    /// Since when nothing is sent to it.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Why nothing is sent to it.
    pub disabled_reason: Option<DisabledReason>,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A webhook with a new secret. It is shown this once.
#[derive(Serialize, ToSchema)]
pub struct ShownWebhook {
    #[serde(flatten)]
    pub webhook: Webhook,
    /// With which its receiver checks signatures: `whsec_…`.
    pub secret: String,
}

/// Which webhooks to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WebhookFilter {
    /// `true`: the retired ones; else the others.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for WebhookFilter {
    const SORTS: &'static [&'static str] = &["recorded_at"];
}

/// An event on its way to a webhook, and how that went.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct WebhookDelivery {
    /// Its id, which the receiver reads in `webhook-id`: the same at every attempt.
    pub id: Uuid,
    /// The webhook.
    pub webhook_id: Uuid,
    /// What it says.
    pub event: WebhookEvent,
    /// How far it has come.
    pub status: DeliveryStatus,
    /// When it was raised.
    pub raised_at: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was tried last.
    pub attempted_at: Option<DateTime<Utc>>,
    /// When it is tried next.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The status that the last attempt was answered with. Nothing else of an answer is read.
    pub last_status: Option<i32>,
    /// Why the last attempt had no answer.
    pub last_error: Option<DeliveryFault>,
    /// When the receiver took it.
    pub delivered_at: Option<DateTime<Utc>>,
    /// When it was given up.
    pub given_up_at: Option<DateTime<Utc>>,
}

/// Which deliveries to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WebhookDeliveryFilter {
    /// Those that have come so far.
    #[deserr(default)]
    #[param(inline)]
    pub status: Option<DeliveryStatus>,
}

impl ListFilter for WebhookDeliveryFilter {
    const SORTS: &'static [&'static str] = &["raised_at"];
}
