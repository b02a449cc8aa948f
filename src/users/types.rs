//! A user as it is stored and travels.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::Role,
    error::{Code, Faults},
    http::{ListFilter, Merge},
    register::Fields,
    schema::users,
    types::{Email, Flag, Name, distinct, words},
};

words! {
    /// Whether a user may sign in.
    UserStatus {
        /// Not yet: the invitation has not been accepted.
        Invited = "invited",
        /// Yes.
        Active = "active",
        /// No longer.
        Disabled = "disabled",
    }
}

/// What an administrator may change about a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"name": "Area coordinator", "role": "coordinator", "area_ids": ["0193a1c2-0000-7000-8000-000000000002"]}))]
pub struct UserFields {
    /// The person's name.
    pub name: Name,
    /// What they may do.
    pub role: Role,
    /// The partner organisation they belong to: for partners, and for them alone.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
    /// The facility they work in: for clerks, and for them alone.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// The areas they coordinate, with all below them: one or more for coordinators, none for others.
    #[deserr(default)]
    #[schema(required = false, max_items = 200)]
    pub area_ids: Vec<Uuid>,
}

impl Fields for UserFields {
    fn check(&self, faults: &mut Faults) {
        belongs(faults, "/organization_id", self.role == Role::Partner, self.organization_id.is_some());
        belongs(faults, "/facility_id", self.role == Role::Clerk, self.facility_id.is_some());
        belongs(faults, "/area_ids", self.role == Role::Coordinator, !self.area_ids.is_empty());
        distinct(faults, "/area_ids", &self.area_ids, 200);
    }
}

/// A role has this field, or there is no such field for it.
fn belongs(faults: &mut Faults, pointer: &str, asked_for: bool, given: bool) {
    match (asked_for, given) {
        (true, false) => faults.add(pointer, Code::Required),
        (false, true) => faults.add(pointer, Code::UnknownField),
        _ => {}
    }
}

/// A user to be invited.
#[derive(Debug, Clone, PartialEq, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"email": "coordinator@demo.siraj.example", "name": "Area coordinator", "role": "coordinator",
    "area_ids": ["0193a1c2-0000-7000-8000-000000000002"]}))]
pub struct NewUser {
    /// Chosen by the client (UUID), or made by the service when absent.
    #[deserr(default)]
    pub id: Option<Uuid>,
    /// The e-mail address they sign in with; never used twice.
    pub email: Email,
    /// The person's name.
    pub name: Name,
    /// What they may do.
    pub role: Role,
    /// The partner organisation they belong to: for partners, and for them alone.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
    /// The facility they work in: for clerks, and for them alone.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// The areas they coordinate, with all below them: one or more for coordinators, none for others.
    #[deserr(default)]
    #[schema(required = false, max_items = 200)]
    pub area_ids: Vec<Uuid>,
}

impl NewUser {
    /// All that may be changed later.
    pub fn fields(&self) -> UserFields {
        UserFields {
            name: self.name.clone(),
            role: self.role,
            organization_id: self.organization_id,
            facility_id: self.facility_id,
            area_ids: self.area_ids.clone(),
        }
    }
}

/// The user's row; the areas stand in rows of their own.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = users)]
pub(super) struct UserRow {
    pub id: Uuid,
    pub email: Email,
    pub name: Name,
    pub role: Role,
    pub status: UserStatus,
    pub organization_id: Option<Uuid>,
    pub facility_id: Option<Uuid>,
    pub retired_at: Option<DateTime<Utc>>,
    pub revision: i64,
    pub recorded_at: DateTime<Utc>,
    pub recorded_by: Uuid,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct User {
    /// Their id.
    pub id: Uuid,
    /// The e-mail address they sign in with.
    pub email: Email,
    /// What an administrator may change.
    #[serde(flatten)]
    pub fields: UserFields,
    /// Whether they may sign in.
    pub status: UserStatus,
    /// When they were retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

impl UserRow {
    /// With the areas they coordinate, in the order of their ids.
    pub fn with_areas(self, area_ids: Vec<Uuid>) -> User {
        let Self { name, role, organization_id, facility_id, .. } = self;
        User {
            id: self.id,
            email: self.email,
            fields: UserFields { name, role, organization_id, facility_id, area_ids },
            status: self.status,
            retired_at: self.retired_at,
            revision: self.revision,
            recorded_at: self.recorded_at,
            recorded_by: self.recorded_by,
        }
    }
}

/// A user just invited.
#[derive(Serialize, ToSchema)]
pub struct InvitedUser {
    #[serde(flatten)]
    pub user: User,
    /// To be handed to the person; shown this once. Absent when the user was there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation_token: Option<String>,
    /// When the invitation stops working.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation_expires_at: Option<DateTime<Utc>>,
}

/// A fresh invitation.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"invitation_token": "mZ2P0sJ1nq6c3yq3m8b8y2Yk8Q0mJ3o0cT2y1u1m4aE", "expires_at": "2026-11-30T08:00:00Z"}))]
pub struct Invitation {
    /// To be handed to the person; shown this once.
    pub invitation_token: String,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

/// A fresh password reset.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"reset_token": "mZ2P0sJ1nq6c3yq3m8b8y2Yk8Q0mJ3o0cT2y1u1m4aE", "expires_at": "2026-11-23T09:00:00Z"}))]
pub struct PasswordReset {
    /// To be handed to the person; shown this once.
    pub reset_token: String,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

/// What is to change about a user.
pub type UserPatch = Merge<UserFields>;

/// Which users to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// Those of one role.
    #[deserr(default)]
    pub role: Option<Role>,
    /// Those of one status.
    #[deserr(default)]
    pub status: Option<UserStatus>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for UserFilter {
    const SORTS: &'static [&'static str] = &["email", "recorded_at"];
}
