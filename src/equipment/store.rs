//! The SQL of equipment and repair jobs.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{dsl::exists, pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    rules,
    types::{
        EquipmentUnit, EquipmentUnitFields, EquipmentUnitFilter, RepairJob, RepairJobFields, RepairJobFilter, RepairJobReport,
        RepairJobSheet, RepairStatus, UnitStatus,
    },
};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code, Faults},
    facilities,
    http::{PageQuery, in_use, keyset},
    register::{Record, load_any, register_store},
    schema::{equipment_units, facilities as sites, items, production_orders, repair_jobs, stock_locations},
    stock::{Act, posted_by},
    stock_locations::{self as places, LocationKind, check_place},
    types::Reason,
};

/// The ids of the scope's facilities, and of its places.
macro_rules! own {
    (facilities of $scope:expr) => {
        sites::table.select(sites::id).into_boxed().filter(facilities::visible($scope))
    };
    (places of $scope:expr) => {
        stock_locations::table
            .select(stock_locations::id)
            .into_boxed()
            .filter(stock_locations::holds.eq(true))
            .filter(places::visible($scope))
    };
}

/// The units that a scope holds: those in its facilities and at its places.
fn visible(scope: &Scope) -> Box<dyn BoxableExpression<equipment_units::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Everything => Box::new(equipment_units::id.eq(equipment_units::id)),
        Scope::Organization(_) => Box::new(equipment_units::id.ne(equipment_units::id)),
        scope => {
            let inside = equipment_units::facility_id.assume_not_null().eq_any(own!(facilities of scope));
            let at = equipment_units::location_id.assume_not_null().eq_any(own!(places of scope));
            Box::new(
                equipment_units::facility_id.is_not_null().and(inside).or(equipment_units::location_id.is_not_null().and(at)),
            )
        }
    }
}

register_store!(equipment_units: EquipmentUnit { fields: EquipmentUnitFields }, "equipment-units", scoped by "/facility_id", visible, references unit_fits);

/// An item that is counted one by one; a facility or a place of the caller; an order of the caller.
async fn unit_fits(conn: &mut Conn, scope: &Scope, fields: &EquipmentUnitFields) -> ApiResult<()> {
    let mut faults = Faults::default();
    let tracked = items::table.find(fields.item_id).select(items::expiry_tracked).first(conn).await.optional()?;
    match tracked {
        None => faults.add("/item_id", Code::UnknownReference),
        Some(true) => faults.add("/item_id", Code::UnknownValue),
        Some(false) => {}
    }
    if let Some(facility) = fields.facility_id {
        let there = sites::table.filter(sites::id.eq(facility)).filter(facilities::visible(scope));
        if !diesel::select(exists(there)).get_result::<bool>(conn).await? {
            faults.add("/facility_id", Code::UnknownReference);
        }
    }
    if let Some(place) = fields.location_id {
        let kinds = [LocationKind::Warehouse, LocationKind::FacilityStore, LocationKind::Workshop, LocationKind::Quarantine];
        check_place(conn, scope, &mut faults, ("/location_id", place), &kinds).await?;
    }
    if let Some(order) = fields.production_order_id {
        let there = production_orders::table.filter(production_orders::id.eq(order));
        let there = there.filter(production_orders::place_id.eq_any(own!(places of scope)));
        if !diesel::select(exists(there)).get_result::<bool>(conn).await? {
            faults.add("/production_order_id", Code::UnknownReference);
        }
    }
    Ok(faults.into_result()?)
}

/// The jobs that a scope holds: those of its units, and those of its workshops.
fn jobs_visible(scope: &Scope) -> Box<dyn BoxableExpression<repair_jobs::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Everything => Box::new(repair_jobs::id.eq(repair_jobs::id)),
        scope => {
            let units = equipment_units::table.select(equipment_units::id).into_boxed().filter(visible(scope));
            let at = repair_jobs::place_id.assume_not_null().eq_any(own!(places of scope));
            Box::new(repair_jobs::unit_id.eq_any(units).or(repair_jobs::place_id.is_not_null().and(at)))
        }
    }
}

register_store!(repair_jobs: RepairJob { fields: RepairJobFields }, "repair-jobs", scoped by "/unit_id", jobs_visible, references job_fits);

/// A unit of the caller, and a workshop of the caller where one is named.
async fn job_fits(conn: &mut Conn, scope: &Scope, fields: &RepairJobFields) -> ApiResult<()> {
    let mut faults = Faults::default();
    match <EquipmentUnit as Record>::load(conn, scope, fields.unit_id).await? {
        None => faults.add("/unit_id", Code::UnknownReference),
        Some(unit) if unit.is_retired() => faults.add("/unit_id", Code::RetiredReference),
        Some(_) => {}
    }
    if let Some(place) = fields.place_id {
        check_place(conn, scope, &mut faults, ("/place_id", place), &[LocationKind::Workshop]).await?;
    }
    Ok(faults.into_result()?)
}

/// Holds a unit until the transaction ends.
pub async fn lock_unit(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<EquipmentUnit> {
    let there = equipment_units::table.filter(equipment_units::id.eq(id)).filter(visible(scope));
    let unit: EquipmentUnit = there.select(EquipmentUnit::as_select()).for_update().first(conn).await?;
    if unit.is_retired() { Err(ApiError::new(Code::RecordDeleted)) } else { Ok(unit) }
}

/// Writes that a unit came to its end.
pub async fn end_unit(
    conn: &mut Conn,
    by: Uuid,
    id: Uuid,
    status: UnitStatus,
    (ended_on, reason): (NaiveDate, &Reason),
) -> ApiResult<EquipmentUnit> {
    let ended = diesel::update(equipment_units::table.find(id)).set((
        equipment_units::status.eq(status),
        equipment_units::ended_on.eq(ended_on),
        equipment_units::reason.eq(reason),
        equipment_units::recorded_by.eq(by),
    ));
    Ok(ended.returning(EquipmentUnit::as_returning()).get_result(conn).await?)
}

/// Holds a job until the transaction ends, so that what is decided about it still holds when it is written.
pub async fn lock_job(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<RepairJob> {
    let there = repair_jobs::table.filter(repair_jobs::id.eq(id)).filter(jobs_visible(scope));
    Ok(there.select(RepairJob::as_select()).for_update().first(conn).await?)
}

/// What a step writes into the job's row; what it leaves out stays.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = repair_jobs)]
pub struct Progress<'a> {
    /// The workshop.
    pub place_id: Option<Uuid>,
    /// The day it began.
    pub started_on: Option<NaiveDate>,
    /// The day it was finished.
    pub finished_on: Option<NaiveDate>,
    /// The day the unit was given back.
    pub returned_on: Option<NaiveDate>,
    /// What was done; or why nothing was.
    pub report: Option<&'a str>,
}

/// Moves a locked job on.
pub async fn proceed(conn: &mut Conn, by: Uuid, id: Uuid, status: RepairStatus, told: &Progress<'_>) -> ApiResult<()> {
    diesel::update(repair_jobs::table.find(id))
        .set((repair_jobs::status.eq(status), repair_jobs::recorded_by.eq(by), told))
        .execute(conn)
        .await?;
    Ok(())
}

/// A job with its parts, if the scope holds it.
pub async fn sheet(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<RepairJobSheet> {
    let report = report(load_any::<RepairJob>(conn, scope, id).await?);
    Ok(RepairJobSheet { report, parts: posted_by(conn, Act::RepairJob, id).await? })
}

fn report(job: RepairJob) -> RepairJobReport {
    RepairJobReport { days_unavailable: rules::days_unavailable(&job, Utc::now().date_naive()), job }
}

/// One page of units.
pub async fn list_units(
    conn: &mut Conn,
    scope: &Scope,
    filter: &EquipmentUnitFilter,
    page: &PageQuery,
) -> ApiResult<Vec<EquipmentUnit>> {
    let mut query = equipment_units::table.select(EquipmentUnit::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, equipment_units::retired_at);
    if let Some(item) = filter.item_id {
        query = query.filter(equipment_units::item_id.eq(item));
    }
    if let Some(status) = filter.status {
        query = query.filter(equipment_units::status.eq(status));
    }
    if let Some(facility) = filter.facility_id {
        query = query.filter(equipment_units::facility_id.eq(facility));
    }
    if let Some(place) = filter.location_id {
        query = query.filter(equipment_units::location_id.eq(place));
    }
    if let Some(order) = filter.production_order_id {
        query = query.filter(equipment_units::production_order_id.eq(order));
    }
    if let Some(words) = &page.q {
        query = query.filter(equipment_units::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, equipment_units::id, {
        "serial_number" => equipment_units::serial_number; String,
        "acquired_on" => equipment_units::acquired_on; NaiveDate,
        "recorded_at" => equipment_units::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

/// One page of repair jobs.
pub async fn list_jobs(
    conn: &mut Conn,
    scope: &Scope,
    filter: &RepairJobFilter,
    page: &PageQuery,
) -> ApiResult<Vec<RepairJobReport>> {
    let mut query = repair_jobs::table.filter(repair_jobs::retired_at.is_null()).select(RepairJob::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(jobs_visible(scope));
    }
    if let Some(unit) = filter.unit_id {
        query = query.filter(repair_jobs::unit_id.eq(unit));
    }
    if let Some(place) = filter.place_id {
        query = query.filter(repair_jobs::place_id.eq(place));
    }
    if let Some(status) = filter.status {
        query = query.filter(repair_jobs::status.eq(status));
    }
    if let Some(item) = filter.item_id {
        let of_item = equipment_units::table.filter(equipment_units::item_id.eq(item)).select(equipment_units::id);
        query = query.filter(repair_jobs::unit_id.eq_any(of_item));
    }
    if let Some(words) = &page.q {
        query = query.filter(repair_jobs::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, repair_jobs::id, {
        "reported_on" => repair_jobs::reported_on; NaiveDate,
        "recorded_at" => repair_jobs::recorded_at; DateTime<Utc>,
    });
    let jobs: Vec<RepairJob> = query.load(conn).await?;
    Ok(jobs.into_iter().map(report).collect())
}
