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
    let given = after;
    let after = match given {
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
    // Where nothing has moved, the reader keeps what they have.
    let next = match given {
        Some(given) if reached == after && given.contains(BETWEEN) => given.to_owned(),
        _ => marker(keys, grant, reached)?,
    };
    Ok(SharedChanges { items: told.collect(), next, more })
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

/// Between the id of the key that sealed a marker and what it sealed.
const BETWEEN: char = '.';

/// A marker is good for the feed of one grant.
fn bound_to(grant: Uuid) -> String {
    format!("{PURPOSE}:{grant}")
}

/// The marker of a place in the feed of a grant. The place is sealed: in clear, it would say how much has changed to whoever sees two events.
pub fn marker(keys: &Keys, grant: Uuid, position: i64) -> ApiResult<String> {
    let sealed = keys.seal(&bound_to(grant), &position.to_be_bytes());
    let (key, sealed) = sealed.ok_or_else(|| ApiError::internal("a marker that could not be sealed"))?;
    Ok(format!("{key}{BETWEEN}{}", BASE64_URL_SAFE_NO_PAD.encode(sealed)))
}

fn open(keys: &Keys, grant: Uuid, marker: &str) -> Option<i64> {
    let Some((key, sealed)) = marker.rsplit_once(BETWEEN) else { return open_former(keys, grant, marker) };
    let plain = keys.unseal(key, &bound_to(grant), &BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?)?;
    Some(i64::from_be_bytes(plain.try_into().ok()?))
}

/// A marker of before, which told the place in clear beside its digest: clients may hold one for months.
fn open_former(keys: &Keys, grant: Uuid, marker: &str) -> Option<i64> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(marker).ok()?;
    let (position, mac) = bytes.split_first_chunk::<8>()?;
    let message = [grant.as_bytes().as_slice(), position.as_slice()].concat();
    let ours = mac.len() == MAC_LENGTH && keys.mac_matches(PURPOSE, &message, mac);
    ours.then(|| i64::from_be_bytes(*position))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_opens_for_its_grant_only_and_as_it_was_given() {
        let keys = Keys::fresh().expect("keys");
        let (grant, other) = (Uuid::now_v7(), Uuid::now_v7());
        let marker = marker(&keys, grant, 7_000).expect("a marker");
        assert_eq!(open(&keys, grant, &marker), Some(7_000));
        assert_eq!(open(&keys, other, &marker), None);
        assert_eq!(open(&Keys::fresh().expect("keys"), grant, &marker), None);
        for wrong in ["", "x", ".", "AAAA", "AAAA.AAAA", &marker[1..], &format!("{marker}A")] {
            assert_eq!(open(&keys, grant, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_marker_does_not_say_where_the_feed_is() {
        let (keys, grant) = (Keys::fresh().expect("keys"), Uuid::now_v7());
        let [one, same] = [7_000, 7_000].map(|place| marker(&keys, grant, place).expect("a marker"));
        assert_ne!(one, same, "nor whether it has moved");
        let sealed = one.rsplit_once(BETWEEN).expect("two parts").1;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(sealed).expect("base64");
        assert!(!bytes.windows(8).any(|part| part == 7_000_i64.to_be_bytes()));
    }

    #[test]
    fn a_marker_of_before_is_still_taken() {
        let (keys, grant) = (Keys::fresh().expect("keys"), Uuid::now_v7());
        let place = 7_000_i64.to_be_bytes();
        let mac = keys.mac(PURPOSE, &[grant.as_bytes().as_slice(), place.as_slice()].concat());
        let former = BASE64_URL_SAFE_NO_PAD.encode([place.as_slice(), &mac[..MAC_LENGTH]].concat());
        assert_eq!(open(&keys, grant, &former), Some(7_000));
        assert_eq!(open(&keys, Uuid::now_v7(), &former), None);
    }
}
