//! Reading the figures of staffing: one round trip each.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    statements::{Ask, HeadCounts, PostRows, Statement, Turnovers, VacantPosts},
    types::{HeadCount, Movement, Staffing, StaffingCell, StaffingRow, Turnover, TurnoverCell, Vacancies, Vacancy, VacancyTotal},
    world::{World, of_head_counts, of_turnover, of_vacancies},
};
use crate::{
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
};

/// What every document tells: when it was read, what is asked for and not known to the caller, the whole and the parts.
#[derive(Debug, Deserialize)]
struct Told<Total, Cell> {
    known_at: DateTime<Utc>,
    unknown: Vec<String>,
    total: Total,
    cells: Vec<Cell>,
    #[serde(default)]
    left_by_reason: BTreeMap<String, i64>,
}

async fn ask<S, Total, Cell>(conn: &mut Conn, world: &World) -> ApiResult<Told<Total, Cell>>
where
    S: Statement<Row = diesel::sql_types::Jsonb>,
    Total: DeserializeOwned,
    Cell: DeserializeOwned,
{
    let document: Value = Ask::<S>::new(world).get_result(conn).await?;
    let told: Told<Total, Cell> = serde_json::from_value(document).map_err(ApiError::internal)?;
    let mut faults = Faults::default();
    for pointer in &told.unknown {
        faults.add(pointer.as_str(), Code::UnknownReference);
    }
    faults.into_result()?;
    Ok(told)
}

/// How many there are on a day.
pub async fn head_count(conn: &mut Conn, world: &World) -> ApiResult<Staffing> {
    let told = ask::<HeadCounts, HeadCount, StaffingCell>(conn, world).await?;
    Ok(Staffing {
        as_of: world.to,
        known_at: told.known_at,
        by: world.by,
        total: told.total,
        cells: told.cells,
        method: of_head_counts(),
    })
}

/// Who was there, came and went; why, if the reader may know.
pub async fn turnover(conn: &mut Conn, world: &World, reasons: bool) -> ApiResult<Turnover> {
    let told = ask::<Turnovers, Movement, TurnoverCell>(conn, world).await?;
    Ok(Turnover {
        from: world.from,
        to: world.to,
        known_at: told.known_at,
        by: world.by,
        total: told.total,
        left_by_reason: reasons.then_some(told.left_by_reason),
        cells: told.cells,
        method: of_turnover(),
    })
}

/// What is vacant on a day.
pub async fn vacancies(conn: &mut Conn, world: &World) -> ApiResult<Vacancies> {
    let told = ask::<VacantPosts, VacancyTotal, Vacancy>(conn, world).await?;
    Ok(Vacancies { as_of: world.to, known_at: told.known_at, total: told.total, cells: told.cells, method: of_vacancies() })
}

/// The posts behind a head-count.
pub async fn rows(conn: &mut Conn, world: &World) -> ApiResult<Vec<StaffingRow>> {
    Ok(Ask::<PostRows>::new(world).get_results(conn).await?)
}
