//! How figures are counted, and how they are told. No database here.

use std::collections::{BTreeMap, BTreeSet};

use super::types::Method;
use crate::{claims::Figure, donations::FUNDS_RULES, error::Locale};

/// The rules by the names of their figures: figure, rule, version. What is counted by another rule gets another version; a test holds
/// every version against the statements that count by it.
pub const RULES: &[(&str, &str, u32)] = &[
    (
        "facilities.total",
        "Facilities on record, open on the day (from opened_on, before closed_on), supported on the day by a contract, a project or a \
         campaign within its own days; each once.",
        1,
    ),
    (
        "facilities.by_kind",
        "The same facilities under every kind they serve as on the day; one of several kinds stands under each.",
        2,
    ),
    ("facilities.by_area", "The same facilities by the area they stand in today.", 1),
    (
        "facilities.by_functionality",
        "The same facilities by their latest state on or before the day; unknown where none is recorded.",
        1,
    ),
    (
        "staff.total",
        "People on record who hold a post on the day at a facility on record that is open then; each once, however many posts they hold. \
         Within a contract, the posts it pays while it runs.",
        1,
    ),
    ("staff.by_cadre", "The same people by the cadre of their post with the largest share; cadres add up to the total.", 1),
    ("staff.posts", "The posts of the same people on the day.", 1),
    ("staff.full_time_equivalents", "The shares of the same posts, added up; the rows of staff.posts carry them.", 1),
    (
        "shipments",
        "Shipments sent on or before the day to a facility on record: received when the last of them arrived on or before it and nothing is outstanding; lost \
         when all of it or its rest was lost, seized or came back, or it was closed with nothing of it received, on or before the day; else dispatched.",
        2,
    ),
    (
        "contracts",
        "Contracts that run on the day; within an area, a campaign or a facility, those that support a facility counted there.",
        1,
    ),
    (
        "funding.goals",
        "The goals of campaigns on record that run on the day, or of the campaign asked for if it does; each in its own currency.",
        1,
    ),
];

/// How parts are told beside the whole: figure, rule, version.
pub const PARTS: (&str, &str, u32) = (
    "parts",
    "Facilities by the area they stand in and every kind they serve as today, and by the contracts that support them on the day. Posts by \
     the same of their facility, and by the contract that pays them on the day. People once in each part, by the cadre of their post \
     with the largest share in it: a part is the figure narrowed to it.",
    1,
);

/// How what was published is held against the figures: figure, rule, version.
pub const CLAIM_RULES: &[(&str, &str, u32)] = &[
    (
        "claims",
        "A claim is held against its figure of the whole register on its own day, or on the day asked for where it gives none; within its areas and its contract \
         where it names them. equals: the same number; at_least, more_than: no less, more.",
        1,
    ),
    ("parts", "The amounts of the parts of a claim, added up, beside its own amount.", 1),
    (
        "spending.least_month",
        "What was spent in the month in which least was, of the months from since_on to the day, or of the month of the day alone; in the currency of the \
         claim's unit, or the campaign's. Nothing is told where nothing was spent in all of them.",
        1,
    ),
    (
        "supplies.arrived",
        "What arrived of the category from since_on, or the beginning, to the day, in the base unit that the claim names; as /reports/supplies counts it. Nothing \
         is told in a unit that no item of the category has, nor without one where there are several.",
        1,
    ),
];

/// The rule that a figure is counted by.
fn rule_of(figure: Figure) -> &'static str {
    let name = figure.as_str();
    match name.split('.').next() {
        Some("shipments") => "shipments",
        Some("contracts") => "contracts",
        Some("supplies") => "supplies.arrived",
        _ if matches!(rows(figure), Rows::Facilities("functionality", _)) => "facilities.by_functionality",
        _ if name.starts_with("facilities.by_kind") => "facilities.by_kind",
        Some("facilities") => "facilities.total",
        _ if name.starts_with("staff.by_cadre") => "staff.by_cadre",
        _ if figure == Figure::PostsNotOpen => "staff.total",
        _ => name,
    }
}

/// The rules of claims, and of the figures that they are held against; of a campaign's money those of its funds.
pub fn method_of_claims(figures: &BTreeSet<&'static str>) -> BTreeMap<&'static str, Method> {
    let named: BTreeSet<&str> = figures.iter().filter_map(|name| Figure::parse(name)).map(rule_of).collect();
    let funds = FUNDS_RULES.iter().filter_map(|(sum, rule, version)| {
        let name = match *sum {
            "raised_amount" => "campaign.raised",
            "remaining_amount" => "campaign.remaining",
            _ => return None,
        };
        Some((name, *rule, *version))
    });
    let told = CLAIM_RULES.iter().chain(RULES).copied().chain(funds);
    let told = told.filter(|(name, ..)| matches!(*name, "claims" | "parts") || named.contains(name));
    told.map(|(name, rule, version)| (name, Method { rule, version, left_out: BTreeMap::new() })).collect()
}

/// What the rules left out: by the rule's name, then in words.
pub type LeftOut = BTreeMap<&'static str, BTreeMap<&'static str, i64>>;

/// The rules, with what they left out.
pub fn method(mut left_out: LeftOut) -> BTreeMap<&'static str, Method> {
    let mut of = |name| left_out.remove(name).unwrap_or_default();
    RULES.iter().map(|(name, rule, version)| (*name, Method { rule, version: *version, left_out: of(*name) })).collect()
}

/// The rule of the parts.
pub fn method_of_parts() -> (&'static str, Method) {
    let (name, rule, version) = PARTS;
    (name, Method { rule, version, left_out: BTreeMap::new() })
}

/// Some of the rules, without what they left out.
pub fn method_of(names: &[&str]) -> BTreeMap<&'static str, Method> {
    method(LeftOut::new()).into_iter().filter(|(name, _)| names.contains(name)).collect()
}

/// What the rows of a figure are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Facilities: which of them, and of what kind or state.
    Facilities(&'static str, Option<&'static str>),
    /// People of any cadre, or of one.
    People(Option<&'static str>),
    /// Posts: at open facilities, or `not_open`.
    Posts(&'static str),
    /// Shipments of any state, or of one.
    Shipments(Option<&'static str>),
    /// Contracts.
    Contracts,
    /// Rows that have a list of their own: of money and of supplies.
    Apart,
}

/// Which rows a figure counts.
pub fn rows(figure: Figure) -> Rows {
    match figure {
        Figure::FacilitiesTotal => Rows::Facilities("counted", None),
        Figure::Hospitals | Figure::PrimaryCareCenters | Figure::NursingHomes | Figure::MedicalPoints | Figure::MobileClinics => {
            Rows::Facilities("counted", last_word(figure))
        }
        Figure::FacilitiesOfSeveralKinds => Rows::Facilities("several", None),
        Figure::FacilitiesFull
        | Figure::FacilitiesPartial
        | Figure::FacilitiesNone
        | Figure::FacilitiesDestroyed
        | Figure::FacilitiesUnknown => Rows::Facilities("functionality", last_word(figure)),
        Figure::SupportedButNotOpen => Rows::Facilities("not_open", None),
        Figure::OpenButNotSupported => Rows::Facilities("not_supported", None),
        Figure::StaffTotal => Rows::People(None),
        Figure::Doctors
        | Figure::Nurses
        | Figure::Midwives
        | Figure::Pharmacists
        | Figure::Technicians
        | Figure::Administrative
        | Figure::Service => Rows::People(last_word(figure)),
        Figure::Posts | Figure::FullTimeEquivalents => Rows::Posts("open"),
        Figure::PostsNotOpen => Rows::Posts("not_open"),
        Figure::Shipments => Rows::Shipments(None),
        Figure::ShipmentsDispatched | Figure::ShipmentsReceived | Figure::ShipmentsLost => Rows::Shipments(last_word(figure)),
        Figure::ContractsRunning | Figure::Partners => Rows::Contracts,
        // Of a campaign's money, of spending, of supplies.
        _ => Rows::Apart,
    }
}

fn last_word(figure: Figure) -> Option<&'static str> {
    figure.as_str().rsplit('.').next()
}

/// Full-time equivalents from the sum of shares in percent.
pub fn full_time_equivalents(shares: i64) -> String {
    format!("{}.{:02}", shares / 100, shares % 100)
}

/// How many codes a sentence names.
const MOST_CODES: usize = 10;

/// Codes in brackets, not more than a reader takes in.
fn named(codes: &[String]) -> String {
    let shown: Vec<&str> = codes.iter().take(MOST_CODES).map(String::as_str).collect();
    format!("({}{})", shown.join(", "), if codes.len() > MOST_CODES { ", …" } else { "" })
}

/// Why some kinds are counted more than once.
fn several_kinds(locale: Locale, several: &[String]) -> String {
    let codes = named(several);
    match (locale, several.len()) {
        (Locale::English, 1) => format!("1 facility serves as several kinds {codes}"),
        (Locale::English, number) => format!("{number} facilities serve as several kinds {codes}"),
        (Locale::Arabic, 1) => format!("منشأة واحدة تعمل بأكثر من نوع {codes}"),
        (Locale::Arabic, number) => format!("عدد المنشآت التي تعمل بأكثر من نوع هو {number} {codes}"),
    }
}

/// Why the kinds do not add up to the total; of no facilities there is nothing to say.
pub fn explain_kinds(locale: Locale, total: i64, by_kind: i64, several: &[String]) -> Option<String> {
    (total > 0).then(|| match (locale, several.is_empty()) {
        (Locale::English, true) => format!("{total} facilities; each serves as one kind."),
        (Locale::English, false) => {
            format!("{total} facilities; {by_kind} counted by kind, because {}.", several_kinds(locale, several))
        }
        (Locale::Arabic, true) => format!("عدد المنشآت {total}؛ كل منها يعمل بنوع واحد."),
        (Locale::Arabic, false) => {
            format!("عدد المنشآت {total}؛ ومجموعها بحسب النوع {by_kind}، لأن {}.", several_kinds(locale, several))
        }
    })
}

/// How a claim stands against the register.
pub fn tell_claim(locale: Locale, claimed: Option<&str>, computed: Option<&str>, agrees: bool, others: &[String]) -> String {
    let mut sentence = match (locale, computed, claimed) {
        (Locale::English, Some(computed), Some(claimed)) if agrees => {
            format!("The register counts {computed}: the claim of {claimed} holds.")
        }
        (Locale::English, Some(computed), Some(claimed)) => format!("The register counts {computed}; the claim is {claimed}."),
        (Locale::English, ..) => "No figure of the register can be held against this claim.".to_owned(),
        (Locale::Arabic, Some(computed), Some(claimed)) if agrees => format!("يحصي السجل {computed}: ما أُعلن ({claimed}) صحيح."),
        (Locale::Arabic, Some(computed), Some(claimed)) => format!("يحصي السجل {computed}؛ وما أُعلن {claimed}."),
        (Locale::Arabic, ..) => "لا يوجد في السجل رقم يقابل هذا القول.".to_owned(),
    };
    if !others.is_empty() {
        sentence.push_str(if locale == Locale::Arabic {
            " قول آخر يخالفه "
        } else {
            " Another claim says something else "
        });
        sentence.push_str(&named(others));
        sentence.push('.');
    }
    sentence
}

/// How the parts of a claim stand against it.
pub fn tell_parts(locale: Locale, sum: &str, claimed: &str, several: &[String]) -> String {
    let told = match (locale, sum == claimed) {
        (Locale::English, true) => format!(" Its parts add up to {sum}."),
        (Locale::English, false) => format!(" Its parts add up to {sum}, not {claimed}"),
        (Locale::Arabic, true) => format!(" مجموع أجزائه {sum}."),
        (Locale::Arabic, false) => format!(" مجموع أجزائه {sum} وليس {claimed}"),
    };
    match (sum == claimed, several.is_empty(), locale) {
        (true, ..) => told,
        (false, true, _) => told + ".",
        (false, false, _) => format!("{told}: {}.", several_kinds(locale, several)),
    }
}
