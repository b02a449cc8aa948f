//! The numbers of a document, each by the name it has in the reports; and what differs between two readings of them. Pure.

use std::collections::{BTreeMap, BTreeSet};

use bigdecimal::BigDecimal;
use serde_json::Value;

use super::answers::RestatedRule;

/// Parts of the figures that are no figures themselves.
const APART: &[&str] = &["as_of", "known_at", "scope", "method"];

/// A number that was one and is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its name: `staff.by_cadre.doctor`.
    pub figure: String,
    /// What it was.
    pub was: BigDecimal,
    /// What it is.
    pub is: BigDecimal,
}

/// The numbers of figures, and the groups that they stand in: what is missing in a group that is there is none.
#[derive(Debug, Default)]
pub struct Numbers {
    by_name: BTreeMap<String, BigDecimal>,
    groups: BTreeSet<String>,
}

impl Numbers {
    /// The numbers of the figures of a document or an answer.
    pub fn of(figures: &Value) -> Self {
        let mut numbers = Self::default();
        for (name, value) in figures.as_object().into_iter().flatten().filter(|(name, _)| !APART.contains(&name.as_str())) {
            numbers.walk(name.clone(), value);
        }
        // What a rule left out is a figure of its group: `facilities.supported_but_not_open`.
        for (rule, method) in figures["method"].as_object().into_iter().flatten() {
            let group = rule.split('.').next().unwrap_or(rule);
            for (name, value) in method["left_out"].as_object().into_iter().flatten() {
                numbers.walk(format!("{group}.{name}"), value);
            }
        }
        numbers
    }

    /// All numbers of a document: those of its figures, of its supplies and of its money.
    pub fn of_document(told: &Value) -> Self {
        let mut numbers = Self::of(&told["figures"]);
        for part in ["goal", "raised", "remaining"] {
            numbers.add("funds", part, &told["funds"][part]);
        }
        let supplies = [
            ("totals", "supplies.total", &["base_unit"][..]),
            ("cells", "supplies.arrived", &["category", "month", "base_unit"]),
        ];
        for (list, group, names) in supplies {
            numbers.rows(&told["supplies"][list], group, names, "arrived");
        }
        let money = [
            ("totals", "total", &["currency"][..]),
            ("by_category", "by_category", &["category", "month", "currency"]),
            ("by_contract", "by_contract", &["contract_code", "currency"]),
        ];
        for (list, by, names) in money {
            for sum in ["planned", "received", "spent"] {
                numbers.rows(&told["spending"][list], &format!("spending.{sum}.{by}"), names, sum);
            }
        }
        numbers
    }

    /// Rows that are known by several words together: `supplies.arrived.medicines/2015-03/vial`.
    fn rows(&mut self, rows: &Value, group: &str, names: &[&str], number: &str) {
        for row in rows.as_array().into_iter().flatten() {
            // A point stands between groups; a month is told by its year and month.
            let part = |name: &&str| {
                let word = row[*name].as_str().unwrap_or_default();
                if *name == "month" { word.chars().take(7).collect() } else { word.replace('.', "·") }
            };
            self.add(group, &names.iter().map(part).collect::<Vec<String>>().join("/"), &row[number]);
        }
        if rows.is_array() {
            self.groups.insert(group.to_owned());
        }
    }

    fn add(&mut self, group: &str, name: &str, value: &Value) {
        if let Some(number) = number_of(value) {
            self.by_name.insert(format!("{group}.{name}"), number);
        }
    }

    /// The number of this name.
    pub fn get(&self, name: &str) -> Option<BigDecimal> {
        self.by_name.get(name).cloned().or_else(|| self.groups.contains(group_of(name)).then(BigDecimal::default))
    }

    /// All of them, by their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BigDecimal)> {
        self.by_name.iter().map(|(name, number)| (name.as_str(), number))
    }

    fn walk(&mut self, name: String, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (field, inner) in fields {
                    self.walk(format!("{name}.{field}"), inner);
                }
                self.groups.insert(name);
            }
            // Rows of a list stand under their codes: an area's total, a campaign's goal.
            Value::Array(rows) => {
                for row in rows {
                    let code = row["code"].as_str().unwrap_or_default();
                    let number = row.get("total").or_else(|| row.get("goal_amount"));
                    if let Some(number) = number.and_then(number_of) {
                        self.by_name.insert(format!("{name}.{code}"), number);
                    }
                }
                self.groups.insert(name);
            }
            other => {
                if let Some(number) = number_of(other) {
                    self.by_name.insert(name, number);
                }
            }
        }
    }
}

fn group_of(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(group, _)| group)
}

fn number_of(value: &Value) -> Option<BigDecimal> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        // A sum that was turned round in a later month is below nothing there.
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')) => text.parse().ok(),
        _ => None,
    }
}

/// What differs between two readings. What only one of them has a word for cannot be compared, and is not.
pub fn differences(was: &Numbers, is: &Numbers) -> Vec<Difference> {
    let names: BTreeSet<&String> = was.by_name.keys().chain(is.by_name.keys()).collect();
    let compared = names.into_iter().filter_map(|name| {
        let (was, is) = (was.get(name)?, is.get(name)?);
        (was != is).then(|| Difference { figure: name.clone(), was, is })
    });
    compared.collect()
}

/// The rules of two documents that are of other versions.
pub fn rules(was: &Value, is: &Value) -> Vec<RestatedRule> {
    let versions = |told: &Value| -> BTreeMap<String, u64> {
        let told = ["figures", "funds", "supplies", "spending"].map(|part| &told[part]["method"]);
        let rules = told.into_iter().filter_map(Value::as_object).flatten();
        rules.filter_map(|(rule, method)| Some((rule.clone(), method["version"].as_u64()?))).collect()
    };
    let (was, is) = (versions(was), versions(is));
    // A rule that is new counts what the report did not tell.
    let changed = was.iter().filter(|(rule, version)| is.get(*rule) != Some(*version));
    changed.map(|(rule, version)| RestatedRule { rule: rule.clone(), was: Some(*version), is: is.get(rule).copied() }).collect()
}

/// A number as people write it: no zeros that say nothing.
pub fn plain(number: &BigDecimal) -> String {
    number.normalized().to_plain_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_that_differ_are_told_by_their_names_and_what_is_missing_in_a_group_is_none() {
        let was = json!({"as_of": "2015-12-31", "facilities": {"total": 2, "by_kind": {"hospital": 2}, "by_area": [{"code": "EAST", "name": "7", "total": 2}]},
            "staff": {"total": 740, "full_time_equivalents": "733.85"}, "method": {"facilities.total": {"version": 1, "left_out": {"open_but_not_supported": 1}}}});
        let is = json!({"as_of": "2015-12-31", "facilities": {"total": 2, "by_kind": {"medical_point": 2}, "by_area": [{"code": "EAST", "name": "8", "total": 2}]},
            "staff": {"total": 738, "full_time_equivalents": "731.850", "by_gender": {"female": 300}}, "supplies": {"sent": 4},
            "method": {"facilities.total": {"version": 2, "left_out": {"open_but_not_supported": 1}}, "supplies.sent": {"version": 1}}});
        let told: Vec<_> = differences(&Numbers::of(&was), &Numbers::of(&is))
            .iter()
            .map(|one| format!("{} {} {}", one.figure, plain(&one.was), plain(&one.is)))
            .collect();
        assert_eq!(
            told,
            [
                "facilities.by_kind.hospital 2 0",
                "facilities.by_kind.medical_point 0 2",
                "staff.full_time_equivalents 733.85 731.85",
                "staff.total 740 738"
            ]
        );
        assert_eq!(
            rules(&json!({"figures": was}), &json!({"figures": is})),
            [RestatedRule { rule: "facilities.total".to_owned(), was: Some(1), is: Some(2) }]
        );
        assert_eq!(Numbers::of(&was).get("facilities.open_but_not_supported"), Some(1.into()));
    }

    #[test]
    fn supplies_and_money_are_told_by_the_words_of_their_rows() {
        let cell = |month: &str, arrived: i64| json!({"category": "medicines", "month": month, "base_unit": "vial 0.5", "arrived": arrived});
        let row = |spent: &str| json!({"contract_code": "N-1", "currency": "USD", "planned": "10.00", "received": "5.00", "spent": spent});
        let was = json!({"funds": {"goal": "100.00", "raised": "35.00", "remaining": "65.00"},
            "supplies": {"totals": [], "cells": [cell("2015-03-01", 5)]}, "spending": {"totals": [], "by_category": [], "by_contract": [row("4.00")]}});
        let is = json!({"funds": {"goal": "100.00", "raised": "40.00", "remaining": "60.00"},
            "supplies": {"totals": [], "cells": [cell("2015-04-01", 5)]}, "spending": {"totals": [], "by_category": [], "by_contract": [row("-1.50")]}});
        let told: Vec<_> = differences(&Numbers::of_document(&was), &Numbers::of_document(&is))
            .iter()
            .map(|one| format!("{} {} {}", one.figure, plain(&one.was), plain(&one.is)))
            .collect();
        assert_eq!(
            told,
            [
                "funds.raised 35 40",
                "funds.remaining 65 60",
                "spending.spent.by_contract.N-1/USD 4 -1.5",
                "supplies.arrived.medicines/2015-03/vial 0·5 5 0",
                "supplies.arrived.medicines/2015-04/vial 0·5 0 5"
            ]
        );
        // What one of them does not tell at all cannot be compared.
        assert!(differences(&Numbers::of_document(&json!({"figures": {}})), &Numbers::of_document(&is)).is_empty());
    }
}
