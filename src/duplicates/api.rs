//! `/api/v1/staff-duplicates`, and what is done about a pair.

use actix_web::{HttpResponse, delete, get, post, web::Data};
use diesel_async::RunQueryDsl;

use super::{
    actions,
    statements::Pairs,
    store,
    types::{Distinction, DistinctionFilter, NewDistinction, PairFilter, StaffMerge, StaffPair},
};
use crate::{
    auth::{Caller, EditRegister, FindDuplicates},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, ChildId, IdempotencyKey, IfMatch, Listing, Mount, Page, PageQuery, RecordId, once},
    staff::{self, Staff},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_staff_duplicates)
        .service(list_staff_distinctions)
        .service(create_staff_distinction)
        .service(retire_staff_distinction)
        .service(merge_staff);
}

/// List pairs of records that may be of one person, the likeliest first, by pseudonym.
#[utoipa::path(tag = "staff", params(PageQuery, PairFilter), responses((status = 200, description = "A page of pairs, with what they have in common", body = Page<StaffPair>)))]
#[get("/staff-duplicates")]
async fn list_staff_duplicates(
    caller: Caller<FindDuplicates>,
    listing: Listing<PairFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    let scope = caller.scope.clone();
    listing
        .answer(async move |page, filter| {
            Ok(Pairs::new(&scope, filter, page)?.get_results::<StaffPair>(&mut *db.conn().await?).await?)
        })
        .await
}

/// List whom a person was told apart from.
#[utoipa::path(tag = "staff", params(("staff_id" = uuid::Uuid, Path), PageQuery, DistinctionFilter), responses((status = 200, description = "A page of distinctions", body = Page<Distinction>)))]
#[get("/staff/{staff_id}/distinctions")]
async fn list_staff_distinctions(
    caller: Caller<FindDuplicates>,
    RecordId(id): RecordId,
    listing: Listing<DistinctionFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    staff::ensure_employer(&mut *db.conn().await?, &caller.scope, id).await?;
    let scope = caller.scope.clone();
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, &scope, id, filter, page).await).await
}

/// Say that a record is of another person than this one: the pair is not shown again.
#[utoipa::path(tag = "staff", params(("staff_id" = uuid::Uuid, Path)), request_body = NewDistinction, responses((status = 201, description = "The distinction", body = Distinction)))]
#[post("/staff/{staff_id}/distinctions")]
async fn create_staff_distinction(
    caller: Caller<EditRegister>,
    RecordId(id): RecordId,
    key: IdempotencyKey,
    body: Body<NewDistinction>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    once(&db, caller.id, &key, &body.digest, async |conn| actions::tell_apart(conn, &caller, id, &body.value).await).await
}

/// Take back that two records are of two people.
#[utoipa::path(tag = "staff", params(("staff_id" = uuid::Uuid, Path), ("distinction_id" = uuid::Uuid, Path)), responses((status = 200, description = "The distinction that no longer counts", body = Distinction)))]
#[delete("/staff/{staff_id}/distinctions/{distinction_id}")]
async fn retire_staff_distinction(
    caller: Caller<EditRegister>,
    RecordId(id): RecordId,
    ChildId(distinction): ChildId,
    expected: IfMatch,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::retire(conn, &caller, (id, distinction), expected).await).await
}

/// Merge a record into another of the same person: posts and departures move, and the address leads there from now on.
#[utoipa::path(tag = "staff", params(("staff_id" = uuid::Uuid, Path)), request_body = StaffMerge, responses((status = 200, description = "The record that took its place", body = Staff)))]
#[post("/staff/{staff_id}/merge")]
async fn merge_staff(
    caller: Caller<EditRegister>,
    RecordId(id): RecordId,
    key: IdempotencyKey,
    body: Body<StaffMerge>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    once(&db, caller.id, &key, &body.digest, async |conn| actions::merge(conn, &caller, id, &body.value).await).await
}
