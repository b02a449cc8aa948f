//! Figures held against what was published.

use serde_json::{Value, json};
use siraj::{auth::Role, imports::demo_sheets};
use uuid::Uuid;

use super::World;
use crate::{
    imports::load,
    support::{TestApp, client::faults, id_of},
};

/// Two hospitals, one of which is also a primary care center, and what was published of them.
async fn published(world: &World) -> Uuid {
    for (code, kinds) in [("HOS-08", &["hospital"][..]), ("HOS-09", &["hospital", "primary_care_center"])] {
        let facility = world.facility(code, world.east, kinds, "2013-01-01", None).await;
        world.contract_supports(facility).await;
    }
    let campaign = world.campaign("SIRAJ-2015").await;
    let claim = async |code: &str, more: Value| {
        let mut body = json!({"code": code, "campaign_id": campaign, "statement": code, "subject": code.to_lowercase().replace('-', "_"), "source": "campaign page"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        id_of(&world.manager.post("/api/v1/claims", &body).await.expect_status(201).json())
    };
    let total =
        claim("TOTAL", json!({"amount": "2", "figure": "facilities.total", "as_of": "2015-12-31", "statement_ar": "منشأتان"}))
            .await;
    claim(
        "HOSPITALS",
        json!({"amount": "2", "figure": "facilities.by_kind.hospital", "as_of": "2015-12-31", "part_of_id": total}),
    )
    .await;
    claim(
        "CENTERS",
        json!({"amount": "1", "figure": "facilities.by_kind.primary_care_center", "as_of": "2015-12-31", "part_of_id": total}),
    )
    .await;
    claim("BEFORE", json!({"amount": "1", "comparison": "at_least", "figure": "facilities.total", "as_of": "2014-12-31"})).await;
    claim("BEGAN-A", json!({"subject": "began", "day": "2012-11-01"})).await;
    claim("BEGAN-B", json!({"subject": "began", "day": "2012-10-01"})).await;
    claim("SAME-A", json!({"subject": "arsal", "day": "2015-01-01"})).await;
    claim("SAME-B", json!({"subject": "arsal", "day": "2015-01-01"})).await;
    campaign
}

#[tokio::test]
async fn reconciliation_explains_why_the_parts_are_more_than_the_whole() {
    let world = World::start().await;
    let campaign = published(&world).await;
    let path = format!("/api/v1/reports/reconciliation?campaign_id={campaign}");
    let told = world.manager.get(&path).await.expect_status(200).json();
    let of = |code: &str| told["claims"].as_array().unwrap().iter().find(|claim| claim["code"] == code).unwrap().clone();

    let total = of("TOTAL");
    assert_eq!(
        (total["computed"].clone(), total["difference"].clone(), total["verdict"].clone()),
        (json!(2), json!("0"), json!("agrees"))
    );
    assert_eq!(total["parts"], json!({"claims": ["CENTERS", "HOSPITALS"], "sum": "3", "difference": "1", "rows": ["HOS-09"]}));
    assert_eq!(
        total["sentence"],
        "The register counts 2: the claim of 2 holds. Its parts add up to 3, not 2: 1 facility serves as several kinds (HOS-09)."
    );
    assert_eq!(of("HOSPITALS")["verdict"], "agrees");
    let before = of("BEFORE");
    assert_eq!(
        (before["computed"].clone(), before["difference"].clone(), before["verdict"].clone()),
        (json!(0), json!("-1"), json!("differs"))
    );
    assert_eq!(
        (of("BEGAN-A")["verdict"].clone(), of("BEGAN-A")["contradicted_by"].clone()),
        (json!("contradicted"), json!(["BEGAN-B"]))
    );
    assert_eq!(of("BEGAN-B")["contradicted_by"], json!(["BEGAN-A"]));
    assert_eq!((of("SAME-A")["verdict"].clone(), of("SAME-A")["contradicted_by"].clone()), (json!("not_computed"), json!([])));
    assert_eq!((of("SAME-A")["computed"].clone(), of("SAME-A").get("parts")), (Value::Null, None));
    // Of what agrees, and of what nothing can be held against, there is nothing to explain.
    let states = ["TOTAL", "SAME-A", "BEFORE", "BEGAN-A"].map(|code| of(code)["state"].clone());
    assert_eq!(states, [Value::Null, Value::Null, json!("open"), json!("open")]);
    let rules: Vec<&String> = told["method"].as_object().unwrap().keys().collect();
    assert_eq!(rules, ["claims", "facilities.by_kind", "facilities.total", "parts"]);
    assert_eq!(told["method"]["facilities.total"]["version"], 1);

    let arabic =
        world.manager.send(reqwest::Method::GET, &path, &[("accept-language", "ar")], None).await.expect_status(200).json();
    let total = arabic["claims"].as_array().unwrap().iter().find(|claim| claim["code"] == "TOTAL").unwrap();
    assert_eq!(total["statement"], "منشأتان");
    assert_eq!(
        total["sentence"],
        "يحصي السجل 2: ما أُعلن (2) صحيح. مجموع أجزائه 3 وليس 2: منشأة واحدة تعمل بأكثر من نوع (HOS-09)."
    );
    let query = "/api/v1/reports/figures?as_of=2015-12-31";
    let figures =
        world.manager.send(reqwest::Method::GET, query, &[("accept-language", "ar")], None).await.expect_status(200).json();
    assert_eq!(
        figures["facilities"]["explanation"],
        "عدد المنشآت 2؛ ومجموعها بحسب النوع 3، لأن منشأة واحدة تعمل بأكثر من نوع (HOS-09)."
    );
}

#[tokio::test]
async fn reconciliation_needs_a_campaign_that_exists() {
    let world = World::start().await;
    let refused = world.manager.get("/api/v1/reports/reconciliation").await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/campaign_id".to_owned(), "required".to_owned())]);
    let path = format!("/api/v1/reports/reconciliation?campaign_id={}", Uuid::now_v7());
    let refused = world.manager.get(&path).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&refused), [("/campaign_id".to_owned(), "unknown-reference".to_owned())]);
}

#[tokio::test]
async fn a_claim_of_some_areas_and_a_contract_is_held_against_what_lies_in_them() {
    let world = World::start().await;
    let south = world.app.area("SOUTH", None).await;
    for (number, area) in [world.east, world.east, world.west, south].into_iter().enumerate() {
        let facility = world.facility(&format!("HOS-0{number}"), area, &["hospital"], "2013-01-01", None).await;
        world.contract_supports(facility).await;
        let payer = (number == 0).then_some(world.contract);
        world.post(world.person(&format!("S-{number}"), "doctor").await, facility, "doctor", 50, payer).await;
    }
    let campaign = world.campaign("SIRAJ-2015").await;
    let claim = async |code: &str, figure: &str, amount: &str, more: Value| {
        let mut body = json!({"code": code, "campaign_id": campaign, "statement": code, "subject": "workers", "source": "campaign page",
            "figure": figure, "amount": amount});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.manager.post("/api/v1/claims", &body).await
    };
    let day = "2015-06-30";
    claim("EVERYWHERE", "staff.total", "4", json!({"as_of": day})).await.expect_status(201);
    let both = json!({"as_of": day, "area_ids": [world.west, world.east], "comparison": "more_than"});
    let both = claim("BOTH", "staff.total", "3", both).await.expect_status(201).json();
    claim("PAID", "staff.total", "1", json!({"as_of": day, "contract_id": world.contract})).await.expect_status(201);
    claim("SHARES", "staff.full_time_equivalents", "1.50", json!({"as_of": day, "area_ids": [world.ghouta]}))
        .await
        .expect_status(201);
    claim("UNDATED", "facilities.total", "4", json!({"subject": "places"})).await.expect_status(201);
    let read = async |more: &str| {
        world.manager.get(&format!("/api/v1/reports/reconciliation?campaign_id={campaign}{more}")).await.expect_status(200).json()
    };
    let told = read("&as_of=2015-12-31").await;
    let of =
        |told: &Value, code: &str| told["claims"].as_array().unwrap().iter().find(|claim| claim["code"] == code).unwrap().clone();
    let stands = |code: &str| (of(&told, code)["computed"].clone(), of(&told, code)["verdict"].clone());
    assert_eq!(stands("EVERYWHERE"), (json!(4), json!("agrees")));
    assert_eq!(stands("BOTH"), (json!(3), json!("differs")), "more than three are in both");
    assert_eq!(stands("PAID"), (json!(1), json!("agrees")));
    assert_eq!((stands("SHARES"), &of(&told, "SHARES")["difference"]), ((Value::Null, json!("agrees")), &json!("0")));
    assert_eq!(stands("UNDATED"), (json!(4), json!("agrees")));
    assert_eq!(of(&told, "UNDATED")["as_of"], "2015-12-31");
    assert_eq!(of(&told, "PAID")["contract"]["code"], "NORWAC-2015");
    let areas: Vec<_> = of(&told, "BOTH")["areas"].as_array().unwrap().iter().map(|area| area["code"].clone()).collect();
    assert_eq!(areas, [json!("WEST"), json!("EAST")]);
    assert!(of(&told, "BOTH")["contradicted_by"].as_array().unwrap().is_empty(), "they speak of something else");
    let later = read("&as_of=2016-06-30").await;
    assert_eq!(of(&later, "UNDATED")["verdict"], "differs", "the contract is over");
    // Narrowed otherwise, what was explained is open again; what it names stays in use.
    let path = format!("/api/v1/claims/{}", id_of(&both));
    let why = json!({"explanation": "The page counts volunteers as well."});
    world.manager.post(&format!("{path}/explanation"), &why).await.expect_status(200);
    let narrowed = world.manager.patch(&path, "*", &json!({"area_ids": [world.east]})).await.expect_status(200).json();
    assert_eq!((&narrowed["state"], &narrowed["area_ids"]), (&json!("open"), &json!([world.east])));
    assert_eq!(of(&read("").await, "BOTH")["computed"], 2);
    let unused = world.app.area("UNUSED", None).await;
    claim("UNUSED", "staff.total", "0", json!({"as_of": day, "area_ids": [unused]})).await.expect_status(201);
    world.manager.delete(&format!("/api/v1/areas/{unused}"), "*").await.expect_problem(409, "still-in-use");
    for (figure, more, pointer, code) in [
        ("staff.total", json!({"area_ids": [Uuid::now_v7()]}), "/area_ids", "unknown-reference"),
        ("staff.total", json!({"area_ids": [world.east, world.east]}), "/area_ids/1", "repeated"),
        ("staff.total", json!({"contract_id": Uuid::now_v7()}), "/contract_id", "unknown-reference"),
        ("staff.total", json!({"since_on": "2015-01-01"}), "/since_on", "unknown-field"),
        ("spending.least_month", json!({"since_on": "2015-07-01"}), "/as_of", "date-order"),
        ("spending.least_month", json!({"area_ids": [world.east]}), "/area_ids", "unknown-field"),
        ("campaign.raised", json!({"contract_id": world.contract}), "/contract_id", "unknown-field"),
        ("campaign.raised", json!({"area_ids": [world.east]}), "/area_ids", "unknown-field"),
    ] {
        let mut body = json!({"as_of": day});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let refused = claim("REFUSED", figure, "1", body).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), [(pointer.to_owned(), code.to_owned())], "{figure} {more}");
    }
}

#[tokio::test]
async fn what_was_spent_each_month_and_what_arrived_of_a_category_is_held_against_what_was_published() {
    let app = TestApp::start().await;
    assert_eq!(load(&app, &demo_sheets().expect("the demo")).await.faults, []);
    let auditor = app.user(Role::Auditor).await;
    let campaign = auditor.all("/api/v1/campaigns?q=SIRAJ-2015").await;
    let path = format!("/api/v1/reports/reconciliation?campaign_id={}", id_of(&campaign[0]));
    let told = auditor.get(&path).await.expect_status(200).json();
    let of = |code: &str| told["claims"].as_array().unwrap().iter().find(|claim| claim["code"] == code).expect(code).clone();
    // In the two Ghoutas alone, not wherever the register knows of people.
    let workers = of("C9-WORKERS");
    let areas: Vec<&str> = workers["areas"].as_array().unwrap().iter().filter_map(|area| area["code"].as_str()).collect();
    assert_eq!(areas, ["EASTERN-GHOUTA", "WESTERN-GHOUTA"]);
    let mut people = 0;
    for area in workers["areas"].as_array().unwrap() {
        let query = format!("as_of=2014-12-31&area_id={}", area["id"].as_str().unwrap());
        people += super::figures(&auditor, &query).await["staff"]["total"].as_i64().unwrap();
    }
    assert_eq!((&workers["computed"], &workers["verdict"]), (&json!(people), &json!("differs")));
    // The least of the months is that of the report of money.
    let monthly = of("C12-MONTHLY");
    let contract = monthly["contract"]["id"].as_str().unwrap();
    let spending = format!("/api/v1/reports/spending?by=month&contract_id={contract}&from=2014-05-01&to=2014-12-31");
    let spending = auditor.get(&spending).await.expect_status(200).json();
    let months: Vec<f64> =
        spending["cells"].as_array().unwrap().iter().map(|cell| cell["spent"].as_str().unwrap().parse().unwrap()).collect();
    let least = months.iter().copied().fold(f64::MAX, f64::min);
    assert_eq!((months.len(), monthly["computed_amount"].as_str().unwrap()), (8, format!("{least:.2}").as_str()));
    assert_eq!(monthly["verdict"], "agrees", "{monthly}");
    let supplies = auditor.get("/api/v1/reports/supplies?by=category&to=2015-12-31").await.expect_status(200).json();
    let baskets =
        supplies["cells"].as_array().unwrap().iter().find(|cell| cell["base_unit"] == "basket").expect("baskets")["arrived"]
            .clone();
    assert_eq!((&of("C7-BASKETS")["computed"], &of("C7-BASKETS")["verdict"]), (&baskets, &json!("differs")));
    // Of 2012 the register has no expenditures: nothing is held against it.
    assert_eq!(of("C3-MONTHLY")["verdict"], "not_computed");
    let rules = &told["method"];
    for rule in ["spending.least_month", "supplies.arrived", "campaign.raised", "staff.total", "claims"] {
        assert_eq!(rules[rule]["version"], 1, "{rule}");
    }
}
