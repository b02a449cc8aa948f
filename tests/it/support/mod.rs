//! What every story needs: a service on a database of its own, and people who are signed in.

pub mod client;
pub mod cluster;
pub mod database;
pub mod openpyxl;

use std::{
    net::TcpListener,
    sync::{Arc, LazyLock},
};

use actix_web::{dev::ServerHandle, web::Data};
use client::Client;
use database::TestDatabase;
use serde_json::{Value, json};
use siraj::{
    app::{self, Parts},
    attachments::Files,
    auth::{self, Accounts, Role},
    config::Networks,
    http::Proxies,
    keys::Keys,
    publishing::Press,
};
use uuid::Uuid;

/// Where the fonts of pages lie.
pub const FONTS: &str = match option_env!("SIRAJ_FONTS") {
    Some(folder) => folder,
    None => "/usr/share/fonts/truetype/noto",
};
/// One for all stories: its fonts are many.
static PRESS: LazyLock<Data<Press>> = LazyLock::new(|| Data::new(Press::with_fonts(FONTS.into())));

/// A running service with a database of its own.
pub struct TestApp {
    pub url: String,
    pub keys: Data<Keys>,
    pub database: TestDatabase,
    /// Where the bytes of attachments lie.
    pub folder: tempfile::TempDir,
    server: ServerHandle,
    listener: tokio::task::JoinHandle<()>,
}

impl TestApp {
    /// A service over an empty, migrated database.
    pub async fn start() -> Self {
        Self::start_with(|files| files).await
    }

    /// The same, with other rules for files.
    pub async fn start_with(rules: impl Fn(Files) -> Files) -> Self {
        let database = TestDatabase::create().await;
        let keys = Data::new(Keys::fresh().expect("keys"));
        let folder = tempfile::tempdir().expect("a folder");
        let files = rules(Files::in_folder(folder.path()).expect("a store"));
        let (url, server, listener) = serve(&database, &keys, files);
        Self { url, keys, database, folder, server, listener }
    }

    /// A second node over the same database.
    pub fn second_node(&self) -> String {
        serve(&self.database, &self.keys, Files::in_folder(self.folder.path()).expect("a store")).0
    }

    /// A client that is not signed in.
    pub fn stranger(&self) -> Client {
        Client::new(&self.url, None)
    }

    /// A signed-in user of a role that sees everything (admin, manager, auditor).
    pub async fn user(&self, role: Role) -> Client {
        self.user_of(role, None, None, &[]).await
    }

    /// A coordinator of some areas.
    pub async fn coordinator(&self, areas: &[Uuid]) -> Client {
        self.user_of(Role::Coordinator, None, None, areas).await
    }

    /// A clerk of one facility.
    pub async fn clerk(&self, facility: Uuid) -> Client {
        self.user_of(Role::Clerk, None, Some(facility), &[]).await
    }

    /// A user of a partner organisation.
    pub async fn partner(&self, organization: Uuid) -> Client {
        self.user_of(Role::Partner, Some(organization), None, &[]).await
    }

    async fn user_of(&self, role: Role, organization: Option<Uuid>, facility: Option<Uuid>, areas: &[Uuid]) -> Client {
        let id = Uuid::now_v7();
        let email = format!("{}-{}@test.example", role.as_str(), id.simple());
        let database = self.database.owner().await;
        database
            .execute(
                "INSERT INTO users (id, email, name, role, status, organization_id, facility_id, recorded_by) VALUES ($1, $2, $3, $4, 'active', $5, $6, $1)",
                &[&id, &email, &"A test user", &role.as_str(), &organization, &facility],
            )
            .await
            .expect("user");
        for area in areas {
            database
                .execute(
                    "INSERT INTO user_areas (id, user_id, area_id, recorded_by) VALUES ($1, $2, $3, $2)",
                    &[&Uuid::now_v7(), &id, area],
                )
                .await
                .expect("area");
        }
        let token = auth::issue(&self.keys, id, 1).expect("token");
        Client { user_id: Some(id), email: Some(email), ..Client::new(&self.url, Some(token)) }
    }

    /// An area, created by a manager: (id, its record).
    pub async fn area(&self, code: &str, parent: Option<Uuid>) -> Uuid {
        let id = Uuid::now_v7();
        let database = self.database.owner().await;
        let kind = if parent.is_some() { "sector" } else { "country" };
        database
            .execute(
                "INSERT INTO areas (id, code, name, kind, parent_id, recorded_by) VALUES ($1, $2, $2, $3, $4, '00000000-0000-7000-8000-000000000001')",
                &[&id, &code, &kind, &parent],
            )
            .await
            .expect("area");
        id
    }

    /// A facility, created over HTTP by this client.
    pub async fn facility(&self, by: &Client, code: &str, area: Uuid) -> Value {
        let body = json!({"code": code, "name": format!("Medical point {code}"), "kinds": ["medical_point"], "area_id": area, "opened_on": "2013-01-01"});
        by.post("/api/v1/facilities", &body).await.expect_status(201).json()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.listener.abort();
        drop(self.server.stop(false));
    }
}

fn serve(database: &TestDatabase, keys: &Data<Keys>, files: Files) -> (String, ServerHandle, tokio::task::JoinHandle<()>) {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", socket.local_addr().expect("an address"));
    let accounts = Arc::new(Accounts::default());
    let parts = Parts {
        database_url: database.service_url(),
        pool_size: 4,
        workers: 1,
        keys: keys.clone(),
        accounts: Arc::clone(&accounts),
        proxies: Proxies::default(),
        allowed_origins: vec!["https://app.example".to_owned()],
        files: Data::new(files),
        press: PRESS.clone(),
        networks: Data::new(Networks::parse(&["127.0.0.0/8", "::1/128"]).expect("networks")),
    };
    let server = app::server(parts, socket).expect("server");
    let handle = server.handle();
    tokio::spawn(server);
    let listener = tokio::spawn(auth::listen(database.service_url(), accounts));
    (url, handle, listener)
}

/// The id of a record.
pub fn id_of(record: &Value) -> Uuid {
    record["id"].as_str().expect("an id").parse().expect("a uuid")
}
