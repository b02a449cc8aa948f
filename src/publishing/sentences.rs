//! How a restatement is told, in English and Arabic. No database here.

use serde_json::Value;

use super::{
    answers::{RestatedChange, RestatedRow, RestatedRule},
    explain::Explanation,
};
use crate::error::Locale;

/// How many codes, and how many changes, a sentence names.
const MOST_NAMED: usize = 10;
const MOST_CHANGES: usize = 3;

/// Why a figure is another: what left, what entered, and what was changed by whom and when.
pub fn tell_figure(
    locale: Locale,
    figure: &str,
    (was, is): (&str, &str),
    (left, entered): (&[RestatedRow], &[RestatedRow]),
    changes: &[&Explanation],
) -> String {
    let mut told = match locale {
        Locale::English if was == is => format!("{figure} is {is} as before, of other rows"),
        Locale::English => format!("{figure}: {was} became {is}"),
        Locale::Arabic if was == is => format!("{figure}: بقي {is} من سجلات أخرى"),
        Locale::Arabic => format!("{figure}: كان {was} وأصبح {is}"),
    };
    let moves: Vec<String> = [(left, "left", "خرج"), (entered, "entered", "دخل")]
        .into_iter()
        .filter(|(rows, ..)| !rows.is_empty())
        .map(|(rows, english, arabic)| match locale {
            Locale::English => format!("{} {english}", named(rows)),
            Locale::Arabic => format!("{arabic} {}", named(rows)),
        })
        .collect();
    if !moves.is_empty() {
        let (because, and) = if locale == Locale::Arabic { ("، لأنه ", " و") } else { (", because ", " and ") };
        told += because;
        told += &moves.join(and);
    }
    let shown: Vec<String> = changes.iter().take(MOST_CHANGES).map(|(_, change)| tell_change(locale, change)).collect();
    if !shown.is_empty() {
        told += ": ";
        told += &shown.join(if locale == Locale::Arabic { "؛ " } else { "; " });
        if changes.len() > MOST_CHANGES {
            told += "; …";
        }
    }
    told + "."
}

/// `assignments ends_on from 2015-12-31 to 2015-11-30, changed by a manager on 2016-03-01`.
fn tell_change(locale: Locale, change: &RestatedChange) -> String {
    let day = change.occurred_at.format("%Y-%m-%d");
    let resource = &change.resource;
    let role = role(locale, &change.actor_role);
    if change.action == "created" {
        return match locale {
            Locale::English => format!("a record of {resource}, added by {role} on {day}"),
            Locale::Arabic => format!("سجل من {resource} أضافه {role} في {day}"),
        };
    }
    let fields: Vec<String> = change
        .fields
        .iter()
        .map(|one| {
            let (field, from, to) = (&one.field, plain(&one.from), plain(&one.to));
            match locale {
                Locale::English => format!("{field} from {from} to {to}"),
                Locale::Arabic => format!("{field} من {from} إلى {to}"),
            }
        })
        .collect();
    match locale {
        Locale::English => format!("{resource} {}, changed by {role} on {day}", fields.join(", ")),
        Locale::Arabic => format!("{resource} {}، غيّره {role} في {day}", fields.join("، ")),
    }
}

fn role(locale: Locale, role: &str) -> String {
    if locale == Locale::English {
        let article = if role.starts_with('a') { "an" } else { "a" };
        return format!("{article} {role}");
    }
    let word = match role {
        "admin" => "مشرف",
        "coordinator" => "منسق",
        "clerk" => "موظف",
        "partner" => "شريك",
        "auditor" => "مدقق",
        _ => "مدير",
    };
    word.to_owned()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "—".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(entries) => entries.iter().map(plain).collect::<Vec<_>>().join("+"),
        other => other.to_string(),
    }
}

fn named(rows: &[RestatedRow]) -> String {
    let shown: Vec<&str> = rows.iter().take(MOST_NAMED).map(|row| row.code.as_str()).collect();
    format!("{}{}", shown.join(", "), if rows.len() > MOST_NAMED { ", …" } else { "" })
}

/// What differs beside the figures.
pub struct Others {
    /// Claims that stand otherwise than they did, by their codes.
    pub claims: Vec<String>,
    /// Whether the head-counts by their parts are others.
    pub staffing: bool,
}

/// The whole restatement: that it stands, or every figure that does not.
pub fn tell_all(locale: Locale, number: i64, figures: &[String], others: &Others, rules: &[RestatedRule]) -> String {
    let stands = figures.is_empty() && others.claims.is_empty() && !others.staffing;
    let mut told = match (locale, stands) {
        (Locale::English, true) => format!("Report {number} would say the same today."),
        (Locale::English, false) => format!("Report {number} would say something else today. {}", figures.join(" ")),
        (Locale::Arabic, true) => format!("التقرير {number} يقول اليوم الشيء نفسه."),
        (Locale::Arabic, false) => format!("التقرير {number} كان سيقول اليوم شيئًا آخر. {}", figures.join(" ")),
    };
    if !others.claims.is_empty() {
        told += if locale == Locale::Arabic {
            " أقوال منشورة تقف اليوم على غير ما كانت: "
        } else {
            " Claims stand otherwise than they did: "
        };
        told += &others.claims.join(", ");
        told += ".";
    }
    if others.staffing {
        told += if locale == Locale::Arabic {
            " توزيع العاملين يختلف."
        } else {
            " The staff are distributed otherwise."
        };
    }
    if !rules.is_empty() {
        let names: Vec<&str> = rules.iter().map(|rule| rule.rule.as_str()).collect();
        told += if locale == Locale::Arabic {
            " بعضه يُحسب الآن بقواعد أخرى ("
        } else {
            " Some of it is counted by other rules now ("
        };
        told += &names.join(", ");
        told += ").";
    }
    told
}
