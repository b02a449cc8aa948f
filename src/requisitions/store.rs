//! The SQL of requisitions and their lines. Lines travel in whole sets: no statement is run once a line.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::{exists, now},
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{
    ApprovedLine, Requisition, RequisitionFields, RequisitionFilter, RequisitionHead, RequisitionLine, RequisitionLineFields,
    RequisitionRow, RequisitionStatus,
};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code, Faults},
    facilities,
    http::{New, PageQuery, in_use, keyset},
    register::Record,
    schema::{facilities as places, items, requisition_lines, requisitions},
    types::Reason,
};

/// The requisitions that a scope holds: those of its facilities.
fn visible(scope: &Scope) -> Box<dyn BoxableExpression<requisitions::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Everything => Box::new(requisitions::id.eq(requisitions::id)),
        Scope::Facility(facility) => Box::new(requisitions::facility_id.eq(*facility)),
        // Partners wait for share grants.
        Scope::Organization(_) => Box::new(requisitions::id.ne(requisitions::id)),
        scope @ Scope::Areas(_) => {
            let within = places::table.select(places::id).into_boxed().filter(facilities::visible(scope));
            Box::new(requisitions::facility_id.eq_any(within))
        }
    }
}

impl Record for Requisition {
    type Fields = RequisitionFields;
    const COLLECTION: &'static str = "requisitions";
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

    fn fields(&self) -> &RequisitionFields {
        &self.fields
    }

    async fn load(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<Option<Self>> {
        let by_id = requisitions::table.filter(requisitions::id.eq(id)).select(RequisitionRow::as_select());
        let row = match scope {
            Scope::Everything => by_id.first(conn).await,
            scope => by_id.filter(visible(scope)).first(conn).await,
        };
        with_lines(conn, row.optional()?.into_iter().collect()).await.map(|mut whole| whole.pop())
    }

    async fn load_many(conn: &mut Conn, ids: &[Uuid]) -> ApiResult<Vec<Self>> {
        let named = requisitions::table.filter(requisitions::id.eq_any(ids));
        let rows = named.select(RequisitionRow::as_select()).load(conn).await?;
        with_lines(conn, rows).await
    }

    async fn insert(conn: &mut Conn, by: Uuid, records: &[New<RequisitionFields>]) -> ApiResult<Vec<Self>> {
        let heads: Vec<_> = records
            .iter()
            .map(|New { id, fields }| (requisitions::id.eq(*id), RequisitionHead::from(fields), requisitions::recorded_by.eq(by)))
            .collect();
        let rows: Vec<RequisitionRow> = diesel::insert_into(requisitions::table)
            .values(heads)
            .on_conflict(requisitions::id)
            .do_nothing()
            .returning(RequisitionRow::as_returning())
            .get_results(conn)
            .await?;
        let fresh = |id: Uuid| rows.iter().any(|row| row.id == id);
        let sets: Vec<_> = records.iter().filter(|new| fresh(new.id)).map(|new| (new.id, new.fields.lines.as_slice())).collect();
        insert_lines(conn, by, &sets).await?;
        with_lines(conn, rows).await
    }

    async fn save(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64, fields: &RequisitionFields) -> ApiResult<Option<Self>> {
        let there = requisitions::table.filter(requisitions::id.eq(id)).filter(requisitions::revision.eq(revision));
        let row = diesel::update(there)
            .set((RequisitionHead::from(fields), requisitions::recorded_by.eq(by)))
            .returning(RequisitionRow::as_returning())
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
        whole(conn, before.row).await.map(Some)
    }

    async fn withdraw(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64) -> ApiResult<Option<Self>> {
        let there = requisitions::table.filter(requisitions::id.eq(id)).filter(requisitions::revision.eq(revision));
        let row = diesel::update(there)
            .set((requisitions::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), requisitions::recorded_by.eq(by)))
            .returning(RequisitionRow::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        with_lines(conn, row.into_iter().collect()).await.map(|mut whole| whole.pop())
    }

    async fn check_references(conn: &mut Conn, scope: &Scope, fields: &RequisitionFields) -> ApiResult<()> {
        let mut faults = Faults::default();
        let place = places::table.filter(places::id.eq(fields.facility_id)).filter(facilities::visible(scope));
        if !diesel::select(exists(place)).get_result::<bool>(conn).await? {
            faults.add("/facility_id", Code::UnknownReference);
        }
        let named: Vec<Uuid> = fields.lines.iter().map(|line| line.item_id).collect();
        let known = items::table.filter(items::id.eq_any(named)).select(items::id);
        let known: HashSet<Uuid> = known.load(conn).await?.into_iter().collect();
        for (index, _) in fields.lines.iter().enumerate().filter(|(_, line)| !known.contains(&line.item_id)) {
            faults.add(format!("/lines/{index}/item_id"), Code::UnknownReference);
        }
        Ok(faults.into_result()?)
    }
}

/// The rows as whole records: all their lines in one query.
async fn with_lines(conn: &mut Conn, rows: Vec<RequisitionRow>) -> ApiResult<Vec<Requisition>> {
    use requisition_lines as line;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let of_line = (
        line::id,
        line::line,
        line::item_id,
        line::requested_quantity,
        line::reason,
        line::approved_quantity,
        line::decision_reason,
        line::sent_quantity,
        line::received_quantity,
    );
    let found: Vec<(Uuid, RequisitionLine)> = line::table
        .filter(line::requisition_id.eq_any(&ids))
        .filter(line::retired_at.is_null())
        .order((line::requisition_id, line::line))
        .select((line::requisition_id, of_line))
        .load(conn)
        .await?;
    let mut lines: HashMap<Uuid, Vec<RequisitionLine>> = HashMap::new();
    for (requisition, line) in found {
        lines.entry(requisition).or_default().push(line);
    }
    let whole = |row: RequisitionRow| {
        let lines = lines.remove(&row.id).unwrap_or_default();
        Requisition::new(row, lines)
    };
    Ok(rows.into_iter().map(whole).collect())
}

async fn whole(conn: &mut Conn, row: RequisitionRow) -> ApiResult<Requisition> {
    with_lines(conn, vec![row]).await?.pop().ok_or_else(|| ApiError::internal("a held requisition is gone"))
}

/// The lines of these requisitions, in one statement whose text does not depend on how many they are.
async fn insert_lines(conn: &mut Conn, by: Uuid, sets: &[(Uuid, &[RequisitionLineFields])]) -> ApiResult<()> {
    let all = || sets.iter().flat_map(|(id, lines)| lines.iter().zip(1..).map(|(line, number)| (*id, number, line)));
    if all().next().is_none() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO requisition_lines (id, requisition_id, line, item_id, requested_quantity, reason, recorded_by) \
         SELECT given.*, $7 FROM unnest($1, $2, $3, $4, $5, $6) AS given",
    )
    .bind::<Array<SqlUuid>, _>(all().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(all().map(|(requisition, ..)| requisition).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(all().map(|(_, number, _)| number).collect::<Vec<i32>>())
    .bind::<Array<SqlUuid>, _>(all().map(|(.., line)| line.item_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(all().map(|(.., line)| line.requested_quantity).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(all().map(|(.., line)| line.reason.as_ref()).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(by)
    .execute(conn)
    .await?;
    Ok(())
}

async fn retire_lines(conn: &mut Conn, by: Uuid, requisition: Uuid) -> ApiResult<()> {
    let there = requisition_lines::table
        .filter(requisition_lines::requisition_id.eq(requisition))
        .filter(requisition_lines::retired_at.is_null());
    diesel::update(there)
        .set((requisition_lines::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), requisition_lines::recorded_by.eq(by)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Holds the requisition until the transaction ends, so that what is decided about it still holds when it is written.
pub async fn lock(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<RequisitionStatus> {
    let there = requisitions::table.filter(requisitions::id.eq(id)).filter(visible(scope));
    let found: Option<(RequisitionStatus, Option<DateTime<Utc>>)> =
        there.select((requisitions::status, requisitions::retired_at)).for_update().first(conn).await.optional()?;
    match found {
        None => Err(ApiError::new(Code::NotFound)),
        Some((_, Some(_))) => Err(ApiError::new(Code::RecordDeleted)),
        Some((status, None)) => Ok(status),
    }
}

/// Opens another round of a held requisition: nobody has decided on it yet.
pub async fn submit(conn: &mut Conn, by: Uuid, id: Uuid) -> ApiResult<Requisition> {
    let row = diesel::update(requisitions::table.find(id))
        .set((
            requisitions::status.eq(RequisitionStatus::Submitted),
            requisitions::round.eq(requisitions::round + 1),
            requisitions::submitted_by.eq(by),
            requisitions::submitted_at.eq(now.into_sql::<Timestamptz>().nullable()),
            requisitions::decided_by.eq(None::<Uuid>),
            requisitions::decided_at.eq(None::<DateTime<Utc>>),
            requisitions::reason.eq(None::<Reason>),
            requisitions::recorded_by.eq(by),
        ))
        .returning(RequisitionRow::as_returning())
        .get_result(conn)
        .await?;
    whole(conn, row).await
}

/// Writes what was decided on a held requisition, and by whom; who submitted it is refused by the database.
pub async fn decide(
    conn: &mut Conn,
    by: Uuid,
    id: Uuid,
    status: RequisitionStatus,
    reason: Option<&Reason>,
) -> ApiResult<Requisition> {
    let row = diesel::update(requisitions::table.find(id))
        .set((
            requisitions::status.eq(status),
            requisitions::decided_by.eq(by),
            requisitions::decided_at.eq(now.into_sql::<Timestamptz>().nullable()),
            requisitions::reason.eq(reason),
            requisitions::recorded_by.eq(by),
        ))
        .returning(RequisitionRow::as_returning())
        .get_result(conn)
        .await?;
    whole(conn, row).await
}

/// Writes the status of a held requisition, and why it came to it.
pub async fn put(
    conn: &mut Conn,
    by: Uuid,
    id: Uuid,
    status: RequisitionStatus,
    reason: Option<&Reason>,
) -> ApiResult<Requisition> {
    let row = diesel::update(requisitions::table.find(id))
        .set((requisitions::status.eq(status), requisitions::reason.eq(reason), requisitions::recorded_by.eq(by)))
        .returning(RequisitionRow::as_returning())
        .get_result(conn)
        .await?;
    whole(conn, row).await
}

/// Writes what was granted of every line, in one statement.
pub async fn approve_lines(conn: &mut Conn, by: Uuid, requisition: Uuid, lines: &[ApprovedLine]) -> ApiResult<()> {
    diesel::sql_query(
        "UPDATE requisition_lines l SET approved_quantity = given.approved, decision_reason = given.reason, recorded_by = $5 \
         FROM unnest($1, $2, $3) AS given (id, approved, reason) WHERE l.id = given.id AND l.requisition_id = $4",
    )
    .bind::<Array<SqlUuid>, _>(lines.iter().map(|line| line.line_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(lines.iter().map(|line| line.approved_quantity).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(lines.iter().map(|line| line.reason.as_ref()).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(requisition)
    .bind::<SqlUuid, _>(by)
    .execute(conn)
    .await?;
    Ok(())
}

/// One page of requisitions, with their lines.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &RequisitionFilter, page: &PageQuery) -> ApiResult<Vec<Requisition>> {
    let mut query = requisitions::table.select(RequisitionRow::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, requisitions::retired_at);
    if let Some(status) = filter.status {
        query = query.filter(requisitions::status.eq(status));
    }
    if let Some(facility) = filter.facility_id {
        query = query.filter(requisitions::facility_id.eq(facility));
    }
    if let Some(emergency) = filter.emergency {
        query = query.filter(requisitions::emergency.eq(emergency.0));
    }
    if let Some(item) = filter.item_id {
        let asking = requisition_lines::table
            .filter(requisition_lines::requisition_id.eq(requisitions::id))
            .filter(requisition_lines::item_id.eq(item))
            .filter(requisition_lines::retired_at.is_null());
        query = query.filter(exists(asking));
    }
    if let Some(words) = &page.q {
        query = query.filter(requisitions::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, requisitions::id, {
        "code" => requisitions::code; String,
        "requested_on" => requisitions::requested_on; NaiveDate,
        "recorded_at" => requisitions::recorded_at; DateTime<Utc>,
    });
    let rows = query.load(conn).await?;
    with_lines(conn, rows).await
}
