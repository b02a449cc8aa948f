//! The rows of the sheets that say what supports what.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    error::Faults,
    register::{self, Fields},
    schema::{campaign_facilities, contract_facilities, project_facilities},
    types::in_order,
};

register::child_row! {
    /// A row of the sheet `contract_facilities`.
    ContractFacilityRow of contract_facilities {
        contract_id: Uuid,
        facility_id: Uuid,
        #[deserr(default)] starts_on: Option<NaiveDate>,
        #[deserr(default)] ends_on: Option<NaiveDate>,
    }
}

impl Fields for ContractFacilityRow {
    fn check(&self, faults: &mut Faults) {
        in_order(faults, "/ends_on", self.starts_on, self.ends_on);
    }
}

register::child_row! {
    /// A row of the sheet `project_facilities`.
    ProjectFacilityRow of project_facilities {
        project_id: Uuid,
        facility_id: Uuid,
        #[deserr(default)] starts_on: Option<NaiveDate>,
        #[deserr(default)] ends_on: Option<NaiveDate>,
    }
}

impl Fields for ProjectFacilityRow {
    fn check(&self, faults: &mut Faults) {
        in_order(faults, "/ends_on", self.starts_on, self.ends_on);
    }
}

register::child_row! {
    /// A row of the sheet `campaign_facilities`.
    CampaignFacilityRow of campaign_facilities {
        campaign_id: Uuid,
        facility_id: Uuid,
        #[deserr(default)] starts_on: Option<NaiveDate>,
        #[deserr(default)] ends_on: Option<NaiveDate>,
    }
}

impl Fields for CampaignFacilityRow {
    fn check(&self, faults: &mut Faults) {
        in_order(faults, "/ends_on", self.starts_on, self.ends_on);
    }
}
