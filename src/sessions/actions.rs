//! What sessions do in more than one step.

use std::net::IpAddr;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::{
    passwords::Turn,
    rules::{self, Presented, Verdict},
    store,
    throttle::Throttle,
    types::{Credentials, Password, PasswordChange, Secret, SignOutRequest, TicketAcceptance, TicketPurpose, Tokens},
};
use crate::{
    auth::{self, ACCESS_TOKEN_SECONDS},
    db::{Conn, Db},
    error::{ApiError, ApiResult, Code},
    keys::{Keys, random_token},
};

/// What successors of refresh tokens are derived for.
const SUCCESSOR: &str = "refresh-successor";

/// E-mail and password become tokens. Whatever is wrong, the work and the answer are the same.
pub(super) async fn sign_in(db: &Db, keys: &Keys, throttle: &Throttle, from: IpAddr, given: &Credentials) -> ApiResult<Tokens> {
    let (turn, account) = prove(db, throttle, from, given).await?;
    drop(turn);
    db.write(async |conn| open(conn, keys, account.id, account.session_version).await).await
}

/// The account whose password this is, and a turn for more hashing.
async fn prove(db: &Db, throttle: &Throttle, from: IpAddr, given: &Credentials) -> ApiResult<(Turn, store::Account)> {
    let attempt = throttle.attempt(given.email.as_str(), from)?;
    let turn = Turn::wait().await?;
    attempt.check()?;
    // The connection goes back before the hashing begins: a pool must not wait for a processor.
    let account = store::account(&mut *db.conn().await?, given.email.as_str()).await?;
    let hash = account.as_ref().and_then(|account| account.hash.clone());
    let (turn, right) = turn.verify(&given.password, hash).await?;
    if let Some(account) = account.filter(|account| right && account.is_active()) {
        attempt.succeeded();
        Ok((turn, account))
    } else {
        attempt.failed();
        Err(ApiError::new(Code::WrongCredentials))
    }
}

/// A new family of refresh tokens and its first access token.
async fn open(conn: &mut Conn, keys: &Keys, user: Uuid, session_version: i64) -> ApiResult<Tokens> {
    let refresh_token = random_token().map_err(ApiError::internal)?;
    store::open_family(conn, user, session_version, &refresh_token).await?;
    tokens(keys, user, session_version, refresh_token)
}

fn tokens(keys: &Keys, user: Uuid, session_version: i64, refresh_token: String) -> ApiResult<Tokens> {
    let access_token = auth::issue(keys, user, session_version)?;
    Ok(Tokens { access_token, token_type: "Bearer", expires_in: ACCESS_TOKEN_SECONDS, refresh_token })
}

/// A refresh token becomes the next pair.
pub(super) async fn refresh(db: &Db, keys: &Keys, token: &Secret) -> ApiResult<Tokens> {
    let outcome = db.write(async |conn| exchange(conn, keys, token).await).await?;
    // A refusal may have ended the family: it is told only when that has been kept.
    outcome.map_err(ApiError::new)
}

async fn exchange(conn: &mut Conn, keys: &Keys, token: &Secret) -> ApiResult<Result<Tokens, Code>> {
    let Some(held) = store::hold(conn, token.as_str()).await? else {
        return Ok(Err(Code::InvalidToken));
    };
    let successors: Vec<String> =
        keys.macs(SUCCESSOR, token.as_str().as_bytes()).iter().map(|mac| BASE64_URL_SAFE_NO_PAD.encode(mac)).collect();
    let given = match held.spent_at {
        Some(_) => store::find_in_family(conn, held.family_id, &successors).await?,
        None => None,
    };
    let presented = Presented {
        ended: held.ended,
        expires_at: held.expires_at,
        spent_at: held.spent_at,
        successor_spent: given.as_ref().map(|(_, spent)| *spent),
    };
    let successor = match rules::judge(&presented, store::clock(conn).await?) {
        Verdict::Refuse => return Ok(Err(Code::InvalidToken)),
        Verdict::EndFamily => {
            store::end_family(conn, held.family_id).await?;
            return Ok(Err(Code::TokenReuse));
        }
        Verdict::GiveAgain => given.map(|(successor, _)| successor),
        Verdict::Exchange => {
            let successor = successors.into_iter().next();
            if let Some(successor) = &successor {
                store::succeed(conn, &held, successor).await?;
            }
            successor
        }
    };
    let successor = successor.ok_or_else(|| ApiError::internal("a refresh token without a successor"))?;
    tokens(keys, held.user_id, held.session_version, successor).map(Ok)
}

/// Ends one sign-in of the caller, or all of them. A token of somebody else, or of nobody, ends nothing and is not told.
pub(super) async fn sign_out(db: &Db, user: Uuid, given: &SignOutRequest) -> ApiResult<()> {
    db.write(async |conn| match &given.refresh_token {
        None => store::raise_session(conn, user, user).await.map(drop),
        Some(token) => match store::hold(conn, token.as_str()).await? {
            Some(held) if held.user_id == user => store::end_family(conn, held.family_id).await,
            _ => Ok(()),
        },
    })
    .await
}

/// Another password for the caller: every other session is over.
pub(super) async fn change_password(
    db: &Db,
    keys: &Keys,
    throttle: &Throttle,
    from: IpAddr,
    user: Uuid,
    given: &PasswordChange,
) -> ApiResult<Tokens> {
    let email = store::email_of(&mut *db.conn().await?, user).await?;
    refuse_weak(&given.new_password, email.as_str(), "/new_password")?;
    let credentials = Credentials { email, password: given.current_password.clone() };
    let (turn, _) = prove(db, throttle, from, &credentials).await?;
    let hash = turn.hash(&given.new_password).await?;
    db.write(async |conn| {
        store::put_hash(conn, user, &hash).await?;
        store::set_aside_tickets(conn, user, None).await?;
        let version = store::raise_session(conn, user, user).await?;
        open(conn, keys, user, version).await
    })
    .await
}

/// A ticket and a password become a signed-in, active user. Unknown, used and expired tickets answer alike.
pub(super) async fn accept(db: &Db, keys: &Keys, purpose: TicketPurpose, given: &TicketAcceptance) -> ApiResult<Tokens> {
    let holder = store::ticket_holder(&mut *db.conn().await?, purpose, given.token.as_str()).await?;
    let holder = holder.ok_or_else(|| ApiError::new(Code::InvalidToken))?;
    refuse_weak(&given.password, holder.email.as_str(), "/password")?;
    let hash = Turn::wait().await?.hash(&given.password).await?;
    db.write(async |conn| {
        let version = store::use_ticket(conn, purpose, &holder, &hash).await?;
        open(conn, keys, holder.user_id, version).await
    })
    .await
}

/// Sets a user's password: for the command line and the demo, not for requests.
pub async fn set_password(conn: &mut Conn, user: Uuid, password: &str) -> ApiResult<()> {
    let password = Password::new(password);
    refuse_weak(&password, store::email_of(conn, user).await?.as_str(), "/password")?;
    let hash = Turn::wait().await?.hash(&password).await?;
    store::put_hash(conn, user, &hash).await?;
    store::raise_session(conn, auth::SYSTEM, user).await.map(drop)
}

fn refuse_weak(password: &Password, email: &str, pointer: &str) -> ApiResult<()> {
    if rules::is_weak(password, email) { Err(ApiError::fault(pointer, Code::WeakPassword)) } else { Ok(()) }
}
