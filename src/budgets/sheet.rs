//! Expenditures that come by a sheet: by the set, with the rates of their days.

use diesel::{
    QueryableByName,
    prelude::*,
    sql_types::{Array, Date, Nullable, Numeric, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::expenditures::{Expenditure, ExpenditureFields};
use crate::{
    db::Conn,
    error::{ApiError, ApiResult, Code},
    exchange_rates::Rate,
    register::ChildRow,
    schema::expenditures,
    types::{Currency, Factor},
};

impl From<Expenditure> for ExpenditureFields {
    /// What was said when it was recorded: an amount of the line, or what was handed over in another currency.
    fn from(row: Expenditure) -> Self {
        let own = row.original_amount.is_none();
        Self {
            budget_line_id: row.budget_line_id,
            commitment_id: row.commitment_id,
            amount: own.then_some(row.amount),
            currency: own.then_some(row.currency),
            original_amount: row.original_amount,
            original_currency: row.original_currency,
            spent_on: row.spent_on,
            description: row.description,
            organization_id: row.organization_id,
            attachment_id: row.attachment_id,
            override_reason: row.override_reason,
        }
    }
}

impl ChildRow for ExpenditureFields {
    async fn load_many(conn: &mut Conn, ids: &[Uuid]) -> ApiResult<Vec<(Uuid, Self)>> {
        let named = expenditures::table.filter(expenditures::id.eq_any(ids)).filter(expenditures::reverses_id.is_null());
        let rows: Vec<Expenditure> = named.select(Expenditure::as_select()).load(conn).await?;
        Ok(rows.into_iter().map(|row| (row.id, Self::from(row))).collect())
    }

    async fn insert_many(conn: &mut Conn, by: Uuid, rows: &[(Uuid, Self)]) -> ApiResult<Vec<Uuid>> {
        let grounds = grounds(conn, rows).await?;
        let spent: Vec<Expenditure> = rows
            .iter()
            .zip(grounds)
            .map(|((id, fields), Ground { currency, exchange_rate_id, rate, rated_on })| {
                let currency = currency.ok_or_else(|| ApiError::fault("/budget_line_id", Code::UnknownReference))?;
                let told = exchange_rate_id.zip(rate).zip(rated_on);
                fields.spent(by, *id, currency, told.map(|((id, rate), rated_on)| Rate { id, rate: rate.0, rated_on }))
            })
            .collect::<ApiResult<_>>()?;
        // The database judges a statement when all its rows are there: what uses a commitment has used it before anything else is judged.
        let (of_commitments, others): (Vec<_>, Vec<_>) = spent.into_iter().partition(|row| row.commitment_id.is_some());
        let mut added = Vec::new();
        for set in [of_commitments, others] {
            let insert = diesel::insert_into(expenditures::table).values(&set).on_conflict(expenditures::id).do_nothing();
            added.extend(insert.returning(expenditures::id).get_results::<Uuid>(conn).await?);
        }
        Ok(added)
    }
}

/// What an expenditure is reckoned with: the currency of its line, and the rate of its day where it was made in another one.
#[derive(QueryableByName)]
struct Ground {
    #[diesel(sql_type = Nullable<Text>)]
    currency: Option<Currency>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    exchange_rate_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Numeric>)]
    rate: Option<Factor>,
    #[diesel(sql_type = Nullable<Date>)]
    rated_on: Option<chrono::NaiveDate>,
}

/// The grounds of all rows in their order, in one statement.
async fn grounds(conn: &mut Conn, rows: &[(Uuid, ExpenditureFields)]) -> ApiResult<Vec<Ground>> {
    const GROUNDS: &str = "SELECT l.currency, told.exchange_rate_id, told.rate, told.rated_on
        FROM unnest($1, $2, $3) WITH ORDINALITY AS given (line, other, day, place)
        LEFT JOIN budget_lines l ON l.id = given.line
        LEFT JOIN LATERAL siraj_rate(given.other, l.currency, given.day) told ON given.other <> l.currency
        ORDER BY given.place";
    Ok(diesel::sql_query(GROUNDS)
        .bind::<Array<SqlUuid>, _>(rows.iter().map(|(_, fields)| fields.budget_line_id).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|(_, fields)| fields.original_currency.clone()).collect::<Vec<_>>())
        .bind::<Array<Date>, _>(rows.iter().map(|(_, fields)| fields.spent_on).collect::<Vec<_>>())
        .load(conn)
        .await?)
}
