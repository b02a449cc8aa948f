//! A facility that becomes another sort of facility: the figures of a day know what it was on that day.

use serde_json::{Value, json};

use super::{World, figures};
use crate::support::{client::faults, id_of};

async fn kinds(world: &World, query: &str) -> Value {
    let told = figures(&world.manager, query).await;
    let number = |kind: &str| told["facilities"]["by_kind"][kind].as_i64().unwrap_or(0);
    json!([number("medical_point"), number("hospital"), number("primary_care_center")])
}

#[tokio::test]
async fn a_medical_point_that_became_a_hospital_was_none_before() {
    let world = World::start().await;
    let place = world.facility("MPT-01", world.east, &["medical_point"], "2013-01-01", None).await;
    world.contract_supports(place).await;
    let before = figures(&world.manager, "as_of=2015-06-30").await["known_at"].as_str().expect("a moment").to_owned();
    let path = format!("/api/v1/facilities/{place}/conversions");
    let body = json!({"id": uuid::Uuid::now_v7(), "converted_on": "2015-03-01", "kinds": ["hospital"]});
    let first = world.manager.post(&path, &body).await.expect_status(201).json();
    assert_eq!(first["kinds_before"], json!(["medical_point"]));
    world.manager.post(&path, &body).await.expect_status(200);
    assert_eq!(world.manager.get(&format!("/api/v1/facilities/{place}")).await.json()["kinds"], json!(["hospital"]));
    assert_eq!(kinds(&world, "as_of=2015-02-28").await, json!([1, 0, 0]));
    assert_eq!(kinds(&world, "as_of=2015-03-01").await, json!([0, 1, 0]));
    assert_eq!(kinds(&world, &format!("as_of=2015-06-30&known_at={before}")).await, json!([1, 0, 0]), "as it was known then");
    let rows = "/api/v1/reports/figures/facilities.by_kind.hospital/rows?as_of=";
    assert_eq!(world.manager.all(&format!("{rows}2015-02-28")).await.len(), 0);
    assert_eq!(world.manager.all(&format!("{rows}2015-03-01")).await.len(), 1);
    let parts = world.manager.get("/api/v1/reports/figures/breakdown?as_of=2015-02-28&by=kind").await.expect_status(200).text();
    assert!(parts.contains("medical_point") && !parts.contains("\"hospital\""), "{parts}");

    let second = json!({"converted_on": "2015-09-01", "kinds": ["hospital", "primary_care_center"]});
    let second = world.manager.post(&path, &second).await.expect_status(201).json();
    for (day, told) in [("2015-02-28", [1, 0, 0]), ("2015-08-31", [0, 1, 0]), ("2015-09-01", [0, 1, 1])] {
        assert_eq!(kinds(&world, &format!("as_of={day}")).await, json!(told), "{day}");
    }
    // A mistake in the present kinds is corrected at the facility, and no day before the conversion changes.
    world
        .manager
        .patch(&format!("/api/v1/facilities/{place}"), "*", &json!({"kinds": ["primary_care_center"]}))
        .await
        .expect_status(200);
    assert_eq!(kinds(&world, "as_of=2015-08-31").await, json!([0, 1, 0]));
    assert_eq!(kinds(&world, "as_of=2015-09-30").await, json!([0, 0, 1]));

    world.manager.delete(&format!("{path}/{}", id_of(&first)), "*").await.expect_problem(409, "wrong-state");
    world.manager.delete(&format!("{path}/{}", id_of(&second)), "*").await.expect_status(200);
    assert_eq!(kinds(&world, "as_of=2015-09-01").await, json!([0, 1, 0]));
    assert_eq!(world.manager.all(&path).await.len(), 1);
    assert_eq!(world.manager.all(&format!("{path}?retired=true")).await.len(), 1);
    world.manager.delete(&format!("{path}/{}", id_of(&first)), "*").await.expect_status(200);
    assert_eq!(kinds(&world, "as_of=2015-09-01").await, json!([1, 0, 0]));
    world.manager.delete(&format!("{path}/{}", id_of(&first)), "*").await.expect_problem(410, "record-deleted");
}

#[tokio::test]
async fn a_conversion_follows_the_opening_and_every_other_and_changes_something() {
    let world = World::start().await;
    let place = world.facility("MPT-01", world.east, &["medical_point"], "2013-01-01", None).await;
    let path = format!("/api/v1/facilities/{place}/conversions");
    let said = |day: &str, kinds: &[&str]| json!({"converted_on": day, "kinds": kinds});
    world.manager.post(&path, &said("2015-03-01", &["hospital"])).await.expect_status(201);
    for (body, pointer, code) in [
        (said("2015-03-01", &["nursing_home"]), "", "duplicate"),
        (said("2015-02-01", &["nursing_home"]), "/converted_on", "date-order"),
        (said("2015-04-01", &["hospital"]), "/kinds", "unchanged"),
        (said("2999-01-01", &["nursing_home"]), "/converted_on", "date-out-of-range"),
        (said("2015-04-01", &[]), "/kinds", "required"),
        (said("2015-04-01", &["clinic"]), "/kinds/0", "unknown-value"),
        (said("2015-04-01", &["nursing_home", "nursing_home"]), "/kinds/1", "repeated"),
    ] {
        let answer = world.manager.post(&path, &body).await;
        if pointer.is_empty() {
            answer.expect_problem(409, code);
        } else {
            let problem = answer.expect_status(422).json();
            assert_eq!(faults(&problem), [(pointer.to_owned(), code.to_owned())], "{body}");
        }
    }
    let late = world.facility("MPT-02", world.east, &["medical_point"], "2014-01-01", None).await;
    let body = said("2014-01-01", &["hospital"]);
    let problem = world.manager.post(&format!("/api/v1/facilities/{late}/conversions"), &body).await.expect_status(422).json();
    assert_eq!(faults(&problem), [("/converted_on".to_owned(), "date-order".to_owned())]);
    let elsewhere = world.app.coordinator(&[world.west]).await;
    elsewhere.get(&path).await.expect_problem(404, "not-found");
    elsewhere.post(&path, &said("2015-04-01", &["nursing_home"])).await.expect_problem(404, "not-found");
    world
        .app
        .user(siraj::auth::Role::Auditor)
        .await
        .post(&path, &said("2015-04-01", &["nursing_home"]))
        .await
        .expect_problem(403, "forbidden");
}
