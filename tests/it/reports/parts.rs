//! Stories of figures over time, by their parts, and of two days against each other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::{World, figures, organization};
use crate::support::{client::faults, id_of};

const SERIES: &str = "/api/v1/reports/figures/series";
const BREAKDOWN: &str = "/api/v1/reports/figures/breakdown";
const COMPARISON: &str = "/api/v1/reports/figures/comparison";

/// A year of comings and goings: a hospital that is a primary care center too, one that closes in June, a point that a second partner joins in July.
struct Year {
    world: World,
    hospital: Uuid,
    irc: Uuid,
}

impl Year {
    async fn start() -> Self {
        let world = World::start().await;
        let hospital = world.facility("HOS-01", world.east, &["hospital", "primary_care_center"], "2013-01-01", None).await;
        let closing = world.facility("HOS-02", world.east, &["hospital"], "2013-01-01", Some("2015-06-15")).await;
        let point = world.facility("MPT-01", world.west, &["medical_point"], "2013-01-01", None).await;
        world.facility("MPT-02", world.west, &["medical_point"], "2013-01-01", None).await;
        for facility in [hospital, closing, point] {
            world.contract_supports(facility).await;
        }
        let partner = organization(&world.sql, "IRC").await;
        let terms = json!({"code": "IRC-2015", "name": "IRC 2015", "organization_id": partner, "starts_on": "2015-07-01", "ends_on": "2015-12-31"});
        let irc = id_of(&world.manager.post("/api/v1/contracts", &terms).await.expect_status(201).json());
        world.supports(&format!("contracts/{irc}"), point, None, None).await;
        // From March to September: who holds posts in two areas is counted in both.
        for (code, cadre, posts) in [
            ("S-1", "doctor", vec![(hospital, 100, Some(world.contract))]),
            ("S-2", "nurse", vec![(hospital, 60, Some(world.contract)), (point, 40, Some(irc))]),
            ("S-3", "nurse", vec![(point, 100, Some(irc))]),
            ("S-4", "midwife", vec![(closing, 50, None)]),
        ] {
            let person = world.person(code, cadre).await;
            for (place, share, contract) in posts {
                world.post(person, place, cadre, share, contract).await;
            }
        }
        Self { world, hospital, irc }
    }

    async fn get(&self, path: &str) -> Value {
        self.world.manager.get(path).await.expect_status(200).json()
    }
}

/// A figure of `/reports/figures` by its name.
fn named(figures: &Value, name: &str) -> i64 {
    let left_out = &figures["method"]["facilities.total"]["left_out"];
    match name {
        "facilities.supported_but_not_open" => left_out["supported_but_not_open"].as_i64(),
        "facilities.open_but_not_supported" => left_out["open_but_not_supported"].as_i64(),
        "staff.posts_at_facilities_not_open" => {
            figures["method"]["staff.total"]["left_out"]["posts_at_facilities_not_open"].as_i64()
        }
        _ => name.split('.').fold(figures, |part, word| &part[word]).as_i64(),
    }
    .unwrap_or_default()
}

#[tokio::test]
async fn a_series_tells_of_each_months_end_what_the_figures_of_that_day_tell() {
    let year = Year::start().await;
    let told = year.get(&format!("{SERIES}?from=2015-01-01&to=2015-12-31&by=month")).await;
    let points = told["points"].as_array().expect("points");
    assert_eq!(points.len(), 12);
    assert_eq!((&points[1]["as_of"], &points[11]["as_of"]), (&json!("2015-02-28"), &json!("2015-12-31")));
    for point in points {
        let day = point["as_of"].as_str().expect("a day");
        let figures = year.world.figures(&format!("as_of={day}")).await;
        let numbers = point["figures"].as_object().expect("figures");
        assert_eq!(numbers.len(), 30, "{numbers:?}");
        for (name, number) in numbers {
            assert_eq!(number.as_i64(), Some(named(&figures, name)), "{name} on {day}");
        }
        assert_eq!(point["full_time_equivalents"], figures["staff"]["full_time_equivalents"], "{day}");
        assert_eq!(point["left_out"]["staff.total"], figures["method"]["staff.total"]["left_out"], "{day}");
    }
    assert_eq!(told["method"]["staff.total"]["version"], 1);
    // Counted again from the posts themselves.
    let posts = year.world.manager.all("/api/v1/assignments?limit=200").await;
    let facilities = year.world.manager.all("/api/v1/facilities").await;
    let open = |id: &Value, day: &str| {
        let facility = facilities.iter().find(|one| one["id"] == *id).expect("a facility");
        facility["closed_on"].as_str().is_none_or(|closed| closed > day)
    };
    let mut seen = BTreeSet::new();
    for point in points {
        let day = point["as_of"].as_str().expect("a day");
        let held = posts.iter().filter(|post| {
            post["starts_on"].as_str() <= Some(day)
                && post["ends_on"].as_str().is_none_or(|end| end >= day)
                && open(&post["facility_id"], day)
        });
        let people: BTreeSet<&str> = held.map(|post| post["staff_id"].as_str().expect("an id")).collect();
        assert_eq!(point["figures"]["staff.total"], people.len(), "{day}");
        seen.insert(people.len());
    }
    assert_eq!(seen, BTreeSet::from([0, 3, 4]), "the year is not empty");
    for (by, ends) in [("quarter", vec!["2015-03-31", "2015-06-30", "2015-09-30", "2015-12-31"]), ("year", vec!["2015-12-31"])] {
        let told = year.get(&format!("{SERIES}?from=2015-01-01&to=2015-12-31&by={by}")).await;
        let days: Vec<_> = told["points"].as_array().expect("points").iter().map(|point| point["as_of"].clone()).collect();
        assert_eq!(days, ends, "{by}");
    }
}

#[tokio::test]
async fn a_series_comes_as_a_table_and_says_what_was_known() {
    let year = Year::start().await;
    let query = "from=2015-01-01&to=2015-12-31";
    let before = chrono::Utc::now();
    year.world
        .sql
        .execute(
            "UPDATE assignments SET ends_on = '2015-05-15' WHERE contract_id = $1 AND share_percent = 100",
            &[&year.world.contract],
        )
        .await
        .expect("a correction");
    let june = |told: &Value| told["points"][5]["figures"]["staff.total"].clone();
    let known = before.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let (now, then) =
        (year.get(&format!("{SERIES}?{query}")).await, year.get(&format!("{SERIES}?{query}&known_at={known}")).await);
    assert_eq!((june(&now), june(&then)), (json!(2), json!(3)));
    assert_eq!(then["known_at"].as_str().map(|at| at[..19].to_owned()), Some(known[..19].to_owned()));
    let sheet = year.world.manager.get(&format!("{SERIES}?{query}&format=csv&hxl=true")).await.expect_status(200);
    assert_eq!(sheet.header("content-type"), "text/csv; charset=utf-8");
    let text = sheet.text();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!((lines.len(), lines[0][0].trim_start_matches('\u{feff}'), lines[1][0]), (14, "as_of", "#date+reported"));
    let column = lines[0].iter().position(|name| *name == "staff.total").expect("a column");
    assert_eq!((lines[1][column], lines[7][0], lines[7][column]), ("#capacity+staff+num", "2015-06-30", "2"));
    let book = year.world.manager.get(&format!("{SERIES}?{query}&format=xlsx")).await.expect_status(200);
    let mut book: calamine::Xlsx<_> = calamine::Reader::new(std::io::Cursor::new(book.body.clone())).expect("a workbook");
    let cells = calamine::Reader::worksheet_range_at(&mut book, 0).expect("a sheet").expect("cells");
    assert_eq!(cells.height(), 13);
    assert_eq!(cells.get((6, column)).and_then(calamine::DataType::as_i64), Some(2));
}

#[tokio::test]
async fn what_is_asked_wrongly_of_a_series_is_told() {
    let year = Year::start().await;
    for (query, fault) in [
        ("from=2015-03-01&to=2015-01-01", ("/to", "date-order")),
        ("from=2015-03-02&to=2015-03-20", ("/to", "out-of-range")),
        ("from=2000-01-01&to=2015-01-01", ("/to", "out-of-range")),
        ("from=2015-01-01&to=2015-12-31&by=week", ("/by", "unknown-value")),
        ("from=2015-01-01&to=2015-12-31&hxl=true", ("/hxl", "unknown-value")),
        ("from=2015-01-01&to=2015-12-31&format=pdf", ("/format", "unknown-value")),
        ("to=2015-12-31", ("/from", "required")),
        (&*format!("from=2015-01-01&to=2015-12-31&area_id={}", Uuid::now_v7()), ("/area_id", "unknown-reference")),
    ] {
        let refused = year.world.manager.get(&format!("{SERIES}?{query}")).await.expect_status(422).json();
        assert_eq!(faults(&refused), [(fault.0.to_owned(), fault.1.to_owned())], "{query}");
    }
    year.world
        .manager
        .get(&format!("{SERIES}?from=2015-01-01&to=2015-12-31&limit=5"))
        .await
        .expect_problem(400, "unknown-parameter");
    year.world
        .manager
        .get(&format!("{SERIES}?from=2015-01-01&to=2015-12-31&to=2015-11-30"))
        .await
        .expect_problem(400, "duplicate-parameter");
}

#[tokio::test]
async fn parts_are_the_figures_narrowed_to_them_and_say_why_they_are_more_than_the_whole() {
    let year = Year::start().await;
    let by = async |by: &str| year.get(&format!("{BREAKDOWN}?as_of=2015-08-31&by={by}")).await;
    let told = by("area").await;
    assert_eq!(
        (&told["total"]["facilities"], &told["total"]["people"], &told["total"]["posts"]),
        (&json!(2), &json!(3), &json!(4))
    );
    assert_eq!((&told["sum_of_parts"]["facilities"], &told["sum_of_parts"]["people"]), (&json!(2), &json!(4)));
    assert_eq!((&told["adds_up"], &told["in_several_parts"]["people"]), (&json!(false), &json!({"number": 1, "codes": ["S-2"]})));
    assert_eq!(told["explanation"], "3 people, and 4 by their parts: 1 of them stand in several parts (S-2).");
    for (dimension, narrowed) in
        [("area", "area_id"), ("area,cadre", "area_id"), ("contract", "contract_id"), ("cadre,contract", "contract_id")]
    {
        let told = by(dimension).await;
        let cells = told["cells"].as_array().expect("cells");
        assert!(cells.len() >= 2, "{dimension}: {told}");
        for cell in cells.iter().filter(|cell| cell[narrowed].is_string()) {
            let part = cell[narrowed].as_str().expect("an id");
            let figures = year.world.figures(&format!("as_of=2015-08-31&{narrowed}={part}")).await;
            if let Some(cadre) = cell["cadre"].as_str() {
                assert_eq!(cell["people"], figures["staff"]["by_cadre"][cadre], "{dimension} {cell}");
                assert_eq!(cell["facilities"], json!(null));
            } else {
                assert_eq!(cell["facilities"], figures["facilities"]["total"], "{dimension} {cell}");
                assert_eq!(cell["people"], figures["staff"]["total"], "{dimension} {cell}");
                assert_eq!(cell["posts"], figures["staff"]["posts"], "{dimension} {cell}");
                assert_eq!(cell["full_time_equivalents"], figures["staff"]["full_time_equivalents"], "{dimension} {cell}");
            }
        }
    }
    // By cadre a person stands once, by kind a facility that is two stands twice.
    let cadres = by("cadre").await;
    assert_eq!((&cadres["adds_up"], &cadres["explanation"]), (&json!(true), &json!("The parts add up to the whole.")));
    let whole = year.world.figures("as_of=2015-08-31").await;
    let of_cadres: BTreeMap<&str, &Value> = cadres["cells"]
        .as_array()
        .expect("cells")
        .iter()
        .map(|cell| (cell["cadre"].as_str().expect("a cadre"), &cell["people"]))
        .collect();
    assert_eq!(json!(of_cadres), whole["staff"]["by_cadre"]);
    let kinds = by("kind").await;
    assert_eq!(kinds["in_several_parts"]["facilities"], json!({"number": 1, "codes": ["HOS-01"]}));
    for cell in kinds["cells"].as_array().expect("cells") {
        assert_eq!(cell["facilities"], whole["facilities"]["by_kind"][cell["kind"].as_str().expect("a kind")]);
    }
    assert_eq!(kinds["sum_of_parts"]["facilities"], whole["facilities"]["counted_by_kind"]);
    let both = by("area,kind").await;
    let east = both["cells"].as_array().expect("cells").iter().filter(|cell| cell["area_code"] == "EAST").count();
    assert_eq!((east, &both["by"]), (2, &json!(["area", "kind"])));
    assert_eq!(both["method"]["facilities.total"]["left_out"]["open_but_not_supported"], 1);
}

#[tokio::test]
async fn what_no_contract_pays_is_a_part_and_contracts_are_not_for_clerks() {
    let year = Year::start().await;
    // In May the closing hospital is open, and its midwife is paid by nobody; the second contract does not run yet.
    let told = year.get(&format!("{BREAKDOWN}?as_of=2015-05-31&by=contract")).await;
    let cells = told["cells"].as_array().expect("cells");
    let people: BTreeMap<&str, &Value> =
        cells.iter().map(|cell| (cell["contract_code"].as_str().expect("a code"), &cell["people"])).collect();
    assert_eq!(people, BTreeMap::from([("NORWAC-2015", &json!(2)), ("none", &json!(3))]));
    assert_eq!(told["in_several_parts"]["people"]["codes"], json!(["S-2"]), "one post is paid, the other not yet");
    let sheet = year
        .world
        .manager
        .get(&format!("{BREAKDOWN}?as_of=2015-05-31&by=contract,kind&format=csv"))
        .await
        .expect_status(200)
        .text();
    let heading = sheet.lines().next().expect("a heading").trim_start_matches('\u{feff}');
    assert_eq!(heading, "kind,contract_id,contract_code,contract_name,facilities,people,posts,full_time_equivalents");
    let clerk = year.world.app.clerk(year.hospital).await;
    clerk.get(&format!("{BREAKDOWN}?by=contract")).await.expect_problem(403, "forbidden");
    let own = clerk.get(&format!("{BREAKDOWN}?by=area,cadre&as_of=2015-08-31")).await.expect_status(200).json();
    assert_eq!((&own["total"]["people"], own["cells"].as_array().map(Vec::len)), (&json!(2), Some(2)));
    let series = clerk.get(&format!("{SERIES}?from=2015-08-01&to=2015-08-31")).await.expect_status(200).json();
    assert!(series["points"][0]["figures"]["contracts.running"].is_null() && series["points"][0]["figures"]["staff.total"] == 2);
    for (wrong, code) in [
        ("by=area,area", "repeated"),
        ("by=area,kind,cadre", "too-many"),
        ("by=colour", "unknown-value"),
        ("by=", "unknown-value"),
    ] {
        let refused = year.world.manager.get(&format!("{BREAKDOWN}?{wrong}")).await.expect_status(422).json();
        assert_eq!(faults(&refused), [("/by".to_owned(), code.to_owned())], "{wrong}");
    }
    let partner = year.world.app.partner(year.world.partner).await;
    for path in [
        format!("{SERIES}?from=2015-01-01&to=2015-12-31"),
        format!("{BREAKDOWN}?by=area"),
        format!("{COMPARISON}?from=2015-01-01&to=2015-12-31"),
    ] {
        partner.get(&path).await.expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn two_days_are_told_with_what_came_and_went_between_them() {
    let year = Year::start().await;
    // The first post ends in May, the hospital closes in June, the second contract begins in July.
    year.world
        .sql
        .execute(
            "UPDATE assignments SET ends_on = '2015-05-15' WHERE contract_id = $1 AND share_percent = 100",
            &[&year.world.contract],
        )
        .await
        .expect("an end");
    let (from, to) = ("2015-04-30", "2015-08-31");
    let told = year.get(&format!("{COMPARISON}?from={from}&to={to}")).await;
    let (was, is) = (
        figures(&year.world.manager, &format!("as_of={from}")).await,
        figures(&year.world.manager, &format!("as_of={to}")).await,
    );
    let compared = told["figures"].as_array().expect("figures");
    let rows = async |figure: &str, day: &str| -> BTreeSet<String> {
        let rows = year.world.manager.all(&format!("/api/v1/reports/figures/{figure}/rows?as_of={day}")).await;
        rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    };
    let mut moved = 0;
    for one in compared {
        let name = one["figure"].as_str().expect("a name");
        assert_eq!((one["was"].as_i64(), one["is"].as_i64()), (Some(named(&was, name)), Some(named(&is, name))), "{name}");
        let number = |field: &str| one[field].as_i64().expect("a number");
        assert_eq!(number("difference"), number("is") - number("was"), "{name}");
        assert_eq!(number("difference"), number("came_count") - number("went_count"), "{name}");
        // The rows are those that the figures themselves open into.
        let (before, now) = (rows(name, from).await, rows(name, to).await);
        let ids = |field: &str| -> BTreeSet<String> {
            one[field].as_array().expect("rows").iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
        };
        assert_eq!((ids("came"), ids("went")), (&now - &before, &before - &now), "{name}");
        moved += number("came_count") + number("went_count");
    }
    assert!(moved >= 8, "{told:#}");
    let of = |name: &str| compared.iter().find(|one| one["figure"] == name).expect("a figure");
    assert_eq!(of("staff.total")["went"].as_array().map(Vec::len), Some(2));
    assert_eq!(of("contracts.running")["came"][0]["code"], "IRC-2015");
    assert_eq!(of("facilities.supported_but_not_open")["came"][0]["code"], "HOS-02");
    assert_eq!((&told["full_time_equivalents"]["was"], &told["full_time_equivalents"]["is"]), (&json!("3.50"), &json!("2.00")));
    assert_eq!(told["left_out_before"]["facilities.total"]["supported_but_not_open"], 0);
    let sheet = year.world.manager.get(&format!("{COMPARISON}?from={from}&to={to}&format=csv")).await.expect_status(200).text();
    assert!(sheet.lines().any(|line| line == "staff.total,4,2,-2,0,2,,S-1 | S-4"), "{sheet}");
    // Who need not know the road is not told which shipments left.
    let auditor = year
        .world
        .app
        .user(Role::Auditor)
        .await
        .get(&format!("{COMPARISON}?from={from}&to={to}"))
        .await
        .expect_status(200)
        .json();
    let shipments =
        auditor["figures"].as_array().expect("figures").iter().find(|one| one["figure"] == "shipments.total").expect("shipments");
    assert_eq!((&shipments["was"], &shipments["came"], &shipments["came_count"]), (&json!(0), &json!(null), &json!(null)));
    // One day against itself, and days the wrong way round.
    let same = year.get(&format!("{COMPARISON}?from={to}&to={to}&contract_id={}", year.irc)).await;
    assert!(same["figures"].as_array().expect("figures").iter().all(|one| one["difference"] == 0 && one["came"] == json!([])));
    let refused = year.world.manager.get(&format!("{COMPARISON}?from={to}&to={from}")).await.expect_status(422).json();
    assert_eq!(faults(&refused), [("/to".to_owned(), "date-order".to_owned())]);
    let narrow = year.world.app.coordinator(&[year.world.west]).await;
    let west = narrow.get(&format!("{COMPARISON}?from={from}&to={to}")).await.expect_status(200).json();
    assert!(!west.to_string().contains("HOS-"), "another's rows: {west}");
}
