//! What others ask of a place that they name.

use uuid::Uuid;

use super::types::{LocationKind, StockLocation};
use crate::{
    auth::Scope,
    db::Conn,
    error::{ApiResult, Code, Faults},
    register::Record,
};

/// Adds what is wrong with a place at a pointer: the caller must see it, it must be in use, and of one of these kinds.
pub async fn check_place(
    conn: &mut Conn,
    scope: &Scope,
    faults: &mut Faults,
    (pointer, id): (&str, Uuid),
    kinds: &[LocationKind],
) -> ApiResult<()> {
    match StockLocation::load(conn, scope, id).await? {
        None => faults.add(pointer, Code::UnknownReference),
        Some(place) if place.is_retired() => faults.add(pointer, Code::RetiredReference),
        Some(place) if !kinds.contains(&place.fields.kind) => faults.add(pointer, Code::WrongPlaces),
        Some(_) => {}
    }
    Ok(())
}
