//! Posting: the one way in which documents and their movements come into the ledger, any number of them in one statement.

use chrono::NaiveDate;
use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{Bool, Jsonb, Text, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::types::{Act, DocumentKind, StockLine};
use crate::{
    db::Conn,
    error::{ApiError, ApiResult},
    types::{Reason, ShortText},
};

/// A document to be posted. Its places are known to the caller; the database judges the lots and every balance.
#[derive(Debug, Clone, Serialize)]
pub struct Posting {
    /// The document's id.
    pub id: Uuid,
    /// What act it records.
    pub kind: DocumentKind,
    /// The day it happened.
    pub occurred_on: NaiveDate,
    /// Where it was.
    pub from_id: Uuid,
    /// Where it went.
    pub to_id: Uuid,
    /// The number on the paper.
    pub reference: Option<ShortText>,
    /// Why.
    pub reason: Option<Reason>,
    /// The reason as data: of a loss, or of a count's difference.
    pub adjustment_reason_id: Option<Uuid>,
    /// Who sent or gave it.
    pub organization_id: Option<Uuid>,
    /// The contract that paid it.
    pub contract_id: Option<Uuid>,
    /// The campaign that paid it.
    pub campaign_id: Option<Uuid>,
    /// What wrote it, if it was not a person by hand: such a document is turned round by its act alone.
    pub act: Option<Act>,
    /// Which one of them.
    pub act_id: Option<Uuid>,
    /// The second person, where two are asked for.
    pub witnessed_by: Option<Uuid>,
    /// What was moved, lot by lot.
    pub lines: Vec<StockLine>,
}

impl Posting {
    /// A document of an act, under a new id; nothing else is said of it.
    pub fn of(
        act: Act,
        act_id: Uuid,
        kind: DocumentKind,
        occurred_on: NaiveDate,
        ends: (Uuid, Uuid),
        lines: Vec<StockLine>,
    ) -> Self {
        Self {
            id: Uuid::now_v7(),
            kind,
            occurred_on,
            from_id: ends.0,
            to_id: ends.1,
            reference: None,
            reason: None,
            adjustment_reason_id: None,
            organization_id: None,
            contract_id: None,
            campaign_id: None,
            act: Some(act),
            act_id: Some(act_id),
            witnessed_by: None,
            lines,
        }
    }
}

/// Posts documents with their movements, all in one statement. Gives whether all were new: one whose id is taken is left out.
pub async fn post(conn: &mut Conn, by: Uuid, postings: &[Posting]) -> ApiResult<bool> {
    let lines: usize = postings.iter().map(|posting| posting.lines.len()).sum();
    if lines == 0 {
        return Ok(true);
    }
    let given = serde_json::to_value(postings).map_err(ApiError::internal)?;
    Ok(Post { by, given }.execute(conn).await? == lines)
}

/// A fixed text whose type names it, so that it is prepared once per connection.
struct Post {
    by: Uuid,
    given: Value,
}

impl QueryId for Post {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for Post {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH asked AS (SELECT ");
        out.push_bind_param::<SqlUuid, _>(&self.by)?;
        out.push_sql(" AS by_id), given AS (SELECT p.* FROM jsonb_to_recordset(");
        out.push_bind_param::<Jsonb, _>(&self.given)?;
        out.push_sql(POST);
        Ok(())
    }
}

const POST: &str = r"
  ) AS p (id uuid, kind text, occurred_on date, from_id uuid, to_id uuid, reference text, reason text, adjustment_reason_id uuid, organization_id uuid,
          contract_id uuid, campaign_id uuid, act text, act_id uuid, witnessed_by uuid, lines jsonb)
), documents AS (
  INSERT INTO stock_documents (id, kind, occurred_on, from_id, from_holds, to_id, to_holds, reference, reason, adjustment_reason_id, organization_id,
                               contract_id, campaign_id, act, act_id, witnessed_by, recorded_by)
  SELECT g.id, g.kind, g.occurred_on, g.from_id, f.holds, g.to_id, t.holds, g.reference, g.reason, g.adjustment_reason_id, g.organization_id,
         g.contract_id, g.campaign_id, g.act, g.act_id, g.witnessed_by, asked.by_id
  FROM asked, given g JOIN stock_locations f ON f.id = g.from_id JOIN stock_locations t ON t.id = g.to_id
  ON CONFLICT (id) DO NOTHING
  RETURNING id, occurred_on, from_id, from_holds, to_id, to_holds
)
INSERT INTO stock_movements (document_id, line, lot_id, quantity, occurred_on, from_id, from_holds, to_id, to_holds)
SELECT d.id, line.number, (line.given ->> 'lot_id')::uuid, (line.given ->> 'quantity')::bigint, d.occurred_on, d.from_id, d.from_holds, d.to_id, d.to_holds
FROM documents d JOIN given g ON g.id = d.id CROSS JOIN LATERAL jsonb_array_elements(g.lines) WITH ORDINALITY AS line (given, number)";

/// Turns a document round, whole and on its own day; whether the new id was free. Who wrote it has a name on it: where two are asked
/// for, somebody else turns it round. A document of an act is turned round
/// only `with_act`: by the act that wrote it.
pub async fn turn_round(conn: &mut Conn, by: Uuid, id: Uuid, was: Uuid, reason: &Reason, with_act: bool) -> ApiResult<bool> {
    let turned = diesel::sql_query(TURN)
        .bind::<SqlUuid, _>(id)
        .bind::<SqlUuid, _>(was)
        .bind::<Text, _>(reason)
        .bind::<SqlUuid, _>(by)
        .bind::<Bool, _>(with_act)
        .execute(conn)
        .await?;
    if turned == 0 {
        return Ok(false);
    }
    diesel::sql_query(MOVE_BACK).bind::<SqlUuid, _>(id).bind::<SqlUuid, _>(was).execute(conn).await?;
    Ok(true)
}

const TURN: &str = "INSERT INTO stock_documents
      (id, kind, occurred_on, from_id, from_holds, to_id, to_holds, reference, reason, organization_id, contract_id, campaign_id,
       reverses_id, act, act_id, witnessed_by, recorded_by)
    SELECT $1, 'reversal', occurred_on, to_id, to_holds, from_id, from_holds, reference, $3, organization_id, contract_id, campaign_id,
           id, CASE WHEN $5 THEN act END, CASE WHEN $5 THEN act_id END, nullif(recorded_by, $4), $4
    FROM stock_documents WHERE id = $2 ON CONFLICT (id) DO NOTHING";
const MOVE_BACK: &str = "INSERT INTO stock_movements (document_id, line, lot_id, quantity, occurred_on, from_id, from_holds, to_id, to_holds)
    SELECT $1, line, lot_id, quantity, occurred_on, to_id, to_holds, from_id, from_holds FROM stock_movements WHERE document_id = $2";
