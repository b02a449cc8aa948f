//! How many of each cadre a facility should have, and what is vacant.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::{POSTS, World, told};
use crate::support::{client::faults, id_of};

fn plan(cadre: &str, planned: i64, days: (&str, Option<&str>)) -> Value {
    json!({"cadre": cadre, "planned": planned, "starts_on": days.0, "ends_on": days.1})
}

fn path(facility: Uuid) -> String {
    format!("/api/v1/facilities/{facility}/posts")
}

#[tokio::test]
async fn a_facility_has_one_plan_of_a_cadre_at_a_time() {
    let world = World::start().await;
    let (manager, here) = (&world.manager, path(world.here));
    let mut first = plan("doctor", 3, ("2014-01-01", Some("2014-12-31")));
    first["id"] = json!(Uuid::now_v7());
    let made = manager.post(&here, &first).await.expect_status(201);
    let address = format!("{here}/{}", id_of(&made.json()));
    assert_eq!(made.header("location"), address);
    manager.post(&here, &first).await.expect_status(200);
    let problem = manager.post(&here, &plan("doctor", 4, ("2014-12-31", None))).await.expect_problem(409, "overlap");
    assert_eq!(faults(&problem), told("/starts_on", "overlap"));
    manager.post(&here, &plan("nurse", 8, ("2014-06-01", None))).await.expect_status(201);
    manager.post(&path(world.there), &plan("doctor", 1, ("2014-06-01", None))).await.expect_status(201);
    world.coordinator.post(&here, &plan("doctor", 4, ("2015-01-01", None))).await.expect_status(201);
    world.coordinator.post(&path(world.there), &plan("nurse", 4, ("2015-01-01", None))).await.expect_problem(404, "not-found");

    let edited =
        manager.patch(&address, "\"1\"", &json!({"planned": 2, "note": "Two beds fewer."})).await.expect_status(200).json();
    assert_eq!((&edited["planned"], &edited["revision"]), (&json!(2), &json!(2)));
    manager.patch(&address, "\"1\"", &json!({"planned": 5})).await.expect_problem(412, "stale-revision");
    let problem = manager.patch(&address, "*", &json!({"ends_on": null})).await.expect_problem(409, "overlap");
    assert_eq!(faults(&problem), told("/starts_on", "overlap"));
    let of_day = manager.all(&format!("{here}?on=2014-07-01")).await;
    assert_eq!(of_day.iter().map(|one| one["cadre"].clone()).collect::<Vec<_>>(), ["doctor", "nurse"]);
    assert_eq!(manager.all(&format!("{here}?cadre=doctor")).await.len(), 2);
    manager.delete(&format!("{}/{}", path(world.there), id_of(&edited)), "*").await.expect_problem(404, "not-found");
    manager.delete(&address, "*").await.expect_status(200);
    manager.delete(&address, "*").await.expect_problem(410, "record-deleted");
    manager.post(&here, &first).await.expect_problem(410, "record-deleted");
    assert_eq!(manager.all(&format!("{here}?retired=true")).await.len(), 1);
    let history = manager.all(&format!("/api/v1/facilities/{}/history", world.here)).await;
    assert_eq!(history.iter().filter(|one| one["resource"] == "facility_posts").count(), 5);
    for reader in [world.app.user(Role::Auditor).await, world.app.clerk(world.here).await] {
        assert_eq!(reader.all(&here).await.len(), 2);
        reader.post(&here, &first).await.expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn a_plan_of_wrong_values_is_refused() {
    let world = World::start().await;
    let refused =
        async |body: Value| faults(&world.manager.post(&path(world.here), &body).await.expect_problem(422, "validation-failed"));
    assert_eq!(refused(plan("doctor", 10_001, ("2014-01-01", None))).await, told("/planned", "out-of-range"));
    assert_eq!(refused(plan("doctor", -1, ("2014-01-01", None))).await, told("/planned", "out-of-range"));
    assert_eq!(refused(plan("surgeon", 1, ("2014-01-01", None))).await, told("/cadre", "unknown-value"));
    assert_eq!(refused(plan("doctor", 1, ("2014-01-01", Some("2013-12-31")))).await, told("/ends_on", "date-order"));
    assert_eq!(refused(plan("doctor", 1, ("2010-12-31", None))).await, told("/starts_on", "date-out-of-range"));
    world.manager.post(&path(Uuid::now_v7()), &plan("doctor", 1, ("2014-01-01", None))).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn what_is_vacant_and_what_is_held_by_more_than_planned_is_told_by_facility_and_cadre() {
    let world = World::start().await;
    let manager = &world.manager;
    for (facility, cadre, planned) in [(world.here, "doctor", 3), (world.here, "nurse", 0), (world.there, "doctor", 1)] {
        manager.post(&path(facility), &plan(cadre, planned, ("2014-01-01", Some("2014-12-31")))).await.expect_status(201);
    }
    for (number, (facility, cadre, share)) in [
        (world.here, "doctor", 50),
        (world.here, "doctor", 100),
        (world.here, "midwife", 100),
        (world.there, "doctor", 100),
        (world.there, "doctor", 20),
    ]
    .into_iter()
    .enumerate()
    {
        let person = world.person(&format!("S-{number:04}")).await;
        let body = World::wanted(person, facility, cadre, share, ("2014-03-01", None));
        manager.post(POSTS, &body).await.expect_status(201);
    }
    let told = world.report("vacancies?as_of=2014-06-01").await;
    let cells: Vec<_> = told["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            json!([
                one["code"],
                one["cadre"],
                one["planned"],
                one["filled"],
                one["vacant"],
                one["over_filled"],
                one["full_time_equivalents"]
            ])
        })
        .collect();
    assert_eq!(
        cells,
        [
            json!(["MPT-01", "doctor", 3, 2, 1, 0, "1.50"]),
            json!(["MPT-01", "midwife", 0, 1, 0, 1, "1.00"]),
            json!(["MPT-01", "nurse", 0, 0, 0, 0, "0.00"]),
            json!(["MPT-02", "doctor", 1, 2, 0, 1, "1.20"]),
        ]
    );
    assert_eq!(told["total"], json!({"planned": 4, "filled": 5, "vacant": 1, "over_filled": 2}));
    assert_eq!(told["method"]["filled"]["version"], 1);
    assert_eq!(
        world.report("vacancies?as_of=2014-02-01").await["total"],
        json!({"planned": 4, "filled": 0, "vacant": 4, "over_filled": 0})
    );
    // Without a plan nothing is vacant, and nobody too many.
    assert_eq!(world.report("vacancies?as_of=2015-01-01").await["cells"], json!([]));
    assert_eq!(world.report("vacancies?as_of=2014-06-01&cadre=nurse").await["total"]["planned"], 0);
    assert_eq!(world.report(&format!("vacancies?as_of=2014-06-01&area_id={}", world.west)).await["total"]["filled"], 2);
    // A facility that is closed asks for nobody.
    manager
        .patch(&format!("/api/v1/facilities/{}", world.there), "*", &json!({"closed_on": "2014-06-01"}))
        .await
        .expect_status(200);
    assert_eq!(world.report("vacancies?as_of=2014-06-01").await["total"]["planned"], 3);
    let own = world.coordinator.get(&format!("/api/v1/reports/vacancies?as_of=2014-05-01&facility_id={}", world.there)).await;
    assert_eq!(faults(&own.expect_problem(422, "validation-failed")), super::told("/facility_id", "unknown-reference"));
    let clerk = world.app.clerk(world.there).await;
    let seen = clerk.get("/api/v1/reports/vacancies?as_of=2014-05-01").await.expect_status(200).json();
    assert_eq!(seen["total"]["planned"], 1);
}
