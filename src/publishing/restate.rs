//! The restatement: a published report counted now, held against what it says, number by number and row by row.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{
    answers::{RestatedClaim, RestatedFigure, RestatedRow, Restatement},
    document, explain,
    explain::Explanation,
    numbers::{self, Difference, Numbers, plain},
    sentences,
    types::PublishedReport,
};
use crate::{
    auth::{Actor, Role},
    claims::Figure,
    db::Db,
    error::{ApiError, ApiResult, Code, Locale},
    reports::{RowSet, RowSort, row_set},
    seals,
    types::KnownAt,
};

/// The figures whose rows are held against each other even where the number is the same: one may have entered for another.
const ALWAYS: &[Figure] =
    &[Figure::FacilitiesTotal, Figure::StaffTotal, Figure::Posts, Figure::Shipments, Figure::ContractsRunning];
/// The most rows of a figure that are named one by one.
const MOST_ROWS: usize = 200;

/// The rows behind figures, by the figure.
type Sets = BTreeMap<&'static str, RowSet>;

/// Holds a published report against the present. Rows and changes are for those who read the register whole and its history.
pub async fn restate(db: &Db, actor: &Actor, report: &PublishedReport, frozen: &[u8], locale: Locale) -> ApiResult<Restatement> {
    let number = report.number.ok_or_else(|| ApiError::new(Code::WrongState))?;
    let was: Value = serde_json::from_slice(frozen).map_err(ApiError::internal)?;
    let compared_at = seals::settled_moment(&mut *db.conn().await?).await?;
    let scope = document::scope_of(report.campaign_id, report.contract_id, report.area_id);
    let is =
        db.read_at(Some(KnownAt(compared_at)), async |conn| document::content(conn, report.kind, &scope, report.as_of).await);
    let is = serde_json::to_value(is.await?).map_err(ApiError::internal)?;
    let differing = numbers::differences(&Numbers::of(&was["figures"]), &Numbers::of(&is["figures"]));
    let rules = numbers::rules(&was["figures"], &is["figures"]);
    let opened = opened(&differing);
    let sets = |moment: DateTime<Utc>| {
        let (opened, scope) = (&opened, &scope);
        db.read_at(Some(KnownAt(moment)), async move |conn| {
            let mut sets = Sets::new();
            for figure in opened {
                sets.insert(figure.as_str(), row_set(conn, scope, report.as_of, *figure).await?);
            }
            Ok(sets)
        })
    };
    let (before, now) = (sets(report.known_at).await?, sets(compared_at).await?);
    let told = Told { whole: matches!(actor.role, Role::Manager | Role::Auditor), sends: actor.role.sends(), locale };
    let moments = (report.known_at, compared_at);
    let mut figures = Vec::new();
    for one in with_silent(differing, &Numbers::of(&is["figures"]), &before, &now) {
        let moved = Moved::between(before.get(one.figure.as_str()), now.get(one.figure.as_str()));
        let changes = match &moved {
            Some(moved) if told.opens(moved) => {
                explain::changes(&mut *db.conn().await?, moved.sort, &moved.named(), moments).await?
            }
            _ => HashMap::new(),
        };
        figures.push(told.figure(&one, moved.as_ref(), changes));
    }
    let lines: Vec<String> = figures.iter().map(|one| one.sentence.clone()).collect();
    let claims = claims(&was, &is);
    let others = sentences::Others {
        claims: claims.iter().map(|claim| claim.code.clone()).collect(),
        staffing: was["staffing"] != is["staffing"],
    };
    Ok(Restatement {
        number,
        title: report.title.clone(),
        as_of: report.as_of,
        known_at: report.known_at,
        compared_at,
        claims,
        sentence: sentences::tell_all(locale, number, &lines, &others, &rules),
        figures,
        rules,
    })
}

/// The figures to open into their rows.
fn opened(differing: &[Difference]) -> BTreeSet<Figure> {
    let mut opened: BTreeSet<Figure> = ALWAYS.iter().copied().collect();
    let counts_its_rows = |figure: &Figure| !matches!(figure, Figure::FullTimeEquivalents | Figure::Partners);
    opened.extend(differing.iter().filter_map(|one| Figure::parse(&one.figure)).filter(counts_its_rows));
    opened
}

/// What differs, and the figures that are the same number of other rows.
fn with_silent(mut differing: Vec<Difference>, is: &Numbers, before: &Sets, now: &Sets) -> Vec<Difference> {
    for figure in ALWAYS.iter().map(|figure| figure.as_str()) {
        let same = differing.iter().all(|one| one.figure != figure);
        let rows = |sets: &Sets| sets.get(figure).map(|set| set.codes.keys().copied().collect::<BTreeSet<_>>());
        if let (true, true, Some(number)) = (same, rows(before) != rows(now), is.get(figure)) {
            differing.push(Difference { figure: figure.to_owned(), was: number.clone(), is: number });
        }
    }
    differing.sort_by(|one, other| one.figure.cmp(&other.figure));
    differing
}

/// What entered a figure, and what left it.
struct Moved {
    sort: RowSort,
    entered: Vec<(Uuid, String)>,
    left: Vec<(Uuid, String)>,
}

impl Moved {
    fn between(before: Option<&RowSet>, now: Option<&RowSet>) -> Option<Self> {
        let (before, now) = (before?, now?);
        let only = |one: &RowSet, other: &RowSet| -> Vec<(Uuid, String)> {
            let mut only: Vec<_> =
                one.codes.iter().filter(|(id, _)| !other.codes.contains_key(id)).map(|(id, code)| (*id, code.clone())).collect();
            only.sort_by(|one, other| one.1.cmp(&other.1));
            only
        };
        Some(Self { sort: now.sort, entered: only(now, before), left: only(before, now) })
    }

    /// The rows that are named one by one.
    fn named(&self) -> Vec<Uuid> {
        [&self.left, &self.entered].into_iter().flat_map(|rows| rows.iter().take(MOST_ROWS).map(|(id, _)| *id)).collect()
    }
}

/// Who is told, and in which language.
struct Told {
    whole: bool,
    /// Whether the road is theirs to know of: what was sent, and when, shows in the rows of shipments.
    sends: bool,
    locale: Locale,
}

impl Told {
    fn opens(&self, moved: &Moved) -> bool {
        self.whole && (self.sends || moved.sort != RowSort::Shipments)
    }

    fn figure(&self, one: &Difference, moved: Option<&Moved>, mut changes: HashMap<Uuid, Vec<Explanation>>) -> RestatedFigure {
        let shown = moved.filter(|moved| self.opens(moved));
        let mut nearest: Vec<Explanation> =
            shown.iter().flat_map(|moved| moved.named()).flat_map(|id| near(changes.get(&id))).collect();
        nearest.sort_by_key(|(distance, change)| (*distance, change.sequence));
        nearest.dedup_by_key(|(_, change)| change.sequence);
        let mut rows = |rows: &[(Uuid, String)]| -> Vec<RestatedRow> {
            let row = |(id, code): &(Uuid, String)| RestatedRow {
                id: *id,
                code: code.clone(),
                changes: changes.remove(id).unwrap_or_default().into_iter().map(|(_, change)| change).collect(),
            };
            rows.iter().take(MOST_ROWS).map(row).collect()
        };
        let (entered, left) = (shown.map(|moved| rows(&moved.entered)), shown.map(|moved| rows(&moved.left)));
        let (was, is) = (plain(&one.was), plain(&one.is));
        let both_ways = (left.as_deref().unwrap_or_default(), entered.as_deref().unwrap_or_default());
        let nearest: Vec<&Explanation> = nearest.iter().collect();
        RestatedFigure {
            sentence: sentences::tell_figure(self.locale, &one.figure, (&was, &is), both_ways, &nearest),
            figure: one.figure.clone(),
            difference: plain(&(&one.is - &one.was)),
            was,
            is,
            entered_count: shown.map(|moved| moved.entered.len()),
            left_count: shown.map(|moved| moved.left.len()),
            entered,
            left,
        }
    }
}

/// The changes that lie nearest to a row: a sentence names no more.
fn near(changes: Option<&Vec<Explanation>>) -> Vec<Explanation> {
    let changes = changes.map(Vec::as_slice).unwrap_or_default();
    let least = changes.iter().map(|(distance, _)| *distance).min();
    changes.iter().filter(|(distance, _)| Some(*distance) == least).cloned().collect()
}

/// The claims that the register says something else of than it did.
fn claims(was: &Value, is: &Value) -> Vec<RestatedClaim> {
    type Stands = (Option<i64>, Option<String>, Value, Value);
    let by_code = |told: &Value| -> BTreeMap<String, Stands> {
        let claims = told["reconciliation"]["claims"].as_array().into_iter().flatten();
        let text = |claim: &Value, field: &str| claim[field].as_str().map(ToOwned::to_owned);
        // Money is held against money; and the claim itself may have been put otherwise.
        let stands = |claim: &Value| {
            (claim["computed"].as_i64(), text(claim, "verdict"), claim["computed_amount"].clone(), claim["amount"].clone())
        };
        claims.filter_map(|claim| Some((text(claim, "code")?, stands(claim)))).collect()
    };
    let (was, is) = (by_code(was), by_code(is));
    let codes: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let changed = codes.into_iter().filter(|code| was.get(*code) != is.get(*code));
    changed
        .map(|code| {
            let (then, now) = (was.get(code).cloned().unwrap_or_default(), is.get(code).cloned().unwrap_or_default());
            RestatedClaim { code: code.clone(), was: then.0, is: now.0, verdict_was: then.1, verdict_is: now.1 }
        })
        .collect()
}
