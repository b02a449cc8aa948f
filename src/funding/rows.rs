//! The rows behind what was planned, received and spent; and the month in which least was spent, for what was published of it.

use bigdecimal::BigDecimal;
use chrono::NaiveDate;
use deserr::Deserr;
use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Bool, Date, Nullable, Numeric, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::spending::{MONEY, refuse_unknown};
use crate::{
    budgets::BudgetCategory,
    db::Conn,
    error::{ApiResult, Faults},
    http::{ListFilter, PageQuery},
    types::{Currency, KnownAt, in_order, words},
};

words! {
    /// A number of money told by its parts.
    SpendingFigure {
        /// What a month of a budget line was meant to take.
        Planned = "planned",
        /// What a partner has paid in.
        Received = "received",
        /// An expenditure, or one that turns another round.
        Spent = "spent",
    }
}

/// Which rows of money: what the money was asked of, and the keys of one of its cells.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SpendingRowFilter {
    /// Those of this number of a cell; all when absent.
    #[deserr(default)]
    #[param(inline)]
    pub figure: Option<SpendingFigure>,
    /// The category of a cell.
    #[deserr(default)]
    #[param(inline)]
    pub category: Option<BudgetCategory>,
    /// The month of a cell: its first day.
    #[deserr(default)]
    pub month: Option<NaiveDate>,
    /// The currency of a cell.
    #[deserr(default)]
    pub currency: Option<Currency>,
    /// What moved on this day or later.
    #[deserr(default)]
    pub from: Option<NaiveDate>,
    /// What moved on this day or before.
    #[deserr(default)]
    pub to: Option<NaiveDate>,
    /// Money of this partner; also the partner of a cell.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
    /// Money of this contract; also the contract of a cell.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for SpendingRowFilter {
    const SORTS: &'static [&'static str] = &["on_day"];
}

impl SpendingRowFilter {
    /// The days in order.
    pub fn check(&self) -> ApiResult<()> {
        let mut faults = Faults::default();
        in_order(&mut faults, "/to", self.from, self.to);
        Ok(faults.into_result()?)
    }
}

/// A month of a plan, an instalment or an expenditure.
#[derive(Debug, Clone, Serialize, QueryableByName, ToSchema)]
pub struct SpendingRow {
    /// The month of a plan, the instalment or the expenditure.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Which number of a cell it is counted in.
    #[diesel(sql_type = Text)]
    pub figure: SpendingFigure,
    /// The partner.
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: Uuid,
    /// The contract.
    #[diesel(sql_type = SqlUuid)]
    pub contract_id: Uuid,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub contract_code: String,
    /// The budget line; absent of what was received, which is paid for a contract.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub budget_line_id: Option<Uuid>,
    /// What the line pays for.
    #[diesel(sql_type = Nullable<Text>)]
    pub category: Option<String>,
    /// Its day; of a plan, the first of the month.
    #[diesel(sql_type = Date)]
    pub on_day: NaiveDate,
    /// By ISO 4217.
    #[diesel(sql_type = Text)]
    pub currency: String,
    /// A decimal; below nothing where an expenditure was turned round.
    #[diesel(sql_type = Text)]
    pub amount: String,
}

#[derive(QueryableByName)]
struct Unknown {
    #[diesel(sql_type = Array<Text>)]
    pointers: Vec<String>,
}

/// $1 which number, $6 category, $7 month, $8 currency, $9 words, $10 and $11 where the page before ended, $12 backwards, $13 how many.
const ROWS: &str = r"
SELECT id, figure, organization_id, contract_id, contract_code, budget_line_id, category, on_day, currency, round(amount, digits)::text AS amount
FROM moved
WHERE ($1::text IS NULL OR figure = $1) AND ($6::text IS NULL OR category = $6) AND ($7::date IS NULL OR date_trunc('month', on_day)::date = $7)
  AND ($8::text IS NULL OR currency = $8) AND ($9::text IS NULL OR siraj_fold(contract_code) LIKE siraj_pattern($9))
  AND ($10::date IS NULL OR CASE WHEN $12 THEN (on_day, id) < ($10, $11::uuid) ELSE (on_day, id) > ($10, $11::uuid) END)
ORDER BY CASE WHEN $12 THEN on_day END DESC, CASE WHEN $12 THEN id END DESC, on_day, id LIMIT $13";

/// Refuses what is asked for and not there.
pub async fn ensure_known(conn: &mut Conn, filter: &SpendingRowFilter) -> ApiResult<()> {
    let told: Unknown = diesel::sql_query(format!("{MONEY} SELECT pointers FROM unknown WHERE $1::text IS NULL"))
        .bind::<Nullable<Text>, _>(None::<String>)
        .bind::<Nullable<Date>, _>(filter.from)
        .bind::<Nullable<Date>, _>(filter.to)
        .bind::<Nullable<SqlUuid>, _>(filter.organization_id)
        .bind::<Nullable<SqlUuid>, _>(filter.contract_id)
        .get_result(conn)
        .await?;
    refuse_unknown(&told.pointers)
}

/// The rows behind money.
pub async fn rows(conn: &mut Conn, filter: &SpendingRowFilter, page: &PageQuery) -> ApiResult<Vec<SpendingRow>> {
    let (day, id) = page.after::<NaiveDate>()?.unzip();
    Ok(diesel::sql_query(format!("{MONEY}{ROWS}"))
        .bind::<Nullable<Text>, _>(filter.figure)
        .bind::<Nullable<Date>, _>(filter.from)
        .bind::<Nullable<Date>, _>(filter.to)
        .bind::<Nullable<SqlUuid>, _>(filter.organization_id)
        .bind::<Nullable<SqlUuid>, _>(filter.contract_id)
        .bind::<Nullable<Text>, _>(filter.category)
        .bind::<Nullable<Date>, _>(filter.month)
        .bind::<Nullable<Text>, _>(filter.currency.as_ref())
        .bind::<Nullable<Text>, _>(page.q.as_ref())
        .bind::<Nullable<Date>, _>(day)
        .bind::<Nullable<SqlUuid>, _>(id)
        .bind::<Bool, _>(page.sort.descending)
        .bind::<BigInt, _>(page.rows())
        .load(conn)
        .await?)
}

#[derive(QueryableByName)]
struct Least {
    #[diesel(sql_type = Nullable<Numeric>)]
    amount: Option<BigDecimal>,
}

/// $1 currency. A month in which nothing was spent counts as none; without any expenditure of these days nothing is told.
const LEAST_MONTH: &str = r"
, spent AS (
  SELECT date_trunc('month', on_day)::date AS month, amount FROM moved WHERE figure = 'spent' AND currency = $1
)
SELECT CASE WHEN EXISTS (SELECT FROM spent) THEN (
  SELECT min(of_month.amount) FROM (
    SELECT coalesce(sum(s.amount), 0) AS amount
    FROM generate_series(date_trunc('month', $2::date), $3::date, '1 month') AS m (month) LEFT JOIN spent s ON s.month = m.month
    GROUP BY m.month) AS of_month) END AS amount";

/// What was spent in the month in which least was, of the months from one day to another, in one currency.
pub async fn least_month(
    conn: &mut Conn,
    contract: Option<Uuid>,
    (from, to): (NaiveDate, NaiveDate),
    currency: &str,
) -> ApiResult<Option<BigDecimal>> {
    let told: Least = diesel::sql_query(format!("{MONEY}{LEAST_MONTH}"))
        .bind::<Text, _>(currency)
        .bind::<Date, _>(from)
        .bind::<Date, _>(to)
        .bind::<Nullable<SqlUuid>, _>(None::<Uuid>)
        .bind::<Nullable<SqlUuid>, _>(contract)
        .get_result(conn)
        .await?;
    Ok(told.amount)
}
