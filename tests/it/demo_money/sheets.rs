//! The demo's sheets beside somebody who reads the service: what each sum must be, made from the sheets alone.

use std::{collections::BTreeMap, str::FromStr};

use bigdecimal::{BigDecimal, RoundingMode, Zero};
use chrono::{Days, Months, NaiveDate};
use serde_json::{Value, json};
use siraj::imports::demo_sheets;

use crate::{
    command_line::PASSWORD,
    support::{client::Client, id_of},
};

pub type Row = BTreeMap<String, String>;

/// The demo's sheets, as a person would read them.
pub struct Sheets(BTreeMap<String, Vec<Row>>);

impl Sheets {
    pub fn read() -> Self {
        let rows = |sheet: siraj::imports::Sheet| {
            let columns = sheet.columns;
            let row = |(_, cells): (usize, Vec<String>)| columns.iter().cloned().zip(cells).collect();
            (sheet.name, sheet.rows.into_iter().map(row).collect())
        };
        Self(demo_sheets().expect("the demo").into_iter().map(rows).collect())
    }

    pub fn of(&self, name: &str) -> &[Row] {
        &self.0[name]
    }

    /// The rows with this cell.
    pub fn with(&self, name: &str, column: &str, cell: &str) -> Vec<&Row> {
        self.of(name).iter().filter(|row| row[column] == cell).collect()
    }

    /// What a unit of a currency was worth in dollars on a day: the rate told last.
    pub fn in_dollars(&self, currency: &str, on: &str) -> BigDecimal {
        let told = self.of("exchange_rates").iter();
        let told = told.filter(|row| row["rated_on"].as_str() <= on);
        let (pounds, dollars): (Vec<&Row>, Vec<&Row>) = told
            .filter(|row| [&row["base_currency"], &row["quote_currency"]].contains(&&currency.to_owned()))
            .partition(|row| row["base_currency"] == "USD");
        let last = |rows: Vec<&Row>| rows.into_iter().max_by_key(|row| row["rated_on"].clone()).map(|row| number(&row["rate"]));
        match (last(dollars), last(pounds)) {
            (Some(direct), _) => direct,
            (_, Some(turned)) => (number("1") / turned).with_scale_round(16, RoundingMode::HalfUp),
            _ => panic!("no rate of {currency} on {on}"),
        }
    }

    /// What a month of full time is paid by a contract in an area: the contract's own before the general, the area's before that of everywhere.
    pub fn scale(&self, contract: &str, cadre: &str, area: &str, on: &str) -> (String, BigDecimal) {
        let holds = |row: &&Row| {
            row["cadre"] == cadre
                && [contract, ""].contains(&row["contract_code"].as_str())
                && [area, ""].contains(&row["area_code"].as_str())
                && row["starts_on"].as_str() <= on
                && (row["ends_on"].is_empty() || row["ends_on"].as_str() >= on)
        };
        let best = self.of("stipend_scales").iter().filter(holds);
        let best = best.max_by_key(|row| (!row["contract_code"].is_empty(), !row["area_code"].is_empty())).expect("a scale");
        (best["currency"].clone(), number(&best["monthly_amount"]))
    }

    pub fn area_of(&self, facility: &str) -> &str {
        &self.with("facilities", "code", facility)[0]["area_code"]
    }

    /// The posts that a contract pays on some day of a period.
    pub fn posts(&self, contract: &str, first: &str, last: &str) -> Vec<&Row> {
        let in_time =
            |row: &&Row| row["starts_on"].as_str() <= last && (row["ends_on"].is_empty() || row["ends_on"].as_str() >= first);
        self.with("assignments", "contract_code", contract).into_iter().filter(in_time).collect()
    }

    /// What each person is paid by a contract for a month: (currency, amount), by pseudonym.
    pub fn month(&self, contract: &str, month: &str) -> BTreeMap<String, (String, BigDecimal)> {
        let first = day(&format!("{month}-01"));
        let next = first + Months::new(1);
        let (last, whole) = (next - Days::new(1), (next - first).num_days());
        let mut people: BTreeMap<String, (String, BigDecimal)> = BTreeMap::new();
        for post in self.posts(contract, &first.to_string(), &last.to_string()) {
            let from = day(&post["starts_on"]).max(first);
            let to = if post["ends_on"].is_empty() { last } else { day(&post["ends_on"]).min(last) };
            let served = BigDecimal::from((to - from).num_days() + 1);
            let (currency, monthly) =
                self.scale(contract, &post["cadre"], self.area_of(&post["facility_code"]), &first.to_string());
            let part = monthly * number(&post["share_percent"]) * served / BigDecimal::from(100 * whole);
            let there = people.entry(post["staff_code"].clone()).or_insert((currency.clone(), BigDecimal::zero()));
            assert_eq!(there.0, currency, "{post:?}");
            there.1 += part;
        }
        people.into_iter().map(|(person, (currency, amount))| (person, (currency, cents(&amount)))).collect()
    }
}

pub fn number(text: &str) -> BigDecimal {
    BigDecimal::from_str(text).unwrap_or_else(|_| panic!("{text} is no number"))
}

/// The number in a field.
pub fn told(record: &Value, field: &str) -> BigDecimal {
    number(record[field].as_str().unwrap_or_else(|| panic!("{field}: {record}")))
}

pub fn sum<'a>(rows: impl IntoIterator<Item = &'a Value>, field: &str) -> BigDecimal {
    rows.into_iter().map(|row| told(row, field)).sum()
}

pub fn cents(amount: &BigDecimal) -> BigDecimal {
    amount.with_scale_round(2, RoundingMode::HalfUp)
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| panic!("{text} is no day"))
}

pub fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap_or_else(|| panic!("{field}: {record}"))
}

/// Somebody of the demo, with the sheets beside them.
pub struct Reader {
    pub client: Client,
    pub sheets: Sheets,
}

impl Reader {
    pub async fn sign_in(service: &str, who: &str) -> Self {
        let login = json!({"email": format!("{who}@demo.siraj.example"), "password": PASSWORD});
        let stranger = Client::new(service, None);
        let signed = stranger.post("/api/v1/auth/login", &login).await.expect_status(200).json();
        Self { client: Client::new(service, Some(text(&signed, "access_token").to_owned())), sheets: Sheets::read() }
    }

    pub async fn all(&self, query: &str) -> Vec<Value> {
        let join = if query.contains('?') { '&' } else { '?' };
        self.client.all(&format!("/api/v1/{query}{join}limit=200")).await
    }

    pub async fn one(&self, query: &str) -> Value {
        let found = self.all(query).await;
        assert_eq!(found.len(), 1, "{query}: {found:?}");
        found[0].clone()
    }

    pub async fn read(&self, path: &str) -> Value {
        self.client.get(&format!("/api/v1/{path}")).await.expect_status(200).json()
    }

    pub async fn contract(&self, code: &str) -> Value {
        let found = self.all("contracts").await.into_iter().find(|contract| contract["code"] == code);
        found.unwrap_or_else(|| panic!("{code}"))
    }

    pub async fn run(&self, contract: &str, month: &str) -> Value {
        let contract = id_of(&self.contract(contract).await);
        self.one(&format!("stipend-runs?contract_id={contract}&month={month}-01")).await
    }
}
