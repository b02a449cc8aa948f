//! What a contract is for beside the facilities it names: areas, cadres, categories of items, each with its days.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{dsl::exists, pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::store::visible as contracts_of;
use crate::{
    auth::Scope,
    db::Conn,
    error::{ApiResult, Code, Faults},
    http::{ListFilter, Merge, New, PageQuery, in_use, keyset},
    items::ItemCategory,
    register::{Fields, register_store},
    schema::{areas, contract_scopes, contracts},
    types::{Cadre, Flag, KnownAt, in_order},
};

/// What people say of a part of a contract's scope: an area, a cadre or a category of items, one of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = contract_scopes, treat_none_as_null = true)]
#[schema(example = json!({"contract_id": "0193a1c2-0000-7000-8000-000000000005", "area_id": "0193a1c2-0000-7000-8000-000000000002",
    "starts_on": "2015-03-01"}))]
pub struct ScopeFields {
    /// The contract.
    pub contract_id: Uuid,
    /// An area: every facility in it or below it is supported.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// A cadre.
    #[deserr(default)]
    pub cadre: Option<Cadre>,
    /// A category of items.
    #[deserr(default)]
    pub item_category: Option<ItemCategory>,
    /// Its first day; that of the contract when absent.
    #[deserr(default)]
    pub starts_on: Option<NaiveDate>,
    /// Its last day; that of the contract when absent.
    #[deserr(default)]
    pub ends_on: Option<NaiveDate>,
}

impl Fields for ScopeFields {
    fn check(&self, faults: &mut Faults) {
        in_order(faults, "/ends_on", self.starts_on, self.ends_on);
        let named = [
            ("/area_id", self.area_id.is_some()),
            ("/cadre", self.cadre.is_some()),
            ("/item_category", self.item_category.is_some()),
        ];
        let mut given = named.iter().filter(|(_, given)| *given);
        if given.next().is_none() {
            faults.add("/area_id", Code::Required);
        }
        for (pointer, _) in given {
            faults.add(*pointer, Code::UnknownField);
        }
    }
}

/// A part of a contract's scope.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = contract_scopes)]
pub struct ContractScope {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: ScopeFields,
    /// When it was retired: it stays on record and counts no longer.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A part of a contract's scope to be added.
pub type NewScope = New<ScopeFields>;
/// What is to change about a part of a contract's scope.
pub type ScopePatch = Merge<ScopeFields>;

/// It follows its contract: whoever sees that sees it.
fn visible(scope: &Scope) -> Box<dyn BoxableExpression<contract_scopes::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Organization(_) => {
            let own = contracts::table.select(contracts::id).into_boxed().filter(contracts_of(scope));
            Box::new(contract_scopes::contract_id.eq_any(own))
        }
        Scope::Everything | Scope::Areas(_) | Scope::Facility(_) => Box::new(contract_scopes::id.eq(contract_scopes::id)),
    }
}

register_store!(contract_scopes: ContractScope { fields: ScopeFields }, "contract-scopes", scoped by "/contract_id", visible, references known);

async fn known(conn: &mut Conn, _: &Scope, fields: &ScopeFields) -> ApiResult<()> {
    let contract = exists(contracts::table.filter(contracts::id.eq(fields.contract_id)));
    let area = exists(areas::table.filter(areas::id.nullable().eq(fields.area_id)));
    let (contract, area): (bool, bool) = diesel::select((contract, area)).get_result(conn).await?;
    let mut faults = Faults::default();
    if !contract {
        faults.add("/contract_id", Code::UnknownReference);
    }
    if fields.area_id.is_some() && !area {
        faults.add("/area_id", Code::UnknownReference);
    }
    Ok(faults.into_result()?)
}

/// Which parts of scopes to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ScopeFilter {
    /// Those of this contract.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// Those of this area.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// Those that hold on this day, as far as their own days say.
    #[deserr(default)]
    pub on: Option<NaiveDate>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for ScopeFilter {
    const SORTS: &'static [&'static str] = &["recorded_at"];
}

/// One page of parts of scopes.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &ScopeFilter, page: &PageQuery) -> ApiResult<Vec<ContractScope>> {
    let mut query = contract_scopes::table.select(ContractScope::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, contract_scopes::retired_at);
    if let Some(contract) = filter.contract_id {
        query = query.filter(contract_scopes::contract_id.eq(contract));
    }
    if let Some(area) = filter.area_id {
        query = query.filter(contract_scopes::area_id.eq(area));
    }
    if let Some(day) = filter.on {
        query = query
            .filter(contract_scopes::starts_on.is_null().or(contract_scopes::starts_on.le(day)))
            .filter(contract_scopes::ends_on.is_null().or(contract_scopes::ends_on.ge(day)));
    }
    let query = keyset!(query, page, contract_scopes::id, { "recorded_at" => contract_scopes::recorded_at; DateTime<Utc> });
    Ok(query.load(conn).await?)
}
