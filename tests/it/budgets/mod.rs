//! Stories of money: lines, promises, spending, what turns it round, and the reports over them.

mod book;
mod lines;
mod property;
mod reports;
mod spending;

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{
    TestApp,
    client::{Answer, Client},
    id_of,
};

pub const LINES: &str = "/api/v1/budget-lines";
pub const COMMITMENTS: &str = "/api/v1/commitments";
pub const EXPENDITURES: &str = "/api/v1/expenditures";
pub const DISBURSEMENTS: &str = "/api/v1/disbursements";

/// A manager with a signed contract of a thousand dollars, January to April 2015.
pub struct Purse {
    pub app: TestApp,
    pub manager: Client,
    pub partner: Uuid,
    pub contract: Uuid,
}

impl Purse {
    pub async fn open() -> Self {
        let purse = Self::unsigned().await;
        purse.sign().await;
        purse
    }

    pub async fn unsigned() -> Self {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let partner = json!({"code": "NORWAC", "name": "NORWAC", "roles": ["partner"]});
        let partner = id_of(&manager.post("/api/v1/organizations", &partner).await.expect_status(201).json());
        let body = json!({"code": "N-1", "name": "Contract", "organization_id": partner, "starts_on": "2015-01-01", "ends_on": "2015-04-30",
            "currency": "USD", "amount": "1000"});
        let contract = id_of(&manager.post("/api/v1/contracts", &body).await.expect_status(201).json());
        Self { app, manager, partner, contract }
    }

    pub async fn sign(&self) {
        let path = format!("/api/v1/contracts/{}/signature", self.contract);
        self.manager.post(&path, &json!({"signed_on": "2014-12-20"})).await.expect_status(200);
    }

    pub fn line_body(&self, code: &str, amount: &str) -> Value {
        json!({"contract_id": self.contract, "code": code, "name": code, "category": "fuel", "amount": amount, "currency": "USD"})
    }

    pub async fn line(&self, code: &str, amount: &str) -> Uuid {
        id_of(&self.manager.post(LINES, &self.line_body(code, amount)).await.expect_status(201).json())
    }

    pub async fn spend(&self, line: Uuid, amount: &str, more: &Value) -> Answer {
        let body = json!({"budget_line_id": line, "amount": amount, "currency": "USD", "spent_on": "2015-02-10", "description": "Diesel"});
        self.manager.post(EXPENDITURES, &with(body, more)).await
    }

    pub async fn commit(&self, line: Uuid, amount: &str, more: &Value) -> Answer {
        let body = json!({"budget_line_id": line, "amount": amount, "currency": "USD", "description": "Diesel ordered"});
        self.manager.post(COMMITMENTS, &with(body, more)).await
    }
}

pub fn with(mut body: Value, more: &Value) -> Value {
    siraj::http::merge(&mut body, more);
    body
}

pub fn at(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}
