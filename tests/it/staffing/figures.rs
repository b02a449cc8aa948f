//! How many there are, by what, and who came and went.

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::{POSTS, STAFF, World, told};
use crate::support::{client::faults, id_of};

/// The cells of a report as (key or code, the named numbers).
fn cells(report: &Value, numbers: &[&str]) -> Vec<Value> {
    let told = |cell: &Value| {
        let name = if cell["code"].is_null() { cell["key"].clone() } else { cell["code"].clone() };
        [vec![name], numbers.iter().map(|number| cell[*number].clone()).collect()].concat()
    };
    report["cells"].as_array().expect("cells").iter().map(|cell| told(cell).into()).collect()
}

async fn contract(world: &World, code: &str, days: (&str, &str)) -> Uuid {
    let owner = world.app.database.owner().await;
    let partner = Uuid::now_v7();
    owner.execute("INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ($1, $2, $2, '{partner}', '00000000-0000-7000-8000-000000000001')", &[&partner, &format!("OF-{code}")]).await.expect("organization");
    let body = json!({"code": code, "name": code, "organization_id": partner, "starts_on": days.0, "ends_on": days.1});
    id_of(&world.manager.post("/api/v1/contracts", &body).await.expect_status(201).json())
}

/// Three people: a doctor at both places, a nurse here whom a contract pays for half a year, a doctor there of whom no gender is told.
async fn three(world: &World) -> Uuid {
    let both = world.person_of("S-0001", &json!({"gender": "female"})).await;
    let nurse = world.person_of("S-0002", &json!({"gender": "male", "cadre": "nurse"})).await;
    let other = world.person("S-0003").await;
    let paying = contract(world, "NORWAC-2014", ("2014-01-01", "2014-06-30")).await;
    world.post(both, 60, ("2014-01-01", None)).await;
    world.post_at(both, world.there, 40, ("2014-01-01", None)).await;
    let mut paid = World::wanted(nurse, world.here, "nurse", 100, ("2014-01-01", Some("2014-12-31")));
    paid["contract_id"] = json!(paying);
    world.manager.post(POSTS, &paid).await.expect_status(201);
    world.post_at(other, world.there, 50, ("2014-03-01", None)).await;
    paying
}

#[tokio::test]
async fn a_person_counts_once_in_the_whole_and_once_in_each_part() {
    let world = World::start().await;
    let paying = three(&world).await;
    let numbers = ["people", "posts", "full_time_equivalents"];
    let by = async |part: &str| cells(&world.report(&format!("staffing?as_of=2014-03-01&by={part}")).await, &numbers);
    let whole = world.report("staffing?as_of=2014-03-01").await;
    assert_eq!(whole["total"], json!({"people": 3, "posts": 4, "full_time_equivalents": "2.50"}));
    assert_eq!((&whole["by"], &whole["cells"], &whole["as_of"]), (&json!(null), &json!([]), &json!("2014-03-01")));
    assert!(whole["method"]["people"]["rule"].as_str().is_some_and(|rule| rule.contains("each once")));
    assert_eq!(by("cadre").await, [json!(["doctor", 2, 3, "1.50"]), json!(["nurse", 1, 1, "1.00"])]);
    assert_eq!(by("facility").await, [json!(["MPT-01", 2, 2, "1.60"]), json!(["MPT-02", 2, 2, "0.90"])]);
    assert_eq!(by("area").await, [json!(["EAST", 2, 2, "1.60"]), json!(["WEST", 2, 2, "0.90"])]);
    assert_eq!(
        by("gender").await,
        [json!(["female", 1, 2, "1.00"]), json!(["male", 1, 1, "1.00"]), json!(["unknown", 1, 1, "0.50"])]
    );
    assert_eq!(by("contract").await, [json!(["NORWAC-2014", 1, 1, "1.00"]), json!(["none", 2, 3, "1.50"])]);
    // The day after the contract ends nobody pays the post, and it is still held.
    let after = world.report("staffing?as_of=2014-07-01&by=contract").await;
    assert_eq!(cells(&after, &numbers), [json!(["none", 3, 4, "2.50"])]);

    for (filter, people) in [
        (format!("contract_id={paying}"), 1),
        ("unpaid=true".to_owned(), 2),
        ("gender=unknown".to_owned(), 1),
        ("cadre=doctor".to_owned(), 2),
        (format!("facility_id={}", world.there), 2),
        (format!("area_id={}", world.country), 3),
        (format!("area_id={}&gender=female&cadre=doctor", world.west), 1),
    ] {
        let told = world.report(&format!("staffing?as_of=2014-03-01&{filter}")).await;
        assert_eq!(told["total"]["people"], people, "{filter}");
        // Every count opens into its rows.
        let rows = world.manager.all(&format!("/api/v1/reports/staffing/rows?as_of=2014-03-01&{filter}&limit=1")).await;
        assert_eq!(told["total"]["posts"], rows.len(), "{filter}");
        let distinct: std::collections::BTreeSet<_> = rows.iter().map(|row| row["staff_id"].as_str()).collect();
        assert_eq!(told["total"]["people"], distinct.len(), "{filter}");
    }
    let none = world.report("staffing?as_of=2013-12-31&by=cadre").await;
    assert_eq!(
        (&none["total"]["people"], &none["total"]["full_time_equivalents"], &none["cells"]),
        (&json!(0), &json!("0.00"), &json!([]))
    );
    // A facility that is closed employs nobody.
    world
        .manager
        .patch(&format!("/api/v1/facilities/{}", world.there), "*", &json!({"closed_on": "2014-03-01"}))
        .await
        .expect_status(200);
    assert_eq!(world.report("staffing?as_of=2014-03-01").await["total"]["people"], 2);
}

#[tokio::test]
async fn who_came_and_went_ties_with_who_was_there() {
    let world = World::start().await;
    three(&world).await;
    let movement = ["present_at_start", "joined", "left", "present_at_end"];
    let of = |report: &Value| movement.map(|name| report["total"][name].as_i64().expect("a number"));
    assert_eq!(of(&world.report("staff-turnover?from=2014-01-01&to=2014-12-31").await), [0, 3, 0, 3]);
    assert_eq!(of(&world.report("staff-turnover?from=2014-01-02&to=2014-02-28").await), [2, 0, 0, 2]);
    // The first day of absence lies in the next year.
    assert_eq!(of(&world.report("staff-turnover?from=2015-01-01&to=2015-01-01").await), [3, 0, 1, 2]);
    let by = world.report("staff-turnover?from=2014-06-01&to=2014-12-31&by=contract").await;
    assert_eq!(of(&by), [3, 0, 0, 3]);
    assert_eq!(cells(&by, &movement), [json!(["NORWAC-2014", 1, 0, 1, 0]), json!(["none", 2, 1, 0, 3])]);
    // Who moves on without a day between stays in the whole, leaves the one place and joins the other.
    let person = world.person("S-0009").await;
    world.post(person, 100, ("2015-01-01", Some("2015-03-31"))).await;
    world.post_at(person, world.there, 100, ("2015-04-01", Some("2015-06-30"))).await;
    let moved = world.report("staff-turnover?from=2015-03-01&to=2015-05-31&by=facility").await;
    assert_eq!(of(&moved), [3, 0, 0, 3]);
    assert_eq!(cells(&moved, &movement), [json!(["MPT-01", 2, 0, 1, 1]), json!(["MPT-02", 2, 1, 0, 3])]);
    // Who goes and comes again is counted each time.
    world.post(person, 100, ("2015-08-01", None)).await;
    assert_eq!(of(&world.report("staff-turnover?from=2015-06-01&to=2015-12-31").await), [3, 1, 1, 3]);
    assert_eq!(of(&world.report("staff-turnover?from=2016-02-01&to=2016-02-01&cadre=midwife").await), [0, 0, 0, 0]);
}

#[tokio::test]
async fn why_people_left_is_told_in_totals_to_those_who_may_know() {
    let world = World::start().await;
    let leave = async |person: Uuid, reason: &str| {
        let body = json!({"departed_on": "2014-05-31", "reason": reason});
        world.manager.post(&format!("{STAFF}/{person}/departures"), &body).await.expect_status(201);
    };
    for (number, (reason, home)) in
        [(Some("killed"), world.east), (Some("displaced"), world.east), (Some("detained"), world.west), (None, world.east)]
            .into_iter()
            .enumerate()
    {
        let person = world.person_of(&format!("S-{number:04}"), &json!({"area_id": home})).await;
        world.post(person, 100, ("2014-01-01", reason.is_none().then_some("2014-05-31"))).await;
        if let Some(reason) = reason {
            leave(person, reason).await;
        }
    }
    let path = "/api/v1/reports/staff-turnover?from=2014-05-01&to=2014-06-30&by=cadre";
    let told = world.manager.get(path).await.expect_status(200).json();
    assert_eq!(told["total"]["left"], 4);
    assert_eq!(told["left_by_reason"], json!({"killed": 1, "displaced": 1, "detained": 1, "post_ended": 1}));
    assert!(told["cells"][0].get("left_by_reason").is_none());
    // Of a guest from elsewhere a coordinator is not told why.
    let own = world.coordinator.get(path).await.expect_status(200).json();
    assert_eq!(own["left_by_reason"], json!({"killed": 1, "displaced": 1, "undisclosed": 1, "post_ended": 1}));
    for reader in [world.app.user(Role::Admin).await, world.app.clerk(world.here).await] {
        let told = reader.get(path).await.expect_status(200).json();
        assert_eq!((&told["total"]["left"], told.get("left_by_reason")), (&json!(4), None));
    }
}

#[tokio::test]
async fn each_reader_is_told_of_their_own_and_asks_within_it() {
    let world = World::start().await;
    let paying = three(&world).await;
    let people = async |reader: &crate::support::client::Client, query: &str| {
        reader.get(&format!("/api/v1/reports/staffing?as_of=2014-03-01{query}")).await.expect_status(200).json()["total"]["people"].clone()
    };
    assert_eq!(people(&world.coordinator, "").await, 2);
    assert_eq!(people(&world.coordinator, &format!("&area_id={}", world.west)).await, 0);
    let clerk = world.app.clerk(world.there).await;
    assert_eq!(people(&clerk, "&by=cadre").await, 2);
    let refused = async |reader: &crate::support::client::Client, query: &str, status: u16, code: &str| {
        faults(&reader.get(&format!("/api/v1/reports/staffing?{query}")).await.expect_problem(status, code))
    };
    let hidden = format!("facility_id={}", world.there);
    assert_eq!(refused(&world.coordinator, &hidden, 422, "validation-failed").await, told("/facility_id", "unknown-reference"));
    for (name, pointer) in [("area_id", "/area_id"), ("facility_id", "/facility_id"), ("contract_id", "/contract_id")] {
        let query = format!("{name}={}", Uuid::now_v7());
        assert_eq!(refused(&world.manager, &query, 422, "validation-failed").await, told(pointer, "unknown-reference"));
    }
    // Contracts are not for clerks.
    refused(&clerk, "by=contract", 403, "forbidden").await;
    refused(&clerk, "unpaid=true", 403, "forbidden").await;
    let query = format!("contract_id={paying}");
    assert_eq!(refused(&clerk, &query, 422, "validation-failed").await, told("/contract_id", "unknown-reference"));
    let organization = Uuid::now_v7();
    let owner = world.app.database.owner().await;
    owner.execute("INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ($1, 'ORG-1', 'An organisation', '{donor}', '00000000-0000-7000-8000-000000000001')", &[&organization]).await.expect("organization");
    let partner = world.app.partner(organization).await;
    for path in ["staffing", "staffing/rows", "staff-turnover?from=2014-01-01&to=2014-02-01", "vacancies"] {
        partner.get(&format!("/api/v1/reports/{path}")).await.expect_problem(403, "forbidden");
    }
    assert_eq!(refused(&world.manager, "by=mood", 422, "validation-failed").await, told("/by", "unknown-value"));
    let backwards = world.manager.get("/api/v1/reports/staff-turnover?from=2014-02-01&to=2014-01-31").await;
    assert_eq!(faults(&backwards.expect_problem(422, "validation-failed")), told("/to", "date-order"));
    world.manager.get("/api/v1/reports/staffing?mood=good").await.expect_problem(400, "unknown-parameter");
}
