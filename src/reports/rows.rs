//! The rows behind figures as they travel.

use chrono::NaiveDate;
use diesel::Queryable;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::Role, facilities::FacilityKind, http::Page, shipments::knows_the_road, types::Cadre};

/// A facility behind a figure.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct FacilityRow {
    /// The facility.
    pub id: Uuid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it serves as.
    pub kinds: Vec<FacilityKind>,
    /// The area it stands in.
    pub area_id: Uuid,
}

/// A person behind a figure, by pseudonym.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct PersonRow {
    /// The person's record.
    pub id: Uuid,
    /// Its code.
    pub code: String,
    /// The cadre of the largest post.
    pub cadre: Cadre,
    /// How many posts they hold.
    pub posts: i64,
    /// Their shares of full time together, in percent.
    pub share: i64,
}

/// A post behind a figure.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct PostRow {
    /// The assignment.
    pub id: Uuid,
    /// The code of the person who holds it.
    pub code: String,
    /// The person's record.
    pub staff_id: Uuid,
    /// Where.
    pub facility_id: Uuid,
    /// As what.
    pub cadre: Cadre,
    /// The share of full time, in percent.
    pub share_percent: i16,
}

/// A shipment behind a figure.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct SentRow {
    /// The shipment.
    pub id: Uuid,
    /// Its code.
    pub code: String,
    /// Where it goes.
    pub facility_id: Uuid,
    /// The day it left; not for those who need not know the road.
    pub dispatched_on: Option<NaiveDate>,
    /// The day it arrived, if it had by the day of the figure.
    pub received_on: Option<NaiveDate>,
    /// The day it was lost, seized or came back, if that was by the day of the figure.
    pub lost_on: Option<NaiveDate>,
}

impl SentRow {
    /// When something is on the road is for those who send it; afterwards also for others.
    #[must_use]
    pub fn shown_to(self, role: Role) -> Self {
        if knows_the_road(role, self.received_on.is_some()) { self } else { Self { dispatched_on: None, ..self } }
    }
}

/// A contract behind a figure.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct RunningRow {
    /// The contract.
    pub id: Uuid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The partner.
    pub organization_id: Uuid,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// Its last day.
    pub ends_on: NaiveDate,
}

/// A page of the rows behind a figure: facilities, people, posts, shipments or contracts, as the figure counts them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "says in the document what the answer is; the answer itself is a page of one of them")]
pub enum FigureRows {
    /// Behind `facilities.…`.
    Facilities(Page<FacilityRow>),
    /// Behind `staff.total` and `staff.by_cadre.…`.
    People(Page<PersonRow>),
    /// Behind `staff.posts`, `staff.full_time_equivalents` and `staff.posts_at_facilities_not_open`.
    Posts(Page<PostRow>),
    /// Behind `shipments.…`.
    Shipments(Page<SentRow>),
    /// Behind `contracts.running` and `contracts.partners`.
    Contracts(Page<RunningRow>),
}
