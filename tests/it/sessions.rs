//! Stories of sessions.

mod refreshing;

use serde_json::{Value, json};
use siraj::auth::{self, Role};
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Answer, Client, faults},
    database::Holdup,
    id_of,
};

const PASSWORD: &str = "seven lanterns over the pass";
const NEXT: &str = "nine lanterns under the bridge";

/// An active user of a role, who came the way everybody comes: (their e-mail, their first tokens).
async fn member(app: &TestApp, role: Role) -> (String, Value) {
    let admin = app.user(Role::Admin).await;
    let email = format!("member-{}@test.example", Uuid::now_v7().simple());
    let body = json!({"email": email, "name": "A member", "role": role.as_str()});
    let invited = admin.post("/api/v1/users", &body).await.expect_status(201).json();
    let acceptance = json!({"token": invited["invitation_token"], "password": PASSWORD});
    let tokens = app.stranger().post("/api/v1/auth/invitations/accept", &acceptance).await.expect_status(200).json();
    (email, tokens)
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    app.stranger().post("/api/v1/auth/login", &json!({"email": email, "password": password})).await
}

async fn refresh(client: &Client, token: &Value) -> Answer {
    client.post("/api/v1/auth/refresh", &json!({"refresh_token": token})).await
}

fn bearer(app: &TestApp, tokens: &Value) -> Client {
    Client::new(&app.url, Some(tokens["access_token"].as_str().expect("a token").to_owned()))
}

#[tokio::test]
async fn a_person_signs_in_and_learns_who_they_are() {
    let app = TestApp::start().await;
    let area = app.area("GHOUTA", None).await;
    let admin = app.user(Role::Admin).await;
    let body = json!({"email": "Nour@Test.Example", "name": "Nour", "role": "coordinator", "area_ids": [area]});
    let invited = admin.post("/api/v1/users", &body).await.expect_status(201).json();
    let acceptance = json!({"token": invited["invitation_token"], "password": PASSWORD});
    app.stranger().post("/api/v1/auth/invitations/accept", &acceptance).await.expect_status(200);
    let answer = sign_in(&app, "NOUR@test.example", PASSWORD).await.expect_status(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let tokens = answer.json();
    assert_eq!((tokens["token_type"].as_str(), tokens["expires_in"].as_u64()), (Some("Bearer"), Some(600)));
    assert_eq!(tokens["refresh_token"].as_str().map(str::len), Some(43));
    let me = bearer(&app, &tokens).get("/api/v1/me").await.expect_status(200).json();
    let expected = json!({"id": invited["id"], "email": "nour@test.example", "name": "Nour", "role": "coordinator",
        "organization_id": null, "facility_id": null, "area_ids": [area]});
    assert_eq!(me, expected);
}

#[tokio::test]
async fn every_reason_not_to_let_somebody_in_reads_the_same() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin).await;
    let (known, _) = member(&app, Role::Manager).await;
    let (disabled, tokens) = member(&app, Role::Manager).await;
    let me = bearer(&app, &tokens).get("/api/v1/me").await.json();
    admin.post(&format!("/api/v1/users/{}/disablement", id_of(&me)), &json!({})).await.expect_status(200);
    let invited = "invited@test.example";
    admin.post("/api/v1/users", &json!({"email": invited, "name": "I", "role": "auditor"})).await.expect_status(201);
    let mut told = Vec::new();
    for (email, password) in [
        (known.as_str(), "seven lanterns over the Pass"),
        ("nobody@test.example", PASSWORD),
        (disabled.as_str(), PASSWORD),
        (invited, PASSWORD),
        ("system@siraj.invalid", PASSWORD),
    ] {
        let answer = sign_in(&app, email, password).await;
        assert!(!answer.text().contains(email));
        let mut problem = answer.expect_problem(401, "wrong-credentials");
        problem["request_id"] = Value::Null;
        told.push(problem);
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
    let problem = sign_in(&app, "аdmin@test.example", PASSWORD).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [("/email".to_owned(), "invalid-text".to_owned())]);
}

#[tokio::test]
async fn signing_out_ends_one_sign_in_or_all_of_them() {
    let app = TestApp::start().await;
    let (email, here) = member(&app, Role::Manager).await;
    let there = sign_in(&app, &email, PASSWORD).await.expect_status(200).json();
    let (_, somebody) = member(&app, Role::Manager).await;
    let me = bearer(&app, &here);
    me.post("/api/v1/auth/logout", &json!({"refresh_token": here["refresh_token"]})).await.expect_status(204);
    refresh(&me, &here["refresh_token"]).await.expect_problem(401, "invalid-token");
    let there = refresh(&me, &there["refresh_token"]).await.expect_status(200).json();
    // What belongs to somebody else is not touched, and the answer does not tell whether it exists.
    for token in [&somebody["refresh_token"], &json!("nonsense")] {
        me.post("/api/v1/auth/logout", &json!({"refresh_token": token})).await.expect_status(204);
    }
    let somebody = refresh(&me, &somebody["refresh_token"]).await.expect_status(200).json();
    me.post("/api/v1/auth/logout", &json!({})).await.expect_status(204);
    refresh(&me, &there["refresh_token"]).await.expect_problem(401, "invalid-token");
    gone_within_a_second(&bearer(&app, &there)).await;
    bearer(&app, &somebody).get("/api/v1/me").await.expect_status(200);
}

/// A revoked token is refused within a second.
async fn gone_within_a_second(client: &Client) {
    let start = std::time::Instant::now();
    loop {
        let answer = client.get("/api/v1/me").await;
        if answer.status == 401 {
            answer.expect_problem(401, "invalid-token");
            return;
        }
        assert!(start.elapsed().as_secs_f32() < 1.0, "still let in: {}", answer.status);
    }
}

#[tokio::test]
async fn another_password_ends_every_other_session() {
    let app = TestApp::start().await;
    let (email, old) = member(&app, Role::Manager).await;
    let me = bearer(&app, &old);
    let change = async |current: &str, new: &str| {
        me.put("/api/v1/me/password", &json!({"current_password": current, "new_password": new})).await
    };
    change("not my password", NEXT).await.expect_problem(401, "wrong-credentials");
    for weak in ["elevenchars", "Password1234", &email, &"long words ".repeat(30)] {
        let problem = change(PASSWORD, weak).await.expect_problem(422, "validation-failed");
        assert_eq!(faults(&problem), [("/new_password".to_owned(), "weak-password".to_owned())]);
    }
    let new = change(PASSWORD, NEXT).await.expect_status(200).json();
    gone_within_a_second(&me).await;
    refresh(&me, &old["refresh_token"]).await.expect_problem(401, "invalid-token");
    bearer(&app, &new).get("/api/v1/me").await.expect_status(200);
    refresh(&me, &new["refresh_token"]).await.expect_status(200);
    sign_in(&app, &email, PASSWORD).await.expect_problem(401, "wrong-credentials");
    sign_in(&app, &email, NEXT).await.expect_status(200);
}

#[tokio::test]
async fn one_password_typed_in_two_unicode_forms_is_one_password() {
    let app = TestApp::start().await;
    let (email, tokens) = member(&app, Role::Manager).await;
    let body = json!({"current_password": PASSWORD, "new_password": "caf\u{e9} des sept lanternes"});
    bearer(&app, &tokens).put("/api/v1/me/password", &body).await.expect_status(200);
    sign_in(&app, &email, "cafe\u{301} des sept lanternes").await.expect_status(200);
}

#[tokio::test]
async fn an_invitation_works_once_and_for_seven_days() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin).await;
    let accept = async |token: &Value, password: &str| {
        app.stranger().post("/api/v1/auth/invitations/accept", &json!({"token": token, "password": password})).await
    };
    let body = json!({"email": "new@test.example", "name": "New", "role": "manager"});
    let user = admin.post("/api/v1/users", &body).await.expect_status(201).json();
    let first = &user["invitation_token"];
    let problem = accept(first, "short").await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), [("/password".to_owned(), "weak-password".to_owned())]);
    let path = format!("/api/v1/users/{}", id_of(&user));
    let renewed = admin.post(&format!("{path}/invitations"), &json!({})).await.expect_status(200);
    assert_eq!(renewed.header("cache-control"), "no-store");
    let second = renewed.json()["invitation_token"].clone();
    accept(first, PASSWORD).await.expect_problem(401, "invalid-token");
    app.stranger()
        .post("/api/v1/auth/password-resets/accept", &json!({"token": second, "password": PASSWORD}))
        .await
        .expect_problem(401, "invalid-token");
    let owner = app.database.owner().await;
    let life = owner.query_one("SELECT max(expires_at - issued_at) > interval '6 days 23 hours' AND max(expires_at - issued_at) <= interval '7 days' FROM user_tickets", &[]).await.unwrap();
    assert!(life.get::<_, bool>(0));
    owner.execute("UPDATE user_tickets SET issued_at = now() - interval '7 days', expires_at = now()", &[]).await.unwrap();
    accept(&second, PASSWORD).await.expect_problem(401, "invalid-token");
    let third =
        admin.post(&format!("{path}/invitations"), &json!({})).await.expect_status(200).json()["invitation_token"].clone();
    // Sent twice at once, it works once.
    let (one, other) = tokio::join!(accept(&third, PASSWORD), accept(&third, PASSWORD));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    accept(&third, PASSWORD).await.expect_problem(401, "invalid-token");
    admin.post(&format!("{path}/invitations"), &json!({})).await.expect_problem(409, "wrong-state");
    assert_eq!(admin.get(&path).await.json()["status"], "active");
    sign_in(&app, "new@test.example", PASSWORD).await.expect_status(200);
}

#[tokio::test]
async fn a_reset_sets_another_password_and_ends_the_sessions_before() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin).await;
    let (email, old) = member(&app, Role::Auditor).await;
    let me = bearer(&app, &old);
    let id = id_of(&me.get("/api/v1/me").await.json());
    let reset = async || {
        let answer = admin.post(&format!("/api/v1/users/{id}/password-resets"), &json!({})).await.expect_status(200);
        answer.json()["reset_token"].clone()
    };
    let accept = async |token: &Value| {
        app.stranger().post("/api/v1/auth/password-resets/accept", &json!({"token": token, "password": NEXT})).await
    };
    let first = reset().await;
    admin.post(&format!("/api/v1/users/{id}/disablement"), &json!({})).await.expect_status(200);
    accept(&first).await.expect_problem(401, "invalid-token");
    admin.post(&format!("/api/v1/users/{id}/enablement"), &json!({})).await.expect_status(200);
    // What was open when the user was disabled does not come back to life.
    accept(&first).await.expect_problem(401, "invalid-token");
    let second = reset().await;
    let new = accept(&second).await.expect_status(200).json();
    accept(&second).await.expect_problem(401, "invalid-token");
    bearer(&app, &new).get("/api/v1/me").await.expect_status(200);
    gone_within_a_second(&me).await;
    sign_in(&app, &email, PASSWORD).await.expect_problem(401, "wrong-credentials");
    sign_in(&app, &email, NEXT).await.expect_status(200);
    let third = reset().await;
    app.database
        .owner()
        .await
        .execute("UPDATE user_tickets SET issued_at = now() - interval '1 hour', expires_at = now() WHERE used_at IS NULL", &[])
        .await
        .unwrap();
    accept(&third).await.expect_problem(401, "invalid-token");
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once_on_every_node() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin).await;
    let (_, tokens) = member(&app, Role::Manager).await;
    let here = bearer(&app, &tokens);
    let there = here.at(&app.second_node());
    let id = id_of(&here.get("/api/v1/me").await.expect_status(200).json());
    // Both nodes hold the account in memory by now.
    for client in [&here, &there, &here, &there] {
        client.get("/api/v1/facilities").await.expect_status(200);
    }
    admin.post(&format!("/api/v1/users/{id}/disablement"), &json!({})).await.expect_status(200);
    gone_within_a_second(&here).await;
    gone_within_a_second(&there).await;
    refresh(&here, &tokens["refresh_token"]).await.expect_problem(401, "invalid-token");
    admin.post(&format!("/api/v1/users/{id}/enablement"), &json!({})).await.expect_status(200);
    // Enabled again is not signed in again.
    here.get("/api/v1/me").await.expect_problem(401, "invalid-token");
    refresh(&here, &tokens["refresh_token"]).await.expect_problem(401, "invalid-token");
}

#[tokio::test]
async fn a_token_of_an_older_role_or_session_is_refused() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin).await;
    let (_, tokens) = member(&app, Role::Manager).await;
    let me = bearer(&app, &tokens);
    let id = id_of(&me.get("/api/v1/me").await.json());
    admin.patch(&format!("/api/v1/users/{id}"), "*", &json!({"role": "auditor"})).await.expect_status(200);
    gone_within_a_second(&me).await;
    refresh(&me, &tokens["refresh_token"]).await.expect_problem(401, "invalid-token");
    let version: i64 =
        app.database.owner().await.query_one("SELECT session_version FROM users WHERE id = $1", &[&id]).await.unwrap().get(0);
    for (version, allowed) in [(version - 1, false), (version, true), (version + 1, false)] {
        let token = auth::issue(&app.keys, id, version).expect("token");
        let answer = Client::new(&app.url, Some(token)).get("/api/v1/me").await;
        assert_eq!(answer.status.is_success(), allowed);
    }
}

#[tokio::test]
async fn guessing_is_throttled_and_says_when_to_come_again() {
    let app = TestApp::start().await;
    let (email, tokens) = member(&app, Role::Manager).await;
    for _ in 0..10 {
        sign_in(&app, &email, "a wrong password").await.expect_problem(401, "wrong-credentials");
    }
    let refused = sign_in(&app, &email, PASSWORD).await;
    assert!((1..=7).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    refused.expect_problem(429, "too-many-requests");
    // A stolen access token does not help to guess the password either.
    let body = json!({"current_password": "a guess", "new_password": NEXT});
    bearer(&app, &tokens).put("/api/v1/me/password", &body).await.expect_problem(429, "too-many-requests");
    // An unknown account is throttled alike, and its neighbour is not.
    for _ in 0..10 {
        sign_in(&app, "nobody@test.example", "a wrong password").await.expect_problem(401, "wrong-credentials");
    }
    sign_in(&app, "nobody@test.example", PASSWORD).await.expect_problem(429, "too-many-requests");
    // Who is signed in already stays so.
    refresh(&app.stranger(), &tokens["refresh_token"]).await.expect_status(200);
}

#[tokio::test]
async fn no_secret_is_left_where_somebody_could_read_it() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin).await;
    let (email, first) = member(&app, Role::Manager).await;
    let second = refresh(&app.stranger(), &first["refresh_token"]).await.expect_status(200).json();
    let me = bearer(&app, &second);
    let body = json!({"current_password": PASSWORD, "new_password": NEXT});
    let third = me.put("/api/v1/me/password", &body).await.expect_status(200).json();
    let id = id_of(&bearer(&app, &third).get("/api/v1/me").await.json());
    let reset = admin.post(&format!("/api/v1/users/{id}/password-resets"), &json!({})).await.expect_status(200).json();
    let owner = app.database.owner().await;
    let hash: String = owner.query_one("SELECT hash FROM user_passwords WHERE user_id = $1", &[&id]).await.unwrap().get(0);
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let secrets = [
        PASSWORD.to_owned(),
        NEXT.to_owned(),
        hash,
        "$argon2".to_owned(),
        text(&first["refresh_token"]),
        text(&second["refresh_token"]),
        text(&third["refresh_token"]),
        text(&third["access_token"]),
        text(&reset["reset_token"]),
    ];
    let mut seen = vec![admin.get("/api/v1/users").await.text(), admin.get(&format!("/api/v1/users/{id}/history")).await.text()];
    assert!(seen[0].contains(&email));
    for table in ["audit_log", "refresh_tokens", "user_tickets", "users", "idempotency_keys"] {
        let rows = owner.query_one(&format!("SELECT coalesce(json_agg(t)::text, '') FROM {table} t"), &[]).await.unwrap();
        seen.push(rows.get(0));
    }
    for secret in secrets {
        assert!(seen.iter().all(|text| !text.contains(&secret)), "{secret} lies about");
    }
}
