//! The field's own words for what reports name by codes: figures, records, fields, values. They are the words that pages are set in.

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use serde_json::Value;

use crate::error::Locale;

static ENGLISH: LazyLock<Value> = LazyLock::new(|| read(include_str!("paper/words.en.json")));
static ARABIC: LazyLock<Value> = LazyLock::new(|| read(include_str!("paper/words.ar.json")));

/// The words are part of the program; a test reads both.
fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn words(locale: Locale) -> &'static Value {
    match locale {
        Locale::English => &ENGLISH,
        Locale::Arabic => &ARABIC,
    }
}

/// A word of a group; nothing where it has none.
pub fn word(locale: Locale, group: &str, key: &str) -> Option<&'static str> {
    words(locale)[group][key].as_str()
}

/// A word of a group; one that has none stands as it is.
fn word_or<'a>(locale: Locale, group: &str, key: &'a str) -> &'a str {
    word(locale, group, key).unwrap_or(key)
}

/// What stands where there is no value.
pub fn nothing(locale: Locale) -> &'static str {
    words(locale)["nothing"].as_str().unwrap_or("–")
}

/// A month with its year: `October 2015`.
pub fn month(locale: Locale, month: NaiveDate) -> String {
    let named = usize::try_from(month.month0()).ok().and_then(|place| words(locale)["months"][place].as_str());
    format!("{} {}", named.unwrap_or_default(), month.year())
}

/// So many records of a table: `3 posts`. Arabic has forms of its own for one, two, three to ten, and more.
pub fn records(locale: Locale, resource: &str, number: usize) -> String {
    let form = match number {
        1 => 0,
        2 => 1,
        _ if (3..=10).contains(&(number % 100)) => 2,
        _ => 3,
    };
    let text = words(locale)["records"][resource][form].as_str().unwrap_or(resource);
    text.replace("{number}", &number.to_string())
}

/// What a figure is called; `area` tells an area's name by its code.
pub fn figure(locale: Locale, name: &str, area: &dyn Fn(&str) -> Option<String>) -> String {
    if let Some(word) = word(locale, "figures", name) {
        return word.to_owned();
    }
    let (group, last) = name.rsplit_once('.').unwrap_or(("", name));
    let of = |form: &str| word_or(locale, "figure_of", form).to_owned();
    match group {
        "facilities.by_kind" => word_or(locale, "kinds", last).to_owned(),
        "staff.by_cadre" => word_or(locale, "cadres", last).to_owned(),
        "facilities.by_functionality" => {
            format!("{}: {}", word_or(locale, "figures", group), word_or(locale, "functionality", last))
        }
        "facilities.by_area" => of("area").replace("{area}", &area(last).unwrap_or_else(|| last.to_owned())),
        "funding.goals" => of("goal").replace("{code}", last),
        "supplies.total" => of("arrived_in_all").replace("{unit}", word_or(locale, "units", last)),
        "supplies.arrived" => {
            let (category, month, unit) = three(last);
            let text = of("arrived").replace("{category}", word_or(locale, "item_categories", category));
            text.replace("{month}", &named_month(locale, month)).replace("{unit}", word_or(locale, "units", unit))
        }
        _ => money(locale, group, last).unwrap_or_else(|| name.to_owned()),
    }
}

/// `spending.spent.by_category` of `fuel/2015-03/USD`.
fn money(locale: Locale, group: &str, last: &str) -> Option<String> {
    let (sum, by) = group.strip_prefix("spending.")?.split_once('.')?;
    let sum = word(locale, "figures", &format!("spending.{sum}"))?;
    let (first, second, third) = three(last);
    let comma = words(locale)["comma"].as_str().unwrap_or_default();
    Some(match by {
        "total" => format!("{sum} ({last})"),
        "by_contract" => format!("{sum}{comma}{first} ({second})"),
        _ => {
            let category = word_or(locale, "budget_categories", first);
            format!("{sum}{comma}{category}{comma}{} ({third})", named_month(locale, second))
        }
    })
}

fn three(text: &str) -> (&str, &str, &str) {
    let mut parts = text.splitn(3, '/');
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next())
}

fn named_month(locale: Locale, text: &str) -> String {
    format!("{text}-01").parse().map_or_else(|_| text.to_owned(), |day| month(locale, day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Figure;

    #[test]
    fn every_figure_and_record_has_words_in_both_languages() {
        let area = |code: &str| (code == "EAST").then(|| "الغوطة".to_owned());
        for locale in [Locale::English, Locale::Arabic] {
            for name in Figure::ALL {
                assert_ne!(figure(locale, name.as_str(), &area), name.as_str());
            }
        }
        let told = |name: &str| figure(Locale::Arabic, name, &area);
        assert_eq!(told("facilities.by_area.EAST"), "المنشآت في الغوطة");
        assert_eq!(told("supplies.arrived.medicines/2015-03/vial"), "ما وصل من أدوية في آذار 2015 بوحدة قارورة حقن");
        assert_eq!(told("spending.spent.by_category.fuel/2015-03/USD"), "المصروف، وقود، آذار 2015 (USD)");
        assert_eq!(figure(Locale::English, "spending.received.by_contract.N-1/USD", &area), "Received from partners, N-1 (USD)");
        assert_eq!(records(Locale::Arabic, "assignments", 2), "وظيفتان");
        assert_eq!(
            (records(Locale::English, "assignments", 3), records(Locale::Arabic, "assignments", 111)),
            ("3 posts".into(), "111 وظيفة".into())
        );
    }
}
