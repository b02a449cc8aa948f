//! Stories of what lies in the folder of a contract beside the paper that was signed.

use reqwest::Method;
use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::{
    attachments::{PDF, sent},
    support::{
        TestApp,
        client::{Client, faults},
        id_of,
    },
};

/// A signed contract of a partner, and who keeps it.
struct Folder {
    app: TestApp,
    manager: Client,
    partner: Uuid,
    contract: String,
    path: String,
}

impl Folder {
    async fn open() -> Self {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let partner = json!({"code": "NORWAC", "name": "NORWAC", "roles": ["partner"]});
        let partner = id_of(&manager.post("/api/v1/organizations", &partner).await.expect_status(201).json());
        let contract = Self::contract(&manager, partner, "N-1").await;
        let path = format!("{contract}/documents");
        Self { app, manager, partner, contract, path }
    }

    async fn contract(manager: &Client, partner: Uuid, code: &str) -> String {
        let body =
            json!({"code": code, "name": code, "organization_id": partner, "starts_on": "2015-01-01", "ends_on": "2015-04-30"});
        format!("/api/v1/contracts/{}", id_of(&manager.post("/api/v1/contracts", &body).await.expect_status(201).json()))
    }

    async fn file(&self, fields: &[(&str, &str)]) -> Uuid {
        id_of(&sent(&self.manager, fields, "paper.pdf", PDF).await)
    }

    async fn put(&self, file: Uuid, kind: &str, title: &str) -> Value {
        let body = json!({"attachment_id": file, "kind": kind, "title": title});
        self.manager.post(&self.path, &body).await.expect_status(201).json()
    }
}

fn titles(documents: &[Value]) -> Vec<&str> {
    documents.iter().map(|document| document["title"].as_str().expect("a title")).collect()
}

#[tokio::test]
async fn a_document_is_put_in_once_and_taken_out_and_both_stand_in_the_history() {
    let folder = Folder::open().await;
    let file = folder.file(&[("kind", "contract")]).await;
    let body = json!({"id": Uuid::now_v7(), "attachment_id": file, "kind": "annex", "title": "Annex 2: list of facilities", "dated_on": "2014-12-18"});
    let made = folder.manager.post(&folder.path, &body).await.expect_status(201);
    assert_eq!(made.header("location"), format!("{}/{}", folder.path, body["id"].as_str().expect("an id")));
    let made = made.json();
    assert_eq!((&made["contract_id"], &made["title"]), (&json!(folder.contract.rsplit('/').next()), &body["title"]));
    assert_eq!(folder.manager.post(&folder.path, &body).await.expect_status(200).json(), made);
    let mut other = body.clone();
    other["title"] = json!("Annex 3");
    folder.manager.post(&folder.path, &other).await.expect_problem(409, "record-conflict");
    other["id"] = json!(Uuid::now_v7());
    let twice = folder.manager.post(&folder.path, &other).await.expect_problem(409, "duplicate");
    assert_eq!(faults(&twice), [("/attachment_id".to_owned(), "duplicate".to_owned())]);
    folder.put(folder.file(&[("kind", "report")]).await, "report", "First report").await;
    assert_eq!(
        titles(&folder.manager.all(&format!("{}?sort=title", folder.path)).await),
        ["Annex 2: list of facilities", "First report"]
    );
    assert_eq!(titles(&folder.manager.all(&format!("{}?kind=annex", folder.path)).await), ["Annex 2: list of facilities"]);
    assert_eq!(titles(&folder.manager.all(&format!("{}?q=REPORT", folder.path)).await), ["First report"]);

    let document = format!("{}/{}", folder.path, body["id"].as_str().expect("an id"));
    folder.manager.send(Method::DELETE, &document, &[], None).await.expect_problem(428, "precondition-required");
    folder.manager.delete(&document, "\"7\"").await.expect_problem(412, "stale-revision");
    let gone = folder.manager.delete(&document, "\"1\"").await.expect_status(200).json();
    assert!(gone["retired_at"].is_string());
    folder.manager.delete(&document, "*").await.expect_problem(410, "record-deleted");
    folder.manager.post(&folder.path, &body).await.expect_problem(410, "record-deleted");
    assert_eq!(titles(&folder.manager.all(&folder.path).await), ["First report"]);
    assert_eq!(folder.manager.all(&format!("{}?retired=true", folder.path)).await, [gone]);
    // Taken out, it may be put in again.
    folder.put(file, "annex", "Annex 2: list of facilities").await;
    let history = folder.manager.all(&format!("{}/history", folder.contract)).await;
    let told: Vec<_> =
        history.iter().filter(|one| one["resource"] == "contract_documents").map(|one| one["action"].clone()).collect();
    assert_eq!(told.len(), 4, "{told:?}");
}

#[tokio::test]
async fn a_file_in_a_folder_is_in_use_and_so_is_its_contract() {
    let folder = Folder::open().await;
    let file = folder.file(&[("kind", "contract")]).await;
    let document = id_of(&folder.put(file, "agreement", "The contract").await);
    let attachment = format!("/api/v1/attachments/{file}");
    folder.manager.delete(&attachment, "*").await.expect_problem(409, "still-in-use");
    folder.manager.delete(&folder.contract, "*").await.expect_problem(409, "still-in-use");
    folder.manager.delete(&format!("{}/{document}", folder.path), "*").await.expect_status(200);
    folder.manager.delete(&attachment, "*").await.expect_status(200);
    let body = json!({"attachment_id": file, "kind": "annex", "title": "Gone"});
    let gone = folder.manager.post(&folder.path, &body).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&gone), [("/attachment_id".to_owned(), "unknown-reference".to_owned())]);
    folder.manager.delete(&folder.contract, "*").await.expect_status(200);
    let file = folder.file(&[("kind", "contract")]).await;
    let body = json!({"attachment_id": file, "kind": "annex", "title": "Too late"});
    folder.manager.post(&folder.path, &body).await.expect_problem(410, "record-deleted");
}

#[tokio::test]
async fn whoever_may_not_read_a_file_does_not_learn_of_it() {
    let folder = Folder::open().await;
    let east = folder.app.area("EAST", None).await;
    let west = folder.app.area("WEST", None).await;
    folder.put(folder.file(&[("kind", "contract")]).await, "agreement", "Of headquarters").await;
    let of_east = folder.file(&[("kind", "report"), ("area_id", &east.to_string())]).await;
    let of_east = id_of(&folder.put(of_east, "report", "Of the east").await);
    let readers = [
        (folder.app.user(Role::Auditor).await, vec!["Of headquarters", "Of the east"]),
        (folder.app.coordinator(&[east]).await, vec!["Of the east"]),
        (folder.app.coordinator(&[west]).await, vec![]),
        (folder.app.partner(folder.partner).await, vec![]),
        (folder.app.user(Role::Admin).await, vec![]),
    ];
    let sorted = format!("{}?sort=title", folder.path);
    for (reader, expected) in &readers {
        assert_eq!(titles(&reader.all(&sorted).await), *expected);
        reader.post(&folder.path, &json!({})).await.expect_problem(403, "forbidden");
        reader.delete(&format!("{}/{of_east}", folder.path), "*").await.expect_problem(403, "forbidden");
    }
    let coordinator = &readers[1].0;
    let history = coordinator.all(&format!("{}/history", folder.contract)).await;
    assert!(history.iter().all(|one| one["resource"] != "contract_documents"), "{history:?}");
    let stranger = json!({"code": "IRC", "name": "IRC", "roles": ["partner"]});
    let stranger = id_of(&folder.manager.post("/api/v1/organizations", &stranger).await.expect_status(201).json());
    folder.app.partner(stranger).await.get(&folder.path).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn what_is_no_document_of_a_contract_is_refused_by_name() {
    let folder = Folder::open().await;
    let file = folder.file(&[("kind", "contract")]).await;
    let refused =
        async |body: &Value| faults(&folder.manager.post(&folder.path, body).await.expect_problem(422, "validation-failed"));
    let at = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    assert_eq!(
        refused(&json!({"attachment_id": Uuid::now_v7(), "kind": "annex", "title": "A"})).await,
        [at("/attachment_id", "unknown-reference")]
    );
    assert_eq!(
        refused(&json!({"attachment_id": file, "kind": "novel", "title": " ", "pages": 3})).await,
        [at("/kind", "unknown-value"), at("/pages", "unknown-field"), at("/title", "required")]
    );
    assert_eq!(
        refused(&json!({"attachment_id": file, "kind": "annex", "title": "A", "dated_on": "2034-01-01"})).await,
        [at("/dated_on", "date-in-future")]
    );
    let body = json!({"attachment_id": file, "kind": "annex", "title": "A"});
    let other = Folder::contract(&folder.manager, folder.partner, "N-2").await;
    let document = id_of(&folder.put(file, "annex", "A").await);
    folder.manager.delete(&format!("{other}/documents/{document}"), "*").await.expect_problem(404, "not-found");
    // The same file may lie in the folders of two contracts.
    folder.manager.post(&format!("{other}/documents"), &body).await.expect_status(201);
    let nowhere = format!("/api/v1/contracts/{}/documents", Uuid::now_v7());
    folder.manager.post(&nowhere, &body).await.expect_problem(404, "not-found");
    folder.manager.get(&nowhere).await.expect_problem(404, "not-found");
}
