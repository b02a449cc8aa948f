//! How supplies are counted.

use super::types::SuppliesRule;

/// How supplies are counted: figure, rule, version.
pub const RULES: &[(&str, &str, u32)] = &[
    (
        "sent",
        "What was put onto the road of shipments on record to facilities on record, lot by lot, on the day it left; in the base unit of its item.",
        1,
    ),
    (
        "arrived",
        "What came from the road into the place it was sent to, on the day of the receipt; a receipt that was turned round counts below nothing on its own day. Left out: what was counted beyond what was sent.",
        1,
    ),
    ("refused", "What came from the road into a quarantine, by a receipt.", 1),
    ("lost", "What went from the road into the losses: lost, looted, seized, or refused and given up.", 1),
    ("returned", "What came back from the road, to where it left or elsewhere.", 1),
    (
        "values",
        "The values that discrepancies tell, by the day they were found; those that were withdrawn and what was over are left out, and so are discrepancies without a value.",
        1,
    ),
    (
        "worth",
        "The same quantities times what a base unit of their lots is worth, each currency by itself; lots that say nothing of their value are left out and told in number.",
        1,
    ),
    (
        "parts",
        "By the category of the item, the month of the day, the facility it was sent to and the area that stands in today. Every quantity is in one part, so parts add up to the whole of \
         their unit. A shipment is counted in each part that it has something of. Shipments to places that are no facility's are left out.",
        1,
    ),
];

/// What those do not know who do not send.
pub const ROAD: (&str, &str, u32) =
    ("road", "Shipments that are still on the road are left out for those who need not know the road.", 1);

/// The rules as this reader needs them.
pub fn method(knows_the_road: bool) -> Vec<SuppliesRule> {
    let rule = |(figure, rule, version): &(&'static str, &'static str, u32)| SuppliesRule { figure, rule, version: *version };
    RULES.iter().chain((!knows_the_road).then_some(&ROAD)).map(rule).collect()
}
