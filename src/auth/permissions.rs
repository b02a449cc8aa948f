//! Which roles may do what: the whole table, in one place.

use super::types::Role;

/// Something a caller is allowed to do; a handler's signature names it.
pub trait Permission: 'static {
    /// The roles that may.
    const ROLES: &'static [Role];
    /// Whether a machine may, with the key of a share grant.
    const BY_KEY: bool = false;
}

macro_rules! permissions {
    ($($(#[$doc:meta])+ $name:ident: $($role:ident)+ $(, $by:ident)?;)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Permission for $name {
            const ROLES: &'static [Role] = &[$(Role::$role,)+];
            $(const $by: bool = true;)?
        }
    )+};
}

permissions! {
    /// Any signed-in person: their own account, the catalogue, areas.
    Anyone: Admin Manager Coordinator Clerk Partner Auditor;
    /// Read facilities, staff by pseudonym: partners wait for share grants.
    ReadRegister: Admin Manager Coordinator Clerk Auditor;
    /// Read partners, contracts, projects and campaigns (partners: their own).
    ReadContracts: Admin Manager Coordinator Partner Auditor;
    /// Read budget lines, commitments, expenditures and what was paid in.
    ReadBudgets: Manager Auditor;
    /// Keep budget lines; commit, spend and turn round.
    EditBudgets: Manager;
    /// Read who and what loses its line, and who is paid twice; within one's scope.
    ReadFundingGaps: Manager Coordinator Auditor;
    /// Read what was published.
    ReadClaims: Admin Manager Coordinator Auditor;
    /// Hold what was published against the figures of everything: for those whom no scope narrows.
    ReadReconciliation: Admin Manager Auditor;
    /// Read who changed what.
    ReadHistory: Manager Coordinator Auditor;
    /// Keep facilities, staff and shipments, within one's scope.
    EditRegister: Manager Coordinator;
    /// Read when and why a person left, where they are employed within one's scope.
    ReadDepartures: Manager Coordinator Auditor;
    /// See who might be one person entered twice, within one's scope.
    FindDuplicates: Manager Coordinator;
    /// Read head-counts, turnover and vacant posts by their parts: partners wait for share grants.
    ReadStaffing: Admin Manager Coordinator Clerk Auditor;
    /// Receive a shipment at one's facility.
    ReceiveShipments: Manager Coordinator Clerk;
    /// Read shipments, which may hold what is controlled.
    ReadShipments: Manager Coordinator Clerk Auditor;
    /// Keep and see the road of shipments while they are on it, within one's scope.
    KnowTheRoad: Manager Coordinator;
    /// Read lots, places and what lies there (admins: nothing that is controlled).
    ReadStock: Admin Manager Coordinator Clerk Auditor;
    /// Read stock documents and requisitions, which may hold what is controlled.
    ReadStockDocuments: Manager Coordinator Clerk Auditor;
    /// Follow what somebody paid to the bedside, which may be controlled; within one's scope.
    TraceFunds: Manager Coordinator Auditor;
    /// Add lots and write stock documents, within one's scope.
    EditStock: Manager Coordinator Clerk;
    /// Keep the places where stock lies, within one's scope.
    EditStockLocations: Manager Coordinator;
    /// Keep fuel tanks and generators, within one's scope.
    EditFuelTanks: Manager Coordinator;
    /// Record the hours of generators and the dips of tanks, within one's scope.
    RecordFuel: Manager Coordinator Clerk;
    /// Hold, release, recall and correct lots.
    ManageLots: Manager Coordinator;
    /// Ask for supplies, within one's scope.
    EditRequisitions: Manager Coordinator Clerk;
    /// Grant or reject what was asked for, within one's scope.
    DecideRequisitions: Manager Coordinator;
    /// Keep recipes.
    EditRecipes: Manager Coordinator;
    /// Plan, start, complete, release and turn round production orders, within one's scope.
    RunProduction: Manager Coordinator;
    /// Keep equipment and repair it, within one's scope.
    KeepEquipment: Manager Coordinator;
    /// Report that a unit of equipment does not work, within one's scope.
    ReportFaults: Manager Coordinator Clerk;
    /// Keep areas and the catalogue of items.
    EditReferences: Admin Manager;
    /// Record how an area can be reached, within one's scope.
    EditAreaAccess: Admin Manager Coordinator;
    /// Keep partners, contracts, projects, campaigns and claims.
    EditContracts: Manager;
    /// Read donors, by pseudonym.
    ReadDonors: Manager Coordinator Auditor;
    /// Read donations, allocations, and what a campaign has.
    ReadDonations: Manager Auditor;
    /// Keep donors and write who they are; record donations and allocate them.
    EditDonations: Manager;
    /// Read, with a reason, who a donor is: not those who keep the money.
    RevealDonors: Coordinator;
    /// Read attachments: all of them (managers, auditors), those of one's areas and one's own (coordinators), one's own (clerks).
    ReadAttachments: Manager Coordinator Clerk Auditor;
    /// Send attachments, and change what is said of those one may read.
    EditAttachments: Manager Coordinator Clerk;
    /// Read rates between currencies.
    ReadRates: Manager Coordinator Auditor;
    /// Tell and retire rates between currencies.
    EditRates: Manager;
    /// Read scales, runs and entries of stipends; coordinators the entries of their areas.
    ReadStipends: Manager Coordinator Auditor;
    /// Set scales; draft, approve, pay and close runs of stipends.
    EditStipends: Manager;
    /// Hold back entries of a run, and let them go again, within one's scope.
    HoldStipends: Manager Coordinator;
    /// Read the payments of runs; who carried them stands there in whole for managers alone.
    ReadStipendPayments: Manager Auditor;
    /// Read the coarse cell of a facility.
    ReadCoarseCell: Admin Manager Coordinator;
    /// Write and, with a reason, read where a facility stands.
    SealedLocations: Coordinator;
    /// Write who a person is.
    SealedIdentities: Coordinator;
    /// Read, with a reason, who a person is; clerks only those of their facility.
    RevealIdentities: Coordinator Clerk;
    /// See who read which sealed field, and why.
    ReadReveals: Auditor;
    /// Read what is made for others: activities by area, data values, the directory (coordinators: their areas).
    ReadExports: Manager Coordinator Auditor;
    /// Read what reports are defined, drafted and published, and what corrections would change of them.
    ReadReports: Admin Manager Auditor;
    /// See who changed a report or its definition, and how.
    ReadReportHistory: Manager Auditor;
    /// Define, draft and publish reports.
    EditReports: Manager;
    /// Read the figures: partners have theirs through a share grant.
    ReadFigures: Admin Manager Coordinator Clerk Auditor;
    /// Open a figure into its rows.
    ReadFigureRows: Admin Manager Coordinator Clerk Auditor;
    /// See what is shared with partners, and the keys given for it.
    ReadShareGrants: Admin Manager Auditor;
    /// Draft, activate, end and revoke share grants, and give and revoke their keys.
    EditShareGrants: Manager;
    /// See who read what through a share grant (partners: through their own).
    ReadShareReads: Manager Partner Auditor;
    /// Read what a share grant gives: a partner's people, and machines with a key.
    ReadShared: Partner, BY_KEY;
    /// Invite, change, disable users.
    ManageUsers: Admin;
    /// See users.
    ReadUsers: Admin Auditor;
}
