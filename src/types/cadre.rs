//! What a person works as.

use super::words;

words! {
    /// What a person works as, from the most to the least specialised: ties between posts are told apart by this order.
    Cadre {
        Doctor = "doctor",
        Nurse = "nurse",
        Midwife = "midwife",
        Pharmacist = "pharmacist",
        Technician = "technician",
        Administrative = "administrative",
        Service = "service",
    }
}
