//! What an activity is told from: one statement for many contracts.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    budgets::BudgetCategory,
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    organizations::OrganizationForm,
};

/// An organisation as it is named.
#[derive(Debug, Clone, Deserialize)]
pub struct Body {
    pub name: String,
    pub name_ar: Option<String>,
    pub iati_identifier: Option<String>,
    #[serde(deserialize_with = "form")]
    pub form: Option<OrganizationForm>,
}

/// A signed contract with its money.
#[derive(Debug, Clone, Deserialize)]
pub struct Activity {
    pub code: String,
    pub name: String,
    pub name_ar: Option<String>,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
    pub signed_on: NaiveDate,
    pub currency: Option<String>,
    /// How many amendments stand.
    pub amendments: i32,
    /// When anything that is told here changed last.
    pub updated_at: DateTime<Utc>,
    /// Who pays.
    pub partner: Body,
    /// The topmost areas that it supports facilities in.
    pub places: Vec<Place>,
    /// What its lines are for.
    pub lines: Vec<Line>,
    /// What is planned, by the month; what of its lines has no month stands under none.
    pub planned: Vec<Sum>,
    /// What was paid in.
    pub received: Vec<Sum>,
    /// What was spent, by the month.
    pub spent: Vec<Sum>,
}

/// A country, or all that lies in none.
#[derive(Debug, Clone, Deserialize)]
pub struct Place {
    /// Its code of ISO 3166.
    pub country: Option<String>,
    pub name: Option<String>,
    pub name_ar: Option<String>,
    /// How many facilities it supports there.
    pub facilities: i64,
}

/// The lines of one category.
#[derive(Debug, Clone, Deserialize)]
pub struct Line {
    #[serde(deserialize_with = "category")]
    pub category: BudgetCategory,
    #[serde(deserialize_with = "decimal")]
    pub amount: BigDecimal,
}

/// Money of a day, or of the month that begins with it.
#[derive(Debug, Clone, Deserialize)]
pub struct Sum {
    pub on: Option<NaiveDate>,
    pub amount: String,
}

fn category<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BudgetCategory, D::Error> {
    let word = String::deserialize(deserializer)?;
    BudgetCategory::parse(&word).ok_or_else(|| D::Error::custom("a word that is no category"))
}

fn form<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OrganizationForm>, D::Error> {
    let word = Option::<String>::deserialize(deserializer)?;
    word.map(|word| OrganizationForm::parse(&word).ok_or_else(|| D::Error::custom("a word that is no form"))).transpose()
}

fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BigDecimal, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

#[derive(Debug, diesel::QueryableByName)]
struct Document {
    #[diesel(sql_type = Jsonb)]
    told: Value,
}

const REPORTER: &str =
    "SELECT jsonb_build_object('id', id, 'name', name, 'name_ar', name_ar, 'iati_identifier', iati_identifier, 'form', form) AS told
  FROM organizations WHERE 'own' = ANY (roles) AND retired_at IS NULL ORDER BY iati_identifier IS NULL, code LIMIT 1";

/// The organisation of our own that reports, and its identifier.
pub async fn reporter(conn: &mut Conn) -> ApiResult<(Body, String)> {
    let found: Vec<Document> = diesel::sql_query(REPORTER).load(conn).await?;
    let Some(Document { told }) = found.into_iter().next() else { return Err(unidentified("/organizations".to_owned())) };
    let body: Body = serde_json::from_value(told.clone()).map_err(ApiError::internal)?;
    match body.iati_identifier.clone() {
        Some(identifier) => Ok((body, identifier)),
        None => Err(unidentified(format!("/organizations/{}/iati_identifier", told["id"].as_str().unwrap_or_default()))),
    }
}

/// Names the record that lacks an identifier, and the field; the list where there is no such record.
fn unidentified(pointer: String) -> ApiError {
    ApiError { faults: Faults::one(pointer, Code::Required).0, ..ApiError::new(Code::ReporterUnidentified) }
}

/// $1 partner, $2 the code of the last contract before, $3 how many.
///
/// Plans by the month stand in their months; what of a line has no month is of the whole contract.
const ACTIVITIES: &str = r"
WITH chosen AS (
  SELECT * FROM contracts
  WHERE retired_at IS NULL AND signed_on IS NOT NULL AND ($1::uuid IS NULL OR organization_id = $1) AND ($2::text IS NULL OR code > $2)
  ORDER BY code LIMIT $3
), lines AS (
  SELECT l.id, l.contract_id, l.category, l.amount FROM budget_lines l JOIN chosen c ON c.id = l.contract_id WHERE l.retired_at IS NULL
), months AS (
  SELECT l.contract_id, m.budget_line_id, m.month, m.amount
  FROM budget_line_months m JOIN lines l ON l.id = m.budget_line_id WHERE m.retired_at IS NULL
), planned AS (
  SELECT contract_id, month AS on_day, sum(amount) AS amount FROM months GROUP BY contract_id, month
  UNION ALL
  SELECT l.contract_id, NULL, sum(l.amount - coalesce(m.amount, 0))
  FROM lines l LEFT JOIN (SELECT budget_line_id, sum(amount) AS amount FROM months GROUP BY budget_line_id) m ON m.budget_line_id = l.id
  GROUP BY l.contract_id HAVING sum(l.amount - coalesce(m.amount, 0)) > 0
), received AS (
  SELECT d.contract_id, d.received_on AS on_day, d.amount
  FROM disbursements d JOIN chosen c ON c.id = d.contract_id WHERE d.retired_at IS NULL
), bought AS (
  SELECT l.contract_id, e.spent_on, e.amount FROM expenditures e JOIN lines l ON l.id = e.budget_line_id
), spent AS (
  SELECT contract_id, date_trunc('month', spent_on)::date AS on_day, sum(amount) AS amount FROM bought GROUP BY 1, 2 HAVING sum(amount) <> 0
), places AS (
  -- A country by its names. What is none, or bears no code of its own, is one region without a name: it may be as small as a camp.
  SELECT s.contract_id, t.country, min(t.name) FILTER (WHERE t.country IS NOT NULL) AS name, min(t.name_ar) FILTER (WHERE t.country IS NOT NULL) AS name_ar,
         count(DISTINCT s.facility_id) AS facilities
  FROM facility_support s JOIN chosen c ON c.id = s.contract_id JOIN facilities f ON f.id = s.facility_id JOIN area_closure k ON k.area_id = f.area_id
  JOIN (SELECT id, name, name_ar, CASE WHEN kind <> 'country' THEN NULL WHEN pcode ~ '^[A-Z]{2}$' THEN pcode WHEN code ~ '^[A-Z]{2}$' THEN code END AS country
        FROM areas WHERE parent_id IS NULL) t ON t.id = k.ancestor_id
  WHERE NOT isempty(s.period) GROUP BY s.contract_id, t.country
)
SELECT jsonb_build_object(
  'code', c.code, 'name', c.name, 'name_ar', c.name_ar, 'starts_on', c.starts_on, 'ends_on', c.ends_on, 'signed_on', c.signed_on,
  'currency', c.currency, 'amendments', c.amendments,
  'updated_at', greatest(c.recorded_at, o.recorded_at,
    -- What was retired is told no longer: that is a change too.
    (SELECT max(greatest(l.recorded_at, (SELECT max(recorded_at) FROM budget_line_months WHERE budget_line_id = l.id),
       (SELECT max(recorded_at) FROM expenditures WHERE budget_line_id = l.id))) FROM budget_lines l WHERE l.contract_id = c.id),
    (SELECT max(recorded_at) FROM disbursements WHERE contract_id = c.id), (SELECT max(recorded_at) FROM contract_facilities WHERE contract_id = c.id),
    (SELECT max(recorded_at) FROM contract_scopes WHERE contract_id = c.id)),
  'partner', jsonb_build_object('name', o.name, 'name_ar', o.name_ar, 'iati_identifier', o.iati_identifier, 'form', o.form),
  'places', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', name, 'name_ar', name_ar, 'facilities', facilities, 'country', country) ORDER BY country), '[]')
             FROM places WHERE contract_id = c.id),
  'lines', (SELECT coalesce(jsonb_agg(jsonb_build_object('category', category, 'amount', amount::text) ORDER BY category), '[]')
            FROM (SELECT category, sum(amount) AS amount FROM lines WHERE contract_id = c.id GROUP BY category) AS sums),
  'planned', (SELECT coalesce(jsonb_agg(jsonb_build_object('on', on_day, 'amount', trim_scale(amount)::text) ORDER BY on_day), '[]') FROM planned WHERE contract_id = c.id),
  'received', (SELECT coalesce(jsonb_agg(jsonb_build_object('on', on_day, 'amount', trim_scale(amount)::text) ORDER BY on_day, amount), '[]') FROM received WHERE contract_id = c.id),
  'spent', (SELECT coalesce(jsonb_agg(jsonb_build_object('on', on_day, 'amount', trim_scale(amount)::text) ORDER BY on_day), '[]') FROM spent WHERE contract_id = c.id)) AS told
FROM chosen c JOIN organizations o ON o.id = c.organization_id ORDER BY c.code";

/// The next signed contracts behind a code.
pub async fn activities(conn: &mut Conn, partner: Option<Uuid>, after: Option<&str>, limit: i64) -> ApiResult<Vec<Activity>> {
    let read: Vec<Document> = diesel::sql_query(ACTIVITIES)
        .bind::<Nullable<SqlUuid>, _>(partner)
        .bind::<Nullable<Text>, _>(after)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    read.into_iter().map(|document| serde_json::from_value(document.told).map_err(ApiError::internal)).collect()
}
