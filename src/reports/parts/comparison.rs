//! The figures of two days against each other, and what came and went between them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    super::{
        rules::{self, Rows},
        store::{Counted, known},
        types::{FigureQuery, FigureScope, Figures, Method, ScopeAnswer},
    },
    statements::{AskDays, Comparison},
};
use crate::{
    auth::Role,
    claims::Figure,
    db::Conn,
    error::{ApiError, ApiResult, Faults, Locale},
    http::Table,
    types::{KnownAt, in_order},
};

/// Of which days and of what figures are compared.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ComparisonQuery {
    /// The earlier day.
    pub from: NaiveDate,
    /// The later day.
    pub to: NaiveDate,
    /// What lies in this area or below it.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// What this campaign supports.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// What this contract supports and pays.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ComparisonQuery {
    /// The same question of the later day.
    pub fn of_one_day(&self) -> FigureQuery {
        FigureQuery {
            as_of: Some(self.to),
            area_id: self.area_id,
            campaign_id: self.campaign_id,
            contract_id: self.contract_id,
            known_at: self.known_at,
        }
    }

    /// The days in order.
    pub fn check(&self) -> ApiResult<()> {
        let mut faults = Faults::default();
        in_order(&mut faults, "/to", Some(self.from), Some(self.to));
        Ok(faults.into_result()?)
    }
}

/// Two days against each other.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FigureComparison {
    /// The earlier day.
    pub from: NaiveDate,
    /// The later day.
    pub to: NaiveDate,
    /// Both as they were known at this moment.
    pub known_at: DateTime<Utc>,
    /// Of what.
    pub scope: ScopeAnswer,
    /// The figures by their names.
    pub figures: Vec<ComparedFigure>,
    /// The shares of full time.
    pub full_time_equivalents: ComparedShares,
    /// How each figure is counted, with what was left out on the later day.
    pub method: BTreeMap<&'static str, Method>,
    /// What was left out on the earlier day: by the rule's name, then in words.
    pub left_out_before: BTreeMap<&'static str, BTreeMap<&'static str, i64>>,
}

/// A figure of two days.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ComparedFigure {
    /// Its name, as `/reports/figures/{figure}/rows` opens it.
    pub figure: &'static str,
    /// On the earlier day.
    pub was: i64,
    /// On the later day.
    pub is: i64,
    /// What came, less what went.
    pub difference: i64,
    /// How many rows are behind the later figure alone. Absent for those who may not see the rows.
    pub came_count: Option<i64>,
    /// How many rows are behind the earlier figure alone.
    pub went_count: Option<i64>,
    /// The first 200 of those that came, by their codes.
    pub came: Option<Vec<MovedRow>>,
    /// The first 200 of those that went, by their codes.
    pub went: Option<Vec<MovedRow>>,
}

/// The shares of full time of two days; decimals.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"was": "733.85", "is": "731.35"}))]
pub struct ComparedShares {
    /// On the earlier day.
    pub was: String,
    /// On the later day.
    pub is: String,
}

/// A facility, person (by pseudonym), post, shipment or contract that came or went.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MovedRow {
    /// Its id.
    pub id: Uuid,
    /// Its code; of a post, that of the person.
    pub code: String,
}

/// Rows that came or went, as the statement tells them.
#[derive(Debug, Deserialize)]
struct Heap {
    sort: String,
    word: String,
    came: bool,
    number: i64,
    rows: Vec<MovedRow>,
}

/// Where the rows of a figure stand: of what they are, and the word that the statement has for them.
fn place(figure: Figure) -> Option<(&'static str, &'static str)> {
    Some(match rules::rows(figure) {
        Rows::Facilities("counted", word) => ("facilities", word.unwrap_or("all")),
        Rows::Facilities(which, word) => ("facilities", word.unwrap_or(which)),
        Rows::People(word) => ("people", word.unwrap_or("all")),
        Rows::Posts("not_open") => ("posts", "not_open"),
        Rows::Posts(_) => ("posts", "all"),
        Rows::Shipments(word) => ("shipments", word.unwrap_or("all")),
        Rows::Contracts => ("contracts", "all"),
        Rows::Apart => return None,
    })
}

/// Reads the figures of both days, and what moved between them, in one statement.
pub async fn compare(
    conn: &mut Conn,
    (scope, role): (&FigureScope, Role),
    query: &ComparisonQuery,
    locale: Locale,
) -> ApiResult<FigureComparison> {
    let ask = AskDays::<Comparison>::new(scope, vec![query.from, query.to], [None, None]);
    let (documents, heaps): (Value, Value) = ask.get_result(conn).await?;
    let counted: Vec<Counted> = serde_json::from_value(documents).map_err(ApiError::internal)?;
    let heaps: Vec<Heap> = serde_json::from_value(heaps).map_err(ApiError::internal)?;
    let [was, is]: [Counted; 2] = counted.try_into().map_err(|_| ApiError::internal("a comparison of other than two days"))?;
    known(scope, &is)?;
    let (was, is) = (was.told(scope, query.from, locale), is.told(scope, query.to, locale));
    let moved: HashMap<(String, String, bool), Heap> =
        heaps.into_iter().map(|heap| ((heap.sort.clone(), heap.word.clone(), heap.came), heap)).collect();
    let figures = Figure::ALL.iter().filter_map(|figure| compared(*figure, (&was, &is), role, &moved)).collect();
    Ok(FigureComparison {
        from: query.from,
        to: query.to,
        known_at: is.known_at,
        scope: is.scope,
        figures,
        full_time_equivalents: ComparedShares { was: was.staff.full_time_equivalents, is: is.staff.full_time_equivalents },
        method: is.method,
        left_out_before: was
            .method
            .into_iter()
            .map(|(rule, method)| (rule, method.left_out))
            .filter(|(_, left)| !left.is_empty())
            .collect(),
    })
}

fn compared(
    figure: Figure,
    (was, is): (&Figures, &Figures),
    role: Role,
    moved: &HashMap<(String, String, bool), Heap>,
) -> Option<ComparedFigure> {
    let (before, now) = (was.value(figure)?, is.value(figure)?);
    let (sort, word) = place(figure)?;
    // When something left is for those who send: which shipments are on the road shows in what came and went.
    let shown = sort != "shipments" || role.sends();
    let of = |came| {
        // Two figures may count the same rows: contracts, and their partners.
        let heap = moved.get(&(sort.to_owned(), word.to_owned(), came));
        shown.then(|| heap.map_or((0, Vec::new()), |heap| (heap.number, heap.rows.clone()))).unzip()
    };
    let ((came_count, came), (went_count, went)) = (of(true), of(false));
    Some(ComparedFigure {
        figure: figure.as_str(),
        was: before,
        is: now,
        difference: now - before,
        came_count,
        went_count,
        came,
        went,
    })
}

impl FigureComparison {
    /// One row a figure, with the codes of what came and went.
    pub fn table(&self) -> Table {
        let columns = ["figure", "was", "is", "difference", "came_count", "went_count", "came", "went"];
        let codes = |rows: &Option<Vec<MovedRow>>| {
            rows.as_ref().map_or(Value::Null, |rows| rows.iter().map(|row| Value::from(row.code.as_str())).collect())
        };
        let row = |one: &ComparedFigure| {
            let numbers = [Some(one.was), Some(one.is), Some(one.difference), one.came_count, one.went_count];
            let mut row = vec![Value::from(one.figure)];
            row.extend(numbers.map(Value::from));
            row.extend([codes(&one.came), codes(&one.went)]);
            row
        };
        Table::new(columns.map(ToOwned::to_owned).to_vec(), self.figures.iter().map(row).collect())
    }
}
