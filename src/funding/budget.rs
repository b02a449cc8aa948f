//! The report of a contract's budget.

use bigdecimal::BigDecimal;
use chrono::NaiveDate;
use diesel::{
    OptionalExtension,
    sql_types::{Date, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    rules::{BUDGET_RULES, Elapsed, figures, method},
    types::{BudgetLineReport, BudgetReport, BudgetTotal, ContractFigures, LineFigures},
};
use crate::{
    db::Conn,
    error::{ApiError, ApiResult, Code},
    types::{Currency, Money},
};

const CONTRACT: &str = "SELECT code, currency, amount, starts_on, ends_on, least(siraj_known_at(), statement_timestamp()) AS known_at,
       (SELECT coalesce(sum(d.amount), 0) FROM disbursements d WHERE d.contract_id = c.id AND d.retired_at IS NULL AND d.received_on <= $2) AS received
  FROM contracts c WHERE id = $1";

const LINES: &str = "SELECT l.id, l.code, l.name, l.category, l.amount,
       (SELECT coalesce(sum(m.amount), 0) FROM budget_line_months m
        WHERE m.budget_line_id = l.id AND m.retired_at IS NULL AND m.month <= $2) AS planned,
       (SELECT coalesce(sum(greatest(c.amount - (SELECT coalesce(sum(e.amount), 0) FROM expenditures e WHERE e.commitment_id = c.id AND e.spent_on <= $2), 0)), 0)
        FROM commitments c
        WHERE c.budget_line_id = l.id
          AND coalesce(c.committed_on, (SELECT r.approved_at::date FROM stipend_runs r WHERE r.commitment_id = c.id), '-infinity') <= $2 AND (c.released_on IS NULL OR c.released_on > $2)) AS committed,
       (SELECT coalesce(sum(e.amount), 0) FROM expenditures e WHERE e.budget_line_id = l.id AND e.spent_on <= $2) AS spent,
       NOT EXISTS (SELECT FROM budget_line_months m WHERE m.budget_line_id = l.id AND m.retired_at IS NULL) AS unplanned
  FROM budget_lines l WHERE l.contract_id = $1 AND l.retired_at IS NULL ORDER BY l.code";

/// How the budget of a contract stands on a day.
pub async fn report(conn: &mut Conn, contract: Uuid, day: NaiveDate) -> ApiResult<BudgetReport> {
    let head: Option<ContractFigures> =
        diesel::sql_query(CONTRACT).bind::<SqlUuid, _>(contract).bind::<Date, _>(day).get_result(conn).await.optional()?;
    let head = head.ok_or_else(|| ApiError::fault("/contract_id", Code::UnknownReference))?;
    let lines: Vec<LineFigures> = diesel::sql_query(LINES).bind::<SqlUuid, _>(contract).bind::<Date, _>(day).load(conn).await?;
    let elapsed = Elapsed::of(head.starts_on, head.ends_on, day);
    let digits = head.currency.as_ref().map_or(2, Currency::minor_units);
    let sum = |of: fn(&LineFigures) -> &Money| lines.iter().map(|line| &of(line).0).sum::<BigDecimal>();
    let (amount, planned) = (sum(|line| &line.amount), sum(|line| &line.planned));
    let (committed, spent) = (sum(|line| &line.committed), sum(|line| &line.spent));
    let total = BudgetTotal {
        figures: figures((&amount, &planned, &committed, &spent), elapsed, digits),
        unbudgeted: head.amount.as_ref().map(|granted| Money(&granted.0 - &amount)),
        contract_amount: head.amount,
        received_less_spent: Money(&head.received.0 - &spent),
        received: head.received,
    };
    let unplanned = i64::try_from(lines.iter().filter(|line| line.unplanned).count()).unwrap_or(i64::MAX);
    let told = |line: LineFigures| BudgetLineReport {
        figures: figures((&line.amount.0, &line.planned.0, &line.committed.0, &line.spent.0), elapsed, digits),
        id: line.id,
        code: line.code,
        name: line.name,
        category: line.category,
    };
    Ok(BudgetReport {
        as_of: day,
        known_at: head.known_at,
        contract_id: contract,
        contract_code: head.code,
        currency: head.currency,
        lines: lines.into_iter().map(told).collect(),
        total,
        method: method(BUDGET_RULES, |figure| (figure == "planned_to_date").then_some(unplanned)),
    })
}
