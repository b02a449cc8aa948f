//! What a campaign says to everybody: its own words and its sums, and nothing else.

use chrono::{NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;

use super::funds::{days_left, totals};
use crate::{
    campaigns::Campaign,
    db::Conn,
    error::{ApiError, ApiResult, Code},
    schema::campaigns,
    types::{Currency, LongText, Money, Name, RecordCode},
};

/// A campaign as everybody may know it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicCampaign {
    /// Its code.
    pub code: RecordCode,
    /// Its name.
    pub name: Name,
    /// Its name in Arabic.
    pub name_ar: Option<Name>,
    /// What its page says.
    pub text: Option<LongText>,
    /// What its page says in Arabic.
    pub text_ar: Option<LongText>,
    /// The currency of every amount here.
    pub currency: Currency,
    /// What it asks for.
    pub goal_amount: Money,
    /// What was received, less what was given and taken back.
    pub raised_amount: Money,
    /// What is missing to the goal.
    pub remaining_amount: Money,
    /// Amounts that it suggests to give.
    pub suggested_amounts: Vec<Money>,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// Its last day; null while it is open.
    pub ends_on: Option<NaiveDate>,
    /// Days to the last one, that day counted; null while it is open.
    pub days_left: Option<i64>,
}

/// The published campaign of this code. One that is not published answers as one that does not exist.
pub async fn read(conn: &mut Conn, code: &RecordCode) -> ApiResult<PublicCampaign> {
    let there = campaigns::table
        .filter(campaigns::code.eq(code))
        .filter(campaigns::published)
        .filter(campaigns::retired_at.is_null())
        .select(Campaign::as_select());
    let there: Option<Campaign> = there.first(conn).await.optional()?;
    let Campaign { id, fields, .. } = there.ok_or_else(|| ApiError::new(Code::NotFound))?;
    let today = Utc::now().date_naive();
    let sums = totals(conn, id, today).await?;
    Ok(PublicCampaign {
        raised_amount: Money(sums.raised()),
        remaining_amount: Money(sums.remaining(&fields.goal_amount)),
        days_left: days_left(fields.ends_on, today),
        code: fields.code,
        name: fields.name,
        name_ar: fields.name_ar,
        text: fields.public_text,
        text_ar: fields.public_text_ar,
        currency: fields.currency,
        goal_amount: fields.goal_amount,
        suggested_amounts: fields.suggested_amounts,
        starts_on: fields.starts_on,
        ends_on: fields.ends_on,
    })
}
