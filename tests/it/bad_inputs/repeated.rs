//! Requests that are sent again, and edits that come late.

use super::*;

#[tokio::test]
async fn a_request_sent_again_is_done_once() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let other = app.user(Role::Manager).await;
    let body = facility(app.area("GHOUTA", None).await);
    let key = [("idempotency-key", "send-1")];
    let first = manager.post_with("/api/v1/facilities", &key, &body).await.expect_status(201);
    let again = manager.post_with("/api/v1/facilities", &key, &body).await.expect_status(201);
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.header("etag"), "\"1\"");
    manager
        .post_with("/api/v1/facilities", &key, &with(&body, "code", json!("MPT-02")))
        .await
        .expect_problem(422, "idempotency-key-reused");
    other.post_with("/api/v1/facilities", &key, &body).await.expect_problem(409, "duplicate");
    for bad in ["", " ", &"k".repeat(256)] {
        manager
            .post_with("/api/v1/facilities", &[("idempotency-key", bad)], &body)
            .await
            .expect_problem(400, "idempotency-key-invalid");
    }
    let senders = (0..5).map(|_| async {
        let named = with(&with(&body, "code", json!("MPT-09")), "name", json!("Medical point 09"));
        manager.post_with("/api/v1/facilities", &[("idempotency-key", "race")], &named).await.status.as_u16()
    });
    let statuses = futures_util::future::join_all(senders).await;
    assert!(statuses.iter().all(|status| matches!(status, 201 | 409)), "{statuses:?}");
    assert_eq!(manager.all("/api/v1/facilities").await.len(), 2);
}

#[tokio::test]
async fn a_record_sent_again_under_its_id_is_recognised() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let body = with(&facility(app.area("GHOUTA", None).await), "id", json!(Uuid::now_v7()));
    let made = manager.post("/api/v1/facilities", &body).await.expect_status(201).json();
    let again = manager.post("/api/v1/facilities", &body).await.expect_status(200);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.json(), made);
    manager.post("/api/v1/facilities", &with(&body, "name", json!("Other"))).await.expect_problem(409, "record-conflict");
    manager.delete(&format!("/api/v1/facilities/{}", id_of(&made)), "\"1\"").await.expect_status(200);
    manager.post("/api/v1/facilities", &body).await.expect_problem(410, "record-deleted");
}

#[tokio::test]
async fn an_edit_says_what_it_has_read() {
    let app = TestApp::start().await;
    let manager = app.user(Role::Manager).await;
    let made = app.facility(&manager, "MPT-01", app.area("GHOUTA", None).await).await;
    let path = format!("/api/v1/facilities/{}", id_of(&made));
    manager.send(Method::PATCH, &path, &[JSON], Some(b"{}".to_vec())).await.expect_problem(428, "precondition-required");
    for bad in ["W/\"1\"", "1", "\"x\"", "\"1\", \"2\"", "\"\""] {
        manager.patch(&path, bad, &json!({"beds": 1})).await.expect_problem(400, "invalid-if-match");
    }
    let stale = manager.patch(&path, "\"7\"", &json!({"beds": 1})).await;
    assert_eq!(stale.header("etag"), "\"1\"");
    stale.expect_problem(412, "stale-revision");
    manager
        .patch(&format!("/api/v1/facilities/{}", Uuid::now_v7()), "*", &json!({"beds": 1}))
        .await
        .expect_problem(404, "not-found");
    let edits = (0..8).map(|beds| {
        let (manager, path) = (manager.clone(), path.clone());
        async move { manager.patch(&path, "\"1\"", &json!({"beds": beds})).await.status.as_u16() }
    });
    let statuses = futures_util::future::join_all(edits).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "one of eight wins: {statuses:?}");
    let problem = manager
        .patch(&path, "*", &json!({"name": null, "kinds": null, "colour": 1}))
        .await
        .expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem).len(), 3);
    let unchanged = manager.send(Method::GET, &path, &[("if-none-match", "\"2\"")], None).await;
    unchanged.expect_status(304);
}
