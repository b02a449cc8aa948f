//! Stories of reports for partners: they say what the grants say, and are read through them.

use chrono::NaiveDate;
use serde_json::{Value, json};
use siraj::{auth::Role, db::Db, publishing};
use uuid::Uuid;

use super::{World, month_end};
use crate::support::{
    client::{Answer, faults},
    id_of,
};

const REPORTS: &str = "/api/v1/published-reports";
const COUNTS: &[&str] = &["facility_counts", "staff_counts", "shipment_counts"];
const SINCE: NaiveDate = NaiveDate::from_ymd_opt(2015, 1, 1).unwrap();

impl World {
    async fn define(&self, code: &str, more: Value) -> Uuid {
        let mut body = json!({"code": code, "title": format!("Report {code}"), "kind": "figures", "contract_id": self.contract});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        id_of(&self.manager.post("/api/v1/report-definitions", &body).await.expect_status(201).json())
    }

    async fn draft_report(&self, definition: Uuid, as_of: NaiveDate) -> Answer {
        self.manager.post(REPORTS, &json!({"definition_id": definition, "as_of": as_of})).await
    }

    async fn publish(&self, definition: Uuid, as_of: NaiveDate) -> Value {
        let draft = self.draft_report(definition, as_of).await.expect_status(201).json();
        let body = json!({"document_hash": draft["document_hash"]});
        let path = format!("{REPORTS}/{}/publication", id_of(&draft));
        self.second.post(&path, &body).await.expect_status(200).json()
    }

    /// A hospital where 3 doctors, 7 nurses and 12 midwives work: the doctors hide, and the nurses with them.
    async fn small_cells(&self) {
        let facility = self.facility("HOS-01", &["hospital", "nursing_home"]).await;
        for (cadre, number) in [("doctor", 3), ("nurse", 7), ("midwife", 12)] {
            self.pays(cadre, number, facility, (SINCE, None)).await;
        }
    }
}

#[tokio::test]
async fn a_report_for_a_partner_says_what_its_grants_say_and_no_more() {
    let world = World::start().await;
    world.small_cells().await;
    let definition = world.define("PARTNER", json!({"audience": "partner"})).await;
    let last = month_end(1);
    // A month that no grant has frozen is told to no partner, on paper neither.
    world.draft_report(definition, last).await.expect_problem(409, "month-not-frozen");
    let (_, machine) = world.machine(world.grant(COUNTS, json!({})).await).await;
    for (day, code) in
        [(last.pred_opt().unwrap(), "not-month-end"), (NaiveDate::from_ymd_opt(2015, 1, 30).unwrap(), "not-month-end")]
    {
        let refused = world.draft_report(definition, day).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&refused), [("/as_of".to_owned(), code.to_owned())], "{day}");
    }
    let report = world.publish(definition, last).await;
    assert_eq!(report["audience"], "partner");
    let document = world.manager.get(&format!("{REPORTS}/1/document")).await.expect_status(200).json();
    let shared = machine.get("/api/v1/shared/figures").await.expect_status(200).json();
    let figures = &document["figures"];
    assert_eq!(figures["staff"], shared["staff"]);
    assert_eq!((&figures["staff"]["by_cadre"]["doctor"], &figures["staff"]["by_cadre"]["nurse"]), (&Value::Null, &Value::Null));
    assert_eq!(figures["facilities"], shared["facilities"]);
    assert_eq!(figures["shipments"], json!({"received": shared["shipments_received"]}));
    for word in ["posts", "full_time", "by_area", "functionality", "funding", "map", "explanation", "Cave", "HOS-01"] {
        assert!(!document.to_string().contains(&format!("\"{word}")), "{word}: {document}");
    }
    // Whatever is corrected, it says the same, and so does the month.
    let facility = "SELECT id FROM facilities WHERE code = 'HOS-01'";
    let facility = world.sql.query_one(facility, &[]).await.expect("a facility").get(0);
    world.pays("doctor", 1, facility, (SINCE, None)).await;
    let db = Db::new(&world.app.database.service_url(), 1).expect("a pool");
    assert_eq!(publishing::verify(&db, None).await.expect("checked").faults, Vec::<String>::new());
    world.manager.get(&format!("{REPORTS}/1/restatement")).await.expect_problem(409, "wrong-state");
    assert_eq!(world.manager.all(&format!("{REPORTS}?audience=partner")).await.len(), 1);
    assert_eq!(world.manager.all("/api/v1/report-definitions?audience=house").await.len(), 0);
    // With the triggers out of the way an owner can rewrite it; not what was frozen.
    let forge =
        "SET session_replication_role = replica; UPDATE share_releases SET figures = jsonb_set(figures, '{staff,total}', '23')";
    world.sql.batch_execute(forge).await.expect("forged");
    let found = publishing::verify(&db, None).await.expect("checked").faults;
    assert!(found.iter().any(|fault| fault.contains("than what was frozen of its month")), "{found:?}");
}

#[tokio::test]
async fn partners_read_the_reports_that_are_for_them_through_a_grant_of_all_counts() {
    let world = World::start().await;
    world.small_cells().await;
    let grant = world.grant(COUNTS, json!({})).await;
    let (key, machine) = world.machine(grant).await;
    let (partner, house) =
        (world.define("PARTNER", json!({"audience": "partner"})).await, world.define("HOUSE", json!({})).await);
    let report = world.publish(partner, month_end(1)).await;
    world.publish(house, month_end(1)).await;
    world.draft_report(partner, month_end(2)).await.expect_status(201);
    let listed = machine.all("/api/v1/shared/reports").await;
    assert_eq!(listed.len(), 1, "neither what is for the house nor drafts: {listed:?}");
    assert_eq!((&listed[0]["number"], &listed[0]["document_hash"]), (&json!(1), &report["document_hash"]));
    let person = world.app.partner(world.partner).await;
    for reader in [&machine, &person] {
        let envelope = reader.get("/api/v1/shared/reports/1/envelope").await.expect_status(200);
        publishing::check_envelope(&envelope.body, None).expect("holds");
        for file in ["document", "workbook"] {
            let own = reader.get(&format!("/api/v1/shared/reports/1/{file}")).await.expect_status(200);
            assert_eq!(own.body, world.manager.get(&format!("{REPORTS}/1/{file}")).await.expect_status(200).body);
            reader.get(&format!("/api/v1/shared/reports/2/{file}")).await.expect_problem(404, "not-found");
            reader.get(&format!("{REPORTS}/1/{file}")).await.expect_problem(403, "forbidden");
        }
    }
    // It stands in the log of both sides.
    let reads = world.manager.all(&format!("/api/v1/share-grants/{grant}/reads?key_id={}", key["id"].as_str().unwrap())).await;
    assert!(reads.len() == 4 && reads.iter().all(|read| read["operation"] == "reports"), "{reads:?}");
    // What gives less than the report tells does not give it; nor does another contract's grant.
    let (_, less) = world.machine(world.grant(&["facility_counts", "staff_counts"], json!({})).await).await;
    less.get("/api/v1/shared/reports").await.expect_problem(403, "not-granted");
    let other = world.contract("IRC-2", world.partner).await;
    let (_, elsewhere) = world.machine(world.grant(COUNTS, json!({"contract_id": other})).await).await;
    assert!(elsewhere.all("/api/v1/shared/reports").await.is_empty());
    elsewhere.get("/api/v1/shared/reports/1/document").await.expect_problem(404, "not-found");
    world.manager.get("/api/v1/shared/reports").await.expect_problem(403, "forbidden");
    world.close(grant, "end").await.expect_status(200);
    machine.get("/api/v1/shared/reports/1/document").await.expect_problem(401, "invalid-token");
}

#[cfg(feature = "pdf")]
#[tokio::test]
async fn pages_say_for_whom_they_are_and_how_they_are_checked() {
    let world = World::start().await;
    world.small_cells().await;
    let (_, machine) = world.machine(world.grant(COUNTS, json!({})).await).await;
    for (code, audience) in [("PARTNER", "partner"), ("HOUSE", "house")] {
        let definition = world.define(code, json!({"audience": audience})).await;
        world.publish(definition, month_end(1)).await;
    }
    let text = |answer: Answer| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pages.pdf");
        std::fs::write(&file, &answer.body).unwrap();
        let output = std::process::Command::new("pdftotext").arg("-layout").arg(&file).arg("-").output().expect("pdftotext");
        String::from_utf8(output.stdout).unwrap()
    };
    let partner = text(machine.get("/api/v1/shared/reports/1/pages?language=en").await.expect_status(200));
    assert!(partner.contains("For the partner of the contract. Fewer people than 5"), "{partner}");
    assert!(partner.contains("Midwives") && !partner.contains("Full-time") && !partner.contains("On their way"), "{partner}");
    let house = text(world.manager.get(&format!("{REPORTS}/2/pages?language=en")).await.expect_status(200));
    assert!(house.contains("For the house: not for handing on.") && !house.contains("On their way"), "{house}");
    let hash = world.manager.get(&format!("{REPORTS}/2")).await.expect_status(200).json()["document_hash"].clone();
    let address = format!("/api/v1/public/reports/2/verification?document_hash={}", hash.as_str().unwrap());
    assert!(house.contains(&address), "{house}");
    world.app.stranger().get(&address).await.expect_status(200);
    for (client, path) in [(&machine, "/api/v1/shared/reports/1/pages"), (&world.manager, "/api/v1/published-reports/2/pages")] {
        client.get(&format!("{path}?language=ar")).await.expect_status(200);
    }
    world.app.user(Role::Auditor).await.get(&format!("{REPORTS}/1/pages")).await.expect_status(200);
}

#[tokio::test]
async fn a_report_for_a_partner_by_the_month_waits_until_its_month_is_frozen() {
    let world = World::start().await;
    world.small_cells().await;
    let monthly = json!({"audience": "partner", "schedule": "monthly", "starts_on": month_end(1), "due_day": 20});
    world.define("MONTHLY", monthly).await;
    let db = Db::new(&world.app.database.service_url(), 1).expect("a pool");
    assert_eq!(publishing::keep_up(&db).await.expect("kept up"), 0);
    world.grant(COUNTS, json!({})).await;
    assert_eq!(publishing::keep_up(&db).await.expect("kept up"), 1);
    let drafted = world.manager.all(&format!("{REPORTS}?state=draft")).await;
    assert_eq!((&drafted[0]["as_of"], &drafted[0]["audience"]), (&json!(month_end(1)), &json!("partner")));
}
