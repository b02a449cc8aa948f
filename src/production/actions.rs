//! The steps of an order's life: each holds the order, judges, and writes it and the ledger, in one transaction.

use chrono::Days;
use uuid::Uuid;

use super::{
    rules::{self, Step},
    store::{self, Progress},
    types::{
        ProductionCancellation, ProductionCompletion, ProductionOrder, ProductionOrderPatch, ProductionRejection,
        ProductionRelease, ProductionStart, ProductionStatus,
    },
};
use crate::{
    auth::Actor,
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code, Faults},
    http::{Answer, Body, IdempotencyKey, IfMatch, once},
    lots::{self, LotFields},
    recipes::Recipe,
    register::{Record, change, close, load_any},
    stock::{self, Act, DocumentKind, Posting, StockLine, first_to_expire, post, posted_by, turn_round},
    stock_locations::{LocationKind, check_place},
    types::{LongText, Reason, happened, in_order},
};

/// Edits a draft.
pub async fn update(
    conn: &mut Conn,
    actor: &Actor,
    id: Uuid,
    expected: IfMatch,
    body: &Body<ProductionOrderPatch>,
) -> ApiResult<Answer> {
    rules::editable(store::lock(conn, &actor.scope, id).await?.status)?;
    change::<ProductionOrder>(conn, actor, id, expected, &body.value).await
}

/// Retires a draft.
pub async fn retire(conn: &mut Conn, actor: &Actor, id: Uuid, expected: IfMatch) -> ApiResult<Answer> {
    rules::editable(store::lock(conn, &actor.scope, id).await?.status)?;
    close::<ProductionOrder>(conn, actor, id, expected).await
}

/// Takes the ingredients: the lots that are given, or by the recipe the first to expire first.
pub async fn start(db: &Db, actor: &Actor, id: Uuid, key: &IdempotencyKey, body: &Body<ProductionStart>) -> ApiResult<Answer> {
    let ProductionStart { started_on, lines } = &body.value;
    once(db, actor.id, key, &body.digest, async |conn| {
        let (order, status, recipe) = held(conn, actor, id, Step::Start).await?;
        let mut faults = Faults::default();
        happened(&mut faults, "/started_on", *started_on);
        in_order(&mut faults, "/started_on", Some(order.fields.planned_on), Some(*started_on));
        if let Some(lines) = lines {
            stock::check_lines(&mut faults, lines);
            let named: Vec<Uuid> = lines.iter().map(|line| line.lot_id).collect();
            rules::covers(&mut faults, &recipe.ingredients, lines, &store::items_of(conn, &named).await?);
        }
        faults.into_result()?;
        let lines = if let Some(lines) = lines {
            lines.clone()
        } else {
            let wanted = rules::wanted(&recipe.ingredients, order.fields.batches);
            first_to_expire(conn, order.fields.place_id, &wanted, *started_on).await?
        };
        let told = Progress { started_on: Some(*started_on), ..Progress::default() };
        store::proceed(conn, actor.id, id, status, &told).await?;
        let ends = (order.fields.place_id, account(LocationKind::Production)?);
        // Who planned it is the second name, where something controlled goes in.
        let witnessed_by = (order.recorded_by != actor.id).then_some(order.recorded_by);
        let posting = Posting::of(Act::ProductionOrder, id, DocumentKind::Production, *started_on, ends, lines);
        write(conn, actor, &order, Posting { witnessed_by, ..posting }).await?;
        told_of(conn, actor, id).await
    })
    .await
}

/// Makes the lot, in quarantine.
pub async fn complete(
    db: &Db,
    actor: &Actor,
    id: Uuid,
    key: &IdempotencyKey,
    body: &Body<ProductionCompletion>,
) -> ApiResult<Answer> {
    let made = &body.value;
    once(db, actor.id, key, &body.digest, async |conn| {
        let (order, status, recipe) = held(conn, actor, id, Step::Complete).await?;
        let head = recipe.row.head;
        let mut faults = Faults::default();
        happened(&mut faults, "/completed_on", made.completed_on);
        in_order(&mut faults, "/completed_on", order.started_on, Some(made.completed_on));
        rules::completion(&mut faults, made, head.shelf_life_days.is_some());
        faults.into_result()?;
        let lot = match head.shelf_life_days {
            None => lots::the_one(conn, actor.id, head.item_id).await?,
            Some(days) => {
                let days = Days::new(u64::try_from(days).map_err(ApiError::internal)?);
                let number = made.lot_number.clone();
                let expires_on = made.completed_on.checked_add_days(days);
                let fields = LotFields {
                    item_id: head.item_id,
                    number,
                    expires_on,
                    manufacturer: None,
                    origin_id: None,
                    unit_value: None,
                    currency: None,
                };
                lots::make(conn, actor.id, id, &fields).await?
            }
        };
        let told = Progress {
            completed_on: Some(made.completed_on),
            completed_by: Some(actor.id),
            lot_id: Some(lot),
            quantity: Some(made.quantity),
            lost_quantity: made.lost_quantity,
            completion_note: made.note.as_ref().map(LongText::as_str),
            ..Progress::default()
        };
        store::proceed(conn, actor.id, id, status, &told).await?;
        let ends = (account(LocationKind::Production)?, order.fields.quarantine_id);
        let lines = vec![StockLine { lot_id: lot, quantity: made.quantity }];
        let posting = Posting::of(Act::ProductionOrder, id, DocumentKind::Production, made.completed_on, ends, lines);
        write(conn, actor, &order, posting).await?;
        told_of(conn, actor, id).await
    })
    .await
}

/// A second person releases the product, and it leaves quarantine whole.
pub async fn release(
    db: &Db,
    actor: &Actor,
    id: Uuid,
    key: &IdempotencyKey,
    body: &Body<ProductionRelease>,
) -> ApiResult<Answer> {
    let ProductionRelease { released_on, to_id, reason } = &body.value;
    once(db, actor.id, key, &body.digest, async |conn| {
        let (order, status, recipe) = held(conn, actor, id, Step::Release).await?;
        let mut faults = Faults::default();
        happened(&mut faults, "/released_on", *released_on);
        in_order(&mut faults, "/released_on", order.completed_on, Some(*released_on));
        let uses = [LocationKind::Warehouse, LocationKind::FacilityStore, LocationKind::Workshop];
        check_place(conn, &actor.scope, &mut faults, ("/to_id", *to_id), &uses).await?;
        faults.into_result()?;
        let told = Progress {
            decided_on: Some(*released_on),
            decided_by: Some(actor.id),
            released_to_id: Some(*to_id),
            reason: Some(reason.as_str()),
            ..Progress::default()
        };
        store::proceed(conn, actor.id, id, status, &told).await?;
        let (lot, quantity) = waiting(conn, &order, &recipe).await?;
        if quantity == 0 {
            return Err(ApiError::new(Code::InsufficientStock));
        }
        if recipe.row.head.shelf_life_days.is_some() {
            lots::release(conn, actor.id, lot, reason).await?;
        }
        let lines = vec![StockLine { lot_id: lot, quantity }];
        let ends = (order.fields.quarantine_id, *to_id);
        let posting = Posting::of(Act::ProductionOrder, id, DocumentKind::Transfer, *released_on, ends, lines);
        write(conn, actor, &order, Posting { reason: Some(reason.clone()), ..posting }).await?;
        told_of(conn, actor, id).await
    })
    .await
}

/// A second person rejects the product. A lot of its own is recalled and stays in quarantine until a loss document destroys it; what has no
/// lot of its own could not be told from the good, and is lost at once.
pub async fn reject(
    db: &Db,
    actor: &Actor,
    id: Uuid,
    key: &IdempotencyKey,
    body: &Body<ProductionRejection>,
) -> ApiResult<Answer> {
    let ProductionRejection { rejected_on, reason } = &body.value;
    once(db, actor.id, key, &body.digest, async |conn| {
        let (order, status, recipe) = held(conn, actor, id, Step::Reject).await?;
        let mut faults = Faults::default();
        happened(&mut faults, "/rejected_on", *rejected_on);
        in_order(&mut faults, "/rejected_on", order.completed_on, Some(*rejected_on));
        faults.into_result()?;
        let told = Progress {
            decided_on: Some(*rejected_on),
            decided_by: Some(actor.id),
            reason: Some(reason.as_str()),
            ..Progress::default()
        };
        store::proceed(conn, actor.id, id, status, &told).await?;
        let (lot_id, quantity) = waiting(conn, &order, &recipe).await?;
        if recipe.row.head.shelf_life_days.is_some() {
            lots::reject(conn, actor.id, lot_id, reason).await?;
        } else if quantity > 0 {
            let ends = (order.fields.quarantine_id, account(LocationKind::Loss)?);
            let lines = vec![StockLine { lot_id, quantity }];
            let posting = Posting::of(Act::ProductionOrder, id, DocumentKind::Loss, *rejected_on, ends, lines);
            write(conn, actor, &order, Posting { reason: Some(reason.clone()), ..posting }).await?;
        }
        told_of(conn, actor, id).await
    })
    .await
}

/// A draft will not be made.
pub async fn cancel(
    db: &Db,
    actor: &Actor,
    id: Uuid,
    key: &IdempotencyKey,
    body: &Body<ProductionCancellation>,
) -> ApiResult<Answer> {
    once(db, actor.id, key, &body.digest, async |conn| {
        let (_, status, _) = held(conn, actor, id, Step::Cancel).await?;
        end(conn, actor, id, status, &body.value.reason).await?;
        told_of(conn, actor, id).await
    })
    .await
}

/// Turns round what the order wrote, the last first: the product is gone, the ingredients lie where they lay.
pub async fn reverse(
    db: &Db,
    actor: &Actor,
    id: Uuid,
    key: &IdempotencyKey,
    body: &Body<ProductionCancellation>,
) -> ApiResult<Answer> {
    let reason = &body.value.reason;
    once(db, actor.id, key, &body.digest, async |conn| {
        let (_, status, _) = held(conn, actor, id, Step::Reverse).await?;
        end(conn, actor, id, status, reason).await?;
        let mut documents: Vec<Uuid> =
            posted_by(conn, Act::ProductionOrder, id).await?.into_iter().map(|line| line.document_id).collect();
        documents.dedup();
        // Two at most: what was taken, and what was made.
        for document in documents.into_iter().rev() {
            turn_round(conn, actor.id, Uuid::now_v7(), document, reason, true).await?;
        }
        told_of(conn, actor, id).await
    })
    .await
}

async fn end(conn: &mut Conn, actor: &Actor, id: Uuid, status: ProductionStatus, reason: &Reason) -> ApiResult<()> {
    let told = Progress { reason: Some(reason.as_str()), ..Progress::default() };
    store::proceed(conn, actor.id, id, status, &told).await.map(drop)
}

/// Holds the order, and says where the step leads, if it may be taken.
async fn held(conn: &mut Conn, actor: &Actor, id: Uuid, step: Step) -> ApiResult<(ProductionOrder, ProductionStatus, Recipe)> {
    let order = store::lock(conn, &actor.scope, id).await?;
    let status = rules::after(order.status, step)?;
    let recipe = load_any::<Recipe>(conn, &actor.scope, order.fields.recipe_id).await?;
    Ok((order, status, recipe))
}

/// The product that waits: all of its lot that lies in the order's quarantine; where the item's lots are one, as many as the order made.
async fn waiting(conn: &mut Conn, order: &ProductionOrder, recipe: &Recipe) -> ApiResult<(Uuid, i64)> {
    let (Some(lot), Some(made)) = (order.lot_id, order.quantity) else {
        return Err(ApiError::internal("a completed order made nothing"));
    };
    let lying = store::lying(conn, order.fields.quarantine_id, lot).await?;
    Ok((lot, if recipe.row.head.shelf_life_days.is_some() { lying } else { lying.min(made) }))
}

/// Posts a document of the order, paid by who pays the order.
async fn write(conn: &mut Conn, actor: &Actor, order: &ProductionOrder, posting: Posting) -> ApiResult<()> {
    let (contract_id, campaign_id) = (order.fields.contract_id, order.fields.campaign_id);
    if post(conn, actor.id, &[Posting { contract_id, campaign_id, ..posting }]).await? {
        return Ok(());
    }
    Err(ApiError::internal("a new document's id is taken"))
}

fn account(kind: LocationKind) -> ApiResult<Uuid> {
    kind.account().ok_or_else(|| ApiError::internal("no account"))
}

async fn told_of(conn: &mut Conn, actor: &Actor, id: Uuid) -> ApiResult<Answer> {
    let sheet = store::sheet(conn, &actor.scope, id).await?;
    Answer::record(sheet.report.order.revision(), &sheet)
}
