//! What stories of stipends stand on: a signed contract with a line of stipends, two managers, people with posts, scales, rates.

use bigdecimal::{BigDecimal, RoundingMode};
use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{TestApp, client::Client, id_of};

const SYSTEM: &str = "00000000-0000-7000-8000-000000000001";

/// A contract and its line of stipends.
pub struct Paid {
    pub id: Uuid,
    pub line: Uuid,
}

pub struct Ground {
    pub app: TestApp,
    pub database: tokio_postgres::Client,
    pub drafter: Client,
    pub approver: Client,
    pub area: Uuid,
    pub facility: Uuid,
    pub contract: Paid,
}

impl Ground {
    pub async fn new() -> Self {
        let app = TestApp::start().await;
        let (drafter, approver) = (app.user(Role::Manager).await, app.user(Role::Manager).await);
        let area = app.area("GHOUTA", None).await;
        let facility = id_of(&app.facility(&drafter, "MPT-01", area).await);
        let database = app.database.owner().await;
        let contract = Paid { id: Uuid::nil(), line: Uuid::nil() };
        let mut ground = Self { app, database, drafter, approver, area, facility, contract };
        ground.contract = ground.contract("NORWAC-2015").await;
        ground
    }

    async fn sql(&self, text: &str, values: &[&(dyn tokio_postgres::types::ToSql + Sync)]) {
        self.database.execute(text, values).await.expect(text);
    }

    /// A contract of 2014 and 2015 in dollars, signed, with a line of a million.
    pub async fn contract(&self, code: &str) -> Paid {
        self.signed(code, "2014-01-01", "2015-12-31", None).await
    }

    /// The contract that renews the ground's, of 2016.
    pub async fn renewal(&self, code: &str) -> Paid {
        self.signed(code, "2016-01-01", "2016-12-31", Some(self.contract.id)).await
    }

    async fn signed(&self, code: &str, starts: &str, ends: &str, renews: Option<Uuid>) -> Paid {
        let paid = Paid { id: Uuid::now_v7(), line: Uuid::now_v7() };
        self.sql(&format!("INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ('00000000-0000-7000-8000-00000000f001', 'PARTNER', 'Partner', '{{partner}}', '{SYSTEM}') ON CONFLICT DO NOTHING"), &[]).await;
        let text = format!("INSERT INTO contracts (id, code, name, organization_id, renews_id, starts_on, ends_on, currency, signed_on, recorded_by)
            VALUES ($1, $2, $2, '00000000-0000-7000-8000-00000000f001', $3, '{starts}', '{ends}', 'USD', '{starts}', '{SYSTEM}')");
        self.sql(&text, &[&paid.id, &code, &renews]).await;
        let text = format!(
            "INSERT INTO budget_lines (id, contract_id, code, name, category, currency, amount, recorded_by)
            VALUES ($1, $2, 'STIPENDS', 'Stipends', 'stipends', 'USD', 1000000, '{SYSTEM}')"
        );
        self.sql(&text, &[&paid.line, &paid.id]).await;
        paid
    }

    /// People of a cadre, each with a post of full time that the contract pays since the year began; and their scale, where an amount is given.
    pub async fn people(&self, prefix: &str, cadre: &str, count: i32, currency: &str, amount: &str) -> Vec<Uuid> {
        if !amount.is_empty() {
            self.scale(cadre, currency, amount, "2015-01-01").await;
        }
        let text = format!("INSERT INTO staff (id, code, cadre, area_id, recorded_by) SELECT gen_random_uuid(), $1 || '-' || lpad(n::text, 3, '0'), $2, $3, '{SYSTEM}'
            FROM generate_series(1, $4) n RETURNING id, code");
        let mut made = self.database.query(&text, &[&prefix, &cadre, &self.area, &count]).await.expect("people");
        made.sort_by_key(|row| row.get::<_, String>(1));
        let ids: Vec<Uuid> = made.iter().map(|row| row.get(0)).collect();
        for id in &ids {
            self.post(*id, cadre, Some(self.contract.id), "2015-01-01").await;
        }
        ids
    }

    pub async fn post(&self, person: Uuid, cadre: &str, contract: Option<Uuid>, starts: &str) {
        self.post_of(person, cadre, contract, starts, if contract == Some(self.contract.id) { 100 } else { 0 }).await;
    }

    /// A post of a share; of nothing said, at another facility and beyond full time with a waiver.
    pub async fn post_of(&self, person: Uuid, cadre: &str, contract: Option<Uuid>, starts: &str, share: i16) {
        let other = share == 0;
        let facility = if other { id_of(&self.app.facility(&self.drafter, "MPT-02", self.area).await) } else { self.facility };
        let text = format!("INSERT INTO assignments (id, staff_id, facility_id, cadre, share_percent, starts_on, contract_id, share_waiver, recorded_by)
            VALUES (gen_random_uuid(), $1, $2, $3, $4, '{starts}', $5, $6, '{SYSTEM}')");
        let (share, waiver) = if other {
            (100, Some("Works nights at the second one."))
        } else {
            (share, Some("Agreed for the time of the siege."))
        };
        self.sql(&text, &[&person, &facility, &cadre, &share, &contract, &waiver]).await;
    }

    pub async fn scale(&self, cadre: &str, currency: &str, amount: &str, starts: &str) {
        let body = json!({"cadre": cadre, "currency": currency, "monthly_amount": amount, "starts_on": starts});
        self.drafter.post("/api/v1/stipend-scales", &body).await.expect_status(201);
    }

    pub async fn rate(&self, base: &str, quote: &str, rate: &str, day: &str) {
        crate::exchange_rates::rate(&self.drafter, (base, quote), rate, day).await;
    }

    /// A draft of the ground's contract: its address.
    pub async fn draft(&self, month: &str) -> String {
        self.draft_of(&self.contract, month).await
    }

    pub async fn draft_of(&self, of: &Paid, month: &str) -> String {
        let body = json!({"contract_id": of.id, "month": month, "budget_line_id": of.line});
        format!(
            "/api/v1/stipend-runs/{}",
            id_of(&self.drafter.post("/api/v1/stipend-runs", &body).await.expect_status(201).json())
        )
    }

    /// A draft that has been approved.
    pub async fn approved(&self, month: &str) -> String {
        let run = self.draft(month).await;
        self.approver.post(&format!("{run}/approval"), &json!({})).await.expect_status(200);
        run
    }

    pub async fn agent(&self) -> Uuid {
        let id = Uuid::now_v7();
        let text = format!(
            "INSERT INTO organizations (id, code, name, roles, recorded_by) VALUES ($1, 'AGENT', 'Agent', '{{supplier}}', '{SYSTEM}')"
        );
        self.sql(&text, &[&id]).await;
        id
    }

    pub async fn attachment(&self, kind: &str) -> Uuid {
        let id = Uuid::now_v7();
        let text = format!(
            "INSERT INTO attachments (id, kind, file_name, content_type, size_bytes, sha256, recorded_by) VALUES ($1, $2, 'sheet.pdf', 'application/pdf', 9, repeat('a', 64), '{SYSTEM}')"
        );
        self.sql(&text, &[&id, &kind]).await;
        id
    }

    /// What is still set aside for the run.
    pub async fn committed(&self, run: &str) -> BigDecimal {
        let text = format!(
            "SELECT c.open_amount::text FROM stipend_runs r JOIN commitments c ON c.id = r.commitment_id WHERE r.id = '{}'",
            id(run)
        );
        decimal(&self.database.query_one(&text, &[]).await.expect("a commitment").get::<_, String>(0))
    }

    /// What the run's paid entries are charged, added up here, is what it has spent less what it has turned round, whoever adds it up.
    pub async fn ties(&self, run: &str) -> BigDecimal {
        let paid = sum(&self.drafter.all(&format!("{run}/entries?status=paid&limit=200")).await, "charged_amount");
        let rows = self
            .database
            .query(&format!("SELECT amount::text FROM expenditures WHERE stipend_run_id = '{}'", id(run)), &[])
            .await
            .expect("expenditures");
        let spent = rows.iter().fold(decimal("0"), |total, row| total + decimal(&row.get::<_, String>(0)));
        let sheet = self.drafter.get(run).await.expect_status(200).json();
        assert_eq!(paid, spent, "{sheet}");
        for field in ["paid_amount", "expenditure_amount"] {
            assert_eq!(decimal(&amount_of(&sheet, field)), paid, "{field}");
        }
        let entries = self.drafter.all(&format!("{run}/entries?limit=200")).await;
        for total in sheet["totals"].as_array().expect("totals") {
            let of: Vec<_> = entries
                .iter()
                .filter(|entry| entry["status"] == total["status"] && entry["currency"] == total["currency"])
                .collect();
            assert_eq!(
                (json!(of.len()), decimal(&amount_of(total, "amount"))),
                (total["entries"].clone(), sum(of, "amount")),
                "{total}"
            );
        }
        paid
    }
}

/// The id at the end of an address.
pub fn id(path: &str) -> &str {
    path.rsplit('/').next().expect("an id")
}

pub fn decimal(text: &str) -> BigDecimal {
    text.parse().expect("a decimal")
}

pub fn half_up(number: &BigDecimal, digits: i64) -> BigDecimal {
    number.with_scale_round(digits, RoundingMode::HalfUp)
}

pub fn amount_of(record: &Value, field: &str) -> String {
    record[field].as_str().unwrap_or_else(|| panic!("no {field} in {record}")).to_owned()
}

pub fn sum<'a>(entries: impl IntoIterator<Item = &'a Value>, field: &str) -> BigDecimal {
    entries.into_iter().fold(decimal("0"), |total, entry| total + decimal(&amount_of(entry, field)))
}
