//! The SQL of counts and their lines. Lines travel in whole sets: no statement is run once a line.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    dsl::now,
    pg::Pg,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Nullable, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{
    CountStatus, StockCount, StockCountFields, StockCountFilter, StockCountHead, StockCountLine, StockCountLineFields,
    StockCountRow,
};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code},
    http::{New, PageQuery, keyset},
    register::Record,
    schema::{stock_count_lines, stock_counts, stock_documents, stock_locations},
    stock::Act,
    stock_locations as places,
    stock_locations::{LocationKind, StockLocation},
    types::Reason,
};

/// The counts that a scope holds: those of its places.
fn visible(scope: &Scope) -> Box<dyn BoxableExpression<stock_counts::table, Pg, SqlType = Bool> + '_> {
    if *scope == Scope::Everything {
        return Box::new(stock_counts::id.eq(stock_counts::id));
    }
    let own = stock_locations::table.select(stock_locations::id).into_boxed().filter(places::visible(scope));
    Box::new(stock_counts::location_id.eq_any(own))
}

impl Record for StockCount {
    type Fields = StockCountFields;
    const COLLECTION: &'static str = "stock-counts";
    const SCOPED_BY: &'static str = "/location_id";

    fn id(&self) -> Uuid {
        self.row.id
    }

    fn revision(&self) -> i64 {
        self.row.revision
    }

    /// A count is cancelled or decided, and stays.
    fn is_retired(&self) -> bool {
        false
    }

    fn fields(&self) -> &StockCountFields {
        &self.fields
    }

    async fn load(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<Option<Self>> {
        let by_id = stock_counts::table.filter(stock_counts::id.eq(id)).filter(visible(scope));
        let row = by_id.select(StockCountRow::as_select()).first(conn).await.optional()?;
        with_lines(conn, row.into_iter().collect()).await.map(|mut whole| whole.pop())
    }

    async fn load_many(conn: &mut Conn, ids: &[Uuid]) -> ApiResult<Vec<Self>> {
        let there = stock_counts::table.filter(stock_counts::id.eq_any(ids));
        let rows = there.select(StockCountRow::as_select()).load(conn).await?;
        with_lines(conn, rows).await
    }

    async fn insert(conn: &mut Conn, by: Uuid, records: &[New<StockCountFields>]) -> ApiResult<Vec<Self>> {
        let heads: Vec<_> = records
            .iter()
            .map(|New { id, fields }| (stock_counts::id.eq(*id), StockCountHead::from(fields), stock_counts::recorded_by.eq(by)))
            .collect();
        let rows: Vec<StockCountRow> = diesel::insert_into(stock_counts::table)
            .values(heads)
            .on_conflict(stock_counts::id)
            .do_nothing()
            .returning(StockCountRow::as_returning())
            .get_results(conn)
            .await?;
        let fresh = |id: Uuid| rows.iter().any(|row| row.id == id);
        let sheets: Vec<_> =
            records.iter().filter(|new| fresh(new.id)).map(|new| (new.id, new.fields.lines.as_slice())).collect();
        insert_lines(conn, by, &sheets).await?;
        with_lines(conn, rows).await
    }

    async fn save(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64, fields: &StockCountFields) -> ApiResult<Option<Self>> {
        let there = stock_counts::table.filter(stock_counts::id.eq(id)).filter(stock_counts::revision.eq(revision));
        let row = diesel::update(there)
            .set((StockCountHead::from(fields), stock_counts::recorded_by.eq(by)))
            .returning(StockCountRow::as_returning())
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

    async fn withdraw(_: &mut Conn, _: Uuid, _: Uuid, _: i64) -> ApiResult<Option<Self>> {
        // It is cancelled, with a reason.
        Err(ApiError::new(Code::WrongState))
    }

    async fn check_references(conn: &mut Conn, scope: &Scope, fields: &StockCountFields) -> ApiResult<()> {
        let kind = <StockLocation as Record>::load(conn, scope, fields.location_id).await?.map(|place| place.fields.kind);
        match kind {
            None => Err(ApiError::fault("/location_id", Code::UnknownReference)),
            Some(kind) if !kind.holds() || kind == LocationKind::InTransit => {
                Err(ApiError::fault("/location_id", Code::WrongPlaces))
            }
            Some(_) => Ok(()),
        }
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = SqlUuid)]
    count_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    lot_id: Uuid,
    #[diesel(sql_type = BigInt)]
    counted_quantity: i64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    adjustment_reason_id: Option<Uuid>,
    #[diesel(sql_type = Bool)]
    listed: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    book_quantity: Option<i64>,
}

/// The rows as whole records: all their lines in one query.
async fn with_lines(conn: &mut Conn, rows: Vec<StockCountRow>) -> ApiResult<Vec<StockCount>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let found: Vec<Line> = diesel::sql_query(LINES).bind::<Array<SqlUuid>, _>(ids).load(conn).await?;
    let mut lines: HashMap<Uuid, Vec<StockCountLine>> = HashMap::new();
    for line in found {
        lines.entry(line.count_id).or_default().push(StockCountLine {
            lot_id: line.lot_id,
            counted_quantity: line.counted_quantity,
            adjustment_reason_id: line.adjustment_reason_id,
            listed: line.listed,
            book_quantity: line.book_quantity,
            difference: line.book_quantity.map(|book| line.counted_quantity - book),
        });
    }
    let whole = |row: StockCountRow| {
        let lines = lines.remove(&row.id).unwrap_or_default();
        StockCount::new(row, lines)
    };
    Ok(rows.into_iter().map(whole).collect())
}

/// The book beside a count: fixed where a second person has decided, the ledger's where it is open; hidden from everybody while a blind count
/// is a draft, and where it was given up.
const LINES: &str = "
WITH counts AS (
  SELECT id, location_id, counted_on, complete, status = 'counted' OR status = 'draft' AND NOT blind AS live FROM stock_counts WHERE id = ANY ($1)
), sheet AS (
  SELECT count_id, line, lot_id, counted_quantity, adjustment_reason_id, listed, book_quantity FROM stock_count_lines
  WHERE count_id = ANY ($1) AND retired_at IS NULL
), everything AS (
  SELECT * FROM sheet
  UNION ALL
  SELECT c.id, NULL, b.lot_id, 0, NULL, false, NULL FROM counts c JOIN stock_balances b ON b.location_id = c.location_id
  WHERE c.live AND c.complete AND NOT EXISTS (SELECT FROM sheet s WHERE s.count_id = c.id AND s.lot_id = b.lot_id)
)
SELECT e.count_id, e.lot_id, e.counted_quantity, e.adjustment_reason_id, e.listed,
       CASE WHEN c.live THEN coalesce(e.book_quantity, book.closing, 0) ELSE e.book_quantity END AS book_quantity
FROM everything e JOIN counts c ON c.id = e.count_id
LEFT JOIN LATERAL (
  SELECT d.closing FROM stock_days d WHERE c.live AND d.location_id = c.location_id AND d.lot_id = e.lot_id AND d.day <= c.counted_on
  ORDER BY d.day DESC LIMIT 1) book ON true
WHERE e.line IS NOT NULL OR book.closing > 0
ORDER BY e.count_id, e.line NULLS LAST, e.lot_id";

/// The lines of these counts, in one statement whose text does not depend on how many they are.
async fn insert_lines(conn: &mut Conn, by: Uuid, sheets: &[(Uuid, &[StockCountLineFields])]) -> ApiResult<()> {
    let all = || sheets.iter().flat_map(|(id, lines)| lines.iter().map(|line| (*id, line)));
    if all().next().is_none() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO stock_count_lines (id, count_id, line, lot_id, counted_quantity, adjustment_reason_id, recorded_by) \
         SELECT gen_random_uuid(), count_id, row_number() OVER (PARTITION BY count_id ORDER BY number), lot_id, counted, reason_id, $5 \
         FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS given (count_id, lot_id, counted, reason_id, number)",
    )
    .bind::<Array<SqlUuid>, _>(all().map(|(count, _)| count).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(all().map(|(_, line)| line.lot_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(all().map(|(_, line)| line.counted_quantity).collect::<Vec<_>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(all().map(|(_, line)| line.adjustment_reason_id).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(by)
    .execute(conn)
    .await?;
    Ok(())
}

async fn retire_lines(conn: &mut Conn, by: Uuid, count: Uuid) -> ApiResult<()> {
    let there =
        stock_count_lines::table.filter(stock_count_lines::count_id.eq(count)).filter(stock_count_lines::retired_at.is_null());
    diesel::update(there)
        .set((stock_count_lines::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), stock_count_lines::recorded_by.eq(by)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Holds the count until the transaction ends, so that what is decided about it still holds when it is written.
pub async fn lock(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<StockCountRow> {
    let there = stock_counts::table.filter(stock_counts::id.eq(id)).filter(visible(scope));
    Ok(there.select(StockCountRow::as_select()).for_update().first(conn).await?)
}

/// Holds a place: every document from or to it shares its row until it is written, so those under way end first and later ones wait.
pub async fn hold_place(conn: &mut Conn, place: Uuid) -> ApiResult<()> {
    let there = stock_locations::table.find(place).select(stock_locations::id).for_no_key_update();
    there.first::<Uuid>(conn).await?;
    Ok(())
}

/// Puts the book beside what was counted, for good; of a complete count the lots too that the sheet does not name.
pub async fn freeze(conn: &mut Conn, by: Uuid, count: Uuid) -> ApiResult<()> {
    for statement in [FREEZE_SHEET, FREEZE_REST] {
        diesel::sql_query(statement).bind::<SqlUuid, _>(count).bind::<SqlUuid, _>(by).execute(conn).await?;
    }
    Ok(())
}

const FREEZE_SHEET: &str = "UPDATE stock_count_lines l SET recorded_by = $2, book_quantity = coalesce((
      SELECT d.closing FROM stock_days d WHERE d.location_id = c.location_id AND d.lot_id = l.lot_id AND d.day <= c.counted_on
      ORDER BY d.day DESC LIMIT 1), 0)
    FROM stock_counts c WHERE c.id = $1 AND l.count_id = c.id AND l.retired_at IS NULL";
const FREEZE_REST: &str = "
    INSERT INTO stock_count_lines (id, count_id, line, lot_id, counted_quantity, listed, book_quantity, recorded_by)
    SELECT gen_random_uuid(), c.id, sheet.lines + row_number() OVER (ORDER BY b.lot_id), b.lot_id, 0, false, book.closing, $2
    FROM stock_counts c JOIN stock_balances b ON b.location_id = c.location_id
    CROSS JOIN (SELECT coalesce(max(line), 0) AS lines FROM stock_count_lines WHERE count_id = $1 AND retired_at IS NULL) sheet
    CROSS JOIN LATERAL (
      SELECT d.closing FROM stock_days d WHERE d.location_id = c.location_id AND d.lot_id = b.lot_id AND d.day <= c.counted_on
      ORDER BY d.day DESC LIMIT 1) book
    WHERE c.id = $1 AND c.complete AND book.closing > 0
      AND NOT EXISTS (SELECT FROM stock_count_lines l WHERE l.count_id = c.id AND l.lot_id = b.lot_id AND l.retired_at IS NULL)";

/// What a step writes into the count's row; what it leaves out stays.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = stock_counts)]
pub struct Progress<'a> {
    /// Where the step led.
    pub status: CountStatus,
    /// Who counted.
    pub counted_by: Option<Uuid>,
    /// Who confirmed or rejected it.
    pub decided_by: Option<Uuid>,
    /// Why it was rejected, cancelled or reversed.
    pub reason: Option<&'a Reason>,
    /// Who took the step.
    pub recorded_by: Uuid,
}

/// Moves a locked count on.
pub async fn proceed(conn: &mut Conn, id: Uuid, progress: &Progress<'_>) -> ApiResult<()> {
    diesel::update(stock_counts::table.find(id)).set(progress).execute(conn).await?;
    Ok(())
}

/// The documents that a count wrote.
pub async fn documents(conn: &mut Conn, count: Uuid) -> ApiResult<Vec<Uuid>> {
    let written = stock_documents::table
        .filter(stock_documents::act_id.eq(count))
        .filter(stock_documents::act.eq(Act::StockCount))
        .filter(stock_documents::reverses_id.is_null());
    Ok(written.select(stock_documents::id).load(conn).await?)
}

/// One page of counts, with their lines.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &StockCountFilter, page: &PageQuery) -> ApiResult<Vec<StockCount>> {
    let mut query = stock_counts::table.select(StockCountRow::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    if let Some(status) = filter.status {
        query = query.filter(stock_counts::status.eq(status));
    }
    if let Some(location) = filter.location_id {
        query = query.filter(stock_counts::location_id.eq(location));
    }
    if let Some(day) = filter.since_on {
        query = query.filter(stock_counts::counted_on.ge(day));
    }
    if let Some(day) = filter.until_on {
        query = query.filter(stock_counts::counted_on.le(day));
    }
    if let Some(words) = &page.q {
        let named = stock_locations::table.filter(stock_locations::search.like(siraj_pattern(words)));
        query = query.filter(stock_counts::location_id.eq_any(named.select(stock_locations::id)));
    }
    let query = keyset!(query, page, stock_counts::id, {
        "counted_on" => stock_counts::counted_on; NaiveDate,
        "recorded_at" => stock_counts::recorded_at; DateTime<Utc>,
    });
    let rows = query.load(conn).await?;
    with_lines(conn, rows).await
}
