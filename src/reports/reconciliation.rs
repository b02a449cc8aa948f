//! What was published, held against the figures and against the rest of what was published.

use std::collections::{BTreeMap, btree_map::Entry};

use bigdecimal::BigDecimal;
use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    rules,
    store::{Explained, figures},
    types::{FigureScope, Named, Parts, ReconciledClaim, Reconciliation, Verdict},
};
use crate::{
    auth::Actor,
    campaigns::Campaign,
    claims::{self, Claim, ClaimFields, Figure, contradicts},
    db::Conn,
    donations::{self, Totals},
    error::{ApiError, ApiResult, Code, Locale},
    register::load_any,
    types::Money,
};

/// The figures of the days that claims speak of.
type Days = BTreeMap<NaiveDate, Explained>;

/// A campaign and its sums of the days that claims speak of.
struct Funds {
    campaign: Campaign,
    days: BTreeMap<NaiveDate, Totals>,
}

impl Funds {
    /// The figure of a claim about the campaign's money, if it is told in the campaign's currency.
    fn amount(&self, fields: &ClaimFields) -> Option<BigDecimal> {
        let (goal, day) = (&self.campaign.fields.goal_amount, self.days.get(&fields.as_of?)?);
        if fields.unit.as_ref().is_some_and(|unit| unit.as_str() != self.campaign.fields.currency.as_str()) {
            return None;
        }
        match fields.figure? {
            Figure::CampaignGoal => Some(goal.0.clone()),
            Figure::CampaignRaised => Some(day.raised()),
            Figure::CampaignRemaining => Some(day.remaining(goal)),
            _ => None,
        }
    }
}

/// Whether a figure is one of a campaign's money.
fn is_money(figure: Figure) -> bool {
    matches!(figure, Figure::CampaignGoal | Figure::CampaignRaised | Figure::CampaignRemaining)
}

/// Holds every claim of a campaign against the figures of the day it speaks of: those of the whole register, because
/// what was published speaks of all work, also from before the campaign. One reading of claims, one of each day.
/// `arrived_only`: what is on the road is not counted.
pub async fn reconcile(
    conn: &mut Conn,
    actor: &Actor,
    campaign: Uuid,
    arrived_only: bool,
    locale: Locale,
) -> ApiResult<Reconciliation> {
    let campaign = load_any::<Campaign>(conn, &actor.scope, campaign).await.map_err(|error| match error.code {
        Code::NotFound => ApiError::fault("/campaign_id", Code::UnknownReference),
        _ => error,
    })?;
    let claims = claims::of_campaign(conn, campaign.id).await?;
    let (mut days, mut funds) = (Days::new(), Funds { campaign, days: BTreeMap::new() });
    for claim in claims.iter().filter(|claim| claim.fields.figure.is_some_and(is_money)) {
        if let Some(Entry::Vacant(day)) = claim.fields.as_of.map(|day| funds.days.entry(day)) {
            let told = donations::totals(conn, funds.campaign.id, *day.key()).await?;
            day.insert(told);
        }
    }
    for claim in claims.iter().filter(|claim| claim.fields.figure.is_some_and(|figure| !is_money(figure))) {
        if let Some(Entry::Vacant(day)) = claim.fields.as_of.map(|day| days.entry(day)) {
            let scope = FigureScope { arrived_only, ..FigureScope::default() };
            let told = figures(conn, &scope, *day.key(), locale).await?;
            day.insert(told);
        }
    }
    let campaign = &funds.campaign;
    Ok(Reconciliation {
        campaign: Named {
            id: campaign.id,
            code: campaign.fields.code.to_string(),
            name: campaign.fields.name.to_string(),
            name_ar: campaign.fields.name_ar.as_ref().map(ToString::to_string),
        },
        known_at: days.values().map(|day| day.figures.known_at).min(),
        claims: claims.iter().map(|claim| judge(claim, &claims, (&days, &funds), locale)).collect(),
    })
}

/// One claim beside the figure of its day and the other claims.
fn judge(claim: &Claim, all: &[Claim], (days, funds): (&Days, &Funds), locale: Locale) -> ReconciledClaim {
    let fields = &claim.fields;
    let day = fields.as_of.and_then(|day| days.get(&day));
    let computed = fields.figure.and_then(|figure| day.and_then(|day| day.figures.value(figure)));
    let money = funds.amount(fields);
    let told = money.clone().or_else(|| computed.map(BigDecimal::from));
    let amount = fields.amount.as_ref().map(|amount| &amount.0);
    let others = all.iter().filter(|other| other.id != claim.id && contradicts(fields, &other.fields));
    let contradicted_by: Vec<String> = others.map(|other| other.fields.code.to_string()).collect();
    let verdict = match (&told, amount) {
        (Some(told), Some(amount)) if fields.comparison.holds(told, amount) => Verdict::Agrees,
        (Some(_), Some(_)) => Verdict::Differs,
        _ if contradicted_by.is_empty() => Verdict::NotComputed,
        _ => Verdict::Contradicted,
    };
    let claimed = amount.map(plain);
    let parts = amount.and_then(|amount| parts(claim, amount, all, day));
    let mut sentence = rules::tell_claim(
        locale,
        claimed.as_deref(),
        told.as_ref().map(plain).as_deref(),
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
        as_of: fields.as_of,
        computed,
        computed_amount: money.map(Money),
        difference: told.zip(amount).map(|(told, amount)| plain(&(told - amount))),
        verdict,
        state: claim.state,
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
