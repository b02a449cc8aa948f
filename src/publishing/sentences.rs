//! How a restatement is told, in English and Arabic. No database here.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use super::{
    answers::{RestatedChange, RestatedPosts, RestatedRow, RestatedRule},
    explain::Explanation,
    terms,
};
use crate::error::Locale;

/// How many codes, and how many changes of a cause that was named, a sentence names.
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
        Locale::English if was == is => format!("{figure}: {is} as before, of other rows"),
        Locale::English => format!("{figure}: {was} became {is}"),
        Locale::Arabic if was == is => format!("{figure}: بقي {is} من سجلات أخرى"),
        Locale::Arabic => format!("{figure}: كان {was} وأصبح {is}"),
    };
    let moves: Vec<String> = [(left, "left", "خرج"), (entered, "entered", "دخل")]
        .into_iter()
        .filter(|(rows, ..)| !rows.is_empty())
        .map(|(rows, english, arabic)| match locale {
            Locale::English => format!("{} {english}", named(locale, rows)),
            Locale::Arabic => format!("{arabic} {}", named(locale, rows)),
        })
        .collect();
    if !moves.is_empty() {
        let (because, and) = if locale == Locale::Arabic { ("، لأنه ", " و") } else { (", because ", " and ") };
        told += because;
        told += &moves.join(and);
    }
    if !changes.is_empty() {
        told += ": ";
        told += &tell_changes(locale, changes);
    }
    told + "."
}

/// Changes that are the same of several records.
struct Group<'a> {
    change: &'a RestatedChange,
    records: BTreeSet<Uuid>,
}

impl Group<'_> {
    /// Whether a change is the same as those of the group, of another record.
    fn takes(&self, other: &RestatedChange) -> bool {
        let day = |change: &RestatedChange| change.occurred_at.date_naive();
        let same = |one: &RestatedChange| {
            (&one.resource, &one.action, &one.actor_role, &one.fields).eq(&(
                &other.resource,
                &other.action,
                &other.actor_role,
                &other.fields,
            ))
        };
        // What is new has no two alike; that it was added is all that is told of it.
        let added = |one: &RestatedChange| {
            one.action == "created"
                && (&one.resource, &one.action, &one.actor_role).eq(&(&other.resource, &other.action, &other.actor_role))
        };
        day(self.change) == day(other) && (same(self.change) || added(self.change))
    }

    /// What caused it: changes of the same fields of records of one sort are one cause.
    fn cause(&self) -> (&str, &str, Vec<&str>) {
        let fields = self.change.fields.iter().map(|one| one.field.as_str());
        let fields = if self.change.action == "created" { Vec::new() } else { fields.collect() };
        (&self.change.resource, &self.change.action, fields)
    }
}

/// Equal changes once, with how many records they are of; each cause is named before anything is left out.
fn tell_changes(locale: Locale, changes: &[&Explanation]) -> String {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (_, change) in changes {
        match groups.iter_mut().find(|group| group.takes(change)) {
            Some(group) => {
                group.records.insert(change.record_id);
            }
            None => groups.push(Group { change, records: BTreeSet::from([change.record_id]) }),
        }
    }
    let mut causes = BTreeSet::new();
    let (first, mut others): (Vec<&Group<'_>>, Vec<&Group<'_>>) = groups.iter().partition(|group| causes.insert(group.cause()));
    let room = MOST_CHANGES.saturating_sub(first.len());
    let left_out = others.len().saturating_sub(room);
    others.truncate(room);
    let told: Vec<String> = first.into_iter().chain(others).map(|group| tell_group(locale, group)).collect();
    match (locale, left_out) {
        (Locale::English, 0) => told.join("; "),
        (Locale::English, more) => format!("{}; and {more} more of these kinds", told.join("; ")),
        (Locale::Arabic, 0) => told.join("؛ "),
        (Locale::Arabic, more) => format!("{}؛ وتغييرات أخرى من هذه الأنواع عددها {more}", told.join("؛ ")),
    }
}

/// `3 posts: last day from 2015-12-31 to 2015-11-30, changed by a manager on 2016-03-01`.
fn tell_group(locale: Locale, group: &Group<'_>) -> String {
    let change = group.change;
    let records = terms::records(locale, &change.resource, group.records.len());
    let day = change.occurred_at.format("%Y-%m-%d");
    let role = terms::word(locale, "roles", &change.actor_role).unwrap_or(&change.actor_role);
    let done = match (locale, change.action.as_str()) {
        (Locale::English, "created") => Some("added"),
        (Locale::English, "retired") => Some("retired"),
        (Locale::English, "restored") => Some("brought back"),
        (Locale::Arabic, "created") => Some("أضاف ذلك"),
        (Locale::Arabic, "retired") => Some("سحب ذلك من السجل"),
        (Locale::Arabic, "restored") => Some("أعاد ذلك إلى السجل"),
        _ => None,
    };
    match (locale, done) {
        (Locale::English, Some(done)) => format!("{records}, {done} by {role} on {day}"),
        (Locale::English, None) => format!("{records}: {}, changed by {role} on {day}", fields(locale, change).join(", ")),
        (Locale::Arabic, Some(done)) => format!("{records}، {done} {role} في {day}"),
        (Locale::Arabic, None) => format!("{records}: {}، غيّر ذلك {role} في {day}", fields(locale, change).join("، ")),
    }
}

fn fields(locale: Locale, change: &RestatedChange) -> Vec<String> {
    let told = change.fields.iter().filter(|one| one.field != "retired_at").map(|one| {
        // Which record it is now has only an id, and an id is no word.
        if let Some(other) = terms::word(locale, "others", &one.field) {
            return other.to_owned();
        }
        let field = terms::word(locale, "fields", &one.field).unwrap_or(&one.field);
        let (from, to) = (plain(locale, &one.from), plain(locale, &one.to));
        match locale {
            Locale::English => format!("{field} from {from} to {to}"),
            Locale::Arabic => format!("{field} من {from} إلى {to}"),
        }
    });
    told.collect()
}

fn plain(locale: Locale, value: &Value) -> String {
    match value {
        Value::Null => terms::nothing(locale).to_owned(),
        Value::String(text) => terms::word(locale, "values", text).unwrap_or(text).to_owned(),
        Value::Array(entries) => entries.iter().map(|entry| plain(locale, entry)).collect::<Vec<_>>().join(" + "),
        other => other.to_string(),
    }
}

const fn comma(locale: Locale) -> &'static str {
    match locale {
        Locale::English => ", ",
        Locale::Arabic => "، ",
    }
}

fn named(locale: Locale, rows: &[RestatedRow]) -> String {
    let shown: Vec<&str> = rows.iter().take(MOST_NAMED).map(|row| row.code.as_str()).collect();
    let more = if rows.len() > MOST_NAMED { format!("{}…", comma(locale)) } else { String::new() };
    format!("{}{more}", shown.join(comma(locale)))
}

/// What differs beside the figures.
pub struct Others<'a> {
    /// Claims that stand otherwise than they did, by their codes.
    pub claims: Vec<String>,
    /// The posts of facilities by cadre that are others.
    pub staffing: &'a [RestatedPosts],
}

/// The whole restatement: that it stands, or every figure that does not.
pub fn tell_all(locale: Locale, number: i64, figures: &[String], others: &Others<'_>, rules: &[RestatedRule]) -> String {
    let stands = figures.is_empty() && others.claims.is_empty() && others.staffing.is_empty();
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
        told += &others.claims.join(comma(locale));
        told += ".";
    }
    told += &tell_staffing(locale, others.staffing);
    if !rules.is_empty() {
        let names: Vec<String> = rules.iter().map(|rule| terms::figure(locale, &rule.rule, &|_| None)).collect();
        told += if locale == Locale::Arabic {
            " بعضه يُحسب الآن بقواعد أخرى ("
        } else {
            " Some of it is counted by other rules now ("
        };
        told += &names.join(comma(locale));
        told += ").";
    }
    told
}

/// ` Posts by facility and cadre: HOS-01, Nurses: 5 became 3.`
fn tell_staffing(locale: Locale, rows: &[RestatedPosts]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let row = |one: &RestatedPosts| {
        let cadre = terms::word(locale, "cadres", one.cadre.as_str()).unwrap_or_else(|| one.cadre.as_str());
        // Posts may be as many as before, of other shares.
        let (was, is) = if one.was == one.is {
            (one.full_time_equivalents_was.clone(), one.full_time_equivalents_is.clone())
        } else {
            (one.was.to_string(), one.is.to_string())
        };
        match locale {
            Locale::English => format!("{}, {cadre}: {was} became {is}", one.code),
            Locale::Arabic => format!("{}، {cadre}: كان {was} وأصبح {is}", one.code),
        }
    };
    let shown: Vec<String> = rows.iter().take(MOST_NAMED).map(row).collect();
    let more = rows.len().saturating_sub(MOST_NAMED);
    match (locale, more) {
        (Locale::English, 0) => format!(" Posts by facility and cadre: {}.", shown.join("; ")),
        (Locale::English, more) => format!(" Posts by facility and cadre: {}; and {more} more.", shown.join("; ")),
        (Locale::Arabic, 0) => format!(" الوظائف بحسب المنشأة والاختصاص: {}.", shown.join("؛ ")),
        (Locale::Arabic, more) => format!(" الوظائف بحسب المنشأة والاختصاص: {}؛ وغيرها وعددها {more}.", shown.join("؛ ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::publishing::answers::RestatedField;

    fn change(sequence: i64, action: &str, field: &str, (from, to): (Value, Value)) -> Explanation {
        let fields = vec![RestatedField { field: field.to_owned(), from, to }];
        let change = RestatedChange {
            sequence,
            resource: "assignments".to_owned(),
            record_id: Uuid::from_u128(u128::from(sequence.unsigned_abs())),
            action: action.to_owned(),
            occurred_at: "2026-11-29T08:00:00Z".parse().expect("a moment"),
            actor_id: Uuid::nil(),
            actor_role: "manager".to_owned(),
            fields,
        };
        (0, change)
    }

    #[test]
    fn equal_changes_are_told_once_and_each_cause_before_anything_is_left_out() {
        let ended = |sequence, to: &str| change(sequence, "changed", "ends_on", (json!("2016-02-15"), json!(to)));
        let mut changes: Vec<Explanation> = (1..=3).map(|sequence| ended(sequence, "2015-11-30")).collect();
        changes.extend((4..=7).map(|sequence| ended(sequence, &format!("2015-10-0{sequence}"))));
        changes.push(change(8, "retired", "retired_at", (Value::Null, json!("2026-11-29T08:00:00Z"))));
        changes.push(change(9, "created", "ends_on", (Value::Null, json!("2015-12-31"))));
        changes.push(change(10, "created", "ends_on", (Value::Null, json!("2015-12-30"))));
        changes.push(change(11, "changed", "facility_id", (json!(Uuid::nil()), json!(Uuid::max()))));
        let changes: Vec<&Explanation> = changes.iter().collect();
        assert_eq!(
            tell_figure(Locale::English, "People", ("740", "738"), (&[], &[]), &changes),
            "People: 740 became 738: 3 posts: last day from 2016-02-15 to 2015-11-30, changed by a manager on 2026-11-29; \
             1 post, retired by a manager on 2026-11-29; 2 posts, added by a manager on 2026-11-29; \
             1 post: another facility, changed by a manager on 2026-11-29; and 4 more of these kinds."
        );
        let arabic = tell_figure(Locale::Arabic, "العاملون", ("740", "738"), (&[], &[]), &changes);
        assert!(
            arabic.starts_with(
                "العاملون: كان 740 وأصبح 738: 3 وظائف: اليوم الأخير من 2016-02-15 إلى 2015-11-30، غيّر ذلك مدير في 2026-11-29؛ "
            ),
            "{arabic}"
        );
        assert!(!arabic.chars().any(|letter| letter.is_ascii_alphabetic()), "{arabic}");
    }
}
