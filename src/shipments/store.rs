//! The SQL of shipments and their lines. Lines travel in whole sets: no statement is run once a line.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::{exists, now},
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Date, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    rules,
    types::{
        ReceivedLine, Shipment, ShipmentFields, ShipmentFilter, ShipmentHead, ShipmentLine, ShipmentLineFields, ShipmentRow,
        ShipmentStatus,
    },
};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code},
    facilities,
    http::{New, PageQuery, in_use, keyset},
    register::Record,
    schema::{facilities as places, items, shipment_lines, shipments},
    types::ShortText,
};

/// The shipments that a scope holds: those to its facilities.
pub fn visible(scope: &Scope) -> Box<dyn BoxableExpression<shipments::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Everything => Box::new(shipments::id.eq(shipments::id)),
        Scope::Facility(facility) => Box::new(shipments::facility_id.eq(*facility)),
        // Partners wait for share grants.
        Scope::Organization(_) => Box::new(shipments::id.ne(shipments::id)),
        scope @ Scope::Areas(_) => {
            let within = places::table.select(places::id).into_boxed().filter(facilities::visible(scope));
            Box::new(shipments::facility_id.eq_any(within))
        }
    }
}

impl Record for Shipment {
    type Fields = ShipmentFields;
    const COLLECTION: &'static str = "shipments";
    const SCOPED_BY: &'static str = "/facility_id";

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
        let place = places::table.filter(places::id.eq(fields.facility_id)).filter(facilities::visible(scope));
        if !diesel::select(exists(place)).get_result::<bool>(conn).await? {
            return Err(ApiError::fault("/facility_id", Code::UnknownReference));
        }
        let ids: Vec<Uuid> = fields.lines.iter().map(|line| line.item_id).collect();
        Ok(rules::lots(&tracked_items(conn, &ids).await?, &fields.lines).into_result()?)
    }
}

/// Which of these items there are, and whether their lots expire.
pub async fn tracked_items(conn: &mut Conn, ids: &[Uuid]) -> ApiResult<BTreeMap<Uuid, bool>> {
    let known = items::table.filter(items::id.eq_any(ids)).select((items::id, items::expiry_tracked));
    Ok(known.load(conn).await?.into_iter().collect())
}

/// The rows as whole records: all their lines in one query.
async fn with_lines(conn: &mut Conn, rows: Vec<ShipmentRow>) -> ApiResult<Vec<Shipment>> {
    type Line = (Uuid, Uuid, i32, Uuid, Option<ShortText>, Option<NaiveDate>, i64, Option<i64>, Option<i64>);
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
            shipment_lines::lot_number,
            shipment_lines::expires_on,
            shipment_lines::quantity,
            shipment_lines::accepted_quantity,
            shipment_lines::rejected_quantity,
        ))
        .load(conn)
        .await?;
    let mut lines: HashMap<Uuid, Vec<ShipmentLine>> = HashMap::new();
    for (shipment, id, line, item_id, lot_number, expires_on, quantity, accepted_quantity, rejected_quantity) in found {
        let outstanding = accepted_quantity.zip(rejected_quantity).map(|(accepted, rejected)| quantity - accepted - rejected);
        lines.entry(shipment).or_default().push(ShipmentLine {
            id,
            line,
            item_id,
            lot_number,
            expires_on,
            quantity,
            accepted_quantity,
            rejected_quantity,
            outstanding,
        });
    }
    let whole = |row: ShipmentRow| {
        let lines = lines.remove(&row.id).unwrap_or_default();
        Shipment::new(row, lines)
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
        "INSERT INTO shipment_lines (id, shipment_id, line, item_id, lot_number, expires_on, quantity, recorded_by) \
         SELECT given.*, $8 FROM unnest($1, $2, $3, $4, $5, $6, $7) AS given",
    )
    .bind::<Array<SqlUuid>, _>(all().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(all().map(|(shipment, ..)| shipment).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(all().map(|(_, number, _)| number).collect::<Vec<i32>>())
    .bind::<Array<SqlUuid>, _>(all().map(|(.., line)| line.item_id).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(all().map(|(.., line)| line.lot_number.as_ref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Date>>, _>(all().map(|(.., line)| line.expires_on).collect::<Vec<_>>())
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

/// Holds the shipment until the transaction ends, so that what is decided about it still holds when it is written.
pub async fn lock(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<ShipmentStatus> {
    let there = shipments::table.filter(shipments::id.eq(id)).filter(visible(scope));
    let found: Option<(ShipmentStatus, Option<DateTime<Utc>>)> =
        there.select((shipments::status, shipments::retired_at)).for_update().first(conn).await.optional()?;
    match found {
        None => Err(ApiError::new(Code::NotFound)),
        Some((_, Some(_))) => Err(ApiError::new(Code::RecordDeleted)),
        Some((status, None)) => Ok(status),
    }
}

/// What a step writes into the shipment's row; what it leaves out stays.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = shipments)]
pub struct Progress<'a> {
    /// Where the step led.
    pub status: ShipmentStatus,
    /// The day it left.
    pub dispatched_on: Option<NaiveDate>,
    /// The day it arrived.
    pub received_on: Option<NaiveDate>,
    /// The note with what the step added.
    pub note: Option<&'a str>,
    /// Who took the step.
    pub recorded_by: Uuid,
}

/// Moves a locked shipment on.
pub async fn proceed(conn: &mut Conn, id: Uuid, progress: &Progress<'_>) -> ApiResult<Shipment> {
    let row: ShipmentRow =
        diesel::update(shipments::table.find(id)).set(progress).returning(ShipmentRow::as_returning()).get_result(conn).await?;
    with_lines(conn, vec![row]).await?.pop().ok_or_else(|| ApiError::internal("a locked shipment is gone"))
}

/// Writes what arrived of every line, in one statement.
pub async fn receive_lines(conn: &mut Conn, by: Uuid, shipment: Uuid, lines: &[ReceivedLine]) -> ApiResult<()> {
    diesel::sql_query(
        "UPDATE shipment_lines l SET accepted_quantity = given.accepted, rejected_quantity = given.rejected, recorded_by = $5 \
         FROM unnest($1, $2, $3) AS given (id, accepted, rejected) WHERE l.id = given.id AND l.shipment_id = $4",
    )
    .bind::<Array<SqlUuid>, _>(lines.iter().map(|line| line.line_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(lines.iter().map(|line| line.accepted_quantity).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(lines.iter().map(|line| line.rejected_quantity).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(shipment)
    .bind::<SqlUuid, _>(by)
    .execute(conn)
    .await?;
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
    if let Some(supplier) = filter.supplier_id {
        query = query.filter(shipments::supplier_id.eq(supplier));
    }
    if let Some(campaign) = filter.campaign_id {
        query = query.filter(shipments::campaign_id.eq(campaign));
    }
    if let Some(contract) = filter.contract_id {
        query = query.filter(shipments::contract_id.eq(contract));
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
