//! The caller of a handler: signed in, of a role that may, with the rows they may touch.

use std::{marker::PhantomData, ops::Deref, pin::Pin, sync::Arc};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use uuid::Uuid;

use super::{
    accounts::Accounts,
    machines::{self, KEY_MARK, Machine},
    permissions::{Anyone, Permission},
    types::{Role, SYSTEM, Scope},
};
use crate::{
    db::Db,
    error::{ApiError, ApiResult, Code},
    http::Routes,
    keys::Keys,
    types::KnownAt,
};

/// Somebody who acts: their id goes into the audit, their scope into every query.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The user.
    pub id: Uuid,
    /// What they are.
    pub role: Role,
    /// Which rows they may touch.
    pub scope: Scope,
    /// The key, where a machine asks and no person.
    pub machine: Option<Machine>,
}

impl Actor {
    /// The service itself: imports, the demo, the command line.
    pub fn system() -> Self {
        Self { id: SYSTEM, role: Role::Manager, scope: Scope::Everything, machine: None }
    }

    /// Refuses partners who ask what was known earlier: from one moment to the next single changes would show, and what was
    /// theirs by mistake would be theirs for ever.
    pub fn ensure_may_look_back(&self, known_at: Option<KnownAt>) -> ApiResult<()> {
        match self.scope {
            Scope::Organization(_) if known_at.is_some() => Err(ApiError::new(Code::Forbidden)),
            _ => Ok(()),
        }
    }
}

/// A caller who may do `P`. A stranger is answered 401 before a word about the request.
#[derive(Debug, Clone)]
pub struct Caller<P: Permission = Anyone> {
    actor: Actor,
    may: PhantomData<P>,
}

impl<P: Permission> Deref for Caller<P> {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        &self.actor
    }
}

impl<P: Permission> FromRequest for Caller<P> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = ApiResult<Self>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let actor = sign_in(&request, P::BY_KEY).await?;
            if !P::ROLES.contains(&actor.role) {
                return Err(ApiError::new(Code::Forbidden));
            }
            if let Some(routes) = request.app_data::<Data<Routes>>() {
                routes.check(request.head(), true)?;
            }
            Ok(Self { actor, may: PhantomData })
        })
    }
}

/// Who asks. `by_key`: whether a machine may; where it may not, its key is not even looked up.
async fn sign_in(request: &HttpRequest, by_key: bool) -> ApiResult<Actor> {
    let given = request.headers().get("authorization").ok_or_else(|| ApiError::new(Code::Unauthenticated))?;
    let invalid = || ApiError::new(Code::InvalidToken);
    let (scheme, token) = given.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(invalid)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(invalid());
    }
    let missing = || ApiError::internal("the application was assembled without its parts");
    let keys = request.app_data::<Data<Keys>>().ok_or_else(missing)?;
    let db = request.app_data::<Data<Db>>().ok_or_else(missing)?;
    let accounts: &Arc<Accounts> = request.app_data::<Data<Accounts>>().ok_or_else(missing)?;
    if token.trim().starts_with(KEY_MARK) {
        let digest = machines::digest(token.trim())?;
        return if by_key {
            machines::sign_in(db, &accounts.requests, digest).await
        } else {
            Err(ApiError::new(Code::Forbidden))
        };
    }
    let claims = accounts.tokens.verify(keys, token.trim())?;
    let account = accounts.find(db, claims.sub).await?.ok_or_else(invalid)?;
    if !account.active || account.session_version != claims.ver {
        return Err(invalid());
    }
    Ok(Actor { id: claims.sub, role: account.role, scope: account.scope.clone(), machine: None })
}
