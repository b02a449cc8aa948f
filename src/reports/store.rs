//! Reading the figures: one round trip each.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, QueryDsl, dsl::exists, select};
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    rows::{FacilityRow, PersonRow, PostRow, RunningRow, SentRow},
    rules,
    statements::{AllFigures, Ask, ContractRows, FacilityRows, PersonRows, PostRows, RowsPage, ShipmentRows},
    types::{
        AreaFigure, ContractFigures, FacilityFigures, FigureScope, Figures, FundingFigures, Goal, Named, ScopeAnswer,
        ShipmentFigures, StaffFigures,
    },
};
use crate::{
    auth::Role,
    claims::Figure,
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults, Locale},
    facilities::FacilityKind,
    http::PageQuery,
    schema::{area_closure, areas, campaigns, contracts, facilities},
    types::Cadre,
};

/// What the statement answers with.
#[derive(Debug, Deserialize)]
pub(super) struct Counted {
    known_at: DateTime<Utc>,
    recorded_since: Option<DateTime<Utc>>,
    campaign: Option<Named>,
    contract: Option<Named>,
    area: Option<Named>,
    areas: Option<Vec<Named>>,
    facility: Option<Named>,
    total: i64,
    by_kind: BTreeMap<String, i64>,
    several: Vec<String>,
    by_area: Vec<AreaFigure>,
    by_functionality: BTreeMap<String, i64>,
    not_open: i64,
    not_supported: i64,
    held_elsewhere: i64,
    people: i64,
    by_cadre: BTreeMap<String, i64>,
    posts: i64,
    shares: i64,
    sent: i64,
    received: i64,
    lost: i64,
    running: i64,
    partners: i64,
    goals: Vec<Goal>,
}

/// Figures, and the codes of the facilities that explain them.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The figures.
    pub figures: Figures,
    /// The facilities of several kinds.
    pub several: Vec<String>,
}

impl Explained {
    /// Why the kinds do not add up to the total, in another language than the figures were asked in.
    pub fn explanation(&self, locale: Locale) -> Option<String> {
        let facilities = &self.figures.facilities;
        rules::explain_kinds(locale, facilities.total, facilities.counted_by_kind, &self.several)
    }
}

/// All figures of a day. This is the one way to a figure: of now from totals that are kept up with every write, of what was
/// known earlier by counting.
pub async fn figures(conn: &mut Conn, scope: &FigureScope, as_of: NaiveDate, locale: Locale) -> ApiResult<Explained> {
    let document: Value = Ask::<AllFigures>::new(scope, as_of, RowsPage::default()).get_result(conn).await?;
    let counted: Counted = serde_json::from_value(document).map_err(ApiError::internal)?;
    known(scope, &counted)?;
    let several = counted.several.clone();
    Ok(Explained { figures: counted.told(scope, as_of, locale), several })
}

/// What the caller names but may not know of answers as what does not exist.
pub(super) fn known(scope: &FigureScope, counted: &Counted) -> ApiResult<()> {
    let mut faults = Faults::default();
    let asked = [
        ("/area_id", scope.area.is_some() && counted.area.is_none()),
        ("/campaign_id", scope.campaign.is_some() && counted.campaign.is_none()),
        ("/contract_id", scope.contract.is_some() && counted.contract.is_none()),
    ];
    for (pointer, unknown) in asked {
        if unknown {
            faults.add(pointer, Code::UnknownReference);
        }
    }
    Ok(faults.into_result()?)
}

/// The same judgement without counting: before rows are read.
pub async fn ensure_known(conn: &mut Conn, scope: &FigureScope) -> ApiResult<()> {
    let mut faults = Faults::default();
    // Contracts and campaigns are not for clerks.
    let clerk = scope.facility.is_some();
    if let Some(id) = scope.area
        && !is_told(conn, id, scope).await?
    {
        faults.add("/area_id", Code::UnknownReference);
    }
    if let Some(id) = scope.campaign
        && (clerk || !select(exists(campaigns::table.find(id))).get_result::<bool>(conn).await?)
    {
        faults.add("/campaign_id", Code::UnknownReference);
    }
    if let Some(id) = scope.contract
        && (clerk || !select(exists(contracts::table.find(id))).get_result::<bool>(conn).await?)
    {
        faults.add("/contract_id", Code::UnknownReference);
    }
    Ok(faults.into_result()?)
}

/// Whether figures of this area are told: it lies within the caller's own, or holds one of them.
async fn is_told(conn: &mut Conn, area: Uuid, scope: &FigureScope) -> ApiResult<bool> {
    if let Some(facility) = scope.facility {
        let around = facilities::table.inner_join(area_closure::table.on(area_closure::area_id.eq(facilities::area_id)));
        let around = around.filter(facilities::id.eq(facility)).filter(area_closure::ancestor_id.eq(area));
        return Ok(select(exists(around)).get_result(conn).await?);
    }
    let Some(own) = &scope.areas else {
        return Ok(select(exists(areas::table.find(area))).get_result(conn).await?);
    };
    let within = area_closure::area_id.eq(area).and(area_closure::ancestor_id.eq_any(own));
    let holds = area_closure::ancestor_id.eq(area).and(area_closure::area_id.eq_any(own));
    Ok(select(exists(area_closure::table.filter(within.or(holds)))).get_result(conn).await?)
}

impl Counted {
    /// The answer of this scope: contracts are not for clerks.
    pub(super) fn told(self, scope: &FigureScope, as_of: NaiveDate, locale: Locale) -> Figures {
        let clerk = scope.facility.is_some();
        let by_kind: BTreeMap<FacilityKind, i64> =
            self.by_kind.iter().filter_map(|(word, number)| Some((FacilityKind::parse(word)?, *number))).collect();
        let by_cadre = self.by_cadre.iter().filter_map(|(word, number)| Some((Cadre::parse(word)?, *number))).collect();
        let counted_by_kind = by_kind.values().sum();
        let places = [("supported_but_not_open", self.not_open), ("open_but_not_supported", self.not_supported)];
        let posts = [("posts_at_facilities_not_open", self.held_elsewhere)];
        let left_out = [("facilities.total", BTreeMap::from(places)), ("staff.total", BTreeMap::from(posts))].into();
        Figures {
            as_of,
            known_at: self.known_at,
            facilities: FacilityFigures {
                total: self.total,
                by_kind,
                counted_by_kind,
                of_several_kinds: i64::try_from(self.several.len()).unwrap_or(i64::MAX),
                by_area: self.by_area,
                by_functionality: self.by_functionality,
                explanation: rules::explain_kinds(locale, self.total, counted_by_kind, &self.several),
            },
            staff: StaffFigures {
                total: self.people,
                by_cadre,
                posts: self.posts,
                full_time_equivalents: rules::full_time_equivalents(self.shares),
            },
            shipments: ShipmentFigures {
                total: self.sent,
                dispatched: self.sent - self.received - self.lost,
                received: self.received,
                lost: self.lost,
            },
            contracts: (!clerk).then_some(ContractFigures { running: self.running, partners: self.partners }),
            funding: (!clerk).then_some(FundingFigures { goals: self.goals }),
            method: rules::method(left_out),
            scope: ScopeAnswer {
                campaign: self.campaign,
                contract: self.contract,
                area: self.area,
                areas: self.areas,
                facility: self.facility,
                arrived_only: scope.arrived_only.then_some(true),
                recorded_since: self.recorded_since,
            },
        }
    }
}

impl Figures {
    /// One of the figures that can be held against a claim.
    pub fn value(&self, figure: Figure) -> Option<i64> {
        let kind =
            |word: &str| FacilityKind::parse(word).map(|kind| self.facilities.by_kind.get(&kind).copied().unwrap_or_default());
        let left_out = |rule, name| self.method.get(rule).and_then(|method| method.left_out.get(name).copied());
        // The same rows, but another number than how many there are.
        match figure {
            Figure::FullTimeEquivalents => return None,
            Figure::Partners => return self.contracts.as_ref().map(|contracts| contracts.partners),
            _ => {}
        }
        match rules::rows(figure) {
            rules::Rows::Facilities("several", _) => Some(self.facilities.of_several_kinds),
            rules::Rows::Facilities("not_open", _) => left_out("facilities.total", "supported_but_not_open"),
            rules::Rows::Facilities("not_supported", _) => left_out("facilities.total", "open_but_not_supported"),
            rules::Rows::Facilities("functionality", Some(word)) => {
                Some(self.facilities.by_functionality.get(word).copied().unwrap_or_default())
            }
            rules::Rows::Facilities(_, Some(word)) => kind(word),
            rules::Rows::Facilities(_, None) => Some(self.facilities.total),
            rules::Rows::People(None) => Some(self.staff.total),
            rules::Rows::People(word) => {
                let cadre = word.and_then(Cadre::parse)?;
                Some(self.staff.by_cadre.get(&cadre).copied().unwrap_or_default())
            }
            rules::Rows::Posts("not_open") => left_out("staff.total", "posts_at_facilities_not_open"),
            rules::Rows::Posts(_) => Some(self.staff.posts),
            rules::Rows::Shipments(None) => Some(self.shipments.total),
            rules::Rows::Shipments(Some("received")) => Some(self.shipments.received),
            rules::Rows::Shipments(Some("lost")) => Some(self.shipments.lost),
            rules::Rows::Shipments(Some(_)) => Some(self.shipments.dispatched),
            rules::Rows::Apart => None,
            rules::Rows::Contracts => self.contracts.as_ref().map(|contracts| contracts.running),
        }
    }
}

/// The page asked for.
fn page_of(page: &PageQuery, which: &'static str, word: Option<&'static str>) -> ApiResult<RowsPage> {
    Ok(RowsPage {
        word,
        which,
        after: page.after::<String>()?,
        descending: page.sort.descending,
        limit: page.rows(),
        words: page.q.clone(),
    })
}

/// The facilities behind a figure.
pub async fn facility_rows(
    conn: &mut Conn,
    scope: &FigureScope,
    day: NaiveDate,
    (which, word): (&'static str, Option<&'static str>),
    page: &PageQuery,
) -> ApiResult<Vec<FacilityRow>> {
    Ok(Ask::<FacilityRows>::new(scope, day, page_of(page, which, word)?).get_results(conn).await?)
}

/// The people behind a figure.
pub async fn person_rows(
    conn: &mut Conn,
    scope: &FigureScope,
    day: NaiveDate,
    word: Option<&'static str>,
    page: &PageQuery,
) -> ApiResult<Vec<PersonRow>> {
    Ok(Ask::<PersonRows>::new(scope, day, page_of(page, "", word)?).get_results(conn).await?)
}

/// The posts behind a figure: those at open facilities, or at the others.
pub async fn post_rows(
    conn: &mut Conn,
    scope: &FigureScope,
    day: NaiveDate,
    which: &'static str,
    page: &PageQuery,
) -> ApiResult<Vec<PostRow>> {
    Ok(Ask::<PostRows>::new(scope, day, page_of(page, which, None)?).get_results(conn).await?)
}

/// The shipments behind a figure.
pub async fn shipment_rows(
    conn: &mut Conn,
    scope: &FigureScope,
    day: NaiveDate,
    (word, role): (Option<&'static str>, Role),
    page: &PageQuery,
) -> ApiResult<Vec<SentRow>> {
    // When something left is for those who send: for others it is sent once it has arrived.
    let word = match word {
        Some("dispatched" | "lost") if !role.sends() => return Ok(Vec::new()),
        None if !role.sends() => Some("received"),
        word => word,
    };
    let rows: Vec<SentRow> = Ask::<ShipmentRows>::new(scope, day, page_of(page, "", word)?).get_results(conn).await?;
    Ok(rows.into_iter().map(|row| row.shown_to(role)).collect())
}

/// The contracts behind a figure.
pub async fn contract_rows(conn: &mut Conn, scope: &FigureScope, day: NaiveDate, page: &PageQuery) -> ApiResult<Vec<RunningRow>> {
    Ok(Ask::<ContractRows>::new(scope, day, page_of(page, "", None)?).get_results(conn).await?)
}
