//! Stories of gaps: who and what loses its line, on which day, and who is paid twice.

use serde_json::{Value, json};
use siraj::{auth::Role, imports::demo_sheets};
use uuid::Uuid;

use crate::{
    imports::load,
    support::{
        TestApp,
        client::{Client, faults},
        id_of,
    },
};

const GAPS: &str = "/api/v1/reports/funding-gaps";
const DOUBLE: &str = "/api/v1/reports/double-funding";

struct World {
    app: TestApp,
    manager: Client,
    partner: Uuid,
    east: Uuid,
    west: Uuid,
    hospital: Uuid,
    point: Uuid,
}

impl World {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let (east, west) = (app.area("EAST", None).await, app.area("WEST", None).await);
        let partner = json!({"code": "NORWAC", "name": "NORWAC", "roles": ["partner"]});
        let partner = id_of(&manager.post("/api/v1/organizations", &partner).await.expect_status(201).json());
        let hospital = id_of(&app.facility(&manager, "HOS-01", east).await);
        let point = id_of(&app.facility(&manager, "MED-01", west).await);
        Self { app, manager, partner, east, west, hospital, point }
    }

    async fn contract(&self, code: &str, starts: &str, ends: &str, more: &Value) -> Uuid {
        let mut body = json!({"code": code, "name": code, "organization_id": self.partner, "starts_on": starts, "ends_on": ends});
        siraj::http::merge(&mut body, more);
        id_of(&self.manager.post("/api/v1/contracts", &body).await.expect_status(201).json())
    }

    async fn supports(&self, contract: Uuid, facility: Uuid) {
        let path = format!("/api/v1/contracts/{contract}/facilities");
        self.manager.post(&path, &json!({"facility_id": facility})).await.expect_status(201);
    }

    async fn person(&self, code: &str) -> Uuid {
        let body = json!({"code": code, "cadre": "nurse", "area_id": self.east});
        id_of(&self.manager.post("/api/v1/staff", &body).await.expect_status(201).json())
    }

    async fn post(&self, person: Uuid, facility: Uuid, share: i16, days: (&str, Option<&str>), contract: Option<Uuid>) -> Uuid {
        let body = json!({"staff_id": person, "facility_id": facility, "cadre": "nurse", "share_percent": share,
            "starts_on": days.0, "ends_on": days.1, "contract_id": contract});
        id_of(&self.manager.post("/api/v1/assignments", &body).await.expect_status(201).json())
    }

    async fn gaps(&self, by: &Client, from: &str, to: &str) -> Value {
        by.get(&format!("{GAPS}?from={from}&to={to}")).await.expect_status(200).json()["days"].clone()
    }
}

#[tokio::test]
async fn the_day_after_a_contract_tells_people_places_and_money_that_lose_their_line() {
    let world = World::start().await;
    let money = json!({"currency": "USD", "monthly_amount": "70000"});
    let first = world.contract("N-2015-A", "2015-01-01", "2015-04-30", &money).await;
    let second = world.contract("N-2015-B", "2015-05-16", "2016-02-15", &json!({"renews_id": first})).await;
    let other = world.contract("IRC-2015", "2015-01-01", "2015-12-31", &json!({})).await;
    world.supports(first, world.hospital).await;
    world.supports(first, world.point).await;
    world.supports(other, world.point).await;
    let scale = json!({"cadre": "nurse", "currency": "USD", "monthly_amount": "300.10", "starts_on": "2015-01-01"});
    world.manager.post("/api/v1/stipend-scales", &scale).await.expect_status(201);
    // Four keep their posts past the end; of them one is paid by another contract, one by two posts of the same.
    let people = [world.person("S-1").await, world.person("S-2").await, world.person("S-3").await, world.person("S-4").await];
    let open = ("2015-01-01", None);
    world.post(people[0], world.hospital, 100, open, Some(first)).await;
    world.post(people[1], world.hospital, 50, open, Some(first)).await;
    world.post(people[1], world.point, 50, open, Some(other)).await;
    world.post(people[2], world.hospital, 50, open, Some(first)).await;
    world.post(people[2], world.point, 50, ("2015-01-01", Some("2015-04-30")), Some(first)).await;
    world.post(people[3], world.hospital, 100, ("2015-01-01", Some("2015-03-31")), Some(first)).await;
    // Whoever left in March lost nothing; whoever goes on without a payer from April on does.
    let fifth = world.person("S-5").await;
    world.post(fifth, world.hospital, 100, ("2015-01-01", Some("2015-03-31")), Some(first)).await;
    world.post(fifth, world.hospital, 100, ("2015-04-01", None), None).await;

    let days = world.gaps(&world.manager, "2015-01-01", "2015-12-31").await;
    let days = days.as_array().expect("days");
    let told: Vec<_> = days
        .iter()
        .map(|day| {
            (
                day["on"].as_str().unwrap(),
                day["people"].as_i64().unwrap(),
                day["posts"].as_i64().unwrap(),
                day["facilities"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("2015-04-01", 1, 1, 0), ("2015-05-01", 2, 3, 1)], "{days:#?}");
    let contract = &days[1]["contracts"][0];
    assert_eq!((&contract["code"], &contract["ends_on"]), (&json!("N-2015-A"), &json!("2015-04-30")));
    // Two hundred per cent of 300.10, once by hand.
    assert_eq!(contract["monthly_costs"], json!([{"currency": "USD", "amount": "600.20"}]));
    assert_eq!((&contract["monthly_amount"], &contract["unpriced_posts"]), (&json!("70000.00"), &json!(0)));
    assert_eq!(
        contract["follow_up"],
        json!({"contract_id": second, "code": "N-2015-B", "starts_on": "2015-05-16", "days_without": 15})
    );
    // The rows are as many as the figure says, by pseudonym.
    let rows = world.manager.all(&format!("{GAPS}/rows?on=2015-05-01")).await;
    let codes: Vec<_> = rows.iter().map(|row| row["staff_code"].as_str().unwrap().to_owned()).collect();
    assert_eq!(codes, ["S-1", "S-3", "S-3"]);
    let paged = world.manager.get(&format!("{GAPS}/rows?on=2015-05-01&limit=1&sort=-staff_code")).await.expect_status(200).json();
    assert_eq!((paged["items"][0]["staff_code"].as_str(), paged["next"].is_string()), (Some("S-3"), true));
    let backwards = world.manager.all(&format!("{GAPS}/rows?on=2015-05-01&limit=1&sort=-staff_code")).await;
    assert_eq!(backwards.len(), 3);
    assert_eq!(world.manager.all(&format!("{GAPS}/rows?on=2015-05-01&q=S-1")).await.len(), 1);
    // A coordinator sees their own areas, an auditor everything, a partner and a clerk nothing.
    let west = world.app.coordinator(&[world.west]).await;
    let days = world.gaps(&west, "2015-05-01", "2015-05-01").await;
    assert_eq!((&days[0]["people"], &days[0]["facilities"]), (&json!(1), &json!(0)));
    assert_eq!(west.all(&format!("{GAPS}/rows?on=2015-05-01")).await.len(), 1);
    assert_eq!(world.gaps(&world.app.user(Role::Auditor).await, "2015-05-01", "2015-05-01").await[0]["people"], json!(2));
    for client in
        [world.app.partner(world.partner).await, world.app.clerk(world.hospital).await, world.app.user(Role::Admin).await]
    {
        client.get(&format!("{GAPS}?from=2015-05-01&to=2015-05-01")).await.expect_problem(403, "forbidden");
    }
    // An extension closes the gap.
    world
        .manager
        .post(&format!("/api/v1/contracts/{first}/signature"), &json!({"signed_on": "2014-12-01"}))
        .await
        .expect_status(200);
    let longer = json!({"kind": "no_cost_extension", "signed_on": "2015-04-20", "effective_on": "2015-04-30", "ends_on": "2015-05-15", "reason": "Until the next contract begins."});
    world.manager.post(&format!("/api/v1/contracts/{first}/amendments"), &longer).await.expect_status(201);
    assert_eq!(world.gaps(&world.manager, "2015-04-30", "2015-05-10").await, json!([]));
}

#[tokio::test]
async fn whom_two_contracts_pay_on_the_same_days_is_told_with_the_days() {
    let world = World::start().await;
    let norwac = world.contract("NORWAC", "2015-01-01", "2015-04-30", &json!({})).await;
    let irc = world.contract("IRC", "2015-03-01", "2015-12-31", &json!({})).await;
    let surgeon = world.person("S-1").await;
    let first = world.post(surgeon, world.hospital, 50, ("2015-01-01", None), Some(norwac)).await;
    let second = world.post(surgeon, world.point, 50, ("2015-01-15", Some("2015-03-20")), Some(irc)).await;
    let calm = world.person("S-2").await;
    world.post(calm, world.hospital, 50, ("2015-01-01", None), Some(norwac)).await;
    world.post(calm, world.point, 50, ("2015-05-01", None), Some(irc)).await;
    world.post(calm, world.point, 50, ("2015-01-01", Some("2015-04-30")), Some(norwac)).await;
    let rows = world.manager.all(&format!("{DOUBLE}?from=2015-01-01&to=2015-12-31")).await;
    assert_eq!(rows.len(), 1, "{rows:#?}");
    let row = &rows[0];
    assert_eq!(
        (&row["staff_code"], &row["from_on"], &row["to_on"], &row["days"]),
        (&json!("S-1"), &json!("2015-03-01"), &json!("2015-03-20"), &json!(20))
    );
    let mut posts: Vec<_> = row["assignment_ids"].as_array().unwrap().clone();
    posts.sort_by_key(ToString::to_string);
    let mut expected = vec![json!(first), json!(second)];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(posts, expected);
    let march = world.manager.all(&format!("{DOUBLE}?from=2015-03-10&to=2015-03-12")).await;
    assert_eq!(march[0]["days"], json!(3));
    assert!(world.manager.all(&format!("{DOUBLE}?from=2015-03-21&to=2015-12-31")).await.is_empty());
    assert_eq!(world.app.coordinator(&[world.west]).await.all(&format!("{DOUBLE}?from=2015-03-01&to=2015-03-31")).await.len(), 1);
    assert!(
        world
            .app
            .coordinator(&[world.app.area("SOUTH", None).await])
            .await
            .all(&format!("{DOUBLE}?from=2015-03-01&to=2015-03-31"))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_horizon_has_an_order_and_an_end() {
    let world = World::start().await;
    for path in [GAPS, DOUBLE] {
        for (query, pointer, code) in [
            ("from=2015-02-01&to=2015-01-31", "/to", "date-order"),
            ("from=2015-01-01&to=2017-01-01", "/to", "out-of-range"),
            ("from=2015-01-01&to=2015-02-30", "/to", "invalid-date"),
            ("from=2015-01-01", "/to", "required"),
        ] {
            let problem = world.manager.get(&format!("{path}?{query}")).await.expect_problem(422, "validation-failed");
            assert_eq!(faults(&problem), [(pointer.to_owned(), code.to_owned())], "{path}?{query}");
        }
        world.manager.get(&format!("{path}?from=2015-01-01&to=2016-12-31")).await.expect_status(200);
        world.manager.get(&format!("{path}?from=2015-01-01&to=2015-12-31&of=1")).await.expect_problem(400, "unknown-parameter");
    }
}

/// Counted from the files of the demo alone: 320 people are paid on 30 April 2015, 114 the day after, and 211 of the first are not among these.
#[tokio::test]
async fn the_first_of_may_2015_leaves_two_hundred_and_eleven_people_of_the_demo_without_a_line() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    assert_eq!(load(&app, &demo_sheets().expect("the demo")).await.faults, []);
    let days = manager.get(&format!("{GAPS}?from=2015-05-01&to=2015-05-15")).await.expect_status(200).json()["days"].clone();
    let first = &days[0];
    assert_eq!((&first["on"], &first["people"], &first["posts"]), (&json!("2015-05-01"), &json!(211), &json!(214)), "{days:#}");
    let contract = &first["contracts"][0];
    assert_eq!((&contract["code"], first["contracts"].as_array().map(Vec::len)), (&json!("NORWAC-2015-A"), Some(1)));
    assert_eq!((&contract["follow_up"]["code"], &contract["follow_up"]["days_without"]), (&json!("NORWAC-2015-B"), &json!(15)));
    assert_eq!(manager.all(&format!("{GAPS}/rows?on=2015-05-01&limit=100")).await.len(), 214);
}
