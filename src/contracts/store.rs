//! The SQL of contracts.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{pg::Pg, prelude::*, sql_types::Bool};
use diesel_async::RunQueryDsl;

use super::types::{Contract, ContractFields, ContractFilter};
use crate::{
    auth::Scope,
    db::{Conn, siraj_pattern},
    error::ApiResult,
    http::{PageQuery, in_use, keyset},
    register::register_store,
    schema::contracts,
};

/// The contracts that a scope holds: a partner's own, everybody else's all.
pub fn visible(scope: &Scope) -> Box<dyn BoxableExpression<contracts::table, Pg, SqlType = Bool> + '_> {
    match scope {
        Scope::Organization(organization) => Box::new(contracts::organization_id.eq(*organization)),
        Scope::Everything | Scope::Areas(_) | Scope::Facility(_) => Box::new(contracts::id.eq(contracts::id)),
    }
}

register_store!(contracts: Contract { fields: ContractFields }, "contracts", scoped by "/organization_id", visible);

/// One page of contracts.
pub async fn list(conn: &mut Conn, scope: &Scope, filter: &ContractFilter, page: &PageQuery) -> ApiResult<Vec<Contract>> {
    let mut query = contracts::table.select(Contract::as_select()).into_boxed();
    if *scope != Scope::Everything {
        query = query.filter(visible(scope));
    }
    query = in_use!(query, filter.retired, contracts::retired_at);
    if let Some(organization) = filter.organization_id {
        query = query.filter(contracts::organization_id.eq(organization));
    }
    if let Some(project) = filter.project_id {
        query = query.filter(contracts::project_id.eq(project));
    }
    if let Some(currency) = &filter.currency {
        query = query.filter(contracts::currency.eq(currency));
    }
    if let Some(cadre) = filter.cadre {
        query = query.filter(contracts::cadres.contains(vec![cadre.as_str()]));
    }
    if let Some(day) = filter.on {
        query = query.filter(contracts::starts_on.le(day)).filter(contracts::ends_on.ge(day));
    }
    if let Some(words) = &page.q {
        query = query.filter(contracts::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, contracts::id, {
        "code" => contracts::code; String,
        "name" => contracts::name; String,
        "starts_on" => contracts::starts_on; NaiveDate,
        "ends_on" => contracts::ends_on; NaiveDate,
        "recorded_at" => contracts::recorded_at; DateTime<Utc>,
    });
    Ok(query.load(conn).await?)
}
