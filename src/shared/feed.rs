//! What changed since a marker. The database compares what the grant tells now with what it has told, under a lock of the
//! grant's feed, and numbers the differences; so no order of commits can hide one, and what no record tells but the
//! calendar (a month that is over, a support that begins) is told too.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use diesel::{
    QueryableByName, sql_query,
    sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::types::{SharedChange, SharedChanges};
use crate::{
    db::Conn,
    error::{ApiError, ApiResult, Code},
    keys::Keys,
};

/// Records of one answer.
const MOST: usize = 500;
const PURPOSE: &str = "share-feed";
const MAC_LENGTH: usize = 16;

#[derive(QueryableByName)]
struct Item {
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = Text)]
    resource: String,
    #[diesel(sql_type = SqlUuid)]
    shared_id: Uuid,
    #[diesel(sql_type = Nullable<Jsonb>)]
    content: Option<Value>,
}

const ITEMS: &str =
    "SELECT i.position, i.resource, i.shared_id, i.content FROM share_items i JOIN siraj_open_grants() g ON g.id = i.grant_id
     WHERE i.grant_id = $1 AND i.position > $2 ORDER BY i.position LIMIT $3";

/// What a grant tells otherwise than up to the marker.
pub async fn read(conn: &mut Conn, keys: &Keys, grant: Uuid, after: Option<&str>) -> ApiResult<SharedChanges> {
    let after = match after {
        None => 0,
        Some(marker) => open(keys, grant, marker).ok_or_else(|| ApiError::new(Code::InvalidCursor))?,
    };
    refresh(conn, grant).await?;
    let limit = i64::try_from(MOST + 1).map_err(ApiError::internal)?;
    let asked = sql_query(ITEMS).bind::<SqlUuid, _>(grant).bind::<BigInt, _>(after).bind::<BigInt, _>(limit);
    let mut items: Vec<Item> = asked.load(conn).await?;
    let more = items.len() > MOST;
    items.truncate(MOST);
    let reached = items.last().map_or(after, |last| last.position);
    // What came and went before this reader saw it is nothing to forget.
    let fresh = after == 0;
    let told = items.into_iter().filter(|item| !(fresh && item.content.is_none())).map(|item| SharedChange {
        resource: item.resource,
        id: item.shared_id,
        removed: item.content.is_none(),
        record: item.content,
    });
    Ok(SharedChanges { items: told.collect(), next: marker(keys, grant, reached), more })
}

#[derive(QueryableByName)]
struct Reached {
    #[diesel(sql_type = Nullable<BigInt>)]
    position: Option<i64>,
    #[diesel(sql_type = Bool)]
    told: bool,
}

/// What [`read`] would tell beyond a place: whether anything, and up to where.
const REACHED: &str = "SELECT max(i.position) AS position, coalesce(bool_or($2 > 0 OR i.content IS NOT NULL), false) AS told
     FROM share_items i JOIN siraj_open_grants() g ON g.id = i.grant_id WHERE i.grant_id = $1 AND i.position > $2";

/// How far the feed of a grant has come, if whoever asked it now with the marker of this place would be told anything.
pub async fn reached(conn: &mut Conn, grant: Uuid, after: i64) -> ApiResult<Option<i64>> {
    refresh(conn, grant).await?;
    let reached: Reached = sql_query(REACHED).bind::<SqlUuid, _>(grant).bind::<BigInt, _>(after).get_result(conn).await?;
    Ok(reached.position.filter(|_| reached.told))
}

async fn refresh(conn: &mut Conn, grant: Uuid) -> ApiResult<()> {
    sql_query("SELECT siraj_share_refresh($1)").bind::<SqlUuid, _>(grant).execute(conn).await?;
    Ok(())
}

/// A marker is good for the feed of one grant.
fn message(grant: Uuid, position: [u8; 8]) -> Vec<u8> {
    [grant.as_bytes().as_slice(), position.as_slice()].concat()
}

/// The marker of a place in the feed of a grant.
pub fn marker(keys: &Keys, grant: Uuid, position: i64) -> String {
    let position = position.to_be_bytes();
    let mac = keys.mac(PURPOSE, &message(grant, position));
    BASE64_URL_SAFE_NO_PAD.encode([position.as_slice(), &mac[..MAC_LENGTH]].concat())
}

fn open(keys: &Keys, grant: Uuid, marker: &str) -> Option<i64> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(marker).ok()?;
    let (position, mac) = bytes.split_first_chunk::<8>()?;
    let ours = mac.len() == MAC_LENGTH && keys.mac_matches(PURPOSE, &message(grant, *position), mac);
    ours.then(|| i64::from_be_bytes(*position))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_opens_for_its_grant_only_and_as_it_was_given() {
        let keys = Keys::fresh().expect("keys");
        let (grant, other) = (Uuid::now_v7(), Uuid::now_v7());
        let marker = marker(&keys, grant, 7_000);
        assert_eq!(open(&keys, grant, &marker), Some(7_000));
        assert_eq!(open(&keys, other, &marker), None);
        assert_eq!(open(&Keys::fresh().expect("keys"), grant, &marker), None);
        for wrong in ["", "x", "AAAA", &marker[1..], &format!("{marker}A")] {
            assert_eq!(open(&keys, grant, wrong), None, "{wrong}");
        }
    }
}
