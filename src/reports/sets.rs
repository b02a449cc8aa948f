//! The rows behind figures as whole sets: to hold those of one moment against those of another, and to tell who works where.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    rows::{FacilityRow, PersonRow, PostRow, RunningRow, SentRow},
    rules::{self, Rows},
    statements::{Ask, ContractRows, FacilityRows, PersonRows, PostRows, RowsPage, ShipmentRows},
    types::FigureScope,
};
use crate::{
    claims::Figure,
    db::Conn,
    error::ApiResult,
    schema::{areas, facilities},
    types::Cadre,
};

/// What the rows of a figure are records of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowSort {
    /// Facilities.
    Facilities,
    /// People, by pseudonym.
    People,
    /// Posts.
    Posts,
    /// Shipments.
    Shipments,
    /// Contracts.
    Contracts,
}

/// What a figure counts: records by their ids, with the codes that people call them by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowSet {
    /// Records of what.
    pub sort: RowSort,
    /// Their codes.
    pub codes: BTreeMap<Uuid, String>,
}

/// All rows behind a figure.
pub async fn row_set(conn: &mut Conn, scope: &FigureScope, day: NaiveDate, figure: Figure) -> ApiResult<RowSet> {
    let all = |which, word| RowsPage { which, word, limit: i64::MAX, ..RowsPage::default() };
    let (sort, codes) = match rules::rows(figure) {
        Rows::Facilities(which, word) => {
            let rows: Vec<FacilityRow> = Ask::<FacilityRows>::new(scope, day, all(which, word)).get_results(conn).await?;
            (RowSort::Facilities, rows.into_iter().map(|row| (row.id, row.code)).collect())
        }
        Rows::People(cadre) => {
            let rows: Vec<PersonRow> = Ask::<PersonRows>::new(scope, day, all("", cadre)).get_results(conn).await?;
            (RowSort::People, rows.into_iter().map(|row| (row.id, row.code)).collect())
        }
        Rows::Posts(which) => {
            let rows = posts(conn, scope, day, which).await?;
            (RowSort::Posts, rows.into_iter().map(|row| (row.id, row.code)).collect())
        }
        Rows::Shipments(word) => {
            let rows: Vec<SentRow> = Ask::<ShipmentRows>::new(scope, day, all("", word)).get_results(conn).await?;
            (RowSort::Shipments, rows.into_iter().map(|row| (row.id, row.code)).collect())
        }
        Rows::Contracts => {
            let rows: Vec<RunningRow> = Ask::<ContractRows>::new(scope, day, all("", None)).get_results(conn).await?;
            (RowSort::Contracts, rows.into_iter().map(|row| (row.id, row.code)).collect())
        }
        // Money and supplies are told by their own lists.
        Rows::Apart => (RowSort::Contracts, BTreeMap::new()),
    };
    Ok(RowSet { sort, codes })
}

/// The facilities behind `facilities.by_area`, by the codes of their areas.
pub async fn by_area(conn: &mut Conn, scope: &FigureScope, day: NaiveDate) -> ApiResult<BTreeMap<String, RowSet>> {
    let all = RowsPage { which: "counted", limit: i64::MAX, ..RowsPage::default() };
    let rows: Vec<FacilityRow> = Ask::<FacilityRows>::new(scope, day, all).get_results(conn).await?;
    let codes: Vec<(Uuid, String)> = areas::table.select((areas::id, areas::code)).load(conn).await?;
    let codes: BTreeMap<Uuid, String> = codes.into_iter().collect();
    let mut sets: BTreeMap<String, RowSet> = BTreeMap::new();
    for row in rows {
        let area = codes.get(&row.area_id).cloned().unwrap_or_default();
        let set = sets.entry(area).or_insert_with(|| RowSet { sort: RowSort::Facilities, codes: BTreeMap::new() });
        set.codes.insert(row.id, row.code);
    }
    Ok(sets)
}

async fn posts(conn: &mut Conn, scope: &FigureScope, day: NaiveDate, which: &'static str) -> ApiResult<Vec<PostRow>> {
    let all = RowsPage { which, limit: i64::MAX, ..RowsPage::default() };
    Ok(Ask::<PostRows>::new(scope, day, all).get_results(conn).await?)
}

/// The posts of one cadre at one facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Staffing {
    /// The facility's code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its name in Arabic.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub name_ar: Option<String>,
    /// The cadre.
    pub cadre: Cadre,
    /// How many posts.
    pub posts: i64,
    /// Their shares of full time, added up; a decimal.
    pub full_time_equivalents: String,
}

/// The code of a facility and its names, in Arabic too where it has one.
type Names = (String, String, Option<String>);

/// Who works where on a day, by cadre; the posts are those of `staff.posts`.
pub async fn staffing(conn: &mut Conn, scope: &FigureScope, day: NaiveDate) -> ApiResult<Vec<Staffing>> {
    let mut counted: BTreeMap<(Uuid, Cadre), (i64, i64)> = BTreeMap::new();
    for post in posts(conn, scope, day, "open").await? {
        let (number, shares) = counted.entry((post.facility_id, post.cadre)).or_default();
        *number += 1;
        *shares += i64::from(post.share_percent);
    }
    let places: Vec<Uuid> = counted.keys().map(|(facility, _)| *facility).collect();
    let named = facilities::table.filter(facilities::id.eq_any(places));
    let named: Vec<(Uuid, Names)> =
        named.select((facilities::id, (facilities::code, facilities::name, facilities::name_ar))).load(conn).await?;
    let named: BTreeMap<Uuid, Names> = named.into_iter().collect();
    let told = counted.into_iter().filter_map(|((facility, cadre), (posts, shares))| {
        let (code, name, name_ar) = named.get(&facility)?.clone();
        Some(Staffing { code, name, name_ar, cadre, posts, full_time_equivalents: rules::full_time_equivalents(shares) })
    });
    let mut told: Vec<Staffing> = told.collect();
    told.sort_by(|one, other| (&one.code, one.cadre).cmp(&(&other.code, other.cadre)));
    Ok(told)
}
