//! Stories of what partners are given, by whom, and what they read through it.

mod attack;
mod grants;
mod readings;
mod receiver;
mod reports;
mod webhooks;

use chrono::{Datelike, Days, NaiveDate, Utc};
use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{TestApp, client::Client, id_of};

const SYSTEM: &str = "00000000-0000-7000-8000-000000000001";
const ALL_FIELDS: &[&str] =
    &["facilities", "facility_names", "functionality", "facility_counts", "staff_counts", "shipment_counts", "shipments"];

/// A partner with a contract, two managers, and whoever may do everything in the database.
pub struct World {
    pub app: TestApp,
    pub manager: Client,
    pub second: Client,
    pub sql: tokio_postgres::Client,
    pub east: Uuid,
    pub partner: Uuid,
    pub contract: Uuid,
}

pub fn in_days(days: u64) -> String {
    (Utc::now() + Days::new(days)).date_naive().to_string()
}

/// The last day of the month that is so many months ago.
pub fn month_end(ago: u32) -> NaiveDate {
    (0..ago).fold(Utc::now().date_naive(), |day, _| day.with_day(1).unwrap().pred_opt().unwrap())
}

impl World {
    pub async fn start() -> Self {
        let app = TestApp::start().await;
        let (manager, second) = (app.user(Role::Manager).await, app.user(Role::Manager).await);
        let sql = app.database.owner().await;
        let ghouta = app.area("GHOUTA", None).await;
        let east = app.area("EAST", Some(ghouta)).await;
        let mut world = Self { app, manager, second, sql, east, partner: Uuid::nil(), contract: Uuid::nil() };
        world.partner = world.organization("IRC").await;
        world.contract = world.contract("IRC-1", world.partner).await;
        world
    }

    pub async fn organization(&self, code: &str) -> Uuid {
        let id = Uuid::now_v7();
        let text = format!(
            "INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ($1, $2, $2, '{{partner}}', '{SYSTEM}')"
        );
        self.sql.execute(&text, &[&id, &code]).await.expect("organization");
        id
    }

    pub async fn contract(&self, code: &str, partner: Uuid) -> Uuid {
        let body =
            json!({"code": code, "name": code, "organization_id": partner, "starts_on": "2015-01-01", "ends_on": "2030-12-31"});
        id_of(&self.manager.post("/api/v1/contracts", &body).await.expect_status(201).json())
    }

    /// A facility that the contract supports.
    pub async fn facility(&self, code: &str, kinds: &[&str]) -> Uuid {
        let body = json!({"code": code, "name": format!("Cave {code}"), "kinds": kinds, "area_id": self.east, "opened_on": "2013-01-01"});
        let facility = id_of(&self.manager.post("/api/v1/facilities", &body).await.expect_status(201).json());
        let support = json!({"facility_id": facility});
        self.manager.post(&format!("/api/v1/contracts/{}/facilities", self.contract), &support).await.expect_status(201);
        facility
    }

    /// So many people of a cadre, paid by the contract.
    pub async fn pays(&self, cadre: &str, number: i32, facility: Uuid, (starts, ends): (NaiveDate, Option<NaiveDate>)) {
        let people = format!(
            "INSERT INTO staff (id, code, cadre, area_id, recorded_by)
             SELECT gen_random_uuid(), upper('S-' || left(gen_random_uuid()::text, 18)), $1, $2, '{SYSTEM}' FROM generate_series(1, $3::integer)"
        );
        self.sql.execute(&people, &[&cadre, &self.east, &number]).await.expect("people");
        let posts = format!(
            "INSERT INTO assignments (id, staff_id, facility_id, cadre, share_percent, starts_on, ends_on, contract_id, recorded_by)
             SELECT gen_random_uuid(), id, $2, cadre, 100, $3, $4, $5, '{SYSTEM}' FROM staff
             WHERE cadre = $1 AND id NOT IN (SELECT staff_id FROM assignments)"
        );
        self.sql.execute(&posts, &[&cadre, &facility, &starts, &ends, &self.contract]).await.expect("posts");
    }

    /// A shipment of the contract that arrived whole, whatever the ledger says.
    pub async fn arrived(&self, code: &str, facility: Uuid, day: NaiveDate) -> Uuid {
        let id = Uuid::now_v7();
        self.sql.batch_execute("SET session_replication_role = replica").await.expect("no triggers");
        let text = format!(
            "INSERT INTO shipments (id, code, facility_id, contract_id, status, packed_on, dispatched_on, received_on, closed_on, from_id, to_id, transit_id, recorded_by)
             VALUES ($1, $2, $3, $4, 'closed', $5, $5, $5, $5, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '{SYSTEM}')"
        );
        self.sql.execute(&text, &[&id, &code, &facility, &self.contract, &day]).await.expect("shipment");
        self.sql.batch_execute("SET session_replication_role = origin").await.expect("triggers");
        id
    }

    pub fn terms(&self, fields: &[&str], more: Value) -> Value {
        let mut terms = json!({"organization_id": self.partner, "contract_id": self.contract, "fields": fields, "precision": "area",
            "purpose": "Report of the partner to its own donor.", "starts_on": in_days(0), "ends_on": in_days(60)});
        let Value::Object(more) = more else { panic!("terms are an object") };
        terms.as_object_mut().unwrap().extend(more);
        terms
    }

    pub async fn draft(&self, fields: &[&str], more: Value) -> Uuid {
        id_of(&self.manager.post("/api/v1/share-grants", &self.terms(fields, more)).await.expect_status(201).json())
    }

    /// The second person agrees to the terms as they are.
    pub async fn activate(&self, grant: Uuid) -> crate::support::client::Answer {
        let path = format!("/api/v1/share-grants/{grant}");
        let etag = self.second.get(&path).await.header("etag");
        self.second.post_with(&format!("{path}/activation"), &[("if-match", &etag)], &json!({})).await
    }

    /// A grant that gives from today on; the minute after its activation is over.
    pub async fn grant(&self, fields: &[&str], more: Value) -> Uuid {
        let grant = self.draft(fields, more).await;
        self.activate(grant).await.expect_status(200);
        self.freeze(15).await;
        grant
    }

    /// What the service does by the minute; gives how many months were frozen.
    pub async fn freeze(&self, days: i32) -> usize {
        let db = siraj::db::Db::new(&self.app.database.service_url(), 1).expect("a pool");
        siraj::shared::keep_up(&db, days).await.expect("frozen")
    }

    /// The machine of a partner: its key, and a client that holds it.
    pub async fn machine(&self, grant: Uuid) -> (Value, Client) {
        let body = json!({"name": "Reporting server", "expires_on": in_days(30)});
        let made = self.manager.post(&format!("/api/v1/share-grants/{grant}/keys"), &body).await.expect_status(201);
        assert_eq!(made.header("cache-control"), "no-store");
        let key = made.json();
        let secret = key["secret"].as_str().expect("a secret").to_owned();
        (key, Client::new(&self.app.url, Some(secret)))
    }

    pub async fn close(&self, grant: Uuid, act: &str) -> crate::support::client::Answer {
        let body = json!({"reason": "The partner's server was broken into."});
        self.manager.post(&format!("/api/v1/share-grants/{grant}/{act}"), &body).await
    }
}
