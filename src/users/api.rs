//! `/api/v1/users`.

use actix_web::{HttpResponse, Responder, delete, get, patch, post, web::Data};

use super::{
    actions, store,
    types::{Invitation, InvitedUser, NewUser, PasswordReset, User, UserFilter, UserPatch},
};
use crate::{
    audit::{self, HistoryEntry, HistoryFilter},
    auth::{Caller, ManageUsers, ReadUsers},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, IfMatch, IfNoneMatch, Listing, Mount, Page, PageQuery, RecordId, etag},
    sessions::{Ticket, TicketPurpose},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(list_users)
        .service(create_user)
        .service(find_user)
        .service(update_user)
        .service(retire_user)
        .service(list_user_history)
        .service(disable_user)
        .service(enable_user)
        .service(renew_invitation)
        .service(issue_password_reset);
}

/// List users.
#[utoipa::path(tag = "users", params(PageQuery, UserFilter), responses((status = 200, description = "A page of users", body = Page<User>)))]
#[get("/users")]
async fn list_users(_caller: Caller<ReadUsers>, listing: Listing<UserFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    listing.answer(async move |page, filter| store::list(&mut *db.conn().await?, filter, page).await).await
}

/// Invite a user. The invitation is shown once; hand it to the person, who sets a password with it.
#[utoipa::path(tag = "users", request_body = NewUser, responses((status = 201, description = "The new user and the invitation", body = InvitedUser)))]
#[post("/users")]
async fn create_user(caller: Caller<ManageUsers>, body: Body<NewUser>, db: Data<Db>) -> ApiResult<impl Responder> {
    let invited = db.write(async |conn| actions::invite(conn, caller.id, &body.value).await).await?;
    Ok(invited.customize().insert_header(("cache-control", "no-store")))
}

/// Read a user.
#[utoipa::path(tag = "users", params(("user_id" = uuid::Uuid, Path)), responses((status = 200, description = "The user", body = User)))]
#[get("/users/{user_id}")]
async fn find_user(_caller: Caller<ReadUsers>, id: RecordId, held: IfNoneMatch, db: Data<Db>) -> ApiResult<HttpResponse> {
    let user = actions::load_any(&mut *db.conn().await?, id.0).await?;
    let etag = etag(user.revision);
    if held.holds(&etag) {
        return Ok(HttpResponse::NotModified().insert_header(("etag", etag)).finish());
    }
    Ok(HttpResponse::Ok().insert_header(("etag", etag)).json(user))
}

/// Edit a user: name, role, and where they belong. Another role ends their sessions.
#[utoipa::path(tag = "users", params(("user_id" = uuid::Uuid, Path)), request_body(content = UserPatch, content_type = "application/merge-patch+json"), responses((status = 200, description = "The user as they are now", body = User)))]
#[patch("/users/{user_id}")]
async fn update_user(
    caller: Caller<ManageUsers>,
    id: RecordId,
    expected: IfMatch,
    body: Body<UserPatch>,
    db: Data<Db>,
) -> ApiResult<Answer> {
    db.write(async |conn| actions::change(conn, caller.id, id.0, expected, &body.value).await).await
}

/// Retire a user: they stay on record and are out for good.
#[utoipa::path(tag = "users", params(("user_id" = uuid::Uuid, Path)), responses((status = 200, description = "The retired user", body = User)))]
#[delete("/users/{user_id}")]
async fn retire_user(caller: Caller<ManageUsers>, id: RecordId, expected: IfMatch, db: Data<Db>) -> ApiResult<Answer> {
    db.write(async |conn| actions::retire(conn, caller.id, id.0, expected).await).await
}

/// Who changed a user, and how.
#[utoipa::path(tag = "users", params(("user_id" = uuid::Uuid, Path), PageQuery), responses((status = 200, description = "The changes, oldest first", body = Page<HistoryEntry>)))]
#[get("/users/{user_id}/history")]
async fn list_user_history(
    _caller: Caller<ReadUsers>,
    RecordId(id): RecordId,
    listing: Listing<HistoryFilter>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    actions::load_any(&mut *db.conn().await?, id).await?;
    listing.answer::<HistoryEntry>(async move |page, _| audit::history(&mut *db.conn().await?, None, id, page).await).await
}

/// Disable a user, who is out at once.
#[utoipa::path(tag = "users", params(("user_id" = uuid::Uuid, Path)), responses((status = 200, description = "The disabled user", body = User)))]
#[post("/users/{user_id}/disablement")]
async fn disable_user(caller: Caller<ManageUsers>, id: RecordId, db: Data<Db>) -> ApiResult<Answer> {
    db.write(async |conn| actions::disable(conn, caller.id, id.0).await).await
}

/// Enable a disabled user again.
#[utoipa::path(tag = "users", params(("user_id" = uuid::Uuid, Path)), responses((status = 200, description = "The enabled user", body = User)))]
#[post("/users/{user_id}/enablement")]
async fn enable_user(caller: Caller<ManageUsers>, id: RecordId, db: Data<Db>) -> ApiResult<Answer> {
    db.write(async |conn| actions::enable(conn, caller.id, id.0).await).await
}

/// Renew the invitation of a user who has not accepted it; the earlier one stops working.
#[utoipa::path(tag = "users", params(("user_id" = uuid::Uuid, Path)), responses((status = 200, description = "The new invitation", body = Invitation)))]
#[post("/users/{user_id}/invitations")]
async fn renew_invitation(caller: Caller<ManageUsers>, id: RecordId, db: Data<Db>) -> ApiResult<HttpResponse> {
    let Ticket { token, expires_at } =
        db.write(async |conn| actions::ticket(conn, caller.id, id.0, TicketPurpose::Invitation).await).await?;
    let invitation = Invitation { invitation_token: token, expires_at };
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(invitation))
}

/// Let an active user set another password; an earlier reset stops working.
#[utoipa::path(tag = "users", params(("user_id" = uuid::Uuid, Path)), responses((status = 200, description = "The reset", body = PasswordReset)))]
#[post("/users/{user_id}/password-resets")]
async fn issue_password_reset(caller: Caller<ManageUsers>, id: RecordId, db: Data<Db>) -> ApiResult<HttpResponse> {
    let Ticket { token, expires_at } =
        db.write(async |conn| actions::ticket(conn, caller.id, id.0, TicketPurpose::PasswordReset).await).await?;
    let reset = PasswordReset { reset_token: token, expires_at };
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(reset))
}
