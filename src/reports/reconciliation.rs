//! What was published, held against the figures and against the rest of what was published.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    rules,
    store::{Explained, figures},
    types::{FigureScope, Named, Parts, ReconciledClaim, Reconciliation, Verdict},
};
use crate::{
    auth::{Actor, Role},
    campaigns::Campaign,
    claims::{self, Claim, ClaimFields, ClaimState, Figure, contradicts},
    db::Conn,
    donations::{self, Totals},
    error::{ApiError, ApiResult, Code, Locale},
    funding,
    register::load_any,
    schema::{areas, contracts},
    supplies,
    types::Money,
};

/// What claims speak of: some areas, a contract, and the day.
type Asked = (Vec<Uuid>, Option<Uuid>, NaiveDate);

/// What the register says of a claim.
#[derive(Debug, Clone)]
enum Told {
    /// A whole number.
    Count(i64),
    /// Another number.
    Number(BigDecimal),
    /// Money, in the campaign's currency or the claim's.
    Money(BigDecimal),
}

impl Told {
    fn number(&self) -> BigDecimal {
        match self {
            Self::Count(number) => BigDecimal::from(*number),
            Self::Number(number) | Self::Money(number) => number.clone(),
        }
    }
}

/// The campaign, the figures of the days that its claims speak of, and what each of them is called that they name.
struct Register {
    campaign: Campaign,
    day: NaiveDate,
    /// What is on the road is not counted.
    arrived_only: bool,
    /// Admins read neither what was spent nor what arrived.
    tells_spans: bool,
    days: BTreeMap<Asked, Explained>,
    funds: BTreeMap<NaiveDate, Totals>,
    /// What was read for one claim alone.
    own: HashMap<Uuid, Told>,
    names: HashMap<Uuid, Named>,
}

impl Register {
    /// What a claim speaks of.
    fn asked(&self, fields: &ClaimFields) -> Asked {
        let mut areas = fields.area_ids.clone();
        areas.sort_unstable();
        (areas, fields.contract_id, fields.as_of.unwrap_or(self.day))
    }

    /// Reads what a claim is held against, unless it has been read for another.
    async fn read(&mut self, conn: &mut Conn, claim: &Claim, locale: Locale) -> ApiResult<()> {
        let Some(figure) = claim.fields.figure else { return Ok(()) };
        let (areas, contract, day) = self.asked(&claim.fields);
        if figure.is_of_campaign() {
            if !self.funds.contains_key(&day) {
                let told = donations::totals(conn, self.campaign.id, day).await?;
                self.funds.insert(day, told);
            }
        } else if figure.is_of_span() {
            if self.tells_spans
                && let Some(told) = self.of_span(conn, &claim.fields, figure).await?
            {
                self.own.insert(claim.id, told);
            }
        } else if !self.days.contains_key(&(areas.clone(), contract, day)) {
            let within = (!areas.is_empty()).then(|| areas.clone());
            let scope = FigureScope { areas: within, contract, arrived_only: self.arrived_only, ..FigureScope::default() };
            let told = figures(conn, &scope, day, locale).await?;
            self.days.insert((areas, contract, day), told);
        }
        Ok(())
    }

    /// What happened over the days of a claim.
    async fn of_span(&self, conn: &mut Conn, fields: &ClaimFields, figure: Figure) -> ApiResult<Option<Told>> {
        let (areas, contract_id, day) = self.asked(fields);
        let unit = fields.unit.as_ref().map(crate::types::ShortText::as_str);
        if let Some(category) = figure.arrived() {
            let within = supplies::Within { from: fields.since_on, to: Some(day), contract_id, ..supplies::Within::default() };
            let areas = (!areas.is_empty()).then_some(areas.as_slice());
            return Ok(supplies::arrived_of(conn, (areas, !self.arrived_only), &within, (category, unit))
                .await?
                .map(Told::Count));
        }
        // `USD a month` is told in dollars.
        let currency = unit.and_then(|unit| unit.split(' ').next()).unwrap_or(self.campaign.fields.currency.as_str());
        let from = fields.since_on.unwrap_or(day);
        Ok(funding::least_month(conn, contract_id, (from, day), currency).await?.map(Told::Money))
    }

    /// What the register says of a claim, if it says anything.
    fn told(&self, claim: &Claim) -> Option<Told> {
        let fields = &claim.fields;
        let figure = fields.figure?;
        let asked = self.asked(fields);
        if figure.is_of_campaign() {
            return self.money(fields, figure, asked.2).map(Told::Money);
        }
        if figure.is_of_span() {
            return self.own.get(&claim.id).cloned();
        }
        let figures = &self.days.get(&asked)?.figures;
        match figure {
            Figure::FullTimeEquivalents => figures.staff.full_time_equivalents.parse().ok().map(Told::Number),
            _ => figures.value(figure).map(Told::Count),
        }
    }

    /// The figure of a claim about the campaign's money, if it is told in the campaign's currency.
    fn money(&self, fields: &ClaimFields, figure: Figure, day: NaiveDate) -> Option<BigDecimal> {
        let (goal, totals) = (&self.campaign.fields.goal_amount, self.funds.get(&day)?);
        if fields.unit.as_ref().is_some_and(|unit| unit.as_str() != self.campaign.fields.currency.as_str()) {
            return None;
        }
        match figure {
            Figure::CampaignGoal => Some(goal.0.clone()),
            Figure::CampaignRaised => Some(totals.raised()),
            Figure::CampaignRemaining => Some(totals.remaining(goal)),
            _ => None,
        }
    }

    fn known_at(&self) -> Option<DateTime<Utc>> {
        self.days.values().map(|day| day.figures.known_at).min()
    }
}

/// Holds every claim of a campaign against the figures of the day it speaks of, within what it names: else those of the whole register, because
/// what was published speaks of all work, also from before the campaign. One reading of claims, one of each day and scope.
pub async fn reconcile(
    conn: &mut Conn,
    actor: &Actor,
    (campaign, day): (Uuid, NaiveDate),
    arrived_only: bool,
    locale: Locale,
) -> ApiResult<Reconciliation> {
    let campaign = load_any::<Campaign>(conn, &actor.scope, campaign).await.map_err(|error| match error.code {
        Code::NotFound => ApiError::fault("/campaign_id", Code::UnknownReference),
        _ => error,
    })?;
    let claims = claims::of_campaign(conn, campaign.id).await?;
    let names = names(conn, &claims).await?;
    let (days, funds, own) = (BTreeMap::new(), BTreeMap::new(), HashMap::new());
    let tells_spans = actor.role != Role::Admin;
    let mut register = Register { campaign, day, arrived_only, tells_spans, days, funds, own, names };
    for claim in &claims {
        register.read(conn, claim, locale).await?;
    }
    let figures: BTreeSet<&str> = claims.iter().filter_map(|claim| claim.fields.figure).map(Figure::as_str).collect();
    let campaign = &register.campaign;
    Ok(Reconciliation {
        campaign: Named {
            id: campaign.id,
            code: campaign.fields.code.to_string(),
            name: campaign.fields.name.to_string(),
            name_ar: campaign.fields.name_ar.as_ref().map(ToString::to_string),
        },
        known_at: register.known_at(),
        as_of: day,
        claims: claims.iter().map(|claim| judge(claim, &claims, &register, locale)).collect(),
        method: rules::method_of_claims(&figures),
    })
}

/// The id, the code and the names of a record.
type Row = (Uuid, String, String, Option<String>);

/// What the areas and contracts are called that claims name.
async fn names(conn: &mut Conn, claims: &[Claim]) -> ApiResult<HashMap<Uuid, Named>> {
    let places: BTreeSet<Uuid> = claims.iter().flat_map(|claim| claim.fields.area_ids.iter().copied()).collect();
    let paying: BTreeSet<Uuid> = claims.iter().filter_map(|claim| claim.fields.contract_id).collect();
    let mut found: Vec<Row> = Vec::new();
    if !places.is_empty() {
        let rows = areas::table.filter(areas::id.eq_any(places)).select((areas::id, areas::code, areas::name, areas::name_ar));
        let rows: Vec<Row> = rows.load(conn).await?;
        found.extend(rows);
    }
    if !paying.is_empty() {
        let rows = contracts::table.filter(contracts::id.eq_any(paying));
        let rows = rows.select((contracts::id, contracts::code, contracts::name, contracts::name_ar));
        let rows: Vec<Row> = rows.load(conn).await?;
        found.extend(rows);
    }
    Ok(found.into_iter().map(|(id, code, name, name_ar)| (id, Named { id, code, name, name_ar })).collect())
}

/// One claim beside the figure of its day and the other claims.
fn judge(claim: &Claim, all: &[Claim], register: &Register, locale: Locale) -> ReconciledClaim {
    let fields = &claim.fields;
    let told = register.told(claim);
    let number = told.as_ref().map(Told::number);
    let amount = fields.amount.as_ref().map(|amount| &amount.0);
    let others = all.iter().filter(|other| other.id != claim.id && contradicts(fields, &other.fields));
    let contradicted_by: Vec<String> = others.map(|other| other.fields.code.to_string()).collect();
    let verdict = match (&number, amount) {
        (Some(number), Some(amount)) if fields.comparison.holds(number, amount) => Verdict::Agrees,
        (Some(_), Some(_)) => Verdict::Differs,
        _ if contradicted_by.is_empty() => Verdict::NotComputed,
        _ => Verdict::Contradicted,
    };
    let claimed = amount.map(plain);
    let parts = amount.and_then(|amount| parts(claim, amount, all, register.days.get(&register.asked(fields))));
    let mut sentence = rules::tell_claim(
        locale,
        claimed.as_deref(),
        number.as_ref().map(plain).as_deref(),
        verdict == Verdict::Agrees,
        &contradicted_by,
    );
    if let (Some(parts), Some(claimed)) = (&parts, &claimed) {
        sentence += &rules::tell_parts(locale, &parts.sum, claimed, &parts.rows);
    }
    let statement = match (locale, &fields.statement_ar) {
        (Locale::Arabic, Some(arabic)) => arabic,
        _ => &fields.statement,
    };
    // There is nothing to explain of what agrees, nor of what nothing can be held against.
    let settled = claim.state == ClaimState::Open && matches!(verdict, Verdict::Agrees | Verdict::NotComputed);
    ReconciledClaim {
        id: claim.id,
        code: fields.code.to_string(),
        statement: statement.to_string(),
        subject: fields.subject.to_string(),
        comparison: fields.comparison,
        amount: fields.amount.clone(),
        unit: fields.unit.as_ref().map(ToString::to_string),
        day: fields.day,
        figure: fields.figure,
        as_of: fields.as_of.or_else(|| fields.figure.map(|_| register.day)),
        since_on: fields.since_on,
        areas: fields.area_ids.iter().filter_map(|area| register.names.get(area).cloned()).collect(),
        contract: fields.contract_id.and_then(|contract| register.names.get(&contract).cloned()),
        computed: match &told {
            Some(Told::Count(number)) => Some(*number),
            _ => None,
        },
        computed_amount: match told {
            Some(Told::Money(money)) => Some(Money(money)),
            _ => None,
        },
        difference: number.zip(amount).map(|(number, amount)| plain(&(number - amount))),
        verdict,
        state: (!settled).then_some(claim.state),
        explanation: claim.explanation.clone(),
        contradicted_by,
        parts,
        sentence,
    }
}

/// Whether the parts of a claim add up to it; where they do not, the facilities that stand under several of them.
fn parts(claim: &Claim, amount: &BigDecimal, all: &[Claim], day: Option<&Explained>) -> Option<Parts> {
    let parts: Vec<&Claim> = all.iter().filter(|part| part.fields.part_of_id == Some(claim.id)).collect();
    if parts.is_empty() {
        return None;
    }
    let sum: BigDecimal = parts.iter().filter_map(|part| part.fields.amount.as_ref()).map(|amount| &amount.0).sum();
    let explained = sum != *amount && claim.fields.figure == Some(claims::Figure::FacilitiesTotal);
    Some(Parts {
        claims: parts.iter().map(|part| part.fields.code.to_string()).collect(),
        sum: plain(&sum),
        difference: plain(&(&sum - amount)),
        rows: if explained { day.map(|day| day.several.clone()).unwrap_or_default() } else { Vec::new() },
    })
}

/// A number as people write it: no zeros that say nothing.
fn plain(number: &BigDecimal) -> String {
    number.normalized().to_plain_string()
}
