//! Looking up what a code names. Written by nobody here: the catalogue and the lots are others'.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{gs1::Elements, types::Barcode};
use crate::{
    db::Conn,
    error::ApiResult,
    schema::{item_gtins, item_packs, lots},
};

/// What a code says, with the item, the pack and the lot that are known by it.
pub async fn look_up(conn: &mut Conn, elements: Elements) -> ApiResult<Barcode> {
    type Bearer = (Uuid, Option<String>, Option<i64>);
    let mut told = Barcode {
        gtin: elements.gtin,
        item_id: None,
        pack: None,
        pack_factor: None,
        lot_number: elements.lot_number,
        expires_on: elements.expires_on,
        produced_on: elements.produced_on,
        serial: elements.serial,
        count: elements.count,
        lot_id: None,
        expiry_agrees: None,
    };
    let Some(gtin) = &told.gtin else { return Ok(told) };
    let bearer: Option<Bearer> = item_gtins::table
        .left_join(item_packs::table.on(item_gtins::pack_id.eq(item_packs::id.nullable())))
        .filter(item_gtins::gtin.eq(gtin))
        .select((item_gtins::item_id, item_packs::name.nullable(), item_packs::factor.nullable()))
        .first(conn)
        .await
        .optional()?;
    let Some((item, pack, factor)) = bearer else { return Ok(told) };
    (told.item_id, told.pack, told.pack_factor) = (Some(item), pack, Some(factor.unwrap_or(1)));
    let Some(number) = &told.lot_number else { return Ok(told) };
    let lot: Option<(Uuid, Option<NaiveDate>)> = lots::table
        .filter(lots::item_id.eq(item))
        .filter(lots::number.eq(number))
        .filter(lots::retired_at.is_null())
        .select((lots::id, lots::expires_on))
        .first(conn)
        .await
        .optional()?;
    if let Some((id, expires_on)) = lot {
        told.lot_id = Some(id);
        told.expiry_agrees = expires_on.zip(told.expires_on).map(|(ours, theirs)| ours == theirs);
    }
    Ok(told)
}
