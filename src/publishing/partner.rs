//! What a report for a partner tells: the counts of its contract's month as its share grants tell them, frozen and without small cells, and
//! nothing that would give them back. Posts, shares, areas and states are in no grant's counts, and so in no such report.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use diesel::QueryDsl;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    db::Conn,
    error::{ApiError, ApiResult, Code},
    reports::{self, Method},
    schema::contracts,
    shared::{self, SharedFacilityCounts, SharedStaffCounts},
};

/// The rules that its numbers follow.
const RULES: &[&str] = &["facilities.total", "facilities.by_kind", "staff.total", "staff.by_cadre", "shipments"];

/// What of a report for a partner is the same whenever it is made again.
#[derive(Debug, Clone, Serialize)]
pub struct PartnerContent {
    figures: PartnerFigures,
}

#[derive(Debug, Clone, Serialize)]
struct PartnerFigures {
    as_of: NaiveDate,
    /// When the month was counted for the contract's grants.
    known_at: DateTime<Utc>,
    scope: PartnerScope,
    facilities: SharedFacilityCounts,
    staff: SharedStaffCounts,
    shipments: Arrived,
    method: BTreeMap<&'static str, Method>,
}

#[derive(Debug, Clone, Serialize)]
struct PartnerScope {
    contract: Contract,
}

#[derive(Debug, Clone, Serialize)]
struct Contract {
    code: String,
    name: String,
}

#[derive(Debug, Clone, Serialize)]
struct Arrived {
    received: i64,
}

/// Only ends of months that are over are told.
pub fn judge(as_of: NaiveDate, known_at: DateTime<Utc>) -> ApiResult<()> {
    if as_of.succ_opt().is_none_or(|next| next.day() != 1) {
        return Err(ApiError::fault("/as_of", Code::NotMonthEnd));
    }
    if as_of >= known_at.date_naive() {
        return Err(ApiError::fault("/as_of", Code::OutOfRange));
    }
    Ok(())
}

/// What is told of a contract's month, if it has been frozen.
pub async fn content(conn: &mut Conn, contract: Uuid, as_of: NaiveDate) -> ApiResult<PartnerContent> {
    let told = shared::released(conn, contract, Some(as_of)).await?;
    let of = contracts::table.find(contract).select((contracts::code, contracts::name));
    let (code, name): (String, String) = of.first(conn).await?;
    Ok(PartnerContent {
        figures: PartnerFigures {
            as_of,
            known_at: told.known_at,
            scope: PartnerScope { contract: Contract { code, name } },
            facilities: told.release.facilities,
            staff: told.release.staff,
            shipments: Arrived { received: told.release.shipments_received },
            method: reports::method_of(RULES),
        },
    })
}
