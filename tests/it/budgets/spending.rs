//! Money by its parts, held against the rows that people gave.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use super::{DISBURSEMENTS, EXPENDITURES, LINES, Purse, with};
use crate::support::{client::faults, id_of};

const SPENDING: &str = "/api/v1/reports/spending";

/// Two partners: one pays in dollars, the other in euros. What was given, as (contract's code, category, month, currency, what, cents).
async fn spent() -> (Purse, Vec<(&'static str, &'static str, &'static str, &'static str, &'static str, i64)>) {
    let purse = Purse::open().await;
    let manager = &purse.manager;
    let other = id_of(
        &manager
            .post("/api/v1/organizations", &json!({"code": "IRC", "name": "IRC", "roles": ["partner"]}))
            .await
            .expect_status(201)
            .json(),
    );
    let terms = json!({"code": "I-1", "name": "Euros", "organization_id": other, "starts_on": "2015-01-01", "ends_on": "2015-12-31", "currency": "EUR",
        "amount": "5000", "signed_on": "2014-12-01"});
    let euros = id_of(&manager.post("/api/v1/contracts", &terms).await.expect_status(201).json());
    let plan = json!({"months": [{"month": "2015-01-01", "amount": "150"}, {"month": "2015-02-01", "amount": "150.25"}]});
    let fuel = id_of(&manager.post(LINES, &with(purse.line_body("FUEL", "600"), &plan)).await.expect_status(201).json());
    let meds = id_of(
        &manager
            .post(LINES, &with(purse.line_body("MEDS", "300"), &json!({"category": "medicines"})))
            .await
            .expect_status(201)
            .json(),
    );
    let line = json!({"contract_id": euros, "currency": "EUR", "months": [{"month": "2015-02-01", "amount": "1000"}]});
    let staff = id_of(
        &manager
            .post(LINES, &with(purse.line_body("STAFF", "2000"), &with(line, &json!({"category": "stipends"}))))
            .await
            .expect_status(201)
            .json(),
    );
    purse.spend(fuel, "90", &json!({"spent_on": "2015-01-20"})).await.expect_status(201);
    purse.spend(fuel, "120.50", &json!({"spent_on": "2015-02-20"})).await.expect_status(201);
    let wrong = id_of(&purse.spend(meds, "80", &json!({"spent_on": "2015-02-02"})).await.expect_status(201).json());
    let back = json!({"spent_on": "2015-03-02", "reason": "Told twice by mistake."});
    manager.post(&format!("{EXPENDITURES}/{wrong}/reversal"), &back).await.expect_status(201);
    purse.spend(staff, "700", &json!({"spent_on": "2015-02-28", "currency": "EUR"})).await.expect_status(201);
    for (contract, amount, currency, day) in [
        (purse.contract, "500", "USD", "2015-01-05"),
        (purse.contract, "250", "USD", "2015-03-05"),
        (euros, "2000", "EUR", "2015-02-01"),
    ] {
        let paid = json!({"contract_id": contract, "amount": amount, "currency": currency, "received_on": day});
        manager.post(DISBURSEMENTS, &paid).await.expect_status(201);
    }
    let given = vec![
        ("N-1", "fuel", "2015-01-01", "USD", "planned", 15_000),
        ("N-1", "fuel", "2015-02-01", "USD", "planned", 15_025),
        ("I-1", "stipends", "2015-02-01", "EUR", "planned", 100_000),
        ("N-1", "fuel", "2015-01-01", "USD", "spent", 9_000),
        ("N-1", "fuel", "2015-02-01", "USD", "spent", 12_050),
        ("N-1", "medicines", "2015-02-01", "USD", "spent", 8_000),
        ("N-1", "medicines", "2015-03-01", "USD", "spent", -8_000),
        ("I-1", "stipends", "2015-02-01", "EUR", "spent", 70_000),
        ("N-1", "", "2015-01-01", "USD", "received", 50_000),
        ("N-1", "", "2015-03-01", "USD", "received", 25_000),
        ("I-1", "", "2015-02-01", "EUR", "received", 200_000),
    ];
    (purse, given)
}

fn cents(value: &Value) -> i64 {
    value.as_str().map_or(0, |text| text.replace('.', "").parse().expect("cents"))
}

#[tokio::test]
async fn money_by_any_parts_is_the_sum_of_what_was_given() {
    let (purse, given) = spent().await;
    for by in ["contract", "partner", "category", "month", "contract,month", "category,month", "partner,category"] {
        let told = purse.manager.get(&format!("{SPENDING}?by={by}")).await.expect_status(200).json();
        // A partner has one contract here.
        let key = |contract: &str, category: &str, month: &str| {
            let mut key = Vec::new();
            for part in by.split(',') {
                key.push(match part {
                    "category" => category,
                    "month" => month,
                    _ => contract,
                });
            }
            key.join(" ")
        };
        let mut expected: BTreeMap<(String, String), [i64; 3]> = BTreeMap::new();
        for (contract, category, month, currency, what, amount) in &given {
            if *what == "received" && by.contains("category") {
                continue;
            }
            let place = ["planned", "received", "spent"].iter().position(|one| one == what).expect("a sum");
            expected.entry((key(contract, category, month), (*currency).to_owned())).or_default()[place] += amount;
        }
        let mut found = BTreeMap::new();
        for cell in told["cells"].as_array().expect("cells") {
            let text = |field: &str| cell[field].as_str().unwrap_or_default().to_owned();
            let contract = match (cell["contract_code"].as_str(), cell["partner_code"].as_str()) {
                (Some(code), _) => code.to_owned(),
                (None, Some(partner)) => format!("{}-1", &partner[..1]),
                _ => String::new(),
            };
            assert_eq!(cell["received"].is_null(), by.contains("category"), "{cell}");
            let sums = [cents(&cell["planned"]), cents(&cell["received"]), cents(&cell["spent"])];
            assert_eq!(
                found.insert((key(&contract, &text("category"), &text("month")), text("currency")), sums),
                None,
                "{by}: a part stands twice"
            );
        }
        assert_eq!(found, expected, "{by}");
        let mut whole: BTreeMap<&str, [i64; 3]> = BTreeMap::new();
        for (.., currency, what, amount) in &given {
            let place = ["planned", "received", "spent"].iter().position(|one| one == what).expect("a sum");
            whole.entry(currency).or_default()[place] += amount;
        }
        for total in told["totals"].as_array().expect("totals") {
            let sums = [cents(&total["planned"]), cents(&total["received"]), cents(&total["spent"])];
            assert_eq!(whole.remove(total["currency"].as_str().expect("a currency")), Some(sums), "{by}");
        }
        assert!(whole.is_empty(), "{by}");
    }
}

#[tokio::test]
async fn money_is_narrowed_by_days_partner_and_moment_and_told_as_a_table() {
    let (purse, _) = spent().await;
    let told = purse
        .manager
        .get(&format!("{SPENDING}?by=category&from=2015-02-01&to=2015-02-28&contract_id={}", purse.contract))
        .await
        .expect_status(200)
        .json();
    let cells: Vec<_> =
        told["cells"].as_array().expect("cells").iter().map(|cell| (cell["category"].clone(), cell["spent"].clone())).collect();
    assert_eq!(cells, [(json!("fuel"), json!("120.50")), (json!("medicines"), json!("80.00"))]);
    let planned =
        told["method"].as_array().expect("rules").iter().find(|rule| rule["figure"] == "planned").expect("a rule").clone();
    assert_eq!((&planned["version"], &planned["left_out"]), (&json!(1), &json!(1)), "one line has no plan by the month");
    let known = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let line = id_of(
        &purse.manager.get(&format!("{LINES}?contract_id={}&category=fuel", purse.contract)).await.expect_status(200).json()["items"]
            [0],
    );
    purse.spend(line, "1.00", &json!({"spent_on": "2015-02-21"})).await.expect_status(201);
    let spent = async |more: &str| {
        let told = purse
            .manager
            .get(&format!("{SPENDING}?by=partner&organization_id={}{more}", purse.partner))
            .await
            .expect_status(200)
            .json();
        assert_eq!(told["cells"].as_array().map(Vec::len), Some(1));
        told["cells"][0]["spent"].clone()
    };
    assert_eq!((spent("").await, spent(&format!("&known_at={known}")).await), (json!("211.50"), json!("210.50")));
    let sheet = purse.manager.get(&format!("{SPENDING}?by=month&format=csv&hxl=true")).await.expect_status(200).text();
    let lines: Vec<&str> = sheet.lines().collect();
    assert_eq!(lines[0].trim_start_matches('\u{feff}'), "month,currency,planned,received,spent");
    assert_eq!(lines[1], "#date+month,#currency+code,#value+budget,#value+transfer,#value+spend");
    assert_eq!(lines[2], "2015-01-01,USD,150.00,500.00,90.00");
    assert!(lines.contains(&"2015-03-01,USD,0.00,250.00,-80.00"), "{sheet}");
    for (query, pointer, code) in [
        ("by=week".to_owned(), "/by", "unknown-value"),
        ("by=month&from=2015-02-01&to=2015-01-01".to_owned(), "/to", "date-order"),
        (format!("by=month&contract_id={}", Uuid::now_v7()), "/contract_id", "unknown-reference"),
        (format!("by=month&organization_id={}", Uuid::now_v7()), "/organization_id", "unknown-reference"),
    ] {
        let refused = purse.manager.get(&format!("{SPENDING}?{query}")).await.expect_status(422).json();
        assert_eq!(faults(&refused), [(pointer.to_owned(), code.to_owned())], "{query}");
    }
    purse.app.user(Role::Admin).await.get(&format!("{SPENDING}?by=month")).await.expect_problem(403, "forbidden");
    purse.app.partner(purse.partner).await.get(&format!("{SPENDING}?by=month")).await.expect_problem(403, "forbidden");
    purse.app.user(Role::Auditor).await.get(&format!("{SPENDING}?by=month")).await.expect_status(200);
}

#[tokio::test]
async fn the_rows_of_money_add_up_to_every_number_of_every_cell() {
    let (purse, _) = spent().await;
    let auditor = purse.app.user(Role::Auditor).await;
    for by in ["contract", "partner", "category", "month", "contract,month", "category,month"] {
        let told = purse.manager.get(&format!("{SPENDING}?by={by}&to=2015-03-31")).await.expect_status(200).json();
        for cell in told["cells"].as_array().expect("cells") {
            let keys: String = ["organization_id", "contract_id", "category", "month", "currency"]
                .iter()
                .filter_map(|key| Some(format!("&{key}={}", cell[*key].as_str()?)))
                .collect();
            for figure in ["planned", "received", "spent"] {
                let path = format!("{SPENDING}/rows?to=2015-03-31&figure={figure}{keys}");
                let rows = purse.manager.all(&path).await;
                assert_eq!(rows.iter().map(|row| cents(&row["amount"])).sum::<i64>(), cents(&cell[figure]), "{path}: {rows:?}");
                assert!(rows.iter().all(|row| row["figure"] == figure), "{rows:?}");
            }
        }
    }
    // Each row is the record itself, and what was turned round stands beside what turned it.
    let rows = auditor.all(&format!("{SPENDING}/rows?category=medicines&figure=spent&limit=1")).await;
    let told: Vec<_> = rows.iter().map(|row| (row["on_day"].clone(), row["amount"].clone())).collect();
    assert_eq!(told, [(json!("2015-02-02"), json!("80.00")), (json!("2015-03-02"), json!("-80.00"))]);
    let spent: Vec<_> = purse.manager.all(EXPENDITURES).await.iter().map(|one| one["id"].clone()).collect();
    assert!(rows.iter().all(|row| spent.contains(&row["id"])));
    let backwards = auditor.all(&format!("{SPENDING}/rows?category=medicines&figure=spent&sort=-on_day")).await;
    assert!(rows.iter().eq(backwards.iter().rev()));
    assert_eq!(auditor.all(&format!("{SPENDING}/rows?q=I-1&figure=received")).await.len(), 1);
    assert!(auditor.all(&format!("{SPENDING}/rows?known_at=2026-01-01T00:00:00Z")).await.is_empty());
    let unknown = auditor.get(&format!("{SPENDING}/rows?contract_id={}", Uuid::now_v7())).await.expect_status(422).json();
    assert_eq!(faults(&unknown), [("/contract_id".to_owned(), "unknown-reference".to_owned())]);
    let refused = auditor.get(&format!("{SPENDING}/rows?from=2015-02-01&to=2015-01-01")).await.expect_status(422).json();
    assert_eq!(faults(&refused), [("/to".to_owned(), "date-order".to_owned())]);
    let area = purse.app.area("EAST", None).await;
    purse.app.coordinator(&[area]).await.get(&format!("{SPENDING}/rows")).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn a_budget_is_told_as_it_was_known_and_says_by_which_rules() {
    let purse = Purse::open().await;
    let line = purse.line("FUEL", "600").await;
    purse.spend(line, "90", &json!({"spent_on": "2015-01-20"})).await.expect_status(201);
    let path = format!("/api/v1/reports/budgets?contract_id={}&as_of=2015-03-31", purse.contract);
    let then = purse.manager.get(&path).await.expect_status(200).json();
    purse.spend(line, "10", &json!({"spent_on": "2015-01-21"})).await.expect_status(201);
    let now = purse.manager.get(&path).await.expect_status(200).json();
    assert_eq!((&then["total"]["spent"], &now["total"]["spent"]), (&json!("90.00"), &json!("100.00")));
    let moment = then["known_at"].as_str().expect("a moment");
    assert_eq!(purse.manager.get(&format!("{path}&known_at={moment}")).await.expect_status(200).json(), then);
    // So are the lists that it stands on.
    let listed = async |path: &str, moment: &str| purse.manager.all(&format!("{path}?known_at={moment}")).await.len();
    let before = "2026-01-01T00:00:00Z";
    assert_eq!((listed(EXPENDITURES, moment).await, purse.manager.all(EXPENDITURES).await.len()), (1, 2));
    assert_eq!((listed(LINES, moment).await, listed(LINES, before).await), (1, 0));
    assert_eq!((listed(DISBURSEMENTS, moment).await, listed("/api/v1/commitments", moment).await), (0, 0));
    let of = |figure: &str| {
        then["method"].as_array().expect("rules").iter().find(|rule| rule["figure"] == figure).expect("a rule").clone()
    };
    assert_eq!(
        (&of("planned_to_date")["version"], &of("planned_to_date")["left_out"]),
        (&json!(1), &json!(1)),
        "the line has no plan"
    );
    assert_eq!(of("spent")["left_out"], Value::Null);
    let gaps = purse.manager.get("/api/v1/reports/funding-gaps?from=2015-05-01&to=2015-05-15").await.expect_status(200).json();
    let names: Vec<_> =
        gaps["method"].as_array().expect("rules").iter().map(|rule| (&rule["figure"], &rule["version"])).collect();
    assert!(
        names.contains(&(&json!("double_funding"), &json!(1))) && names.contains(&(&json!("monthly_costs"), &json!(1))),
        "{names:?}"
    );
}
