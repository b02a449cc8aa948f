//! What no handler reads is refused, at every address of the document.

use super::*;

/// The addresses that are read, with something for each of their parts.
fn readable(document: &Value) -> Vec<(String, Value)> {
    let paths = document["paths"].as_object().expect("paths").iter();
    let read = paths.filter_map(|(path, item)| item.get("get").map(|operation| (path, operation.clone())));
    let filled = read.map(|(path, operation)| {
        let parts = path.split('/').map(|part| match part {
            "{figure}" => "staff.total".to_owned(),
            "{number}" => "1".to_owned(),
            "{code}" => "SIRAJ-2015".to_owned(),
            "{since_on}" | "{ran_on}" => "2015-01-01".to_owned(),
            id if id.starts_with('{') => Uuid::now_v7().to_string(),
            word => word.to_owned(),
        });
        (parts.collect::<Vec<_>>().join("/"), operation)
    });
    filled.collect()
}

#[tokio::test]
async fn no_address_lets_a_parameter_pass_that_it_does_not_read_or_gives_a_form_that_nobody_accepts() {
    let app = TestApp::start().await;
    let readers = [app.user(Role::Manager).await, app.user(Role::Admin).await, app.stranger()];
    let document: Value = readers[2].get("/openapi.json").await.json();
    let mut wrong = Vec::new();
    let mut judged = 0;
    for (path, operation) in readable(&document) {
        // Whoever may not ask it is told that, and no word about the request. What keys alone may read is judged in the stories of sharing.
        for reader in &readers {
            let unread = reader.get(&format!("{path}?colour=red")).await;
            let picky = reader.send(Method::GET, &path, &[("accept", "font/woff2")], None).await;
            if !matches!(unread.status.as_u16(), 401 | 403) {
                judged += 1;
                if unread.status != 400 || unread.json()["code"] != "unknown-parameter" {
                    wrong.push(format!("{path}?colour=red: {}", unread.status));
                }
            }
            let gives_forms = operation["responses"]["200"]["content"].is_object();
            if gives_forms && !matches!(picky.status.as_u16(), 401 | 403 | 406) {
                wrong.push(format!("{path} in a form that nobody reads: {}", picky.status));
            }
        }
    }
    assert!(judged > 200, "only {judged} addresses were judged");
    assert!(wrong.is_empty(), "{wrong:#?}");
    let manager = &readers[0];
    let figures = "/api/v1/reports/figures?known_at=";
    manager.get(&format!("{figures}2016-06-30T23:59:60Z")).await.expect_problem(422, "validation-failed");
    manager.get("/api/v1/me?a=1&a=2").await.expect_problem(400, "duplicate-parameter");
    manager.send(Method::GET, "/api/v1/me", &[("accept", "text/html, */*;q=0.1")], None).await.expect_status(200);
}
