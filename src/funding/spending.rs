//! What was planned, received and spent, by partner, contract, category or month.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::sql_types::{Array, Date, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    rules::{SPENDING_RULES, method},
    types::FundingRule,
};
use crate::{
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    http::Table,
    types::{KnownAt, OneOrTwo, in_order, words},
};

words! {
    /// What money is told by.
    SpendingPart {
        /// The partners.
        Partner = "partner",
        /// The contracts.
        Contract = "contract",
        /// What budget lines pay for.
        Category = "category",
        /// The months.
        Month = "month",
    }
}

/// In which parts, of which days and of what money is asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SpendingQuery {
    /// One of `partner`, `contract`, `category`, `month`, or two of them with a comma between.
    #[param(value_type = String, pattern = "^(partner|contract|category|month)(,(partner|contract|category|month))?$", example = "contract,month")]
    pub by: OneOrTwo<SpendingPart>,
    /// What moved on this day or later; from the beginning when absent.
    #[deserr(default)]
    pub from: Option<NaiveDate>,
    /// What moved on this day or before; to the end of the plans when absent.
    #[deserr(default)]
    pub to: Option<NaiveDate>,
    /// Money of this partner.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
    /// Money of this contract.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

/// Money by its parts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Spending {
    /// From this day.
    pub from: Option<NaiveDate>,
    /// To this day.
    pub to: Option<NaiveDate>,
    /// As it was known at this moment.
    pub known_at: DateTime<Utc>,
    /// What it is told by.
    pub by: Vec<SpendingPart>,
    /// The whole: one row a currency, for currencies are never added up.
    pub totals: Vec<SpendingTotal>,
    /// The parts; of a currency they add up to the whole, but for what was received where it is told by category.
    pub cells: Vec<SpendingCell>,
    /// How it is reckoned.
    pub method: Vec<FundingRule>,
}

/// All of one currency.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SpendingTotal {
    /// By ISO 4217.
    pub currency: String,
    /// What months were meant to take; a decimal.
    pub planned: String,
    /// What partners have paid in; a decimal.
    pub received: String,
    /// What was spent, less what was turned round; a decimal.
    pub spent: String,
}

/// One part, in one currency. What it was not asked by is absent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SpendingCell {
    /// The partner.
    pub organization_id: Option<Uuid>,
    /// Its code.
    pub partner_code: Option<String>,
    /// Its name.
    pub partner_name: Option<String>,
    /// The contract.
    pub contract_id: Option<Uuid>,
    /// Its code.
    pub contract_code: Option<String>,
    /// Its name.
    pub contract_name: Option<String>,
    /// What the lines pay for.
    pub category: Option<String>,
    /// The first day of the month.
    pub month: Option<NaiveDate>,
    /// By ISO 4217.
    pub currency: String,
    /// What months were meant to take; a decimal.
    pub planned: String,
    /// What partners have paid in; a decimal. Absent by category: it is paid for a contract, not for a line.
    pub received: Option<String>,
    /// What was spent, less what was turned round; a decimal.
    pub spent: String,
}

/// What the statement answers with.
#[derive(Debug, Deserialize)]
struct Told {
    known_at: DateTime<Utc>,
    unknown: Vec<String>,
    totals: Vec<SpendingTotal>,
    cells: Vec<SpendingCell>,
    left_out: HashMap<String, i64>,
}

#[derive(Debug, diesel::QueryableByName)]
struct Document {
    #[diesel(sql_type = Jsonb)]
    told: Value,
}

/// $2 first day, $3 last day, $4 partner, $5 contract.
pub const MONEY: &str = r"
WITH paying AS (
  SELECT id, code, name, organization_id FROM contracts
  WHERE retired_at IS NULL AND ($4::uuid IS NULL OR organization_id = $4) AND ($5::uuid IS NULL OR id = $5)
), lines AS (
  SELECT l.id, l.contract_id, l.category, l.currency FROM budget_lines l JOIN paying ON paying.id = l.contract_id WHERE l.retired_at IS NULL
), moved AS (
  SELECT a.*, p.organization_id, p.code AS contract_code, greatest(siraj_minor_units(a.currency), 2) AS digits
  FROM (
    SELECT m.id, 'planned' AS figure, l.contract_id, l.id AS budget_line_id, l.category, m.month AS on_day, l.currency, m.amount
    FROM budget_line_months m JOIN lines l ON l.id = m.budget_line_id WHERE m.retired_at IS NULL
    UNION ALL
    SELECT d.id, 'received', d.contract_id, NULL, NULL, d.received_on, d.currency, d.amount
    FROM disbursements d JOIN paying ON paying.id = d.contract_id WHERE d.retired_at IS NULL
    UNION ALL
    SELECT e.id, 'spent', l.contract_id, l.id, l.category, e.spent_on, e.currency, e.amount FROM expenditures e JOIN lines l ON l.id = e.budget_line_id
  ) a JOIN paying p ON p.id = a.contract_id
  WHERE ($2::date IS NULL OR a.on_day >= $2) AND ($3::date IS NULL OR a.on_day <= $3)
), unknown AS (
  SELECT array_remove(ARRAY[
    CASE WHEN $4 IS NOT NULL AND NOT EXISTS (SELECT FROM organizations WHERE id = $4) THEN '/organization_id' END,
    CASE WHEN $5 IS NOT NULL AND NOT EXISTS (SELECT FROM contracts WHERE id = $5) THEN '/contract_id' END], NULL) AS pointers
)";

/// The whole and its parts; $1 the parts.
const SPENDING: &str = r"
, keyed AS (
  SELECT CASE WHEN 'partner' = ANY ($1) THEN organization_id END AS organization_id,
         CASE WHEN 'contract' = ANY ($1) THEN contract_id END AS contract_id,
         CASE WHEN 'category' = ANY ($1) THEN category END AS category,
         CASE WHEN 'month' = ANY ($1) THEN date_trunc('month', on_day)::date END AS month,
         currency, digits, figure, amount, 'category' = ANY ($1) AND category IS NULL AS of_no_line
  FROM moved
), totals AS (
  SELECT currency, round(coalesce(sum(amount) FILTER (WHERE figure = 'planned'), 0), digits)::text AS planned,
         round(coalesce(sum(amount) FILTER (WHERE figure = 'received'), 0), digits)::text AS received,
         round(coalesce(sum(amount) FILTER (WHERE figure = 'spent'), 0), digits)::text AS spent
  FROM keyed GROUP BY currency, digits
), cells AS (
  SELECT organization_id, contract_id, category, month, currency, round(coalesce(sum(amount) FILTER (WHERE figure = 'planned'), 0), digits)::text AS planned,
         CASE WHEN 'category' = ANY ($1) THEN NULL ELSE round(coalesce(sum(amount) FILTER (WHERE figure = 'received'), 0), digits)::text END AS received,
         round(coalesce(sum(amount) FILTER (WHERE figure = 'spent'), 0), digits)::text AS spent
  FROM keyed WHERE NOT of_no_line GROUP BY organization_id, contract_id, category, month, currency, digits
)
SELECT jsonb_build_object(
  'known_at', least(siraj_known_at(), statement_timestamp()),
  'unknown', (SELECT pointers FROM unknown),
  'totals', (SELECT coalesce(jsonb_agg(to_jsonb(totals) ORDER BY currency), '[]') FROM totals),
  'cells', (SELECT coalesce(jsonb_agg(jsonb_build_object('partner_code', o.code, 'partner_name', o.name, 'contract_code', k.code, 'contract_name', k.name)
                                      || to_jsonb(c) ORDER BY o.code, k.code, c.category, c.month, c.currency), '[]')
            FROM cells c LEFT JOIN organizations o ON o.id = c.organization_id LEFT JOIN contracts k ON k.id = c.contract_id),
  'left_out', jsonb_build_object(
    'planned', (SELECT count(*) FROM lines WHERE NOT EXISTS (
                  SELECT FROM budget_line_months m WHERE m.budget_line_id = lines.id AND m.retired_at IS NULL)))) AS told";

/// What is asked for and not there.
pub fn refuse_unknown(pointers: &[String]) -> ApiResult<()> {
    let mut faults = Faults::default();
    for pointer in pointers {
        faults.add(pointer.as_str(), Code::UnknownReference);
    }
    Ok(faults.into_result()?)
}

/// Reads money by its parts, in one statement.
pub async fn spending(conn: &mut Conn, query: &SpendingQuery) -> ApiResult<Spending> {
    let mut faults = Faults::default();
    in_order(&mut faults, "/to", query.from, query.to);
    faults.into_result()?;
    let parts: Vec<&str> = query.by.list().into_iter().map(SpendingPart::as_str).collect();
    let read: Document = diesel::sql_query(format!("{MONEY}{SPENDING}"))
        .bind::<Array<Text>, _>(parts)
        .bind::<Nullable<Date>, _>(query.from)
        .bind::<Nullable<Date>, _>(query.to)
        .bind::<Nullable<SqlUuid>, _>(query.organization_id)
        .bind::<Nullable<SqlUuid>, _>(query.contract_id)
        .get_result(conn)
        .await?;
    let told: Told = serde_json::from_value(read.told).map_err(ApiError::internal)?;
    refuse_unknown(&told.unknown)?;
    Ok(Spending {
        from: query.from,
        to: query.to,
        known_at: told.known_at,
        by: query.by.list(),
        method: method(SPENDING_RULES, |figure| told.left_out.get(figure).copied()),
        totals: told.totals,
        cells: told.cells,
    })
}

impl Spending {
    /// One row a part and currency, with the columns it was asked by.
    pub fn table(&self) -> ApiResult<Table> {
        let of = |column: &str| match column {
            "organization_id" => Some(SpendingPart::Partner),
            "category" => Some(SpendingPart::Category),
            "month" => Some(SpendingPart::Month),
            _ if column.starts_with("partner_") => Some(SpendingPart::Partner),
            _ if column.starts_with("contract_") => Some(SpendingPart::Contract),
            _ => None,
        };
        let mut table = Table::of(&self.cells)?;
        table.keep(|column| of(column).is_none_or(|part| self.by.contains(&part)));
        Ok(table)
    }
}
