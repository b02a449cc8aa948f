//! Sealing and reading of identities.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use super::{
    spelling::{name_form, phone_form},
    store,
    types::{MatchKeys, Staff, StaffIdentity, StaffPatch},
};
use crate::{
    auth::Actor,
    db::Conn,
    error::{ApiError, ApiResult, Code},
    http::{Answer, IfMatch},
    keys::Keys,
    register::{change, close, load_open},
    reveals::{self, RevealRequest, SealedField},
};

/// Edits a person: only from where they are employed.
pub async fn update(conn: &mut Conn, actor: &Actor, person: Uuid, expected: IfMatch, patch: &StaffPatch) -> ApiResult<Answer> {
    load_open::<Staff>(conn, &actor.scope, person).await?;
    store::ensure_own(conn, &actor.scope, person).await?;
    change::<Staff>(conn, actor, person, expected, patch).await
}

/// Retires a person: only from where they are employed.
pub async fn retire(conn: &mut Conn, actor: &Actor, person: Uuid, expected: IfMatch) -> ApiResult<Answer> {
    load_open::<Staff>(conn, &actor.scope, person).await?;
    store::ensure_own(conn, &actor.scope, person).await?;
    close::<Staff>(conn, actor, person, expected).await
}

/// Seals who a person is, for this person only. What is answered never holds the content.
pub async fn put_identity(
    conn: &mut Conn,
    keys: &Keys,
    actor: &Actor,
    person: Uuid,
    identity: &StaffIdentity,
) -> ApiResult<Answer> {
    let plain = serde_json::to_vec(identity).map_err(ApiError::internal)?;
    load_open::<Staff>(conn, &actor.scope, person).await?;
    store::ensure_own(conn, &actor.scope, person).await?;
    let bound_to = SealedField::StaffIdentity.bound_to(person);
    let sealed = keys.seal(&bound_to, &plain).ok_or_else(|| ApiError::internal("an identity could not be sealed"))?;
    store::put_identity(conn, actor.id, person, sealed).await?;
    store::put_match_keys(conn, actor.id, person, match_keys(keys, identity)).await?;
    Ok(Answer::nothing())
}

/// What finds the second record of this person. Twelve bits of a digest: several people share them, so that they name nobody.
fn match_keys(keys: &Keys, identity: &StaffIdentity) -> MatchKeys {
    let cut = |purpose: &str, form: &str| {
        let (key_id, [first, second, ..]) = keys.blind(purpose, form.as_bytes());
        (key_id.to_owned(), format!("{first:02x}{:x}", second >> 4))
    };
    let spelled = [Some(&identity.name), identity.name_ar.as_ref()];
    let forms: BTreeSet<String> = spelled.into_iter().flatten().filter_map(|name| name_form(name.as_str())).collect();
    let names: BTreeSet<String> = forms.iter().map(|form| cut("staff-name", form).1).collect();
    let phone = identity.phone.as_ref().and_then(|phone| phone_form(phone.as_str()));
    MatchKeys {
        key_id: cut("staff-name", "").0,
        names: names.into_iter().collect(),
        phone: phone.map(|form| cut("staff-phone", &form).1),
    }
}

/// Reads who a person is. The reading is on record before the seal is opened, or there is no reading.
pub async fn reveal(conn: &mut Conn, keys: &Keys, actor: &Actor, person: Uuid, request: &RevealRequest) -> ApiResult<Value> {
    store::ensure_close(conn, &actor.scope, person).await?;
    let there = store::find_identity(conn, person).await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    reveals::record(conn, actor, SealedField::StaffIdentity, person, &request.reason).await?;
    let bound_to = SealedField::StaffIdentity.bound_to(person);
    let plain = keys.unseal(&there.key_id, &bound_to, &there.sealed);
    let plain = plain.ok_or_else(|| ApiError::internal("an identity could not be opened"))?;
    // The parser's message could repeat what it read.
    serde_json::from_slice(&plain).map_err(|_| ApiError::internal("an identity is damaged"))
}
