//! What lies in the folder of a contract beside the paper that was signed. A document is named to whoever may read its file, and to nobody else.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::{dsl::now, prelude::*, sql_types::Timestamptz};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    attachments,
    auth::Actor,
    db::{Conn, siraj_pattern},
    error::{ApiResult, Faults},
    http::{ListFilter, New, PageQuery, in_use, keyset},
    register::Fields,
    schema::contract_documents,
    types::{Flag, Name, happened, words},
};

words! {
    /// What a document of a contract is.
    DocumentKind {
        /// The contract itself, or what was agreed beside it.
        Agreement = "agreement",
        /// What belongs to the contract: lists, descriptions, conditions.
        Annex = "annex",
        /// The budget as it was agreed.
        Budget = "budget",
        /// What the partner was told.
        Report = "report",
        /// Letters and answers.
        Correspondence = "correspondence",
        /// Anything else; the title says what.
        Other = "other",
    }
}

/// What people say of a document of a contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = contract_documents)]
#[schema(example = json!({"attachment_id": "0193a1c2-0000-7000-8000-000000000004", "kind": "annex", "title": "Annex 2: list of facilities",
    "dated_on": "2014-12-18"}))]
pub struct DocumentFields {
    /// The file; once in a contract.
    pub attachment_id: Uuid,
    /// What it is.
    pub kind: DocumentKind,
    /// What it is called. Never names of people.
    pub title: Name,
    /// The day that the paper bears.
    #[deserr(default)]
    pub dated_on: Option<NaiveDate>,
}

impl Fields for DocumentFields {
    fn check(&self, faults: &mut Faults) {
        if let Some(day) = self.dated_on {
            happened(faults, "/dated_on", day);
        }
    }
}

/// A document of a contract. It is not edited: a wrong one is taken out and put in again.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = contract_documents)]
pub struct ContractDocument {
    /// Its id.
    pub id: Uuid,
    /// The contract.
    pub contract_id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: DocumentFields,
    /// When it was taken out.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A document to be put in.
pub type NewDocument = New<DocumentFields>;

/// Which documents to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DocumentFilter {
    /// Those that are this.
    #[deserr(default)]
    pub kind: Option<DocumentKind>,
    /// `true`: those that were taken out; else those that lie there.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for DocumentFilter {
    const SORTS: &'static [&'static str] = &["recorded_at", "title"];
}

/// One page of the documents of a contract whose files the actor may read.
pub async fn list(
    conn: &mut Conn,
    actor: &Actor,
    contract: Uuid,
    filter: &DocumentFilter,
    page: &PageQuery,
) -> ApiResult<Vec<ContractDocument>> {
    let of_contract = contract_documents::table.filter(contract_documents::contract_id.eq(contract));
    let mut query = of_contract.select(ContractDocument::as_select()).into_boxed();
    query = query.filter(contract_documents::attachment_id.eq_any(attachments::readable(actor)));
    query = in_use!(query, filter.retired, contract_documents::retired_at);
    if let Some(kind) = filter.kind {
        query = query.filter(contract_documents::kind.eq(kind));
    }
    if let Some(words) = &page.q {
        query = query.filter(contract_documents::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, contract_documents::id, {
        "recorded_at" => contract_documents::recorded_at; DateTime<Utc>,
        "title" => contract_documents::title; String,
    });
    Ok(query.load(conn).await?)
}

/// A document of a contract whose file the actor may read.
pub async fn find(conn: &mut Conn, actor: &Actor, contract: Uuid, id: Uuid) -> ApiResult<Option<ContractDocument>> {
    let there = contract_documents::table
        .find(id)
        .filter(contract_documents::contract_id.eq(contract))
        .filter(contract_documents::attachment_id.eq_any(attachments::readable(actor)));
    Ok(there.select(ContractDocument::as_select()).first(conn).await.optional()?)
}

/// Puts a document in; nothing where its id is taken.
pub async fn insert(conn: &mut Conn, by: Uuid, contract: Uuid, new: &NewDocument) -> ApiResult<Option<ContractDocument>> {
    let row = (
        contract_documents::id.eq(new.id),
        contract_documents::contract_id.eq(contract),
        &new.fields,
        contract_documents::recorded_by.eq(by),
    );
    let made = diesel::insert_into(contract_documents::table).values(row).on_conflict(contract_documents::id).do_nothing();
    Ok(made.returning(ContractDocument::as_returning()).get_result(conn).await.optional()?)
}

/// Takes a document out, if the revision is still this.
pub async fn withdraw(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64) -> ApiResult<Option<ContractDocument>> {
    let there = contract_documents::table.find(id).filter(contract_documents::revision.eq(revision));
    let set =
        (contract_documents::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), contract_documents::recorded_by.eq(by));
    Ok(diesel::update(there).set(set).returning(ContractDocument::as_returning()).get_result(conn).await.optional()?)
}
