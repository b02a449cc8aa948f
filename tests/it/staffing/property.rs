//! Whatever posts, departures and merges there are: head-counts are those of a naive recount, and turnover ties. So are the figures of the
//! campaign, on any day and as they were known at any moment, while facilities close and come to be supported.

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
    Close { place: usize, on: Option<u64> },
    Support { place: usize, from: u64, length: Option<u64> },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let post = (0..PEOPLE, 0..2usize, 0..2usize, 10..80i64, 0..SPAN, prop::option::of(0..15u64))
        .prop_map(|(who, place, cadre, share, from, length)| Event::Post { who, place, cadre, share, from, length });
    let departure =
        (0..PEOPLE, 0..SPAN, prop::option::of(1..15u64)).prop_map(|(who, day, back)| Event::Departure { who, day, back });
    let merge = (0..PEOPLE, 0..PEOPLE).prop_map(|(from, into)| Event::Merge { from, into });
    let retire = (0..20usize).prop_map(|nth| Event::Retire { nth });
    let close = (0..2usize, prop::option::of(0..SPAN)).prop_map(|(place, on)| Event::Close { place, on });
    let support = (0..2usize, 0..SPAN, prop::option::of(0..10u64));
    let support = support.prop_map(|(place, from, length)| Event::Support { place, from, length });
    prop::collection::vec(prop_oneof![6 => post, 2 => departure, 1 => merge, 1 => retire, 1 => close, 2 => support], 1..16)
}

fn day(number: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2014, 1, 1).unwrap() + Days::new(number)
}

/// Beyond this day nothing is asked.
const HORIZON: u64 = SPAN + 60;

/// A post as the recount keeps it: every day by itself.
#[derive(Debug, Clone)]
struct Held {
    id: Uuid,
    who: Uuid,
    place: Uuid,
    cadre: &'static str,
    share: i64,
    days: BTreeSet<NaiveDate>,
}

/// What has happened, told without a line of SQL.
#[derive(Debug, Default, Clone)]
struct Model {
    held: Vec<Held>,
    closed: BTreeMap<Uuid, NaiveDate>,
    supported: BTreeSet<(Uuid, NaiveDate)>,
}

/// What the figures say of the staff on a day. Whose largest shares are two of one size may count as either cadre.
#[derive(Debug, Default)]
struct Staff {
    people: usize,
    posts: usize,
    shares: i64,
    /// How many are surely of a cadre, and how many may be.
    cadres: BTreeMap<&'static str, (usize, usize)>,
}

impl Model {
    /// Leaving takes every later day away.
    fn depart(&mut self, person: Uuid, last: NaiveDate) {
        for post in self.held.iter_mut().filter(|post| post.who == person) {
            post.days.retain(|today| *today <= last);
        }
    }

    /// A post that both hold is held once; no day is lost.
    fn merge(&mut self, from: Uuid, into: Uuid) {
        let own: Vec<Held> = self.held.iter().filter(|post| post.who == into).cloned().collect();
        for post in self.held.iter_mut().filter(|post| post.who == from) {
            post.who = into;
            for same in own.iter().filter(|same| (same.place, same.cadre) == (post.place, post.cadre)) {
                post.days.retain(|today| !same.days.contains(today));
            }
        }
    }

    fn is_open(&self, place: Uuid, today: NaiveDate) -> bool {
        self.closed.get(&place).is_none_or(|day| *day > today)
    }

    /// How many of these are open and supported.
    fn facilities(&self, places: &[Uuid], today: NaiveDate) -> usize {
        places.iter().filter(|place| self.is_open(**place, today) && self.supported.contains(&(**place, today))).count()
    }

    /// Who holds a post at a facility that is open.
    fn figures(&self, today: NaiveDate) -> Staff {
        let mut told = Staff::default();
        let mut people: BTreeMap<Uuid, Vec<&Held>> = BTreeMap::new();
        for post in self.on(today) {
            (told.posts, told.shares) = (told.posts + 1, told.shares + post.share);
            people.entry(post.who).or_default().push(post);
        }
        told.people = people.len();
        for posts in people.values() {
            let largest = posts.iter().map(|post| post.share).max();
            let cadres: BTreeSet<_> = posts.iter().filter(|post| Some(post.share) == largest).map(|post| post.cadre).collect();
            for cadre in &cadres {
                let (surely, maybe) = told.cadres.entry(cadre).or_default();
                (*surely, *maybe) = (*surely + usize::from(cadres.len() == 1), *maybe + 1);
            }
        }
        told
    }

    fn on(&self, today: NaiveDate) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(move |post| post.days.contains(&today) && self.is_open(post.place, today))
    }

    /// (people, posts, shares) of each cadre and facility, and of the whole.
    fn count(&self, today: NaiveDate) -> BTreeMap<String, (usize, usize, i64)> {
        let mut people: BTreeMap<String, BTreeSet<Uuid>> = BTreeMap::new();
        let mut told: BTreeMap<String, (usize, usize, i64)> = BTreeMap::from([("whole".to_owned(), (0, 0, 0))]);
        for post in self.on(today) {
            for key in ["whole".to_owned(), post.cadre.to_owned(), post.place.to_string()] {
                people.entry(key.clone()).or_default().insert(post.who);
                let cell = told.entry(key).or_default();
                (cell.1, cell.2) = (cell.1 + 1, cell.2 + post.share);
            }
        }
        for (key, people) in people {
            told.entry(key).or_default().0 = people.len();
        }
        told
    }

    fn present(&self, key: &str, today: NaiveDate) -> BTreeSet<Uuid> {
        self.on(today)
            .filter(|post| key == "whole" || key == post.cadre || key == post.place.to_string())
            .map(|post| post.who)
            .collect()
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
    campaign: Uuid,
}

impl Case<'_> {
    /// Lets it all happen; what the service refuses has not happened. Gives what was known after each event, with the moment.
    async fn play(&self, name: usize, events: &[Event], model: &mut Model) -> Vec<(String, Model)> {
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            let body = json!({"code": format!("S-{name}-{number}"), "cadre": "doctor", "area_id": self.area});
            people.push(id_of(&self.manager.post(STAFF, &body).await.expect_status(201).json()));
        }
        let first = model.held.len();
        let mut known = Vec::new();
        for event in events {
            known.push((self.report("figures").await["known_at"].as_str().unwrap().to_owned(), model.clone()));
            match event {
                Event::Post { who, place, cadre, share, from, length } => {
                    let (who, place, cadre) = (people[*who], self.facilities[*place], CADRES[*cadre]);
                    let last = length.map(|length| from + length);
                    let body = json!({"staff_id": who, "facility_id": place, "cadre": cadre, "share_percent": share,
                        "starts_on": day(*from), "ends_on": last.map(day), "share_waiver": "As chance would have it."});
                    if let Some(made) = self.done(POSTS, &body).await {
                        let days = (*from..=last.unwrap_or(HORIZON)).map(day).collect();
                        model.held.push(Held { id: id_of(&made), who, place, cadre, share: *share, days });
                    }
                }
                Event::Departure { who, day: on, back } => {
                    let path = format!("{STAFF}/{}/departures", people[*who]);
                    if let Some(left) = self.done(&path, &json!({"departed_on": day(*on), "reason": "displaced"})).await {
                        model.depart(people[*who], day(*on));
                        if let Some(back) = back {
                            let act = format!("{path}/{}/return", id_of(&left));
                            self.done(&act, &json!({"returned_on": day(on + back)})).await.expect("back");
                        }
                    }
                }
                Event::Merge { from, into } => {
                    let body = json!({"into_id": people[*into], "reason": "As chance would have it."});
                    if self.done(&format!("{STAFF}/{}/merge", people[*from]), &body).await.is_some() {
                        model.merge(people[*from], people[*into]);
                    }
                }
                Event::Retire { nth } => {
                    let Some(post) = model.held[first..].get_mut(*nth) else { continue };
                    // One that a merge has cut in pieces is several posts now.
                    let run = post.days.first().zip(post.days.last()).map(|(first, last)| (*last - *first).num_days() + 1);
                    if run == i64::try_from(post.days.len()).ok() {
                        self.manager.delete(&format!("{POSTS}/{}", post.id), "*").await.expect_status(200);
                        post.days.clear();
                    }
                }
                Event::Close { place, on } => {
                    let place = self.facilities[*place];
                    let body = json!({"closed_on": on.map(day)});
                    if self.manager.patch(&format!("/api/v1/facilities/{place}"), "*", &body).await.status == 200 {
                        model.closed.remove(&place);
                        model.closed.extend(on.map(|on| (place, day(on))));
                    }
                }
                Event::Support { place, from, length } => {
                    let (place, last) = (self.facilities[*place], length.map(|length| from + length));
                    let body = json!({"facility_id": place, "starts_on": day(*from), "ends_on": last.map(day)});
                    if self.done(&format!("/api/v1/campaigns/{}/facilities", self.campaign), &body).await.is_some() {
                        model.supported.extend((*from..=last.unwrap_or(HORIZON)).map(|number| (place, day(number))));
                    }
                }
            }
        }
        known
    }

    /// What came of it, unless it was refused.
    async fn done(&self, path: &str, body: &Value) -> Option<Value> {
        let answer = self.manager.post(path, body).await;
        let status = answer.status.as_u16();
        assert!([200, 201, 409, 410, 422].contains(&status), "{path}: {}", answer.text());
        (status < 400).then(|| answer.json())
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
                prop_assert_eq!(
                    (&cell["people"], &cell["posts"], &cell["full_time_equivalents"]),
                    (&json!(people), &json!(posts), &json!(share)),
                    "{} {}",
                    today,
                    key
                );
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

/// The figures of these days, now and as they were known after each event, are those of the model at that moment.
async fn figures_agree(case: &Case<'_>, known: &[(String, Model)], model: &Model, days: &[u64]) -> Result<(), TestCaseError> {
    let now = (String::new(), model);
    let then = known.iter().map(|(moment, model)| (format!("&known_at={moment}"), model));
    for (moment, model) in then.chain([now]) {
        for today in days.iter().copied().map(day) {
            let mut told = case.report(&format!("figures?as_of={today}{moment}")).await;
            let facilities = model.facilities(case.facilities, today);
            prop_assert_eq!(&told["facilities"]["total"], &json!(facilities), "{}{}", today, moment);
            let told = told["staff"].take();
            let expected = model.figures(today);
            let share = format!("{}.{:02}", expected.shares / 100, expected.shares % 100);
            prop_assert_eq!(
                (&told["total"], &told["posts"], &told["full_time_equivalents"]),
                (&json!(expected.people), &json!(expected.posts), &json!(share)),
                "{}{}",
                today,
                moment
            );
            let by_cadre = |cadre| usize::try_from(told["by_cadre"][cadre].as_u64().unwrap_or(0)).unwrap();
            prop_assert_eq!(CADRES.map(by_cadre).iter().sum::<usize>(), expected.people);
            for cadre in CADRES {
                let (surely, maybe) = expected.cadres.get(cadre).copied().unwrap_or_default();
                prop_assert!((surely..=maybe).contains(&by_cadre(cadre)), "{}{}: {} {}", today, moment, cadre, told);
            }
        }
    }
    Ok(())
}

#[test]
fn head_counts_turnover_and_figures_are_those_of_a_naive_recount_at_every_moment() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (app, manager, facilities, area, campaign) = runtime.block_on(async {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let area = app.area("GHOUTA", None).await;
        let mut facilities = Vec::new();
        for code in ["MPT-01", "MPT-02"] {
            facilities.push(id_of(&app.facility(&manager, code, area).await));
        }
        let campaign =
            json!({"code": "SIRAJ", "name": "Siraj", "goal_amount": "1", "currency": "USD", "starts_on": "2013-01-01"});
        let campaign = id_of(&manager.post("/api/v1/campaigns", &campaign).await.expect_status(201).json());
        (app, manager, facilities, area, campaign)
    });
    let case = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 40,
        ..ProptestConfig::default()
    });
    let model = std::cell::RefCell::new(Model::default());
    let ran = runner.run(&(events(), prop::collection::vec(0..SPAN + 20, 3)), |(events, days)| {
        case.set(case.get() + 1);
        runtime.block_on(async {
            let stage = Case { manager: &manager, facilities: &facilities, area, campaign };
            // What one case has left behind stays for the next: the world only grows.
            let mut told = model.take();
            let known = stage.play(case.get(), &events, &mut told).await;
            let agreed = match agrees(&stage, &told, &days).await {
                Ok(()) => figures_agree(&stage, &known, &told, &days).await,
                refuted => refuted,
            };
            model.replace(told);
            agreed
        })
    });
    // The service's tasks end with the runtime they run on.
    runtime.block_on(async move { drop(app) });
    ran.expect("the figures are those of the recount");
}
