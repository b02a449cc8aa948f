//! `/api/v1/barcodes`.

use actix_web::{post, web::Data};
use chrono::{Datelike, Utc};

use super::{
    gs1, store,
    types::{Barcode, BarcodeText},
};
use crate::{
    auth::{Caller, ReadStock},
    db::Db,
    error::ApiResult,
    http::{Answer, Body, Mount},
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.service(read_barcode);
}

/// Read a scanned GS1 code: which item, pack and lot it names. Nothing is written.
#[utoipa::path(tag = "barcodes", request_body = BarcodeText, responses((status = 200, description = "What the code says, and what of it is known here", body = Barcode)))]
#[post("/barcodes")]
async fn read_barcode(_caller: Caller<ReadStock>, body: Body<BarcodeText>, db: Data<Db>) -> ApiResult<Answer> {
    let elements = gs1::read(&body.value.text, Utc::now().year())?;
    Answer::plain(&store::look_up(&mut *db.conn().await?, elements).await?)
}
