//! Every reading of a sealed field: who, what, when and why. Written in the same transaction as the
//! reading itself, so that nothing is shown that is not on record.

mod api;

use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::{
    dsl::{IntervalDsl, count, now},
    prelude::*,
    sql_types::{Text, Timestamptz},
};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::Actor,
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    schema::reveals,
    types::{Reason, words},
};

pub use api::routes;

words! {
    /// What can be revealed.
    SealedField {
        /// Where a facility stands.
        FacilityLocation = "facility_location",
        /// Who a person is.
        StaffIdentity = "staff_identity",
        /// Who a donor is.
        DonorIdentity = "donor_identity",
    }
}

impl SealedField {
    /// How many records one person may read of it in 24 hours.
    const fn most_a_day(self) -> i64 {
        match self {
            Self::FacilityLocation => 3,
            Self::StaffIdentity | Self::DonorIdentity => 20,
        }
    }

    /// What a sealed text is bound to, so that it opens nowhere else.
    pub fn bound_to(self, record: Uuid) -> String {
        format!("{}:{record}", self.as_str())
    }
}

/// Why a sealed field is to be read.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"reason": "Ambulance crew needs the entrance for tonight's transfer."}))]
pub struct RevealRequest {
    /// The reason, for the auditor's eyes: 10 to 500 letters.
    pub reason: Reason,
}

/// A reading of a sealed field.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = reveals)]
pub struct Reveal {
    /// Its id.
    pub id: Uuid,
    /// What was read.
    pub resource: SealedField,
    /// Of which facility, person or donor.
    pub record_id: Uuid,
    /// Why.
    pub reason: Reason,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// By whom.
    pub recorded_by: Uuid,
}

/// Puts a reading on record; the caller opens the seal only after this, in the same transaction.
///
/// Beyond a few records a day nobody reads alone: a stolen or forced account must not empty a region in a minute.
/// The same record read again counts once.
pub async fn record(conn: &mut Conn, actor: &Actor, field: SealedField, record: Uuid, reason: &Reason) -> ApiResult<()> {
    // One reading after the other, or two at once would both be the last that is allowed.
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended('siraj:reveals:' || $1, 0))")
        .bind::<Text, _>(actor.id.to_string())
        .execute(conn)
        .await?;
    let today = reveals::table
        .filter(reveals::recorded_by.eq(actor.id))
        .filter(reveals::resource.eq(field))
        .filter(reveals::record_id.ne(record))
        .filter(reveals::recorded_at.gt(now.into_sql::<Timestamptz>() - 1.day()));
    let others: i64 = today.select(count(reveals::record_id).aggregate_distinct()).first(conn).await?;
    if others >= field.most_a_day() {
        tracing::warn!(user.id = %actor.id, "more sealed fields were asked for than one person may read in a day");
        return Err(ApiError { retry_after: Some(3600), ..ApiError::new(Code::TooManyRequests) });
    }
    diesel::insert_into(reveals::table)
        .values((
            reveals::id.eq(Uuid::now_v7()),
            reveals::resource.eq(field),
            reveals::record_id.eq(record),
            reveals::reason.eq(reason),
            reveals::recorded_by.eq(actor.id),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
