//! The figures of a contract's month: counted once, protected, frozen, and told so ever after.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::{
    rules::protect,
    types::{Release, SharedFacilityCounts, SharedFigures, SharedGrant, SharedStaffCounts},
};
use crate::{
    db::Conn,
    error::{ApiError, ApiResult, Locale},
    reports::{self, FigureScope},
    schema::share_releases,
    share_grants::ShareField,
    types::Cadre,
};

/// What a grant tells of a month.
pub async fn read(conn: &mut Conn, grant: &SharedGrant, as_of: NaiveDate) -> ApiResult<SharedFigures> {
    let (release, known_at) = if let Some(release) = find(conn, grant, as_of).await? {
        release
    } else {
        let counted = count(conn, grant, as_of).await?;
        freeze(conn, grant, as_of, &counted).await?;
        // Of two that counted at once, the first is told by both.
        find(conn, grant, as_of).await?.ok_or_else(|| ApiError::internal("a release that was not kept"))?
    };
    let gives = |field| grant.fields.contains(&field);
    Ok(SharedFigures {
        as_of,
        known_at,
        contract_code: grant.contract_code.clone(),
        facilities: gives(ShareField::FacilityCounts).then_some(release.facilities),
        staff: gives(ShareField::StaffCounts).then_some(release.staff),
        shipments_received: gives(ShareField::ShipmentCounts).then_some(release.shipments_received),
    })
}

/// What was told of the month before.
async fn find(conn: &mut Conn, grant: &SharedGrant, as_of: NaiveDate) -> ApiResult<Option<(Release, DateTime<Utc>)>> {
    let there: Option<(Value, DateTime<Utc>)> = share_releases::table
        .find((grant.contract_id, as_of))
        .select((share_releases::figures, share_releases::recorded_at))
        .first(conn)
        .await
        .optional()?;
    there.map(|(figures, at)| Ok((serde_json::from_value(figures).map_err(ApiError::internal)?, at))).transpose()
}

/// The same figures as everybody's, of the whole contract; of people, only what may be told.
async fn count(conn: &mut Conn, grant: &SharedGrant, as_of: NaiveDate) -> ApiResult<Release> {
    let scope = FigureScope { contract: Some(grant.contract_id), ..FigureScope::default() };
    let figures = reports::figures(conn, &scope, as_of, Locale::English).await?.figures;
    let counted = figures.staff.by_cadre;
    let cells: BTreeMap<String, i64> =
        Cadre::ALL.iter().map(|cadre| (cadre.as_str().to_owned(), counted.get(cadre).copied().unwrap_or_default())).collect();
    let told = protect(&cells, i64::from(grant.smallest_cell));
    Ok(Release {
        facilities: SharedFacilityCounts {
            total: figures.facilities.total,
            by_kind: figures.facilities.by_kind.iter().map(|(kind, number)| (kind.as_str().to_owned(), *number)).collect(),
        },
        staff: SharedStaffCounts { total: told.total, by_cadre: told.cells, smallest_cell: grant.smallest_cell },
        shipments_received: figures.shipments.received,
    })
}

async fn freeze(conn: &mut Conn, grant: &SharedGrant, as_of: NaiveDate, release: &Release) -> ApiResult<()> {
    diesel::insert_into(share_releases::table)
        .values((
            share_releases::contract_id.eq(grant.contract_id),
            share_releases::as_of.eq(as_of),
            share_releases::smallest_cell.eq(grant.smallest_cell),
            share_releases::figures.eq(serde_json::to_value(release).map_err(ApiError::internal)?),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}
