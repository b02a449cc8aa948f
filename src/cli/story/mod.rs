//! What the demo's people did: the steps that no sheet can tell, because they take two persons or decide something. They go through
//! the same actions as the API, in the names of the demo's managers and its coordinator.

mod equipment;
mod folders;
mod fuel;
mod gifts;
mod making;
mod places;
mod publishing;
mod requisitions;
mod runs;
mod sharing;

use actix_web::web::Data;
use chrono::NaiveDate;
use diesel::{ExpressionMethods, JoinOnDsl, QueryDsl};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    attachments::{self, Files},
    auth::Actor,
    budgets::BudgetLine,
    controlled_issues,
    db::Db,
    error::{ApiResult, Code},
    http::{Answer, Body, IdempotencyKey, New},
    imports::{id_of_lot, made_id, made_id_of},
    keys::Keys,
    lots::{self, Step},
    register::{self, Record},
    schema::{adjustment_reasons, lots as lot_rows, shipment_discrepancies, shipments as shipment_rows},
    shipments,
    stock_counts::{self, StockCount},
    stock_locations::LocationKind,
};

/// Who plays, where their papers lie, and what they seal and sign with.
pub struct Cast<'a> {
    pub db: &'a Db,
    pub files: &'a Files,
    pub keys: &'a Data<Keys>,
    pub manager: &'a Actor,
    /// Who agrees to what the first has drafted.
    pub second: &'a Actor,
    pub coordinator: &'a Actor,
    /// The coordinator of all other areas.
    pub other_coordinator: &'a Actor,
}

/// Plays the story. What was played before, and what somebody has changed since, stays as it is.
pub async fn play(cast: &Cast<'_>) -> ApiResult<()> {
    let Cast { db, manager, coordinator, .. } = *cast;
    if !is_this_demo(db).await? {
        return Ok(());
    }
    ketamine_is_issued(db, coordinator, manager).await?;
    a_shelf_is_counted(db, coordinator, manager).await?;
    fuel_fell_short(db, manager).await?;
    a_lot_is_recalled(db, manager).await?;
    // What is made is what is asked for.
    making::play(cast).await?;
    requisitions::play(cast).await?;
    fuel::play(cast).await?;
    equipment::play(cast).await?;
    if cast.has::<BudgetLine>(line("SIRAJ-OWN-2015", "RELIEF")).await? {
        folders::play(cast).await?;
        runs::play(cast).await?;
        gifts::play(cast).await?;
    }
    places::play(cast).await?;
    sharing::play(cast).await?;
    // What is published is of all that came before.
    publishing::play(cast).await
}

/// A register that was filled by the demo of an earlier version has no such stock.
async fn is_this_demo(db: &Db) -> ApiResult<bool> {
    let lot = lot_rows::table.find(id_of_lot("RAW-01", "RAW01-15A")).count();
    let there: i64 = lot.get_result(&mut *db.conn().await?).await?;
    Ok(there > 0)
}

impl Cast<'_> {
    /// A record of the story is created, unless it is there already.
    async fn create<R: Record>(&self, by: &Actor, record: Value) -> ApiResult<()> {
        let body = Body::<New<R::Fields>>::said(record)?;
        taken(register::create::<R>(self.db, by, &IdempotencyKey::none(), &body).await)
    }

    /// A file that somebody sends; gives its id.
    async fn send(&self, by: &Actor, kind: &str, name: &str, text: String) -> ApiResult<Uuid> {
        let id = of_the_story(name);
        let said = Body::<New<attachments::UploadFields>>::said(json!({
            "id": id,
            "kind": kind,
            "note": "Written by the demonstration; nobody signed it.",
        }))?;
        taken(attachments::keep(self.db, self.files, by, said.value, (name, text.into())).await)?;
        Ok(id)
    }

    /// Whether a record is there: the last one of a part tells that the part was played whole.
    async fn has<R: Record>(&self, id: Uuid) -> ApiResult<bool> {
        Ok(!R::load_many(&mut *self.db.conn().await?, &[id]).await?.is_empty())
    }
}

/// A step that has been taken already is none to take again: the demo is started more than once.
fn taken(step: ApiResult<Answer>) -> ApiResult<()> {
    match step {
        Err(error) if !is_taken(error.code) => Err(error),
        _ => Ok(()),
    }
}

const fn is_taken(code: Code) -> bool {
    matches!(code, Code::WrongState | Code::RecordConflict | Code::RecordDeleted | Code::NothingDue | Code::AlreadyPaid)
}

fn of_the_story(name: &str) -> Uuid {
    made_id("story", name)
}

fn store(code: &str) -> Uuid {
    made_id("stock_locations", code)
}

fn item(code: &str) -> Uuid {
    made_id("items", code)
}

fn contract(code: &str) -> Uuid {
    made_id("contracts", code)
}

fn line(contract: &str, code: &str) -> Uuid {
    made_id_of("budget_lines", [contract, code])
}

fn facility(code: &str) -> Uuid {
    made_id("facilities", code)
}

/// One proposes, another signs: what is controlled leaves the store of the Cave Hospital by two persons.
async fn ketamine_is_issued(db: &Db, first: &Actor, second: &Actor) -> ApiResult<()> {
    let issues = [("NARC-2015-001", "2015-03-20", 12), ("NARC-2015-002", "2015-06-11", 20), ("NARC-2015-003", "2015-10-08", 15)];
    for (reference, occurred_on, quantity) in issues {
        let id = of_the_story(reference);
        let body = Body::said(json!({
            "id": id,
            "from_id": store("ST-HOS-01"),
            "to_id": LocationKind::Consumption.account(),
            "occurred_on": occurred_on,
            "reference": reference,
            "recipient_reference": "Operating theatre",
            "lines": [{"lot_id": id_of_lot("ANE-01", "ANE01-14A"), "quantity": quantity}],
        }))?;
        taken(controlled_issues::propose(db, first, &IdempotencyKey::none(), &body).await)?;
        taken(controlled_issues::confirm(db, second, id, &IdempotencyKey::none()).await)?;
    }
    Ok(())
}

/// Three bottles fewer than the book says, and nobody knows why.
async fn a_shelf_is_counted(db: &Db, first: &Actor, second: &Actor) -> ApiResult<()> {
    let unexplained = adjustment_reasons::table.filter(adjustment_reasons::code.eq("UNEXPLAINED"));
    let reason: Uuid = unexplained.select(adjustment_reasons::id).first(&mut *db.conn().await?).await?;
    let id = of_the_story("COUNT-2015-HOS-01");
    let sheet = Body::said(json!({
        "id": id,
        "location_id": store("ST-HOS-01"),
        "counted_on": "2015-12-31",
        "complete": false,
        "note": "One shelf, at the end of the year.",
        "lines": [{"lot_id": id_of_lot("LOC-03", "LOC03-15X"), "counted_quantity": 47, "adjustment_reason_id": reason}],
    }))?;
    taken(register::create::<StockCount>(db, first, &IdempotencyKey::none(), &sheet).await)?;
    taken(stock_counts::submit(db, first, id, &IdempotencyKey::none()).await)?;
    taken(stock_counts::confirm(db, second, id, &IdempotencyKey::none(), &Body::said(json!({}))?).await)
}

/// What was short of two loads of petrol: one is claimed of the supplier, one was made good.
async fn fuel_fell_short(db: &Db, by: &Actor) -> ApiResult<()> {
    if let Some((id, _)) = shortfall(db, "SHP-2015-004").await? {
        let body = Body::said(json!({
            "organization_id": made_id("organizations", "SUP-04"),
            "reason": "The supplier filled less than the papers say.",
        }))?;
        taken(shipments::claim(db, by, id, &IdempotencyKey::none(), &body).await)?;
    }
    if let Some((id, occurred_on)) = shortfall(db, "SHP-2014-003").await? {
        let body = Body::said(json!({
            "settled_on": occurred_on + chrono::Days::new(30),
            "outcome": "settled",
            "reason": "The supplier took it off the bill of the next load.",
        }))?;
        taken(shipments::settle(db, by, id, &IdempotencyKey::none(), &body).await)?;
    }
    Ok(())
}

/// What did not arrive of a shipment, and when that was found.
async fn shortfall(db: &Db, code: &str) -> ApiResult<Option<(Uuid, NaiveDate)>> {
    let found: Vec<(Uuid, NaiveDate)> = shipment_discrepancies::table
        .inner_join(shipment_rows::table.on(shipment_rows::id.eq(shipment_discrepancies::shipment_id)))
        .filter(shipment_rows::code.eq(code))
        .order(shipment_discrepancies::id)
        .limit(1)
        .select((shipment_discrepancies::id, shipment_discrepancies::occurred_on))
        .load(&mut *db.conn().await?)
        .await?;
    Ok(found.into_iter().next())
}

/// A recalled lot still lies in the stores that have not set it aside: an alert for each of them.
async fn a_lot_is_recalled(db: &Db, by: &Actor) -> ApiResult<()> {
    let body = Body::said(json!({"reason": "The maker has called this lot back (invented)."}))?;
    let lot = id_of_lot("MED-04", "MED04-15A");
    taken(lots::step(db, by, lot, &IdempotencyKey::none(), &body, Step::Recall).await)
}
