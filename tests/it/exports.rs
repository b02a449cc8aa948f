//! Stories of what others read in their own forms.

pub mod iati;

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Client, faults},
    id_of, openpyxl,
};

const SYSTEM: &str = "00000000-0000-7000-8000-000000000001";

/// A country of two areas, a partner whose contract of 2015 supports a hospital in one and a point in the other, and who works there.
struct World {
    app: TestApp,
    manager: Client,
    sql: tokio_postgres::Client,
    east: Uuid,
    west: Uuid,
    hospital: Uuid,
    point: Uuid,
    partner: Uuid,
}

impl World {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let sql = app.database.owner().await;
        let country = app.area("SY", None).await;
        let (east, west) = (app.area("EAST", Some(country)).await, app.area("WEST", Some(country)).await);
        let add = async |path: &str, body: Value| {
            id_of(&manager.post(&format!("/api/v1/{path}"), &body).await.expect_status(201).json())
        };
        let facility = async |code: &str, area: Uuid, kinds: &[&str]| {
            add("facilities", json!({"code": code, "name": format!("Facility {code}"), "kinds": kinds, "area_id": area, "opened_on": "2013-01-01"})).await
        };
        let hospital = facility("HOS-01", east, &["hospital", "primary_care_center"]).await;
        let point = facility("MPT-01", west, &["medical_point"]).await;
        add("organizations", json!({"code": "OWN", "name": "The office", "roles": ["own"]})).await;
        let partner = add("organizations", json!({"code": "NORWAC", "name": "NORWAC", "roles": ["partner"]})).await;
        let terms = json!({"code": "NORWAC-2015", "name": "=Medical staff", "organization_id": partner, "starts_on": "2015-01-01", "ends_on": "2015-12-31"});
        let contract = add("contracts", terms).await;
        for facility in [hospital, point] {
            add(&format!("contracts/{contract}/facilities"), json!({"facility_id": facility})).await;
        }
        for (code, cadre, place) in [("S-1", "doctor", hospital), ("S-2", "nurse", hospital), ("S-3", "nurse", point)] {
            let person = add("staff", json!({"code": code, "cadre": cadre, "area_id": east})).await;
            add("assignments", json!({"staff_id": person, "facility_id": place, "cadre": cadre, "starts_on": "2015-02-01", "contract_id": contract, "ends_on": "2015-12-31"})).await;
        }
        Self { app, manager, sql, east, west, hospital, point, partner }
    }
}

#[tokio::test]
async fn who_does_what_where_and_when_is_told_by_area_with_tags_that_machines_read() {
    let world = World::start().await;
    let path = "/api/v1/exports/activities?as_of=2015-06-30";
    let page = world.manager.get(path).await.expect_status(200).json();
    let told: Vec<_> = page["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|row| (row["area_code"].as_str().unwrap_or_default(), row["facilities"].clone(), row["staff"].clone()))
        .collect();
    assert_eq!(told.len(), 2);
    // Few people, at few facilities: how many is not told.
    assert!(told.contains(&("EAST", json!(1), Value::Null)) && told.contains(&("WEST", json!(1), Value::Null)), "{told:?}");
    let row = &page["items"][0];
    for (field, value) in [
        ("activity_code", "NORWAC-2015"),
        ("activity_kind", "contract"),
        ("funder_code", "NORWAC"),
        ("implementer_name", "The office"),
        ("country_code", "SY"),
        ("starts_on", "2015-01-01"),
    ] {
        assert_eq!(row[field], value, "{field}");
    }
    // A page at a time gives the same rows, whichever end it begins at.
    for sort in ["activity_code", "-activity_code"] {
        assert_eq!(world.manager.all(&format!("{path}&limit=1&sort={sort}")).await.len(), 2);
    }
    let sheet = world.manager.get(&format!("{path}&format=csv&hxl=true")).await.expect_status(200).text();
    let lines: Vec<&str> = sheet.lines().collect();
    let (headings, tags): (Vec<&str>, Vec<&str>) = (lines[0].split(',').collect(), lines[1].split(',').collect());
    assert_eq!(headings.len(), tags.len());
    assert!(tags.iter().all(|tag| tag.starts_with('#')), "{tags:?}");
    assert_eq!(tags[headings.iter().position(|heading| *heading == "funder_name").expect("a column")], "#org+funder+name");
    assert_eq!(lines.len(), 4);
    assert!(lines[2].contains("'=Medical staff"), "a formula is disarmed: {}", lines[2]);
    // Before the contract nothing is done.
    assert_eq!(
        world.manager.get("/api/v1/exports/activities?as_of=2014-12-31").await.expect_status(200).json()["items"],
        json!([])
    );
    let other = format!("{path}&organization_id={}", Uuid::now_v7());
    assert_eq!(world.manager.get(&other).await.expect_status(200).json()["items"], json!([]));
}

#[tokio::test]
async fn people_are_told_by_contract_and_area_where_they_are_many_at_many_places_at_a_months_end() {
    let world = World::start().await;
    let contract = id_of(&world.manager.all("/api/v1/contracts?q=NORWAC-2015").await[0]);
    let add = async |path: &str, body: Value| {
        id_of(&world.manager.post(&format!("/api/v1/{path}"), &body).await.expect_status(201).json())
    };
    let staff = async |day: &str| {
        let page = world.manager.get(&format!("/api/v1/exports/activities?as_of={day}")).await.expect_status(200).json();
        page["items"].as_array().expect("items").iter().find(|row| row["area_code"] == "EAST").expect("EAST")["staff"].clone()
    };
    let mut places = vec![world.hospital];
    for number in 2..=3 {
        let body = json!({"code": format!("HOS-0{number}"), "name": format!("Facility {number}"), "kinds": ["hospital"], "area_id": world.east, "opened_on": "2013-01-01"});
        places.push(add("facilities", body).await);
        add(&format!("contracts/{contract}/facilities"), json!({"facility_id": places.last()})).await;
    }
    assert_eq!(staff("2015-06-30").await, Value::Null, "two people");
    for number in 4..=7 {
        let person = add("staff", json!({"code": format!("S-{number}"), "cadre": "nurse", "area_id": world.east})).await;
        add("assignments", json!({"staff_id": person, "facility_id": places[number % 3], "cadre": "nurse", "starts_on": "2015-02-01", "contract_id": contract, "ends_on": "2015-12-31"})).await;
    }
    assert_eq!(staff("2015-06-30").await, 6);
    assert_eq!(staff("2015-06-29").await, Value::Null, "from day to day, people would show");
    world
        .manager
        .patch(&format!("/api/v1/facilities/{}", places[2]), "*", &json!({"closed_on": "2015-05-01"}))
        .await
        .expect_status(200);
    assert_eq!(staff("2015-06-30").await, Value::Null, "two facilities");
}

#[tokio::test]
async fn any_list_carries_the_tags_as_csv_and_as_a_workbook_and_json_needs_none() {
    let world = World::start().await;
    let sheet = world.manager.get("/api/v1/facilities?format=csv&hxl=true").await.expect_status(200).text();
    let lines: Vec<&str> = sheet.lines().collect();
    let place = lines[0].split(',').position(|heading| heading == "name_ar").expect("a column");
    assert_eq!(lines[1].split(',').nth(place), Some("#loc+name+i_ar"));
    assert_eq!(lines.len(), 4);
    let plain = world.manager.get("/api/v1/facilities?format=csv").await.expect_status(200).text();
    assert_eq!(plain.lines().count(), 3);
    let book = world.manager.get("/api/v1/facilities?format=xlsx&hxl=true").await.expect_status(200);
    let mut book: calamine::Xlsx<_> = calamine::Reader::new(std::io::Cursor::new(book.body.clone())).expect("a workbook");
    let range = calamine::Reader::worksheet_range_at(&mut book, 0).expect("a sheet").expect("cells");
    let second: Vec<String> = range.rows().nth(1).expect("tags").iter().map(ToString::to_string).collect();
    assert!(second.contains(&"#loc+name+i_ar".to_owned()) && range.height() == 4, "{second:?}");
    for wrong in ["hxl=true", "hxl=yes&format=csv", "hxl=true&format=json"] {
        let refused = world.manager.get(&format!("/api/v1/facilities?{wrong}")).await.expect_status(422).json();
        assert_eq!(faults(&refused), [("/hxl".to_owned(), "unknown-value".to_owned())], "{wrong}");
    }
}

#[tokio::test]
async fn a_long_list_is_whole_and_in_its_order_as_csv_and_as_a_workbook() {
    let world = World::start().await;
    let text = format!(
        "INSERT INTO items (id, code, name, category, base_unit, recorded_by)
         SELECT gen_random_uuid(), 'LONG-' || lpad(n::text, 6, '0'), CASE n % 3 WHEN 0 THEN '=1+1' ELSE 'Item, \"' || n || '\"' END, category, base_unit, '{SYSTEM}'
         FROM generate_series(1, 21000) n, (SELECT category, base_unit FROM items LIMIT 1) AS one"
    );
    let item = json!({"code": "ONE", "name": "An item", "category": "medicines", "base_unit": "unit"});
    world.manager.post("/api/v1/items", &item).await.expect_status(201);
    world.sql.batch_execute(&text).await.expect("items");
    for (sort, first, last) in [("code", "LONG-000001", "ONE"), ("-code", "ONE", "LONG-000001")] {
        let path = format!("/api/v1/items?sort={sort}");
        let sheet = world.manager.get(&format!("{path}&format=csv")).await.expect_status(200).text();
        let mut reader = csv::Reader::from_reader(sheet.trim_start_matches('\u{feff}').as_bytes());
        let code = reader.headers().expect("headings").iter().position(|heading| heading == "code").expect("codes");
        let rows: Vec<Vec<String>> =
            reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
        assert_eq!((rows.len(), rows[0][code].as_str(), rows[21_000][code].as_str()), (21_001, first, last));
        assert!(rows.windows(2).all(|pair| (pair[0][code] < pair[1][code]) == (sort == "code")), "no row twice, none left out");
        let book = world.manager.get(&format!("{path}&format=xlsx")).await.expect_status(200);
        let sheets = openpyxl::sheets(&book.body);
        let told = sheets["Sheet1"].as_array().expect("a sheet");
        assert_eq!(told.len(), 21_002);
        for (cells, row) in told.iter().skip(1).zip(&rows) {
            let text = |cell: &Value| {
                cell.as_str().map_or_else(|| if cell.is_null() { String::new() } else { cell.to_string() }, str::to_owned)
            };
            let cells: Vec<String> = cells.as_array().expect("a row").iter().map(text).collect();
            assert_eq!(&cells, row, "the same in both");
        }
    }
}

#[tokio::test]
async fn the_map_holds_cells_and_numbers_and_neither_a_name_nor_a_place() {
    let world = World::start().await;
    let coordinator = world.app.coordinator(&[world.east, world.west]).await;
    for (facility, latitude, longitude) in [(world.hospital, 33.5138, 36.3922), (world.point, 33.5999, 36.3001)] {
        coordinator
            .put(&format!("/api/v1/facilities/{facility}/location"), &json!({"latitude": latitude, "longitude": longitude}))
            .await
            .expect_status(200);
    }
    let answer = world.manager.get("/api/v1/exports/facility-map?as_of=2015-06-30").await.expect_status(200);
    assert_eq!(answer.header("content-type"), "application/geo+json");
    let text = answer.text();
    assert!(
        !text.contains("Facility") && !text.contains("HOS-01") && !text.contains("33.5138") && !text.contains("36.3922"),
        "{text}"
    );
    let map = answer.json();
    let cells = map["features"].as_array().expect("features");
    assert_eq!((map["type"].as_str(), cells.len()), (Some("FeatureCollection"), 1));
    assert_eq!(
        cells[0]["geometry"]["coordinates"][0],
        json!([[36.3, 33.5], [36.4, 33.5], [36.4, 33.6], [36.3, 33.6], [36.3, 33.5]])
    );
    let numbers = &cells[0]["properties"];
    assert_eq!(
        (&numbers["facilities"], &numbers["hospital"], &numbers["medical_point"], &numbers["mobile_clinic"]),
        (&json!(2), &json!(1), &json!(1), &json!(0))
    );
    let narrow = world.app.coordinator(&[world.west]).await;
    assert_eq!(
        narrow.get("/api/v1/exports/facility-map").await.expect_status(200).json()["features"][0]["properties"]["facilities"],
        1
    );
    for role in [Role::Auditor] {
        world.app.user(role).await.get("/api/v1/exports/facility-map").await.expect_status(403);
    }
    world.app.clerk(world.hospital).await.get("/api/v1/exports/facility-map").await.expect_status(403);
}

#[tokio::test]
async fn the_data_values_of_a_month_are_the_figures_of_its_last_day_by_area() {
    let world = World::start().await;
    let told = world.manager.get("/api/v1/exports/data-values?period=201506").await.expect_status(200).json();
    assert_eq!((told["dataSet"].as_str(), told["period"].as_str()), (Some("SIRAJ_MONTHLY"), Some("201506")));
    let values = told["dataValues"].as_array().expect("values");
    for (area, id) in [("EAST", world.east), ("WEST", world.west)] {
        let figures =
            world.manager.get(&format!("/api/v1/reports/figures?as_of=2015-06-30&area_id={id}")).await.expect_status(200).json();
        let value = |element: &str| {
            let found = values.iter().find(|value| value["orgUnit"] == area && value["dataElement"] == element);
            found.map_or(0, |value| value["value"].as_str().expect("a text").parse::<i64>().expect("a number"))
        };
        assert_eq!(value("SIRAJ_FACILITIES"), figures["facilities"]["total"].as_i64().expect("a number"), "{area}");
        // Two doctors and nurses here, one there: none of them is told, nor how many there are.
        assert!((1..5).contains(&figures["staff"]["total"].as_i64().expect("a number")), "{area}");
        assert!(!values.iter().any(|one| one["dataElement"].as_str().expect("a text").starts_with("SIRAJ_STAFF")), "{values:?}");
        for (kind, number) in figures["facilities"]["by_kind"].as_object().expect("kinds") {
            assert_eq!(json!(value(&format!("SIRAJ_FACILITIES_{}", kind.to_uppercase()))), *number, "{area} {kind}");
        }
    }
    // Many are told, without those who would give the few away.
    let people = format!(
        "INSERT INTO staff (id, code, cadre, area_id, recorded_by) SELECT gen_random_uuid(), 'N-' || n, 'nurse', $1, '{SYSTEM}' FROM generate_series(1, 15) n"
    );
    world.sql.execute(&people, &[&world.east]).await.expect("people");
    let posts = format!(
        "INSERT INTO assignments (id, staff_id, facility_id, cadre, share_percent, starts_on, recorded_by)
         SELECT gen_random_uuid(), id, $1, CASE WHEN code < 'N-15' THEN 'midwife' ELSE 'nurse' END, 100, '2015-02-01', '{SYSTEM}' FROM staff WHERE code LIKE 'N-%'"
    );
    world.sql.execute(&posts, &[&world.hospital]).await.expect("posts");
    let told = world.manager.get("/api/v1/exports/data-values?period=201506").await.expect_status(200).json();
    let staff: Vec<_> = told["dataValues"]
        .as_array()
        .expect("values")
        .iter()
        .filter(|one| one["dataElement"].as_str().expect("a text").starts_with("SIRAJ_STAFF"))
        .map(|one| (one["orgUnit"].clone(), one["dataElement"].clone(), one["value"].clone()))
        .collect();
    let of_east = |element: &str, number: &str| (json!("EAST"), json!(element), json!(number));
    // A doctor hides with the six midwives, who are next in number.
    assert_eq!(staff, [of_east("SIRAJ_STAFF", "17"), of_east("SIRAJ_STAFF_NURSE", "10")]);
    let this = chrono::Utc::now().format("%Y%m").to_string();
    let refused = world.manager.get(&format!("/api/v1/exports/data-values?period={this}")).await.expect_status(422).json();
    assert_eq!(faults(&refused), [("/period".to_owned(), "out-of-range".to_owned())]);
    for (wrong, code) in [
        ("2015-06", "invalid-format"),
        ("201513", "invalid-format"),
        ("190001", "date-out-of-range"),
        ("٢٠١٥٠٦", "invalid-format"),
    ] {
        let refused = world.manager.get(&format!("/api/v1/exports/data-values?period={wrong}")).await.expect_status(422).json();
        assert_eq!(faults(&refused), [("/period".to_owned(), code.to_owned())], "{wrong}");
    }
    let partner = world.app.partner(world.partner).await;
    for path in ["data-values?period=201506", "activities", "facility-map", "fhir-directory"] {
        partner.get(&format!("/api/v1/exports/{path}")).await.expect_status(403);
    }
}

#[tokio::test]
async fn the_directory_streams_every_area_and_facility_as_resources_that_name_each_other() {
    let world = World::start().await;
    let more = format!(
        "INSERT INTO facilities (id, code, name, kinds, area_id, recorded_by)
         SELECT gen_random_uuid(), 'MORE-' || n, 'More ' || n, '{{medical_point}}', $1, '{SYSTEM}' FROM generate_series(1, 2500) n"
    );
    world.sql.execute(&more, &[&world.west]).await.expect("facilities");
    let answer = world.manager.get("/api/v1/exports/fhir-directory").await.expect_status(200);
    assert_eq!(answer.header("content-type"), "application/fhir+ndjson");
    let resources: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).expect("a resource")).collect();
    assert_eq!(resources.len(), 3 + 2 * 2502);
    let names: std::collections::HashSet<String> = resources
        .iter()
        .map(|one| format!("{}/{}", one["resourceType"].as_str().expect("a type"), one["id"].as_str().expect("an id")))
        .collect();
    assert_eq!(names.len(), resources.len(), "every resource has a name of its own");
    for resource in &resources {
        for reference in [&resource["partOf"]["reference"], &resource["managingOrganization"]["reference"]] {
            assert!(reference.is_null() || names.contains(reference.as_str().expect("a text")), "{reference}");
        }
        assert!(resource["position"].is_null());
    }
    let east = world.app.coordinator(&[world.east]).await.get("/api/v1/exports/fhir-directory").await.expect_status(200).text();
    assert!(east.contains("HOS-01") && !east.contains("MORE-") && !east.contains("MPT-01"));
}
