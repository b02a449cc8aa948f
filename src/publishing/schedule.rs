//! What is done by the minute, by every node: the audit is sealed, and what is due by the month is drafted, once.

use chrono::Utc;
use uuid::Uuid;

use super::{
    document, rules,
    store::{self, Period},
};
use crate::{
    auth::SYSTEM,
    db::Db,
    error::{ApiResult, Code},
    report_definitions::{self, ReportDefinition},
    seals,
};

/// The most reports that are drafted at a time: the rest come a minute later.
const MOST_DRAFTS: usize = 3;

/// Seals the audit and drafts the reports of months that are over; gives how many were drafted here. A report that cannot be
/// drafted is logged and tried again, and keeps no other from being drafted.
pub async fn keep_up(db: &Db) -> ApiResult<usize> {
    seals::seal(&mut *db.conn().await?).await?;
    let today = Utc::now().date_naive();
    let definitions = report_definitions::of_schedule(&mut *db.conn().await?, today).await?;
    let mut drafted = 0;
    for definition in definitions {
        if drafted >= MOST_DRAFTS {
            break;
        }
        match draft_month(db, &definition).await {
            Ok(done) => drafted += usize::from(done),
            // A report for a partner waits until its month is frozen.
            Err(error) if error.code == Code::MonthNotFrozen => {}
            Err(error) => {
                let cause = error.cause.unwrap_or_else(|| error.code.as_str().to_owned());
                tracing::warn!("the report {} of the month was not drafted: {cause}", definition.fields.code.as_str());
            }
        }
    }
    Ok(drafted)
}

/// Drafts the first month that is over and has no report yet; gives whether it was drafted here. Of two nodes the second finds it done.
async fn draft_month(db: &Db, definition: &ReportDefinition) -> ApiResult<bool> {
    let fields = &definition.fields;
    let (Some(starts_on), Some(due_day)) = (fields.starts_on, fields.due_day) else { return Ok(false) };
    let done = store::drafted_months(&mut *db.conn().await?, definition.id).await?;
    let mut months = rules::months(starts_on, fields.ends_on, Utc::now().date_naive());
    let Some(month) = months.find(|month| !done.contains(month)) else { return Ok(false) };
    let counted = document::count(db, definition.id, rules::last_day(month), Some(month)).await?;
    let period = Period { month, due_on: rules::due(month, due_day) };
    let made = store::insert(&mut *db.conn().await?, SYSTEM, Uuid::now_v7(), &counted, Some(period)).await?;
    Ok(made.is_some())
}
