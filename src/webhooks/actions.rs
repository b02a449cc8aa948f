//! What the keepers of a webhook do: each holds it, judges, and writes, in one transaction.

use serde_json::json;
use uuid::Uuid;

use super::{
    address, courier,
    deliveries::{self, Claimed},
    signature::Secret,
    store::{self, Sealed},
    types::{NewWebhook, ShownWebhook, Webhook, WebhookDelivery, WebhookEvent, WebhookFields, WebhookPatch},
};
use crate::{
    config::Networks,
    db::Conn,
    error::{ApiError, ApiResult, Code},
    http::IfMatch,
    keys::Keys,
};

/// Makes a webhook that is told of what changes from now on. Its secret is given this once.
pub async fn create(
    conn: &mut Conn,
    keys: &Keys,
    networks: &Networks,
    by: Uuid,
    grant: Uuid,
    new: &NewWebhook,
) -> ApiResult<ShownWebhook> {
    let url = judged(&new.fields.url, networks)?;
    let secret = Secret::fresh().map_err(ApiError::internal)?;
    store::insert(conn, by, (grant, new.id), &url, seal(keys, new.id, &secret)?).await?;
    deliveries::begin(conn, new.id, grant).await?;
    Ok(ShownWebhook { webhook: store::find(conn, grant, new.id).await?, secret: secret.shown() })
}

/// Sends events to another address from now on, those that wait as well.
pub async fn update(
    conn: &mut Conn,
    networks: &Networks,
    by: Uuid,
    (grant, id): (Uuid, Uuid),
    expected: IfMatch,
    patch: &WebhookPatch,
) -> ApiResult<Webhook> {
    let there = held(conn, (grant, id), expected).await?;
    let fields = patch.apply(&WebhookFields { url: there.url.clone() })?;
    let url = judged(&fields.url, networks)?;
    if url == there.url { Ok(there) } else { store::set_url(conn, by, id, &url).await }
}

/// Puts a new secret in the place of the present one, which signs as well for a day.
pub async fn rotate(
    conn: &mut Conn,
    keys: &Keys,
    by: Uuid,
    (grant, id): (Uuid, Uuid),
    expected: IfMatch,
) -> ApiResult<ShownWebhook> {
    held(conn, (grant, id), expected).await?;
    let secret = Secret::fresh().map_err(ApiError::internal)?;
    let webhook = store::rotate(conn, by, id, seal(keys, id, &secret)?).await?;
    Ok(ShownWebhook { webhook, secret: secret.shown() })
}

/// Retires a webhook: nothing is sent to it any more.
pub async fn retire(conn: &mut Conn, by: Uuid, (grant, id): (Uuid, Uuid), expected: IfMatch) -> ApiResult<Webhook> {
    held(conn, (grant, id), expected).await?;
    store::retire(conn, by, id).await
}

/// Sends to a disabled webhook again, and first what it has missed.
pub async fn enable(conn: &mut Conn, by: Uuid, grant: Uuid, id: Uuid) -> ApiResult<Webhook> {
    let there = store::hold(conn, grant, id).await?;
    if there.disabled_at.is_none() || !store::is_open(conn, grant).await? {
        return Err(ApiError::new(Code::WrongState));
    }
    deliveries::rewind(conn, id).await?;
    store::enable(conn, by, id).await
}

/// Sends an event that says nothing, once; to a disabled webhook, too.
pub async fn test(conn: &mut Conn, grant: Uuid, id: Uuid) -> ApiResult<WebhookDelivery> {
    store::hold(conn, grant, id).await?;
    if !store::is_open(conn, grant).await? {
        return Err(ApiError::new(Code::WrongState));
    }
    if !store::is_heard(conn, grant).await? {
        return Err(ApiError::new(Code::NoLiveKey));
    }
    let body = courier::event(WebhookEvent::Test, &json!({"grant": grant}));
    deliveries::add_test(conn, Uuid::now_v7(), id, &body).await
}

/// The secrets that sign an event, the present one first; none where they do not open.
pub fn secrets(keys: &Keys, claimed: &Claimed) -> Option<Vec<Secret>> {
    let bound_to = bound_to(claimed.webhook_id);
    let mut secrets = vec![Secret::of(keys.unseal(&claimed.key_id, &bound_to, &claimed.sealed)?)];
    if let (Some(key_id), Some(sealed)) = (&claimed.former_key_id, &claimed.former_sealed) {
        secrets.push(Secret::of(keys.unseal(key_id, &bound_to, sealed)?));
    }
    Some(secrets)
}

async fn held(conn: &mut Conn, (grant, id): (Uuid, Uuid), expected: IfMatch) -> ApiResult<Webhook> {
    let there = store::hold(conn, grant, id).await?;
    expected.check(there.revision, &there)?;
    Ok(there)
}

fn judged(url: &str, networks: &Networks) -> ApiResult<String> {
    address::judge(url, networks).map(String::from).map_err(|code| ApiError::fault("/url", code))
}

fn seal(keys: &Keys, webhook: Uuid, secret: &Secret) -> ApiResult<Sealed> {
    keys.seal(&bound_to(webhook), secret.bytes()).ok_or_else(|| ApiError::internal("a webhook's secret could not be sealed"))
}

/// A sealed secret opens for its own webhook only.
fn bound_to(webhook: Uuid) -> String {
    format!("webhook_secret:{webhook}")
}
