//! The versions of the rules, held against the statements that count by them.
//!
//! `tests/it/rules.txt` has a line for every rule: where it stands, its name, its version, and the SHA-256 of the texts that count by it:
//! parts of statements, functions of the code and of the database. Whoever changes such a text counts by another rule, and says so.

use std::collections::BTreeMap;

use siraj::keys::{hex, sha256};

use crate::support::TestApp;

/// Its name, its sentence, its version.
type Rule = (&'static str, &'static str, u32);
type Rules = &'static [Rule];

/// The lists of rules by where they stand, each rule with the texts that count by it: `file:name`, or `fn:name` of the database.
fn lists() -> Vec<(&'static str, Vec<Rule>)> {
    let list = |name, rules: Rules| (name, rules.to_vec());
    let mut lists = vec![
        list("budgets", siraj::funding::BUDGET_RULES),
        list("claims", siraj::reports::CLAIM_RULES),
        list("figures", siraj::reports::RULES),
        list("funds", siraj::donations::FUNDS_RULES),
        list("gaps", siraj::funding::GAP_RULES),
        list("spending", siraj::funding::SPENDING_RULES),
        list("staffing", siraj::staffing::HEAD_COUNT),
        list("supplies", siraj::supplies::RULES),
        list("turnover", siraj::staffing::TURNOVER),
        list("vacancies", siraj::staffing::VACANCIES),
    ];
    lists.push(("breakdown", vec![siraj::reports::PARTS]));
    lists.push(("road", vec![siraj::supplies::ROAD]));
    lists
}

/// What counts by each rule.
const TEXTS: &[(&str, &str, &[&str])] = &[
    (
        "figures",
        "facilities.total",
        &["R:support AS", "R:places AS", "R:counted AS", "R:'total', (", "R:'not_open', (", "R:'not_supported', ("],
    ),
    ("figures", "facilities.by_kind", &["R:counted AS", "R:'by_kind', ("]),
    ("figures", "facilities.by_area", &["R:counted AS", "R:'by_area', ("]),
    ("figures", "facilities.by_functionality", &["R:counted AS", "R:'by_functionality', ("]),
    (
        "figures",
        "staff.total",
        &[
            "R:held AS",
            "R:posts AS",
            "R:people AS",
            "R:weighed AS",
            "R:kept AS",
            "R:'people', (",
            "fn:siraj_held_posts",
            "fn:siraj_scattered_staff",
            "fn:siraj_totals_at",
        ],
    ),
    ("figures", "staff.by_cadre", &["R:people AS", "R:cadres AS", "R:'by_cadre', ("]),
    ("figures", "staff.posts", &["R:held AS", "R:posts AS", "R:work AS"]),
    ("figures", "staff.full_time_equivalents", &["R:held AS", "R:posts AS", "R:work AS"]),
    ("figures", "shipments", &["R:sent AS", "R:'sent', (", "R:'received', (", "R:'lost', ("]),
    ("figures", "contracts", &["R:paying AS", "R:running AS", "R:'running', (", "R:'partners', ("]),
    ("figures", "funding.goals", &["R:'goals', ("]),
    (
        "breakdown",
        "parts",
        &["P:spread AS", "P:persons AS", "P:staff_cells AS", "P:stands AS", "P:place_cells AS", "P:macro_rules! key"],
    ),
    ("claims", "claims", &["C:fn holds(", "C:fn contradicts(", "J:fn asked(", "J:fn told("]),
    ("claims", "parts", &["J:fn parts("]),
    ("claims", "spending.least_month", &["W:const LEAST_MONTH", "J:fn of_span("]),
    ("claims", "supplies.arrived", &["Q:const ARRIVED", "J:fn of_span("]),
    ("supplies", "sent", &["S:realm AS", "S:roads AS", "S:legs AS", "S:moved AS"]),
    ("supplies", "arrived", &["S:realm AS", "S:roads AS", "S:legs AS", "S:moved AS"]),
    ("supplies", "refused", &["S:realm AS", "S:roads AS", "S:legs AS", "S:moved AS"]),
    ("supplies", "lost", &["S:realm AS", "S:roads AS", "S:legs AS", "S:moved AS"]),
    ("supplies", "returned", &["S:realm AS", "S:roads AS", "S:legs AS", "S:moved AS"]),
    ("supplies", "values", &["S:worth AS"]),
    ("supplies", "worth", &["S:priced AS", "S:valued AS"]),
    ("supplies", "parts", &["S:keyed AS", "S:summed AS"]),
    ("road", "road", &["S:roads AS"]),
    ("spending", "planned", &["M:paying AS", "M:lines AS", "M:moved AS", "M:'left_out',"]),
    ("spending", "received", &["M:paying AS", "M:moved AS"]),
    ("spending", "spent", &["M:paying AS", "M:lines AS", "M:moved AS"]),
    ("spending", "currency", &["M:keyed AS", "M:totals AS", "M:cells AS"]),
    ("budgets", "planned_to_date", &["B:const LINES"]),
    ("budgets", "committed", &["B:const LINES"]),
    ("budgets", "spent", &["B:const LINES"]),
    ("budgets", "burn_rate", &["F:fn figures("]),
    ("budgets", "forecast", &["F:fn figures(", "F:fn of("]),
    ("budgets", "unspent", &["F:fn figures("]),
    ("budgets", "total", &["B:const CONTRACT", "B:fn report("]),
    ("gaps", "gap", &["G:const GONE"]),
    ("gaps", "people", &["G:const GONE", "G:const GAPS"]),
    ("gaps", "facilities", &["G:supported AS", "G:bare AS"]),
    ("gaps", "monthly_costs", &["G:heaps AS", "G:cost AS", "G:costs AS", "fn:siraj_stipend_scale"]),
    ("gaps", "double_funding", &["G:const DOUBLE"]),
    ("funds", "raised_amount", &["D:const SIGNED", "D:fn totals(", "D:fn raised("]),
    ("funds", "fees_amount", &["D:const SIGNED", "D:fn totals("]),
    ("funds", "in_kind_amount", &["D:const SIGNED", "D:fn totals("]),
    ("funds", "remaining_amount", &["D:fn remaining("]),
    ("funds", "allocated_amount", &["D:fn totals("]),
    ("funds", "campaign_amount", &["fn:siraj_judge_donation"]),
    ("staffing", "people", &["T:realm AS", "T:places AS", "T:held AS", "T:impl Statement for HeadCounts"]),
    ("staffing", "posts", &["T:realm AS", "T:places AS", "T:held AS", "T:impl Statement for HeadCounts"]),
    ("staffing", "full_time_equivalents", &["T:held AS", "T:impl Statement for HeadCounts", "T:macro_rules! full_time"]),
    ("staffing", "by", &["T:paid AS", "T:posts AS", "T:named AS"]),
    ("turnover", "present", &["T:held AS", "T:paid AS", "T:posts AS", "T:impl Statement for Turnovers"]),
    ("turnover", "joined", &["T:moved AS"]),
    ("turnover", "left", &["T:moved AS"]),
    ("turnover", "left_by_reason", &["T:reasons AS"]),
    ("vacancies", "planned", &["T:plans AS"]),
    ("vacancies", "filled", &["T:filled AS"]),
    ("vacancies", "vacant", &["T:impl Statement for VacantPosts"]),
];

fn file(letter: &str) -> String {
    let path = match letter {
        "R" => "src/reports/statements.rs",
        "P" => "src/reports/parts/statements.rs",
        "J" => "src/reports/reconciliation.rs",
        "C" => "src/claims",
        "S" => "src/supplies/statements.rs",
        "Q" => "src/supplies/rows.rs",
        "M" => "src/funding/spending.rs",
        "W" => "src/funding/rows.rs",
        "B" => "src/funding/budget.rs",
        "F" => "src/funding/rules.rs",
        "G" => "src/funding/statements.rs",
        "D" => "src/donations/funds.rs",
        "T" => "src/staffing/statements.rs",
        other => panic!("no file is called {other}"),
    };
    let read = |path: &str| std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).expect("a file");
    if path == "src/claims" { read("src/claims/types.rs") + &read("src/claims/rules.rs") } else { read(path) }
}

/// A part of a file, from its name to where the bracket or the text that follows is closed.
fn part(text: &str, name: &str) -> String {
    // The whole name: `posts AS` is not the end of `stipend_posts AS`.
    let starts = text.match_indices(name).map(|(at, _)| at);
    let at = starts
        .into_iter()
        .find(|at| !text[..*at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
        .unwrap_or_else(|| panic!("nothing is called {name}"));
    let rest = &text[at..];
    if name.starts_with("const ") {
        return rest[..rest.find("\";").expect("the end of a text")].to_owned();
    }
    let (opens, closes) = if name.starts_with("fn ") || name.starts_with("impl ") || name.starts_with("macro_rules") {
        ('{', '}')
    } else {
        ('(', ')')
    };
    let skipped = if opens == '{' { 0 } else { name.trim_end_matches('(').len() };
    let mut depth = 0_u32;
    for (offset, letter) in rest.char_indices().skip(skipped) {
        match letter {
            _ if letter == opens => depth += 1,
            _ if letter == closes && depth <= 1 => return rest[..=offset].to_owned(),
            _ if letter == closes => depth -= 1,
            _ => {}
        }
    }
    panic!("{name} has no end")
}

/// A text without what changes nothing: comments, and how it is laid out.
fn plain(text: &str) -> String {
    let without =
        text.lines().map(|line| line.split("-- ").next().unwrap_or_default().trim()).filter(|line| !line.starts_with("//"));
    without.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

const ADVICE: &str = "\n\nA rule whose statement counts otherwise gets another version where it is written, with its sentence and the Arabic one in \
    src/publishing/paper/words.ar.json, and a line in CHANGELOG.md; then run this test with SIRAJ_BLESS=1. Where the change counts the same to the digit \
    (a faster plan, another name), put the new hash into tests/it/rules.txt by hand and say so in the commit.";

#[tokio::test]
async fn a_statement_that_counts_otherwise_has_another_version() {
    let app = TestApp::start().await;
    let owner = app.database.owner().await;
    let mut found = Vec::new();
    for (list, rules) in lists() {
        for (rule, _, version) in rules {
            let texts = TEXTS.iter().find(|(of, name, _)| (*of, *name) == (list, rule));
            let (.., names) = texts.unwrap_or_else(|| panic!("say in TEXTS what counts by {list} {rule}"));
            let mut counts = String::new();
            for name in *names {
                let (letter, name) = name.split_once(':').expect("a file and a name");
                let text = if letter == "fn" {
                    let text = format!(
                        "SELECT string_agg(pg_get_functiondef(p.oid), ' ' ORDER BY p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = '{name}' AND n.nspname = 'public'"
                    );
                    owner
                        .query_one(&text, &[])
                        .await
                        .expect("a function")
                        .get::<_, Option<String>>(0)
                        .unwrap_or_else(|| panic!("no function {name}"))
                } else {
                    part(&file(letter), name)
                };
                counts += &plain(&text);
                counts.push('\n');
            }
            found.push(format!("{list} {rule} {version} {}", hex(&sha256(&[counts.as_bytes()]))));
        }
    }
    found.sort();
    let path = format!("{}/tests/it/rules.txt", env!("CARGO_MANIFEST_DIR"));
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let committed: Vec<&str> = committed.lines().collect();
    let versions = |lines: &[&str]| -> BTreeMap<String, (u32, String)> {
        let told = lines.iter().map(|line| {
            let mut words = line.split(' ');
            let mut word = || words.next().expect("four words").to_owned();
            let (name, version) = (format!("{} {}", word(), word()), word());
            (name, (version.parse().expect("a version"), word()))
        });
        told.collect()
    };
    let (before, now) = (versions(&committed), versions(&found.iter().map(String::as_str).collect::<Vec<_>>()));
    let changed: Vec<&String> = now
        .iter()
        .filter(|(name, (version, hash))| before.get(*name).is_some_and(|(was, then)| then != hash && version <= was))
        .map(|(name, _)| name)
        .collect();
    assert!(changed.is_empty(), "counted otherwise than before, by the same version: {changed:?}{ADVICE}");
    if before != now && std::env::var_os("SIRAJ_BLESS").is_some() {
        std::fs::write(&path, found.join("\n") + "\n").expect("written");
        return;
    }
    assert!(before == now, "tests/it/rules.txt does not tell the rules as they are; run this test with SIRAJ_BLESS=1{ADVICE}");
}

#[test]
fn a_part_of_a_statement_is_found_whole_and_its_layout_does_not_count() {
    let text = "WITH all_posts AS (SELECT 1), posts AS MATERIALIZED (\n  SELECT (2) -- why\n), x AS (SELECT 3)\nconst A: &str = r\"SELECT 4\";\nfn of(x: u8) -> u8 { if x { 1 } else { 2 } }";
    assert_eq!(plain(&part(text, "posts AS")), "posts AS MATERIALIZED ( SELECT (2) )");
    assert_eq!(part(text, "const A"), "const A: &str = r\"SELECT 4");
    assert_eq!(part(text, "fn of("), "fn of(x: u8) -> u8 { if x { 1 } else { 2 } }");
}
