//! How figures are counted, and how they are told. No database here.

use std::collections::BTreeMap;

use super::types::Method;
use crate::{claims::Figure, error::Locale};

/// The rules by the names of their figures. A rule that changes gets another version.
const RULES: &[(&str, &str)] = &[
    (
        "facilities.total",
        "Facilities on record, open on the day (from opened_on, before closed_on), supported on the day by a contract, a project or a \
         campaign within its own days; each once.",
    ),
    (
        "facilities.by_kind",
        "The same facilities under every kind they serve as on the day; one of several kinds stands under each.",
    ),
    ("facilities.by_area", "The same facilities by the area they stand in today."),
    (
        "facilities.by_functionality",
        "The same facilities by their latest state on or before the day; unknown where none is recorded.",
    ),
    (
        "staff.total",
        "People on record who hold a post on the day at a facility on record that is open then; each once, however many posts they hold. \
         Within a contract, the posts it pays while it runs.",
    ),
    ("staff.by_cadre", "The same people by the cadre of their post with the largest share; cadres add up to the total."),
    ("staff.posts", "The posts of the same people on the day."),
    ("staff.full_time_equivalents", "The shares of the same posts, added up; the rows of staff.posts carry them."),
    (
        "shipments",
        "Shipments sent on or before the day to a facility on record; received when the last of them arrived on or before it and nothing is outstanding.",
    ),
    (
        "contracts",
        "Contracts that run on the day; within an area, a campaign or a facility, those that support a facility counted there.",
    ),
];

/// What the rules left out: by the rule's name, then in words.
pub type LeftOut = BTreeMap<&'static str, BTreeMap<&'static str, i64>>;

/// The rules, with what they left out.
pub fn method(mut left_out: LeftOut) -> BTreeMap<&'static str, Method> {
    let mut of = |name| left_out.remove(name).unwrap_or_default();
    RULES.iter().map(|(name, rule)| (*name, Method { rule, version: 1, left_out: of(*name) })).collect()
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
    /// Posts.
    Posts,
    /// Shipments of any state, or of one.
    Shipments(Option<&'static str>),
    /// Contracts.
    Contracts,
    /// The rows of a campaign's money, which have a list of their own.
    Money,
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
        Figure::Posts => Rows::Posts,
        Figure::Shipments => Rows::Shipments(None),
        Figure::ShipmentsDispatched | Figure::ShipmentsReceived => Rows::Shipments(last_word(figure)),
        Figure::ContractsRunning => Rows::Contracts,
        Figure::CampaignGoal | Figure::CampaignRaised | Figure::CampaignRemaining => Rows::Money,
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

/// Why the kinds do not add up to the total.
pub fn explain_kinds(locale: Locale, total: i64, by_kind: i64, several: &[String]) -> String {
    match (locale, several.is_empty()) {
        (Locale::English, true) => format!("{total} facilities; each serves as one kind."),
        (Locale::English, false) => {
            format!("{total} facilities; {by_kind} counted by kind, because {}.", several_kinds(locale, several))
        }
        (Locale::Arabic, true) => format!("عدد المنشآت {total}؛ كل منها يعمل بنوع واحد."),
        (Locale::Arabic, false) => {
            format!("عدد المنشآت {total}؛ ومجموعها بحسب النوع {by_kind}، لأن {}.", several_kinds(locale, several))
        }
    }
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
