//! Stipends of 2015: drafted by one manager, approved by another, carried by an agent, proved by the sheet that people signed. The contracts,
//! posts and scales are those of the sheets; days, reasons and papers are invented.

use std::fmt::Write as _;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use uuid::Uuid;

use super::{Cast, contract, line, of_the_story, taken};
use crate::{
    error::ApiResult,
    http::{Body, IdempotencyKey},
    imports::made_id,
    schema::{facilities, staff, stipend_entries as entries},
    stipends::{self, StipendEntryStatus, StipendRun},
    types::{Currency, Money},
};

/// The last of the story: a draft that waits for a second person.
const DRAFT: Run = Run { contract: "NORWAC-2015-B", month: "2015-12", paid_on: "" };

/// A run, and when its money was handed over.
#[derive(Clone, Copy)]
struct Run {
    contract: &'static str,
    month: &'static str,
    paid_on: &'static str,
}

impl Run {
    fn name(self) -> String {
        format!("{}-{}", self.contract, self.month)
    }

    fn id(self) -> Uuid {
        of_the_story(&format!("stipends {}", self.name()))
    }
}

/// Plays it, once: what was closed then may have been looked at and changed since.
pub(super) async fn play(cast: &Cast<'_>) -> ApiResult<()> {
    if cast.has::<StipendRun>(DRAFT.id()).await? {
        return Ok(());
    }
    irc_pays_march(cast).await?;
    let four_months = |month, paid_on| Run { contract: "NORWAC-2015-A", month, paid_on };
    for run in [four_months("2015-01", "2015-02-06"), four_months("2015-02", "2015-03-06")] {
        everybody_is_paid(cast, run).await?;
    }
    eleven_are_not_reached_in_march(cast, four_months("2015-03", "2015-04-07")).await?;
    // It takes over what March has left.
    everybody_is_paid(cast, four_months("2015-04", "2015-05-08")).await?;
    draft(cast, DRAFT).await
}

/// One of its people had fled, and the agent brought the money back.
async fn irc_pays_march(cast: &Cast<'_>) -> ApiResult<()> {
    let run = Run { contract: "IRC-2015", month: "2015-03", paid_on: "2015-04-09" };
    draft(cast, run).await?;
    approve(cast, run).await?;
    pay(cast, run).await?;
    let back = Body::said(json!({
        "entry_ids": in_area(cast, run, "HAMA", 1).await?,
        "returned_on": "2015-04-20",
        "reason": "The person had fled to another town; the agent brought it back (invented).",
    }))?;
    taken(stipends::give_back(cast.db, cast.manager, run.id(), &IdempotencyKey::none(), &back).await)?;
    close(cast, run, false).await
}

async fn everybody_is_paid(cast: &Cast<'_>, run: Run) -> ApiResult<()> {
    draft(cast, run).await?;
    approve(cast, run).await?;
    pay(cast, run).await?;
    close(cast, run, false).await
}

/// IRC pays half a post of a surgeon: that is told before the approval. Eleven in Wadi Barada are held, and carried over.
async fn eleven_are_not_reached_in_march(cast: &Cast<'_>, run: Run) -> ApiResult<()> {
    draft(cast, run).await?;
    let reason = Body::said(
        json!({"reason": "He holds half a post in each of two hospitals; both partners know of it and agree (invented)."}),
    )?;
    for entry in of_person(cast, run, "S-0235").await? {
        taken(stipends::waive(cast.db, cast.manager, entry, &IdempotencyKey::none(), &reason).await)?;
    }
    approve(cast, run).await?;
    let held = Body::said(json!({
        "entry_ids": in_area(cast, run, "WADI-BARADA", 11).await?,
        "reason": "The road to Wadi Barada was closed and the agent could not reach them (invented).",
    }))?;
    taken(stipends::hold(cast.db, cast.manager, run.id(), &IdempotencyKey::none(), &held).await)?;
    pay(cast, run).await?;
    close(cast, run, true).await
}

async fn draft(cast: &Cast<'_>, run: Run) -> ApiResult<()> {
    let drafted = Body::said(json!({
        "id": run.id(),
        "contract_id": contract(run.contract),
        "month": format!("{}-01", run.month),
        "budget_line_id": line(run.contract, "STIPENDS"),
    }))?;
    taken(stipends::draft(cast.db, cast.manager, &IdempotencyKey::none(), &drafted).await)
}

async fn approve(cast: &Cast<'_>, run: Run) -> ApiResult<()> {
    let approval = Body::said(json!({}))?;
    taken(stipends::approve(cast.db, cast.second, run.id(), &IdempotencyKey::none(), &approval).await)
}

/// All that is due is handed over by the agent, whose word and whose signed list are attached.
async fn pay(cast: &Cast<'_>, run: Run) -> ApiResult<()> {
    let name = run.name();
    let (sheet, people) = signature_sheet(cast, run).await?;
    if people == 0 {
        return Ok(());
    }
    let word = format!("Stipends {name}: paid out to {people} people as listed (invented).\n");
    let proofs = [
        cast.send(cast.manager, "signature_sheet", &format!("signatures-{name}.csv"), sheet).await?,
        cast.send(cast.manager, "agent_acknowledgement", &format!("agent-{name}.txt"), word).await?,
    ];
    let paying = Body::said(json!({
        "paid_on": run.paid_on,
        "method": "hawala",
        "organization_id": made_id("organizations", "AGENT-01"),
        "reference": format!("HW-{name}"),
        "attachment_ids": proofs,
    }))?;
    taken(stipends::pay(cast.db, cast.manager, run.id(), &IdempotencyKey::none(), &paying).await)
}

async fn close(cast: &Cast<'_>, run: Run, carry_over: bool) -> ApiResult<()> {
    let closing = Body::said(json!({"carry_over": carry_over}))?;
    taken(stipends::close(cast.db, cast.manager, run.id(), &IdempotencyKey::none(), &closing).await)
}

/// The list that people sign, by place and pseudonym, and how many of them there are.
async fn signature_sheet(cast: &Cast<'_>, run: Run) -> ApiResult<(String, usize)> {
    let rows: Vec<(String, String, NaiveDate, Currency, Money)> = entries::table
        .inner_join(staff::table.on(staff::id.eq(entries::staff_id)))
        .inner_join(facilities::table.on(facilities::id.eq(entries::facility_id)))
        .filter(entries::run_id.eq(run.id()))
        .filter(entries::status.eq(StipendEntryStatus::Due))
        .order((facilities::code, staff::code, entries::month))
        .select((facilities::code, staff::code, entries::month, entries::currency, entries::amount))
        .load(&mut *cast.db.conn().await?)
        .await?;
    let mut sheet = "facility,person,month,currency,amount,signed\n".to_owned();
    for (facility, person, month, currency, amount) in &rows {
        let (currency, amount) = (currency.as_str(), amount.0.with_scale(2).to_plain_string());
        // A text takes whatever is written into it.
        let _ = writeln!(sheet, "{facility},{person},{},{currency},{amount},yes", month.format("%Y-%m"));
    }
    Ok((sheet, rows.len()))
}

/// The first entries of a run in an area, by pseudonym.
async fn in_area(cast: &Cast<'_>, run: Run, area: &str, many: i64) -> ApiResult<Vec<Uuid>> {
    let found = entries::table
        .inner_join(staff::table.on(staff::id.eq(entries::staff_id)))
        .inner_join(facilities::table.on(facilities::id.eq(entries::facility_id)))
        .filter(entries::run_id.eq(run.id()))
        .filter(facilities::area_id.eq(made_id("areas", area)))
        .order(staff::code)
        .limit(many)
        .select(entries::id);
    Ok(found.load(&mut *cast.db.conn().await?).await?)
}

/// The entry of a person.
async fn of_person(cast: &Cast<'_>, run: Run, code: &str) -> ApiResult<Vec<Uuid>> {
    let found = entries::table.filter(entries::run_id.eq(run.id())).filter(entries::staff_id.eq(made_id("staff", code)));
    Ok(found.select(entries::id).load(&mut *cast.db.conn().await?).await?)
}
