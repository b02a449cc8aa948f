//! The demo's year, counted again from its files alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use siraj::{auth::Role, imports::demo_sheets};

use crate::{imports::load, support::TestApp};

type Row = HashMap<String, String>;

/// The rows of a file of the demo.
fn rows(name: &str) -> Vec<Row> {
    let path = format!("{}/demo/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    csv::Reader::from_path(path).expect("a file").deserialize().map(|row| row.expect("a row")).collect()
}

/// One column by another.
fn by(rows: &[Row], key: &str, value: &str) -> HashMap<String, String> {
    rows.iter().map(|row| (row[key].clone(), row[value].clone())).collect()
}

#[tokio::test]
async fn the_people_of_each_month_and_the_supplies_of_each_category_are_those_of_the_files() {
    let app = TestApp::start().await;
    assert_eq!(load(&app, &demo_sheets().expect("the demo")).await.faults, []);
    let manager = app.user(Role::Manager).await;

    let series = "/api/v1/reports/figures/series?from=2014-01-01&to=2015-12-31";
    let told = manager.get(series).await.expect_status(200).json();
    let (posts, facilities) = (rows("assignments"), rows("facilities"));
    let (opened, closed) = (by(&facilities, "code", "opened_on"), by(&facilities, "code", "closed_on"));
    let points = told["points"].as_array().expect("points");
    assert_eq!(points.len(), 24);
    for point in points {
        let day = point["as_of"].as_str().expect("a day");
        let held = posts.iter().filter(|post| {
            let place = &post["facility_code"];
            let open = opened[place].as_str() <= day && (closed[place].is_empty() || closed[place].as_str() > day);
            open && post["starts_on"].as_str() <= day && (post["ends_on"].is_empty() || post["ends_on"].as_str() >= day)
        });
        let (mut people, mut number) = (BTreeSet::new(), 0);
        for post in held {
            people.insert(&post["staff_code"]);
            number += 1;
        }
        assert_eq!(
            (&point["figures"]["staff.total"], &point["figures"]["staff.posts"]),
            (&people.len().into(), &number.into()),
            "{day}"
        );
    }
    assert_eq!(points[23]["figures"]["staff.total"], 740);

    let (items, shipments) = (rows("items"), rows("shipments"));
    let (category, unit) = (by(&items, "code", "category"), by(&items, "code", "base_unit"));
    let to_facility = by(&rows("stock_locations"), "code", "facility_code");
    let heads: HashMap<String, Row> = shipments.into_iter().map(|row| (row["code"].clone(), row)).collect();
    let mut expected: BTreeMap<(String, String, String), [i64; 2]> = BTreeMap::new();
    for line in rows("shipment_lines") {
        let head = &heads[&line["shipment_code"]];
        if to_facility.get(&head["to_code"]).is_none_or(String::is_empty) {
            continue;
        }
        let of =
            |day: &str| (category[&line["item_code"]].clone(), format!("{}-01", &day[..7]), unit[&line["item_code"]].clone());
        if !head["dispatched_on"].is_empty() {
            expected.entry(of(&head["dispatched_on"])).or_default()[0] += line["quantity"].parse::<i64>().expect("a number");
        }
        if !head["received_on"].is_empty() {
            expected.entry(of(&head["received_on"])).or_default()[1] +=
                line["accepted_quantity"].parse::<i64>().expect("a number");
        }
    }
    let told = manager.get("/api/v1/reports/supplies?by=category,month").await.expect_status(200).json();
    let text = |cell: &serde_json::Value, field: &str| cell[field].as_str().expect("a text").to_owned();
    let cells: BTreeMap<_, _> = told["cells"]
        .as_array()
        .expect("cells")
        .iter()
        .map(|cell| {
            let number = |field: &str| cell[field].as_i64().expect("a number");
            ((text(cell, "category"), text(cell, "month"), text(cell, "base_unit")), [number("sent"), number("arrived")])
        })
        .collect();
    assert!(expected.len() > 50, "{}", expected.len());
    assert_eq!(cells, expected);
}
