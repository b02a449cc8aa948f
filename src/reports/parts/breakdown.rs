//! The figures of a day by their parts, and how the parts add up to the whole.

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
        rules,
        store::{Counted, known},
        types::{FigureQuery, FigureScope, Method, ScopeAnswer},
    },
    statements::{AskDays, Breakdown},
};
use crate::{
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults, Locale},
    http::Table,
    types::{KnownAt, OneOrTwo, words},
};

words! {
    /// What figures are told by.
    Dimension {
        /// The areas in which facilities stand.
        Area = "area",
        /// The kinds that facilities serve as.
        Kind = "kind",
        /// The cadres of people.
        Cadre = "cadre",
        /// The contracts that support facilities and pay posts; `none` for what no contract does.
        Contract = "contract",
    }
}

/// One dimension, or two.
type Dimensions = OneOrTwo<Dimension>;

/// Of which day, in which parts and of what the figures are asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BreakdownQuery {
    /// One of `area`, `kind`, `cadre`, `contract`, or two of them with a comma between.
    #[param(value_type = String, pattern = "^(area|kind|cadre|contract)(,(area|kind|cadre|contract))?$", example = "area,kind")]
    pub by: OneOrTwo<Dimension>,
    /// What was true on this day; today when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
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

impl BreakdownQuery {
    /// The same question without parts.
    pub fn of_the_whole(&self) -> FigureQuery {
        FigureQuery {
            as_of: self.as_of,
            area_id: self.area_id,
            campaign_id: self.campaign_id,
            contract_id: self.contract_id,
            known_at: self.known_at,
        }
    }

    /// Contracts are not for clerks.
    pub fn ensure_for(&self, scope: &FigureScope) -> ApiResult<()> {
        let closed = scope.facility.is_some() && self.by.has(Dimension::Contract);
        if closed { Err(ApiError::new(Code::Forbidden)) } else { Ok(()) }
    }
}

/// Figures by their parts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FigureBreakdown {
    /// What was true on this day.
    pub as_of: NaiveDate,
    /// As it was known at this moment.
    pub known_at: DateTime<Utc>,
    /// Of what.
    pub scope: ScopeAnswer,
    /// The dimensions of the parts.
    pub by: Vec<Dimension>,
    /// The whole: the figures of the day.
    pub total: PartNumbers,
    /// The parts added up.
    pub sum_of_parts: PartNumbers,
    /// Whether the parts add up to the whole, in every number.
    pub adds_up: bool,
    /// What stands in several parts, and so makes the sum larger than the whole.
    pub in_several_parts: InSeveral,
    /// All this in a sentence.
    pub explanation: String,
    /// The parts that hold anything.
    pub cells: Vec<FigurePart>,
    /// How each figure is counted.
    pub method: BTreeMap<&'static str, Method>,
}

/// How many there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PartNumbers {
    /// Facilities that are open and supported; absent by cadre.
    pub facilities: Option<i64>,
    /// People who hold a post, each once.
    pub people: i64,
    /// Their posts.
    pub posts: i64,
    /// Their shares of full time, added up; a decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$", example = "733.85")]
    pub full_time_equivalents: String,
}

/// What stands in several parts.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct InSeveral {
    /// Facilities.
    pub facilities: Several,
    /// People, by pseudonym.
    pub people: Several,
    /// Posts, by the codes of those who hold them.
    pub posts: Several,
}

/// How many, and which.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Several {
    /// How many.
    pub number: i64,
    /// The first ten of their codes.
    pub codes: Vec<String>,
}

/// One part. What it is of no dimension that was asked for is absent.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct FigurePart {
    /// The area.
    pub area_id: Option<Uuid>,
    /// Its code.
    pub area_code: Option<String>,
    /// Its name.
    pub area_name: Option<String>,
    /// The kind of facility.
    pub kind: Option<String>,
    /// The cadre.
    pub cadre: Option<String>,
    /// The contract; absent for what no contract pays or supports.
    pub contract_id: Option<Uuid>,
    /// Its code; `none` for what no contract pays or supports.
    pub contract_code: Option<String>,
    /// Its name.
    pub contract_name: Option<String>,
    /// Facilities that are open and supported; absent by cadre.
    pub facilities: Option<i64>,
    /// People, each once in a part.
    pub people: i64,
    /// Their posts.
    pub posts: i64,
    /// Their shares of full time, added up; a decimal.
    #[schema(pattern = r"^[0-9]+\.[0-9]{2}$", example = "12.50")]
    pub full_time_equivalents: String,
}

/// The parts as the statement tells them.
#[derive(Debug, Deserialize)]
struct Told {
    cells: Vec<ToldCell>,
    several: HashMap<String, Several>,
}

#[derive(Debug, Deserialize)]
struct ToldCell {
    keys: [String; 2],
    codes: [Option<String>; 2],
    names: [Option<String>; 2],
    facilities: Option<i64>,
    people: i64,
    posts: i64,
    shares: i64,
}

impl ToldCell {
    fn part(self, by: Dimensions) -> FigurePart {
        let facilities = if by.has(Dimension::Cadre) { None } else { Some(self.facilities.unwrap_or_default()) };
        let mut part = FigurePart {
            facilities,
            people: self.people,
            posts: self.posts,
            full_time_equivalents: rules::full_time_equivalents(self.shares),
            ..FigurePart::default()
        };
        let told = by.list().into_iter().zip(self.keys).zip(self.codes).zip(self.names);
        for (((dimension, key), code), name) in told {
            match dimension {
                Dimension::Area => (part.area_id, part.area_code, part.area_name) = (key.parse().ok(), code, name),
                Dimension::Kind => part.kind = Some(key),
                Dimension::Cadre => part.cadre = Some(key),
                Dimension::Contract => {
                    (part.contract_id, part.contract_code, part.contract_name) = (key.parse().ok(), code.or(Some(key)), name);
                }
            }
        }
        part
    }
}

/// Reads the figures of a day and their parts, in one statement.
pub async fn break_down(
    conn: &mut Conn,
    scope: &FigureScope,
    (by, day): (Dimensions, NaiveDate),
    locale: Locale,
) -> ApiResult<FigureBreakdown> {
    let words = [Some(by.first.as_str()), by.second.map(Dimension::as_str)];
    let (document, parts): (Value, Value) = AskDays::<Breakdown>::new(scope, vec![day], words).get_result(conn).await?;
    let counted: Counted = serde_json::from_value(document).map_err(ApiError::internal)?;
    known(scope, &counted)?;
    let figures = counted.told(scope, day, locale);
    let Told { cells, mut several } = serde_json::from_value(parts).map_err(ApiError::internal)?;
    let facilities = (!by.has(Dimension::Cadre)).then_some(figures.facilities.total);
    let total = PartNumbers {
        facilities,
        people: figures.staff.total,
        posts: figures.staff.posts,
        full_time_equivalents: figures.staff.full_time_equivalents,
    };
    let sum = |of: fn(&ToldCell) -> i64| cells.iter().map(of).sum::<i64>();
    let sum_of_parts = PartNumbers {
        facilities: facilities.map(|_| sum(|cell| cell.facilities.unwrap_or_default())),
        people: sum(|cell| cell.people),
        posts: sum(|cell| cell.posts),
        full_time_equivalents: rules::full_time_equivalents(sum(|cell| cell.shares)),
    };
    let mut take = |sort: &str| several.remove(sort).unwrap_or_default();
    let in_several_parts = InSeveral { facilities: take("facilities"), people: take("people"), posts: take("posts") };
    Ok(FigureBreakdown {
        as_of: day,
        known_at: figures.known_at,
        scope: figures.scope,
        by: by.list(),
        adds_up: total == sum_of_parts,
        explanation: explain(locale, (&total, &sum_of_parts), &in_several_parts),
        cells: cells.into_iter().map(|cell| cell.part(by)).collect(),
        method: method(figures.method),
        total,
        sum_of_parts,
        in_several_parts,
    })
}

/// The rules of what is told here, and of its parts.
fn method(mut told: BTreeMap<&'static str, Method>) -> BTreeMap<&'static str, Method> {
    told.retain(|rule, _| *rule == "facilities.total" || rule.starts_with("staff."));
    told.extend([rules::method_of_parts()]);
    told
}

/// How the parts add up to the whole, in a sentence.
fn explain(locale: Locale, (total, sum): (&PartNumbers, &PartNumbers), several: &InSeveral) -> String {
    let sorts = [
        (("facilities", "المنشآت"), total.facilities.zip(sum.facilities), &several.facilities),
        (("people", "الأشخاص"), Some((total.people, sum.people)), &several.people),
        (("posts", "الوظائف"), Some((total.posts, sum.posts)), &several.posts),
    ];
    let told = sorts.into_iter().filter_map(|((english, arabic), numbers, several)| {
        let (whole, parts) = numbers.filter(|(whole, parts)| whole != parts)?;
        let more = if several.number > 10 { ", …" } else { "" };
        let (codes, number) = (several.codes.join(", "), several.number);
        Some(match locale {
            Locale::English => {
                format!("{whole} {english}, and {parts} by their parts: {number} of them stand in several parts ({codes}{more}).")
            }
            Locale::Arabic => {
                format!("عدد {arabic} {whole}، ومجموع الأجزاء {parts}: منها {number} في أكثر من جزء ({codes}{more}).")
            }
        })
    });
    let told: Vec<String> = told.collect();
    match (told.is_empty(), locale) {
        (false, _) => told.join(" "),
        (true, Locale::English) => "The parts add up to the whole.".to_owned(),
        (true, Locale::Arabic) => "مجموع الأجزاء يساوي الكل.".to_owned(),
    }
}

impl FigureBreakdown {
    /// One row a part, with the columns of the dimensions asked for.
    pub fn table(&self) -> ApiResult<Table> {
        let of = |column: &str| match column {
            "kind" => Some(Dimension::Kind),
            "cadre" => Some(Dimension::Cadre),
            _ if column.starts_with("area_") => Some(Dimension::Area),
            _ if column.starts_with("contract_") => Some(Dimension::Contract),
            _ => None,
        };
        let mut table = Table::of(&self.cells)?;
        table.keep(|column| of(column).is_none_or(|dimension| self.by.contains(&dimension)));
        Ok(table)
    }
}
