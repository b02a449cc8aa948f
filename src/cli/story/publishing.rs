//! What the demo publishes: the report of the campaign's last day, drafted by one manager and published by the other, and a report by the month
//! for a partner's contract, which `siraj serve` drafts by itself.

use diesel::{OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::{Cast, contract, of_the_story, taken};
use crate::{
    error::ApiResult,
    http::{Body, IdempotencyKey},
    imports::made_id,
    keys::hex,
    publishing,
    report_definitions::ReportDefinition,
    schema::published_reports,
};

/// Plays it: what is published stays, and is not counted again.
pub(super) async fn play(cast: &Cast<'_>) -> ApiResult<()> {
    let yearly = of_the_story("report definition SIRAJ-2015-END");
    let definition = json!({
        "id": yearly,
        "code": "SIRAJ-2015-END",
        "title": "Siraj campaign, the end of 2015",
        "title_ar": "حملة سراج، نهاية 2015",
        "kind": "reconciliation",
        "campaign_id": made_id("campaigns", "SIRAJ-2015"),
    });
    let monthly = json!({
        "id": of_the_story("report definition NORWAC-2015-B-MONTHLY"),
        "code": "NORWAC-2015-B-MONTHLY",
        "title": "NORWAC medical staff",
        "title_ar": "كوادر نورواك الطبية",
        "kind": "staffing",
        "contract_id": contract("NORWAC-2015-B"),
        "schedule": "monthly",
        "starts_on": "2015-10-01",
        "ends_on": "2015-12-31",
        "due_day": 10,
    });
    if !cast.has::<ReportDefinition>(yearly).await? {
        cast.create::<ReportDefinition>(cast.manager, monthly).await?;
        cast.create::<ReportDefinition>(cast.manager, definition).await?;
    }
    let report = of_the_story("report of 2015-12-31");
    if standing(cast, report).await?.is_none() {
        let draft = Body::said(json!({"id": report, "definition_id": yearly, "as_of": "2015-12-31"}))?;
        taken(publishing::draft(cast.db, cast.manager, &IdempotencyKey::none(), &draft).await)?;
    }
    let Some((None, hash)) = standing(cast, report).await? else { return Ok(()) };
    let read = Body::said(json!({"document_hash": hex(&hash)}))?;
    taken(publishing::publish(cast.db, cast.keys, cast.second, report.into(), &IdempotencyKey::none(), &read).await)
}

/// The number and the hash of a report, if it was drafted.
async fn standing(cast: &Cast<'_>, report: uuid::Uuid) -> ApiResult<Option<(Option<i64>, Vec<u8>)>> {
    let drafted = published_reports::table.find(report).select((published_reports::number, published_reports::document_hash));
    Ok(drafted.first(&mut *cast.db.conn().await?).await.optional()?)
}
