//! The SQL of shipments and their lines. Lines travel in whole sets: no statement is run once a line.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::{exists, now},
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Integer, Nullable, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    contents,
    types::{
        Shipment, ShipmentFields, ShipmentFilter, ShipmentHead, ShipmentLine, ShipmentLineFields, ShipmentRow, ShipmentStatus,
    },
};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code, Faults},
    http::{New, PageQuery, in_use, keyset},
    register::Record,
    requisitions::{self, Requisition},
    schema::{items, lots, shipment_contents, shipment_lines, shipments, stock_locations},
    stock_locations::{LocationKind, StockLocation, visible as visible_places},
};

/// The shipments that a scope holds: those from or to its places.
pub fn visible(scope: &Scope) -> Box<dyn BoxableExpression<shipments::table, Pg, SqlType = Bool> + '_> {
    let own = || {
        let places = stock_locations::table.select(stock_locations::id).into_boxed();
        places.filter(stock_locations::holds.eq(true)).filter(visible_places(scope))
    };
    match scope {
        Scope::Everything => Box::new(shipments::id.eq(shipments::id)),
        // Partners wait for share grants.
        Scope::Organization(_) => Box::new(shipments::id.ne(shipments::id)),
        _ => Box::new(shipments::from_id.eq_any(own()).or(shipments::to_id.eq_any(own()))),
    }
}

impl Record for Shipment {
    type Fields = ShipmentFields;
    const COLLECTION: &'static str = "shipments";
    const SCOPED_BY: &'static str = "/to_id";

    fn id(&self) -> Uuid {
        self.row.id
    }

    fn revision(&self) -> i64 {
        self.row.revision
    }

    fn is_retired(&self) -> bool {
        self.row.retired_at.is_some()
    }

    fn fields(&self) -> &ShipmentFields {
        &self.fields
    }

    async fn load(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<Option<Self>> {
        let by_id = shipments::table.filter(shipments::id.eq(id)).select(ShipmentRow::as_select());
        let row = match scope {
            Scope::Everything => by_id.first(conn).await,
            scope => by_id.filter(visible(scope)).first(conn).await,
        };
        with_lines(conn, row.optional()?.into_iter().collect()).await.map(|mut whole| whole.pop())
    }

    async fn load_many(conn: &mut Conn, ids: &[Uuid]) -> ApiResult<Vec<Self>> {
        let rows = shipments::table.filter(shipments::id.eq_any(ids)).select(ShipmentRow::as_select()).load(conn).await?;
        with_lines(conn, rows).await
    }

    async fn insert(conn: &mut Conn, by: Uuid, records: &[New<ShipmentFields>]) -> ApiResult<Vec<Self>> {
        let heads: Vec<_> = records
            .iter()
            .map(|New { id, fields }| (shipments::id.eq(*id), ShipmentHead::from(fields), shipments::recorded_by.eq(by)))
            .collect();
        let rows: Vec<ShipmentRow> = diesel::insert_into(shipments::table)
            .values(heads)
            .on_conflict(shipments::id)
            .do_nothing()
            .returning(ShipmentRow::as_returning())
            .get_results(conn)
            .await?;
        let fresh = |id: Uuid| rows.iter().any(|row| row.id == id);
        let sets: Vec<_> = records.iter().filter(|new| fresh(new.id)).map(|new| (new.id, new.fields.lines.as_slice())).collect();
        insert_lines(conn, by, &sets).await?;
        with_lines(conn, rows).await
    }

    async fn save(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64, fields: &ShipmentFields) -> ApiResult<Option<Self>> {
        let there = shipments::table.filter(shipments::id.eq(id)).filter(shipments::revision.eq(revision));
        let row = diesel::update(there)
            .set((ShipmentHead::from(fields), shipments::recorded_by.eq(by)))
            .returning(ShipmentRow::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        let Some(before) = with_lines(conn, row.into_iter().collect()).await?.pop() else {
            return Ok(None);
        };
        if before.fields.lines == fields.lines {
            return Ok(Some(before));
        }
        retire_lines(conn, by, id).await?;
        insert_lines(conn, by, &[(id, &fields.lines)]).await?;
        with_lines(conn, vec![before.row]).await.map(|mut whole| whole.pop())
    }

    async fn withdraw(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64) -> ApiResult<Option<Self>> {
        let there = shipments::table.filter(shipments::id.eq(id)).filter(shipments::revision.eq(revision));
        let row = diesel::update(there)
            .set((shipments::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), shipments::recorded_by.eq(by)))
            .returning(ShipmentRow::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        with_lines(conn, row.into_iter().collect()).await.map(|mut whole| whole.pop())
    }

    async fn check_references(conn: &mut Conn, scope: &Scope, fields: &ShipmentFields) -> ApiResult<()> {
        use LocationKind::{Donor, InTransit, Supplier};
        let mut faults = Faults::default();
        let from = place(conn, scope, &mut faults, "/from_id", fields.from_id).await?;
        let to = place(conn, scope, &mut faults, "/to_id", fields.to_id).await?;
        if from.is_some_and(|kind| kind == InTransit || !kind.holds() && !matches!(kind, Supplier | Donor)) {
            faults.add("/from_id", Code::WrongPlaces);
        }
        if to.is_some_and(|kind| kind == InTransit || !kind.holds()) {
            faults.add("/to_id", Code::WrongPlaces);
        }
        if let Some(requisition) = fields.requisition_id
            && <Requisition as Record>::load(conn, scope, requisition).await?.is_none()
        {
            faults.add("/requisition_id", Code::UnknownReference);
        }
        let outside = matches!(from, Some(Supplier | Donor));
        lines_fit(conn, &mut faults, &fields.lines, outside).await?;
        Ok(faults.into_result()?)
    }
}

/// What kind of place an end is; one that the caller may not see does not exist.
pub async fn place(
    conn: &mut Conn,
    scope: &Scope,
    faults: &mut Faults,
    pointer: &str,
    id: Uuid,
) -> ApiResult<Option<LocationKind>> {
    match <StockLocation as Record>::load(conn, scope, id).await? {
        Some(there) if there.is_retired() => faults.add(pointer, Code::RetiredReference),
        Some(there) => return Ok(Some(there.fields.kind)),
        None => faults.add(pointer, Code::UnknownReference),
    }
    Ok(None)
}

/// Every line names an item there is, and a lot of that item if any; what comes from outside names its lot.
async fn lines_fit(conn: &mut Conn, faults: &mut Faults, lines: &[ShipmentLineFields], outside: bool) -> ApiResult<()> {
    let named: Vec<Uuid> = lines.iter().map(|line| line.item_id).collect();
    let known: Vec<Uuid> = items::table.filter(items::id.eq_any(named)).select(items::id).load(conn).await?;
    let named: Vec<Uuid> = lines.iter().filter_map(|line| line.lot_id).collect();
    let of_lots: HashMap<Uuid, Uuid> =
        lots::table.filter(lots::id.eq_any(named)).select((lots::id, lots::item_id)).load(conn).await?.into_iter().collect();
    for (index, line) in lines.iter().enumerate() {
        if !known.contains(&line.item_id) {
            faults.add(format!("/lines/{index}/item_id"), Code::UnknownReference);
            continue;
        }
        match line.lot_id {
            Some(lot) if of_lots.get(&lot) != Some(&line.item_id) => {
                faults.add(format!("/lines/{index}/lot_id"), Code::UnknownReference);
            }
            None if outside => faults.add(format!("/lines/{index}/lot_id"), Code::Required),
            _ => {}
        }
    }
    Ok(())
}

/// The rows as whole records: all their lines in one query, all their contents in another.
async fn with_lines(conn: &mut Conn, rows: Vec<ShipmentRow>) -> ApiResult<Vec<Shipment>> {
    type Line = (Uuid, Uuid, i32, Uuid, Option<Uuid>, i64);
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let found: Vec<Line> = shipment_lines::table
        .filter(shipment_lines::shipment_id.eq_any(&ids))
        .filter(shipment_lines::retired_at.is_null())
        .order((shipment_lines::shipment_id, shipment_lines::line))
        .select((
            shipment_lines::shipment_id,
            shipment_lines::id,
            shipment_lines::line,
            shipment_lines::item_id,
            shipment_lines::lot_id,
            shipment_lines::quantity,
        ))
        .load(conn)
        .await?;
    let mut packed = contents::of(conn, &ids).await?;
    let mut lines: HashMap<Uuid, Vec<ShipmentLine>> = HashMap::new();
    for (shipment, id, line, item_id, lot_id, quantity) in found {
        let of_line = |contents: &Vec<super::types::ShipmentContent>| -> i64 {
            contents.iter().filter(|one| one.line_id == id).map(|one| one.quantity).sum()
        };
        let shortfall = packed.get(&shipment).map(|contents| quantity - of_line(contents));
        lines.entry(shipment).or_default().push(ShipmentLine { id, line, item_id, lot_id, quantity, shortfall });
    }
    let whole = |row: ShipmentRow| {
        let lines = lines.remove(&row.id).unwrap_or_default();
        let contents = packed.remove(&row.id).unwrap_or_default();
        Shipment::new(row, lines, contents)
    };
    Ok(rows.into_iter().map(whole).collect())
}

/// The lines of these shipments, in one statement whose text does not depend on how many they are.
async fn insert_lines(conn: &mut Conn, by: Uuid, sets: &[(Uuid, &[ShipmentLineFields])]) -> ApiResult<()> {
    let all = || sets.iter().flat_map(|(id, lines)| lines.iter().zip(1..).map(|(line, number)| (*id, number, line)));
    if all().next().is_none() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO shipment_lines (id, shipment_id, line, item_id, lot_id, quantity, recorded_by) \
         SELECT given.*, $7 FROM unnest($1, $2, $3, $4, $5, $6) AS given",
    )
    .bind::<Array<SqlUuid>, _>(all().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(all().map(|(shipment, ..)| shipment).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(all().map(|(_, number, _)| number).collect::<Vec<i32>>())
    .bind::<Array<SqlUuid>, _>(all().map(|(.., line)| line.item_id).collect::<Vec<_>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(all().map(|(.., line)| line.lot_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(all().map(|(.., line)| line.quantity).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(by)
    .execute(conn)
    .await?;
    Ok(())
}

async fn retire_lines(conn: &mut Conn, by: Uuid, shipment: Uuid) -> ApiResult<()> {
    let there =
        shipment_lines::table.filter(shipment_lines::shipment_id.eq(shipment)).filter(shipment_lines::retired_at.is_null());
    diesel::update(there)
        .set((shipment_lines::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), shipment_lines::recorded_by.eq(by)))
        .execute(conn)
        .await?;
    Ok(())
}

/// A shipment that is held: where it stands and what it lies between.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// How far it has come.
    pub status: ShipmentStatus,
    /// Where it lies, or lay.
    pub from_id: Uuid,
    /// Where it goes.
    pub to_id: Uuid,
}

/// Holds the shipment until the transaction ends, so that what is decided about it still holds when it is written; then the requisition
/// that it answers, then its places (shared, as every document of theirs does): always in this order, so that nobody waits in a circle.
pub async fn lock(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<Held> {
    type Found = (ShipmentStatus, Uuid, Uuid, Option<Uuid>, Option<DateTime<Utc>>);
    let there = shipments::table.filter(shipments::id.eq(id)).filter(visible(scope));
    let columns = (shipments::status, shipments::from_id, shipments::to_id, shipments::requisition_id, shipments::retired_at);
    let found: Option<Found> = there.select(columns).for_update().first(conn).await.optional()?;
    match found {
        None => Err(ApiError::new(Code::NotFound)),
        Some((.., Some(_))) => Err(ApiError::new(Code::RecordDeleted)),
        Some((status, from_id, to_id, requisition, None)) => {
            if let Some(requisition) = requisition {
                requisitions::hold(conn, requisition).await?;
            }
            let ends = stock_locations::table.filter(stock_locations::id.eq_any([from_id, to_id]));
            ends.select(stock_locations::id).order(stock_locations::id).for_share().load::<Uuid>(conn).await?;
            Ok(Held { status, from_id, to_id })
        }
    }
}

/// What a step writes into the shipment's row; what it leaves out stays. `Some(None)` takes a day back.
#[expect(clippy::option_option, reason = "a day that is taken back is not one that stays as it is")]
#[derive(Debug, AsChangeset)]
#[diesel(table_name = shipments)]
pub struct Progress<'a> {
    /// Where the step led.
    pub status: ShipmentStatus,
    /// The day it was packed.
    pub packed_on: Option<Option<NaiveDate>>,
    /// The day it left.
    pub dispatched_on: Option<NaiveDate>,
    /// The day of its last receipt.
    pub received_on: Option<Option<NaiveDate>>,
    /// The day it came to rest.
    pub closed_on: Option<NaiveDate>,
    /// The location of what is on the road.
    pub transit_id: Option<Uuid>,
    /// The note with what the step added.
    pub note: Option<&'a str>,
    /// Who took the step.
    pub recorded_by: Uuid,
}

impl Progress<'_> {
    /// A step that leads there, and writes nothing else yet.
    pub fn to(status: ShipmentStatus, by: Uuid) -> Self {
        Self {
            status,
            packed_on: None,
            dispatched_on: None,
            received_on: None,
            closed_on: None,
            transit_id: None,
            note: None,
            recorded_by: by,
        }
    }
}

/// Moves a locked shipment on.
pub async fn proceed(conn: &mut Conn, id: Uuid, progress: &Progress<'_>) -> ApiResult<()> {
    diesel::update(shipments::table.find(id)).set(progress).execute(conn).await?;
    Ok(())
}

/// One page of shipments, with their lines.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &ShipmentFilter, page: &PageQuery) -> ApiResult<Vec<Shipment>> {
    let mut query = shipments::table.select(ShipmentRow::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, shipments::retired_at);
    if let Some(status) = filter.status {
        query = query.filter(shipments::status.eq(status));
    }
    if let Some(facility) = filter.facility_id {
        query = query.filter(shipments::facility_id.eq(facility));
    }
    if let Some(location) = filter.location_id {
        query = query.filter(shipments::from_id.eq(location).or(shipments::to_id.eq(location)));
    }
    if let Some(lot) = filter.lot_id {
        let holding = shipment_contents::table
            .filter(shipment_contents::shipment_id.eq(shipments::id))
            .filter(shipment_contents::lot_id.eq(lot))
            .filter(shipment_contents::retired_at.is_null());
        query = query.filter(exists(holding));
    }
    if let Some(supplier) = filter.supplier_id {
        query = query.filter(shipments::supplier_id.eq(supplier));
    }
    if let Some(campaign) = filter.campaign_id {
        query = query.filter(shipments::campaign_id.eq(campaign));
    }
    if let Some(contract) = filter.contract_id {
        query = query.filter(shipments::contract_id.eq(contract));
    }
    if let Some(requisition) = filter.requisition_id {
        query = query.filter(shipments::requisition_id.eq(requisition));
    }
    if let Some(item) = filter.item_id {
        let holding = shipment_lines::table
            .filter(shipment_lines::shipment_id.eq(shipments::id))
            .filter(shipment_lines::item_id.eq(item))
            .filter(shipment_lines::retired_at.is_null());
        query = query.filter(exists(holding));
    }
    if let Some(words) = &page.q {
        query = query.filter(shipments::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, shipments::id, {
        "code" => shipments::code; String,
        "recorded_at" => shipments::recorded_at; DateTime<Utc>,
    });
    let rows = query.load(conn).await?;
    with_lines(conn, rows).await
}
