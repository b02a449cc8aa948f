//! Facilities ask, somebody else grants, and shipments from the warehouse bring what the workshop made, free of charge. All of it is invented.

use serde_json::{Value, json};

use super::{Cast, facility, item, making, of_the_story, store, taken};
use crate::{
    error::ApiResult,
    http::{Body, IdempotencyKey},
    register::Record,
    requisitions::{self, Requisition, Step},
    shipments::{self, Shipment},
};

/// Items and how many of each.
type Wanted<'a> = &'a [(&'a str, i64)];

/// The last of the story: a draft that its facility may still edit.
const DRAFT: &str = "REQ-2015-108";

/// Plays it, once: what was rejected then may have been submitted again since.
pub(super) async fn play(cast: &Cast<'_>) -> ApiResult<()> {
    if cast.has::<Requisition>(of_the_story(DRAFT)).await? {
        return Ok(());
    }
    a_month_is_supplied(cast).await?;
    a_month_is_granted_in_part(cast).await?;
    an_emergency_is_answered(cast).await?;
    a_part_is_still_on_the_road(cast).await?;
    others_are_rejected_or_wait(cast).await
}

/// Asked for, granted, sent and arrived, to the last bottle.
async fn a_month_is_supplied(cast: &Cast<'_>) -> ApiResult<()> {
    let wanted = &[("LOC-01", 120), ("LOC-03", 80), ("LOC-09", 60)];
    ask(cast, "REQ-2015-101", "HOS-04", ["2015-11-25", "2015-12-05"], wanted).await?;
    grant(cast, "REQ-2015-101", &[]).await?;
    send(cast, "SHP-2015-201", "REQ-2015-101", "HOS-04", wanted, ["2015-11-28", "2015-11-29"]).await?;
    arrive(cast, "SHP-2015-201", "2015-12-02", wanted).await
}

/// Less than was asked for, and the reason.
async fn a_month_is_granted_in_part(cast: &Cast<'_>) -> ApiResult<()> {
    let wanted = &[("LOC-02", 600), ("LOC-06", 100), ("LOC-10", 100)];
    ask(cast, "REQ-2015-102", "PCC-02", ["2015-11-26", "2015-12-06"], wanted).await?;
    grant(cast, "REQ-2015-102", &[(1, 400, "The rest of the batch is kept for the winter (invented).")]).await?;
    let granted = &[("LOC-02", 400), ("LOC-06", 100), ("LOC-10", 100)];
    send(cast, "SHP-2015-202", "REQ-2015-102", "PCC-02", granted, ["2015-11-30", "2015-12-01"]).await?;
    arrive(cast, "SHP-2015-202", "2015-12-04", granted).await
}

/// It cannot wait, and takes two persons all the same.
async fn an_emergency_is_answered(cast: &Cast<'_>) -> ApiResult<()> {
    let wanted = &[("LOC-08", 150), ("LOC-05", 1000)];
    let mut asked = words("REQ-2015-103", "HOS-05", ["2015-12-05", "2015-12-07"], wanted);
    asked["emergency"] = json!(true);
    asked["emergency_reason"] = json!("More wounded in one day than in the month before (invented).");
    cast.create::<Requisition>(cast.coordinator, asked).await?;
    submit(cast, "REQ-2015-103").await?;
    grant(cast, "REQ-2015-103", &[]).await?;
    send(cast, "SHP-2015-203", "REQ-2015-103", "HOS-05", wanted, ["2015-12-06", "2015-12-06"]).await?;
    arrive(cast, "SHP-2015-203", "2015-12-07", wanted).await
}

/// A part has arrived; the rest of it nobody has seen yet.
async fn a_part_is_still_on_the_road(cast: &Cast<'_>) -> ApiResult<()> {
    let wanted = &[("LOC-04", 80), ("LOC-07", 60)];
    ask(cast, "REQ-2015-104", "MPT-03", ["2015-12-10", "2015-12-20"], wanted).await?;
    grant(cast, "REQ-2015-104", &[]).await?;
    send(cast, "SHP-2015-204", "REQ-2015-104", "MPT-03", wanted, ["2015-12-13", "2015-12-14"]).await?;
    arrive(cast, "SHP-2015-204", "2015-12-18", &[("LOC-04", 80), ("LOC-07", 35)]).await
}

/// One is rejected, one is granted and not sent, one waits for a decision, one is a draft: something to do.
async fn others_are_rejected_or_wait(cast: &Cast<'_>) -> ApiResult<()> {
    ask(cast, "REQ-2015-105", "HOS-06", ["2015-12-12", "2015-12-22"], &[("CON-02", 2000)]).await?;
    let reason = Body::said(json!({"reason": "The warehouse has no gloves left; ask again in January (invented)."}))?;
    let id = of_the_story("REQ-2015-105");
    taken(requisitions::reject(cast.db, cast.manager, id, &IdempotencyKey::none(), &reason).await)?;
    ask(cast, "REQ-2015-106", "PCC-03", ["2015-12-22", "2016-01-05"], &[("LOC-02", 300), ("LOC-01", 50)]).await?;
    grant(cast, "REQ-2015-106", &[]).await?;
    ask(cast, "REQ-2015-107", "MPT-05", ["2015-12-28", "2016-01-10"], &[("LOC-01", 20), ("LOC-10", 30)]).await?;
    let draft = words(DRAFT, "HOS-04", ["2015-12-30", "2016-01-12"], &[("LOC-03", 60), ("LOC-09", 80)]);
    cast.create::<Requisition>(cast.coordinator, draft).await
}

fn words(code: &str, asks: &str, [requested_on, needed_on]: [&str; 2], wanted: Wanted<'_>) -> Value {
    let lines = wanted.iter().map(|(code, quantity)| json!({"item_id": item(code), "requested_quantity": quantity}));
    json!({
        "id": of_the_story(code),
        "code": code,
        "facility_id": facility(asks),
        "requested_on": requested_on,
        "needed_on": needed_on,
        "lines": lines.collect::<Vec<_>>(),
    })
}

async fn ask(cast: &Cast<'_>, code: &str, asks: &str, days: [&str; 2], wanted: Wanted<'_>) -> ApiResult<()> {
    cast.create::<Requisition>(cast.coordinator, words(code, asks, days, wanted)).await?;
    submit(cast, code).await
}

async fn submit(cast: &Cast<'_>, code: &str) -> ApiResult<()> {
    taken(requisitions::submit(cast.db, cast.coordinator, of_the_story(code), &IdempotencyKey::none(), Step::Submit).await)
}

/// All that was asked for, but for the lines (by their number) of which less is granted, and why.
async fn grant(cast: &Cast<'_>, code: &str, less: &[(i32, i64, &str)]) -> ApiResult<()> {
    let id = of_the_story(code);
    let Some(asked) = <Requisition as Record>::load_many(&mut *cast.db.conn().await?, &[id]).await?.pop() else {
        return Ok(());
    };
    let lines = asked.lines.iter().map(|line| match less.iter().find(|(number, ..)| *number == line.line) {
        Some((_, quantity, why)) => json!({"line_id": line.id, "approved_quantity": quantity, "reason": why}),
        None => json!({"line_id": line.id, "approved_quantity": line.requested_quantity}),
    });
    let body = Body::said(json!({"lines": lines.collect::<Vec<_>>()}))?;
    taken(requisitions::approve(cast.db, cast.manager, id, &IdempotencyKey::none(), &body).await)
}

/// The warehouse packs the lots that the workshop made, and the load leaves.
async fn send(
    cast: &Cast<'_>,
    code: &str,
    answers: &str,
    goes_to: &str,
    load: Wanted<'_>,
    [packed_on, dispatched_on]: [&str; 2],
) -> ApiResult<()> {
    let mut lines = Vec::new();
    for (made, quantity) in load {
        let lot = making::lot_of(cast, &making::first_order(made)).await?;
        lines.push(json!({"item_id": item(made), "lot_id": lot, "quantity": quantity}));
    }
    let (id, key) = (of_the_story(code), IdempotencyKey::none());
    let drafted = json!({
        "id": id,
        "code": code,
        "from_id": store("WH-DRUGS"),
        "to_id": store(&format!("ST-{goes_to}")),
        "requisition_id": of_the_story(answers),
        "planned_on": packed_on,
        "lines": lines,
    });
    cast.create::<Shipment>(cast.manager, drafted).await?;
    let packing = Body::said(json!({"packed_on": packed_on}))?;
    taken(shipments::pack(cast.db, cast.manager, id, &key, &packing).await)?;
    let leaving = Body::said(json!({"dispatched_on": dispatched_on}))?;
    taken(shipments::dispatch(cast.db, cast.manager, id, &key, &leaving).await)
}

/// The facility counts what has come.
async fn arrive(cast: &Cast<'_>, code: &str, received_on: &str, came: Wanted<'_>) -> ApiResult<()> {
    let mut lines = Vec::new();
    for (made, quantity) in came {
        let lot = making::lot_of(cast, &making::first_order(made)).await?;
        lines.push(json!({"lot_id": lot, "accepted_quantity": quantity}));
    }
    let counted = json!({"id": of_the_story(&format!("receipt {code}")), "received_on": received_on, "lines": lines});
    let (id, key) = (of_the_story(code), IdempotencyKey::none());
    taken(shipments::receive(cast.db, cast.coordinator, id, &key, &Body::said(counted)?).await)
}
