//! Figures held against what was published.

use serde_json::{Value, json};
use uuid::Uuid;

use super::World;
use crate::support::{client::faults, id_of};

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
