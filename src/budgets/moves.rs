//! What is promised of a line, and what a partner has paid in.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{dsl::exists, pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::types::positive;
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult, Code, Faults},
    http::{ListFilter, Merge, New, PageQuery, in_use, keyset},
    register::{Fields, register_store},
    schema::{budget_lines, commitments, contracts, disbursements, stipend_runs},
    types::{Currency, Flag, KnownAt, LongText, Money, Reason, ShortText, happened, words},
};

words! {
    /// How a commitment stands.
    CommitmentStatus {
        /// Some of it is neither spent nor let go.
        Open = "open",
        /// All of it was spent.
        Used = "used",
        /// What was not spent of it is free again.
        Released = "released",
    }
}

/// What people say of a commitment: money of a line that is promised and no longer free.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = commitments, treat_none_as_null = true)]
#[schema(example = json!({"budget_line_id": "0193a1c2-0000-7000-8000-000000000006", "description": "600 litres of diesel for March",
    "reference": "PO-17", "amount": "1800.00", "currency": "USD", "committed_on": "2015-03-01"}))]
pub struct CommitmentFields {
    /// The line it is of.
    pub budget_line_id: Uuid,
    /// To whom it is promised.
    #[deserr(default)]
    pub supplier_id: Option<Uuid>,
    /// The number on the paper.
    #[deserr(default)]
    pub reference: Option<ShortText>,
    /// What for. Never names of people.
    pub description: LongText,
    /// How much.
    pub amount: Money,
    /// The currency of the line.
    pub currency: Currency,
    /// The day it was promised, within the contract.
    #[deserr(default)]
    pub committed_on: Option<NaiveDate>,
    /// Why it may go over its line.
    #[deserr(default)]
    pub override_reason: Option<Reason>,
}

impl Fields for CommitmentFields {
    fn check(&self, faults: &mut Faults) {
        positive(faults, "/amount", &self.amount);
        Money::ensure_exact(faults, "/amount", Some(&self.amount), Some(&self.currency));
        if let Some(day) = self.committed_on {
            happened(faults, "/committed_on", day);
        }
    }
}

/// A commitment.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = commitments)]
pub struct Commitment {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: CommitmentFields,
    /// How it stands.
    pub status: Option<CommitmentStatus>,
    /// What was spent of it.
    pub used_amount: Money,
    /// What of it is still held back.
    pub open_amount: Option<Money>,
    /// The day the rest was let go.
    pub released_on: Option<NaiveDate>,
    /// Always absent: what is promised is let go, not retired.
    #[serde(skip)]
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A commitment to be made.
pub type NewCommitmentBody = New<CommitmentFields>;

fn visible(scope: &Scope) -> Box<dyn BoxableExpression<commitments::table, Pg, SqlType = Bool>> {
    match scope {
        Scope::Everything => Box::new(commitments::id.eq(commitments::id)),
        Scope::Areas(_) | Scope::Facility(_) | Scope::Organization(_) => Box::new(commitments::id.ne(commitments::id)),
    }
}

register_store!(commitments: Commitment { fields: CommitmentFields }, "commitments", scoped by "/budget_line_id", visible, references line_known);

async fn line_known(conn: &mut Conn, _: &Scope, fields: &CommitmentFields) -> ApiResult<()> {
    ensure_line(conn, fields.budget_line_id).await
}

/// The line is there; that it is in use the database says.
pub async fn ensure_line(conn: &mut Conn, line: Uuid) -> ApiResult<()> {
    let there = diesel::select(exists(budget_lines::table.find(line))).get_result::<bool>(conn).await?;
    if there { Ok(()) } else { Err(ApiError::fault("/budget_line_id", Code::UnknownReference)) }
}

/// Lets go what is still held back of a commitment. What was let go before stays as it is.
pub async fn let_go(conn: &mut Conn, by: Uuid, commitment: Uuid) -> ApiResult<()> {
    let held = commitments::table.filter(commitments::id.eq(commitment)).filter(commitments::released_on.is_null());
    diesel::update(held)
        .set((commitments::released_on.eq(Utc::now().date_naive()), commitments::recorded_by.eq(by)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether it was set aside for a run of stipends.
pub async fn is_a_runs(conn: &mut Conn, commitment: Uuid) -> ApiResult<bool> {
    Ok(diesel::select(exists(stipend_runs::table.filter(stipend_runs::commitment_id.eq(commitment)))).get_result(conn).await?)
}

/// Holds a commitment, and says how it stands.
pub async fn lock(conn: &mut Conn, commitment: Uuid) -> ApiResult<Option<CommitmentStatus>> {
    Ok(commitments::table.find(commitment).select(commitments::status).for_no_key_update().first(conn).await?)
}

/// Which commitments to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CommitmentFilter {
    /// Those of this line.
    #[deserr(default)]
    pub budget_line_id: Option<Uuid>,
    /// Those of lines of this contract.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// Those to this supplier.
    #[deserr(default)]
    pub supplier_id: Option<Uuid>,
    /// Those that stand so.
    #[deserr(default)]
    pub status: Option<CommitmentStatus>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for CommitmentFilter {
    const SORTS: &'static [&'static str] = &["recorded_at"];
}

/// One page of commitments.
pub async fn commitments_of(conn: &mut Conn, filter: &CommitmentFilter, page: &PageQuery) -> ApiResult<Vec<Commitment>> {
    let mut query = commitments::table.select(Commitment::as_select()).into_boxed();
    if let Some(line) = filter.budget_line_id {
        query = query.filter(commitments::budget_line_id.eq(line));
    }
    if let Some(contract) = filter.contract_id {
        let lines = budget_lines::table.filter(budget_lines::contract_id.eq(contract)).select(budget_lines::id);
        query = query.filter(commitments::budget_line_id.eq_any(lines));
    }
    if let Some(supplier) = filter.supplier_id {
        query = query.filter(commitments::supplier_id.eq(supplier));
    }
    if let Some(status) = filter.status {
        query = query.filter(commitments::status.eq(status));
    }
    if let Some(words) = &page.q {
        query = query.filter(commitments::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, commitments::id, { "recorded_at" => commitments::recorded_at; DateTime<Utc> });
    Ok(query.load(conn).await?)
}

/// What people say of a disbursement: money that a partner has paid in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = disbursements, treat_none_as_null = true)]
#[schema(example = json!({"contract_id": "0193a1c2-0000-7000-8000-000000000005", "amount": "140000.00", "currency": "USD",
    "received_on": "2014-05-20", "reference": "First of four"}))]
pub struct DisbursementFields {
    /// The contract that it is of.
    pub contract_id: Uuid,
    /// How much.
    pub amount: Money,
    /// The currency of the contract.
    pub currency: Currency,
    /// The day it came.
    pub received_on: NaiveDate,
    /// The number on the paper.
    #[deserr(default)]
    pub reference: Option<ShortText>,
    /// Anything else worth knowing.
    #[deserr(default)]
    pub note: Option<LongText>,
}

impl Fields for DisbursementFields {
    fn check(&self, faults: &mut Faults) {
        positive(faults, "/amount", &self.amount);
        Money::ensure_exact(faults, "/amount", Some(&self.amount), Some(&self.currency));
        happened(faults, "/received_on", self.received_on);
    }
}

/// A disbursement.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = disbursements)]
pub struct Disbursement {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: DisbursementFields,
    /// When it was retired: it was told by mistake and counts no longer.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A disbursement to be recorded.
pub type NewDisbursement = New<DisbursementFields>;
/// What is to change about a disbursement.
pub type DisbursementPatch = Merge<DisbursementFields>;

fn received(scope: &Scope) -> Box<dyn BoxableExpression<disbursements::table, Pg, SqlType = Bool>> {
    match scope {
        Scope::Everything => Box::new(disbursements::id.eq(disbursements::id)),
        Scope::Areas(_) | Scope::Facility(_) | Scope::Organization(_) => Box::new(disbursements::id.ne(disbursements::id)),
    }
}

register_store!(disbursements: Disbursement { fields: DisbursementFields }, "disbursements", scoped by "/contract_id", received, references contract_known);

async fn contract_known(conn: &mut Conn, _: &Scope, fields: &DisbursementFields) -> ApiResult<()> {
    let there = diesel::select(exists(contracts::table.find(fields.contract_id))).get_result::<bool>(conn).await?;
    if there { Ok(()) } else { Err(ApiError::fault("/contract_id", Code::UnknownReference)) }
}

/// Which disbursements to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DisbursementFilter {
    /// Those of this contract.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for DisbursementFilter {
    const SORTS: &'static [&'static str] = &["received_on", "recorded_at"];
}

/// One page of disbursements.
pub async fn disbursements_of(conn: &mut Conn, filter: &DisbursementFilter, page: &PageQuery) -> ApiResult<Vec<Disbursement>> {
    let mut query = disbursements::table.select(Disbursement::as_select()).into_boxed();
    query = in_use!(query, filter.retired, disbursements::retired_at);
    if let Some(contract) = filter.contract_id {
        query = query.filter(disbursements::contract_id.eq(contract));
    }
    if let Some(words) = &page.q {
        query = query.filter(disbursements::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, disbursements::id, {
        "received_on" => disbursements::received_on; NaiveDate,
        "recorded_at" => disbursements::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}
