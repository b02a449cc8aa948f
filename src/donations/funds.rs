//! What a campaign has, on a day: counted from its rows each time it is asked.

use std::collections::BTreeMap;

use bigdecimal::{BigDecimal, RoundingMode, Zero};
use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::sql_types::{BigInt, Date, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    campaigns::Campaign,
    db::Conn,
    error::{ApiResult, Faults},
    types::{Currency, KnownAt, Money},
};

/// Of which day the funds are asked.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FundsQuery {
    /// What was true on this day; today when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

/// The sums of a campaign up to a day, in its currency.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Totals {
    /// What was received.
    #[diesel(sql_type = Numeric)]
    pub received: BigDecimal,
    /// What was given back.
    #[diesel(sql_type = Numeric)]
    pub refunded: BigDecimal,
    /// What was taken back.
    #[diesel(sql_type = Numeric)]
    pub charged_back: BigDecimal,
    /// What banks and payment services took.
    #[diesel(sql_type = Numeric)]
    pub fees: BigDecimal,
    /// The declared value of gifts in kind.
    #[diesel(sql_type = Numeric)]
    pub in_kind: BigDecimal,
    /// What went to budget lines.
    #[diesel(sql_type = Numeric)]
    pub allocated: BigDecimal,
    /// How many gifts of money stand.
    #[diesel(sql_type = BigInt)]
    pub gifts: i64,
    /// How many gifts in kind stand.
    #[diesel(sql_type = BigInt)]
    pub gifts_in_kind: i64,
    /// How many rows of money were turned round, or turn one round.
    #[diesel(sql_type = BigInt)]
    pub turned: i64,
    /// As it was known at this moment.
    #[diesel(sql_type = Timestamptz)]
    pub known_at: DateTime<Utc>,
}

impl Totals {
    /// What was received, less refunds and chargebacks.
    pub fn raised(&self) -> BigDecimal {
        &self.received - &self.refunded - &self.charged_back
    }

    /// What is missing to the goal; nothing once it is reached.
    pub fn remaining(&self, goal: &Money) -> BigDecimal {
        (&goal.0 - self.raised()).max(BigDecimal::zero())
    }
}

/// The sign of a row: one that turns another round takes it away again, on the same day.
const SIGNED: &str = "SELECT d.kind, d.received_on, d.campaign_amount * s.sign AS amount, s.sign
  FROM donations d CROSS JOIN LATERAL (SELECT CASE WHEN d.reverses_id IS NULL THEN 1 ELSE -1 END AS sign) s
  WHERE d.campaign_id = $1 AND d.received_on <= $2";

/// The sums of a campaign up to a day.
pub async fn totals(conn: &mut Conn, campaign: Uuid, as_of: NaiveDate) -> ApiResult<Totals> {
    let text = format!(
        "WITH signed AS ({SIGNED})
         SELECT coalesce(sum(amount) FILTER (WHERE kind = 'received'), 0) AS received,
           coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0) AS refunded,
           coalesce(sum(amount) FILTER (WHERE kind = 'chargeback'), 0) AS charged_back,
           coalesce(sum(amount) FILTER (WHERE kind = 'fee'), 0) AS fees,
           coalesce(sum(amount) FILTER (WHERE kind = 'in_kind'), 0) AS in_kind,
           coalesce(sum(sign) FILTER (WHERE kind = 'received'), 0)::bigint AS gifts,
           coalesce(sum(sign) FILTER (WHERE kind = 'in_kind'), 0)::bigint AS gifts_in_kind,
           2 * count(*) FILTER (WHERE sign < 0 AND kind IN ('received', 'refund', 'chargeback')) AS turned,
           least(siraj_known_at(), statement_timestamp()) AS known_at,
           (SELECT coalesce(sum(CASE WHEN a.reverses_id IS NULL THEN a.amount ELSE -a.amount END), 0)
            FROM campaign_allocations a WHERE a.campaign_id = $1 AND a.allocated_on <= $2) AS allocated
         FROM signed"
    );
    Ok(diesel::sql_query(text).bind::<SqlUuid, _>(campaign).bind::<Date, _>(as_of).get_result(conn).await?)
}

/// The money of one month.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName, ToSchema)]
pub struct MonthFunds {
    /// The month's first day.
    #[diesel(sql_type = Date)]
    pub month: NaiveDate,
    /// What was received, less what was given and taken back in the month.
    #[diesel(sql_type = Numeric)]
    pub raised_amount: Money,
    /// What banks and payment services took.
    #[diesel(sql_type = Numeric)]
    pub fees_amount: Money,
    /// The declared value of gifts in kind.
    #[diesel(sql_type = Numeric)]
    pub in_kind_amount: Money,
    /// How many gifts of money stand.
    #[diesel(sql_type = BigInt)]
    pub gifts: i64,
}

/// The money that went to one budget line.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName, ToSchema)]
pub struct LineFunds {
    /// The budget line.
    #[diesel(sql_type = SqlUuid)]
    pub budget_line_id: Uuid,
    /// Its code within its contract.
    #[diesel(sql_type = Text)]
    pub line_code: String,
    /// Its contract.
    #[diesel(sql_type = SqlUuid)]
    pub contract_id: Uuid,
    /// The contract's code.
    #[diesel(sql_type = Text)]
    pub contract_code: String,
    /// How much, in the campaign's currency.
    #[diesel(sql_type = Numeric)]
    pub amount: Money,
    /// The line's currency.
    #[diesel(sql_type = Text)]
    pub line_currency: Currency,
    /// How much, in the line's currency.
    #[diesel(sql_type = Numeric)]
    pub line_amount: Money,
}

/// What a campaign has, and where it went.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CampaignFunds {
    /// The campaign.
    pub campaign_id: Uuid,
    /// Its code.
    pub code: String,
    /// What was true on this day.
    pub as_of: NaiveDate,
    /// As it was known at this moment.
    pub known_at: DateTime<Utc>,
    /// The campaign's currency: every amount here is in it.
    pub currency: Currency,
    /// What it asks for.
    pub goal_amount: Money,
    /// What was received.
    pub received_amount: Money,
    /// What was given back.
    pub refunded_amount: Money,
    /// What was taken back by payers' banks.
    pub charged_back_amount: Money,
    /// Received, less given back and taken back.
    pub raised_amount: Money,
    /// What banks and payment services took.
    pub fees_amount: Money,
    /// Raised, less fees.
    pub net_amount: Money,
    /// The declared value of gifts in kind; in no other sum.
    pub in_kind_amount: Money,
    /// What is missing to the goal.
    pub remaining_amount: Money,
    /// Raised in percent of the goal, two digits, rounded down: a goal is not reached before it is.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{2}$", example = "35.00")]
    pub percent_raised: String,
    /// Days to the last one, that day counted; none left after it; absent while the campaign is open.
    pub days_left: Option<i64>,
    /// How many gifts of money stand.
    pub gifts: i64,
    /// How many gifts in kind stand.
    pub gifts_in_kind: i64,
    /// What went to budget lines.
    pub allocated_amount: Money,
    /// Raised, less allocated; below nothing where a refund was let through for a reason, and on days before the gifts that an allocation was made of.
    pub unallocated_amount: Money,
    /// Where the money went.
    pub by_line: Vec<LineFunds>,
    /// Month by month, those in which something happened.
    pub by_month: Vec<MonthFunds>,
    /// How each sum is made.
    pub method: BTreeMap<&'static str, FundsRule>,
}

/// How a sum is made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FundsRule {
    /// The rule, in a sentence.
    pub rule: &'static str,
    /// Rises when the rule changes.
    pub version: u32,
    /// How many rows the rule left out, where that is counted.
    pub left_out: Option<i64>,
}

/// The rules by the names of their sums: sum, rule, version.
pub const RULES: &[(&str, &str, u32)] = &[
    (
        "raised_amount",
        "Money received on or before the day, less refunds and chargebacks of it, in the campaign's currency; a row that was turned round counts on no \
         day. Left out: such rows, and those that turn them round.",
        1,
    ),
    ("fees_amount", "What banks and payment services took, on or before the day; raised is told before fees, net after them.", 1),
    ("in_kind_amount", "The declared value of gifts in kind that came into stock; it is in no other sum.", 1),
    ("remaining_amount", "The goal less raised; nothing once the goal is reached.", 1),
    ("allocated_amount", "What was allocated to budget lines on or before the day, in the campaign's currency.", 1),
    (
        "campaign_amount",
        "An amount in another currency at the latest rate told for its day or one of the 31 before it, rounded half away from nothing to the campaign's minor unit, and kept; a refund at its gift's rate.",
        1,
    ),
];

fn method(turned: i64) -> BTreeMap<&'static str, FundsRule> {
    let told = |(sum, rule, version): &(&'static str, &'static str, u32)| {
        (*sum, FundsRule { rule, version: *version, left_out: (*sum == "raised_amount").then_some(turned) })
    };
    RULES.iter().map(told).collect()
}

/// Days to the last one, counted with it.
pub fn days_left(ends_on: Option<NaiveDate>, day: NaiveDate) -> Option<i64> {
    ends_on.map(|last| ((last - day).num_days() + 1).max(0))
}

/// What a campaign has on a day.
pub async fn read(conn: &mut Conn, campaign: &Campaign, as_of: NaiveDate) -> ApiResult<CampaignFunds> {
    let sums = totals(conn, campaign.id, as_of).await?;
    let by_month = format!(
        "WITH signed AS ({SIGNED})
         SELECT date_trunc('month', received_on)::date AS month,
           coalesce(sum(amount) FILTER (WHERE kind = 'received'), 0) - coalesce(sum(amount) FILTER (WHERE kind IN ('refund', 'chargeback')), 0) AS raised_amount,
           coalesce(sum(amount) FILTER (WHERE kind = 'fee'), 0) AS fees_amount,
           coalesce(sum(amount) FILTER (WHERE kind = 'in_kind'), 0) AS in_kind_amount,
           coalesce(sum(sign) FILTER (WHERE kind = 'received'), 0)::bigint AS gifts
         FROM signed GROUP BY 1 ORDER BY 1"
    );
    let by_month = diesel::sql_query(by_month).bind::<SqlUuid, _>(campaign.id).bind::<Date, _>(as_of).load(conn).await?;
    let by_line = diesel::sql_query(
        "SELECT l.id AS budget_line_id, l.code AS line_code, k.id AS contract_id, k.code AS contract_code, l.currency AS line_currency,
           sum(a.amount * s.sign) AS amount, sum(a.line_amount * s.sign) AS line_amount
         FROM campaign_allocations a CROSS JOIN LATERAL (SELECT CASE WHEN a.reverses_id IS NULL THEN 1 ELSE -1 END AS sign) s
         JOIN budget_lines l ON l.id = a.budget_line_id JOIN contracts k ON k.id = l.contract_id
         WHERE a.campaign_id = $1 AND a.allocated_on <= $2
         GROUP BY l.id, l.code, l.currency, k.id, k.code HAVING sum(a.amount * s.sign) <> 0 ORDER BY k.code, l.code",
    );
    let by_line = by_line.bind::<SqlUuid, _>(campaign.id).bind::<Date, _>(as_of).load(conn).await?;
    let (goal, raised) = (&campaign.fields.goal_amount, sums.raised());
    let percent = (&raised * BigDecimal::from(100) / &goal.0).with_scale_round(2, RoundingMode::Floor);
    Ok(CampaignFunds {
        campaign_id: campaign.id,
        code: campaign.fields.code.to_string(),
        as_of,
        known_at: sums.known_at,
        currency: campaign.fields.currency.clone(),
        goal_amount: goal.clone(),
        remaining_amount: Money(sums.remaining(goal)),
        percent_raised: percent.to_plain_string(),
        days_left: days_left(campaign.fields.ends_on, as_of),
        net_amount: Money(&raised - &sums.fees),
        unallocated_amount: Money(&raised - &sums.allocated),
        raised_amount: Money(raised),
        received_amount: Money(sums.received),
        refunded_amount: Money(sums.refunded),
        charged_back_amount: Money(sums.charged_back),
        fees_amount: Money(sums.fees),
        in_kind_amount: Money(sums.in_kind),
        gifts: sums.gifts,
        gifts_in_kind: sums.gifts_in_kind,
        allocated_amount: Money(sums.allocated),
        by_line,
        by_month,
        method: method(sums.turned),
    })
}
