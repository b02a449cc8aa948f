//! What was spent, as it is stored and travels, and its SQL. Nothing here is ever updated.

use bigdecimal::{BigDecimal, RoundingMode};
use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    book::{Original, Spending, row},
    types::positive,
};
use crate::{
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code, Faults},
    exchange_rates::Rate,
    http::{ListFilter, New, PageQuery, keyset},
    register::Fields,
    schema::{budget_lines, expenditures},
    types::{Currency, Factor, KnownAt, LongText, Money, Reason, happened},
};

/// What people say of an expenditure. Either `amount` in the line's currency, or what was handed over in another currency:
/// then the service reckons the amount with the rate of the day, and freezes the rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"budget_line_id": "0193a1c2-0000-7000-8000-000000000006", "amount": "1750.00", "currency": "USD",
    "spent_on": "2015-03-04", "description": "580 litres of diesel"}))]
pub struct ExpenditureFields {
    /// The line it is of.
    pub budget_line_id: Uuid,
    /// The commitment of that line that it uses.
    #[deserr(default)]
    pub commitment_id: Option<Uuid>,
    /// How much, in the line's currency.
    #[deserr(default)]
    pub amount: Option<Money>,
    /// The currency of `amount`: the line's.
    #[deserr(default)]
    pub currency: Option<Currency>,
    /// What was handed over, where that was in another currency.
    #[deserr(default)]
    pub original_amount: Option<Money>,
    /// The currency of that.
    #[deserr(default)]
    pub original_currency: Option<Currency>,
    /// The day it was spent, within the contract.
    pub spent_on: NaiveDate,
    /// What for. Never names of people.
    pub description: LongText,
    /// Who was paid.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
    /// The paper that proves it.
    #[deserr(default)]
    pub attachment_id: Option<Uuid>,
    /// Why it may go over its line.
    #[deserr(default)]
    pub override_reason: Option<Reason>,
}

impl Fields for ExpenditureFields {
    fn check(&self, faults: &mut Faults) {
        happened(faults, "/spent_on", self.spent_on);
        match (&self.amount, &self.original_amount) {
            (None, None) => faults.add("/amount", Code::Required),
            (Some(_), Some(_)) => faults.add("/original_amount", Code::UnknownField),
            _ => {}
        }
        for (amount, currency, at, of) in [
            (&self.amount, &self.currency, "/amount", "/currency"),
            (&self.original_amount, &self.original_currency, "/original_amount", "/original_currency"),
        ] {
            match (amount, currency) {
                (Some(_), None) => faults.add(of, Code::Required),
                (None, Some(_)) => faults.add(of, Code::UnknownField),
                _ => {}
            }
            if let Some(amount) = amount {
                positive(faults, at, amount);
            }
            Money::ensure_exact(faults, at, amount.as_ref(), currency.as_ref());
        }
    }
}

impl ExpenditureFields {
    /// The row that they come to on a line of this currency; `rate` is that of the day, where money was handed over in another one.
    pub fn spent(&self, by: Uuid, id: Uuid, currency: Currency, rate: Option<Rate>) -> ApiResult<Expenditure> {
        let (amount, original) = self.money(&currency, rate)?;
        let spending = Spending {
            budget_line_id: self.budget_line_id,
            commitment_id: self.commitment_id,
            amount,
            original,
            spent_on: self.spent_on,
            description: self.description.clone(),
            organization_id: self.organization_id,
            stipend_run_id: None,
            override_reason: self.override_reason.clone(),
        };
        Ok(row(by, id, &spending, currency, self.attachment_id))
    }

    /// The amount of the line, and what it was reckoned from.
    fn money(&self, currency: &Currency, rate: Option<Rate>) -> ApiResult<(Money, Option<Original>)> {
        match (&self.amount, &self.currency, &self.original_amount, &self.original_currency) {
            (Some(amount), Some(given), ..) if given == currency => Ok((amount.clone(), None)),
            (Some(_), ..) => Err(ApiError::fault("/currency", Code::CurrencyMismatch)),
            // What was handed over in the line's own currency is its amount.
            (_, _, Some(_), Some(other)) if other == currency => {
                Err(ApiError::fault("/original_currency", Code::CurrencyMismatch))
            }
            (_, _, Some(original), Some(other)) => {
                let rate = rate.ok_or_else(|| ApiError::fault("/spent_on", Code::MissingRate))?;
                let amount = reckoned(original, &rate.rate, currency);
                let original =
                    Original { amount: original.clone(), currency: other.clone(), rate: rate.rate, exchange_rate_id: rate.id };
                Ok((amount, Some(original)))
            }
            _ => Err(ApiError::fault("/amount", Code::Required)),
        }
    }
}

/// An expenditure, or what turns one round.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable, ToSchema)]
#[diesel(table_name = expenditures)]
pub struct Expenditure {
    /// Its id.
    pub id: Uuid,
    /// The line it is of.
    pub budget_line_id: Uuid,
    /// The commitment that it uses.
    pub commitment_id: Option<Uuid>,
    /// How much, in the line's currency; below nothing for what turns another round.
    pub amount: Money,
    /// The currency of the line.
    pub currency: Currency,
    /// What was handed over, where that was in another currency.
    pub original_amount: Option<Money>,
    /// The currency of that.
    pub original_currency: Option<Currency>,
    /// How much of the line's currency one unit of the other was worth; frozen.
    pub rate: Option<Factor>,
    /// The rate as it was told.
    pub exchange_rate_id: Option<Uuid>,
    /// The day.
    pub spent_on: NaiveDate,
    /// What for.
    pub description: LongText,
    /// Who was paid.
    pub organization_id: Option<Uuid>,
    /// The paper that proves it.
    pub attachment_id: Option<Uuid>,
    /// The run of stipends it stands for.
    pub stipend_run_id: Option<Uuid>,
    /// Why it may go over its line; of what turns another round: why.
    pub override_reason: Option<Reason>,
    /// What it turns round.
    pub reverses_id: Option<Uuid>,
    /// Always 1: it is never edited.
    #[diesel(skip_insertion)]
    pub revision: i64,
    /// When it was recorded.
    #[diesel(skip_insertion)]
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

impl Expenditure {
    /// Whether it was made of these fields: asked when the same id comes again.
    pub fn is_made_of(&self, fields: &ExpenditureFields) -> bool {
        let money = match &fields.original_amount {
            None => self.original_amount.is_none() && Some(&self.amount) == fields.amount.as_ref(),
            given => self.original_amount == *given && self.original_currency == fields.original_currency,
        };
        money
            && self.reverses_id.is_none()
            && self.budget_line_id == fields.budget_line_id
            && self.commitment_id == fields.commitment_id
            && self.spent_on == fields.spent_on
            && self.description == fields.description
            && self.organization_id == fields.organization_id
            && self.attachment_id == fields.attachment_id
            && self.override_reason == fields.override_reason
    }
}

/// What was handed over as an amount of the line: rounded once, half away from zero, to the currency's minor unit.
fn reckoned(original: &Money, rate: &BigDecimal, currency: &Currency) -> Money {
    let exact = &original.0 * rate;
    Money(exact.with_scale_round(i64::from(currency.minor_units()), RoundingMode::HalfUp))
}

/// An expenditure to be recorded.
pub type NewExpenditure = New<ExpenditureFields>;

/// Why an expenditure is turned round, and when.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"spent_on": "2015-03-09", "reason": "The supplier returned the money."}))]
pub struct ExpenditureReversal {
    /// The id of what turns it round; made by the service when absent.
    #[deserr(default)]
    pub id: Option<Uuid>,
    /// The day, not before that of the expenditure.
    pub spent_on: NaiveDate,
    /// Why: 10 to 500 letters.
    pub reason: Reason,
}

/// Which expenditures to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExpenditureFilter {
    /// Those of this line.
    #[deserr(default)]
    pub budget_line_id: Option<Uuid>,
    /// Those of lines of this contract.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// Those that use this commitment.
    #[deserr(default)]
    pub commitment_id: Option<Uuid>,
    /// Those of this run of stipends.
    #[deserr(default)]
    pub stipend_run_id: Option<Uuid>,
    /// Those of this day or later.
    #[deserr(default)]
    pub from: Option<NaiveDate>,
    /// Those of this day or earlier.
    #[deserr(default)]
    pub to: Option<NaiveDate>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for ExpenditureFilter {
    const SORTS: &'static [&'static str] = &["spent_on", "recorded_at"];
}

/// One page of expenditures.
pub async fn list(conn: &mut Conn, filter: &ExpenditureFilter, page: &PageQuery) -> ApiResult<Vec<Expenditure>> {
    let mut query = expenditures::table.select(Expenditure::as_select()).into_boxed();
    if let Some(line) = filter.budget_line_id {
        query = query.filter(expenditures::budget_line_id.eq(line));
    }
    if let Some(contract) = filter.contract_id {
        let lines = budget_lines::table.filter(budget_lines::contract_id.eq(contract)).select(budget_lines::id);
        query = query.filter(expenditures::budget_line_id.eq_any(lines));
    }
    if let Some(commitment) = filter.commitment_id {
        query = query.filter(expenditures::commitment_id.eq(commitment));
    }
    if let Some(run) = filter.stipend_run_id {
        query = query.filter(expenditures::stipend_run_id.eq(run));
    }
    if let Some(day) = filter.from {
        query = query.filter(expenditures::spent_on.ge(day));
    }
    if let Some(day) = filter.to {
        query = query.filter(expenditures::spent_on.le(day));
    }
    if let Some(words) = &page.q {
        query = query.filter(expenditures::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, expenditures::id, {
        "spent_on" => expenditures::spent_on; NaiveDate,
        "recorded_at" => expenditures::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}

/// One expenditure.
pub async fn find(conn: &mut Conn, id: Uuid) -> ApiResult<Option<Expenditure>> {
    Ok(expenditures::table.find(id).select(Expenditure::as_select()).first(conn).await.optional()?)
}

/// Inserts a row if its id is free.
pub async fn insert(conn: &mut Conn, row: &Expenditure) -> ApiResult<bool> {
    let inserted = diesel::insert_into(expenditures::table).values(row).on_conflict(expenditures::id).do_nothing();
    Ok(inserted.execute(conn).await? == 1)
}

/// The currency of a line.
pub async fn currency_of(conn: &mut Conn, line: Uuid) -> ApiResult<Option<Currency>> {
    Ok(budget_lines::table.find(line).select(budget_lines::currency).first(conn).await.optional()?)
}
