//! What a partner is to be told, and by when: made from a schedule by the set, delivered one by one, late by the day.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::store::visible as contracts_of;
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code, Faults},
    http::{ListFilter, New, PageQuery, in_use, keyset},
    register::{Fields, register_store},
    schema::{contracts, reporting_duties},
    types::{Flag, Name, in_order, within, words},
};

words! {
    /// What is to be told.
    DutyKind {
        /// What was done.
        Narrative = "narrative",
        /// What was spent.
        Financial = "financial",
        /// Who and what it was for.
        List = "list",
    }
}

words! {
    /// How often something is to be told.
    DutyFrequency {
        /// Of every month.
        Monthly = "monthly",
        /// Of every three months.
        Quarterly = "quarterly",
        /// Of every six months.
        HalfYearly = "half_yearly",
        /// Of the whole contract.
        Once = "once",
    }
}

words! {
    /// How a duty stands on a day.
    DutyState {
        /// Not told yet, and not late.
        Due = "due",
        /// Not told though its day has passed.
        Late = "late",
        /// Told.
        Delivered = "delivered",
    }
}

/// What people say of a reporting duty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = reporting_duties, treat_none_as_null = true)]
#[schema(example = json!({"contract_id": "0193a1c2-0000-7000-8000-000000000005", "title": "Quarterly report", "kind": "financial",
    "starts_on": "2014-05-01", "ends_on": "2014-07-31", "due_on": "2014-08-15"}))]
pub struct DutyFields {
    /// The contract that asks for it.
    pub contract_id: Uuid,
    /// What it is called.
    pub title: Name,
    /// What is to be told.
    pub kind: DutyKind,
    /// The first day it is to tell of.
    pub starts_on: NaiveDate,
    /// The last day it is to tell of.
    pub ends_on: NaiveDate,
    /// The day by which it is to be told.
    pub due_on: NaiveDate,
    /// The report that tells it: once the one of the month of its last day is published, it is delivered.
    #[deserr(default)]
    pub report_definition_id: Option<Uuid>,
}

impl Fields for DutyFields {
    fn check(&self, faults: &mut Faults) {
        in_order(faults, "/ends_on", Some(self.starts_on), Some(self.ends_on));
        in_order(faults, "/due_on", Some(self.starts_on), Some(self.due_on));
    }
}

/// A reporting duty.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = reporting_duties)]
pub struct ReportingDuty {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: DutyFields,
    /// The day it was told.
    pub delivered_on: Option<NaiveDate>,
    /// What was told.
    pub attachment_id: Option<Uuid>,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A reporting duty as it stands on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DutyOnDay {
    #[serde(flatten)]
    pub duty: ReportingDuty,
    /// How it stands on the day that is asked for.
    pub state: DutyState,
    /// How many days after its day it was told, or stands untold; nothing where it is not late.
    pub days_late: i64,
}

impl DutyOnDay {
    /// How a duty stands on a day.
    pub fn of(duty: ReportingDuty, day: NaiveDate) -> Self {
        let told = duty.delivered_on.filter(|delivered| *delivered <= day);
        let state = match told {
            Some(_) => DutyState::Delivered,
            None if duty.fields.due_on < day => DutyState::Late,
            None => DutyState::Due,
        };
        let days_late = (told.unwrap_or(day) - duty.fields.due_on).num_days().max(0);
        Self { duty, state, days_late }
    }
}

/// A reporting duty to be added.
pub type NewDuty = New<DutyFields>;

/// Duties to be made from a frequency.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"title": "Financial report", "kind": "financial", "frequency": "quarterly", "days_after": 30}))]
pub struct DutySchedule {
    /// What every one of them is called.
    pub title: Name,
    /// What is to be told.
    pub kind: DutyKind,
    /// How often.
    pub frequency: DutyFrequency,
    /// How many days after its period one is due, 0 to 365.
    #[schema(minimum = 0, maximum = 365)]
    pub days_after: i64,
    /// The report that tells them.
    #[deserr(default)]
    pub report_definition_id: Option<Uuid>,
}

impl DutySchedule {
    /// Adds what is wrong.
    pub fn check(&self, faults: &mut Faults) {
        within(faults, "/days_after", Some(self.days_after), 0, 365);
    }
}

/// What was made from a schedule.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DutiesMade {
    /// The duties that are new; those that stood before stay as they are.
    pub duties: Vec<ReportingDuty>,
}

/// Duties follow their contract: whoever sees it sees them.
fn visible(scope: &Scope) -> Box<dyn BoxableExpression<reporting_duties::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Organization(_) => {
            let own = contracts::table.select(contracts::id).into_boxed().filter(contracts_of(scope));
            Box::new(reporting_duties::contract_id.eq_any(own))
        }
        Scope::Everything | Scope::Areas(_) | Scope::Facility(_) => Box::new(reporting_duties::id.eq(reporting_duties::id)),
    }
}

register_store!(reporting_duties: ReportingDuty { fields: DutyFields }, "reporting-duties", scoped by "/contract_id", visible, references contract_known);

async fn contract_known(conn: &mut Conn, scope: &Scope, fields: &DutyFields) -> ApiResult<()> {
    let known = contracts::table
        .select(contracts::id)
        .into_boxed()
        .filter(contracts_of(scope))
        .filter(contracts::id.eq(fields.contract_id));
    let known: Option<Uuid> = known.first(conn).await.optional()?;
    if known.is_some() { Ok(()) } else { Err(ApiError::fault("/contract_id", Code::UnknownReference)) }
}

/// Which reporting duties to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DutyFilter {
    /// Those of this contract.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// Those that stand so on the day.
    #[deserr(default)]
    pub state: Option<DutyState>,
    /// The day; today when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for DutyFilter {
    const SORTS: &'static [&'static str] = &["due_on", "recorded_at"];
}

/// One page of duties as they stand on the day.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &DutyFilter, page: &PageQuery) -> ApiResult<Vec<DutyOnDay>> {
    let day = filter.as_of.unwrap_or_else(|| Utc::now().date_naive());
    let mut query = reporting_duties::table.select(ReportingDuty::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, reporting_duties::retired_at);
    if let Some(contract) = filter.contract_id {
        query = query.filter(reporting_duties::contract_id.eq(contract));
    }
    let untold = || reporting_duties::delivered_on.is_null().or(reporting_duties::delivered_on.gt(day));
    query = match filter.state {
        None => query,
        Some(DutyState::Delivered) => query.filter(reporting_duties::delivered_on.le(day)),
        Some(DutyState::Late) => query.filter(untold()).filter(reporting_duties::due_on.lt(day)),
        Some(DutyState::Due) => query.filter(untold()).filter(reporting_duties::due_on.ge(day)),
    };
    if let Some(words) = &page.q {
        query = query.filter(reporting_duties::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, reporting_duties::id, {
        "due_on" => reporting_duties::due_on; NaiveDate,
        "recorded_at" => reporting_duties::recorded_at; DateTime<Utc>,
    });
    let rows: Vec<ReportingDuty> = query.load(conn).await?;
    Ok(rows.into_iter().map(|duty| DutyOnDay::of(duty, day)).collect())
}

/// Makes the duties of a schedule in one statement; those that stand already are left as they are.
pub async fn schedule(
    conn: &mut Conn,
    by: Uuid,
    (contract, starts_on, ends_on): (Uuid, NaiveDate, NaiveDate),
    schedule: &DutySchedule,
) -> ApiResult<Vec<ReportingDuty>> {
    let months = match schedule.frequency {
        DutyFrequency::Monthly => Some(1),
        DutyFrequency::Quarterly => Some(3),
        DutyFrequency::HalfYearly => Some(6),
        DutyFrequency::Once => None,
    };
    let mut rows = Vec::new();
    for (first, last) in periods(starts_on, ends_on, months) {
        let due_on = last + chrono::TimeDelta::days(schedule.days_after);
        let fields = DutyFields {
            contract_id: contract,
            title: schedule.title.clone(),
            kind: schedule.kind,
            starts_on: first,
            ends_on: last,
            due_on,
            report_definition_id: schedule.report_definition_id,
        };
        rows.push((reporting_duties::id.eq(Uuid::now_v7()), fields, reporting_duties::recorded_by.eq(by)));
    }
    let made = diesel::insert_into(reporting_duties::table).values(rows).on_conflict_do_nothing();
    Ok(made.returning(ReportingDuty::as_returning()).get_results(conn).await?)
}

/// The periods of so many months from a first day on; the last one is cut at the end.
fn periods(starts_on: NaiveDate, ends_on: NaiveDate, months: Option<u32>) -> Vec<(NaiveDate, NaiveDate)> {
    let Some(months) = months else { return vec![(starts_on, ends_on)] };
    let begins =
        (0_u32..).map_while(|turn| starts_on.checked_add_months(Months::new(turn * months))).take_while(|day| *day <= ends_on);
    let begins: Vec<NaiveDate> = begins.collect();
    let until = begins.iter().skip(1).filter_map(NaiveDate::pred_opt).chain([ends_on]);
    begins.iter().copied().zip(until).collect()
}

/// Delivers a duty that is not delivered.
pub async fn deliver(
    conn: &mut Conn,
    by: Uuid,
    duty: Uuid,
    on: NaiveDate,
    attachment: Option<Uuid>,
) -> ApiResult<Option<ReportingDuty>> {
    let open = reporting_duties::table.find(duty).filter(reporting_duties::delivered_on.is_null());
    let set = (
        reporting_duties::delivered_on.eq(on),
        reporting_duties::attachment_id.eq(attachment),
        reporting_duties::recorded_by.eq(by),
    );
    Ok(diesel::update(open).set(set).returning(ReportingDuty::as_returning()).get_result(conn).await.optional()?)
}

/// Delivers the open duties that a report tells: those whose last day lies in the month of the report's day, and not after it.
pub async fn deliver_by_report(
    conn: &mut Conn,
    by: Uuid,
    definition: Uuid,
    (as_of, on): (NaiveDate, NaiveDate),
) -> ApiResult<()> {
    let first = as_of.with_day(1).unwrap_or(as_of);
    let told = reporting_duties::table
        .filter(reporting_duties::report_definition_id.eq(definition))
        .filter(reporting_duties::retired_at.is_null())
        .filter(reporting_duties::delivered_on.is_null())
        .filter(reporting_duties::ends_on.between(first, as_of));
    let set = (reporting_duties::delivered_on.eq(on), reporting_duties::recorded_by.eq(by));
    diesel::update(told).set(set).execute(conn).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn periods_cover_every_day_of_a_contract_once() {
        let of = |months| periods(day("2014-05-01"), day("2014-12-31"), months);
        assert_eq!(of(None), [(day("2014-05-01"), day("2014-12-31"))]);
        assert_eq!(of(Some(1)).len(), 8);
        let quarters = of(Some(3));
        assert_eq!(quarters.as_slice().first(), Some(&(day("2014-05-01"), day("2014-07-31"))));
        assert_eq!(quarters.last(), Some(&(day("2014-11-01"), day("2014-12-31"))), "the last is cut");
        let from_the_end_of_a_month = periods(day("2015-01-31"), day("2015-04-15"), Some(1));
        for pair in from_the_end_of_a_month.windows(2) {
            assert_eq!(pair[0].1.succ_opt(), Some(pair[1].0));
        }
    }
}
