//! Stories of refresh tokens: on a bad link nobody is logged out, and every thief is found out.

use super::*;

#[tokio::test]
async fn a_spent_refresh_token_gives_the_same_successor_until_that_is_used() {
    let app = TestApp::start().await;
    let (_, tokens) = member(&app, Role::Manager).await;
    let stranger = app.stranger();
    let first = &tokens["refresh_token"];
    let second = refresh(&stranger, first).await.expect_status(200).json();
    // The answer was lost twice, once at another node.
    let again = refresh(&stranger, first).await.expect_status(200).json();
    let elsewhere = refresh(&stranger.at(&app.second_node()), first).await.expect_status(200).json();
    assert_eq!(again["refresh_token"], second["refresh_token"]);
    assert_eq!(elsewhere["refresh_token"], second["refresh_token"]);
    assert_ne!(&second["refresh_token"], first);
    bearer(&app, &again).get("/api/v1/me").await.expect_status(200);
    let third = refresh(&stranger, &second["refresh_token"]).await.expect_status(200).json();
    // Now two people hold the sign-in: it ends for both, and stays ended.
    refresh(&stranger, first).await.expect_problem(401, "token-reuse");
    for token in [first, &second["refresh_token"], &third["refresh_token"]] {
        refresh(&stranger, token).await.expect_problem(401, "invalid-token");
    }
    let living = app.database.owner().await.query("SELECT 1 FROM refresh_tokens WHERE ended_at IS NULL", &[]).await.unwrap();
    assert!(living.is_empty());
}

/// Numbers that look like chance and are the same in every run.
fn chance(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % 100
}

#[tokio::test]
async fn on_a_bad_link_nobody_is_logged_out_and_every_thief_is_found_out() {
    let app = TestApp::start().await;
    let (email, _) = member(&app, Role::Manager).await;
    let (stranger, mut state) = (app.stranger(), 7);
    for _ in 0..6 {
        let mut token = sign_in(&app, &email, PASSWORD).await.expect_status(200).json()["refresh_token"].clone();
        let mut spent = Vec::new();
        for _ in 0..30 {
            let next = loop {
                let answer = refresh(&stranger, &token).await.expect_status(200).json()["refresh_token"].clone();
                // Three answers of ten are lost, and the client asks again.
                if chance(&mut state) >= 30 {
                    break answer;
                }
            };
            spent.push(std::mem::replace(&mut token, next));
        }
        // A copy of any token whose successor is in use gives its thief away.
        spent.pop();
        let stolen = &spent[usize::try_from(chance(&mut state)).unwrap() % spent.len()];
        refresh(&stranger, stolen).await.expect_problem(401, "token-reuse");
        refresh(&stranger, &token).await.expect_problem(401, "invalid-token");
    }
}

#[tokio::test]
async fn ten_minutes_after_it_was_spent_a_token_ends_its_family() {
    let app = TestApp::start().await;
    let (_, tokens) = member(&app, Role::Manager).await;
    let stranger = app.stranger();
    let second = refresh(&stranger, &tokens["refresh_token"]).await.expect_status(200).json();
    let owner = app.database.owner().await;
    owner.execute("UPDATE refresh_tokens SET spent_at = spent_at - interval '9 minutes'", &[]).await.unwrap();
    refresh(&stranger, &tokens["refresh_token"]).await.expect_status(200);
    owner.execute("UPDATE refresh_tokens SET spent_at = spent_at - interval '1 minute'", &[]).await.unwrap();
    refresh(&stranger, &tokens["refresh_token"]).await.expect_problem(401, "token-reuse");
    refresh(&stranger, &second["refresh_token"]).await.expect_problem(401, "invalid-token");
}

#[tokio::test]
async fn a_family_ends_after_thirty_days_however_often_it_was_renewed() {
    let app = TestApp::start().await;
    let (_, tokens) = member(&app, Role::Manager).await;
    let stranger = app.stranger();
    let owner = app.database.owner().await;
    let left = "SELECT count(DISTINCT expires_at) = 1 AND bool_and(expires_at BETWEEN issued_at + interval '29 days' AND issued_at + interval '30 days') FROM refresh_tokens";
    let second = refresh(&stranger, &tokens["refresh_token"]).await.expect_status(200).json();
    assert!(owner.query_one(left, &[]).await.unwrap().get::<_, bool>(0));
    owner.execute("UPDATE refresh_tokens SET expires_at = now()", &[]).await.unwrap();
    refresh(&stranger, &second["refresh_token"]).await.expect_problem(401, "invalid-token");
    refresh(&stranger, &json!("never given out")).await.expect_problem(401, "invalid-token");
    refresh(&stranger, &tokens["access_token"]).await.expect_problem(401, "invalid-token");
    refresh(&stranger, &json!(null)).await.expect_problem(422, "validation-failed");
}

#[tokio::test]
async fn one_token_refreshed_by_many_at_once_has_one_successor() {
    let app = TestApp::start().await;
    let (_, tokens) = member(&app, Role::Manager).await;
    let nodes = [app.url.clone(), app.second_node()];
    let holdup = Holdup::of(&app.database, "refresh_tokens").await;
    let tries = (0..8).map(|number| {
        let (client, token) = (app.stranger().at(&nodes[number % 2]), tokens["refresh_token"].clone());
        tokio::spawn(async move { refresh(&client, &token).await })
    });
    let tries: Vec<_> = tries.collect();
    holdup.release(6).await;
    let mut successors = Vec::new();
    for one in tries {
        successors.push(one.await.unwrap().expect_status(200).json()["refresh_token"].clone());
    }
    assert!(successors.windows(2).all(|pair| pair[0] == pair[1]));
    let rows = app.database.owner().await.query("SELECT 1 FROM refresh_tokens", &[]).await.unwrap();
    assert_eq!(rows.len(), 2);
}
