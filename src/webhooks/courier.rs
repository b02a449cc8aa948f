//! What is done in the background: events are raised where a feed has moved, and sent.

use std::{sync::Arc, time::Duration};

use chrono::{SecondsFormat, Utc};
use futures_util::future::join_all;
use serde_json::json;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use uuid::Uuid;

use super::{
    actions,
    deliveries::{self, Attempt, Claimed, Feed},
    rules,
    sender::{Headers, Sender},
    signature,
    types::{DeliveryFault, WebhookEvent},
};
use crate::{
    config::Networks,
    db::Db,
    error::{ApiError, ApiResult},
    keys::Keys,
    shared,
};

/// Deliveries that are under way at once.
const MOST_DELIVERIES: usize = 16;
/// Feeds that are looked at in one go.
const MOST_FEEDS: i64 = 50;
/// How often is looked for what is due.
const TICK: Duration = Duration::from_secs(3);
/// Every so many ticks the feeds are looked at, those of which their minute is over.
const TICKS_OF_FEEDS: u64 = 5;

/// Raises and sends the events of webhooks; every node has one.
pub struct Courier {
    db: Db,
    keys: Arc<Keys>,
    sender: Sender,
}

impl Courier {
    /// A courier that sends into the public internet, and into these networks.
    pub fn new(db: Db, keys: Arc<Keys>, networks: Networks) -> Result<Self, String> {
        Ok(Self { db, keys, sender: Sender::new(networks)? })
    }

    /// Works until it is told to stop; what is under way then is finished first.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for number in 0_u64.. {
            tokio::select! {
                _ = ticks.tick() => {}
                // Whoever could have told it is gone, too.
                _ = stop.wait_for(|stop| *stop) => return,
            }
            if number.is_multiple_of(TICKS_OF_FEEDS) {
                complain(self.notice().await);
            }
            while !*stop.borrow() && complain(self.deliver().await) == MOST_DELIVERIES {}
        }
    }

    /// Raises an event for each webhook whose feed has moved; gives how many. Feeds that were looked at within the minute wait for theirs.
    pub async fn notice(&self) -> ApiResult<usize> {
        deliveries::withdraw(&mut *self.db.conn().await?).await?;
        let feeds = deliveries::due_feeds(&mut *self.db.conn().await?, MOST_FEEDS).await?;
        let mut raised = 0;
        for feed in feeds {
            match self.look_at(&feed).await {
                Ok(moved) => raised += usize::from(moved),
                // Another minute, another try; and no feed keeps another from being looked at.
                Err(error) => warn(&error),
            }
        }
        Ok(raised)
    }

    async fn look_at(&self, feed: &Feed) -> ApiResult<bool> {
        let mut conn = self.db.conn().await?;
        let Some(reached) = shared::reached(&mut conn, feed.grant_id, feed.notified_position).await? else { return Ok(false) };
        let after = shared::marker(&self.keys, feed.grant_id, feed.notified_position)?;
        let body = event(WebhookEvent::Changed, &json!({"grant": feed.grant_id, "after": after}));
        deliveries::raise(&mut conn, Uuid::now_v7(), &body, feed, reached).await
    }

    /// Sends what is due; gives how many deliveries were tried. No connection is held while they are under way.
    pub async fn deliver(&self) -> ApiResult<usize> {
        let most = i64::try_from(MOST_DELIVERIES).map_err(ApiError::internal)?;
        let claimed = deliveries::claim(&mut *self.db.conn().await?, most).await?;
        if claimed.is_empty() {
            return Ok(0);
        }
        let attempts: Vec<Attempt> = join_all(claimed.into_iter().map(|one| self.attempt(one))).await;
        deliveries::record(&mut *self.db.conn().await?, &attempts).await?;
        Ok(attempts.len())
    }

    async fn attempt(&self, claimed: Claimed) -> Attempt {
        let (id, number, event) = (claimed.id, claimed.attempts, claimed.event);
        let outcome = match actions::secrets(&self.keys, &claimed) {
            Some(secrets) => {
                let (name, timestamp) = (id.to_string(), Utc::now().timestamp());
                let signature = signature::header(&secrets, &name, timestamp, &claimed.body);
                self.sender.send(&claimed.url, Headers { id: name, timestamp, signature }, claimed.body).await
            }
            None => Err(DeliveryFault::Sealed),
        };
        Attempt { id, number, outcome, verdict: rules::judge(event, number, outcome) }
    }
}

/// What an event says, as it is signed and sent.
pub fn event(event: WebhookEvent, data: &serde_json::Value) -> String {
    let timestamp = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    json!({"type": event.as_str(), "timestamp": timestamp, "data": data}).to_string()
}

/// How many, or none and a line in the log.
fn complain(done: ApiResult<usize>) -> usize {
    done.unwrap_or_else(|error| {
        warn(&error);
        0
    })
}

fn warn(error: &ApiError) {
    tracing::warn!("webhooks were not served: {}", error.cause.as_deref().unwrap_or(error.code.as_str()));
}
