//! Restatements: what corrections would change of what is published, row by row, and who made them.

use bigdecimal::BigDecimal;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use siraj::{auth::Role, db::Db, publishing};

use super::{
    World, figures,
    known_at::{Change, History, change},
    publishing::{define, draft, publish},
};
use crate::support::id_of;

const RESTATEMENT: &str = "/api/v1/published-reports/1/restatement";

fn figure<'a>(told: &'a Value, name: &str) -> &'a Value {
    told["figures"].as_array().expect("figures").iter().find(|one| one["figure"] == name).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn three_assignments_are_corrected_and_the_restatement_tells_which_by_whom_and_when() {
    let world = World::start().await;
    let hospital = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    world.contract_supports(hospital).await;
    let mut posts = Vec::new();
    for number in 1..=5 {
        let nurse = world.person(&format!("S-{number}"), "nurse").await;
        posts.push(world.post(nurse, hospital, "nurse", 100, Some(world.contract)).await);
    }
    let definition = define(&world, "ALL", &json!({})).await;
    let drafted = draft(&world, definition, "2015-06-30").await;
    let second = world.app.user(Role::Manager).await;
    publish(&second, &drafted).await;
    let stands = world.manager.get(RESTATEMENT).await.expect_status(200).json();
    assert_eq!((&stands["figures"], &stands["sentence"]), (&json!([]), &json!("Report 1 would say the same today.")));

    // Three corrections: two left earlier, one never was; and one came who had been forgotten.
    let coordinator = world.app.coordinator(&[world.ghouta]).await;
    for post in &posts[..2] {
        let body = json!({"ends_on": "2015-05-31"});
        coordinator.patch(&format!("/api/v1/assignments/{post}"), "*", &body).await.expect_status(200);
    }
    coordinator.delete(&format!("/api/v1/assignments/{}", posts[2]), "*").await.expect_status(200);
    let late = world.person("S-9", "nurse").await;
    world.post(late, hospital, "nurse", 100, None).await;

    let told = world.manager.get(RESTATEMENT).await.expect_status(200).json();
    let total = figure(&told, "staff.total");
    assert_eq!((&total["was"], &total["is"], &total["difference"]), (&json!("5"), &json!("3"), &json!("-2")));
    let codes = |rows: &Value| rows.as_array().unwrap().iter().map(|row| row["code"].clone()).collect::<Vec<_>>();
    assert_eq!(codes(&total["left"]), ["S-1", "S-2", "S-3"]);
    assert_eq!(codes(&total["entered"]), ["S-9"]);
    assert_eq!((&total["left_count"], &total["entered_count"]), (&json!(3), &json!(1)));
    let change = &total["left"][0]["changes"][0];
    assert_eq!(
        (&change["resource"], &change["record_id"], &change["action"]),
        (&json!("assignments"), &json!(posts[0]), &json!("changed"))
    );
    assert_eq!(change["fields"], json!([{"field": "ends_on", "from": "2015-09-30", "to": "2015-05-31"}]));
    assert_eq!((&change["actor_id"], &change["actor_role"]), (&json!(coordinator.user_id), &json!("coordinator")));
    assert_eq!(total["left"][2]["changes"][0]["action"], "retired");
    assert_eq!(total["entered"][0]["changes"].as_array().unwrap().last().unwrap()["action"], "created");
    let sentence = total["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("People: 5 became 3, because S-1, S-2, S-3 left and S-9 entered: 2 posts: "), "{sentence}");
    assert!(sentence.contains("2 posts: last day from 2015-09-30 to 2015-05-31, changed by a coordinator on 20"), "{sentence}");
    assert!(sentence.contains("; 1 post, retired by a coordinator on 20") && !sentence.contains("ends_on"), "{sentence}");
    assert_eq!(sentence.matches("last day").count(), 1, "equal changes are told once: {sentence}");
    for (name, difference) in [("staff.by_cadre.nurse", "-2"), ("staff.posts", "-2"), ("staff.full_time_equivalents", "-2")] {
        assert_eq!(figure(&told, name)["difference"], difference, "{name}");
    }
    assert_eq!(figure(&told, "facilities.total"), &Value::Null, "it stands");
    assert!(told["sentence"].as_str().unwrap().starts_with("Report 1 would say something else today. "));
    let arabic =
        world.manager.send(reqwest::Method::GET, RESTATEMENT, &[("accept-language", "ar")], None).await.expect_status(200);
    let sentence = figure(&arabic.json(), "staff.total")["sentence"].as_str().unwrap().to_owned();
    assert!(sentence.starts_with("العاملون: كان 5 وأصبح 3، لأنه خرج S-1، S-2، S-3 ودخل S-9: "), "{sentence}");
    assert!(sentence.contains("وظيفتان: اليوم الأخير من 2015-09-30 إلى 2015-05-31، غيّر ذلك منسق في 20"), "{sentence}");
    let codes = ["S-1", "S-2", "S-3", "S-9"].iter().fold(sentence.clone(), |text, code| text.replace(code, ""));
    assert!(!codes.chars().any(|letter| letter.is_ascii_alphabetic()), "but for codes it is Arabic: {sentence}");

    // Auditors read the rows, admins the numbers.
    let auditor = world.app.user(Role::Auditor).await.get(RESTATEMENT).await.expect_status(200).json();
    assert_eq!(auditor["figures"], told["figures"]);
    let admin = world.app.user(Role::Admin).await.get(RESTATEMENT).await.expect_status(200).json();
    let total = figure(&admin, "staff.total");
    assert_eq!(
        (&total["difference"], total.get("left"), &total["sentence"]),
        (&json!("-2"), None, &json!("People: 5 became 3."))
    );
    coordinator.get(RESTATEMENT).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn what_a_row_stands_on_explains_it_too() {
    let world = World::start().await;
    let hospital = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let support = world.contract_supports(hospital).await;
    let center = world.facility("PCC-01", world.west, &["primary_care_center"], "2013-01-01", None).await;
    world.contract_supports(center).await;
    world.post(world.person("S-1", "nurse").await, hospital, "nurse", 100, Some(world.contract)).await;
    let definition = define(&world, "WEST", &json!({"area_id": world.ghouta, "contract_id": world.contract})).await;
    publish(&world.app.user(Role::Manager).await, &draft(&world, definition, "2015-06-30").await).await;
    let change = async |path: String, body: Value| world.manager.patch(&path, "*", &body).await.expect_status(200);
    change(format!("/api/v1/facilities/{hospital}"), json!({"closed_on": "2015-06-01"})).await;
    change(format!("/api/v1/contracts/{}/facilities/{}", world.contract, id_of(&support)), json!({"ends_on": "2015-05-31"}))
        .await;
    change(format!("/api/v1/areas/{}", world.west), json!({"parent_id": null, "kind": "country"})).await;
    let told = world.manager.get(RESTATEMENT).await.expect_status(200).json();
    let changed = |name: &str, row: usize| -> Vec<Value> {
        let changes = figure(&told, name)["left"][row]["changes"].as_array().expect(name);
        changes.iter().map(|change| change["resource"].clone()).collect()
    };
    assert_eq!(changed("facilities.total", 0), ["facilities", "contract_facilities"]);
    assert_eq!(changed("facilities.total", 1), ["areas"], "its area lies elsewhere");
    assert_eq!(changed("staff.total", 0), ["facilities", "contract_facilities"], "the person's place was closed");
    // One enters for another: the number is the same, the rows are not.
    change(format!("/api/v1/facilities/{hospital}"), json!({"closed_on": null})).await;
    change(format!("/api/v1/contracts/{}/facilities/{}", world.contract, id_of(&support)), json!({"ends_on": null})).await;
    let other = world.facility("HOS-02", world.east, &["hospital"], "2013-01-01", None).await;
    world.contract_supports(other).await;
    let told = world.manager.get(RESTATEMENT).await.expect_status(200).json();
    let total = figure(&told, "facilities.total");
    assert_eq!(
        (&total["difference"], &total["left"][0]["code"], &total["entered"][0]["code"]),
        (&json!("0"), &json!("PCC-01"), &json!("HOS-02"))
    );
    assert!(
        total["sentence"]
            .as_str()
            .unwrap()
            .starts_with("Facilities: 2 as before, of other rows, because PCC-01 left and HOS-02 entered: ")
    );
    // What moved from one area to another has its rows and its reasons too.
    let of_west = figure(&told, "facilities.by_area.WEST");
    assert_eq!(
        (&of_west["difference"], &of_west["left"][0]["code"], &of_west["left_count"]),
        (&json!("-1"), &json!("PCC-01"), &json!(1))
    );
    assert!(
        of_west["sentence"].as_str().unwrap().starts_with(
            "Facilities in WEST: 1 became 0, because PCC-01 left: 1 area: another area above it, changed by a manager on "
        ),
        "{of_west}"
    );
    assert_eq!(figure(&told, "facilities.by_area.EAST")["entered"][0]["code"], "HOS-02");
}

#[tokio::test]
async fn a_report_of_posts_says_which_of_them_differ() {
    let world = World::start().await;
    let hospital = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    world.contract_supports(hospital).await;
    let nurse = world.post(world.person("S-1", "nurse").await, hospital, "nurse", 100, Some(world.contract)).await;
    world.post(world.person("S-2", "nurse").await, hospital, "nurse", 100, Some(world.contract)).await;
    let doctor = world.post(world.person("S-3", "doctor").await, hospital, "doctor", 100, Some(world.contract)).await;
    let definition = define(&world, "POSTS", &json!({"kind": "staffing"})).await;
    publish(&world.app.user(Role::Manager).await, &draft(&world, definition, "2015-06-30").await).await;
    assert_eq!(world.manager.get(RESTATEMENT).await.expect_status(200).json()["staffing"], json!([]));
    world.manager.delete(&format!("/api/v1/assignments/{nurse}"), "*").await.expect_status(200);
    world.manager.patch(&format!("/api/v1/assignments/{doctor}"), "*", &json!({"share_percent": 50})).await.expect_status(200);
    let told = world.manager.get(RESTATEMENT).await.expect_status(200).json();
    let posts: Vec<_> = told["staffing"].as_array().unwrap().iter().map(|row| (&row["cadre"], &row["was"], &row["is"])).collect();
    assert_eq!(posts, [(&json!("doctor"), &json!(1), &json!(1)), (&json!("nurse"), &json!(2), &json!(1))]);
    let sentence = told["sentence"].as_str().unwrap();
    assert!(
        sentence.ends_with(" Posts by facility and cadre: HOS-01, Doctors: 1.00 became 0.50; HOS-01, Nurses: 2 became 1."),
        "{sentence}"
    );
}

/// The number of this name in an answer of the figures.
fn number(figures: &Value, name: &str) -> BigDecimal {
    let value = name.split('.').fold(figures, |value, part| &value[part]);
    let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    if value.is_null() { BigDecimal::default() } else { text.parse().expect(name) }
}

/// A report in the middle of a history: nothing that comes after changes a byte of it, and its restatement says what two readings say.
async fn play(before: &[Change], after: &[Change]) {
    let mut history = History::begin().await;
    for change in before {
        history.make(change).await;
    }
    let definition = define(&history.world, "ALL", &json!({"area_id": history.world.ghouta})).await;
    let drafted = draft(&history.world, definition, "2015-06-20").await;
    let second = history.world.app.user(Role::Manager).await;
    publish(&second, &drafted).await;
    let document = second.get("/api/v1/published-reports/1/document").await.expect_status(200).body;
    for change in after {
        history.make(change).await;
    }
    let told = second.get(RESTATEMENT).await.expect_status(200).json();
    assert_eq!(second.get("/api/v1/published-reports/1/document").await.expect_status(200).body, document);
    let reading = async |moment: &Value| {
        let query = format!("as_of=2015-06-20&area_id={}&known_at={}", history.world.ghouta, moment.as_str().expect("a moment"));
        figures(&second, &query).await
    };
    let (was, is) = (reading(&told["known_at"]).await, reading(&told["compared_at"]).await);
    let names = [
        "facilities.total",
        "facilities.of_several_kinds",
        "facilities.counted_by_kind",
        "facilities.by_kind.hospital",
        "staff.total",
        "staff.posts",
        "staff.full_time_equivalents",
        "staff.by_cadre.doctor",
        "staff.by_cadre.nurse",
        "contracts.running",
        "shipments.total",
    ];
    for name in names {
        let (then, now) = (number(&was, name), number(&is, name));
        let restated = figure(&told, name);
        if then == now {
            assert!(restated.is_null() || restated["difference"] == "0", "{name}: {restated}");
            continue;
        }
        let difference: BigDecimal = restated["difference"].as_str().expect(name).parse().expect("a number");
        assert_eq!(difference, now - then, "{name}");
        if let (Some(entered), Some(left)) = (restated["entered_count"].as_i64(), restated["left_count"].as_i64()) {
            assert_eq!(BigDecimal::from(entered - left), difference, "{name}");
            for row in restated["entered"].as_array().expect("rows").iter().chain(restated["left"].as_array().expect("rows")) {
                assert!(!row["changes"].as_array().expect("changes").is_empty(), "{name}: nothing explains {row}");
            }
        }
    }
    let db = Db::new(&history.world.app.database.service_url(), 1).expect("a pool");
    assert_eq!(publishing::verify(&db, None).await.expect("checked").faults, Vec::<String>::new());
}

#[test]
fn whatever_is_corrected_a_report_keeps_its_bytes_and_its_restatement_is_the_difference_of_two_readings() {
    let histories = 6;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let mut runner =
        TestRunner::new(Config { cases: histories, failure_persistence: None, max_shrink_iters: 40, ..Config::default() });
    let both = (proptest::collection::vec(change(), 5..25), proptest::collection::vec(change(), 1..20));
    let played = runner.run(&both, |(before, after)| {
        runtime.block_on(play(&before, &after));
        Ok(())
    });
    played.expect("every history");
}
