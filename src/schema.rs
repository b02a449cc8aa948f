//! Written by the test `the_schema_file_equals_the_migrated_database` from the migrations; never by hand.

diesel::table! {
    adjustment_reasons (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        name_ar -> Nullable<Text>,
        direction -> Text,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    area_access (id) {
        id -> Uuid,
        area_id -> Uuid,
        since_on -> Date,
        access -> Text,
        note -> Nullable<Text>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    area_closure (ancestor_id, area_id) {
        ancestor_id -> Uuid,
        area_id -> Uuid,
    }
}

diesel::table! {
    areas (id) {
        id -> Uuid,
        code -> Text,
        pcode -> Nullable<Text>,
        name -> Text,
        name_ar -> Nullable<Text>,
        kind -> Text,
        parent_id -> Nullable<Uuid>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    assignments (id) {
        id -> Uuid,
        staff_id -> Uuid,
        facility_id -> Uuid,
        cadre -> Text,
        role -> Nullable<Text>,
        share_percent -> Int2,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        contract_id -> Nullable<Uuid>,
        share_waiver -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    attachments (id) {
        id -> Uuid,
        kind -> Text,
        file_name -> Text,
        content_type -> Text,
        size_bytes -> Int8,
        sha256 -> Text,
        area_id -> Nullable<Uuid>,
        scan -> Text,
        scanned_at -> Nullable<Timestamptz>,
        note -> Nullable<Text>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        uploaded_by -> Uuid,
    }
}

diesel::table! {
    audit_log (id, occurred_at) {
        id -> Int8,
        occurred_at -> Timestamptz,
        actor_id -> Uuid,
        resource -> Text,
        record_id -> Uuid,
        subject_id -> Uuid,
        action -> Text,
        revision -> Nullable<Int8>,
        before -> Nullable<Jsonb>,
        after -> Nullable<Jsonb>,
    }
}

diesel::table! {
    audit_seals (number) {
        number -> Int8,
        from_id -> Int8,
        to_id -> Int8,
        lines -> Int8,
        line_hashes -> Bytea,
        previous_hash -> Bytea,
        hash -> Bytea,
        sealed_at -> Timestamptz,
    }
}

diesel::table! {
    budget_line_facilities (id) {
        id -> Uuid,
        budget_line_id -> Uuid,
        facility_id -> Uuid,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    budget_line_months (id) {
        id -> Uuid,
        budget_line_id -> Uuid,
        month -> Date,
        amount -> Numeric,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    budget_lines (id) {
        id -> Uuid,
        contract_id -> Uuid,
        code -> Text,
        name -> Text,
        name_ar -> Nullable<Text>,
        category -> Text,
        currency -> Text,
        amount -> Numeric,
        cadres -> Array<Text>,
        note -> Nullable<Text>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    campaign_allocations (id) {
        id -> Uuid,
        campaign_id -> Uuid,
        budget_line_id -> Uuid,
        amount -> Numeric,
        campaign_currency -> Text,
        line_currency -> Text,
        line_amount -> Numeric,
        exchange_rate_id -> Nullable<Uuid>,
        rate -> Nullable<Numeric>,
        allocated_on -> Date,
        note -> Nullable<Text>,
        reverses_id -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    campaign_facilities (id) {
        id -> Uuid,
        campaign_id -> Uuid,
        facility_id -> Uuid,
        starts_on -> Nullable<Date>,
        ends_on -> Nullable<Date>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    campaigns (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        name_ar -> Nullable<Text>,
        goal_amount -> Numeric,
        currency -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        description -> Nullable<Text>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        suggested_amounts -> Array<Numeric>,
        published -> Bool,
        public_text -> Nullable<Text>,
        public_text_ar -> Nullable<Text>,
    }
}

diesel::table! {
    claims (id) {
        id -> Uuid,
        code -> Text,
        campaign_id -> Uuid,
        statement -> Text,
        statement_ar -> Nullable<Text>,
        subject -> Text,
        comparison -> Text,
        amount -> Nullable<Numeric>,
        unit -> Nullable<Text>,
        day -> Nullable<Date>,
        figure -> Nullable<Text>,
        as_of -> Nullable<Date>,
        part_of_id -> Nullable<Uuid>,
        source -> Text,
        published_on -> Nullable<Date>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        state -> Text,
        explanation -> Nullable<Text>,
        area_ids -> Array<Uuid>,
        contract_id -> Nullable<Uuid>,
        since_on -> Nullable<Date>,
    }
}

diesel::table! {
    commitments (id) {
        id -> Uuid,
        budget_line_id -> Uuid,
        supplier_id -> Nullable<Uuid>,
        reference -> Nullable<Text>,
        description -> Text,
        amount -> Numeric,
        currency -> Text,
        committed_on -> Nullable<Date>,
        override_reason -> Nullable<Text>,
        used_amount -> Numeric,
        released_on -> Nullable<Date>,
        status -> Nullable<Text>,
        open_amount -> Nullable<Numeric>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    contract_amendments (id) {
        id -> Uuid,
        contract_id -> Uuid,
        number -> Int4,
        kind -> Text,
        signed_on -> Date,
        effective_on -> Date,
        ends_on -> Nullable<Date>,
        amount -> Nullable<Numeric>,
        monthly_amount -> Nullable<Numeric>,
        previous_ends_on -> Nullable<Date>,
        previous_amount -> Nullable<Numeric>,
        previous_monthly_amount -> Nullable<Numeric>,
        reason -> Text,
        attachment_id -> Nullable<Uuid>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    contract_documents (id) {
        id -> Uuid,
        contract_id -> Uuid,
        attachment_id -> Uuid,
        kind -> Text,
        title -> Text,
        dated_on -> Nullable<Date>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    contract_facilities (id) {
        id -> Uuid,
        contract_id -> Uuid,
        facility_id -> Uuid,
        starts_on -> Nullable<Date>,
        ends_on -> Nullable<Date>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    contract_scopes (id) {
        id -> Uuid,
        contract_id -> Uuid,
        area_id -> Nullable<Uuid>,
        cadre -> Nullable<Text>,
        item_category -> Nullable<Text>,
        starts_on -> Nullable<Date>,
        ends_on -> Nullable<Date>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    contracts (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        name_ar -> Nullable<Text>,
        number -> Nullable<Text>,
        organization_id -> Uuid,
        project_id -> Nullable<Uuid>,
        renews_id -> Nullable<Uuid>,
        starts_on -> Date,
        ends_on -> Date,
        currency -> Nullable<Text>,
        amount -> Nullable<Numeric>,
        monthly_amount -> Nullable<Numeric>,
        cadres -> Array<Text>,
        reporting_duties -> Nullable<Text>,
        note -> Nullable<Text>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        signed_on -> Nullable<Date>,
        signature_attachment_id -> Nullable<Uuid>,
        amendments -> Int4,
    }
}

diesel::table! {
    controlled_issue_lines (issue_id, line) {
        issue_id -> Uuid,
        line -> Int4,
        lot_id -> Uuid,
        quantity -> Int8,
    }
}

diesel::table! {
    controlled_issues (id) {
        id -> Uuid,
        from_id -> Uuid,
        to_id -> Uuid,
        occurred_on -> Date,
        reference -> Nullable<Text>,
        reason -> Nullable<Text>,
        adjustment_reason_id -> Nullable<Uuid>,
        recipient_reference -> Nullable<Text>,
        status -> Text,
        proposed_by -> Uuid,
        decided_by -> Nullable<Uuid>,
        decision_reason -> Nullable<Text>,
        document_id -> Nullable<Uuid>,
        written_in -> Int8,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    disbursements (id) {
        id -> Uuid,
        contract_id -> Uuid,
        amount -> Numeric,
        currency -> Text,
        received_on -> Date,
        reference -> Nullable<Text>,
        note -> Nullable<Text>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    donations (id) {
        id -> Uuid,
        campaign_id -> Uuid,
        kind -> Text,
        donor_id -> Nullable<Uuid>,
        amount -> Numeric,
        currency -> Text,
        exchange_rate_id -> Nullable<Uuid>,
        rate -> Nullable<Numeric>,
        campaign_currency -> Text,
        campaign_amount -> Numeric,
        received_on -> Date,
        channel -> Nullable<Text>,
        reference -> Nullable<Text>,
        note -> Nullable<Text>,
        gift_id -> Nullable<Uuid>,
        stock_document_id -> Nullable<Uuid>,
        lot_id -> Nullable<Uuid>,
        attachment_id -> Nullable<Uuid>,
        reverses_id -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        override_reason -> Nullable<Text>,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    donor_identities (id) {
        id -> Uuid,
        donor_id -> Uuid,
        key_id -> Text,
        sealed -> Bytea,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    donors (id) {
        id -> Uuid,
        code -> Text,
        kind -> Text,
        organization_id -> Nullable<Uuid>,
        note -> Nullable<Text>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    equipment_units (id) {
        id -> Uuid,
        item_id -> Uuid,
        expiry_tracked -> Bool,
        serial_number -> Text,
        production_order_id -> Nullable<Uuid>,
        origin_id -> Nullable<Uuid>,
        facility_id -> Nullable<Uuid>,
        location_id -> Nullable<Uuid>,
        location_holds -> Nullable<Bool>,
        acquired_on -> Date,
        note -> Nullable<Text>,
        status -> Text,
        ended_on -> Nullable<Date>,
        reason -> Nullable<Text>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    exchange_rates (id) {
        id -> Uuid,
        base_currency -> Text,
        quote_currency -> Text,
        rate -> Numeric,
        rated_on -> Date,
        source -> Text,
        note -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    expenditures (id) {
        id -> Uuid,
        budget_line_id -> Uuid,
        commitment_id -> Nullable<Uuid>,
        amount -> Numeric,
        currency -> Text,
        original_amount -> Nullable<Numeric>,
        original_currency -> Nullable<Text>,
        rate -> Nullable<Numeric>,
        exchange_rate_id -> Nullable<Uuid>,
        spent_on -> Date,
        description -> Text,
        organization_id -> Nullable<Uuid>,
        attachment_id -> Nullable<Uuid>,
        stipend_run_id -> Nullable<Uuid>,
        override_reason -> Nullable<Text>,
        reverses_id -> Nullable<Uuid>,
        search -> Nullable<Text>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    facilities (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        name_ar -> Nullable<Text>,
        aliases -> Array<Text>,
        kinds -> Array<Text>,
        area_id -> Uuid,
        operator_id -> Nullable<Uuid>,
        beds -> Nullable<Int4>,
        opened_on -> Nullable<Date>,
        closed_on -> Nullable<Date>,
        note -> Nullable<Text>,
        same_name_confirmed -> Bool,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    facility_conversions (id) {
        id -> Uuid,
        facility_id -> Uuid,
        converted_on -> Date,
        kinds_before -> Array<Text>,
        kinds -> Array<Text>,
        note -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    facility_locations (id) {
        id -> Uuid,
        facility_id -> Uuid,
        key_id -> Text,
        sealed -> Bytea,
        coarse_cell -> Text,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    facility_posts (id) {
        id -> Uuid,
        facility_id -> Uuid,
        cadre -> Text,
        planned -> Int4,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        note -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    facility_status (id) {
        id -> Uuid,
        facility_id -> Uuid,
        since_on -> Date,
        functionality -> Text,
        causes -> Array<Text>,
        note -> Nullable<Text>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    facility_support (facility_id) {
        facility_id -> Nullable<Uuid>,
        contract_id -> Nullable<Uuid>,
        project_id -> Nullable<Uuid>,
        campaign_id -> Nullable<Uuid>,
        organization_id -> Nullable<Uuid>,
        period -> Nullable<Daterange>,
    }
}

diesel::table! {
    fuel_dips (id) {
        id -> Uuid,
        tank_id -> Uuid,
        dipped_on -> Date,
        litres -> Int8,
        book_litres -> Int8,
        tolerance_litres -> Numeric,
        reason -> Nullable<Text>,
        note -> Nullable<Text>,
        reversed_at -> Nullable<Timestamptz>,
        reversal_reason -> Nullable<Text>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    fuel_tanks (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        name_ar -> Nullable<Text>,
        location_id -> Uuid,
        item_id -> Uuid,
        capacity_litres -> Int8,
        alarm_hours -> Int4,
        tolerance -> Numeric,
        tolerance_unit -> Text,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    generator_hours (id) {
        id -> Uuid,
        generator_id -> Uuid,
        ran_on -> Date,
        hours -> Numeric,
        note -> Nullable<Text>,
        tank_id -> Uuid,
        litres_per_hour -> Numeric,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    generators (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        name_ar -> Nullable<Text>,
        facility_id -> Uuid,
        tank_id -> Uuid,
        litres_per_hour -> Numeric,
        since_on -> Date,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    idempotency_keys (caller_id, key) {
        caller_id -> Uuid,
        key -> Text,
        request_hash -> Bytea,
        status -> Int2,
        etag -> Nullable<Text>,
        location -> Nullable<Text>,
        body -> Bytea,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    item_gtins (gtin) {
        gtin -> Text,
        item_id -> Uuid,
        pack_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    item_packs (id) {
        id -> Uuid,
        item_id -> Uuid,
        line -> Int4,
        name -> Text,
        name_ar -> Nullable<Text>,
        factor -> Int8,
        gtin -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    items (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        name_ar -> Nullable<Text>,
        synonyms -> Array<Text>,
        category -> Text,
        base_unit -> Text,
        atc_code -> Nullable<Text>,
        gtin -> Nullable<Text>,
        controlled -> Bool,
        cold_chain -> Bool,
        expiry_tracked -> Bool,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    lots (id) {
        id -> Uuid,
        item_id -> Uuid,
        expiry_tracked -> Bool,
        number -> Nullable<Text>,
        expires_on -> Nullable<Date>,
        manufacturer -> Nullable<Text>,
        origin_id -> Nullable<Uuid>,
        status -> Text,
        reason -> Nullable<Text>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        production_order_id -> Nullable<Uuid>,
        unit_value -> Nullable<Numeric>,
        currency -> Nullable<Text>,
    }
}

diesel::table! {
    organization_names (folded) {
        folded -> Text,
        organization_id -> Uuid,
    }
}

diesel::table! {
    organizations (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        name_ar -> Nullable<Text>,
        aliases -> Array<Text>,
        roles -> Array<Text>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        iati_identifier -> Nullable<Text>,
        form -> Nullable<Text>,
    }
}

diesel::table! {
    production_orders (id) {
        id -> Uuid,
        code -> Text,
        recipe_id -> Uuid,
        place_id -> Uuid,
        quarantine_id -> Uuid,
        batches -> Int4,
        planned_on -> Date,
        campaign_id -> Nullable<Uuid>,
        contract_id -> Nullable<Uuid>,
        note -> Nullable<Text>,
        status -> Text,
        started_on -> Nullable<Date>,
        completed_on -> Nullable<Date>,
        completed_by -> Nullable<Uuid>,
        lot_id -> Nullable<Uuid>,
        quantity -> Nullable<Int8>,
        lost_quantity -> Nullable<Int8>,
        completion_note -> Nullable<Text>,
        decided_on -> Nullable<Date>,
        decided_by -> Nullable<Uuid>,
        released_to_id -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    project_facilities (id) {
        id -> Uuid,
        project_id -> Uuid,
        facility_id -> Uuid,
        starts_on -> Nullable<Date>,
        ends_on -> Nullable<Date>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    projects (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        name_ar -> Nullable<Text>,
        organization_id -> Nullable<Uuid>,
        description -> Nullable<Text>,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    published_reports (id) {
        id -> Uuid,
        number -> Nullable<Int8>,
        definition_id -> Uuid,
        definition_version -> Int8,
        kind -> Text,
        title -> Text,
        title_ar -> Nullable<Text>,
        campaign_id -> Nullable<Uuid>,
        contract_id -> Nullable<Uuid>,
        area_id -> Nullable<Uuid>,
        as_of -> Date,
        period_on -> Nullable<Date>,
        due_on -> Nullable<Date>,
        known_at -> Timestamptz,
        document -> Bytea,
        document_hash -> Bytea,
        status -> Text,
        drafted_by -> Uuid,
        drafted_at -> Timestamptz,
        reason -> Nullable<Text>,
        published_by -> Nullable<Uuid>,
        published_at -> Nullable<Timestamptz>,
        audit_seal -> Nullable<Int8>,
        audit_hash -> Nullable<Bytea>,
        signature -> Nullable<Bytea>,
        key_id -> Nullable<Text>,
        public_key -> Nullable<Bytea>,
        search -> Nullable<Text>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        audience -> Text,
    }
}

diesel::table! {
    recipe_ingredients (id) {
        id -> Uuid,
        recipe_id -> Uuid,
        line -> Int4,
        item_id -> Uuid,
        quantity -> Int8,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    recipes (id) {
        id -> Uuid,
        code -> Text,
        version -> Int4,
        follows_id -> Nullable<Uuid>,
        follows_version -> Nullable<Int4>,
        name -> Text,
        name_ar -> Nullable<Text>,
        item_id -> Uuid,
        expiry_tracked -> Bool,
        batch_size -> Int8,
        shelf_life_days -> Nullable<Int4>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    refresh_tokens (id) {
        id -> Uuid,
        family_id -> Uuid,
        user_id -> Uuid,
        token_hash -> Bytea,
        session_version -> Int8,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
        spent_at -> Nullable<Timestamptz>,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    repair_jobs (id) {
        id -> Uuid,
        unit_id -> Uuid,
        place_id -> Nullable<Uuid>,
        reported_on -> Date,
        fault -> Text,
        status -> Text,
        started_on -> Nullable<Date>,
        finished_on -> Nullable<Date>,
        returned_on -> Nullable<Date>,
        report -> Nullable<Text>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    report_definitions (id) {
        id -> Uuid,
        code -> Text,
        title -> Text,
        title_ar -> Nullable<Text>,
        kind -> Text,
        campaign_id -> Nullable<Uuid>,
        contract_id -> Nullable<Uuid>,
        area_id -> Nullable<Uuid>,
        schedule -> Text,
        starts_on -> Nullable<Date>,
        ends_on -> Nullable<Date>,
        due_day -> Nullable<Int2>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        audience -> Text,
    }
}

diesel::table! {
    reporting_duties (id) {
        id -> Uuid,
        contract_id -> Uuid,
        title -> Text,
        kind -> Text,
        starts_on -> Date,
        ends_on -> Date,
        due_on -> Date,
        delivered_on -> Nullable<Date>,
        attachment_id -> Nullable<Uuid>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        report_definition_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    requisition_lines (id) {
        id -> Uuid,
        requisition_id -> Uuid,
        line -> Int4,
        item_id -> Uuid,
        requested_quantity -> Int8,
        reason -> Nullable<Text>,
        approved_quantity -> Nullable<Int8>,
        decision_reason -> Nullable<Text>,
        sent_quantity -> Int8,
        received_quantity -> Int8,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    requisitions (id) {
        id -> Uuid,
        code -> Text,
        facility_id -> Uuid,
        requested_on -> Date,
        needed_on -> Nullable<Date>,
        emergency -> Bool,
        emergency_reason -> Nullable<Text>,
        note -> Nullable<Text>,
        status -> Text,
        round -> Int4,
        submitted_by -> Nullable<Uuid>,
        submitted_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
        reason -> Nullable<Text>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    reveals (id) {
        id -> Uuid,
        resource -> Text,
        record_id -> Uuid,
        reason -> Text,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    share_feeds (grant_id) {
        grant_id -> Uuid,
        last_position -> Int8,
    }
}

diesel::table! {
    share_grants (id) {
        id -> Uuid,
        organization_id -> Uuid,
        contract_id -> Uuid,
        facility_ids -> Array<Uuid>,
        fields -> Array<Text>,
        precision -> Text,
        smallest_cell -> Int4,
        purpose -> Text,
        starts_on -> Date,
        ends_on -> Date,
        status -> Text,
        drafted_by -> Uuid,
        activated_by -> Nullable<Uuid>,
        activated_at -> Nullable<Timestamptz>,
        closed_by -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        salt -> Bytea,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    share_items (grant_id, resource, shared_id) {
        grant_id -> Uuid,
        resource -> Text,
        shared_id -> Uuid,
        position -> Int8,
        content -> Nullable<Jsonb>,
    }
}

diesel::table! {
    share_keys (id) {
        id -> Uuid,
        grant_id -> Uuid,
        name -> Text,
        prefix -> Text,
        hash -> Bytea,
        expires_on -> Date,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    share_reads (id) {
        id -> Uuid,
        grant_id -> Uuid,
        key_id -> Nullable<Uuid>,
        user_id -> Nullable<Uuid>,
        operation -> Text,
        rows -> Int4,
        read_at -> Timestamptz,
    }
}

diesel::table! {
    share_releases (contract_id, as_of) {
        contract_id -> Uuid,
        as_of -> Date,
        smallest_cell -> Int4,
        figures -> Jsonb,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    shipment_contents (id) {
        id -> Uuid,
        shipment_id -> Uuid,
        line_id -> Uuid,
        lot_id -> Uuid,
        quantity -> Int8,
        accepted -> Int8,
        rejected -> Int8,
        lost -> Int8,
        returned -> Int8,
        outstanding -> Int8,
        explained -> Int8,
        reserved -> Bool,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    shipment_discrepancies (id) {
        id -> Uuid,
        shipment_id -> Uuid,
        receipt_id -> Nullable<Uuid>,
        lot_id -> Uuid,
        cause -> Text,
        quantity -> Int8,
        occurred_on -> Date,
        on_the_road -> Bool,
        value -> Nullable<Numeric>,
        currency -> Nullable<Text>,
        note -> Nullable<Text>,
        status -> Text,
        reason -> Nullable<Text>,
        claimed_of_id -> Nullable<Uuid>,
        settled_on -> Nullable<Date>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    shipment_legs (id) {
        id -> Uuid,
        shipment_id -> Uuid,
        leg -> Int4,
        carrier -> Nullable<Text>,
        checkpoint -> Nullable<Text>,
        departed_on -> Nullable<Date>,
        arrived_on -> Nullable<Date>,
        note -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    shipment_lines (id) {
        id -> Uuid,
        shipment_id -> Uuid,
        line -> Int4,
        item_id -> Uuid,
        quantity -> Int8,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        lot_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    shipment_receipt_documents (receipt_id, document_id) {
        receipt_id -> Uuid,
        document_id -> Uuid,
    }
}

diesel::table! {
    shipment_receipt_lines (receipt_id, lot_id) {
        receipt_id -> Uuid,
        lot_id -> Uuid,
        accepted -> Int8,
        rejected -> Int8,
        over -> Int8,
        cause -> Nullable<Text>,
    }
}

diesel::table! {
    shipment_receipts (id) {
        id -> Uuid,
        shipment_id -> Uuid,
        received_on -> Date,
        reference -> Nullable<Text>,
        note -> Nullable<Text>,
        rejected_to_id -> Nullable<Uuid>,
        reversed_reason -> Nullable<Text>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    shipments (id) {
        id -> Uuid,
        code -> Text,
        supplier_id -> Nullable<Uuid>,
        facility_id -> Nullable<Uuid>,
        campaign_id -> Nullable<Uuid>,
        contract_id -> Nullable<Uuid>,
        status -> Text,
        planned_on -> Nullable<Date>,
        dispatched_on -> Nullable<Date>,
        received_on -> Nullable<Date>,
        note -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        from_id -> Uuid,
        to_id -> Uuid,
        packed_on -> Nullable<Date>,
        closed_on -> Nullable<Date>,
        transit_id -> Nullable<Uuid>,
        requisition_id -> Nullable<Uuid>,
        search -> Nullable<Text>,
    }
}

diesel::table! {
    staff (id) {
        id -> Uuid,
        code -> Text,
        cadre -> Text,
        specialty -> Nullable<Text>,
        gender -> Nullable<Text>,
        qualification -> Nullable<Text>,
        area_id -> Uuid,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        licence -> Text,
        licence_expires_on -> Nullable<Date>,
        languages -> Array<Text>,
        availability -> Text,
        merged_into_id -> Nullable<Uuid>,
        merge_reason -> Nullable<Text>,
    }
}

diesel::table! {
    staff_departures (id) {
        id -> Uuid,
        staff_id -> Uuid,
        departed_on -> Date,
        reason -> Text,
        note -> Nullable<Text>,
        returned_on -> Nullable<Date>,
        closed_posts -> Jsonb,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    staff_distinctions (id) {
        id -> Uuid,
        staff_id -> Uuid,
        other_id -> Uuid,
        reason -> Text,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    staff_identities (id) {
        id -> Uuid,
        staff_id -> Uuid,
        key_id -> Text,
        sealed -> Bytea,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    staff_match_keys (id) {
        id -> Uuid,
        staff_id -> Uuid,
        key_id -> Text,
        name_keys -> Array<Text>,
        phone_key -> Nullable<Text>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    stipend_entries (id) {
        id -> Uuid,
        run_id -> Uuid,
        staff_id -> Uuid,
        person_id -> Uuid,
        month -> Date,
        facility_id -> Uuid,
        cadre -> Text,
        days_served -> Int2,
        full_time_days -> Numeric,
        posts -> Jsonb,
        currency -> Text,
        amount -> Numeric,
        status -> Text,
        exchange_rate_id -> Nullable<Uuid>,
        rate -> Nullable<Numeric>,
        charged_amount -> Nullable<Numeric>,
        payment_id -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        returned_on -> Nullable<Date>,
        double_pay_waiver -> Nullable<Text>,
        carried_from_id -> Nullable<Uuid>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    stipend_payments (id) {
        id -> Uuid,
        run_id -> Uuid,
        currency -> Text,
        amount -> Numeric,
        charged_amount -> Numeric,
        people -> Int4,
        paid_on -> Date,
        method -> Text,
        organization_id -> Nullable<Uuid>,
        reference -> Nullable<Text>,
        note -> Nullable<Text>,
        expenditure_id -> Nullable<Uuid>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    stipend_proofs (id) {
        id -> Uuid,
        payment_id -> Uuid,
        attachment_id -> Uuid,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    stipend_runs (id) {
        id -> Uuid,
        contract_id -> Uuid,
        month -> Date,
        budget_line_id -> Uuid,
        note -> Nullable<Text>,
        currency -> Text,
        status -> Text,
        drafted_by -> Uuid,
        drafted_at -> Timestamptz,
        rates_on -> Nullable<Date>,
        approved_by -> Nullable<Uuid>,
        approved_at -> Nullable<Timestamptz>,
        commitment_id -> Nullable<Uuid>,
        closed_by -> Nullable<Uuid>,
        closed_at -> Nullable<Timestamptz>,
        reason -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    stipend_scales (id) {
        id -> Uuid,
        contract_id -> Nullable<Uuid>,
        cadre -> Text,
        area_id -> Nullable<Uuid>,
        currency -> Text,
        monthly_amount -> Numeric,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        note -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    stock_balances (location_id, lot_id) {
        id -> Uuid,
        location_id -> Uuid,
        lot_id -> Uuid,
        quantity -> Int8,
        reserved -> Int8,
    }
}

diesel::table! {
    stock_count_lines (id) {
        id -> Uuid,
        count_id -> Uuid,
        line -> Int4,
        lot_id -> Uuid,
        counted_quantity -> Int8,
        adjustment_reason_id -> Nullable<Uuid>,
        listed -> Bool,
        book_quantity -> Nullable<Int8>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    stock_counts (id) {
        id -> Uuid,
        location_id -> Uuid,
        counted_on -> Date,
        blind -> Bool,
        complete -> Bool,
        note -> Nullable<Text>,
        status -> Text,
        reason -> Nullable<Text>,
        counted_by -> Nullable<Uuid>,
        decided_by -> Nullable<Uuid>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    stock_days (location_id, lot_id, day) {
        location_id -> Uuid,
        lot_id -> Uuid,
        day -> Date,
        closing -> Int8,
    }
}

diesel::table! {
    stock_documents (id) {
        id -> Uuid,
        kind -> Text,
        occurred_on -> Date,
        from_id -> Uuid,
        from_holds -> Bool,
        to_id -> Uuid,
        to_holds -> Bool,
        reference -> Nullable<Text>,
        reason -> Nullable<Text>,
        organization_id -> Nullable<Uuid>,
        contract_id -> Nullable<Uuid>,
        campaign_id -> Nullable<Uuid>,
        reverses_id -> Nullable<Uuid>,
        written_in -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
        act -> Nullable<Text>,
        act_id -> Nullable<Uuid>,
        witnessed_by -> Nullable<Uuid>,
        adjustment_reason_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    stock_locations (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        name_ar -> Nullable<Text>,
        kind -> Text,
        holds -> Nullable<Bool>,
        area_id -> Nullable<Uuid>,
        facility_id -> Nullable<Uuid>,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    stock_movements (document_id, line) {
        document_id -> Uuid,
        line -> Int4,
        lot_id -> Uuid,
        quantity -> Int8,
        occurred_on -> Date,
        from_id -> Uuid,
        from_holds -> Bool,
        to_id -> Uuid,
        to_holds -> Bool,
    }
}

diesel::table! {
    user_areas (id) {
        id -> Uuid,
        user_id -> Uuid,
        area_id -> Uuid,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    user_passwords (user_id) {
        user_id -> Uuid,
        hash -> Text,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    user_tickets (id) {
        id -> Uuid,
        user_id -> Uuid,
        purpose -> Text,
        token_hash -> Bytea,
        issued_at -> Timestamptz,
        issued_by -> Uuid,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    users (id) {
        id -> Uuid,
        email -> Text,
        name -> Text,
        role -> Text,
        status -> Text,
        organization_id -> Nullable<Uuid>,
        facility_id -> Nullable<Uuid>,
        session_version -> Int8,
        search -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> Uuid,
        webhook_id -> Uuid,
        event -> Text,
        body -> Text,
        after_position -> Nullable<Int8>,
        raised_at -> Timestamptz,
        attempts -> Int4,
        attempted_at -> Nullable<Timestamptz>,
        next_attempt_at -> Nullable<Timestamptz>,
        leased_until -> Nullable<Timestamptz>,
        last_status -> Nullable<Int4>,
        last_error -> Nullable<Text>,
        delivered_at -> Nullable<Timestamptz>,
        given_up_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    webhook_feeds (webhook_id) {
        webhook_id -> Uuid,
        notified_position -> Int8,
        checked_at -> Timestamptz,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Uuid,
        grant_id -> Uuid,
        url -> Text,
        key_id -> Text,
        sealed -> Bytea,
        secret_since -> Timestamptz,
        former_key_id -> Nullable<Text>,
        former_sealed -> Nullable<Bytea>,
        former_until -> Nullable<Timestamptz>,
        disabled_at -> Nullable<Timestamptz>,
        disabled_reason -> Nullable<Text>,
        retired_at -> Nullable<Timestamptz>,
        revision -> Int8,
        recorded_at -> Timestamptz,
        recorded_by -> Uuid,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    adjustment_reasons,
    area_access,
    area_closure,
    areas,
    assignments,
    attachments,
    audit_log,
    audit_seals,
    budget_line_facilities,
    budget_line_months,
    budget_lines,
    campaign_allocations,
    campaign_facilities,
    campaigns,
    claims,
    commitments,
    contract_amendments,
    contract_documents,
    contract_facilities,
    contract_scopes,
    contracts,
    controlled_issue_lines,
    controlled_issues,
    disbursements,
    donations,
    donor_identities,
    donors,
    equipment_units,
    exchange_rates,
    expenditures,
    facilities,
    facility_conversions,
    facility_locations,
    facility_posts,
    facility_status,
    facility_support,
    fuel_dips,
    fuel_tanks,
    generator_hours,
    generators,
    idempotency_keys,
    item_gtins,
    item_packs,
    items,
    lots,
    organization_names,
    organizations,
    production_orders,
    project_facilities,
    projects,
    published_reports,
    recipe_ingredients,
    recipes,
    refresh_tokens,
    repair_jobs,
    report_definitions,
    reporting_duties,
    requisition_lines,
    requisitions,
    reveals,
    share_feeds,
    share_grants,
    share_items,
    share_keys,
    share_reads,
    share_releases,
    shipment_contents,
    shipment_discrepancies,
    shipment_legs,
    shipment_lines,
    shipment_receipt_documents,
    shipment_receipt_lines,
    shipment_receipts,
    shipments,
    staff,
    staff_departures,
    staff_distinctions,
    staff_identities,
    staff_match_keys,
    stipend_entries,
    stipend_payments,
    stipend_proofs,
    stipend_runs,
    stipend_scales,
    stock_balances,
    stock_count_lines,
    stock_counts,
    stock_days,
    stock_documents,
    stock_locations,
    stock_movements,
    user_areas,
    user_passwords,
    user_tickets,
    users,
    webhook_deliveries,
    webhook_feeds,
    webhooks,
);
