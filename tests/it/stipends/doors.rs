//! Who sees what of stipends, and who may do what.

use serde_json::json;
use siraj::auth::Role;

use super::ground::{Ground, amount_of};
use crate::support::id_of;

#[tokio::test]
async fn coordinators_read_and_hold_the_entries_of_their_areas_and_no_others() {
    let ground = Ground::new().await;
    ground.people("D", "doctor", 2, "USD", "500").await;
    let away = ground.app.area("HOMS", None).await;
    let there = id_of(&ground.app.facility(&ground.drafter, "MPT-09", away).await);
    let moved = ground.people("N", "nurse", 1, "USD", "300").await[0];
    ground
        .database
        .execute("UPDATE assignments SET facility_id = $1 WHERE staff_id = $2", &[&there, &moved])
        .await
        .expect("a post");
    let run = ground.approved("2015-03-01").await;
    let (own, other) = (ground.app.coordinator(&[ground.area]).await, ground.app.coordinator(&[away]).await);
    let nowhere = ground.app.coordinator(&[ground.app.area("IDLIB", None).await]).await;

    let sheet = own.get(&run).await.expect_status(200).json();
    assert_eq!((amount_of(&sheet, "charged_amount"), &sheet["expenditure_amount"]), ("1000.00".to_owned(), &json!(null)));
    assert_eq!(amount_of(&other.get(&run).await.expect_status(200).json(), "charged_amount"), "300.00");
    assert_eq!((own.all(&format!("{run}/entries")).await.len(), own.all(&format!("{run}/signature-sheet")).await.len()), (2, 2));
    assert_eq!(own.all("/api/v1/stipend-runs").await.len(), 1);
    nowhere.get(&run).await.expect_problem(404, "not-found");
    assert!(nowhere.all("/api/v1/stipend-runs").await.is_empty());

    let theirs = id_of(&other.all(&format!("{run}/entries")).await[0]);
    own.get(&format!("/api/v1/stipend-entries/{theirs}")).await.expect_problem(404, "not-found");
    let hold = json!({"entry_ids": [theirs], "reason": "Has left the area for some weeks."});
    own.post(&format!("{run}/holds"), &hold).await.expect_problem(422, "validation-failed");
    assert_eq!(
        amount_of(&other.post(&format!("{run}/holds"), &hold).await.expect_status(200).json(), "charged_amount"),
        "300.00"
    );
    other.post(&format!("{run}/releases"), &json!({"entry_ids": [theirs]})).await.expect_status(200);
    assert_eq!(other.all(&format!("{run}/entries?status=due")).await.len(), 1);

    // They propose; they neither draft nor approve nor pay.
    for act in ["recompute", "approval", "payments", "returns", "closing", "cancellation"] {
        own.post(&format!("{run}/{act}"), &json!({})).await.expect_problem(403, "forbidden");
    }
    own.get(&format!("{run}/payments")).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn auditors_read_all_of_it_and_only_the_end_of_who_carried_it() {
    let ground = Ground::new().await;
    ground.people("D", "doctor", 1, "USD", "500").await;
    let run = ground.approved("2015-03-01").await;
    let paying =
        json!({"paid_on": "2015-04-01", "method": "hawala", "organization_id": ground.agent().await, "reference": "H-2015-Q4Z7"});
    ground.drafter.post(&format!("{run}/payments"), &paying).await.expect_status(200);
    let auditor = ground.app.user(Role::Auditor).await;
    let payments = auditor.all(&format!("{run}/payments")).await;
    assert_eq!(payments[0]["reference"], "…Q4Z7");
    let one = format!("/api/v1/stipend-payments/{}", id_of(&payments[0]));
    assert_eq!(auditor.get(&one).await.expect_status(200).json()["reference"], "…Q4Z7");
    assert_eq!(ground.drafter.get(&one).await.expect_status(200).json()["reference"], "H-2015-Q4Z7");
    let history = auditor.get(&format!("{run}/history")).await.expect_status(200).text();
    assert!(history.contains("stipend_payments") && !history.contains("Q4Z7"), "{history}");
    auditor.post(&format!("{run}/closing"), &json!({})).await.expect_problem(403, "forbidden");
    let clerk = ground.app.clerk(ground.facility).await;
    for reader in [clerk, ground.app.user(Role::Admin).await] {
        for path in
            ["/api/v1/stipend-runs".to_owned(), run.clone(), format!("{run}/entries"), format!("{run}/payments"), one.clone()]
        {
            reader.get(&path).await.expect_problem(403, "forbidden");
        }
    }
}
