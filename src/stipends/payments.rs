//! What was handed over at once, in one currency, and what proves it.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{dsl::exists, prelude::*};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    rules,
    statements::Heap,
    types::{StipendMethod, StipendPaying},
};
use crate::{
    auth::{Actor, Role},
    db::{Conn, siraj_fold, siraj_pattern},
    error::{ApiError, ApiResult, Code, Faults},
    http::{ListFilter, PageQuery, keyset},
    schema::{organizations, stipend_payments, stipend_proofs},
    types::{Currency, LongText, Money, ShortText, distinct},
};

/// A payment's own row.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = stipend_payments)]
pub struct StipendPaymentRow {
    /// Its id.
    pub id: Uuid,
    /// The run it is of.
    pub run_id: Uuid,
    /// The currency it was made in.
    pub currency: Currency,
    /// How much was handed over.
    pub amount: Money,
    /// The same in the run's currency: the sum of its entries.
    pub charged_amount: Money,
    /// How many people it paid.
    #[schema(minimum = 1)]
    pub people: i32,
    /// The day it was handed over.
    pub paid_on: NaiveDate,
    /// How.
    pub method: StipendMethod,
    /// The agent who carried it.
    pub organization_id: Option<Uuid>,
    /// The agent's or the bank's word for it; its last four letters for whoever does not keep runs.
    pub reference: Option<ShortText>,
    /// Anything else worth knowing.
    pub note: Option<LongText>,
    /// The expenditure that stands for what of it has not come back; none where all has.
    pub expenditure_id: Option<Uuid>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A payment with what proves it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StipendPayment {
    #[serde(flatten)]
    pub row: StipendPaymentRow,
    /// Signature sheets, the agent's acknowledgement, receipts.
    pub attachment_ids: Vec<Uuid>,
}

/// What proves a payment, where it came later.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"attachment_ids": ["0193a1c2-0000-7000-8000-000000000004"]}))]
pub struct StipendProofs {
    /// Signature sheets, the agent's acknowledgement, receipts; those that the payment has already are no fault.
    #[schema(min_items = 1, max_items = 20)]
    pub attachment_ids: Vec<Uuid>,
}

impl StipendProofs {
    /// Some at least, and each once.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        distinct(&mut faults, "/attachment_ids", &self.attachment_ids, 20);
        if self.attachment_ids.is_empty() {
            faults.add("/attachment_ids", Code::Required);
        }
        faults.into_result()
    }
}

/// Which payments of a run to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StipendPaymentFilter {
    /// Those by this method.
    #[deserr(default)]
    pub method: Option<StipendMethod>,
    /// Those in this currency.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub currency: Option<Currency>,
    /// Those that this agent carried.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
}

impl ListFilter for StipendPaymentFilter {
    const SORTS: &'static [&'static str] = &["paid_on", "recorded_at"];
}

/// Writes what was handed over, a payment a currency; gives their ids in the order of the heaps.
pub async fn insert(conn: &mut Conn, by: Uuid, run: Uuid, paying: &StipendPaying, heaps: &[Heap]) -> ApiResult<Vec<Uuid>> {
    let ids: Vec<Uuid> = heaps.iter().map(|_| Uuid::now_v7()).collect();
    let row = |(id, heap): (&Uuid, &Heap)| {
        (
            stipend_payments::id.eq(*id),
            stipend_payments::run_id.eq(run),
            stipend_payments::currency.eq(heap.currency.clone()),
            stipend_payments::amount.eq(heap.amount.clone()),
            stipend_payments::charged_amount.eq(heap.charged_amount.clone()),
            stipend_payments::people.eq(heap.people),
            stipend_payments::paid_on.eq(paying.paid_on),
            stipend_payments::method.eq(paying.method),
            stipend_payments::organization_id.eq(paying.organization_id),
            stipend_payments::reference.eq(paying.reference.clone()),
            stipend_payments::note.eq(paying.note.clone()),
            stipend_payments::recorded_by.eq(by),
        )
    };
    let rows: Vec<_> = ids.iter().zip(heaps).map(row).collect();
    diesel::insert_into(stipend_payments::table).values(rows).execute(conn).await?;
    Ok(ids)
}

/// Names the expenditure that stands for a payment; none, when all of it has come back.
pub async fn stand_for(conn: &mut Conn, by: Uuid, payment: Uuid, expenditure: Option<Uuid>) -> ApiResult<()> {
    let now = (stipend_payments::expenditure_id.eq(expenditure), stipend_payments::recorded_by.eq(by));
    diesel::update(stipend_payments::table.find(payment)).set(now).execute(conn).await?;
    Ok(())
}

/// Adds what proves payments; what one of them has already stays once.
pub async fn prove(conn: &mut Conn, by: Uuid, payments: &[Uuid], attachments: &[Uuid]) -> ApiResult<()> {
    let rows: Vec<_> = payments
        .iter()
        .flat_map(|payment| attachments.iter().map(move |attachment| (*payment, *attachment)))
        .map(|(payment, attachment)| {
            (
                stipend_proofs::payment_id.eq(payment),
                stipend_proofs::attachment_id.eq(attachment),
                stipend_proofs::recorded_by.eq(by),
            )
        })
        .collect();
    if !rows.is_empty() {
        diesel::insert_into(stipend_proofs::table).values(rows).on_conflict_do_nothing().execute(conn).await?;
    }
    Ok(())
}

/// Raises the revision of a payment: what belongs to it has changed, and whoever holds an older one holds less.
pub async fn touch(conn: &mut Conn, by: Uuid, id: Uuid) -> ApiResult<()> {
    diesel::update(stipend_payments::table.find(id)).set(stipend_payments::recorded_by.eq(by)).execute(conn).await?;
    Ok(())
}

/// Whether there is such an organisation to have carried it.
pub async fn is_organization(conn: &mut Conn, id: Uuid) -> ApiResult<bool> {
    Ok(diesel::select(exists(organizations::table.find(id))).get_result(conn).await?)
}

/// A payment, held until the transaction ends.
pub async fn lock(conn: &mut Conn, id: Uuid) -> ApiResult<()> {
    let there = stipend_payments::table.find(id).select(stipend_payments::id);
    there.for_update().first::<Uuid>(conn).await?;
    Ok(())
}

/// A payment, as this reader may read it.
pub async fn find(conn: &mut Conn, actor: &Actor, id: Uuid) -> ApiResult<StipendPayment> {
    let row: StipendPaymentRow = stipend_payments::table.find(id).select(StipendPaymentRow::as_select()).first(conn).await?;
    let proved = proofs(conn, &[id]).await?.remove(&id).unwrap_or_default();
    whole(actor, row, proved)
}

/// One page of a run's payments, as this reader may read them.
pub async fn list(
    conn: &mut Conn,
    actor: &Actor,
    run: Uuid,
    filter: &StipendPaymentFilter,
    page: &PageQuery,
) -> ApiResult<Vec<StipendPayment>> {
    let of_run = stipend_payments::table.filter(stipend_payments::run_id.eq(run));
    let mut query = of_run.select(StipendPaymentRow::as_select()).into_boxed();
    if let Some(method) = filter.method {
        query = query.filter(stipend_payments::method.eq(method));
    }
    if let Some(currency) = &filter.currency {
        query = query.filter(stipend_payments::currency.eq(currency));
    }
    if let Some(agent) = filter.organization_id {
        query = query.filter(stipend_payments::organization_id.eq(agent));
    }
    if let Some(words) = &page.q {
        query = query.filter(siraj_fold(stipend_payments::note).like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, stipend_payments::id, {
        "paid_on" => stipend_payments::paid_on; NaiveDate,
        "recorded_at" => stipend_payments::recorded_at; DateTime<Utc>,
    });
    let rows: Vec<StipendPaymentRow> = query.load(conn).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut proved = proofs(conn, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let own = proved.remove(&row.id).unwrap_or_default();
            whole(actor, row, own)
        })
        .collect()
}

async fn proofs(conn: &mut Conn, payments: &[Uuid]) -> ApiResult<HashMap<Uuid, Vec<Uuid>>> {
    let found: Vec<(Uuid, Uuid)> = stipend_proofs::table
        .filter(stipend_proofs::payment_id.eq_any(payments))
        .filter(stipend_proofs::retired_at.is_null())
        .order((stipend_proofs::recorded_at, stipend_proofs::attachment_id))
        .select((stipend_proofs::payment_id, stipend_proofs::attachment_id))
        .load(conn)
        .await?;
    let mut proofs: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (payment, attachment) in found {
        proofs.entry(payment).or_default().push(attachment);
    }
    Ok(proofs)
}

fn whole(actor: &Actor, mut row: StipendPaymentRow, attachment_ids: Vec<Uuid>) -> ApiResult<StipendPayment> {
    if actor.role != Role::Manager
        && let Some(reference) = &row.reference
    {
        let masked = ShortText::parse(&rules::masked(reference.as_str())).map_err(|code| ApiError::internal(code.as_str()))?;
        row.reference = Some(masked);
    }
    Ok(StipendPayment { row, attachment_ids })
}
