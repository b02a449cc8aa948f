//! `/api/v1/reveals`: for auditors.

use actix_web::{HttpResponse, get, web::Data};
use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::{ExpressionMethods, QueryDsl, SelectableHelper};
use diesel_async::RunQueryDsl;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{Reveal, SealedField};
use crate::{
    auth::{Caller, ReadReveals},
    db::{Conn, Db},
    error::{ApiResult, Faults},
    http::{ListFilter, Listing, Mount, Page, PageQuery, keyset},
    schema::reveals,
};

/// The routes of this slice.
pub fn routes(config: &mut Mount) {
    config.service(list_reveals);
}

/// Which readings to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RevealFilter {
    /// Those of one sealed field.
    #[deserr(default)]
    resource: Option<SealedField>,
    /// Those of one facility or person.
    #[deserr(default)]
    record_id: Option<Uuid>,
    /// Those by one user.
    #[deserr(default)]
    recorded_by: Option<Uuid>,
}

impl ListFilter for RevealFilter {
    const SORTS: &'static [&'static str] = &["recorded_at"];
}

/// List who read which sealed field, and why.
#[utoipa::path(tag = "audit", params(PageQuery, RevealFilter), responses((status = 200, description = "A page of readings", body = Page<Reveal>)))]
#[get("/reveals")]
async fn list_reveals(_caller: Caller<ReadReveals>, listing: Listing<RevealFilter>, db: Data<Db>) -> ApiResult<HttpResponse> {
    listing.answer(async move |page, filter| list(&mut *db.conn().await?, filter, page).await).await
}

async fn list(conn: &mut Conn, filter: &RevealFilter, page: &PageQuery) -> ApiResult<Vec<Reveal>> {
    let mut query = reveals::table.select(Reveal::as_select()).into_boxed();
    if let Some(resource) = filter.resource {
        query = query.filter(reveals::resource.eq(resource));
    }
    if let Some(record) = filter.record_id {
        query = query.filter(reveals::record_id.eq(record));
    }
    if let Some(user) = filter.recorded_by {
        query = query.filter(reveals::recorded_by.eq(user));
    }
    let query = keyset!(query, page, reveals::id, { "recorded_at" => reveals::recorded_at; DateTime<Utc> });
    Ok(query.load(conn).await?)
}
