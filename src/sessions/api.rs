//! `/api/v1/auth` and `/api/v1/me`.

use actix_web::{HttpResponse, get, post, put, web::Data};

use super::{
    actions, store,
    throttle::Throttle,
    types::{Credentials, Me, PasswordChange, RefreshRequest, SignOutRequest, TicketAcceptance, TicketPurpose, Tokens},
};
use crate::{
    auth::{Anyone, Caller},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, ClientAddress, Mount},
    keys::Keys,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config
        .service(sign_in)
        .service(refresh_session)
        .service(sign_out)
        .service(accept_invitation)
        .service(accept_password_reset)
        .service(find_me)
        .service(change_password);
}

/// Tokens are kept by nobody but their client.
fn answer(tokens: &Tokens) -> HttpResponse {
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(tokens)
}

/// Sign in with e-mail and password.
#[utoipa::path(tag = "sessions", request_body = Credentials, responses((status = 200, description = "The tokens of a new session", body = Tokens)))]
#[post("/auth/login")]
async fn sign_in(
    from: ClientAddress,
    body: Body<Credentials>,
    throttle: Data<Throttle>,
    keys: Data<Keys>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    Ok(answer(&actions::sign_in(&db, &keys, &throttle, from.0, &body.value).await?))
}

/// Stay signed in: a refresh token becomes the next pair. Sent again because the answer was lost, it gives the same one.
#[utoipa::path(tag = "sessions", request_body = RefreshRequest, responses((status = 200, description = "The next tokens of the session", body = Tokens)))]
#[post("/auth/refresh")]
async fn refresh_session(body: Body<RefreshRequest>, keys: Data<Keys>, db: Data<Db>) -> ApiResult<HttpResponse> {
    Ok(answer(&actions::refresh(&db, &keys, &body.value.refresh_token).await?))
}

/// Sign out: the given sign-in ends, or all of them. Its access token lives on for its last minutes.
#[utoipa::path(tag = "sessions", request_body = SignOutRequest, responses((status = 204, description = "Signed out")))]
#[post("/auth/logout")]
async fn sign_out(caller: Caller<Anyone>, body: Body<SignOutRequest>, db: Data<Db>) -> ApiResult<Answer> {
    actions::sign_out(&db, caller.id, &body.value).await?;
    Ok(Answer::nothing())
}

/// Accept an invitation: set a password and be signed in.
#[utoipa::path(tag = "sessions", request_body = TicketAcceptance, responses((status = 200, description = "The tokens of a new session", body = Tokens)))]
#[post("/auth/invitations/accept")]
async fn accept_invitation(body: Body<TicketAcceptance>, keys: Data<Keys>, db: Data<Db>) -> ApiResult<HttpResponse> {
    Ok(answer(&actions::accept(&db, &keys, TicketPurpose::Invitation, &body.value).await?))
}

/// Set another password with a reset, and be signed in; every other session is over.
#[utoipa::path(tag = "sessions", request_body = TicketAcceptance, responses((status = 200, description = "The tokens of a new session", body = Tokens)))]
#[post("/auth/password-resets/accept")]
async fn accept_password_reset(body: Body<TicketAcceptance>, keys: Data<Keys>, db: Data<Db>) -> ApiResult<HttpResponse> {
    Ok(answer(&actions::accept(&db, &keys, TicketPurpose::PasswordReset, &body.value).await?))
}

/// Who am I, and what may I see?
#[utoipa::path(tag = "sessions", responses((status = 200, description = "The caller's account", body = Me)))]
#[get("/me")]
async fn find_me(caller: Caller<Anyone>, db: Data<Db>) -> ApiResult<HttpResponse> {
    Ok(HttpResponse::Ok().json(store::me(&mut *db.conn().await?, caller.id).await?))
}

/// Change one's own password; every other session is over.
#[utoipa::path(tag = "sessions", request_body = PasswordChange, responses((status = 200, description = "The tokens of a new session", body = Tokens)))]
#[put("/me/password")]
async fn change_password(
    caller: Caller<Anyone>,
    from: ClientAddress,
    body: Body<PasswordChange>,
    throttle: Data<Throttle>,
    keys: Data<Keys>,
    db: Data<Db>,
) -> ApiResult<HttpResponse> {
    Ok(answer(&actions::change_password(&db, &keys, &throttle, from.0, caller.id, &body.value).await?))
}
