//! Writing dips: the book follows what was measured, in the same transaction.

use std::cmp::Ordering;

use uuid::Uuid;

use super::{
    super::tanks::FuelTank,
    store,
    types::{FuelDip, FuelDipReversal, NewFuelDip},
};
use crate::{
    auth::Actor,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, Body, IdempotencyKey, New, once},
    lots::{Lot, LotFields},
    register::Record,
    stock::{Act, DocumentKind, Posting, StockLine, post, turn_round},
    stock_locations::LocationKind,
    types::{happened, within},
};

/// The collection in addresses.
const COLLECTION: &str = "fuel-dips";
/// The largest tank, in litres.
const MOST_LITRES: i64 = 10_000_000;

/// Records a dip and posts what was burned, or found. The same dip sent again is answered with the one there is.
pub async fn record(db: &Db, actor: &Actor, key: &IdempotencyKey, body: &Body<NewFuelDip>) -> ApiResult<Answer> {
    let new = &body.value;
    let mut faults = Faults::default();
    happened(&mut faults, "/dipped_on", new.dipped_on);
    within(&mut faults, "/litres", Some(new.litres), 0, MOST_LITRES);
    faults.into_result()?;
    let id = new.id.unwrap_or_else(Uuid::now_v7);
    once(db, actor.id, key, &body.digest, async |conn| {
        // Before it is judged: what came before it has changed since it was first sent.
        if let Some(there) = store::find(conn, &actor.scope, id).await? {
            return present(&there, new);
        }
        let tank = tank_of(conn, actor, new.tank_id).await?;
        let Some(book) = store::insert(conn, actor.id, id, new).await? else {
            return match store::find(conn, &actor.scope, id).await? {
                Some(there) => present(&there, new),
                None => Err(ApiError::new(Code::RecordConflict)),
            };
        };
        follow(conn, actor, &tank, id, book, new).await?;
        let dip = find(conn, actor, id).await?;
        Answer::created(COLLECTION, id, dip.revision, &dip)
    })
    .await
}

/// The answer to a dip whose id is taken.
fn present(there: &FuelDip, new: &NewFuelDip) -> ApiResult<Answer> {
    if there.is_made_of(new) {
        Ok(Answer::created(COLLECTION, there.id, there.revision, there)?.again())
    } else {
        Err(ApiError::new(Code::RecordConflict))
    }
}

/// The caller's tank; one they may not see does not exist.
async fn tank_of(conn: &mut Conn, actor: &Actor, id: Uuid) -> ApiResult<FuelTank> {
    match FuelTank::load(conn, &actor.scope, id).await? {
        Some(tank) if tank.is_retired() => Err(ApiError::fault("/tank_id", Code::RetiredReference)),
        Some(tank) => Ok(tank),
        None => Err(ApiError::fault("/tank_id", Code::UnknownReference)),
    }
}

/// Brings the book to what was measured: what is missing was burned, what is more was found.
async fn follow(conn: &mut Conn, actor: &Actor, tank: &FuelTank, dip: Uuid, book: i64, new: &NewFuelDip) -> ApiResult<()> {
    let account = |kind: LocationKind| kind.account().ok_or_else(|| ApiError::internal("an account was lost"));
    let place = tank.fields.location_id;
    let (kind, ends) = match new.litres.cmp(&book) {
        Ordering::Less => (DocumentKind::Issue, (place, account(LocationKind::Consumption)?)),
        Ordering::Greater => (DocumentKind::Count, (account(LocationKind::CountDifference)?, place)),
        Ordering::Equal => return Ok(()),
    };
    let lot_id = lot_of(conn, actor, tank.fields.item_id).await?;
    let lines = vec![StockLine { lot_id, quantity: (new.litres - book).abs() }];
    let posting = Posting { reason: new.reason.clone(), ..Posting::of(Act::FuelTank, dip, kind, new.dipped_on, ends, lines) };
    post(conn, actor.id, &[posting]).await?;
    Ok(())
}

/// The one lot of a fuel. A dip may be the first that anybody says of it.
async fn lot_of(conn: &mut Conn, actor: &Actor, item_id: Uuid) -> ApiResult<Uuid> {
    if let Some(lot) = store::lot(conn, item_id).await? {
        return Ok(lot);
    }
    let fields = LotFields {
        item_id,
        number: None,
        expires_on: None,
        manufacturer: None,
        origin_id: None,
        unit_value: None,
        currency: None,
    };
    let made = Lot::insert(conn, actor.id, &[New { id: Uuid::now_v7(), fields }]).await?;
    made.first().map(|lot| lot.id).ok_or_else(|| ApiError::internal("a lot was lost"))
}

/// Turns the newest dip of a tank round, with what it posted.
pub async fn reverse(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<FuelDipReversal>) -> ApiResult<Answer> {
    let reason = &body.value.reason;
    once(db, actor.id, key, &body.digest, async |conn| {
        find(conn, actor, id).await?;
        if !store::reverse(conn, actor.id, id, reason).await? {
            return Err(ApiError::new(Code::WrongState));
        }
        if let Some(document) = store::posted(conn, id).await? {
            turn_round(conn, actor.id, Uuid::now_v7(), document, reason, true).await?;
        }
        let dip = find(conn, actor, id).await?;
        Answer::record(dip.revision, &dip)
    })
    .await
}

/// The caller's dip.
pub async fn find(conn: &mut Conn, actor: &Actor, id: Uuid) -> ApiResult<FuelDip> {
    store::find(conn, &actor.scope, id).await?.ok_or_else(|| ApiError::new(Code::NotFound))
}
