//! Two units with serial numbers: a generator that the workshop repaired, and a patient monitor that waits for it. Invented.

use serde_json::{Value, json};

use super::{Cast, facility, item, of_the_story, store, taken};
use crate::{
    equipment::{self, EquipmentUnit, RepairJob},
    error::ApiResult,
    http::{Body, IdempotencyKey},
    imports::{id_of_lot, made_id},
};

/// The last of the story: the fault that nobody has begun to repair.
const OPEN: &str = "the monitor MON-2014-0007";

/// Plays it, once.
pub(super) async fn play(cast: &Cast<'_>) -> ApiResult<()> {
    if cast.has::<RepairJob>(of_the_story(OPEN)).await? {
        return Ok(());
    }
    cast.create::<EquipmentUnit>(cast.coordinator, unit("EQP-03", "GEN30-2013-0001", "HOS-01", "2013-08-16")).await?;
    cast.create::<EquipmentUnit>(cast.coordinator, unit("EQP-01", "MON-2014-0007", "MPT-04", "2014-02-18")).await?;
    a_generator_is_repaired(cast).await?;
    let open = fault(OPEN, "MON-2014-0007", "2015-12-27", "The screen stays dark.");
    cast.create::<RepairJob>(cast.coordinator, open).await
}

/// Six days without it, and one pump.
async fn a_generator_is_repaired(cast: &Cast<'_>) -> ApiResult<()> {
    let name = "the generator GEN30-2013-0001";
    let (id, by, key) = (of_the_story(name), cast.coordinator, IdempotencyKey::none());
    let reported = fault(name, "GEN30-2013-0001", "2015-11-20", "It stops after ten minutes.");
    cast.create::<RepairJob>(by, reported).await?;
    let begun = Body::said(json!({"started_on": "2015-11-22", "place_id": store("WS-ENGINEERING")}))?;
    taken(equipment::start(cast.db, by, id, &key, &begun).await)?;
    let pump = json!({
        "id": of_the_story("the pump of the generator"),
        "used_on": "2015-11-23",
        "lines": [{"lot_id": id_of_lot("PRT-01", ""), "quantity": 1}],
    });
    taken(equipment::use_parts(cast.db, by, id, &key, &Body::said(pump)?).await)?;
    let report = "A new fuel pump; it ran for a day without a stop.";
    let done = Body::said(json!({"finished_on": "2015-11-24", "outcome": "repaired", "report": report}))?;
    taken(equipment::finish(cast.db, by, id, &key, &done).await)?;
    let returned = Body::said(json!({"returned_on": "2015-11-26"}))?;
    taken(equipment::give_back(cast.db, by, id, &key, &returned).await)
}

fn unit(of: &str, serial: &str, stands_in: &str, acquired_on: &str) -> Value {
    json!({
        "id": of_the_story(serial),
        "item_id": item(of),
        "serial_number": serial,
        "origin_id": made_id("organizations", "SUP-02"),
        "facility_id": facility(stands_in),
        "acquired_on": acquired_on,
    })
}

fn fault(name: &str, serial: &str, reported_on: &str, fault: &str) -> Value {
    json!({"id": of_the_story(name), "unit_id": of_the_story(serial), "reported_on": reported_on, "fault": fault})
}
