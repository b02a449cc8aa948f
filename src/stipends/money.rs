//! What a run does to its budget line.

use bigdecimal::Zero;
use chrono::NaiveDate;
use uuid::Uuid;

use super::{statements::Heap, types::StipendRun};
use crate::{
    budgets::{self, NewCommitment, Original, Spending},
    db::Conn,
    error::{ApiError, ApiResult},
    types::{LongText, Money, Reason},
};

/// What was handed over in one currency.
pub struct Handed<'a> {
    /// What its entries come to.
    pub heap: &'a Heap,
    /// The day.
    pub on: NaiveDate,
    /// Who carried it.
    pub agent: Option<Uuid>,
    /// Why more may be spent than the line has left.
    pub override_reason: Option<&'a Reason>,
}

/// Sets a run's money aside on its line.
pub async fn set_aside(conn: &mut Conn, by: Uuid, run: &StipendRun, amount: Money, why: Option<&Reason>) -> ApiResult<Uuid> {
    let commitment = NewCommitment {
        budget_line_id: run.fields.budget_line_id,
        amount,
        description: description(run)?,
        override_reason: why.cloned(),
    };
    budgets::commit(conn, by, &commitment).await
}

/// Lets go what of a run's money was set aside and not spent.
pub async fn let_go(conn: &mut Conn, by: Uuid, run: &StipendRun) -> ApiResult<()> {
    match run.commitment_id {
        Some(commitment) => budgets::release(conn, by, commitment).await,
        None => Ok(()),
    }
}

/// One expenditure for what was handed over in one currency: exactly what its entries are charged. Where that is nothing, there is none.
pub async fn spend(conn: &mut Conn, by: Uuid, run: &StipendRun, handed: &Handed<'_>) -> ApiResult<Option<Uuid>> {
    let heap = handed.heap;
    if heap.charged_amount.0.is_zero() {
        return Ok(None);
    }
    let original = heap.rate.clone().zip(heap.exchange_rate_id).map(|(rate, exchange_rate_id)| Original {
        amount: heap.amount.clone(),
        currency: heap.currency.clone(),
        rate: rate.0,
        exchange_rate_id,
    });
    let spending = Spending {
        budget_line_id: run.fields.budget_line_id,
        commitment_id: run.commitment_id,
        amount: heap.charged_amount.clone(),
        original,
        spent_on: handed.on,
        description: description(run)?,
        organization_id: handed.agent,
        stipend_run_id: Some(run.id),
        override_reason: handed.override_reason.cloned(),
    };
    budgets::spend(conn, by, &spending).await.map(Some)
}

/// Turns an expenditure round, whole.
pub async fn reverse(conn: &mut Conn, by: Uuid, expenditure: Uuid, on: NaiveDate, reason: &Reason) -> ApiResult<()> {
    budgets::reverse(conn, by, expenditure, on, reason).await.map(drop)
}

fn description(run: &StipendRun) -> ApiResult<LongText> {
    LongText::parse(&format!("Stipends of {}", run.fields.month.format("%Y-%m")))
        .map_err(|code| ApiError::internal(code.as_str()))
}
