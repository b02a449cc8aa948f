//! The money of the demo over HTTP: contracts, gaps, a month of stipends, budgets, the campaign. Every total is held against a sum that is made
//! here, from the demo's sheets or from rows of other addresses.

mod sheets;

use std::collections::{BTreeMap, BTreeSet};

use bigdecimal::{BigDecimal, RoundingMode, Zero};
use chrono::{Days, Months};
use reqwest::Method;
use serde_json::{Value, json};
use sheets::{Reader, Row, Sheets, cents, day, number, sum, text, told};

use crate::{
    command_line::{Service, folder},
    support::id_of,
};

#[tokio::test]
async fn the_money_of_the_demo_is_followed_from_a_partners_contract_to_a_nurse_and_from_a_gift_to_a_line() {
    let folder = folder();
    let service = Service::start(folder.path());
    let manager = Reader::sign_in(&service.url, "manager").await;
    a_partner_is_found_under_each_of_its_spellings(&manager).await;
    two_contracts_of_four_and_nine_months_are_a_chain(&manager).await;
    the_day_after_the_first_of_them_is_told(&manager).await;
    march_is_paid_to_the_cent(&manager).await;
    eleven_are_paid_a_month_later(&manager).await;
    a_surgeon_is_paid_by_two(&manager).await;
    every_line_is_held_against_its_plan(&manager).await;
    the_campaign_tells_what_it_raised_and_where_it_went(&manager).await;
    // The demo asks for nothing to be done over: a second start plays nothing anew.
    drop(service);
    let service = Service::start(folder.path());
    let manager = Reader::sign_in(&service.url, "second-manager").await;
    march_is_paid_to_the_cent(&manager).await;
    the_campaign_tells_what_it_raised_and_where_it_went(&manager).await;
}

async fn a_partner_is_found_under_each_of_its_spellings(manager: &Reader) {
    let norwac = id_of(&manager.one("organizations?q=NORWAC").await);
    for spelling in ["NURWAC", "Noorwak", "noorwak", "نورواك"] {
        assert_eq!(id_of(&manager.one(&format!("organizations?q={spelling}")).await), norwac, "{spelling}");
    }
}

async fn two_contracts_of_four_and_nine_months_are_a_chain(manager: &Reader) {
    let last = id_of(&manager.contract("NORWAC-2015-B").await);
    let chain = manager.read(&format!("contracts/{last}/chain")).await["contracts"].clone();
    let links: Vec<_> = chain.as_array().unwrap().iter().map(|link| (text(link, "code"), link["gap_days"].as_i64())).collect();
    assert_eq!(links, [("NORWAC-2014", None), ("NORWAC-2015-A", Some(0)), ("NORWAC-2015-B", Some(15))]);
    for (link, months) in [(&chain[1], 4), (&chain[2], 9)] {
        let (starts, ends) = (day(text(link, "starts_on")), day(text(link, "ends_on")));
        assert_eq!(starts + Months::new(months), ends + Days::new(1), "{link}");
    }
    let first = id_of(&chain[1]);
    let documents = manager.all(&format!("contracts/{first}/documents")).await;
    let kinds: BTreeSet<_> = documents.iter().map(|document| text(document, "kind")).collect();
    assert_eq!(kinds, BTreeSet::from(["agreement", "budget", "correspondence"]));
}

/// Counted from the sheets: whoever the contract paid on its last day and no contract pays on the next.
async fn the_day_after_the_first_of_them_is_told(manager: &Reader) {
    let sheets = &manager.sheets;
    let paid_next: BTreeSet<&str> = sheets
        .of("contracts")
        .iter()
        .filter(|contract| contract["starts_on"].as_str() <= "2015-05-01" && contract["ends_on"].as_str() >= "2015-05-01")
        .flat_map(|contract| sheets.posts(&contract["code"], "2015-05-01", "2015-05-01"))
        .map(|post| post["staff_code"].as_str())
        .collect();
    let lost: Vec<&Row> = sheets
        .posts("NORWAC-2015-A", "2015-04-30", "2015-04-30")
        .into_iter()
        .filter(|post| !paid_next.contains(post["staff_code"].as_str()))
        .collect();
    let people: BTreeSet<&str> = lost.iter().map(|post| post["staff_code"].as_str()).collect();
    let mut costs: BTreeMap<String, BigDecimal> = BTreeMap::new();
    for post in &lost {
        let (currency, monthly) =
            sheets.scale("NORWAC-2015-A", &post["cadre"], sheets.area_of(&post["facility_code"]), "2015-04-30");
        *costs.entry(currency).or_default() += monthly * number(&post["share_percent"]) / BigDecimal::from(100);
    }
    let gaps = manager.read("reports/funding-gaps?from=2015-05-01&to=2015-05-15").await;
    let gap = &gaps["days"][0];
    assert_eq!(gap["on"], "2015-05-01");
    let contract = &gap["contracts"][0];
    assert_eq!((&contract["people"], &contract["posts"]), (&json!(people.len()), &json!(lost.len())), "{gap}");
    assert_eq!((people.len(), &contract["unpriced_posts"]), (211, &json!(0)));
    let told_costs: BTreeMap<String, BigDecimal> = contract["monthly_costs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cost| (text(cost, "currency").to_owned(), told(cost, "amount")))
        .collect();
    assert_eq!(told_costs, costs.into_iter().map(|(currency, amount)| (currency, cents(&amount))).collect());
    assert_eq!(told_costs.keys().collect::<Vec<_>>(), ["SYP", "USD"]);
    assert_eq!((&contract["follow_up"]["code"], &contract["follow_up"]["days_without"]), (&json!("NORWAC-2015-B"), &json!(15)));
    let rows = manager.all("reports/funding-gaps/rows?on=2015-05-01").await;
    assert_eq!(rows.iter().map(|row| text(row, "staff_code")).collect::<BTreeSet<_>>(), people);
}

/// 212 people, two currencies, one frozen rate, an agent, and the list that they signed.
async fn march_is_paid_to_the_cent(manager: &Reader) {
    let run = manager.run("NORWAC-2015-A", "2015-03").await;
    let path = format!("stipend-runs/{}", id_of(&run));
    assert_eq!((text(&run, "status"), text(&run, "rates_on")), ("closed", "2015-03-31"));
    assert_ne!(run["drafted_by"], run["approved_by"], "a second person approved it");
    let entries = manager.all(&format!("{path}/entries")).await;
    let by_hand = manager.sheets.month("NORWAC-2015-A", "2015-03");
    assert_eq!((entries.len(), by_hand.len()), (212, 212));
    let rate = manager.sheets.in_dollars("SYP", "2015-03-31");
    let mut rates = BTreeSet::new();
    for entry in &entries {
        let (currency, amount) = &by_hand[text(entry, "staff_code")];
        assert_eq!((text(entry, "currency"), told(entry, "amount")), (currency.as_str(), amount.clone()), "{entry}");
        let charged = if currency == "USD" { amount.clone() } else { cents(&(amount * &rate)) };
        assert_eq!(told(entry, "charged_amount"), charged, "{entry}");
        match currency.as_str() {
            "USD" => assert!(entry["rate"].is_null(), "{entry}"),
            _ => assert_eq!(told(entry, "rate"), rate, "{entry}"),
        }
        rates.insert(entry["exchange_rate_id"].to_string());
    }
    assert_eq!(rates.len(), 2, "one rate, and none for the run's own currency");
    let of = |status: &str| entries.iter().filter(|entry| entry["status"] == status).cloned().collect::<Vec<_>>();
    let (paid, carried) = (of("paid"), of("carried"));
    assert_eq!((paid.len(), carried.len()), (201, 11));

    let agent = id_of(&manager.one("organizations?q=AGENT-01").await);
    let payments = manager.all(&format!("{path}/payments")).await;
    assert_eq!(payments.len(), 2, "one a currency");
    for payment in &payments {
        let own: Vec<&Value> = paid.iter().filter(|entry| entry["payment_id"] == payment["id"]).collect();
        assert!(own.iter().all(|entry| entry["currency"] == payment["currency"]));
        assert_eq!(
            (told(payment, "amount"), told(payment, "charged_amount")),
            (sum(own.clone(), "amount"), sum(own.clone(), "charged_amount"))
        );
        assert_eq!((&payment["people"], &payment["organization_id"]), (&json!(own.len()), &json!(agent)));
        is_proved(manager, payment, &paid).await;
    }
    let sheet = manager.read(&path).await;
    let spent = sum(&manager.all(&format!("expenditures?stipend_run_id={}", id_of(&run))).await, "amount");
    let charged = sum(&paid, "charged_amount");
    let least = BigDecimal::from(70_000);
    assert!(charged > least, "C12: more than 70,000 USD a month");
    assert_eq!(
        (told(&sheet, "paid_amount"), told(&sheet, "expenditure_amount"), spent),
        (charged.clone(), charged.clone(), charged)
    );
}

/// Two files prove a payment; the list that was signed holds everybody who was paid, and what they got.
async fn is_proved(manager: &Reader, payment: &Value, paid: &[Value]) {
    let mut kinds = BTreeSet::new();
    for id in payment["attachment_ids"].as_array().unwrap() {
        let id = id.as_str().unwrap();
        let file = manager.read(&format!("attachments/{id}")).await;
        kinds.insert(text(&file, "kind").to_owned());
        if file["kind"] != "signature_sheet" {
            continue;
        }
        let answer =
            manager.client.send(Method::GET, &format!("/api/v1/attachments/{id}/content"), &[], None).await.expect_status(200);
        let signed: BTreeMap<String, (String, BigDecimal)> = answer
            .text()
            .lines()
            .skip(1)
            .map(|line| line.split(',').map(ToOwned::to_owned).collect::<Vec<_>>())
            .map(|cells| (cells[1].clone(), (cells[3].clone(), number(&cells[4]))))
            .collect();
        let entries = paid.iter();
        let entries = entries
            .map(|entry| (text(entry, "staff_code").to_owned(), (text(entry, "currency").to_owned(), told(entry, "amount"))));
        assert_eq!(signed, entries.collect());
    }
    assert_eq!(kinds, BTreeSet::from(["agent_acknowledgement".to_owned(), "signature_sheet".to_owned()]));
}

/// What was held in March is paid with April, as March's month, at April's rate.
async fn eleven_are_paid_a_month_later(manager: &Reader) {
    let march = id_of(&manager.run("NORWAC-2015-A", "2015-03").await);
    let april = id_of(&manager.run("NORWAC-2015-A", "2015-04").await);
    let left: BTreeMap<String, Value> = manager
        .all(&format!("stipend-runs/{march}/entries?status=carried"))
        .await
        .into_iter()
        .map(|entry| (text(&entry, "id").to_owned(), entry))
        .collect();
    assert!(left.values().all(|entry| text(entry, "reason").contains("could not reach")));
    let taken = manager.all(&format!("stipend-runs/{april}/entries?carried_over=true")).await;
    assert_eq!((left.len(), taken.len()), (11, 11));
    let rate = manager.sheets.in_dollars("SYP", "2015-04-30");
    for entry in &taken {
        let from = &left[text(entry, "carried_from_id")];
        assert_eq!((&entry["staff_code"], &entry["amount"]), (&from["staff_code"], &from["amount"]));
        assert_eq!((text(entry, "month"), text(entry, "status")), ("2015-03-01", "paid"));
        assert_eq!((told(entry, "rate"), told(entry, "charged_amount")), (rate.clone(), cents(&(told(entry, "amount") * &rate))));
    }
    // No month of a person is paid twice without a waiver, by whatever run.
    let mut months = BTreeSet::new();
    for run in manager.all("stipend-runs").await {
        for entry in manager.all(&format!("stipend-runs/{}/entries?status=paid", id_of(&run))).await {
            if entry["double_pay_waiver"].is_null() {
                assert!(months.insert((text(&entry, "staff_code").to_owned(), text(&entry, "month").to_owned())), "{entry}");
            }
        }
    }
    let waiting = manager.run("NORWAC-2015-B", "2015-12").await;
    assert_eq!(text(&waiting, "status"), "draft");
}

async fn a_surgeon_is_paid_by_two(manager: &Reader) {
    let run = id_of(&manager.run("NORWAC-2015-A", "2015-03").await);
    let overlap = manager.one(&format!("stipend-runs/{run}/overlaps")).await;
    assert_eq!((text(&overlap, "staff_code"), text(&overlap, "other_contract_code")), ("S-0235", "IRC-2015"));
    assert_eq!((text(&overlap, "status"), text(&overlap, "other_status")), ("paid", "paid"));
    assert_eq!((&overlap["waived"], &overlap["paid_twice"]), (&json!(true), &json!(false)));
    let surgeon = manager.one(&format!("stipend-runs/{run}/entries?staff_id={}", text(&overlap, "staff_id"))).await;
    assert!(text(&surgeon, "double_pay_waiver").contains("both partners"), "{surgeon}");
    let halves =
        [&manager.sheets.month("NORWAC-2015-A", "2015-03")["S-0235"].1, &manager.sheets.month("IRC-2015", "2015-03")["S-0235"].1];
    assert_eq!([&told(&overlap, "amount"), &told(&overlap, "other_amount")], halves);
    let twice = manager.one("reports/double-funding?from=2015-03-01&to=2015-03-31").await;
    assert_eq!((text(&twice, "staff_code"), &twice["days"]), ("S-0235", &json!(31)));
    assert!(manager.sheets.with("staff", "code", "S-0235")[0]["specialty"].contains("surgery"));

    // Of IRC's March one came back: what is spent is what the others were paid.
    let other = id_of(&manager.run("IRC-2015", "2015-03").await);
    let entries = manager.all(&format!("stipend-runs/{other}/entries")).await;
    let by_hand = manager.sheets.month("IRC-2015", "2015-03");
    let all: BigDecimal = by_hand.values().map(|(_, amount)| amount.clone()).sum();
    let back: Vec<&Value> = entries.iter().filter(|entry| entry["status"] == "returned").collect();
    assert_eq!((entries.len(), back.len()), (by_hand.len(), 1));
    let spent = sum(&manager.all(&format!("expenditures?stipend_run_id={other}")).await, "amount");
    assert_eq!(spent, all - sum(back, "amount"));
}

/// Plan, promises, expenditures and receipts of every contract, added up from the sheets and, for the runs, from what their entries were paid.
async fn every_line_is_held_against_its_plan(manager: &Reader) {
    let sheets = &manager.sheets;
    let mut paid: BTreeMap<String, Vec<(String, BigDecimal)>> = BTreeMap::new();
    for run in manager.all("stipend-runs").await {
        for payment in manager.all(&format!("stipend-runs/{}/payments", id_of(&run))).await {
            let of_line = paid.entry(text(&run, "budget_line_id").to_owned()).or_default();
            of_line.push((text(&payment, "paid_on").to_owned(), told(&payment, "charged_amount")));
        }
        for entry in manager.all(&format!("stipend-runs/{}/entries?status=returned", id_of(&run))).await {
            let of_line = paid.entry(text(&run, "budget_line_id").to_owned()).or_default();
            of_line.push((text(&entry, "returned_on").to_owned(), -told(&entry, "charged_amount")));
        }
    }
    let mut lines = 0;
    for contract in sheets.of("contracts") {
        let code = &contract["code"];
        let id = id_of(&manager.contract(code).await);
        for on in ["2014-08-31", "2015-03-31", "2015-05-10", "2015-12-31"] {
            let report = manager.read(&format!("reports/budgets?contract_id={id}&as_of={on}")).await;
            let received: BigDecimal = sheets
                .with("disbursements", "contract_code", code)
                .iter()
                .filter(|row| row["received_on"].as_str() <= on)
                .map(|row| number(&row["amount"]))
                .sum();
            assert_eq!(told(&report["total"], "received"), received, "{code} {on}");
            let told_lines = report["lines"].as_array().unwrap();
            assert_eq!(told_lines.len(), sheets.with("budget_lines", "contract_code", code).len());
            for line in told_lines {
                holds(sheets, code, line, on, paid.get(text(line, "id")).map_or(&[], Vec::as_slice));
                lines += 1;
            }
            let all = sum(told_lines, "spent");
            assert_eq!(
                (told(&report["total"], "spent"), told(&report["total"], "received_less_spent")),
                (all.clone(), received - all)
            );
        }
    }
    assert_eq!(lines, 4 * sheets.of("budget_lines").len());
}

/// One line on one day.
fn holds(sheets: &Sheets, contract: &str, line: &Value, on: &str, paid: &[(String, BigDecimal)]) {
    let code = text(line, "code");
    let of_line = |name: &str, column: &str| -> Vec<&Row> {
        sheets.with(name, "contract_code", contract).into_iter().filter(|row| row[column] == code).collect()
    };
    let amount = number(&of_line("budget_lines", "code")[0]["amount"]);
    let planned: BigDecimal = of_line("budget_line_months", "budget_line_code")
        .iter()
        .filter(|row| row["month"].as_str() <= on)
        .map(|row| number(&row["amount"]))
        .sum();
    let value = |row: &Row| {
        if row["amount"].is_empty() {
            cents(&(number(&row["original_amount"]) * sheets.in_dollars(&row["original_currency"], &row["spent_on"])))
        } else {
            number(&row["amount"])
        }
    };
    let by: Vec<&Row> =
        of_line("expenditures", "budget_line_code").into_iter().filter(|row| row["spent_on"].as_str() <= on).collect();
    let by_sheet: BigDecimal = by.iter().map(|row| value(row)).sum();
    let by_runs: BigDecimal = paid.iter().filter(|(day, _)| day.as_str() <= on).map(|(_, amount)| amount.clone()).sum();
    let spent = by_sheet + by_runs;
    let committed: BigDecimal = of_line("commitments", "budget_line_code")
        .iter()
        .filter(|row| row["committed_on"].as_str() <= on)
        .map(|row| {
            let used: BigDecimal =
                by.iter().filter(|spent| spent["commitment_reference"] == row["reference"]).map(|spent| value(spent)).sum();
            number(&row["amount"]) - used
        })
        .sum();
    let name = format!("{contract} {code} on {on}");
    assert_eq!(told(line, "amount"), amount, "{name}");
    assert_eq!(told(line, "planned_to_date"), planned, "{name}");
    assert_eq!(told(line, "spent"), spent, "{name}");
    assert_eq!(told(line, "committed"), committed, "{name}");
    assert_eq!(told(line, "unspent"), &amount - &spent, "{name}");
    assert_eq!(told(line, "free"), &amount - &spent - &committed, "{name}");
    assert!(spent <= amount, "{name}");
    if planned.is_zero() {
        assert!(line["burn_rate"].is_null(), "{name}");
    } else {
        let rate = (&spent * BigDecimal::from(100) / &planned).with_scale_round(1, RoundingMode::HalfUp);
        assert_eq!(told(line, "burn_rate"), rate, "{name}");
    }
}

/// 350,000 of 1,000,000 (C1): from the sheet of gifts and the rows of what was given back; where it went, from the allocations.
async fn the_campaign_tells_what_it_raised_and_where_it_went(manager: &Reader) {
    let sheets = &manager.sheets;
    let campaign = id_of(&manager.one("campaigns").await);
    let in_dollars = |row: &Row| match row["currency"].as_str() {
        "USD" => number(&row["amount"]),
        other => cents(&(number(&row["amount"]) * sheets.in_dollars(other, &row["received_on"]))),
    };
    let rows = manager.all(&format!("donations?campaign_id={campaign}")).await;
    let given_back: Vec<&Value> = rows.iter().filter(|row| ["refund", "chargeback"].contains(&text(row, "kind"))).collect();
    assert_eq!(given_back.len(), 2);
    for (on, raised) in [("2015-05-10", None), ("2015-12-31", Some("350000.00"))] {
        let funds = manager.read(&format!("campaigns/{campaign}/funds?as_of={on}")).await;
        let of = |kind: &str| -> BigDecimal {
            let known = sheets.with("donations", "kind", kind).into_iter().filter(|row| row["received_on"].as_str() <= on);
            known.map(in_dollars).sum()
        };
        let back = sum(given_back.iter().copied().filter(|row| text(row, "received_on") <= on), "amount");
        let by_hand = of("received") - back;
        assert_eq!(told(&funds, "raised_amount"), by_hand, "{on}");
        assert_eq!(told(&funds, "remaining_amount"), BigDecimal::from(1_000_000) - &by_hand, "{on}");
        assert_eq!(told(&funds, "fees_amount"), of("fee"), "{on}");
        assert_eq!(told(&funds, "net_amount"), &by_hand - of("fee"), "{on}");
        if let Some(raised) = raised {
            assert_eq!((text(&funds, "raised_amount"), text(&funds, "percent_raised")), (raised, "35.00"));
        }
        let mut went: BTreeMap<String, BigDecimal> = BTreeMap::new();
        for row in manager.all(&format!("campaign-allocations?campaign_id={campaign}")).await {
            if text(&row, "allocated_on") <= on {
                *went.entry(text(&row, "budget_line_id").to_owned()).or_default() += told(&row, "amount");
            }
        }
        let by_line = funds["by_line"].as_array().unwrap();
        assert_eq!(
            by_line
                .iter()
                .map(|line| (text(line, "budget_line_id").to_owned(), told(line, "amount")))
                .collect::<BTreeMap<_, _>>(),
            went
        );
        let allocated: BigDecimal = went.values().cloned().sum();
        assert!(allocated <= by_hand, "{on}: never more than was raised");
        assert_eq!(
            (told(&funds, "allocated_amount"), told(&funds, "unallocated_amount")),
            (allocated.clone(), by_hand - allocated)
        );
    }
    let in_kind = rows.iter().find(|row| row["kind"] == "in_kind").expect("a gift in kind");
    let lot = manager.read(&format!("lots/{}", text(in_kind, "lot_id"))).await;
    let donor = manager.read(&format!("donors/{}", text(in_kind, "donor_id"))).await;
    assert_eq!(lot["origin_id"], donor["organization_id"], "the donor is on the lot");
    assert!(rows.iter().filter(|row| row["kind"] == "received").any(|row| row["donor_id"].is_null()), "some are anonymous");
    // A refund goes at its gift's rate, and no gift is given back beyond itself.
    for row in given_back {
        let gift = rows.iter().find(|gift| gift["id"] == row["gift_id"]).expect("its gift");
        assert!(told(row, "amount") <= told(gift, "amount"));
    }
    let claims = manager.read(&format!("reports/reconciliation?campaign_id={campaign}")).await["claims"].clone();
    for (code, amount) in [("C1-GOAL", "1000000.00"), ("C1-RAISED", "350000.00")] {
        let claim = claims.as_array().unwrap().iter().find(|claim| claim["code"] == code).expect(code);
        assert_eq!((text(claim, "computed_amount"), text(claim, "verdict")), (amount, "agrees"), "{claim}");
    }
    let public = manager.client.get("/api/v1/public/campaigns/SIRAJ-2015").await.expect_status(200).json();
    assert_eq!((text(&public, "raised_amount"), text(&public, "remaining_amount")), ("350000.00", "650000.00"));
    let suggested: Vec<&str> =
        public["suggested_amounts"].as_array().unwrap().iter().map(|amount| amount.as_str().unwrap()).collect();
    assert_eq!(suggested, ["10.00", "20.00", "30.00", "50.00", "100.00"], "C1");
}
