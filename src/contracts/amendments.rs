//! Amendments of signed contracts, and the chain that renewals make. The database judges an amendment and applies it.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{
    dsl::now,
    prelude::*,
    sql_types::{Date, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    http::{ListFilter, New, PageQuery, in_use, keyset},
    register::Fields,
    schema::{contract_amendments, contracts},
    types::{Flag, Money, Reason, happened, words},
};

words! {
    /// What an amendment changes.
    AmendmentKind {
        /// The last day, and nothing else.
        NoCostExtension = "no_cost_extension",
        /// The last day and the amount.
        CostExtension = "cost_extension",
        /// The amount, upwards.
        TopUp = "top_up",
        /// The amount, downwards.
        Reduction = "reduction",
        /// What is supported: the terms stay.
        ScopeChange = "scope_change",
    }
}

/// What people say of an amendment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = contract_amendments)]
#[schema(example = json!({"kind": "no_cost_extension", "signed_on": "2014-12-10", "effective_on": "2014-12-31", "ends_on": "2015-01-31",
    "reason": "Deliveries of December were delayed by the siege."}))]
pub struct AmendmentFields {
    /// What it changes.
    pub kind: AmendmentKind,
    /// The day it was signed.
    pub signed_on: NaiveDate,
    /// The day from which it holds; not before that of the amendment before it.
    pub effective_on: NaiveDate,
    /// The contract's new last day, of an extension.
    #[deserr(default)]
    pub ends_on: Option<NaiveDate>,
    /// The contract's new amount, where its kind changes it.
    #[deserr(default)]
    pub amount: Option<Money>,
    /// The contract's new amount a month, where its kind changes it.
    #[deserr(default)]
    pub monthly_amount: Option<Money>,
    /// Why: 10 to 500 letters.
    pub reason: Reason,
    /// The signed paper.
    #[deserr(default)]
    pub attachment_id: Option<Uuid>,
}

impl Fields for AmendmentFields {
    fn check(&self, faults: &mut Faults) {
        use AmendmentKind::{CostExtension, NoCostExtension, ScopeChange};
        happened(faults, "/signed_on", self.signed_on);
        let extends = matches!(self.kind, NoCostExtension | CostExtension);
        match (extends, self.ends_on) {
            (true, None) => faults.add("/ends_on", Code::Required),
            (false, Some(_)) => faults.add("/ends_on", Code::UnknownField),
            _ => {}
        }
        let pays = !matches!(self.kind, NoCostExtension | ScopeChange);
        match (pays, &self.amount, &self.monthly_amount) {
            (true, None, None) => faults.add("/amount", Code::Required),
            (false, Some(_), _) => faults.add("/amount", Code::UnknownField),
            (false, None, Some(_)) => faults.add("/monthly_amount", Code::UnknownField),
            _ => {}
        }
    }
}

/// An amendment, with what the contract said before it.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = contract_amendments)]
pub struct Amendment {
    /// Its id.
    pub id: Uuid,
    /// The contract.
    pub contract_id: Uuid,
    /// Its number, from 1 on.
    pub number: i32,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: AmendmentFields,
    /// The contract's last day before it.
    pub previous_ends_on: Option<NaiveDate>,
    /// The contract's amount before it.
    pub previous_amount: Option<Money>,
    /// The contract's amount a month before it.
    pub previous_monthly_amount: Option<Money>,
    /// When it was withdrawn.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// An amendment to be made.
pub type NewAmendment = New<AmendmentFields>;

/// Which amendments to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AmendmentFilter {
    /// Those of this kind.
    #[deserr(default)]
    pub kind: Option<AmendmentKind>,
    /// `true`: the withdrawn ones; else those that stand.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for AmendmentFilter {
    const SORTS: &'static [&'static str] = &["number"];
}

/// One page of a contract's amendments.
pub async fn list(conn: &mut Conn, contract: Uuid, filter: &AmendmentFilter, page: &PageQuery) -> ApiResult<Vec<Amendment>> {
    let of_contract = contract_amendments::table.filter(contract_amendments::contract_id.eq(contract));
    let mut query = of_contract.select(Amendment::as_select()).into_boxed();
    query = in_use!(query, filter.retired, contract_amendments::retired_at);
    if let Some(kind) = filter.kind {
        query = query.filter(contract_amendments::kind.eq(kind));
    }
    let query = keyset!(query, page, contract_amendments::id, { "number" => contract_amendments::number; i32 });
    Ok(query.load(conn).await?)
}

/// An amendment of a contract.
pub async fn find(conn: &mut Conn, contract: Uuid, id: Uuid) -> ApiResult<Option<Amendment>> {
    let there = contract_amendments::table.find(id).filter(contract_amendments::contract_id.eq(contract));
    Ok(there.select(Amendment::as_select()).first(conn).await.optional()?)
}

/// Makes an amendment: the database numbers it, judges it against the contract, and applies it.
pub async fn insert(conn: &mut Conn, by: Uuid, contract: Uuid, new: &NewAmendment) -> ApiResult<Amendment> {
    let row = (
        contract_amendments::id.eq(new.id),
        contract_amendments::contract_id.eq(contract),
        &new.fields,
        contract_amendments::recorded_by.eq(by),
    );
    let made = diesel::insert_into(contract_amendments::table).values(row).returning(Amendment::as_returning());
    Ok(made.get_result(conn).await?)
}

/// Withdraws an amendment, if the revision is still this; whether it may be the database says.
pub async fn withdraw(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64) -> ApiResult<Option<Amendment>> {
    let there = contract_amendments::table.find(id).filter(contract_amendments::revision.eq(revision));
    let set =
        (contract_amendments::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), contract_amendments::recorded_by.eq(by));
    Ok(diesel::update(there).set(set).returning(Amendment::as_returning()).get_result(conn).await.optional()?)
}

/// Signs a contract that is not signed.
pub async fn sign(conn: &mut Conn, by: Uuid, contract: Uuid, on: NaiveDate, attachment: Option<Uuid>) -> ApiResult<()> {
    let unsigned = contracts::table.filter(contracts::id.eq(contract)).filter(contracts::signed_on.is_null());
    let signed = diesel::update(unsigned)
        .set((contracts::signed_on.eq(on), contracts::signature_attachment_id.eq(attachment), contracts::recorded_by.eq(by)))
        .execute(conn)
        .await?;
    if signed == 1 { Ok(()) } else { Err(ApiError::new(Code::ContractSigned)) }
}

/// A contract of a chain.
#[derive(Debug, Clone, Serialize, QueryableByName, ToSchema)]
pub struct ChainLink {
    /// The contract.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub code: String,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Its first day.
    #[diesel(sql_type = Date)]
    pub starts_on: NaiveDate,
    /// Its last day.
    #[diesel(sql_type = Date)]
    pub ends_on: NaiveDate,
    /// The day it was signed.
    #[diesel(sql_type = Nullable<Date>)]
    pub signed_on: Option<NaiveDate>,
    /// How many days lie between the end of the contract before it and its start; below nothing where the two overlap, absent of the first.
    #[diesel(sql_type = Nullable<Integer>)]
    pub gap_days: Option<i32>,
}

/// The contracts of a chain, from the first to the last.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Chain {
    /// The contracts.
    pub contracts: Vec<ChainLink>,
}

/// The chain that a contract is a link of. Days rise along it, so it ends.
pub async fn chain(conn: &mut Conn, contract: Uuid) -> ApiResult<Chain> {
    const CHAIN: &str = "WITH RECURSIVE back AS (
          SELECT id, renews_id FROM contracts WHERE id = $1
          UNION SELECT c.id, c.renews_id FROM back JOIN contracts c ON c.id = back.renews_id
        ), links AS (
          SELECT id FROM back
          UNION SELECT c.id FROM links JOIN contracts c ON c.renews_id = links.id AND c.retired_at IS NULL
        )
        SELECT c.id, c.code, c.name, c.starts_on, c.ends_on, c.signed_on, c.starts_on - lag(c.ends_on) OVER (ORDER BY c.starts_on, c.id) - 1 AS gap_days
        FROM links JOIN contracts c USING (id) ORDER BY c.starts_on, c.id";
    Ok(Chain { contracts: diesel::sql_query(CHAIN).bind::<SqlUuid, _>(contract).load(conn).await? })
}
