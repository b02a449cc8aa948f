//! What a partner is told of what its contracts and projects support: codes and days of what has begun, and nothing of our records. Ids and
//! moments would join what a share grant tells under ids of its own with what stands here.

use chrono::{NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::types::{Support, SupportFilter};
use crate::{
    error::{ApiError, ApiResult, Code},
    http::{Listing, PageQuery, Sort},
    keys::sha256,
    types::RecordCode,
};

/// The order in which partners read.
const ORDER: &str = "facility_code";

/// A support, as a partner is told of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PartnerSupport {
    /// An id that is told to partners alone.
    id: Uuid,
    /// The facility's code.
    facility_code: RecordCode,
    /// The first day, where it is not that of what supports.
    starts_on: Option<NaiveDate>,
    /// The last day, where it is not that of what supports.
    ends_on: Option<NaiveDate>,
}

impl PartnerSupport {
    /// The id is a digest of ours, which has random bits enough that nobody finds it.
    fn of(support: Support) -> Self {
        let digest = sha256(&[b"support", support.id.as_bytes()]);
        let id = digest.first_chunk::<16>().map_or_else(Uuid::nil, |bytes| Uuid::from_bytes(*bytes));
        Self { id, facility_code: support.facility_code, starts_on: support.starts_on, ends_on: support.ends_on }
    }

    fn place(&self) -> (String, Uuid) {
        (self.facility_code.to_string(), self.id)
    }
}

/// What is not told cannot be asked by, either.
pub fn judge(listing: &Listing<SupportFilter>) -> ApiResult<()> {
    let filter = &listing.filter;
    let asks = filter.kind.is_some() || filter.facility_id.is_some() || filter.retired.is_some();
    if asks || listing.page.sort.field != ORDER { Err(ApiError::new(Code::Forbidden)) } else { Ok(()) }
}

/// All rows of a list that is always short.
pub fn whole(page: &PageQuery) -> PageQuery {
    PageQuery { limit: Some(i64::from(i32::MAX)), after: None, sort: Sort { field: ORDER, descending: false }, ..page.clone() }
}

/// One page of what has begun, in the order of the codes and of the ids that are told.
pub fn page(rows: Vec<Support>, begins_on: NaiveDate, page: &PageQuery) -> ApiResult<Vec<PartnerSupport>> {
    let today = Utc::now().date_naive();
    let begun = rows.into_iter().filter(|row| row.starts_on.unwrap_or(begins_on).max(begins_on) <= today);
    let mut told: Vec<PartnerSupport> = begun.map(PartnerSupport::of).collect();
    told.sort_by_key(PartnerSupport::place);
    if page.sort.descending {
        told.reverse();
    }
    if let Some(after) = page.after::<String>()? {
        told.retain(|row| if page.sort.descending { row.place() < after } else { row.place() > after });
    }
    told.truncate(usize::try_from(page.rows()).map_err(ApiError::internal)?);
    Ok(told)
}
