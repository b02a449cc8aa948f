//! What was known when: a figure and a list of the past answer as they did then, whatever was corrected since.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::{World, figures};
use crate::support::{client::faults, id_of};

#[tokio::test]
async fn the_figures_of_a_day_as_they_were_known_earlier_are_what_was_answered_then_to_the_digit() {
    let world = World::start().await;
    let hospital = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let point = world.facility("MPT-01", world.west, &["medical_point"], "2013-01-01", None).await;
    let supports = world.contract_supports(hospital).await;
    world.contract_supports(point).await;
    let doctor = world.person("S-1", "doctor").await;
    let post = world.post(doctor, hospital, "doctor", 100, Some(world.contract)).await;
    world.post(world.person("S-2", "nurse").await, point, "nurse", 50, None).await;

    let scopes = ["", "&area_id=", "&contract_id="];
    let ids = [String::new(), world.ghouta.to_string(), world.contract.to_string()];
    let mut then = Vec::new();
    for (scope, id) in scopes.iter().zip(&ids) {
        then.push(world.figures(&format!("as_of=2015-06-30{scope}{id}")).await);
    }
    assert_eq!(then[0]["facilities"]["total"], 2);
    assert_eq!(then[0]["staff"]["total"], 2);

    // Everything a figure stands on is corrected afterwards.
    let change = async |path: String, body: Value| world.manager.patch(&path, "*", &body).await.expect_status(200);
    change(format!("/api/v1/assignments/{post}"), json!({"ends_on": "2015-05-31"})).await;
    change(
        format!("/api/v1/facilities/{point}"),
        json!({"closed_on": "2015-06-01", "kinds": ["hospital"], "name": "Another name"}),
    )
    .await;
    change(format!("/api/v1/contracts/{}/facilities/{}", world.contract, id_of(&supports)), json!({"ends_on": "2015-03-31"}))
        .await;
    change(format!("/api/v1/areas/{}", world.west), json!({"parent_id": null, "kind": "country"})).await;
    world.manager.delete(&format!("/api/v1/staff/{doctor}"), "*").await.expect_status(409);
    let now = world.figures("as_of=2015-06-30").await;
    assert_eq!(now["facilities"]["total"], 0);
    assert_eq!(now["staff"]["total"], 0);

    for ((scope, id), then) in scopes.iter().zip(&ids).zip(&then) {
        let moment = then["known_at"].as_str().expect("a moment");
        assert_eq!(&world.figures(&format!("as_of=2015-06-30{scope}{id}&known_at={moment}")).await, then);
    }
    // The rows behind the figure are those of then too.
    let moment = then[0]["known_at"].as_str().expect("a moment");
    let rows = async |figure: &str| {
        let path = format!("/api/v1/reports/figures/{figure}/rows?as_of=2015-06-30&known_at={moment}");
        world.manager.get(&path).await.expect_status(200).json()["items"].as_array().expect("rows").len()
    };
    assert_eq!((rows("facilities.total").await, rows("staff.total").await, rows("staff.posts").await), (2, 2, 2));
}

#[tokio::test]
async fn a_list_as_it_was_known_earlier_shows_the_records_of_then_in_every_form() {
    let world = World::start().await;
    let facility = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let moment = world.figures("as_of=2015-06-30").await["known_at"].as_str().expect("a moment").to_owned();
    world.manager.patch(&format!("/api/v1/facilities/{facility}"), "*", &json!({"name": "Renamed"})).await.expect_status(200);
    world.facility("HOS-02", world.east, &["hospital"], "2013-01-01", None).await;
    world.manager.delete(&format!("/api/v1/facilities/{facility}"), "*").await.expect_status(200);

    let page = world.manager.get(&format!("/api/v1/facilities?known_at={moment}")).await.expect_status(200).json();
    let told: Vec<_> = page["items"].as_array().expect("items").iter().map(|item| (&item["name"], &item["revision"])).collect();
    assert_eq!(told, [(&json!("Facility HOS-01"), &json!(1))]);
    let sheet = world.manager.get(&format!("/api/v1/facilities?known_at={moment}&format=csv")).await.expect_status(200).text();
    assert!(sheet.contains("Facility HOS-01") && !sheet.contains("HOS-02") && !sheet.contains("Renamed"), "{sheet}");
    // And the connection that read the past reads the present again.
    for _ in 0..6 {
        let now = world.manager.get("/api/v1/facilities").await.expect_status(200).json();
        assert_eq!(now["items"][0]["code"], "HOS-02");
    }
    for list in ["staff", "assignments", "contracts", "projects", "campaigns", "shipments", "claims", "areas", "organizations"] {
        let page = world.manager.get(&format!("/api/v1/{list}?known_at=2015-01-01T00:00:00Z")).await.expect_status(200).json();
        assert_eq!(page["items"], json!([]), "nothing was known of {list} in 2015");
    }
}

#[tokio::test]
async fn what_is_to_come_was_never_known_and_partners_are_not_told_of_moments() {
    let world = World::start().await;
    let wrong = [
        ("2099-01-01T00:00:00Z", "date-in-future"),
        ("2016-02-01", "invalid-moment"),
        ("yesterday", "invalid-moment"),
        ("0000-01-01T00:00:00Z", "date-out-of-range"),
        ("٢٠١٦-02-01T00:00:00Z", "arabic-digits"),
    ];
    for (moment, code) in wrong {
        for path in ["reports/figures", "facilities"] {
            let refused = world.manager.get(&format!("/api/v1/{path}?known_at={moment}")).await.expect_status(422);
            assert_eq!(faults(&refused.json()), [("/known_at".to_owned(), code.to_owned())], "{moment}");
        }
    }
    let partner = world.app.partner(world.partner).await;
    let own = format!("contracts/{}/facilities", world.contract);
    for list in ["contracts", "projects", "campaigns", "organizations", own.as_str()] {
        partner.get(&format!("/api/v1/{list}")).await.expect_status(200);
        partner.get(&format!("/api/v1/{list}?known_at=2016-02-01T00:00:00Z")).await.expect_problem(403, "forbidden");
    }
    // Nor are those who do not send told when something left.
    let auditor = world.app.user(Role::Auditor).await;
    auditor.get("/api/v1/shipments?known_at=2016-02-01T00:00:00Z").await.expect_problem(403, "forbidden");
    // The history can be read by the service, never written.
    let service = world.app.database.service().await;
    service.batch_execute("SELECT 1 FROM history.facilities LIMIT 1").await.expect("reading");
    for write in ["INSERT INTO history.areas DEFAULT VALUES", "DELETE FROM history.areas", "UPDATE history.areas SET name = ''"] {
        service.batch_execute(write).await.expect_err(write);
    }
}

#[tokio::test]
async fn every_table_of_which_the_audit_tells_all_is_remembered_with_all_its_columns() {
    let world = World::start().await;
    let query = "SELECT t.relname::text, a.attname::text FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
          JOIN pg_trigger r ON r.tgrelid = t.oid AND r.tgname = t.relname || '_audit_insert' AND r.tgnargs = 1
          JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE n.nspname = 'public' AND NOT EXISTS (
            SELECT FROM information_schema.columns h WHERE h.table_schema = 'history' AND h.table_name = t.relname AND h.column_name = a.attname)
           OR n.nspname = 'public' AND NOT EXISTS (
            SELECT FROM information_schema.columns k WHERE k.table_schema = 'known' AND k.table_name = t.relname AND k.column_name = a.attname)
        GROUP BY 1, 2 ORDER BY 1, 2";
    let rows = world.sql.query(query, &[]).await.expect("columns");
    let mut forgotten: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    forgotten.dedup();
    assert_eq!(forgotten, ["user_areas", "users"], "after a table gets a column, its migration calls siraj_remember");
}

/// A change of something that figures stand on.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Hire { facility: usize, cadre: usize, share: i16 },
    EndPost { post: usize, month: u32 },
    RetirePost { post: usize },
    Close { facility: usize, month: u32 },
    Reopen { facility: usize },
    Support { facility: usize, month: u32 },
    EndSupport { support: usize, month: u32 },
    Kinds { facility: usize, both: bool },
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    let (index, month) = (0..4_usize, 1..13_u32);
    prop_oneof![
        4 => (index.clone(), 0..3_usize, 20..101_i16).prop_map(|(facility, cadre, share)| Change::Hire { facility, cadre, share }),
        2 => (0..8_usize, month.clone()).prop_map(|(post, month)| Change::EndPost { post, month }),
        1 => (0..8_usize).prop_map(|post| Change::RetirePost { post }),
        2 => (index.clone(), month.clone()).prop_map(|(facility, month)| Change::Close { facility, month }),
        1 => index.clone().prop_map(|facility| Change::Reopen { facility }),
        3 => (index.clone(), month.clone()).prop_map(|(facility, month)| Change::Support { facility, month }),
        2 => (0..6_usize, month).prop_map(|(support, month)| Change::EndSupport { support, month }),
        1 => (index, any::<bool>()).prop_map(|(facility, both)| Change::Kinds { facility, both }),
    ]
}

/// What there is to change.
pub(super) struct History {
    pub(super) world: World,
    facilities: Vec<Uuid>,
    posts: Vec<Uuid>,
    supports: Vec<Uuid>,
    hired: usize,
}

impl History {
    pub(super) async fn begin() -> Self {
        let world = World::start().await;
        let mut facilities = Vec::new();
        for (number, area) in [world.east, world.west, world.east, world.ghouta].into_iter().enumerate() {
            facilities.push(world.facility(&format!("HOS-{number}"), area, &["hospital"], "2013-01-01", None).await);
        }
        Self { world, facilities, posts: Vec::new(), supports: Vec::new(), hired: 0 }
    }

    /// Makes a change; one that the register refuses is none.
    pub(super) async fn make(&mut self, change: &Change) {
        let manager = &self.world.manager;
        let contract = self.world.contract;
        let patch = async |path: String, body: Value| {
            let status = manager.patch(&path, "*", &body).await.status.as_u16();
            assert!([200, 404, 409, 410, 422].contains(&status), "{path}: {status}");
        };
        match *change {
            Change::Hire { facility, cadre, share } => {
                self.hired += 1;
                let cadre = ["doctor", "nurse", "midwife"][cadre];
                let person = self.world.person(&format!("S-{}", self.hired), cadre).await;
                self.posts.push(self.world.post(person, self.facilities[facility], cadre, share, Some(contract)).await);
            }
            Change::EndPost { post, month } => {
                if let Some(post) = self.posts.get(post) {
                    patch(format!("/api/v1/assignments/{post}"), json!({"ends_on": format!("2015-{month:02}-28")})).await;
                }
            }
            Change::RetirePost { post } => {
                if let Some(post) = self.posts.get(post) {
                    manager.delete(&format!("/api/v1/assignments/{post}"), "*").await;
                }
            }
            Change::Close { facility, month } => {
                let body = json!({"closed_on": format!("2015-{month:02}-15")});
                patch(format!("/api/v1/facilities/{}", self.facilities[facility]), body).await;
            }
            Change::Reopen { facility } => {
                patch(format!("/api/v1/facilities/{}", self.facilities[facility]), json!({"closed_on": null})).await;
            }
            Change::Support { facility, month } => {
                let body = json!({"facility_id": self.facilities[facility], "starts_on": format!("2015-{month:02}-01"), "ends_on": null});
                let made = manager.post(&format!("/api/v1/contracts/{contract}/facilities"), &body).await;
                if made.status == 201 {
                    self.supports.push(id_of(&made.json()));
                }
            }
            Change::EndSupport { support, month } => {
                if let Some(support) = self.supports.get(support) {
                    let body = json!({"ends_on": format!("2015-{month:02}-28")});
                    patch(format!("/api/v1/contracts/{contract}/facilities/{support}"), body).await;
                }
            }
            Change::Kinds { facility, both } => {
                let kinds = if both { json!(["hospital", "primary_care_center"]) } else { json!(["hospital"]) };
                patch(format!("/api/v1/facilities/{}", self.facilities[facility]), json!({"kinds": kinds})).await;
            }
        }
    }
}

/// Every answer of a history is given again at its own moment, whatever came after it.
async fn play(changes: &[Change]) {
    let mut history = History::begin().await;
    let mut told: Vec<(String, Value)> = Vec::new();
    for (number, change) in changes.iter().enumerate() {
        history.make(change).await;
        let scope = match number % 3 {
            0 => String::new(),
            1 => format!("&area_id={}", history.world.east),
            _ => format!("&contract_id={}", history.world.contract),
        };
        let asked = format!("as_of=2015-{:02}-20{scope}", number % 12 + 1);
        let answer = figures(&history.world.manager, &asked).await;
        told.push((asked, answer));
    }
    let another = history.world.app.user(Role::Manager).await;
    for (asked, then) in told {
        let moment = then["known_at"].as_str().expect("a moment");
        assert_eq!(figures(&another, &format!("{asked}&known_at={moment}")).await, then, "{asked}");
    }
}

#[test]
fn any_history_answers_at_each_of_its_moments_as_it_did_then() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let mut runner = TestRunner::new(Config { cases: 6, failure_persistence: None, max_shrink_iters: 40, ..Config::default() });
    let played = runner.run(&proptest::collection::vec(change(), 10..40), |changes| {
        runtime.block_on(play(&changes));
        Ok(())
    });
    played.expect("every history");
}

#[tokio::test]
async fn of_a_moment_before_the_first_record_is_told_that_nothing_was_on_record() {
    let world = World::start().await;
    let hospital = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    world.contract_supports(hospital).await;
    let now = world.figures("as_of=2015-06-30").await;
    assert_eq!(now["scope"].get("recorded_since"), None);
    assert_eq!(now["facilities"]["explanation"], "1 facilities; each serves as one kind.");
    let before = world.figures("as_of=2015-06-30&known_at=2026-01-01T00:00:00Z").await;
    assert_eq!((&before["facilities"]["total"], &before["staff"]["total"]), (&json!(0), &json!(0)));
    assert_eq!(before["facilities"].get("explanation"), None, "of none there is nothing to say");
    let since = before["scope"]["recorded_since"].as_str().expect("the first record");
    let first: chrono::DateTime<chrono::Utc> = world
        .sql
        .query_one("SELECT min(occurred_at) FROM audit_log WHERE resource = 'contracts'", &[])
        .await
        .expect("a moment")
        .get(0);
    assert_eq!(since.parse::<chrono::DateTime<chrono::Utc>>().expect("a moment"), first, "the contract came first");
    // From then on zeros are zeros.
    let after = world.figures(&format!("as_of=2015-06-30&known_at={since}")).await;
    assert_eq!((after["scope"].get("recorded_since"), &after["facilities"]["total"]), (None, &json!(0)));
    let series = "/api/v1/reports/figures/series?from=2015-01-01&to=2015-03-31&known_at=2026-01-01T00:00:00Z";
    let series = world.manager.get(series).await.expect_status(200).json();
    assert_eq!(series["scope"]["recorded_since"], before["scope"]["recorded_since"]);
}

#[tokio::test]
async fn head_counts_and_turnover_are_told_as_they_were_known() {
    let world = World::start().await;
    let hospital = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let post = world.post(world.person("S-1", "doctor").await, hospital, "doctor", 100, None).await;
    world.post(world.person("S-2", "nurse").await, hospital, "nurse", 50, None).await;
    let paths =
        ["staffing?as_of=2015-06-30&by=cadre", "staff-turnover?from=2015-01-01&to=2015-06-30", "vacancies?as_of=2015-06-30"];
    let read = async |path: &str| world.manager.get(&format!("/api/v1/reports/{path}")).await.expect_status(200).json();
    let mut then = Vec::new();
    for path in paths {
        then.push(read(path).await);
    }
    assert_eq!((&then[0]["total"]["people"], &then[1]["total"]["present_at_end"]), (&json!(2), &json!(2)));
    let ended = json!({"ends_on": "2015-05-31"});
    world.manager.patch(&format!("/api/v1/assignments/{post}"), "*", &ended).await.expect_status(200);
    assert_eq!(read(paths[0]).await["total"]["people"], 1);
    assert_eq!(read(paths[1]).await["total"]["present_at_end"], 1);
    for (path, then) in paths.iter().zip(&then) {
        let moment = then["known_at"].as_str().expect("a moment");
        let mut then = then.clone();
        // Why somebody left is not remembered.
        then.as_object_mut().expect("a report").remove("left_by_reason");
        assert_eq!(read(&format!("{path}&known_at={moment}")).await, then, "{path}");
    }
    let moment = then[0]["known_at"].as_str().expect("a moment");
    let rows = async |more: &str| world.manager.all(&format!("/api/v1/reports/staffing/rows?as_of=2015-06-30{more}")).await.len();
    assert_eq!((rows("").await, rows(&format!("&known_at={moment}")).await), (1, 2));
}

#[tokio::test]
async fn states_and_scopes_that_feed_a_figure_are_listed_as_they_were_known() {
    let world = World::start().await;
    let hospital = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let states = format!("/api/v1/facilities/{hospital}/statuses");
    let scopes = format!("/api/v1/contract-scopes?contract_id={}", world.contract);
    let said = json!({"functionality": "full"});
    world.manager.put(&format!("{states}/2015-01-01"), &said).await.expect_status(201);
    let scope = json!({"contract_id": world.contract, "area_id": world.east, "starts_on": "2015-02-01"});
    let scope = id_of(&world.manager.post("/api/v1/contract-scopes", &scope).await.expect_status(201).json());
    let then = [world.manager.all(&states).await, world.manager.all(&scopes).await];
    let moment = world.figures("as_of=2015-06-30").await["known_at"].as_str().expect("a moment").to_owned();
    world.manager.delete(&format!("{states}/2015-01-01"), "*").await.expect_status(200);
    world.manager.delete(&format!("/api/v1/contract-scopes/{scope}"), "*").await.expect_status(200);
    assert_eq!((world.manager.all(&states).await.len(), world.manager.all(&scopes).await.len()), (0, 0));
    let known = [format!("{states}?known_at={moment}"), format!("{scopes}&known_at={moment}")];
    for (path, then) in known.iter().zip(&then) {
        assert_eq!((&world.manager.all(path).await, then.len()), (then, 1), "{path}");
    }
    let partner = world.app.partner(world.partner).await;
    partner.get(&known[1]).await.expect_problem(403, "forbidden");
}
