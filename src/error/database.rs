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
    ("campaigns_window_check", Code::OutsidePeriod, &["/starts_on", "/ends_on"]),
    ("donors_organization_check", Code::Required, &["/organization_id"]),
    ("donations_campaign_currency_fkey", Code::StillInUse, &["/currency"]),
    ("donations_window_check", Code::OutsidePeriod, &["/received_on"]),
    ("donations_gift_state_check", Code::WrongState, &["/gift_id"]),
    ("donations_gift_order_check", Code::DateOrder, &["/received_on"]),
    ("donations_gift_currency_check", Code::UnfitReference, &["/gift_id"]),
    ("donations_over_gift_check", Code::RefundOverGift, &["/amount"]),
    ("donations_rate_required_check", Code::MissingRate, &["/currency"]),
    ("donations_reverses_state_check", Code::WrongState, &[]),
    ("donations_reverses_id_key", Code::WrongState, &[]),
    ("donations_stock_document_id_check", Code::UnfitReference, &["/stock_document_id"]),
    ("donations_lot_id_check", Code::UnfitReference, &["/lot_id"]),
    ("donations_in_kind_key", Code::Duplicate, &["/stock_document_id", "/lot_id"]),
    ("donations_allocated_check", Code::AllocatedAlready, &[]),
    ("campaign_allocations_campaign_currency_fkey", Code::StillInUse, &["/currency"]),
    ("campaign_allocations_line_currency_fkey", Code::StillInUse, &["/currency"]),
    ("campaign_allocations_window_check", Code::OutsidePeriod, &["/allocated_on"]),
    ("campaign_allocations_rate_required_check", Code::MissingRate, &["/budget_line_id"]),
    ("campaign_allocations_exact_check", Code::Precision, &["/amount"]),
    ("campaign_allocations_reverses_state_check", Code::WrongState, &[]),
    ("campaign_allocations_reverses_id_key", Code::WrongState, &[]),
    ("campaign_allocations_over_raised_check", Code::OverRaised, &["/amount"]),
    ("attachments_fixed_check", Code::WrongState, &[]),
    ("claims_part_of_check", Code::UnknownReference, &["/part_of_id"]),
    ("claims_since_order_check", Code::DateOrder, &["/as_of"]),
    ("claims_area_figure_check", Code::UnknownField, &["/area_ids"]),
    ("claims_contract_figure_check", Code::UnknownField, &["/contract_id"]),
    ("claims_since_figure_check", Code::UnknownField, &["/since_on"]),
    ("contract_facilities_period_excl", Code::Overlap, &["/starts_on"]),
    ("project_facilities_period_excl", Code::Overlap, &["/starts_on"]),
    ("campaign_facilities_period_excl", Code::Overlap, &["/starts_on"]),
    ("assignments_same_post_excl", Code::Overlap, &["/starts_on"]),
    ("assignments_shares_check", Code::SharesOverFull, &["/share_percent"]),
    ("assignments_departed_check", Code::PersonDeparted, &["/staff_id"]),
    ("staff_licence_day_check", Code::UnknownField, &["/licence_expires_on"]),
    ("staff_merged_self_check", Code::MergedIntoItself, &["/into_id"]),
    ("staff_merged_chain_check", Code::MergedReference, &["/into_id"]),
    ("staff_merged_into_id_retired", Code::RetiredReference, &["/into_id"]),
    ("staff_merged_posts_check", Code::StillInUse, &[]),
    ("staff_departures_return_order_check", Code::DateOrder, &["/returned_on"]),
    ("staff_departures_no_return_check", Code::WrongState, &[]),
    ("staff_departures_period_excl", Code::Overlap, &["/departed_on"]),
    ("staff_departures_posts_check", Code::PostsAfterDeparture, &["/departed_on"]),
    ("staff_distinctions_pair_key", Code::Duplicate, &["/other_id"]),
    ("staff_distinctions_self_check", Code::UnknownReference, &["/other_id"]),
    ("facility_posts_plan_excl", Code::Overlap, &["/starts_on"]),
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
    ("facility_conversions_converted_on_order_check", Code::DateOrder, &["/converted_on"]),
    ("facility_conversions_kinds_change_check", Code::Unchanged, &["/kinds"]),
    ("facility_conversions_last_check", Code::WrongState, &[]),
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
    ("contracts_signed_check", Code::ContractSigned, &[]),
    ("contract_amendments_signed_check", Code::ContractNotSigned, &[]),
    ("contract_amendments_order_check", Code::DateOrder, &["/effective_on"]),
    ("contract_amendments_same_kind_key", Code::OverlappingAmendment, &["/effective_on"]),
    ("contract_amendments_extends_check", Code::ChangesNothing, &["/ends_on"]),
    ("contract_amendments_pays_check", Code::ChangesNothing, &["/amount", "/monthly_amount"]),
    ("contract_amendments_exact_check", Code::Precision, &["/amount"]),
    ("contract_amendments_renewal_check", Code::RunsIntoRenewal, &["/ends_on"]),
    ("contract_amendments_last_check", Code::WrongState, &[]),
    ("contract_amendments_stands_check", Code::AmendmentStands, &[]),
    ("reporting_duties_same_key", Code::Duplicate, &["/title"]),
    ("reporting_duties_order_check", Code::DateOrder, &["/due_on"]),
    ("contract_scopes_one_check", Code::Required, &["/area_id"]),
    ("contract_scopes_period_excl", Code::Overlap, &["/starts_on"]),
    ("contracts_planned_check", Code::OutsidePeriod, &["/starts_on", "/ends_on"]),
    ("contracts_budgeted_check", Code::OverContract, &["/amount"]),
    ("budget_lines_exact_check", Code::Precision, &["/amount"]),
    ("budget_lines_contract_currency_fkey", Code::CurrencyMismatch, &["/currency"]),
    ("budget_lines_contract_amount_check", Code::OverContract, &["/amount"]),
    ("budget_lines_contract_fixed_check", Code::WrongState, &["/contract_id"]),
    ("budget_lines_spent_check", Code::OverBudget, &["/amount"]),
    ("budget_line_months_plan_check", Code::OutOfRange, &["/months"]),
    ("budget_line_months_period_check", Code::OutsidePeriod, &["/months"]),
    ("budget_line_months_exact_check", Code::Precision, &["/months"]),
    ("budget_line_months_month_check", Code::DateOutOfRange, &["/months"]),
    ("budget_line_months_month_key", Code::Repeated, &["/months"]),
    ("budget_line_facilities_facility_key", Code::Repeated, &["/facility_ids"]),
    ("budget_line_facilities_facility_id_fkey", Code::UnknownReference, &["/facility_ids"]),
    ("budget_line_facilities_facility_id_retired", Code::RetiredReference, &["/facility_ids"]),
    ("commitments_exact_check", Code::Precision, &["/amount"]),
    ("commitments_line_currency_fkey", Code::CurrencyMismatch, &["/currency"]),
    ("commitments_signed_check", Code::ContractNotSigned, &[]),
    ("commitments_committed_on_period_check", Code::OutsidePeriod, &["/committed_on"]),
    ("commitments_budget_check", Code::OverBudget, &["/amount"]),
    ("commitments_used_amount_check", Code::OverCommitment, &["/amount"]),
    ("commitments_step_check", Code::WrongState, &[]),
    ("expenditures_exact_check", Code::Precision, &["/amount"]),
    ("expenditures_commitment_run_check", Code::UnfitReference, &["/commitment_id"]),
    ("expenditures_original_check", Code::CurrencyMismatch, &["/original_currency"]),
    ("expenditures_line_currency_fkey", Code::CurrencyMismatch, &["/currency"]),
    ("expenditures_commitment_line_fkey", Code::UnfitReference, &["/commitment_id"]),
    ("expenditures_commitment_released_check", Code::WrongState, &["/commitment_id"]),
    ("expenditures_reverses_id_key", Code::WrongState, &[]),
    ("expenditures_reversal_check", Code::WrongState, &[]),
    ("expenditures_sign_check", Code::WrongState, &[]),
    ("expenditures_signed_check", Code::ContractNotSigned, &[]),
    ("expenditures_spent_on_order_check", Code::DateOrder, &["/spent_on"]),
    ("expenditures_spent_on_period_check", Code::OutsidePeriod, &["/spent_on"]),
    ("expenditures_budget_check", Code::OverBudget, &["/amount"]),
    ("disbursements_exact_check", Code::Precision, &["/amount"]),
    ("disbursements_contract_currency_fkey", Code::CurrencyMismatch, &["/currency"]),
    ("disbursements_signed_check", Code::ContractNotSigned, &[]),
    ("share_grants_second_person_check", Code::SecondPersonRequired, &[]),
    ("share_grants_step_check", Code::WrongState, &[]),
    ("share_grants_draft_retired_check", Code::WrongState, &[]),
    ("share_grants_whole_check", Code::WholeContractOnly, &["/facility_ids"]),
    ("share_grants_rows_check", Code::Required, &["/fields"]),
    ("share_grants_cells_check", Code::CellsDiffer, &["/smallest_cell"]),
    ("share_grants_alike_check", Code::GrantsDiffer, &["/precision", "/fields"]),
    ("share_grants_over_check", Code::DateInPast, &["/ends_on"]),
    ("share_keys_grant_state_check", Code::WrongState, &[]),
    ("share_keys_over_check", Code::DateInPast, &["/expires_on"]),
    ("share_keys_grant_end_check", Code::BeyondGrant, &["/expires_on"]),
    ("share_keys_step_check", Code::WrongState, &[]),
    ("webhooks_grant_state_check", Code::WrongState, &[]),
    ("webhooks_feed_check", Code::TellsNoChanges, &[]),
    ("webhooks_number_check", Code::WebhooksFull, &[]),
    ("webhooks_step_check", Code::WrongState, &[]),
    ("webhook_deliveries_open_key", Code::WrongState, &[]),
    ("webhook_deliveries_step_check", Code::WrongState, &[]),
    ("shipments_order_check", Code::DateOrder, &["/received_on"]),
    ("exchange_rates_pair_check", Code::Repeated, &["/quote_currency"]),
    ("stipend_scales_exact_check", Code::Precision, &["/monthly_amount"]),
    ("stipend_scales_period_excl", Code::Overlap, &["/starts_on"]),
    ("stipend_runs_month_key", Code::Duplicate, &["/month"]),
    ("stipend_runs_month_check", Code::OutOfRange, &["/month"]),
    ("stipend_runs_month_period_check", Code::OutsidePeriod, &["/month"]),
    ("stipend_runs_budget_line_check", Code::UnfitReference, &["/budget_line_id"]),
    ("stipend_runs_second_person_check", Code::SecondPersonRequired, &[]),
    ("stipend_proofs_kind_check", Code::UnfitReference, &["/attachment_ids"]),
    ("stipend_proofs_attachment_id_fkey", Code::UnknownReference, &["/attachment_ids"]),
    ("stipend_proofs_attachment_id_retired", Code::RetiredReference, &["/attachment_ids"]),
    ("stipend_entries_paid_once_key", Code::PaidTwice, &[]),
    ("stipend_entries_person_key", Code::PaidTwice, &[]),
    ("exchange_rates_day_key", Code::Duplicate, &["/rated_on"]),
    ("report_definitions_reconciled_check", Code::Required, &["/campaign_id"]),
    ("report_definitions_monthly_check", Code::Required, &["/starts_on", "/due_day"]),
    ("report_definitions_partner_check", Code::Required, &["/contract_id"]),
    ("published_reports_partner_check", Code::WrongState, &[]),
    ("published_reports_draft_check", Code::WrongState, &[]),
    ("published_reports_frozen_check", Code::WrongState, &[]),
    ("published_reports_next_check", Code::WrongState, &[]),
    ("published_reports_whole_check", Code::WrongState, &[]),
    ("published_reports_cancelled_check", Code::WrongState, &[]),
    ("published_reports_published_by_check", Code::SecondPersonRequired, &[]),
    ("claims_explained_check", Code::WrongState, &[]),
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
    // A rate can make more of an amount than a column holds.
    if message.contains("numeric field overflow") {
        return ApiError::fault("/amount", Code::OutOfRange);
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
