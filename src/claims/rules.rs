//! Which figures there are, and when two claims cannot both be true.

use super::types::{ClaimComparison, ClaimFields};
use crate::types::words;

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
        StaffTotal = "staff.total",
        Doctors = "staff.by_cadre.doctor",
        Nurses = "staff.by_cadre.nurse",
        Midwives = "staff.by_cadre.midwife",
        Pharmacists = "staff.by_cadre.pharmacist",
        Technicians = "staff.by_cadre.technician",
        Administrative = "staff.by_cadre.administrative",
        Service = "staff.by_cadre.service",
        Posts = "staff.posts",
    }
}

/// Whether two claims of one subject cannot both be true. Claims of different days (`as_of`) or units can.
pub fn contradicts(one: &ClaimFields, other: &ClaimFields) -> bool {
    if one.subject != other.subject || one.as_of != other.as_of {
        return false;
    }
    let days = matches!((one.day, other.day), (Some(one), Some(other)) if one != other);
    let amounts = one.unit == other.unit && amounts_contradict(one, other);
    days || amounts
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
