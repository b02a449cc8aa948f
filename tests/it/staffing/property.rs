//! Whatever posts, departures and merges there are: head-counts are those of a naive recount, and turnover ties.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::{POSTS, STAFF};
use crate::support::{TestApp, client::Client, id_of};

const CADRES: [&str; 2] = ["doctor", "nurse"];
const PEOPLE: usize = 3;
const SPAN: u64 = 40;

/// Something that happens to somebody.
#[derive(Debug, Clone)]
enum Event {
    Post { who: usize, place: usize, cadre: usize, share: i64, from: u64, length: Option<u64> },
    Departure { who: usize, day: u64, back: Option<u64> },
    Merge { from: usize, into: usize },
    Retire { nth: usize },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let post = (0..PEOPLE, 0..2usize, 0..2usize, 10..80i64, 0..SPAN, prop::option::of(0..15u64))
        .prop_map(|(who, place, cadre, share, from, length)| Event::Post { who, place, cadre, share, from, length });
    let departure =
        (0..PEOPLE, 0..SPAN, prop::option::of(1..15u64)).prop_map(|(who, day, back)| Event::Departure { who, day, back });
    let merge = (0..PEOPLE, 0..PEOPLE).prop_map(|(from, into)| Event::Merge { from, into });
    let retire = (0..20usize).prop_map(|nth| Event::Retire { nth });
    prop::collection::vec(prop_oneof![6 => post, 2 => departure, 1 => merge, 1 => retire], 1..16)
}

fn day(number: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2014, 1, 1).unwrap() + Days::new(number)
}

/// Posts as they stand: what the service says of them one by one, day by day.
struct Model {
    /// (person, facility, cadre, share, days)
    held: Vec<(Uuid, Uuid, String, i64, NaiveDate, Option<NaiveDate>)>,
}

impl Model {
    fn on(&self, today: NaiveDate) -> impl Iterator<Item = &(Uuid, Uuid, String, i64, NaiveDate, Option<NaiveDate>)> {
        self.held.iter().filter(move |post| post.4 <= today && post.5.is_none_or(|end| today <= end))
    }

    /// (people, posts, shares) of each cadre and facility, and of the whole.
    fn count(&self, today: NaiveDate) -> BTreeMap<String, (usize, usize, i64)> {
        let mut people: BTreeMap<String, BTreeSet<Uuid>> = BTreeMap::new();
        let mut told: BTreeMap<String, (usize, usize, i64)> = BTreeMap::from([("whole".to_owned(), (0, 0, 0))]);
        for (who, place, cadre, share, ..) in self.on(today) {
            for key in ["whole".to_owned(), cadre.clone(), place.to_string()] {
                people.entry(key.clone()).or_default().insert(*who);
                let cell = told.entry(key).or_default();
                (cell.1, cell.2) = (cell.1 + 1, cell.2 + share);
            }
        }
        for (key, people) in people {
            told.entry(key).or_default().0 = people.len();
        }
        told
    }

    fn present(&self, key: &str, today: NaiveDate) -> BTreeSet<Uuid> {
        self.on(today).filter(|post| key == "whole" || key == post.2 || key == post.1.to_string()).map(|post| post.0).collect()
    }

    /// (at the start, joined, left, at the end), walked day by day.
    fn turnover(&self, key: &str, from: NaiveDate, to: NaiveDate) -> [i64; 4] {
        let number = |set: usize| i64::try_from(set).unwrap();
        let mut before = self.present(key, from.pred_opt().unwrap());
        let (start, mut joined, mut left) = (number(before.len()), 0, 0);
        for today in from.iter_days().take_while(|today| *today <= to) {
            let now = self.present(key, today);
            joined += number(now.difference(&before).count());
            left += number(before.difference(&now).count());
            before = now;
        }
        [start, joined, left, number(before.len())]
    }
}

struct Case<'a> {
    manager: &'a Client,
    facilities: &'a [Uuid],
    area: Uuid,
}

impl Case<'_> {
    /// Lets it all happen; what the service refuses has not happened. Gives the people.
    async fn play(&self, name: usize, events: &[Event]) -> Vec<Uuid> {
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            let body = json!({"code": format!("S-{name}-{number}"), "cadre": "doctor", "area_id": self.area});
            people.push(id_of(&self.manager.post(STAFF, &body).await.expect_status(201).json()));
        }
        let mut posts: Vec<Uuid> = Vec::new();
        for event in events {
            let answer = match event {
                Event::Post { who, place, cadre, share, from, length } => {
                    let ends_on = length.map(|length| day(from + length));
                    let body = json!({"staff_id": people[*who], "facility_id": self.facilities[*place], "cadre": CADRES[*cadre],
                        "share_percent": share, "starts_on": day(*from), "ends_on": ends_on, "share_waiver": "As chance would have it."});
                    let answer = self.manager.post(POSTS, &body).await;
                    if answer.status == 201 {
                        posts.push(id_of(&answer.json()));
                    }
                    answer
                }
                Event::Departure { who, day: on, back } => {
                    let path = format!("{STAFF}/{}/departures", people[*who]);
                    let answer = self.manager.post(&path, &json!({"departed_on": day(*on), "reason": "displaced"})).await;
                    if let (201, Some(back)) = (answer.status.as_u16(), back) {
                        let act = format!("{path}/{}/return", id_of(&answer.json()));
                        self.manager.post(&act, &json!({"returned_on": day(on + back)})).await.expect_status(200);
                    }
                    answer
                }
                Event::Merge { from, into } => {
                    let body = json!({"into_id": people[*into], "reason": "As chance would have it."});
                    self.manager.post(&format!("{STAFF}/{}/merge", people[*from]), &body).await
                }
                Event::Retire { nth } => match posts.get(*nth) {
                    Some(post) => self.manager.delete(&format!("{POSTS}/{post}"), "*").await,
                    None => continue,
                },
            };
            assert!(answer.status.as_u16() < 500, "{event:?}: {}", answer.text());
        }
        people
    }

    /// The posts as the list of them tells, of everybody.
    async fn stored(&self) -> Model {
        let at = |value: &Value| value.as_str().map(|text| text.parse::<NaiveDate>().unwrap());
        let id = |value: &Value| value.as_str().unwrap().parse::<Uuid>().unwrap();
        let posts = self.manager.all(&format!("{POSTS}?limit=200")).await;
        let held = posts.iter().map(|post| {
            let cadre = post["cadre"].as_str().unwrap().to_owned();
            let share = post["share_percent"].as_i64().unwrap();
            (id(&post["staff_id"]), id(&post["facility_id"]), cadre, share, at(&post["starts_on"]).unwrap(), at(&post["ends_on"]))
        });
        Model { held: held.collect() }
    }

    async fn report(&self, path: &str) -> Value {
        self.manager.get(&format!("/api/v1/reports/{path}")).await.expect_status(200).json()
    }
}

fn cells(report: &Value) -> impl Iterator<Item = (String, &Value)> {
    let whole = [("whole".to_owned(), &report["total"])];
    let parts = report["cells"].as_array().unwrap().iter().map(|cell| (cell["key"].as_str().unwrap().to_owned(), cell));
    whole.into_iter().chain(parts)
}

async fn agrees(case: &Case<'_>, model: &Model, days: &[u64]) -> Result<(), TestCaseError> {
    for today in days.iter().copied().map(day) {
        let counted = model.count(today);
        let mut seen = 0;
        for part in ["cadre", "facility"] {
            let told = case.report(&format!("staffing?as_of={today}&by={part}")).await;
            for (key, cell) in cells(&told) {
                let (people, posts, shares) = counted.get(&key).copied().unwrap_or_default();
                let share = format!("{}.{:02}", shares / 100, shares % 100);
                prop_assert_eq!((&cell["people"], &cell["posts"], &cell["full_time_equivalents"]), (&json!(people), &json!(posts), &json!(share)), "{} {}", today, key);
                seen += usize::from(key != "whole");
            }
        }
        prop_assert_eq!(seen, counted.len() - 1, "cells on {}", today);
    }
    let (from, to) = (day(days[0].min(days[1])), day(days[0].max(days[1])));
    for part in ["cadre", "facility"] {
        let told = case.report(&format!("staff-turnover?from={from}&to={to}&by={part}")).await;
        for (key, cell) in cells(&told) {
            let moved = ["present_at_start", "joined", "left", "present_at_end"].map(|name| cell[name].as_i64().unwrap());
            prop_assert_eq!(moved[0] + moved[1] - moved[2], moved[3], "turnover ties");
            prop_assert_eq!(moved, model.turnover(&key, from, to), "{} from {} to {}", key, from, to);
        }
        let by_reason: i64 = told["left_by_reason"].as_object().unwrap().values().map(|number| number.as_i64().unwrap()).sum();
        prop_assert_eq!(by_reason, told["total"]["left"].as_i64().unwrap());
    }
    Ok(())
}

#[test]
fn head_counts_and_turnover_are_those_of_a_naive_recount() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (app, manager, facilities, area) = runtime.block_on(async {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let area = app.area("GHOUTA", None).await;
        let mut facilities = Vec::new();
        for code in ["MPT-01", "MPT-02"] {
            facilities.push(id_of(&app.facility(&manager, code, area).await));
        }
        (app, manager, facilities, area)
    });
    let case = std::cell::Cell::new(0);
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 30, failure_persistence: None, max_shrink_iters: 40, ..ProptestConfig::default() });
    let ran = runner.run(&(events(), prop::collection::vec(0..SPAN + 20, 3)), |(events, days)| {
        case.set(case.get() + 1);
        runtime.block_on(async {
            let case = Case { manager: &manager, facilities: &facilities, area };
            let merged_before = case.stored().await;
            let people = case.play(case_number(), &events).await;
            let model = case.stored().await;
            // Nobody holds a post under a record that was merged, nor on a day of absence.
            for person in &people {
                let into = case.manager.get(&format!("{STAFF}/{person}")).await.expect_status(200).json();
                prop_assert!(id_of(&into) == *person || model.held.iter().all(|post| post.0 != *person));
            }
            prop_assert!(model.held.len() >= merged_before.held.len());
            agrees(&case, &model, &days).await
        })
    });
    // The service's tasks end with the runtime they run on.
    runtime.block_on(async move { drop(app) });
    ran.expect("the figures are those of the recount");
}

/// Codes are never used twice.
fn case_number() -> usize {
    static LAST: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    LAST.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
