//! The database is the judge: the names of its constraints become answers.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};

use super::{ApiError, Code, Fault};

/// Constraints whose names do not say it all: (name, answer, fields at fault).
const SPECIAL: &[(&str, Code, &[&str])] = &[
    ("facilities_name_key", Code::PossibleDuplicate, &["/name"]),
    ("organizations_name_key", Code::Duplicate, &["/name", "/aliases"]),
    ("users_partner_check", Code::Required, &["/organization_id"]),
    ("users_clerk_check", Code::Required, &["/facility_id"]),
    ("user_areas_area_id_fkey", Code::UnknownReference, &["/area_ids"]),
    ("areas_parent_check", Code::OutOfRange, &["/parent_id"]),
    ("contracts_renews_check", Code::UnknownReference, &["/renews_id"]),
    ("contracts_renews_organization_check", Code::UnknownReference, &["/renews_id"]),
    ("contracts_renews_order_check", Code::DateOrder, &["/starts_on"]),
    ("claims_part_of_check", Code::UnknownReference, &["/part_of_id"]),
    ("contract_facilities_period_excl", Code::Overlap, &["/starts_on"]),
    ("project_facilities_period_excl", Code::Overlap, &["/starts_on"]),
    ("campaign_facilities_period_excl", Code::Overlap, &["/starts_on"]),
    ("assignments_same_post_excl", Code::Overlap, &["/starts_on"]),
    ("assignments_shares_check", Code::SharesOverFull, &["/share_percent"]),
    ("shipment_lines_lot_key", Code::Repeated, &["/lines"]),
    ("shipment_lines_line_key", Code::Repeated, &["/lines"]),
    ("shipment_lines_lot_id_fkey", Code::UnknownReference, &["/lines"]),
    ("shipment_lines_lot_id_retired", Code::RetiredReference, &["/lines"]),
    ("shipments_to_place_check", Code::WrongPlaces, &["/to_id"]),
    ("shipments_from_place_check", Code::WrongPlaces, &["/from_id"]),
    ("shipments_places_check", Code::WrongState, &[]),
    ("shipments_packed_order_check", Code::DateOrder, &["/dispatched_on"]),
    ("shipments_closed_order_check", Code::DateOrder, &["/closed_on"]),
    ("shipments_requisition_state_check", Code::WrongState, &[]),
    ("lots_recall_check", Code::WrongState, &[]),
    ("shipments_outstanding_check", Code::Outstanding, &[]),
    ("shipment_contents_lot_expired_check", Code::LotExpired, &["/lines"]),
    ("shipment_contents_lot_recalled_check", Code::LotRecalled, &["/lines"]),
    ("shipment_contents_lot_blocked_check", Code::LotBlocked, &["/lines"]),
    ("shipment_contents_identity_check", Code::OutOfRange, &["/quantity"]),
    ("shipment_contents_retired_check", Code::WrongState, &[]),
    ("shipment_receipt_lines_lot_id_fkey", Code::UnknownReference, &["/lines"]),
    ("shipment_discrepancies_claimed_of_id_fkey", Code::UnknownReference, &["/organization_id"]),
    ("shipment_discrepancies_claimed_of_id_retired", Code::RetiredReference, &["/organization_id"]),
    ("stock_documents_road_check", Code::WrongPlaces, &["/to_id"]),
    ("shipment_lines_item_id_fkey", Code::UnknownReference, &["/lines"]),
    ("shipment_lines_item_id_retired", Code::RetiredReference, &["/lines"]),
    ("user_areas_area_id_retired", Code::RetiredReference, &["/area_ids"]),
    ("support_within_check", Code::OutsidePeriod, &["/starts_on"]),
    ("support_kept_check", Code::OutsidePeriod, &["/ends_on"]),
    ("assignments_contract_period_check", Code::OutsidePeriod, &["/contract_id"]),
    ("claims_part_of_campaign_fkey", Code::UnknownReference, &["/campaign_id"]),
    ("facility_status_since_on_order_check", Code::DateOrder, &["/since_on"]),
    ("facilities_opened_on_order_check", Code::DateOrder, &["/opened_on"]),
    ("lots_expiry_check", Code::Required, &["/number", "/expires_on"]),
    ("stock_locations_place_check", Code::Required, &["/area_id", "/facility_id"]),
    ("stock_documents_reverses_id_key", Code::WrongState, &[]),
    ("stock_documents_reverses_reversal_check", Code::WrongState, &[]),
    ("stock_documents_reverses_act_check", Code::WrongState, &[]),
    ("stock_documents_witnessed_by_check", Code::SecondPersonRequired, &[]),
    ("stock_documents_adjustment_reason_id_check", Code::UnknownField, &["/adjustment_reason_id"]),
    ("stock_documents_adjustment_required_check", Code::Required, &["/adjustment_reason_id"]),
    ("stock_documents_adjustment_direction_check", Code::WrongDirection, &["/adjustment_reason_id"]),
    ("stock_counts_location_id_check", Code::WrongPlaces, &["/location_id"]),
    ("stock_counts_open_key", Code::CountOpen, &["/location_id"]),
    ("stock_counts_step_check", Code::WrongState, &[]),
    ("stock_counts_second_person_check", Code::SecondPersonRequired, &[]),
    ("stock_count_lines_fixed_check", Code::WrongState, &[]),
    ("stock_count_lines_lot_key", Code::Repeated, &["/lines"]),
    ("stock_count_lines_lot_id_fkey", Code::UnknownReference, &["/lines"]),
    ("stock_count_lines_adjustment_reason_id_fkey", Code::UnknownReference, &["/lines"]),
    ("stock_count_lines_adjustment_reason_id_retired", Code::RetiredReference, &["/lines"]),
    ("stock_movements_witness_check", Code::SecondPersonRequired, &["/lines"]),
    ("controlled_issues_from_id_check", Code::WrongPlaces, &["/from_id"]),
    ("controlled_issues_to_id_check", Code::WrongPlaces, &["/to_id"]),
    ("controlled_issues_adjustment_direction_check", Code::WrongDirection, &["/adjustment_reason_id"]),
    ("controlled_issues_step_check", Code::WrongState, &[]),
    ("controlled_issues_second_person_check", Code::SecondPersonRequired, &[]),
    ("controlled_issue_lines_controlled_check", Code::NotControlled, &["/lines"]),
    ("controlled_issue_lines_lot_key", Code::Repeated, &["/lines"]),
    ("controlled_issue_lines_lot_id_fkey", Code::UnknownReference, &["/lines"]),
    ("stock_balances_reserved_check", Code::StockReserved, &["/lines"]),
    ("stock_documents_why_check", Code::Required, &["/reason"]),
    ("stock_movements_lot_key", Code::Repeated, &["/lines"]),
    ("stock_movements_lot_id_fkey", Code::UnknownReference, &["/lines"]),
    ("stock_movements_lot_expired_check", Code::LotExpired, &["/lines"]),
    ("stock_movements_lot_recalled_check", Code::LotRecalled, &["/lines"]),
    ("stock_movements_lot_blocked_check", Code::LotBlocked, &["/lines"]),
    ("stock_balances_quantity_check", Code::InsufficientStock, &["/lines"]),
    ("stock_days_closing_check", Code::LaterInsufficientStock, &["/lines"]),
    ("item_packs_name_key", Code::Repeated, &["/packs"]),
    ("item_packs_gtin_key", Code::Duplicate, &["/packs"]),
    ("requisitions_order_check", Code::DateOrder, &["/needed_on"]),
    ("requisitions_emergency_check", Code::Required, &["/emergency_reason"]),
    ("requisitions_second_person_check", Code::SecondPersonRequired, &[]),
    ("requisition_lines_item_key", Code::Repeated, &["/lines"]),
    ("requisition_lines_item_id_fkey", Code::UnknownReference, &["/lines"]),
    ("requisition_lines_item_id_retired", Code::RetiredReference, &["/lines"]),
    ("requisition_lines_sent_check", Code::OutOfRange, &["/lines"]),
    ("requisition_lines_received_check", Code::OutOfRange, &["/lines"]),
    ("lots_production_order_id_waits", Code::WrongState, &[]),
    ("recipes_used_check", Code::WrongState, &[]),
    ("recipes_first_check", Code::Required, &["/follows_id"]),
    ("recipes_expiry_check", Code::Required, &["/shelf_life_days"]),
    ("recipes_ingredients_check", Code::Required, &["/ingredients"]),
    ("recipe_ingredients_item_key", Code::Repeated, &["/ingredients"]),
    ("recipe_ingredients_item_id_fkey", Code::UnknownReference, &["/ingredients"]),
    ("recipe_ingredients_item_id_retired", Code::RetiredReference, &["/ingredients"]),
    ("production_orders_recipe_id_superseded", Code::Superseded, &["/recipe_id"]),
    ("production_orders_place_id_kind", Code::WrongPlaces, &["/place_id"]),
    ("production_orders_quarantine_id_kind", Code::WrongPlaces, &["/quarantine_id"]),
    ("production_orders_released_to_id_retired", Code::RetiredReference, &["/to_id"]),
    ("production_orders_second_person_check", Code::SecondPersonRequired, &[]),
    ("production_orders_steps_check", Code::WrongState, &[]),
    ("production_orders_started_order_check", Code::DateOrder, &["/started_on"]),
    ("production_orders_completed_order_check", Code::DateOrder, &["/completed_on"]),
    ("equipment_units_where_check", Code::Required, &["/facility_id", "/location_id"]),
    ("equipment_units_production_order_id_made", Code::UnknownReference, &["/production_order_id"]),
    ("equipment_units_ended_order_check", Code::DateOrder, &["/acquired_on"]),
    ("repair_jobs_unit_id_ended", Code::WrongState, &[]),
    ("repair_jobs_reported_on_order", Code::DateOrder, &["/reported_on"]),
    ("repair_jobs_place_id_kind", Code::WrongPlaces, &["/place_id"]),
    ("repair_jobs_steps_check", Code::WrongState, &[]),
    ("stock_movements_tank_item_check", Code::UnfitReference, &["/lines"]),
    ("stock_movements_tank_capacity_check", Code::TankOverCapacity, &["/lines"]),
    ("stock_movements_tank_dipped_check", Code::DipStands, &["/occurred_on"]),
    ("fuel_tanks_location_id_check", Code::UnfitReference, &["/location_id"]),
    ("fuel_tanks_item_id_check", Code::UnfitReference, &["/item_id"]),
    ("fuel_tanks_capacity_check", Code::TankOverCapacity, &["/capacity_litres"]),
    ("generators_tank_id_check", Code::UnfitReference, &["/tank_id"]),
    ("generator_hours_ran_on_order_check", Code::DateOrder, &["/ran_on"]),
    ("generator_hours_dipped_check", Code::DipStands, &["/ran_on"]),
    ("fuel_dips_later_check", Code::DipStands, &["/dipped_on"]),
    ("fuel_dips_once_check", Code::WrongState, &[]),
    ("share_grants_second_person_check", Code::SecondPersonRequired, &[]),
    ("share_grants_step_check", Code::WrongState, &[]),
    ("share_grants_draft_retired_check", Code::WrongState, &[]),
    ("share_grants_whole_check", Code::WholeContractOnly, &["/facility_ids"]),
    ("share_grants_rows_check", Code::Required, &["/fields"]),
    ("share_grants_cells_check", Code::CellsDiffer, &["/smallest_cell"]),
    ("share_keys_grant_state_check", Code::WrongState, &[]),
    ("share_keys_step_check", Code::WrongState, &[]),
    ("shipments_order_check", Code::DateOrder, &["/received_on"]),
];

impl From<Error> for ApiError {
    #[track_caller]
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::new(Code::NotFound),
            Error::DatabaseError(kind, info) => from_database(kind, info.as_ref()),
            Error::BrokenTransactionManager => Self::unavailable("a connection broke in mid-transaction"),
            other => Self::internal(other),
        }
    }
}

#[track_caller]
fn from_database(kind: DatabaseErrorKind, info: &(dyn DatabaseErrorInformation + Send + Sync)) -> ApiError {
    if let Some(name) = info.constraint_name() {
        return from_constraint(name, info.table_name());
    }
    match kind {
        DatabaseErrorKind::ClosedConnection
        | DatabaseErrorKind::UnableToSendCommand
        | DatabaseErrorKind::SerializationFailure
        | DatabaseErrorKind::ReadOnlyTransaction => ApiError::unavailable(info.message()),
        _ => from_message(info.message()),
    }
}

/// The driver does not hand on the SQLSTATE of rarer failures; Postgres's English sentences name them.
#[track_caller]
fn from_message(message: &str) -> ApiError {
    const PASSING: &[&str] = &[
        "deadlock detected",
        "canceling statement",
        "terminating connection",
        "the database system is",
        "connection closed",
        "error communicating",
        "too many clients",
        "remaining connection slots",
        "lock timeout",
    ];
    if message.contains("No space left on device") || message.contains("disk full") {
        return ApiError { code: Code::StorageFull, ..ApiError::unavailable(message) };
    }
    if PASSING.iter().any(|part| message.contains(part)) {
        return ApiError::unavailable(message);
    }
    ApiError::internal(message)
}

/// `<table>_<column>_key|_fkey|_check|_excl|_retired|_held`: the suffix is the answer, the middle is the field.
#[track_caller]
fn from_constraint(name: &str, table: Option<&str>) -> ApiError {
    if let Some((_, code, pointers)) = SPECIAL.iter().find(|(special, ..)| *special == name) {
        return with_faults(overall(*code), *code, pointers);
    }
    let table = table.unwrap_or_default();
    let middle = name.strip_prefix(table).map_or(name, |rest| rest.trim_start_matches('_'));
    if middle.ends_with("_held") {
        return ApiError::new(Code::StillInUse);
    }
    let rules = [
        ("_retired", Code::RetiredReference),
        ("_fkey", Code::UnknownReference),
        ("_excl", Code::Overlap),
        ("_key", Code::Duplicate),
        ("_check", Code::OutOfRange),
    ];
    for (suffix, code) in rules {
        if let Some(field) = middle.strip_suffix(suffix) {
            let (code, field) = match (code, field) {
                (Code::OutOfRange, "period") => (Code::DateOrder, "ends_on"),
                (Code::OutOfRange, day) if day.ends_with("_on") => (Code::DateOutOfRange, day),
                other => other,
            };
            return with_faults(overall(code), code, &[&format!("/{field}")]);
        }
    }
    if middle == "pkey" {
        return ApiError::new(Code::RecordConflict);
    }
    ApiError::internal(format!("the constraint {name} has no answer"))
}

/// A conflict with other records answers 409 by its own name; anything else is a fault of the body.
fn overall(code: Code) -> Code {
    if code.status().as_u16() == 409 { code } else { Code::ValidationFailed }
}

#[track_caller]
fn with_faults(code: Code, fault: Code, pointers: &[&str]) -> ApiError {
    let faults =
        pointers.iter().map(|pointer| Fault { pointer: (*pointer).to_owned(), code: fault, allowed: Vec::new() }).collect();
    ApiError { faults, ..ApiError::new(code) }
}
