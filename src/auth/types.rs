//! Roles and scopes.

use uuid::Uuid;

use crate::types::words;

/// The account that acts when nobody does: imports and the demo.
pub const SYSTEM: Uuid = Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001);

words! {
    /// What a person is here. An admin runs users and settings and sees less than a coordinator.
    Role {
        /// Runs users and settings; reads the register, no sealed field.
        Admin = "admin",
        /// Programmes: sees all areas, owns partners, contracts, campaigns; no sealed field.
        Manager = "manager",
        /// Keeps the register of some areas; the only one who reads sealed fields, with a reason.
        Coordinator = "coordinator",
        /// Works in one facility.
        Clerk = "clerk",
        /// A partner organisation: reads what it funds.
        Partner = "partner",
        /// Reads everything but sealed fields, and the audit.
        Auditor = "auditor",
    }
}

impl Role {
    /// Whether people of this role send shipments: who does not, need not know what is on the road, and since when.
    pub const fn sends(self) -> bool {
        matches!(self, Self::Manager | Self::Coordinator)
    }
}

/// Which rows a caller may touch. Applied in SQL by every slice; hidden rows answer as absent ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every row.
    Everything,
    /// What lies in these areas or below them.
    Areas(Vec<Uuid>),
    /// What belongs to one facility.
    Facility(Uuid),
    /// What one partner organisation funds.
    Organization(Uuid),
}

impl Scope {
    /// The areas that it is narrowed to: `None` for everything, none at all for a scope of another sort.
    #[must_use]
    pub fn areas(&self) -> Option<Vec<Uuid>> {
        match self {
            Self::Everything => None,
            Self::Areas(areas) => Some(areas.clone()),
            Self::Facility(_) | Self::Organization(_) => Some(Vec::new()),
        }
    }
}
