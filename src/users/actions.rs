//! Changes of users that take more than one statement.

use uuid::Uuid;

use super::{
    store,
    types::{InvitedUser, NewUser, User, UserFields, UserPatch, UserStatus},
};
use crate::{
    auth::{Role, SYSTEM},
    db::Conn,
    error::{ApiError, ApiResult, Code},
    http::{Answer, IfMatch},
    register::checked,
    sessions::{self, Ticket, TicketPurpose},
    types::{Email, Name},
};

/// Invites a user. The same one sent again (same id, same fields) is answered without the invitation: that was shown once.
pub(super) async fn invite(conn: &mut Conn, by: Uuid, new: &NewUser) -> ApiResult<Answer> {
    checked(&new.fields())?;
    let id = new.id.unwrap_or_else(Uuid::now_v7);
    let Some(user) = store::insert(conn, by, id, new, UserStatus::Invited).await? else {
        return present(conn, id, new).await;
    };
    let Ticket { token, expires_at } = sessions::issue_ticket(conn, by, id, TicketPurpose::Invitation).await?;
    let revision = user.revision;
    let invited = InvitedUser { user, invitation_token: Some(token), invitation_expires_at: Some(expires_at) };
    Answer::created("users", id, revision, &invited)
}

async fn present(conn: &mut Conn, id: Uuid, new: &NewUser) -> ApiResult<Answer> {
    let mut wanted = new.fields();
    wanted.area_ids.sort_unstable();
    match store::load(conn, id).await? {
        Some(there) if there.retired_at.is_some() => Err(ApiError::new(Code::RecordDeleted)),
        Some(there) if there.email == new.email && there.fields == wanted => {
            let revision = there.revision;
            let invited = InvitedUser { user: there, invitation_token: None, invitation_expires_at: None };
            Ok(Answer::created("users", id, revision, &invited)?.again())
        }
        _ => Err(ApiError::new(Code::RecordConflict)),
    }
}

/// The user, unless missing.
pub(super) async fn load_any(conn: &mut Conn, id: Uuid) -> ApiResult<User> {
    store::load(conn, id).await?.ok_or_else(|| ApiError::new(Code::NotFound))
}

/// The user, unless missing or retired.
async fn load_open(conn: &mut Conn, id: Uuid) -> ApiResult<User> {
    let user = load_any(conn, id).await?;
    if user.retired_at.is_some() { Err(ApiError::new(Code::RecordDeleted)) } else { Ok(user) }
}

/// Edits a user by merge patch, against the revision the caller has read.
pub(super) async fn change(conn: &mut Conn, by: Uuid, id: Uuid, expected: IfMatch, patch: &UserPatch) -> ApiResult<Answer> {
    let there = load_open(conn, id).await?;
    expected.check(there.revision, &there)?;
    let mut fields = patch.apply(&there.fields)?;
    checked(&fields)?;
    fields.area_ids.sort_unstable();
    if fields == there.fields {
        return Answer::record(there.revision, &there);
    }
    // Nobody gives themselves another door: an admin who could would read every sealed field.
    let doors = |fields: &UserFields| (fields.role, fields.organization_id, fields.facility_id, fields.area_ids.clone());
    if id == by && doors(&fields) != doors(&there.fields) {
        return Err(ApiError::new(Code::Forbidden));
    }
    if there.fields.role == Role::Admin && fields.role != Role::Admin {
        keep_an_admin(conn, id).await?;
    }
    let saved = store::save(conn, by, id, there.revision, &fields).await?;
    let saved = or_stale(conn, id, expected, saved).await?;
    Answer::record(saved.revision, &saved)
}

/// Retires a user: they stay on record and are out.
pub(super) async fn retire(conn: &mut Conn, by: Uuid, id: Uuid, expected: IfMatch) -> ApiResult<Answer> {
    let there = load_open(conn, id).await?;
    expected.check(there.revision, &there)?;
    keep_an_admin(conn, id).await?;
    let closed = store::withdraw(conn, by, id, there.revision).await?;
    let closed = or_stale(conn, id, expected, closed).await?;
    sessions::set_aside_tickets(conn, id, None).await?;
    Answer::record(closed.revision, &closed)
}

/// Somebody else was faster between our reading and our writing: the caller is told as if they had come later.
async fn or_stale(conn: &mut Conn, id: Uuid, expected: IfMatch, written: Option<User>) -> ApiResult<User> {
    if let Some(user) = written {
        return Ok(user);
    }
    let present = load_open(conn, id).await?;
    expected.check(present.revision, &present)?;
    Err(ApiError::unavailable("could not serialize two edits of one record"))
}

/// Without an administrator nobody could ever be let in again.
async fn keep_an_admin(conn: &mut Conn, leaving: Uuid) -> ApiResult<()> {
    if store::hold_admins(conn).await? == [leaving] { Err(ApiError::new(Code::WrongState)) } else { Ok(()) }
}

/// Disables a user, who is out at once, and whose invitations and resets stop working. A second time changes nothing.
pub(super) async fn disable(conn: &mut Conn, by: Uuid, id: Uuid) -> ApiResult<Answer> {
    let mut user = load_open(conn, id).await?;
    if user.status != UserStatus::Disabled {
        keep_an_admin(conn, id).await?;
        sessions::set_aside_tickets(conn, id, None).await?;
        user = store::set_status(conn, by, id, UserStatus::Disabled).await?;
    }
    Answer::record(user.revision, &user)
}

/// Enables a user again: active if they ever set a password, else to be invited anew. A second time changes nothing.
pub(super) async fn enable(conn: &mut Conn, by: Uuid, id: Uuid) -> ApiResult<Answer> {
    let mut user = load_open(conn, id).await?;
    if user.status == UserStatus::Disabled {
        let status = if sessions::has_password(conn, id).await? { UserStatus::Active } else { UserStatus::Invited };
        user = store::set_status(conn, by, id, status).await?;
    }
    Answer::record(user.revision, &user)
}

/// A ticket for a user who is in the state it is made for; the one before stops working.
pub(super) async fn ticket(conn: &mut Conn, by: Uuid, id: Uuid, purpose: TicketPurpose) -> ApiResult<Ticket> {
    let user = load_open(conn, id).await?;
    let fitting = match purpose {
        TicketPurpose::Invitation => UserStatus::Invited,
        TicketPurpose::PasswordReset => UserStatus::Active,
    };
    if user.status != fitting {
        return Err(ApiError::new(Code::WrongState));
    }
    sessions::issue_ticket(conn, by, id, purpose).await
}

/// A user who is active without an invitation: for the command line and the demo, which set the password themselves.
/// One who is there already, by e-mail, stays as they are.
pub async fn ensure(conn: &mut Conn, new: &NewUser) -> ApiResult<User> {
    if let Some(there) = store::find_by_email(conn, &new.email).await? {
        return Ok(there);
    }
    checked(&new.fields())?;
    let id = new.id.unwrap_or_else(Uuid::now_v7);
    store::insert(conn, SYSTEM, id, new, UserStatus::Active).await?.ok_or_else(|| ApiError::new(Code::RecordConflict))
}

/// An administrator with a password, for the first start. An e-mail address that is taken is refused.
/// Runs in the caller's transaction: a weak password leaves no user behind.
pub async fn create_admin(conn: &mut Conn, email: Email, name: Name, password: &str) -> ApiResult<User> {
    let new =
        NewUser { id: None, email, name, role: Role::Admin, organization_id: None, facility_id: None, area_ids: Vec::new() };
    let id = Uuid::now_v7();
    let user = store::insert(conn, SYSTEM, id, &new, UserStatus::Active).await?;
    sessions::set_password(conn, id, password).await?;
    user.ok_or_else(|| ApiError::new(Code::RecordConflict))
}
