//! How money moves: promised, let go, spent, turned round. Called within the caller's transaction; the database judges every row
//! under the line's lock, so it does not matter who calls, or how many at once.

use bigdecimal::BigDecimal;
use chrono::{NaiveDate, Utc};
use uuid::Uuid;

use super::{
    expenditures::{self, Expenditure},
    moves::{self, Commitment, CommitmentFields},
};
use crate::{
    db::Conn,
    error::{ApiError, ApiResult, Code},
    http::New,
    register::Record,
    types::{Currency, Factor, LongText, Money, Reason},
};

/// Money of a line that is promised.
#[derive(Debug, Clone)]
pub struct NewCommitment {
    /// The line.
    pub budget_line_id: Uuid,
    /// How much, in the line's currency.
    pub amount: Money,
    /// What for.
    pub description: LongText,
    /// Why it may go over its line.
    pub override_reason: Option<Reason>,
}

/// What was handed over in another currency than the line's, with the rate it was reckoned with.
#[derive(Debug, Clone)]
pub struct Original {
    /// How much.
    pub amount: Money,
    /// In what.
    pub currency: Currency,
    /// What one unit of it is worth in the line's currency.
    pub rate: BigDecimal,
    /// The rate as it was told.
    pub exchange_rate_id: Uuid,
}

/// Money of a line that is spent. Where amounts were rounded one by one, `amount` is their sum, not that of `original` at its rate.
#[derive(Debug, Clone)]
pub struct Spending {
    /// The line.
    pub budget_line_id: Uuid,
    /// The commitment that it uses.
    pub commitment_id: Option<Uuid>,
    /// How much, in the line's currency.
    pub amount: Money,
    /// What was handed over, where that was in another currency.
    pub original: Option<Original>,
    /// The day.
    pub spent_on: NaiveDate,
    /// What for.
    pub description: LongText,
    /// Who was paid.
    pub organization_id: Option<Uuid>,
    /// The run of stipends it stands for.
    pub stipend_run_id: Option<Uuid>,
    /// Why it may go over its line.
    pub override_reason: Option<Reason>,
}

/// Promises money of a line. Refused: a contract that is not signed, more than the line has left, without a reason.
pub async fn commit(conn: &mut Conn, by: Uuid, new: &NewCommitment) -> ApiResult<Uuid> {
    let fields = CommitmentFields {
        budget_line_id: new.budget_line_id,
        supplier_id: None,
        reference: None,
        description: new.description.clone(),
        amount: new.amount.clone(),
        currency: currency_of(conn, new.budget_line_id).await?,
        committed_on: None,
        override_reason: new.override_reason.clone(),
    };
    let made = Commitment::insert(conn, by, &[New { id: Uuid::now_v7(), fields }]).await?;
    made.first().map(|commitment| commitment.id).ok_or_else(|| ApiError::internal("a new commitment's id was taken"))
}

/// Lets go what is still held back of a commitment; one of which nothing is held back stays as it is.
pub async fn release(conn: &mut Conn, by: Uuid, commitment: Uuid) -> ApiResult<()> {
    moves::let_go(conn, by, commitment).await
}

/// Spends money of a line. Refused: a contract that is not signed, a day outside of it (but a run of stipends is paid after its
/// month), more than the commitment or the line has left, the latter without a reason.
pub async fn spend(conn: &mut Conn, by: Uuid, spending: &Spending) -> ApiResult<Uuid> {
    let currency = currency_of(conn, spending.budget_line_id).await?;
    let row = row(by, Uuid::now_v7(), spending, currency, None);
    if expenditures::insert(conn, &row).await? { Ok(row.id) } else { Err(ApiError::internal("a new expenditure's id was taken")) }
}

/// Turns an expenditure round, whole and once. What it had used of a commitment is held back again while that is open.
pub async fn reverse(conn: &mut Conn, by: Uuid, expenditure: Uuid, on: NaiveDate, reason: &Reason) -> ApiResult<Uuid> {
    let was = expenditures::find(conn, expenditure).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    let row = turned_round(by, Uuid::now_v7(), was, on, reason);
    if expenditures::insert(conn, &row).await? { Ok(row.id) } else { Err(ApiError::internal("a new expenditure's id was taken")) }
}

/// The row of a spending.
pub fn row(by: Uuid, id: Uuid, spending: &Spending, currency: Currency, attachment_id: Option<Uuid>) -> Expenditure {
    let original = spending.original.as_ref();
    Expenditure {
        id,
        budget_line_id: spending.budget_line_id,
        commitment_id: spending.commitment_id,
        amount: spending.amount.clone(),
        currency,
        original_amount: original.map(|original| original.amount.clone()),
        original_currency: original.map(|original| original.currency.clone()),
        rate: original.map(|original| Factor(original.rate.clone())),
        exchange_rate_id: original.map(|original| original.exchange_rate_id),
        spent_on: spending.spent_on,
        description: spending.description.clone(),
        organization_id: spending.organization_id,
        attachment_id,
        stipend_run_id: spending.stipend_run_id,
        override_reason: spending.override_reason.clone(),
        reverses_id: None,
        revision: 1,
        recorded_at: Utc::now(),
        recorded_by: by,
    }
}

/// The row that turns an expenditure round: the same, below nothing.
pub fn turned_round(by: Uuid, id: Uuid, was: Expenditure, on: NaiveDate, reason: &Reason) -> Expenditure {
    Expenditure {
        id,
        amount: Money(-was.amount.0),
        original_amount: was.original_amount.map(|amount| Money(-amount.0)),
        spent_on: on,
        override_reason: Some(reason.clone()),
        reverses_id: Some(was.id),
        recorded_at: Utc::now(),
        recorded_by: by,
        ..was
    }
}

async fn currency_of(conn: &mut Conn, line: Uuid) -> ApiResult<Currency> {
    let currency = expenditures::currency_of(conn, line).await?;
    currency.ok_or_else(|| ApiError::fault("/budget_line_id", Code::UnknownReference))
}
