//! The SQL of donations.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{Donation, DonationFields, DonationFilter, DonationRow, MoneyReversal};
use crate::{
    db::{Conn, siraj_fold, siraj_pattern},
    error::{ApiResult, Code, Faults},
    http::{PageQuery, keyset},
    register::{ChildRow, Fields},
    schema::donations,
    types::{Currency, Money},
};

/// The row of an id, with the one that turned it round.
pub async fn find(conn: &mut Conn, id: Uuid) -> ApiResult<Option<Donation>> {
    let row = donations::table.find(id).select(DonationRow::as_select()).first(conn).await.optional()?;
    Ok(with_reversals(conn, row.into_iter().collect()).await?.pop())
}

/// The rows with what turned them round: one statement for all.
async fn with_reversals(conn: &mut Conn, rows: Vec<DonationRow>) -> ApiResult<Vec<Donation>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let turned = donations::table.filter(donations::reverses_id.eq_any(ids)).select((donations::reverses_id, donations::id));
    let turned: HashMap<Option<Uuid>, Uuid> = turned.load(conn).await?.into_iter().collect();
    Ok(rows.into_iter().map(|row| Donation { reversed_by_id: turned.get(&Some(row.id)).copied(), row }).collect())
}

/// What the database reckons for itself; the columns only have to be filled.
fn reckoned(
    currency: &Currency,
    amount: &Money,
) -> (diesel::dsl::Eq<donations::campaign_currency, Currency>, diesel::dsl::Eq<donations::campaign_amount, Money>) {
    (donations::campaign_currency.eq(currency.clone()), donations::campaign_amount.eq(amount.clone()))
}

/// Writes a row; the database reckons it into the campaign's currency and judges it.
pub async fn insert(conn: &mut Conn, by: Uuid, id: Uuid, fields: &DonationFields) -> ApiResult<()> {
    let row = (donations::id.eq(id), fields, reckoned(&fields.currency, &fields.amount), donations::recorded_by.eq(by));
    diesel::insert_into(donations::table).values(row).execute(conn).await?;
    Ok(())
}

/// Writes the row that turns another round: the same words and amounts, on the same day.
pub async fn insert_reversal(conn: &mut Conn, by: Uuid, id: Uuid, was: &DonationRow, reversal: &MoneyReversal) -> ApiResult<()> {
    let fields = DonationFields { override_reason: reversal.override_reason.clone(), ..was.fields.clone() };
    let row = (
        donations::id.eq(id),
        &fields,
        reckoned(&was.campaign_currency, &was.campaign_amount),
        donations::exchange_rate_id.eq(was.exchange_rate_id),
        donations::rate.eq(was.rate.clone()),
        donations::reverses_id.eq(was.id),
        donations::reason.eq(reversal.reason.clone()),
        donations::recorded_by.eq(by),
    );
    diesel::insert_into(donations::table).values(row).execute(conn).await?;
    Ok(())
}

impl ChildRow for DonationFields {
    /// A sheet that is loaded again knows its rows by the number on their paper.
    fn check_in_sheet(&self, faults: &mut Faults) {
        self.check(faults);
        if self.reference.is_none() {
            faults.add("/reference", Code::Required);
        }
    }

    async fn load_many(conn: &mut Conn, ids: &[Uuid]) -> ApiResult<Vec<(Uuid, Self)>> {
        let named = donations::table.filter(donations::id.eq_any(ids)).filter(donations::reverses_id.is_null());
        Ok(named.select((donations::id, Self::as_select())).load(conn).await?)
    }

    async fn insert_many(conn: &mut Conn, by: Uuid, rows: &[(Uuid, Self)]) -> ApiResult<Vec<Uuid>> {
        let rows: Vec<_> = rows
            .iter()
            .map(|(id, fields)| {
                (donations::id.eq(*id), fields, reckoned(&fields.currency, &fields.amount), donations::recorded_by.eq(by))
            })
            .collect();
        let insert = diesel::insert_into(donations::table).values(rows).on_conflict(donations::id).do_nothing();
        Ok(insert.returning(donations::id).get_results(conn).await?)
    }
}

/// One page of rows.
pub async fn list(conn: &mut Conn, filter: &DonationFilter, page: &PageQuery) -> ApiResult<Vec<Donation>> {
    let mut query = donations::table.select(DonationRow::as_select()).into_boxed();
    if let Some(campaign) = filter.campaign_id {
        query = query.filter(donations::campaign_id.eq(campaign));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(donations::kind.eq(kind));
    }
    if let Some(donor) = filter.donor_id {
        query = query.filter(donations::donor_id.eq(donor));
    }
    if let Some(gift) = filter.gift_id {
        query = query.filter(donations::gift_id.eq(gift));
    }
    if let Some(day) = filter.since_on {
        query = query.filter(donations::received_on.ge(day));
    }
    if let Some(day) = filter.until_on {
        query = query.filter(donations::received_on.le(day));
    }
    if let Some(words) = &page.q {
        query = query.filter(siraj_fold(donations::reference).like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, donations::id, {
        "received_on" => donations::received_on; NaiveDate,
        "recorded_at" => donations::recorded_at; DateTime<Utc>,
    });
    let rows = query.load(conn).await?;
    with_reversals(conn, rows).await
}
