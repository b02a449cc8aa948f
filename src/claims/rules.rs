//! Which figures there are, and when two claims cannot both be true.

use super::types::{ClaimComparison, ClaimFields, ClaimState as State};
use crate::{
    error::{ApiError, ApiResult, Code},
    items::ItemCategory,
    types::words,
};

words! {
    /// The figures that a claim can be held against and that can be opened into their rows, by their names in the reports.
    Figure {
        FacilitiesTotal = "facilities.total",
        Hospitals = "facilities.by_kind.hospital",
        PrimaryCareCenters = "facilities.by_kind.primary_care_center",
        NursingHomes = "facilities.by_kind.nursing_home",
        MedicalPoints = "facilities.by_kind.medical_point",
        MobileClinics = "facilities.by_kind.mobile_clinic",
        FacilitiesOfSeveralKinds = "facilities.of_several_kinds",
        FacilitiesFull = "facilities.by_functionality.full",
        FacilitiesPartial = "facilities.by_functionality.partial",
        FacilitiesNone = "facilities.by_functionality.none",
        FacilitiesDestroyed = "facilities.by_functionality.destroyed",
        FacilitiesUnknown = "facilities.by_functionality.unknown",
        SupportedButNotOpen = "facilities.supported_but_not_open",
        OpenButNotSupported = "facilities.open_but_not_supported",
        StaffTotal = "staff.total",
        Doctors = "staff.by_cadre.doctor",
        Nurses = "staff.by_cadre.nurse",
        Midwives = "staff.by_cadre.midwife",
        Pharmacists = "staff.by_cadre.pharmacist",
        Technicians = "staff.by_cadre.technician",
        Administrative = "staff.by_cadre.administrative",
        Service = "staff.by_cadre.service",
        Posts = "staff.posts",
        /// The shares of full time of the same posts: a decimal.
        FullTimeEquivalents = "staff.full_time_equivalents",
        /// Left out of the others.
        PostsNotOpen = "staff.posts_at_facilities_not_open",
        Shipments = "shipments.total",
        ShipmentsDispatched = "shipments.dispatched",
        ShipmentsReceived = "shipments.received",
        /// Lost, seized, or come back.
        ShipmentsLost = "shipments.lost",
        ContractsRunning = "contracts.running",
        /// The partners of the same contracts, each once.
        Partners = "contracts.partners",
        /// What the claim's campaign asks for.
        CampaignGoal = "campaign.goal",
        /// What was received, less refunds and chargebacks.
        CampaignRaised = "campaign.raised",
        /// What is missing to the goal.
        CampaignRemaining = "campaign.remaining",
        /// What was spent in the month in which least was, of the months of a span: that so much was spent a month.
        LeastMonthSpent = "spending.least_month",
        ArrivedEquipment = "supplies.arrived.equipment",
        ArrivedEmergencyConsumables = "supplies.arrived.emergency_consumables",
        ArrivedMedicines = "supplies.arrived.medicines",
        ArrivedAnaesthetics = "supplies.arrived.anaesthetics",
        ArrivedLaboratoryKits = "supplies.arrived.laboratory_kits",
        ArrivedSatelliteAndRadio = "supplies.arrived.satellite_and_radio",
        ArrivedFuel = "supplies.arrived.fuel",
        ArrivedFoodAndRelief = "supplies.arrived.food_and_relief",
    }
}

impl Figure {
    /// The category of items, where it counts what of one arrived.
    pub fn arrived(self) -> Option<ItemCategory> {
        self.as_str().strip_prefix("supplies.arrived.").and_then(ItemCategory::parse)
    }

    /// Whether it is one of a campaign's money.
    pub fn is_of_campaign(self) -> bool {
        matches!(self, Self::CampaignGoal | Self::CampaignRaised | Self::CampaignRemaining)
    }

    /// Whether it counts what happened over some days, not what was so on one.
    pub fn is_of_span(self) -> bool {
        self == Self::LeastMonthSpent || self.arrived().is_some()
    }
}

/// Where a claim may come to: what is corrected is done with, until it is opened again.
pub fn after(state: State, wanted: State) -> ApiResult<()> {
    match (state, wanted) {
        (State::Open, State::Explained | State::Corrected)
        | (State::Explained, State::Corrected)
        | (State::Explained | State::Corrected, State::Open) => Ok(()),
        _ => Err(ApiError::new(Code::WrongState)),
    }
}

/// Whether two claims of one subject cannot both be true. Claims of different days (`as_of`), spans, areas, contracts or units can.
pub fn contradicts(one: &ClaimFields, other: &ClaimFields) -> bool {
    let same_span = (one.as_of, one.since_on) == (other.as_of, other.since_on);
    if one.subject != other.subject || !same_span || !same_places(one, other) || one.contract_id != other.contract_id {
        return false;
    }
    let days = matches!((one.day, other.day), (Some(one), Some(other)) if one != other);
    let amounts = one.unit == other.unit && amounts_contradict(one, other);
    days || amounts
}

fn same_places(one: &ClaimFields, other: &ClaimFields) -> bool {
    let all_of = |one: &ClaimFields, other: &ClaimFields| one.area_ids.iter().all(|area| other.area_ids.contains(area));
    all_of(one, other) && all_of(other, one)
}

fn amounts_contradict(one: &ClaimFields, other: &ClaimFields) -> bool {
    let (Some(a), Some(b)) = (&one.amount, &other.amount) else { return false };
    match (one.comparison, other.comparison) {
        (ClaimComparison::Equals, comparison) => !comparison.holds(&a.0, &b.0),
        (comparison, ClaimComparison::Equals) => !comparison.holds(&b.0, &a.0),
        // Two lower bounds: the higher one keeps both.
        (ClaimComparison::AtLeast | ClaimComparison::MoreThan, ClaimComparison::AtLeast | ClaimComparison::MoreThan) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::error::Faults;

    fn claim(more: &Value) -> ClaimFields {
        let mut body = json!({"code": "C1", "campaign_id": "0193a1c2-0000-7000-8000-000000000001", "statement": "It is so.",
            "subject": "staff.total", "source": "a page"});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        deserr::deserialize::<_, _, Faults>(body).expect("a claim")
    }

    #[test]
    fn claims_contradict_each_other_only_where_both_cannot_be_true() {
        let cases = [
            (json!({"amount": "740"}), json!({"amount": "740.00"}), false),
            (json!({"amount": "740"}), json!({"amount": "741"}), true),
            (json!({"amount": "740"}), json!({"amount": "741", "unit": "posts"}), false),
            (json!({"amount": "740"}), json!({"amount": "741", "as_of": "2014-12-31"}), false),
            (json!({"amount": "740"}), json!({"amount": "741", "subject": "staff.posts"}), false),
            (json!({"amount": "740"}), json!({"amount": "741", "area_ids": ["0193a1c2-0000-7000-8000-000000000002"]}), false),
            (json!({"amount": "740"}), json!({"amount": "741", "contract_id": "0193a1c2-0000-7000-8000-000000000003"}), false),
            (json!({"amount": "740"}), json!({"amount": "740", "comparison": "at_least"}), false),
            (json!({"amount": "740"}), json!({"amount": "740", "comparison": "more_than"}), true),
            (json!({"amount": "500", "comparison": "more_than"}), json!({"amount": "900", "comparison": "at_least"}), false),
            (json!({"day": "2012-11-01"}), json!({"day": "2012-10-01"}), true),
            (json!({"day": "2012-11-01"}), json!({"day": "2012-11-01"}), false),
            (json!({"day": "2012-11-01"}), json!({}), false),
        ];
        for (one, other, expected) in cases {
            let (one, other) = (claim(&one), claim(&other));
            assert_eq!(contradicts(&one, &other), expected, "{one:?} {other:?}");
            assert_eq!(contradicts(&other, &one), expected, "{other:?} {one:?}");
        }
    }
}
