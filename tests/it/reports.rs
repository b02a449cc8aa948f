//! Stories of the figures, their rows, and what was published.

mod chain;
mod conversions;
mod demo_year;
mod handed_on;
mod kinds;
mod known_at;
mod opened;
mod pages;
mod parts;
mod publishing;
mod reconciliation;
mod restatement;
mod scheduled;
mod totals;

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of,
};

const SYSTEM: &str = "00000000-0000-7000-8000-000000000001";

/// A small world: two areas under one, a partner, a contract of 2015, a manager.
struct World {
    app: TestApp,
    manager: Client,
    sql: tokio_postgres::Client,
    ghouta: Uuid,
    east: Uuid,
    west: Uuid,
    partner: Uuid,
    contract: Uuid,
}

impl World {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let sql = app.database.owner().await;
        let ghouta = app.area("GHOUTA", None).await;
        let (east, west) = (app.area("EAST", Some(ghouta)).await, app.area("WEST", Some(ghouta)).await);
        let partner = organization(&sql, "NORWAC").await;
        let body = json!({"code": "NORWAC-2015", "name": "NORWAC 2015", "organization_id": partner, "starts_on": "2015-01-01", "ends_on": "2015-12-31"});
        let contract = id_of(&manager.post("/api/v1/contracts", &body).await.expect_status(201).json());
        Self { app, manager, sql, ghouta, east, west, partner, contract }
    }

    async fn facility(&self, code: &str, area: Uuid, kinds: &[&str], opened: &str, closed: Option<&str>) -> Uuid {
        let body = json!({"code": code, "name": format!("Facility {code}"), "kinds": kinds, "area_id": area, "opened_on": opened, "closed_on": closed});
        id_of(&self.manager.post("/api/v1/facilities", &body).await.expect_status(201).json())
    }

    async fn supports(&self, parent: &str, facility: Uuid, starts: Option<&str>, ends: Option<&str>) -> Value {
        let body = json!({"facility_id": facility, "starts_on": starts, "ends_on": ends});
        self.manager.post(&format!("/api/v1/{parent}/facilities"), &body).await.expect_status(201).json()
    }

    async fn contract_supports(&self, facility: Uuid) -> Value {
        self.supports(&format!("contracts/{}", self.contract), facility, None, None).await
    }

    async fn campaign(&self, code: &str) -> Uuid {
        let body = json!({"code": code, "name": code, "goal_amount": "1000000", "currency": "USD", "starts_on": "2015-01-01", "ends_on": "2015-12-31"});
        id_of(&self.manager.post("/api/v1/campaigns", &body).await.expect_status(201).json())
    }

    async fn person(&self, code: &str, cadre: &str) -> Uuid {
        let id = Uuid::now_v7();
        let text = format!("INSERT INTO staff (id, code, cadre, area_id, recorded_by) VALUES ($1, $2, $3, $4, '{SYSTEM}')");
        self.sql.execute(&text, &[&id, &code, &cadre, &self.east]).await.expect("staff");
        id
    }

    async fn post(&self, person: Uuid, facility: Uuid, cadre: &str, share: i16, contract: Option<Uuid>) -> Uuid {
        let id = Uuid::now_v7();
        let text = format!(
            "INSERT INTO assignments (id, staff_id, facility_id, cadre, share_percent, starts_on, ends_on, contract_id, recorded_by) \
             VALUES ($1, $2, $3, $4, $5, '2015-03-01', '2015-09-30', $6, '{SYSTEM}')"
        );
        self.sql.execute(&text, &[&id, &person, &facility, &cadre, &share, &contract]).await.expect("assignment");
        id
    }

    async fn figures(&self, query: &str) -> Value {
        figures(&self.manager, query).await
    }

    async fn total(&self, day: &str) -> i64 {
        self.figures(&format!("as_of={day}")).await["facilities"]["total"].as_i64().expect("a number")
    }
}

async fn figures(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/v1/reports/figures?{query}")).await.expect_status(200).json()
}

async fn organization(sql: &tokio_postgres::Client, code: &str) -> Uuid {
    let id = Uuid::now_v7();
    let text =
        format!("INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ($1, $2, $2, '{{partner}}', '{SYSTEM}')");
    sql.execute(&text, &[&id, &code]).await.expect("organization");
    id
}

#[tokio::test]
async fn a_facility_counts_from_the_first_day_of_its_support_to_the_last_and_never_while_closed() {
    let world = World::start().await;
    let open = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let late = world.facility("HOS-02", world.east, &["hospital"], "2015-04-01", Some("2015-11-01")).await;
    let unsupported = world.facility("HOS-03", world.east, &["hospital"], "2013-01-01", None).await;
    world.contract_supports(open).await;
    world.contract_supports(late).await;
    for (day, total) in [
        ("2014-12-31", 0),
        ("2015-01-01", 1),
        ("2015-03-31", 1),
        ("2015-04-01", 2),
        ("2015-10-31", 2),
        ("2015-11-01", 1),
        ("2015-12-31", 1),
        ("2016-01-01", 0),
    ] {
        assert_eq!(world.total(day).await, total, "{day}");
    }
    let narrow = world.campaign("SIRAJ-2015").await;
    world.supports(&format!("campaigns/{narrow}"), unsupported, Some("2015-02-10"), Some("2015-02-12")).await;
    for (day, total) in [("2015-02-09", 1), ("2015-02-10", 2), ("2015-02-12", 2), ("2015-02-13", 1)] {
        assert_eq!(world.total(day).await, total, "{day}");
    }
    let method = world.figures("as_of=2015-02-13").await["method"]["facilities.total"].clone();
    assert_eq!(method["left_out"], json!({"supported_but_not_open": 1, "open_but_not_supported": 1}));
    assert_eq!(method["version"], 1);
}

#[tokio::test]
async fn a_facility_supported_by_several_counts_once_and_every_change_of_a_record_changes_the_figure() {
    let world = World::start().await;
    let facility = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let campaign = world.campaign("SIRAJ-2015").await;
    let by_contract = world.contract_supports(facility).await;
    let by_campaign = world.supports(&format!("campaigns/{campaign}"), facility, None, None).await;
    assert_eq!(world.total("2015-06-01").await, 1);

    let path = format!("/api/v1/contracts/{}/facilities/{}", world.contract, id_of(&by_contract));
    world.manager.delete(&path, "*").await.expect_status(200);
    assert_eq!(world.total("2015-06-01").await, 1);
    let path = format!("/api/v1/campaigns/{campaign}/facilities/{}", id_of(&by_campaign));
    world.manager.patch(&path, "*", &json!({"ends_on": "2015-05-31"})).await.expect_status(200);
    assert_eq!(world.total("2015-06-01").await, 0);
    world.manager.patch(&path, "*", &json!({"ends_on": null})).await.expect_status(200);
    assert_eq!(world.total("2015-06-01").await, 1);
    let campaign_path = format!("/api/v1/campaigns/{campaign}");
    world.manager.patch(&campaign_path, "*", &json!({"ends_on": "2015-05-31"})).await.expect_status(200);
    assert_eq!(world.total("2015-06-01").await, 0);
    world.manager.patch(&campaign_path, "*", &json!({"ends_on": null})).await.expect_status(200);
    assert_eq!(world.total("2019-06-01").await, 1);
    world.manager.delete(&format!("/api/v1/facilities/{facility}"), "*").await.expect_status(200);
    assert_eq!(world.total("2015-06-01").await, 0);
}

#[tokio::test]
async fn a_person_counts_once_in_the_cadre_of_their_largest_post() {
    let world = World::start().await;
    let (east, west) = (
        world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await,
        world.facility("HOS-02", world.west, &["hospital"], "2013-01-01", None).await,
    );
    let doctor = world.person("S-1", "doctor").await;
    world.post(doctor, east, "doctor", 50, Some(world.contract)).await;
    world.post(doctor, west, "administrative", 50, None).await;
    let nurse = world.person("S-2", "nurse").await;
    world.post(nurse, west, "nurse", 30, None).await;
    world.post(nurse, west, "technician", 45, None).await;

    let staff = world.figures("as_of=2015-06-01").await["staff"].clone();
    let expected = json!({"total": 2, "by_cadre": {"doctor": 1, "technician": 1}, "posts": 4, "full_time_equivalents": "1.75"});
    assert_eq!(staff, expected);
    assert_eq!(world.figures("as_of=2015-02-28").await["staff"]["total"], 0);
    assert_eq!(world.figures("as_of=2015-03-01").await["staff"]["total"], 2);
    assert_eq!(world.figures("as_of=2015-09-30").await["staff"]["total"], 2);
    let after = world.figures("as_of=2015-10-01").await["staff"].clone();
    assert_eq!(after, json!({"total": 0, "by_cadre": {}, "posts": 0, "full_time_equivalents": "0.00"}));

    let of_west = world.figures(&format!("as_of=2015-06-01&area_id={}", world.west)).await["staff"].clone();
    assert_eq!(of_west["by_cadre"], json!({"technician": 1, "administrative": 1}));
    let paid = world.figures(&format!("as_of=2015-06-01&contract_id={}", world.contract)).await["staff"].clone();
    assert_eq!(paid, json!({"total": 1, "by_cadre": {"doctor": 1}, "posts": 1, "full_time_equivalents": "0.50"}));
    let campaign = world.campaign("SIRAJ-2015").await;
    world.supports(&format!("campaigns/{campaign}"), east, None, Some("2015-06-30")).await;
    assert_eq!(world.figures(&format!("as_of=2015-06-30&campaign_id={campaign}")).await["staff"]["posts"], 1);
    assert_eq!(world.figures(&format!("as_of=2015-07-01&campaign_id={campaign}")).await["staff"]["posts"], 0);

    world.sql.execute("UPDATE assignments SET retired_at = now() WHERE cadre = 'technician'", &[]).await.expect("retired");
    assert_eq!(world.figures("as_of=2015-06-01").await["staff"]["by_cadre"], json!({"doctor": 1, "nurse": 1}));
}

#[tokio::test]
async fn figures_are_narrowed_by_area_contract_and_campaign_and_say_so() {
    let world = World::start().await;
    let east = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let west = world.facility("MPT-01", world.west, &["medical_point", "nursing_home"], "2013-01-01", None).await;
    world.contract_supports(east).await;
    let campaign = world.campaign("SIRAJ-2015").await;
    world.supports(&format!("campaigns/{campaign}"), west, None, None).await;
    world
        .sql
        .execute(
            &format!(
                "INSERT INTO facility_status (id, facility_id, since_on, functionality, recorded_by) VALUES \
                 (gen_random_uuid(), $1, '2014-01-01', 'full', '{SYSTEM}'), (gen_random_uuid(), $1, '2015-06-01', 'partial', '{SYSTEM}')"
            ),
            &[&east],
        )
        .await
        .expect("status");
    let all = world.figures("as_of=2015-06-01").await;
    assert_eq!(all["facilities"]["by_kind"], json!({"hospital": 1, "nursing_home": 1, "medical_point": 1}));
    assert_eq!(all["facilities"]["by_functionality"], json!({"partial": 1, "unknown": 1}));
    assert_eq!(world.figures("as_of=2015-05-31").await["facilities"]["by_functionality"], json!({"full": 1, "unknown": 1}));
    let areas: Vec<_> =
        all["facilities"]["by_area"].as_array().unwrap().iter().map(|one| (one["code"].clone(), one["total"].clone())).collect();
    assert_eq!(areas, [(json!("EAST"), json!(1)), (json!("WEST"), json!(1))]);
    assert_eq!(all["contracts"], json!({"running": 1, "partners": 1}));
    assert_eq!(all["funding"]["goals"][0]["goal_amount"], "1000000.00");
    assert_eq!(all["scope"], json!({"campaign": null, "contract": null, "area": null}));

    for (query, total) in [
        (format!("area_id={}", world.ghouta), 2),
        (format!("area_id={}", world.east), 1),
        (format!("contract_id={}", world.contract), 1),
        (format!("campaign_id={campaign}"), 1),
        (format!("campaign_id={campaign}&contract_id={}", world.contract), 0),
        (format!("campaign_id={campaign}&area_id={}", world.east), 0),
    ] {
        assert_eq!(world.figures(&format!("as_of=2015-06-01&{query}")).await["facilities"]["total"], total, "{query}");
    }
    let narrowed = world.figures(&format!("as_of=2015-06-01&campaign_id={campaign}")).await;
    assert_eq!(narrowed["scope"]["campaign"]["code"], "SIRAJ-2015");
    let nothing = Uuid::now_v7();
    let query = format!("area_id={nothing}&campaign_id={nothing}&contract_id={nothing}");
    for path in ["/api/v1/reports/figures", "/api/v1/reports/figures/facilities.total/rows"] {
        let refused = world.manager.get(&format!("{path}?{query}")).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused).len(), 3, "{path}");
    }
    world.manager.get("/api/v1/reports/figures?day=2015-01-01").await.expect_problem(400, "unknown-parameter");
}

#[tokio::test]
async fn a_figure_opens_into_as_many_rows_as_it_says() {
    let world = World::start().await;
    for number in 0..5 {
        let kinds: &[&str] = if number == 3 { &["hospital", "primary_care_center"] } else { &["hospital"] };
        let facility = world.facility(&format!("HOS-{number:02}"), world.east, kinds, "2013-01-01", None).await;
        world.contract_supports(facility).await;
        let person = world.person(&format!("S-{number}"), "nurse").await;
        world.post(person, facility, "nurse", 50, None).await;
        world.post(person, facility, if number < 2 { "doctor" } else { "service" }, 50, None).await;
    }
    let all = world.figures("as_of=2015-06-01").await;
    assert_eq!(
        all["facilities"]["explanation"],
        "5 facilities; 6 counted by kind, because 1 facility serves as several kinds (HOS-03)."
    );
    for (figure, pointer) in [
        ("facilities.total", "/facilities/total"),
        ("facilities.by_kind.hospital", "/facilities/by_kind/hospital"),
        ("facilities.by_kind.primary_care_center", "/facilities/by_kind/primary_care_center"),
        ("facilities.of_several_kinds", "/facilities/of_several_kinds"),
        ("staff.total", "/staff/total"),
        ("staff.by_cadre.doctor", "/staff/by_cadre/doctor"),
        ("staff.by_cadre.nurse", "/staff/by_cadre/nurse"),
        ("staff.posts", "/staff/posts"),
    ] {
        for order in ["", "&sort=-code"] {
            let path = format!("/api/v1/reports/figures/{figure}/rows?as_of=2015-06-01&limit=2{order}");
            let mut rows: Vec<_> = world.manager.all(&path).await.iter().map(id_of).collect();
            let number = rows.len();
            rows.sort();
            rows.dedup();
            assert_eq!(rows.len(), number, "{figure}: no row twice");
            assert_eq!(json!(number), *all.pointer(pointer).unwrap(), "{figure}{order}");
        }
    }
    let of_two = world.manager.all("/api/v1/reports/figures/facilities.of_several_kinds/rows?as_of=2015-06-01").await;
    assert_eq!(of_two[0]["code"], "HOS-03");
    let people = world.manager.all("/api/v1/reports/figures/staff.total/rows?as_of=2015-06-01&q=s-4").await;
    assert_eq!(people.len(), 1);
    assert_eq!(
        (people[0]["posts"].clone(), people[0]["share"].clone(), people[0]["cadre"].clone()),
        (json!(2), json!(100), json!("nurse"))
    );
    let csv = world.manager.get("/api/v1/reports/figures/staff.posts/rows?as_of=2015-06-01&format=csv").await.expect_status(200);
    assert_eq!(csv.text().lines().count(), 11);
    for unknown in ["facilities", "staff.by_cadre.pilot", "shipments"] {
        world.manager.get(&format!("/api/v1/reports/figures/{unknown}/rows")).await.expect_problem(404, "not-found");
    }
}

#[tokio::test]
async fn everybody_gets_the_figures_of_what_they_may_know_and_no_more() {
    let world = World::start().await;
    let east = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let west = world.facility("HOS-02", world.west, &["hospital"], "2013-01-01", None).await;
    world.contract_supports(east).await;
    let other_partner = organization(&world.sql, "IRC").await;
    let body = json!({"code": "IRC-2015", "name": "IRC 2015", "organization_id": other_partner, "starts_on": "2015-01-01", "ends_on": "2015-12-31"});
    let other_contract = id_of(&world.manager.post("/api/v1/contracts", &body).await.expect_status(201).json());
    world.supports(&format!("contracts/{other_contract}"), west, None, None).await;
    let (first, second) = (world.person("S-1", "doctor").await, world.person("S-2", "nurse").await);
    world.post(first, east, "doctor", 100, Some(world.contract)).await;
    world.post(second, west, "nurse", 100, Some(other_contract)).await;
    let day = "as_of=2015-06-30";

    let eastern = world.app.coordinator(&[world.east]).await;
    let coordinator = figures(&eastern, day).await;
    assert_eq!(
        (coordinator["facilities"]["total"].clone(), coordinator["staff"]["by_cadre"].clone()),
        (json!(1), json!({"doctor": 1}))
    );
    // The answer says what it was cut to; what lies above is counted as far as it is theirs, and of what lies beside no zeros are told.
    assert_eq!(coordinator["scope"]["areas"], json!([{"id": world.east, "code": "EAST", "name": "EAST"}]));
    assert_eq!(figures(&world.manager, day).await["scope"].get("areas"), None);
    assert_eq!(figures(&eastern, &format!("{day}&area_id={}", world.ghouta)).await["facilities"]["total"], 1);
    for path in ["figures", "figures/facilities.total/rows"] {
        let beside = eastern.get(&format!("/api/v1/reports/{path}?{day}&area_id={}", world.west)).await;
        assert_eq!(
            faults(&beside.expect_problem(422, "validation-failed")),
            [("/area_id".to_owned(), "unknown-reference".to_owned())]
        );
    }
    let clerk = world.app.clerk(west).await;
    let own = figures(&clerk, day).await;
    assert_eq!(own["scope"]["facility"]["code"], "HOS-02");
    assert_eq!((own["facilities"]["total"].clone(), own["staff"]["by_cadre"].clone()), (json!(1), json!({"nurse": 1})));
    assert_eq!((own.get("contracts"), own.get("funding")), (None, None));
    let refused = clerk
        .get(&format!("/api/v1/reports/figures?contract_id={}", world.contract))
        .await
        .expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/contract_id".to_owned(), "unknown-reference".to_owned())]);
    assert_eq!(figures(&clerk, &format!("{day}&area_id={}", world.ghouta)).await["staff"]["total"], 1);
    for path in ["figures", "figures/staff.total/rows"] {
        let beside = clerk.get(&format!("/api/v1/reports/{path}?{day}&area_id={}", world.east)).await;
        assert_eq!(
            faults(&beside.expect_problem(422, "validation-failed")),
            [("/area_id".to_owned(), "unknown-reference".to_owned())]
        );
    }
    let rows = clerk.all(&format!("/api/v1/reports/figures/staff.total/rows?{day}")).await;
    assert_eq!(rows.iter().map(|row| row["code"].clone()).collect::<Vec<_>>(), [json!("S-2")]);

    let partner = world.app.partner(world.partner).await;
    // Partners read figures through their share grants.
    partner.get(&format!("/api/v1/reports/figures?{day}")).await.expect_problem(403, "forbidden");
    partner.get(&format!("/api/v1/reports/figures/facilities.total/rows?{day}")).await.expect_problem(403, "forbidden");
    let campaign = world.campaign("SIRAJ-2015").await;
    let path = format!("/api/v1/reports/reconciliation?campaign_id={campaign}");
    for client in [&partner, &clerk, &eastern] {
        client.get(&path).await.expect_problem(403, "forbidden");
    }
    world.app.stranger().get("/api/v1/reports/figures").await.expect_problem(401, "unauthenticated");
}
