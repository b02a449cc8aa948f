//! The restatement: a published report counted now, held against what it says, number by number and row by row.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{
    answers::{RestatedClaim, RestatedFigure, RestatedPosts, RestatedRow, Restatement},
    document::{self, Form},
    explain,
    explain::Explanation,
    numbers::{self, Difference, Numbers, plain},
    sentences, terms,
    types::PublishedReport,
};
use crate::{
    auth::{Actor, Role},
    claims::Figure,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Locale},
    report_definitions::ReportAudience,
    reports::{self, FigureScope, RowSet, RowSort, row_set},
    seals,
    types::{Cadre, KnownAt},
};

/// The figures whose rows are held against each other even where the number is the same: one may have entered for another.
const ALWAYS: &[Figure] =
    &[Figure::FacilitiesTotal, Figure::StaffTotal, Figure::Posts, Figure::Shipments, Figure::ContractsRunning];
/// The most rows of a figure that are named one by one.
const MOST_ROWS: usize = 200;

/// The rows behind figures, by the figure.
type Sets = BTreeMap<String, RowSet>;

/// The figures of the facilities of one area: these letters and its code.
const BY_AREA: &str = "facilities.by_area.";

/// Holds a published report against the present. Rows and changes are for those who read the register whole and its history.
pub async fn restate(db: &Db, actor: &Actor, report: &PublishedReport, frozen: &[u8], locale: Locale) -> ApiResult<Restatement> {
    let number = report.number.ok_or_else(|| ApiError::new(Code::WrongState))?;
    // What partners are told of a month is never counted again.
    if report.audience == ReportAudience::Partner {
        return Err(ApiError::new(Code::WrongState));
    }
    let was: Value = serde_json::from_slice(frozen).map_err(ApiError::internal)?;
    let compared_at = seals::settled_moment(&mut *db.conn().await?).await?;
    let form = Form::of(&was);
    let scope = document::scope_of(report.campaign_id, report.contract_id, report.area_id, form);
    let is =
        db.read_at(Some(KnownAt(compared_at)), async |conn| document::content(conn, report.kind, &scope, report.as_of).await);
    let is = serde_json::to_value(is.await?).map_err(ApiError::internal)?;
    let differing = numbers::differences(&Numbers::of_document(&was), &Numbers::of_document(&is));
    let rules = numbers::rules(&was, &is);
    let opened = opened(&differing);
    let of_areas: Vec<&str> = differing.iter().filter_map(|one| one.figure.strip_prefix(BY_AREA)).collect();
    let sets = async |moment: DateTime<Utc>| {
        let read = async |conn: &mut Conn| rows(conn, &scope, report.as_of, (&opened, &of_areas)).await;
        db.read_at(Some(KnownAt(moment)), read).await
    };
    let (before, now) = (sets(report.known_at).await?, sets(compared_at).await?);
    let areas = areas(locale, [&was, &is]);
    let whole = matches!(actor.role, Role::Manager | Role::Auditor);
    let told = Told { whole, sends: actor.role.sends(), locale, areas: &areas };
    let moments = (report.known_at, compared_at);
    let mut figures = Vec::new();
    let mut told_of = with_silent(differing, &Numbers::of_document(&is), &before, &now);
    // A report of before counted what was on the road: how many are there by now is for those who send.
    told_of.retain(|one| told.sends || form.arrived_only() || !one.figure.starts_with("shipments"));
    for one in told_of {
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
    let staffing = staffing(&was["staffing"], &is["staffing"]);
    let others = sentences::Others { claims: claims.iter().map(|claim| claim.code.clone()).collect(), staffing: &staffing };
    Ok(Restatement {
        number,
        title: report.title.clone(),
        as_of: report.as_of,
        known_at: report.known_at,
        compared_at,
        claims,
        sentence: sentences::tell_all(locale, number, &lines, &others, &rules),
        figures,
        staffing,
        rules,
    })
}

/// The rows behind these figures, and behind those of these areas.
async fn rows(
    conn: &mut Conn,
    scope: &FigureScope,
    day: NaiveDate,
    (opened, of_areas): (&BTreeSet<Figure>, &[&str]),
) -> ApiResult<Sets> {
    let mut sets = Sets::new();
    for figure in opened {
        sets.insert(figure.as_str().to_owned(), row_set(conn, scope, day, *figure).await?);
    }
    if !of_areas.is_empty() {
        let mut by_area = reports::by_area(conn, scope, day).await?;
        let none = || RowSet { sort: RowSort::Facilities, codes: BTreeMap::new() };
        sets.extend(of_areas.iter().map(|code| (format!("{BY_AREA}{code}"), by_area.remove(*code).unwrap_or_else(none))));
    }
    Ok(sets)
}

/// The names of areas by their codes, as the newer of both documents calls them.
fn areas(locale: Locale, documents: [&Value; 2]) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for told in documents {
        for area in told["figures"]["facilities"]["by_area"].as_array().into_iter().flatten() {
            let Some(code) = area["code"].as_str() else { continue };
            let arabic = told["areas_ar"][code].as_str().filter(|_| locale == Locale::Arabic);
            if let Some(name) = arabic.or_else(|| area["name"].as_str()) {
                names.insert(code.to_owned(), name.to_owned());
            }
        }
    }
    names
}

/// The posts of facilities by cadre that differ.
fn staffing(was: &Value, is: &Value) -> Vec<RestatedPosts> {
    type Posts = (i64, String);
    let by_place = |rows: &Value| -> BTreeMap<(String, Cadre), Posts> {
        let row = |row: &Value| {
            let cadre = Cadre::parse(row["cadre"].as_str()?)?;
            let shares = row["full_time_equivalents"].as_str()?.to_owned();
            Some(((row["code"].as_str()?.to_owned(), cadre), (row["posts"].as_i64()?, shares)))
        };
        rows.as_array().into_iter().flatten().filter_map(row).collect()
    };
    let (was, is) = (by_place(was), by_place(is));
    let places: BTreeSet<&(String, Cadre)> = was.keys().chain(is.keys()).collect();
    let none = || (0, "0.00".to_owned());
    let posts = places.into_iter().filter(|place| was.get(*place) != is.get(*place)).map(|place| {
        let (then, now) = (was.get(place).cloned().unwrap_or_else(none), is.get(place).cloned().unwrap_or_else(none));
        RestatedPosts {
            code: place.0.clone(),
            cadre: place.1,
            was: then.0,
            is: now.0,
            full_time_equivalents_was: then.1,
            full_time_equivalents_is: now.1,
        }
    });
    posts.collect()
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
struct Told<'a> {
    whole: bool,
    /// Whether the road is theirs to know of: what was sent, and when, shows in the rows of shipments.
    sends: bool,
    locale: Locale,
    /// The names of areas.
    areas: &'a BTreeMap<String, String>,
}

impl Told<'_> {
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
        let called = terms::figure(self.locale, &one.figure, &|code| self.areas.get(code).cloned());
        RestatedFigure {
            sentence: sentences::tell_figure(self.locale, &called, (&was, &is), both_ways, &nearest),
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
