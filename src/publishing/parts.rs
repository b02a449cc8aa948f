//! What reports of supplies, of money and of a campaign tell beside the figures.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::{ExpressionMethods, NullableExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    auth::Scope,
    campaigns::Campaign,
    db::Conn,
    donations,
    error::ApiResult,
    funding::{self, FundingRule, Spending, SpendingCell, SpendingPart, SpendingQuery, SpendingTotal},
    register::load_any,
    report_definitions::ReportKind,
    reports::FigureScope,
    schema::{contracts, organizations},
    supplies::{self, Arrived},
    types::{Money, OneOrTwo},
};

/// How a campaign's money is counted.
const RAISED: &str = "What the campaign has received up to the day, less what was given back and what was taken back, in its currency; gifts in kind are not money.";

/// How a sum is reckoned.
#[derive(Debug, Clone, Serialize)]
struct Method {
    rule: &'static str,
    version: u32,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    left_out: BTreeMap<&'static str, i64>,
}

/// What a report tells of one subject or another; nothing where its kind does not.
#[derive(Debug, Clone, Serialize)]
pub struct Parts {
    #[serde(skip_serializing_if = "Option::is_none")]
    funds: Option<Funds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplies: Option<Arrived>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spending: Option<Spent>,
}

/// A campaign's money up to the day.
#[derive(Debug, Clone, Serialize)]
struct Funds {
    code: String,
    currency: String,
    goal: Money,
    raised: Money,
    remaining: Money,
    method: BTreeMap<&'static str, Method>,
}

/// Money by its parts, up to the day.
#[derive(Debug, Clone, Serialize)]
struct Spent {
    totals: Vec<SpendingTotal>,
    by_category: Vec<OfCategory>,
    by_contract: Vec<OfContract>,
    method: BTreeMap<String, Method>,
}

#[derive(Debug, Clone, Serialize)]
struct OfCategory {
    category: String,
    month: NaiveDate,
    currency: String,
    planned: String,
    spent: String,
}

#[derive(Debug, Clone, Serialize)]
struct OfContract {
    partner_code: String,
    partner_name: String,
    partner_name_ar: Option<String>,
    contract_code: String,
    contract_name: String,
    contract_name_ar: Option<String>,
    currency: String,
    planned: String,
    received: String,
    spent: String,
}

/// Reads what a report of this kind tells beside the figures.
pub async fn parts(conn: &mut Conn, kind: ReportKind, scope: &FigureScope, as_of: NaiveDate) -> ApiResult<Parts> {
    let mut told = Parts { funds: None, supplies: None, spending: None };
    match (kind, scope.campaign) {
        (ReportKind::Figures | ReportKind::Reconciliation, Some(campaign)) => {
            told.funds = Some(funds(conn, campaign, as_of).await?);
        }
        (ReportKind::Supplies, _) => {
            told.supplies = Some(supplies::arrived(conn, as_of, (scope.area, scope.campaign, scope.contract)).await?);
        }
        (ReportKind::Spending, _) => told.spending = Some(spent(conn, scope, as_of).await?),
        (ReportKind::Figures | ReportKind::Reconciliation | ReportKind::Staffing, _) => {}
    }
    Ok(told)
}

async fn funds(conn: &mut Conn, campaign: Uuid, as_of: NaiveDate) -> ApiResult<Funds> {
    let campaign = load_any::<Campaign>(conn, &Scope::Everything, campaign).await?;
    let totals = donations::totals(conn, campaign.id, as_of).await?;
    let goal = campaign.fields.goal_amount;
    Ok(Funds {
        code: campaign.fields.code.to_string(),
        currency: campaign.fields.currency.as_str().to_owned(),
        raised: Money(totals.raised()),
        remaining: Money(totals.remaining(&goal)),
        goal,
        method: BTreeMap::from([("funds.raised", Method { rule: RAISED, version: 1, left_out: BTreeMap::new() })]),
    })
}

async fn spent(conn: &mut Conn, scope: &FigureScope, as_of: NaiveDate) -> ApiResult<Spent> {
    let asked = |first, second| SpendingQuery {
        by: OneOrTwo { first, second: Some(second) },
        from: None,
        to: Some(as_of),
        organization_id: None,
        contract_id: scope.contract,
        known_at: None,
    };
    let of_months = funding::spending(conn, &asked(SpendingPart::Category, SpendingPart::Month)).await?;
    let of_contracts = funding::spending(conn, &asked(SpendingPart::Partner, SpendingPart::Contract)).await?;
    let names = names(conn).await?;
    Ok(Spent {
        method: method(&of_contracts),
        totals: of_contracts.totals,
        by_category: of_months.cells.into_iter().filter_map(of_category).collect(),
        by_contract: of_contracts.cells.into_iter().filter_map(|cell| of_contract(cell, &names)).collect(),
    })
}

/// Arabic names by codes: of partners, of contracts.
type Names = (BTreeMap<String, String>, BTreeMap<String, String>);

async fn names(conn: &mut Conn) -> ApiResult<Names> {
    let partners = organizations::table.filter(organizations::name_ar.is_not_null());
    let partners = partners.select((organizations::code, organizations::name_ar.assume_not_null()));
    let partners: Vec<(String, String)> = partners.load(conn).await?;
    let named = contracts::table.filter(contracts::name_ar.is_not_null());
    let named: Vec<(String, String)> = named.select((contracts::code, contracts::name_ar.assume_not_null())).load(conn).await?;
    Ok((partners.into_iter().collect(), named.into_iter().collect()))
}

fn method(told: &Spending) -> BTreeMap<String, Method> {
    let rule = |one: &FundingRule| {
        let left_out = one.left_out.map(|number| ("lines_without_months", number)).into_iter().collect();
        (format!("spending.{}", one.figure), Method { rule: one.rule, version: one.version, left_out })
    };
    told.method.iter().map(rule).collect()
}

fn of_category(cell: SpendingCell) -> Option<OfCategory> {
    let SpendingCell { category, month, currency, planned, spent, .. } = cell;
    Some(OfCategory { category: category?, month: month?, currency, planned, spent })
}

fn of_contract(cell: SpendingCell, (partners, contracts): &Names) -> Option<OfContract> {
    let (partner_code, contract_code) = (cell.partner_code?, cell.contract_code?);
    Some(OfContract {
        partner_name_ar: partners.get(&partner_code).cloned(),
        contract_name_ar: contracts.get(&contract_code).cloned(),
        partner_code,
        partner_name: cell.partner_name?,
        contract_code,
        contract_name: cell.contract_name?,
        currency: cell.currency,
        planned: cell.planned,
        received: cell.received?,
        spent: cell.spent,
    })
}
