//! Stories of what a grant gives: rows, figures, and what changed.

use chrono::{Datelike, NaiveDate, Utc};
use serde_json::{Value, json};

use super::{ALL_FIELDS, World, month_end};
use crate::support::client::{Client, faults};

const SINCE: NaiveDate = NaiveDate::from_ymd_opt(2015, 1, 1).unwrap();

#[tokio::test]
async fn a_grant_tells_of_its_facilities_what_it_says_and_no_more() {
    let world = World::start().await;
    let first = world.facility("HOS-01", &["hospital"]).await;
    world.facility("MPT-02", &["medical_point", "nursing_home"]).await;
    world.app.facility(&world.manager, "MPT-09", world.east).await;
    let status = json!({"functionality": "partial", "causes": ["attack"]});
    world.manager.put(&format!("/api/v1/facilities/{first}/statuses/2015-02-01"), &status).await.expect_status(201);

    let grant = world.grant(&["facilities"], json!({"precision": "top_area"})).await;
    let (_, coarse) = world.machine(grant).await;
    let rows = coarse.all("/api/v1/shared/facilities").await;
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert_eq!(row["area_code"], "GHOUTA");
        let names: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert_eq!(names, ["id", "kinds", "open", "area_id", "area_code", "area_name"]);
    }
    let text = json!(rows).to_string();
    for secret in [first.to_string(), "HOS-01".to_owned(), "Cave".to_owned(), world.east.to_string()] {
        assert!(!text.contains(&secret), "{secret}");
    }
    assert!(coarse.all("/api/v1/shared/facilities?q=cave").await.is_empty(), "what is not told cannot be searched");
    let ids = |rows: &[Value]| -> Vec<String> { rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect() };
    assert_eq!(ids(&rows), ids(&coarse.all("/api/v1/shared/facilities").await), "an id stays");
    let mut backwards = ids(&coarse.all("/api/v1/shared/facilities?sort=-id&limit=1").await);
    backwards.reverse();
    assert_eq!(backwards, ids(&rows));
    // Another precision, and names: once the first is over.
    world.close(grant, "end").await.expect_status(200);
    let grant = world.grant(&["facilities", "facility_names", "functionality"], json!({})).await;
    let (_, fine) = world.machine(grant).await;
    let named = fine.all("/api/v1/shared/facilities?q=cave%20hos").await;
    assert_eq!((named.len(), named[0]["code"].clone(), named[0]["area_code"].clone()), (1, json!("HOS-01"), json!("EAST")));
    assert_eq!(named[0]["functionality"], "partial");
    // The same facility has another id in every grant.
    let all = fine.all("/api/v1/shared/facilities?limit=1").await;
    assert_eq!(all.len(), 2);
    assert!(ids(&rows).iter().all(|id| !ids(&all).contains(id)));
    // A marker of one grant opens nothing that it should not: it holds an id of that grant alone.
    let csv = fine.get("/api/v1/shared/facilities?format=csv").await.expect_status(200).text();
    assert_eq!(csv.lines().count(), 3);

    world.close(grant, "end").await.expect_status(200);
    let (_, some) = world.machine(world.grant(&["facilities"], json!({"facility_ids": [first]})).await).await;
    let one = some.all("/api/v1/shared/facilities").await;
    assert_eq!((one.len(), one[0]["kinds"].clone()), (1, json!(["hospital"])));
}

#[tokio::test]
async fn people_of_a_partner_read_through_its_open_grants() {
    let world = World::start().await;
    world.facility("HOS-01", &["hospital"]).await;
    let person = world.app.partner(world.partner).await;
    person.get("/api/v1/shared/facilities").await.expect_problem(403, "no-open-grant");
    assert!(person.all("/api/v1/shared/grants").await.is_empty());
    let first = world.grant(&["facilities"], json!({})).await;
    assert_eq!(person.all("/api/v1/shared/facilities").await.len(), 1);
    let second = world.grant(&["staff_counts"], json!({})).await;
    world.draft(&["shipments"], json!({})).await;
    world.grant(&["shipments"], json!({"starts_on": super::in_days(5)})).await;
    let open = person.all("/api/v1/shared/grants?limit=1").await;
    assert_eq!(open.len(), 2, "neither drafts nor what begins later");
    assert_eq!(open[0]["contract_code"], "IRC-1");
    let unsaid = person.get("/api/v1/shared/facilities").await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&unsaid), [("/grant_id".to_owned(), "required".to_owned())]);
    assert_eq!(person.all(&format!("/api/v1/shared/facilities?grant_id={first}")).await.len(), 1);
    person.get(&format!("/api/v1/shared/facilities?grant_id={second}")).await.expect_problem(403, "not-granted");
    // A key knows its own grant only, a partner its own grants only.
    let (_, machine) = world.machine(first).await;
    let stranger = world.app.partner(world.organization("NORWAC").await).await;
    for other in [
        machine.get(&format!("/api/v1/shared/figures?grant_id={second}")).await,
        stranger.get(&format!("/api/v1/shared/facilities?grant_id={first}")).await,
    ] {
        let refused = other.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), [("/grant_id".to_owned(), "unknown-reference".to_owned())]);
    }
    world.manager.get("/api/v1/shared/grants").await.expect_problem(403, "forbidden");
    // Figures outside of a grant are not for partners.
    person.get("/api/v1/reports/figures").await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn shipments_are_told_by_the_month_of_their_arrival_once_it_is_over() {
    let world = World::start().await;
    let (own, other) = (world.facility("HOS-01", &["hospital"]).await, world.facility("HOS-02", &["hospital"]).await);
    let (over, today) = (month_end(1), Utc::now().date_naive());
    let sent = world.arrived("SHP-1", own, over).await;
    world.arrived("SHP-2", other, over.with_day(1).unwrap()).await;
    world.arrived("SHP-3", own, today.with_day(1).unwrap()).await;
    world.sql.batch_execute("SET session_replication_role = replica").await.unwrap();
    world.sql.execute("INSERT INTO shipments (id, code, facility_id, contract_id, status, packed_on, dispatched_on, from_id, to_id, transit_id, recorded_by)
        VALUES (gen_random_uuid(), 'SHP-4', $1, $2, 'dispatched', $3, $3, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '00000000-0000-7000-8000-000000000001')",
        &[&own, &world.contract, &over]).await.expect("on the road");
    world.sql.batch_execute("SET session_replication_role = origin").await.unwrap();
    // Of what was lost, seized or sent back a part came; that is no arrival, and is told by no month.
    for (code, status) in [("SHP-5", "lost"), ("SHP-6", "seized"), ("SHP-7", "returned")] {
        let part = world.arrived(code, own, over).await;
        world.sql.batch_execute(&format!("SET session_replication_role = replica; UPDATE shipments SET status = '{status}' WHERE id = '{part}'; SET session_replication_role = origin")).await.expect("a part");
    }
    let (_, all) = world.machine(world.grant(&["facilities", "shipments", "shipment_counts"], json!({})).await).await;
    let rows = all.all("/api/v1/shared/shipments").await;
    assert_eq!(rows.len(), 2);
    let facilities = json!(all.all("/api/v1/shared/facilities").await).to_string();
    for row in &rows {
        assert_eq!(row["arrived_in"], format!("{:04}-{:02}", over.year(), over.month()));
        assert!(facilities.contains(row["facility_id"].as_str().unwrap()));
        assert_eq!(row.as_object().unwrap().len(), 3);
    }
    assert!(!json!(rows).to_string().contains(&sent.to_string()));
    assert_eq!(all.get("/api/v1/shared/figures").await.expect_status(200).json()["shipments_received"], 2);
    let (_, some) = world.machine(world.grant(&["shipments"], json!({"facility_ids": [own]})).await).await;
    let rows = some.all("/api/v1/shared/shipments").await;
    assert_eq!((rows.len(), rows[0].get("facility_id")), (1, None));
}

#[tokio::test]
async fn figures_are_told_as_they_were_told_first() {
    let world = World::start().await;
    let facility = world.facility("HOS-01", &["hospital", "nursing_home"]).await;
    for (cadre, number) in [("doctor", 3), ("nurse", 7), ("midwife", 12)] {
        world.pays(cadre, number, facility, (SINCE, None)).await;
    }
    let (_, machine) = world.machine(world.grant(&["facility_counts", "staff_counts", "shipment_counts"], json!({})).await).await;
    let path = format!("/api/v1/shared/figures?as_of={}", month_end(2));
    let told = machine.get(&path).await.expect_status(200).json();
    assert_eq!(told["facilities"], json!({"total": 1, "by_kind": {"hospital": 1, "nursing_home": 1}}));
    assert_eq!(
        told["staff"]["by_cadre"],
        json!({"administrative": 0, "doctor": null, "midwife": 12, "nurse": null, "pharmacist": 0, "service": 0, "technician": 0})
    );
    assert_eq!((told["staff"]["total"].clone(), told["staff"]["smallest_cell"].clone()), (json!(22), json!(5)));
    // A late fact changes nothing of what is frozen, and nobody has to have read it.
    world.pays("doctor", 1, facility, (SINCE, None)).await;
    assert_eq!(machine.get(&path).await.expect_status(200).json(), told);
    let (_, other) = world.machine(world.grant(&["staff_counts"], json!({})).await).await;
    let again = other.get(&path).await.expect_status(200).json();
    assert_eq!(
        (again["staff"].clone(), again["known_at"].clone(), again.get("facilities")),
        (told["staff"].clone(), told["known_at"].clone(), None)
    );
    let last = machine.get("/api/v1/shared/figures").await.expect_status(200).json();
    assert_eq!((&last["as_of"], &last["staff"]["total"]), (&json!(month_end(1)), &json!(22)), "nor of a month that nobody read");
    let this = Utc::now().date_naive().with_day(1).unwrap() + chrono::Months::new(1) - chrono::Days::new(1);
    for (day, code) in [(month_end(2).pred_opt().unwrap(), "not-month-end"), (this, "out-of-range")] {
        let refused = machine.get(&format!("/api/v1/shared/figures?as_of={day}")).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), [("/as_of".to_owned(), code.to_owned())], "{day}");
    }
    machine.get("/api/v1/shared/figures?as_of=2014-12-31").await.expect_problem(409, "month-not-frozen");
    machine.get("/api/v1/shared/figures?known_at=2016-02-01T00:00:00Z").await.expect_problem(400, "unknown-parameter");
    machine.get("/api/v1/shared/facilities").await.expect_problem(403, "not-granted");
}

#[tokio::test]
async fn a_month_is_frozen_by_the_service_some_days_after_its_end_whoever_asks_when() {
    let world = World::start().await;
    let facility = world.facility("HOS-01", &["hospital"]).await;
    world.pays("nurse", 22, facility, (SINCE, None)).await;
    let grant = world.draft(&["staff_counts"], json!({})).await;
    world.activate(grant).await.expect_status(200);
    let (_, machine) = world.machine(grant).await;
    let path = |ago| format!("/api/v1/shared/figures?as_of={}", month_end(ago));
    // Asking freezes nothing.
    machine.get("/api/v1/shared/figures").await.expect_problem(409, "month-not-frozen");
    machine.get(&path(1)).await.expect_problem(409, "month-not-frozen");
    // As if it had been activated on the last day of the month before the last: all that was over by then is frozen at once.
    let then = format!(
        "SET session_replication_role = replica; UPDATE share_grants SET activated_at = '{}T12:00:00Z'; SET session_replication_role = origin",
        month_end(1)
    );
    world.sql.batch_execute(&then).await.expect("then");
    assert!(world.freeze(10_000).await > 12);
    assert_eq!(machine.get(&path(2)).await.expect_status(200).json()["staff"]["total"], 22);
    machine.get(&path(1)).await.expect_problem(409, "month-not-frozen");
    let last = machine.get("/api/v1/shared/figures").await.expect_status(200).json();
    assert_eq!(last["as_of"], json!(month_end(2)), "the last one that is told");
    // The next waits for its days, and counts what is recorded by then.
    world.pays("nurse", 1, facility, (SINCE, None)).await;
    let over = (Utc::now().date_naive() - month_end(1)).num_days();
    let days = i32::try_from(over).unwrap();
    assert_eq!(world.freeze(days + 1).await, 0);
    assert_eq!((world.freeze(days).await, world.freeze(days).await), (1, 0), "once");
    assert_eq!(machine.get(&path(1)).await.expect_status(200).json()["staff"]["total"], 23);
    // A grant that is over is counted for no longer.
    world.close(grant, "end").await.expect_status(200);
    assert_eq!(world.freeze(0).await, 0);
}

#[tokio::test]
async fn a_strike_is_told_when_its_month_is_over() {
    let world = World::start().await;
    let hospital = world.facility("HOS-01", &["hospital"]).await;
    let grant = world.grant(&["facilities", "functionality"], json!({})).await;
    let (_, machine) = world.machine(grant).await;
    let before = machine.all("/api/v1/shared/facilities").await;
    let (_, marker) = changes(&machine, None).await;
    let today = Utc::now().date_naive();
    let status = json!({"functionality": "destroyed", "causes": ["attack"]});
    world.manager.put(&format!("/api/v1/facilities/{hospital}/statuses/{today}"), &status).await.expect_status(201);
    world.manager.patch(&format!("/api/v1/facilities/{hospital}"), "*", &json!({"closed_on": today})).await.expect_status(200);
    assert_eq!(machine.all("/api/v1/shared/facilities").await, before);
    assert!(changes(&machine, Some(&marker)).await.0.is_empty());
    // A month later it is told.
    let over = month_end(1);
    world.manager.patch(&format!("/api/v1/facilities/{hospital}"), "*", &json!({"closed_on": over})).await.expect_status(200);
    world.manager.put(&format!("/api/v1/facilities/{hospital}/statuses/{over}"), &status).await.expect_status(201);
    let told = machine.all("/api/v1/shared/facilities").await;
    assert_eq!((&told[0]["open"], &told[0]["functionality"]), (&json!(false), &json!("destroyed")));
}

#[tokio::test]
async fn a_governorate_is_told_where_there_is_one_and_else_the_topmost_area() {
    let world = World::start().await;
    let kind = "UPDATE areas SET kind = $1 WHERE code = $2";
    world.sql.execute(kind, &[&"country", &"GHOUTA"]).await.expect("a country");
    let damascus = world
        .app
        .area("RIF", Some(world.sql.query_one("SELECT id FROM areas WHERE code = 'GHOUTA'", &[]).await.unwrap().get(0)))
        .await;
    world.sql.execute(kind, &[&"governorate", &"RIF"]).await.expect("a governorate");
    let camp = world.app.area("CAMP", Some(damascus)).await;
    let inside = world.facility("HOS-01", &["hospital"]).await;
    world.manager.patch(&format!("/api/v1/facilities/{inside}"), "*", &json!({"area_id": camp})).await.expect_status(200);
    world.facility("MPT-02", &["medical_point"]).await;
    let (_, machine) = world.machine(world.grant(&["facilities"], json!({"precision": "governorate"})).await).await;
    let mut told: Vec<(Value, Value)> = machine
        .all("/api/v1/shared/facilities")
        .await
        .into_iter()
        .map(|row| (row["kinds"][0].clone(), row["area_code"].clone()))
        .collect();
    told.sort_by_key(|(kind, _)| kind.to_string());
    assert_eq!(told, [(json!("hospital"), json!("RIF")), (json!("medical_point"), json!("GHOUTA"))]);
}

/// What changed since a marker, and the next marker.
async fn changes(machine: &Client, after: Option<&str>) -> (Vec<Value>, String) {
    let marker = after.map(|after| format!("?after={after}")).unwrap_or_default();
    let told = machine.get(&format!("/api/v1/shared/changes{marker}")).await.expect_status(200).json();
    assert_eq!(told["more"], false);
    (told["items"].as_array().unwrap().clone(), told["next"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn whoever_keeps_the_marker_is_told_what_changed_since() {
    let world = World::start().await;
    let first = world.facility("HOS-01", &["hospital"]).await;
    let second = world.facility("HOS-02", &["hospital"]).await;
    let grant = world.grant(&["facilities", "functionality", "shipments"], json!({})).await;
    let (_, machine) = world.machine(grant).await;
    let (all, start) = changes(&machine, None).await;
    assert_eq!(all.len(), 2);
    let (none, same) = changes(&machine, Some(&start)).await;
    assert_eq!((none.len(), &same), (0, &start));
    // What is not granted is no change: a note, a name.
    let path = |facility| format!("/api/v1/facilities/{facility}");
    world.manager.patch(&path(first), "*", &json!({"note": "The cave floods.", "name": "Another cave"})).await.expect_status(200);
    assert!(changes(&machine, Some(&start)).await.0.is_empty());
    world.manager.patch(&path(first), "*", &json!({"kinds": ["nursing_home"]})).await.expect_status(200);
    world.arrived("SHP-1", second, month_end(1)).await;
    world.arrived("SHP-2", second, Utc::now().date_naive().with_day(1).unwrap()).await;
    let (told, later) = changes(&machine, Some(&start)).await;
    let what: Vec<_> = told.iter().map(|one| (one["resource"].clone(), one["removed"].clone())).collect();
    assert_eq!(what, [(json!("facilities"), json!(false)), (json!("shipments"), json!(false))]);
    assert_eq!(told[0]["record"]["kinds"], json!(["nursing_home"]));
    let row = machine.all("/api/v1/shared/facilities").await.into_iter().find(|row| row["id"] == told[0]["id"]).expect("the row");
    assert_eq!(row, told[0]["record"], "the list and the feed say the same");
    assert_eq!(changes(&machine, Some(&start)).await.0, told, "asked again, told again");
    // What is told no longer is to be forgotten.
    let supports = world.manager.all(&format!("/api/v1/contracts/{}/facilities", world.contract)).await;
    let support =
        supports.iter().find(|one| one["facility_id"] == json!(first)).expect("a support")["id"].as_str().unwrap().to_owned();
    world.manager.delete(&format!("/api/v1/contracts/{}/facilities/{support}", world.contract), "*").await.expect_status(200);
    let (gone, last) = changes(&machine, Some(&later)).await;
    assert_eq!((gone.len(), gone[0]["removed"].clone(), gone[0]["record"].clone()), (1, json!(true), Value::Null));
    // Whoever begins now has nothing to forget.
    assert_eq!(changes(&machine, None).await.0.len(), 2);
    // A marker is good for one feed.
    let (_, other) = world.machine(world.grant(&["facilities"], json!({})).await).await;
    for wrong in [last.as_str(), "x", "AAAAAAAAAAA"] {
        other.get(&format!("/api/v1/shared/changes?after={wrong}")).await.expect_problem(400, "invalid-cursor");
    }
}

#[tokio::test]
async fn what_is_committed_late_is_told_late_and_never_left_out() {
    let world = World::start().await;
    let (early, late) = (world.facility("HOS-01", &["hospital"]).await, world.facility("HOS-02", &["hospital"]).await);
    let (_, machine) = world.machine(world.grant(ALL_FIELDS, json!({})).await).await;
    let (_, start) = changes(&machine, None).await;
    // A transaction that began first, and took its number and its moment first, ends last.
    let slow = world.app.database.owner().await;
    slow.batch_execute("BEGIN").await.unwrap();
    slow.execute("UPDATE facilities SET kinds = '{nursing_home}' WHERE id = $1", &[&late]).await.expect("under way");
    world
        .manager
        .patch(&format!("/api/v1/facilities/{early}"), "*", &json!({"kinds": ["medical_point"]}))
        .await
        .expect_status(200);
    let (first, marker) = changes(&machine, Some(&start)).await;
    assert_eq!(first.len(), 1);
    slow.batch_execute("COMMIT").await.unwrap();
    let (second, end) = changes(&machine, Some(&marker)).await;
    assert_eq!((second.len(), second[0]["record"]["kinds"].clone()), (1, json!(["nursing_home"])));
    assert!(changes(&machine, Some(&end)).await.0.is_empty());
    // Two who ask at once get one order.
    world.manager.patch(&format!("/api/v1/facilities/{early}"), "*", &json!({"kinds": ["hospital"]})).await.expect_status(200);
    let (one, two) = tokio::join!(changes(&machine, Some(&end)), changes(&machine, Some(&end)));
    assert_eq!(one.0, two.0);
}
