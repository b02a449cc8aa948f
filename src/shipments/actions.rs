//! The steps of a shipment's life: each holds the shipment, judges, and writes, with its documents, in one transaction.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    acts::{Closing, Dispatch, Packing, ShipmentLoss, ShipmentReason, ShipmentReturn, ShipmentSeizure},
    answers,
    contents::{self, Fate},
    discrepancies::{self, Moved},
    discrepancy_types::DiscrepancyCause,
    rules::{self, Step},
    store::{self, Progress},
    types::{Shipment, ShipmentPatch, ShipmentStatus},
};
use crate::{
    auth::{Actor, Scope},
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Fault, Faults},
    http::{Answer, Body, IdempotencyKey, IfMatch, once},
    register::{Record, change, close, load_any, load_open},
    stock::{Act, DocumentKind, Posting, StockLine, post},
    stock_locations::{LocationKind, StockLocation, open_roads},
    types::{LongText, Reason, happened, in_order},
};

/// Edits a draft.
pub async fn update(
    conn: &mut Conn,
    actor: &Actor,
    id: Uuid,
    expected: IfMatch,
    body: &Body<ShipmentPatch>,
) -> ApiResult<Answer> {
    rules::editable(store::lock(conn, &actor.scope, id).await?.status)?;
    change::<Shipment>(conn, actor, id, expected, &body.value).await
}

/// Retires what never left.
pub async fn retire(conn: &mut Conn, actor: &Actor, id: Uuid, expected: IfMatch) -> ApiResult<Answer> {
    rules::retirable(store::lock(conn, &actor.scope, id).await?.status)?;
    close::<Shipment>(conn, actor, id, expected).await
}

/// A draft is put into boxes and set aside; what is missing is said.
pub async fn pack(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<Packing>) -> ApiResult<Answer> {
    let Packing { packed_on, with_shortfall } = body.value;
    once(db, actor.id, key, &body.digest, async |conn| {
        let status = held(conn, actor, id, Step::Pack).await?;
        judge(|faults| happened(faults, "/packed_on", packed_on))?;
        let progress = Progress { packed_on: Some(Some(packed_on)), ..Progress::to(status, actor.id) };
        store::proceed(conn, id, &progress).await?;
        contents::pack(conn, actor.id, id, packed_on).await?;
        let shipment = load_open::<Shipment>(conn, &actor.scope, id).await?;
        enough(&shipment, with_shortfall)?;
        told(&shipment)
    })
    .await
}

/// There is something in the boxes; and as much as is wanted, unless less will do.
fn enough(shipment: &Shipment, with_shortfall: bool) -> ApiResult<()> {
    let short = |index: usize| Fault { pointer: format!("/lines/{index}"), code: Code::InsufficientStock, allowed: Vec::new() };
    let nothing = shipment.contents.is_empty();
    let missing = shipment.lines.iter().enumerate().filter(|(_, line)| nothing || line.shortfall.is_some_and(|less| less > 0));
    let faults: Vec<Fault> = missing.map(|(index, _)| short(index)).collect();
    if nothing || !with_shortfall && !faults.is_empty() {
        return Err(ApiError { faults, ..ApiError::new(Code::InsufficientStock) });
    }
    Ok(())
}

/// What was packed goes back to the shelf, and the shipment is a draft again.
pub async fn unpack(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<ShipmentReason>) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let status = held(conn, actor, id, Step::Unpack).await?;
        let note = noted(conn, actor, id, &body.value.reason).await?;
        contents::set_free(conn, actor.id, id, true).await?;
        let progress = Progress { packed_on: Some(None), note: Some(note.as_str()), ..Progress::to(status, actor.id) };
        store::proceed(conn, id, &progress).await?;
        now(conn, &actor.scope, id).await
    })
    .await
}

/// A packed shipment leaves: its goods lie on the road from now on.
pub async fn dispatch(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<Dispatch>) -> ApiResult<Answer> {
    let day = body.value.dispatched_on;
    once(db, actor.id, key, &body.digest, async |conn| {
        let status = held(conn, actor, id, Step::Dispatch).await?;
        let there = load_open::<Shipment>(conn, &actor.scope, id).await?;
        judge(|faults| {
            happened(faults, "/dispatched_on", day);
            in_order(faults, "/dispatched_on", there.row.packed_on, Some(day));
        })?;
        contents::set_free(conn, actor.id, id, false).await?;
        let road = open_roads(conn, actor.id, &[id]).await?.pop().ok_or_else(|| ApiError::internal("no road was opened"))?;
        let progress = Progress { dispatched_on: Some(day), transit_id: Some(road), ..Progress::to(status, actor.id) };
        store::proceed(conn, id, &progress).await?;
        let kind = kind_between(conn, there.row.head.from_id, true).await?;
        let lines = lines_of(&there, |content| content.quantity);
        answers::tell(conn, actor.id, &there, lines.iter().map(|line| (line.lot_id, line.quantity, 0))).await?;
        post(conn, actor.id, &[of_shipment(&there, kind, day, (there.row.head.from_id, road), lines)]).await?;
        now(conn, &actor.scope, id).await
    })
    .await
}

/// A shipment will not leave; what was set aside for it is free, and the reason becomes the last line of its note.
pub async fn cancel(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<ShipmentReason>) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let status = held(conn, actor, id, Step::Cancel).await?;
        let note = noted(conn, actor, id, &body.value.reason).await?;
        contents::set_free(conn, actor.id, id, true).await?;
        store::proceed(conn, id, &Progress { note: Some(note.as_str()), ..Progress::to(status, actor.id) }).await?;
        now(conn, &actor.scope, id).await
    })
    .await
}

/// How what is outstanding leaves the road other than by arriving.
struct Exit<'a> {
    step: Step,
    day: NaiveDate,
    pointer: &'static str,
    reason: &'a Reason,
    cause: Option<DiscrepancyCause>,
    to_id: Option<Uuid>,
}

/// What is outstanding is lost.
pub async fn lose(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<ShipmentLoss>) -> ApiResult<Answer> {
    let ShipmentLoss { lost_on, cause, reason } = &body.value;
    let cause = Some((*cause).into());
    let exit = Exit { step: Step::Lose, day: *lost_on, pointer: "/lost_on", reason, cause, to_id: LocationKind::Loss.account() };
    once(db, actor.id, key, &body.digest, async |conn| leave(conn, actor, id, &exit).await).await
}

/// What is outstanding was seized.
pub async fn seize(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<ShipmentSeizure>) -> ApiResult<Answer> {
    let ShipmentSeizure { seized_on, reason } = &body.value;
    let (cause, to_id) = (Some(DiscrepancyCause::Seized), LocationKind::Loss.account());
    let exit = Exit { step: Step::Seize, day: *seized_on, pointer: "/seized_on", reason, cause, to_id };
    once(db, actor.id, key, &body.digest, async |conn| leave(conn, actor, id, &exit).await).await
}

/// What is outstanding came back.
pub async fn bring_back(
    db: &Db,
    actor: &Actor,
    id: Uuid,
    key: &IdempotencyKey,
    body: &Body<ShipmentReturn>,
) -> ApiResult<Answer> {
    let ShipmentReturn { returned_on, to_id, reason } = &body.value;
    let exit = Exit { step: Step::Return, day: *returned_on, pointer: "/returned_on", reason, cause: None, to_id: *to_id };
    once(db, actor.id, key, &body.digest, async |conn| {
        if let Some(to) = to_id {
            let mut faults = Faults::default();
            let kind = store::place(conn, &actor.scope, &mut faults, "/to_id", *to).await?;
            if kind.is_some_and(|kind| !kind.holds() || kind == LocationKind::InTransit) {
                faults.add("/to_id", Code::WrongPlaces);
            }
            faults.into_result()?;
        }
        leave(conn, actor, id, &exit).await
    })
    .await
}

async fn leave(conn: &mut Conn, actor: &Actor, id: Uuid, exit: &Exit<'_>) -> ApiResult<Answer> {
    let status = held(conn, actor, id, exit.step).await?;
    let there = load_open::<Shipment>(conn, &actor.scope, id).await?;
    judge(|faults| {
        happened(faults, exit.pointer, exit.day);
        in_order(faults, exit.pointer, there.row.received_on.or(there.row.dispatched_on), Some(exit.day));
    })?;
    // What nobody has explained goes the way of the shipment; what somebody has, the way that they said.
    let unexplained = lines_of(&there, |content| content.outstanding - content.explained);
    let (gone, stayed) = discrepancies::on_the_road(conn, id).await?;
    let moved: Vec<Moved> = match exit.cause {
        None => Vec::new(),
        Some(cause) => unexplained.iter().map(|line| Moved::of(id, *line, cause, exit.day)).collect(),
    };
    discrepancies::leave_the_road(conn, actor.id, id).await?;
    discrepancies::insert_moved(conn, actor.id, &moved).await?;
    store::proceed(conn, id, &Progress { closed_on: Some(exit.day), ..Progress::to(status, actor.id) }).await?;
    let (source, loss) = (there.row.head.from_id, LocationKind::Loss.account());
    let to = exit.to_id.unwrap_or(source);
    let ways = match exit.cause {
        Some(_) => vec![(Fate::Lost, loss, merged(&unexplained, &gone)), (Fate::Returned, Some(source), stayed)],
        None if to == source => vec![(Fate::Returned, Some(source), merged(&unexplained, &stayed)), (Fate::Lost, loss, gone)],
        None => vec![(Fate::Returned, Some(to), unexplained), (Fate::Returned, Some(source), stayed), (Fate::Lost, loss, gone)],
    };
    for (fate, to, lines) in ways.into_iter().filter(|(.., lines)| !lines.is_empty()) {
        answers::tell(conn, actor.id, &there, lines.iter().map(|line| (line.lot_id, -line.quantity, 0))).await?;
        contents::add(conn, actor.id, id, fate, &lines).await?;
        let departure = Departure { to, day: exit.day, reason: exit.reason, lines, witness: there.row.recorded_by };
        off_the_road(conn, actor.id, &there, departure).await?;
    }
    now(conn, &actor.scope, id).await
}

/// The lines of both, every lot once.
fn merged(one: &[StockLine], other: &[StockLine]) -> Vec<StockLine> {
    let mut lots: BTreeMap<Uuid, i64> = BTreeMap::new();
    for line in one.iter().chain(other) {
        *lots.entry(line.lot_id).or_default() += line.quantity;
    }
    lots.into_iter().map(|(lot_id, quantity)| StockLine { lot_id, quantity }).collect()
}

/// What leaves the road other than by arriving.
pub struct Departure<'a> {
    /// Where it goes.
    pub to: Option<Uuid>,
    /// The day.
    pub day: NaiveDate,
    /// Why.
    pub reason: &'a Reason,
    /// What.
    pub lines: Vec<StockLine>,
    /// Who had a hand in it before: the second name, where two are asked for.
    pub witness: Uuid,
}

/// Posts what leaves the road other than by arriving.
pub async fn off_the_road(conn: &mut Conn, by: Uuid, shipment: &Shipment, departure: Departure<'_>) -> ApiResult<()> {
    let Departure { to, day, reason, lines, witness } = departure;
    let (Some(road), Some(to)) = (shipment.row.transit_id, to) else {
        return Err(ApiError::internal("a shipment on the road without a road"));
    };
    let kind = kind_between(conn, to, false).await?;
    let posting = Posting {
        reason: Some(reason.clone()),
        witnessed_by: (witness != by).then_some(witness),
        ..of_shipment(shipment, kind, day, (road, to), lines)
    };
    post(conn, by, &[posting]).await?;
    Ok(())
}

/// A shipment comes to rest: nothing of it may be outstanding.
pub async fn rest(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<Closing>) -> ApiResult<Answer> {
    let day = body.value.closed_on;
    once(db, actor.id, key, &body.digest, async |conn| {
        let status = held(conn, actor, id, Step::Close).await?;
        let there = load_open::<Shipment>(conn, &actor.scope, id).await?;
        judge(|faults| {
            happened(faults, "/closed_on", day);
            in_order(faults, "/closed_on", there.row.received_on.or(there.row.dispatched_on), Some(day));
        })?;
        if there.outstanding() > 0 {
            return Err(ApiError::new(Code::Outstanding));
        }
        store::proceed(conn, id, &Progress { closed_on: Some(day), ..Progress::to(status, actor.id) }).await?;
        now(conn, &actor.scope, id).await
    })
    .await
}

/// Holds the shipment and says where the step leads, if it may be taken, and by this person: whoever sees one end of a shipment does
/// not act at the other.
pub async fn held(conn: &mut Conn, actor: &Actor, id: Uuid, step: Step) -> ApiResult<ShipmentStatus> {
    let there = store::lock(conn, &actor.scope, id).await?;
    at_their_end(conn, actor, &there, step).await?;
    rules::after(there.status, step)
}

/// Refuses a step at an end that is not the caller's. What comes from outside is its receivers'.
pub async fn at_their_end(conn: &mut Conn, actor: &Actor, there: &store::Held, step: Step) -> ApiResult<()> {
    if actor.scope == Scope::Everything {
        return Ok(());
    }
    let mut ends = step.ends(there.from_id, there.to_id);
    if LocationKind::Supplier.account() == Some(there.from_id) || LocationKind::Donor.account() == Some(there.from_id) {
        ends = vec![there.to_id];
    }
    for end in ends {
        if <StockLocation as Record>::load(conn, &actor.scope, end).await?.is_some() {
            return Ok(());
        }
    }
    Err(ApiError::new(Code::Forbidden))
}

/// All faults at once, or none.
pub fn judge(work: impl FnOnce(&mut Faults)) -> ApiResult<()> {
    let mut faults = Faults::default();
    work(&mut faults);
    Ok(faults.into_result()?)
}

/// The note with a reason as its last line.
async fn noted(conn: &mut Conn, actor: &Actor, id: Uuid, reason: &Reason) -> ApiResult<LongText> {
    let there = load_open::<Shipment>(conn, &actor.scope, id).await?;
    let note = match there.fields.note {
        Some(note) => format!("{note}\n{reason}"),
        None => reason.to_string(),
    };
    LongText::parse(&note).map_err(|code| ApiError::fault("/reason", code))
}

/// So many of every lot, of those that are more than none.
pub fn lines_of(shipment: &Shipment, quantity: impl Fn(&super::types::ShipmentContent) -> i64) -> Vec<StockLine> {
    let lines = shipment.contents.iter().map(|content| StockLine { lot_id: content.lot_id, quantity: quantity(content) });
    lines.filter(|line| line.quantity > 0).collect()
}

/// A document of a shipment: whose money it is, and who supplied it.
pub fn of_shipment(
    shipment: &Shipment,
    kind: DocumentKind,
    day: NaiveDate,
    ends: (Uuid, Uuid),
    lines: Vec<StockLine>,
) -> Posting {
    let head = &shipment.row.head;
    Posting {
        organization_id: head.supplier_id,
        contract_id: head.contract_id,
        campaign_id: head.campaign_id,
        ..Posting::of(Act::Shipment, shipment.row.id, kind, day, ends, lines)
    }
}

/// What act leads from an end onto the road, or from the road to an end.
async fn kind_between(conn: &mut Conn, end: Uuid, onto_the_road: bool) -> ApiResult<DocumentKind> {
    let end = load_any::<StockLocation>(conn, &Scope::Everything, end).await?.fields.kind;
    Ok(match (end, onto_the_road) {
        (LocationKind::Loss, _) => DocumentKind::Loss,
        (end, _) if end.holds() => DocumentKind::Transfer,
        (_, true) => DocumentKind::Receipt,
        (_, false) => DocumentKind::Return,
    })
}

/// The shipment as it is now.
pub async fn now(conn: &mut Conn, scope: &Scope, id: Uuid) -> ApiResult<Answer> {
    told(&load_open::<Shipment>(conn, scope, id).await?)
}

fn told(shipment: &Shipment) -> ApiResult<Answer> {
    Answer::record(shipment.row.revision, shipment)
}
