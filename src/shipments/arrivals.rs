//! What arrives and what does not: receipts, and the differences between what was sent and what arrived.

use uuid::Uuid;

use super::{
    actions::{Departure, at_their_end, held, judge, of_shipment, off_the_road},
    acts::{CountedLine, NewReceipt, ReceiptReversal},
    answers,
    contents::{self, Fate},
    discrepancies::{self, Moved, Turn},
    discrepancy_types::{
        DiscrepancyCause, DiscrepancyClaim, DiscrepancySettlement, DiscrepancyStatus, NewDiscrepancy, SettlementOutcome,
        ShipmentDiscrepancy,
    },
    receipts,
    rules::{self, Step},
    store::{self, Progress},
    types::{MOST_OF_A_LINE, Shipment, ShipmentStatus},
};
use crate::{
    auth::Actor,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Fault, Faults},
    http::{Answer, Body, IdempotencyKey, once},
    register::{load_any, load_open},
    stock::{self, DocumentKind, Posting, StockLine},
    stock_locations::LocationKind,
    types::{Reason, happened, in_order, within},
};

/// The collections in addresses.
const RECEIPTS: &str = "shipment-receipts";
const DISCREPANCIES: &str = "shipment-discrepancies";

/// Something of a shipment arrived. The same receipt sent again is answered with the one there is.
pub async fn receive(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<NewReceipt>) -> ApiResult<Answer> {
    let new = &body.value;
    let receipt = new.id.unwrap_or_else(Uuid::now_v7);
    once(db, actor.id, key, &body.digest, async |conn| {
        let held = store::lock(conn, &actor.scope, id).await?;
        at_their_end(conn, actor, &held, Step::Receive).await?;
        if new.id.is_some()
            && let Some(there) = found(receipts::find(conn, &actor.scope, receipt).await)?
        {
            return if there.is_made_of(id, new) {
                Ok(Answer::created(RECEIPTS, receipt, there.row.revision, &there)?.again())
            } else {
                Err(ApiError::new(Code::RecordConflict))
            };
        }
        rules::after(held.status, Step::Receive)?;
        let shipment = load_open::<Shipment>(conn, &actor.scope, id).await?;
        let mut faults = Faults::default();
        happened(&mut faults, "/received_on", new.received_on);
        in_order(&mut faults, "/received_on", shipment.row.dispatched_on, Some(new.received_on));
        if let Some(place) = new.rejected_to_id
            && let Some(kind) = store::place(conn, &actor.scope, &mut faults, "/rejected_to_id", place).await?
            && kind != LocationKind::Quarantine
        {
            faults.add("/rejected_to_id", Code::WrongPlaces);
        }
        let counted = rules::counted(&mut faults, &shipment.contents, &new.lines);
        faults.into_result()?;
        if !receipts::insert(conn, actor.id, receipt, id, new, &counted).await? {
            return Err(ApiError::new(Code::RecordConflict));
        }
        count_in(conn, actor, &shipment, receipt, new, &counted).await?;
        Answer::created(RECEIPTS, receipt, 1, &receipts::find(conn, &actor.scope, receipt).await?)
    })
    .await
}

/// Moves what a receipt has counted: documents, contents, differences, and the shipment's state.
async fn count_in(
    conn: &mut Conn,
    actor: &Actor,
    shipment: &Shipment,
    receipt: Uuid,
    new: &NewReceipt,
    counted: &[CountedLine],
) -> ApiResult<()> {
    let id = shipment.row.id;
    let accepted = lines(counted, |line| line.accepted);
    let rejected = lines(counted, |line| line.rejected);
    let postings = arrivals(shipment, new.received_on, new.rejected_to_id, counted)?;
    stock::post(conn, actor.id, &postings).await?;
    receipts::note_documents(conn, &postings.iter().map(|posting| (receipt, posting.id)).collect::<Vec<_>>()).await?;
    contents::add(conn, actor.id, id, Fate::Accepted, &accepted).await?;
    contents::add(conn, actor.id, id, Fate::Rejected, &rejected).await?;
    discrepancies::insert_moved(conn, actor.id, &differences(id, receipt, new.received_on, counted)).await?;
    let came = |line: &CountedLine| (line.lot_id, -line.rejected, line.accepted + line.over);
    answers::tell(conn, actor.id, shipment, counted.iter().map(came)).await?;
    let arrived: i64 = accepted.iter().chain(&rejected).map(|line| line.quantity).sum();
    let progress = Progress {
        received_on: Some(shipment.row.received_on.max(Some(new.received_on))),
        ..Progress::to(rules::on_the_way(true, shipment.outstanding() - arrived), actor.id)
    };
    store::proceed(conn, id, &progress).await
}

/// The documents of what arrived: kept, refused, and beyond what was sent.
pub fn arrivals(
    shipment: &Shipment,
    day: chrono::NaiveDate,
    rejected_to: Option<Uuid>,
    counted: &[CountedLine],
) -> ApiResult<Vec<Posting>> {
    let (road, to) = (shipment.row.transit_id, shipment.row.head.to_id);
    let (loss, difference) = (LocationKind::Loss.account(), LocationKind::CountDifference.account());
    let (Some(road), Some(loss), Some(difference)) = (road, loss, difference) else {
        return Err(ApiError::internal("a shipment on the road without a road"));
    };
    let why = |text: &str| Reason::parse(text).map(Some).map_err(|_| ApiError::internal("a reason that is none"));
    let refused_kind = if rejected_to.is_some() { DocumentKind::Transfer } else { DocumentKind::Loss };
    let of = |kind, ends, lines| of_shipment(shipment, kind, day, ends, lines);
    let rejected = of(refused_kind, (road, rejected_to.unwrap_or(loss)), lines(counted, |line| line.rejected));
    let over = of(DocumentKind::Count, (difference, to), lines(counted, |line| line.over));
    let postings = [
        of(DocumentKind::Transfer, (road, to), lines(counted, |line| line.accepted)),
        Posting { reason: why("Refused on arrival.")?, ..rejected },
        Posting { reason: why("Arrived beyond what was sent.")?, ..over },
    ];
    Ok(postings.into_iter().filter(|posting| !posting.lines.is_empty()).collect())
}

/// The differences that a receipt has found.
pub fn differences(shipment_id: Uuid, receipt: Uuid, occurred_on: chrono::NaiveDate, counted: &[CountedLine]) -> Vec<Moved> {
    let of = |line: &CountedLine, cause, quantity| Moved {
        shipment_id,
        receipt_id: Some(receipt),
        lot_id: line.lot_id,
        cause,
        quantity,
        occurred_on,
    };
    let refused = counted.iter().filter_map(|line| Some(of(line, line.cause?.into(), line.rejected)));
    let over = counted.iter().filter(|line| line.over > 0).map(|line| of(line, DiscrepancyCause::Over, line.over));
    refused.chain(over).collect()
}

fn lines(counted: &[CountedLine], quantity: impl Fn(&CountedLine) -> i64) -> Vec<StockLine> {
    let lines = counted.iter().map(|line| StockLine { lot_id: line.lot_id, quantity: quantity(line) });
    lines.filter(|line| line.quantity > 0).collect()
}

/// Turns a receipt round: its documents, what it counted, the differences it found. What was claimed or settled stands in the way.
pub async fn turn_round(
    db: &Db,
    actor: &Actor,
    receipt: Uuid,
    key: &IdempotencyKey,
    body: &Body<ReceiptReversal>,
) -> ApiResult<Answer> {
    let reason = &body.value.reason;
    once(db, actor.id, key, &body.digest, async |conn| {
        let there = receipts::find(conn, &actor.scope, receipt).await?;
        let id = there.row.shipment_id;
        held(conn, actor, id, Step::TurnRound).await?;
        let withdrawn = discrepancies::withdraw_with(conn, actor.id, receipt, reason).await?;
        if !receipts::turn_round(conn, actor.id, receipt, reason).await? || !withdrawn {
            return Err(ApiError::new(Code::WrongState));
        }
        for document in receipts::documents(conn, receipt).await? {
            stock::turn_round(conn, actor.id, Uuid::now_v7(), document, reason, true).await?;
        }
        let back = |of: fn(&CountedLine) -> i64| -> Vec<StockLine> {
            lines(&there.lines, of).into_iter().map(|line| StockLine { quantity: -line.quantity, ..line }).collect()
        };
        contents::add(conn, actor.id, id, Fate::Accepted, &back(|line| line.accepted)).await?;
        contents::add(conn, actor.id, id, Fate::Rejected, &back(|line| line.rejected)).await?;
        let last = receipts::last_day(conn, id).await?;
        let shipment = load_open::<Shipment>(conn, &actor.scope, id).await?;
        let undone = |line: &CountedLine| (line.lot_id, line.rejected, -line.accepted - line.over);
        answers::tell(conn, actor.id, &shipment, there.lines.iter().map(undone)).await?;
        let progress = Progress {
            received_on: Some(last),
            ..Progress::to(rules::on_the_way(last.is_some(), shipment.outstanding()), actor.id)
        };
        store::proceed(conn, id, &progress).await?;
        let turned = receipts::find(conn, &actor.scope, receipt).await?;
        Answer::record(turned.row.revision, &turned)
    })
    .await
}

/// Records that something outstanding will not arrive. The same difference sent again is answered with the one there is.
pub async fn differ(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<NewDiscrepancy>) -> ApiResult<Answer> {
    let new = &body.value;
    let own = new.id.unwrap_or_else(Uuid::now_v7);
    once(db, actor.id, key, &body.digest, async |conn| {
        let held = store::lock(conn, &actor.scope, id).await?;
        if new.id.is_some()
            && let Some(there) = found(discrepancies::find(conn, &actor.scope, own).await)?
        {
            return if there.is_made_of(id, new) {
                Ok(Answer::created(DISCREPANCIES, own, there.revision, &there)?.again())
            } else {
                Err(ApiError::new(Code::RecordConflict))
            };
        }
        rules::after(held.status, Step::Differ)?;
        let shipment = load_open::<Shipment>(conn, &actor.scope, id).await?;
        judge(|faults| {
            if !new.cause.is_of_the_road() {
                let causes = DiscrepancyCause::ALL.iter().filter(|cause| cause.is_of_the_road());
                let allowed = causes.map(|cause| cause.as_str().to_owned()).collect();
                faults.0.push(Fault { pointer: "/cause".to_owned(), code: Code::UnknownValue, allowed });
            }
            within(faults, "/quantity", Some(new.quantity), 1, MOST_OF_A_LINE);
            happened(faults, "/occurred_on", new.occurred_on);
            in_order(faults, "/occurred_on", shipment.row.dispatched_on, Some(new.occurred_on));
            for (pointer, given) in [("/value", new.value.is_some()), ("/currency", new.currency.is_some())] {
                if !given && new.value.is_some() != new.currency.is_some() {
                    faults.add(pointer, Code::Required);
                }
            }
            if !shipment.contents.iter().any(|content| content.lot_id == new.lot_id) {
                faults.add("/lot_id", Code::UnknownReference);
            }
        })?;
        if !discrepancies::insert(conn, actor.id, id, new, own).await? {
            return Err(ApiError::new(Code::RecordConflict));
        }
        Answer::created(DISCREPANCIES, own, 1, &discrepancies::find(conn, &actor.scope, own).await?)
    })
    .await
}

/// A difference is claimed of whom it is due.
pub async fn claim(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<DiscrepancyClaim>) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let (there, _) = under_lock(conn, actor, id).await?;
        if there.status != DiscrepancyStatus::Open {
            return Err(ApiError::new(Code::WrongState));
        }
        let turn = Turn {
            status: DiscrepancyStatus::Claimed,
            on_the_road: there.on_the_road,
            reason: &body.value.reason,
            claimed_of_id: Some(body.value.organization_id),
            settled_on: None,
            recorded_by: actor.id,
        };
        told(&discrepancies::turn(conn, id, &turn).await?)
    })
    .await
}

/// A difference ends. Goods that were still counted as on the road leave it: lost; back, where the papers were wrong; and they stay
/// on the road where the difference is withdrawn.
pub async fn settle(
    db: &Db,
    actor: &Actor,
    id: Uuid,
    key: &IdempotencyKey,
    body: &Body<DiscrepancySettlement>,
) -> ApiResult<Answer> {
    let DiscrepancySettlement { settled_on, outcome, reason } = &body.value;
    once(db, actor.id, key, &body.digest, async |conn| {
        let (there, shipment) = under_lock(conn, actor, id).await?;
        if !matches!(there.status, DiscrepancyStatus::Open | DiscrepancyStatus::Claimed) {
            return Err(ApiError::new(Code::WrongState));
        }
        judge(|faults| {
            happened(faults, "/settled_on", *settled_on);
            in_order(faults, "/settled_on", Some(there.occurred_on), Some(*settled_on));
        })?;
        let withdrawn = *outcome == SettlementOutcome::Withdrawn;
        let turn = Turn {
            status: (*outcome).into(),
            on_the_road: false,
            reason,
            claimed_of_id: None,
            settled_on: (!withdrawn).then_some(*settled_on),
            recorded_by: actor.id,
        };
        let settled = discrepancies::turn(conn, id, &turn).await?;
        if there.on_the_road && !withdrawn {
            let line = StockLine { lot_id: there.lot_id, quantity: there.quantity };
            let (fate, to) = match there.cause {
                DiscrepancyCause::DocumentError => (Fate::Returned, Some(shipment.row.head.from_id)),
                _ => (Fate::Lost, LocationKind::Loss.account()),
            };
            contents::add(conn, actor.id, shipment.row.id, fate, &[line]).await?;
            let departure = Departure { to, day: *settled_on, reason, lines: vec![line], witness: there.recorded_by };
            off_the_road(conn, actor.id, &shipment, departure).await?;
            answers::tell(conn, actor.id, &shipment, std::iter::once((there.lot_id, -there.quantity, 0))).await?;
            let left = shipment.outstanding() - there.quantity;
            let received = shipment.row.status == ShipmentStatus::PartiallyReceived;
            store::proceed(conn, shipment.row.id, &Progress::to(rules::on_the_way(received, left), actor.id)).await?;
        }
        told(&settled)
    })
    .await
}

/// A discrepancy with its shipment, which is held until the transaction ends.
async fn under_lock(conn: &mut Conn, actor: &Actor, id: Uuid) -> ApiResult<(ShipmentDiscrepancy, Shipment)> {
    let shipment = discrepancies::find(conn, &actor.scope, id).await?.shipment_id;
    let held = store::lock(conn, &actor.scope, shipment).await?;
    at_their_end(conn, actor, &held, Step::Lose).await?;
    // Read again: what it was before the lock may have changed.
    let there = discrepancies::find(conn, &actor.scope, id).await?;
    Ok((there, load_any::<Shipment>(conn, &actor.scope, shipment).await?))
}

fn told(discrepancy: &ShipmentDiscrepancy) -> ApiResult<Answer> {
    Answer::record(discrepancy.revision, discrepancy)
}

/// What was found, if it was.
fn found<T>(result: ApiResult<T>) -> ApiResult<Option<T>> {
    match result {
        Ok(there) => Ok(Some(there)),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
