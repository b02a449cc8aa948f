//! Figures from totals: whatever happens, they are those of a recount; and an answer is told again only while it is still so.

use chrono::{Days, NaiveDate};
use futures_util::future::join_all;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::World;
use crate::support::{client::Client, id_of};

const CADRES: [&str; 3] = ["doctor", "nurse", "service"];
const PEOPLE: usize = 4;
const PLACES: usize = 4;
const SPAN: u64 = 420;

/// Something that moves a figure.
#[derive(Debug, Clone)]
enum Event {
    Post { who: usize, place: usize, cadre: usize, share: i64, from: u64, length: Option<u64>, paid: bool },
    Correct { nth: usize, day: u64 },
    Replace { nth: usize, place: usize },
    Retire { nth: usize },
    Depart { who: usize, day: u64 },
    Merge { from: usize, into: usize },
    Close { place: usize, day: Option<u64> },
    Move { place: usize, east: bool },
    Graft { under_east: bool },
    Convert { place: usize, day: u64, point: bool },
    Leave { place: usize },
    Support { place: usize, from: u64 },
    Contract { end: u64 },
    Fold,
}

fn event() -> impl Strategy<Value = Event> {
    let (who, place, day) = (0..PEOPLE, 0..PLACES, 0..SPAN);
    let post = (who.clone(), place.clone(), 0..CADRES.len(), 10..80i64, day.clone(), prop::option::of(0..200u64), any::<bool>());
    prop_oneof![
        8 => post.prop_map(|(who, place, cadre, share, from, length, paid)| Event::Post { who, place, cadre, share, from, length, paid }),
        2 => (0..30usize, day.clone()).prop_map(|(nth, day)| Event::Correct { nth, day }),
        1 => (0..30usize, place.clone()).prop_map(|(nth, place)| Event::Replace { nth, place }),
        1 => (0..30usize).prop_map(|nth| Event::Retire { nth }),
        1 => (who.clone(), day.clone()).prop_map(|(who, day)| Event::Depart { who, day }),
        1 => (who.clone(), who).prop_map(|(from, into)| Event::Merge { from, into }),
        1 => (place.clone(), prop::option::of(day.clone())).prop_map(|(place, day)| Event::Close { place, day }),
        1 => (place.clone(), any::<bool>()).prop_map(|(place, east)| Event::Move { place, east }),
        1 => any::<bool>().prop_map(|under_east| Event::Graft { under_east }),
        1 => (place.clone(), day.clone(), any::<bool>()).prop_map(|(place, day, point)| Event::Convert { place, day, point }),
        1 => place.clone().prop_map(|place| Event::Leave { place }),
        2 => (place, day.clone()).prop_map(|(place, from)| Event::Support { place, from }),
        1 => day.prop_map(|end| Event::Contract { end }),
        1 => Just(Event::Fold),
    ]
}

fn day(number: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2014, 11, 20).unwrap() + Days::new(number)
}

struct Stage {
    world: World,
    campaign: Uuid,
    places: Vec<Uuid>,
    posts: Vec<Uuid>,
    readers: Vec<(&'static str, Client)>,
}

impl Stage {
    async fn set() -> Self {
        let world = World::start().await;
        let campaign = world.campaign("GHOUTA-15").await;
        let mut places = Vec::new();
        for (number, area) in [world.east, world.west, world.east, world.ghouta].into_iter().enumerate() {
            places.push(world.facility(&format!("HOS-{number}"), area, &["hospital"], "2013-01-01", None).await);
        }
        world.contract_supports(places[0]).await;
        let readers = vec![
            ("manager", world.app.user(Role::Manager).await),
            ("coordinator of two", world.app.coordinator(&[world.east, world.west]).await),
            ("coordinator of one", world.app.coordinator(&[world.east]).await),
            ("clerk", world.app.clerk(places[1]).await),
        ];
        Self { world, campaign, places, posts: Vec::new(), readers }
    }

    /// People of a case, who come with it.
    async fn people(&self, case: &str) -> Vec<Uuid> {
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            people.push(self.world.person(&format!("S-{case}-{number}"), "doctor").await);
        }
        people
    }

    /// Makes something happen; what the register refuses has not happened. Gives the post that was made.
    async fn make(&self, event: &Event, people: &[Uuid]) -> Option<Uuid> {
        let (manager, contract) = (&self.world.manager, self.world.contract);
        let well = |path: &str, status: u16| assert!([200, 201, 404, 409, 410, 422].contains(&status), "{path}: {status}");
        let patch = async |path: String, body: Value| {
            let answer = manager.patch(&path, "*", &body).await;
            well(&path, answer.status.as_u16());
        };
        let post = |nth: &usize| self.posts.get(*nth).map(|post| format!("/api/v1/assignments/{post}"));
        match event {
            Event::Post { who, place, cadre, share, from, length, paid } => {
                let body = json!({"staff_id": people[*who], "facility_id": self.places[*place], "cadre": CADRES[*cadre], "share_percent": share,
                    "starts_on": day(*from), "ends_on": length.map(|length| day(from + length)), "share_waiver": "As chance would have it.",
                    "contract_id": paid.then_some(contract)});
                let answer = manager.post("/api/v1/assignments", &body).await;
                well("assignments", answer.status.as_u16());
                return (answer.status == 201).then(|| id_of(&answer.json()));
            }
            Event::Correct { nth, day: last } => {
                if let Some(path) = post(nth) {
                    patch(path, json!({"ends_on": day(*last)})).await;
                }
            }
            Event::Replace { nth, place } => {
                // Some fields of a post are not for editing: then by hand, as an owner's correction would.
                if let Some(id) = self.posts.get(*nth) {
                    let text = "UPDATE assignments SET facility_id = $2 WHERE id = $1 AND retired_at IS NULL";
                    drop(self.world.sql.execute(text, &[id, &self.places[*place]]).await);
                }
            }
            Event::Retire { nth } => {
                if let Some(path) = post(nth) {
                    manager.delete(&path, "*").await;
                }
            }
            Event::Depart { who, day: last } => {
                let path = format!("/api/v1/staff/{}/departures", people[*who]);
                let answer = manager.post(&path, &json!({"departed_on": day(*last), "reason": "displaced"})).await;
                well(&path, answer.status.as_u16());
            }
            Event::Merge { from, into } => {
                let path = format!("/api/v1/staff/{}/merge", people[*from]);
                let answer = manager.post(&path, &json!({"into_id": people[*into], "reason": "As chance would have it."})).await;
                well(&path, answer.status.as_u16());
            }
            Event::Close { place, day: last } => {
                patch(format!("/api/v1/facilities/{}", self.places[*place]), json!({"closed_on": last.map(day)})).await;
            }
            Event::Move { place, east } => {
                let area = if *east { self.world.east } else { self.world.west };
                patch(format!("/api/v1/facilities/{}", self.places[*place]), json!({"area_id": area})).await;
            }
            Event::Graft { under_east } => {
                let parent = if *under_east { self.world.east } else { self.world.ghouta };
                patch(format!("/api/v1/areas/{}", self.world.west), json!({"parent_id": parent})).await;
            }
            Event::Convert { place, day: from, point } => {
                let path = format!("/api/v1/facilities/{}/conversions", self.places[*place]);
                let kinds = if *point { ["medical_point"] } else { ["hospital"] };
                let answer = manager.post(&path, &json!({"converted_on": day(*from), "kinds": kinds})).await;
                well(&path, answer.status.as_u16());
            }
            Event::Leave { place } => {
                // Out of the register and into it again, with all posts: by hand, as an owner's correction would.
                for retired in ["clock_timestamp()", "NULL"] {
                    let text = format!("UPDATE facilities SET retired_at = {retired} WHERE id = $1");
                    drop(self.world.sql.execute(&text, &[&self.places[*place]]).await);
                }
            }
            Event::Support { place, from } => {
                let path = format!("/api/v1/campaigns/{}/facilities", self.campaign);
                let answer = manager.post(&path, &json!({"facility_id": self.places[*place], "starts_on": day(*from)})).await;
                well(&path, answer.status.as_u16());
            }
            Event::Contract { end } => patch(format!("/api/v1/contracts/{contract}"), json!({"ends_on": day(*end)})).await,
            Event::Fold => self.world.sql.batch_execute("SELECT totals.fold()").await.expect("folded"),
        }
        None
    }

    /// The figures of these days in every scope, and whether they are those of a recount. The recount is the way of the past: of a
    /// moment, everybody is counted one by one.
    async fn agrees(&self, days: &[u64]) -> Result<(), TestCaseError> {
        let (east, ghouta, campaign, contract) = (self.world.east, self.world.ghouta, self.campaign, self.world.contract);
        let scopes = [
            String::new(),
            format!("&area_id={ghouta}"),
            format!("&area_id={east}"),
            format!("&campaign_id={campaign}"),
            format!("&contract_id={contract}"),
            format!("&area_id={east}&contract_id={contract}"),
            format!("&area_id={east}&campaign_id={campaign}&contract_id={contract}"),
        ];
        let moment = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
        let moment: String = self.world.sql.query_one(moment, &[]).await.expect("a moment").get(0);
        for today in days.iter().copied().map(day) {
            for (name, reader) in &self.readers {
                let scopes = scopes.iter().filter(|scope| *name != "clerk" || scope.is_empty() || **scope == scopes[1]);
                for scope in scopes {
                    let path = format!("/api/v1/reports/figures?as_of={today}{scope}");
                    let told = reader.get(&path).await.expect_status(200);
                    let again = reader.get(&path).await.expect_status(200);
                    prop_assert_eq!(&told.body, &again.body);
                    let counted = reader.get(&format!("{path}&known_at={moment}")).await.expect_status(200).json();
                    let (mut told, mut counted) = (told.json(), counted);
                    told["known_at"].take();
                    counted["known_at"].take();
                    prop_assert_eq!(told, counted, "{} {}{}", name, today, scope);
                }
            }
        }
        let differences = self.world.sql.query("SELECT told FROM totals.differences()", &[]).await.expect("verified");
        let differences: Vec<String> = differences.iter().map(|row| row.get(0)).collect();
        prop_assert_eq!(differences, Vec::<String>::new());
        Ok(())
    }
}

/// Lets random histories happen, one after the other in one world.
fn hold(cases: u32, most: usize, together: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let stage = std::cell::RefCell::new(Some(runtime.block_on(Stage::set())));
    let case = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 20, ..Config::default() });
    let histories = (prop::collection::vec(event(), 1..most), prop::collection::vec(0..SPAN + 60, 2));
    let ran = runner.run(&histories, |(events, days)| {
        case.set(case.get() + 1);
        let mut now = stage.take().expect("a stage");
        let agreed = runtime.block_on(async {
            let people = now.people(&case.get().to_string()).await;
            now.posts.clear();
            if together {
                let made = join_all(events.iter().map(|event| now.make(event, &people))).await;
                now.posts.extend(made.into_iter().flatten());
                join_all(events.iter().map(|event| now.make(event, &people))).await;
            } else {
                for event in &events {
                    let made = now.make(event, &people).await;
                    now.posts.extend(made);
                }
            }
            now.agrees(&days).await
        });
        stage.replace(Some(now));
        agreed
    });
    // The service's tasks end with the runtime they run on.
    runtime.block_on(async move { drop(stage) });
    ran.expect("the figures are those of the recount");
}

#[test]
fn whatever_happens_the_figures_from_totals_are_those_of_a_recount() {
    hold(10, 14, false);
}

#[test]
fn whatever_happens_at_once_the_figures_from_totals_are_those_of_a_recount() {
    hold(5, 12, true);
}

#[tokio::test]
async fn figures_are_told_again_until_something_changes_and_never_after_on_any_node() {
    let world = World::start().await;
    let hospital = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let supported = world.contract_supports(hospital).await;
    let person = world.person("S-1", "doctor").await;
    let post = world.post(person, hospital, "doctor", 100, None).await;
    let path = "/api/v1/reports/figures?as_of=2015-06-30";
    let other = world.manager.at(&world.app.second_node());
    let changes = [
        (format!("/api/v1/assignments/{post}"), json!({"share_percent": 50}), "/staff/full_time_equivalents", json!("0.50")),
        (format!("/api/v1/assignments/{post}"), json!({"ends_on": "2015-05-31"}), "/staff/total", json!(0)),
        (
            format!("/api/v1/facilities/{hospital}"),
            json!({"kinds": ["medical_point"]}),
            "/facilities/by_kind/medical_point",
            json!(1),
        ),
        (
            format!("/api/v1/contracts/{}/facilities/{}", world.contract, id_of(&supported)),
            json!({"ends_on": "2015-05-31"}),
            "/facilities/total",
            json!(0),
        ),
        (format!("/api/v1/contracts/{}", world.contract), json!({"ends_on": "2015-06-15"}), "/contracts/running", json!(0)),
    ];
    for (record, change, figure, expected) in changes {
        let mut etags = Vec::new();
        for reader in [&world.manager, &other] {
            let told = reader.get(path).await.expect_status(200);
            let etag = told.header("etag");
            assert!(etag.starts_with("W/\""), "of what is counted, not of when: {etag}");
            let again = reader.get(path).await.expect_status(200);
            assert_eq!((&again.body, again.header("etag")), (&told.body, etag.clone()));
            let unchanged = reader.send(reqwest::Method::GET, path, &[("if-none-match", &etag)], None).await.expect_status(304);
            assert_eq!((unchanged.body.len(), unchanged.header("etag")), (0, etag.clone()));
            etags.push(etag);
        }
        assert_eq!(etags[0], etags[1], "whichever node is asked");
        // Written at one node, and told by both from the next answer on.
        world.manager.patch(&record, "*", &change).await.expect_status(200);
        for (reader, etag) in [&world.manager, &other].into_iter().zip(&etags) {
            let told = reader.send(reqwest::Method::GET, path, &[("if-none-match", etag)], None).await.expect_status(200);
            assert_eq!(told.json().pointer(figure), Some(&expected), "after {change}");
        }
    }
    // What feeds no figure leaves the answer as it is, and one caller is never told the answer of another.
    let etag = world.manager.get(path).await.header("etag");
    super::organization(&world.sql, "ANOTHER").await;
    let held = [("if-none-match", etag.as_str())];
    world.manager.send(reqwest::Method::GET, path, &held, None).await.expect_status(304);
    // Nor does a change of what could, but does not: the person holds no post on the day any more.
    world.manager.patch(&format!("/api/v1/staff/{person}"), "*", &json!({"specialty": "Surgery"})).await.expect_status(200);
    world.manager.send(reqwest::Method::GET, path, &held, None).await.expect_status(304);
    let clerk = world.app.clerk(hospital).await;
    assert_eq!(clerk.send(reqwest::Method::GET, path, &held, None).await.expect_status(200).json().get("contracts"), None);
}

#[tokio::test]
async fn series_parts_and_comparisons_are_told_again_like_the_figures_they_are_made_of() {
    let world = World::start().await;
    let hospital = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    world.contract_supports(hospital).await;
    let person = world.person("S-1", "doctor").await;
    let post = world.post(person, hospital, "doctor", 100, None).await;
    let other = world.manager.at(&world.app.second_node());
    let base = "/api/v1/reports/figures";
    for (number, path) in [
        format!("{base}/series?from=2015-04-01&to=2015-07-31"),
        format!("{base}/breakdown?as_of=2015-06-30&by=area,cadre"),
        format!("{base}/comparison?from=2015-01-31&to=2015-06-30"),
    ]
    .into_iter()
    .enumerate()
    {
        let told = world.manager.get(&path).await.expect_status(200);
        let etag = told.header("etag");
        assert_eq!(other.get(&path).await.header("etag"), etag, "{path}: whichever node is asked");
        let held = [("if-none-match", etag.as_str())];
        for reader in [&world.manager, &other] {
            reader.send(reqwest::Method::GET, &path, &held, None).await.expect_status(304);
        }
        assert!(world.manager.get(&format!("{path}&format=csv")).await.expect_status(200).headers.get("etag").is_none());
        let share = json!({"share_percent": 50 - number});
        world.manager.patch(&format!("/api/v1/assignments/{post}"), "*", &share).await.expect_status(200);
        for reader in [&world.manager, &other] {
            let now = reader.send(reqwest::Method::GET, &path, &held, None).await.expect_status(200);
            assert_ne!(now.body, told.body, "{path}");
        }
    }
}

#[tokio::test]
async fn the_service_reads_the_totals_and_never_writes_them() {
    let world = World::start().await;
    let service = world.app.database.service().await;
    service.batch_execute("SELECT * FROM totals.differences()").await.expect("reading");
    for write in [
        "DELETE FROM totals.days",
        "UPDATE totals.versions SET version = 1",
        "INSERT INTO totals.staff_spans SELECT * FROM totals.staff_spans",
        "SELECT totals.fold()",
        "SELECT totals.recount('{}')",
        "CALL totals.rebuild()",
    ] {
        let refused = service.batch_execute(write).await.expect_err(write);
        assert_eq!(refused.code().map(tokio_postgres::error::SqlState::code), Some("42501"), "{write}");
    }
}

#[tokio::test]
async fn figures_are_told_while_all_totals_are_made_anew() {
    let world = World::start().await;
    let hospital = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let person = world.person("S-1", "doctor").await;
    world.post(person, hospital, "doctor", 100, None).await;
    let staff = async |day: &str| super::figures(&world.manager, &format!("as_of={day}")).await["staff"]["total"].clone();
    world.sql.batch_execute("BEGIN; CALL totals.rebuild()").await.expect("made anew");
    assert_eq!(staff("2015-06-30").await, 1, "not over yet, and nobody waits for it");
    world.sql.batch_execute("COMMIT").await.expect("committed");
    assert_eq!(staff("2015-06-29").await, 1);
}

#[tokio::test]
async fn rows_that_came_without_their_triggers_are_found_and_counted_anew() {
    let world = World::start().await;
    let hospital = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let person = world.person("S-1", "doctor").await;
    world.sql.batch_execute("SET session_replication_role = replica").await.expect("no triggers");
    world.post(person, hospital, "doctor", 100, None).await;
    world.sql.batch_execute("SET session_replication_role = origin").await.expect("triggers");
    let differences = async || world.sql.query("SELECT told FROM totals.differences()", &[]).await.expect("verified").len();
    // The stretch; and at the facility as in its area the beginning and the end, by the day and by the month. By the year they cancel out.
    assert_eq!(differences().await, 9);
    world.sql.batch_execute("CALL totals.rebuild()").await.expect("rebuilt");
    assert_eq!(differences().await, 0);
    assert_eq!(world.figures("as_of=2015-06-30").await["staff"]["total"], 1);
}
