//! What the demo's partner is given of its contract: drafted by one manager, activated by the other, and a key for a machine of the partner's.

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::{Cast, contract, of_the_story, taken};
use crate::{
    error::ApiResult,
    http::{Body, IdempotencyKey, IfMatch},
    imports::made_id,
    schema::share_keys,
    share_grants::{self, ShareGrant},
};

/// The last day of the grant and of its key: the demo is looked at for years.
const UNTIL: &str = "2035-12-31";

/// Plays it, once.
pub(super) async fn play(cast: &Cast<'_>) -> ApiResult<()> {
    let grant = of_the_story("share grant of NORWAC-2015-B");
    if cast.has::<ShareGrant>(grant).await? {
        return Ok(());
    }
    let terms = json!({
        "id": grant,
        "organization_id": made_id("organizations", "NORWAC"),
        "contract_id": contract("NORWAC-2015-B"),
        "fields": ["facilities", "functionality", "facility_counts", "staff_counts", "shipment_counts"],
        "precision": "top_area",
        "purpose": "The partner's monthly report to its own donor (invented).",
        "starts_on": "2015-05-16",
        "ends_on": UNTIL,
    });
    cast.create::<ShareGrant>(cast.manager, terms).await?;
    let key = IdempotencyKey::none();
    // As it has just been drafted.
    taken(share_grants::activate(cast.db, cast.second, grant, IfMatch::of(1), &key).await)?;
    let known: i64 =
        share_keys::table.filter(share_keys::grant_id.eq(grant)).count().get_result(&mut *cast.db.conn().await?).await?;
    if known == 0 {
        let new = Body::said(json!({"name": "The partner's reporting server (invented)", "expires_on": UNTIL}))?.value;
        // Its secret is told to nobody and kept nowhere: whoever wants to read makes a key of their own.
        cast.db.write(async |conn| share_grants::give_key(conn, cast.manager.id, grant, &new).await).await?;
    }
    Ok(())
}
