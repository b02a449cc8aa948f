//! Tags of the Humanitarian Exchange Language (HXL 1.1) for the columns of lists: a second heading line that machines read.
//! Only words of the standard's core, and attributes of our own behind them; a column that no tag fits has none.

/// The tags that a column has wherever it stands.
const COMMON: &[(&str, &str)] = &[
    ("id", "#meta+id"),
    ("revision", "#meta+revision"),
    ("recorded_at", "#date+recorded"),
    ("recorded_by", "#meta+recorded+by"),
    ("retired_at", "#date+retired"),
    ("starts_on", "#date+start"),
    ("ends_on", "#date+end"),
    ("opened_on", "#date+start"),
    ("closed_on", "#date+end"),
    ("occurred_on", "#date+occurred"),
    ("requested_on", "#date+requested"),
    ("dispatched_on", "#date+start"),
    ("received_on", "#date+end"),
    ("expires_on", "#date+expiry"),
    ("status", "#status+code"),
    ("functionality", "#status+code"),
    ("currency", "#currency+code"),
    ("amount", "#value"),
    ("goal_amount", "#value+budget"),
    ("monthly_amount", "#value+budget+monthly"),
    ("quantity", "#output+num"),
    ("dispatched_quantity", "#item+sent+num"),
    ("accepted_quantity", "#item+provided+num"),
    ("gender", "#meta+gender"),
    ("cadre", "#capacity+staff+type"),
    ("share_percent", "#capacity+staff+share+num"),
    ("beds", "#capacity+beds+num"),
    ("kinds", "#loc+type"),
    ("area_id", "#loc+area+id"),
    ("facility_id", "#loc+id"),
    ("facility_code", "#loc+code"),
    ("from_id", "#loc+origin+id"),
    ("to_id", "#loc+dest+id"),
    ("item_id", "#item+id"),
    ("item_code", "#item+code"),
    ("item_name", "#item+name"),
    ("base_unit", "#item+unit"),
    ("lot_id", "#item+lot+id"),
    ("lot_number", "#item+lot+code"),
    ("staff_id", "#meta+staff+id"),
    ("organization_id", "#org+id"),
    ("operator_id", "#org+impl+id"),
    ("supplier_id", "#org+supplier+id"),
    ("contract_id", "#activity+contract+id"),
    ("project_id", "#activity+project+id"),
    ("campaign_id", "#activity+campaign+id"),
    ("activity_code", "#activity+code"),
    ("activity_name", "#activity+name"),
    ("activity_kind", "#activity+type"),
    ("funder_code", "#org+funder+code"),
    ("funder_name", "#org+funder+name"),
    ("implementer_name", "#org+impl+name"),
    ("sector", "#sector+cluster+name"),
    ("country_code", "#country+code"),
    ("country_name", "#country+name"),
    ("area_code", "#loc+area+code"),
    ("area_pcode", "#loc+area+code+v_pcode"),
    ("area_name", "#loc+area+name"),
    ("facilities", "#output+facilities+num"),
    ("staff", "#capacity+staff+num"),
    ("as_of", "#date+reported"),
    ("month", "#date+month"),
    ("figure", "#indicator+code"),
    ("value", "#indicator+value+num"),
    ("cell", "#geo+cell"),
    ("was", "#indicator+value+start+num"),
    ("is", "#indicator+value+end+num"),
    ("difference", "#indicator+value+difference+num"),
    ("facilities.total", "#output+facilities+num"),
    ("staff.total", "#capacity+staff+num"),
    ("staff.posts", "#capacity+staff+posts+num"),
    ("staff.full_time_equivalents", "#capacity+staff+fte+num"),
    ("people", "#capacity+staff+num"),
    ("posts", "#capacity+staff+posts+num"),
    ("full_time_equivalents", "#capacity+staff+fte+num"),
    ("contract_code", "#activity+contract+code"),
    ("contract_name", "#activity+contract+name"),
    ("facility_name", "#loc+name"),
    ("partner_code", "#org+funder+code"),
    ("partner_name", "#org+funder+name"),
    ("sent", "#item+sent+num"),
    ("arrived", "#item+provided+num"),
    ("lost", "#item+lost+num"),
    ("partner_name_ar", "#org+funder+name+i_ar"),
    ("contract_name_ar", "#activity+contract+name+i_ar"),
    ("category", "#sector+category"),
    ("raised", "#value+raised"),
    ("remaining", "#value+remaining"),
    ("planned", "#value+budget"),
    ("received", "#value+transfer"),
    ("spent", "#value+spend"),
    ("description", "#description"),
    ("note", "#description+note"),
];

/// What a record's own code and names are called, by the collection it stands in.
const NAMED: &[(&str, &str)] = &[
    ("facilities", "#loc"),
    ("areas", "#loc+area"),
    ("stock-locations", "#loc+store"),
    ("organizations", "#org"),
    ("contracts", "#activity+contract"),
    ("projects", "#activity+project"),
    ("campaigns", "#activity+campaign"),
    ("items", "#item"),
    ("staff", "#meta+staff"),
    ("shipments", "#meta+shipment"),
    ("requisitions", "#meta+requisition"),
];

/// The tag of a column of a list; empty where none fits.
pub fn tag(collection: &str, column: &str) -> String {
    let own = NAMED.iter().find(|(name, _)| *name == collection).map(|(_, tag)| *tag);
    match (column, own) {
        ("code", Some(own)) => format!("{own}+code"),
        ("name", Some(own)) => format!("{own}+name+i_en"),
        ("name_ar", Some(own)) => format!("{own}+name+i_ar"),
        ("aliases", Some(own)) => format!("{own}+name+alt"),
        // In the tables of figures, which are no collection, a kind is one of facilities; elsewhere it is of whatever is listed.
        ("kind", None) if collection.is_empty() => "#loc+type".to_owned(),
        _ => COMMON.iter().find(|(name, _)| *name == column).map(|(_, tag)| (*tag).to_owned()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tag_is_a_hashtag_with_attributes_in_lower_case() {
        let word = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        for (name, tag) in COMMON.iter().chain(NAMED) {
            let mut parts = tag.strip_prefix('#').expect(name).split('+');
            assert!(parts.all(word), "{tag}");
        }
        assert_eq!(tag("facilities", "name_ar"), "#loc+name+i_ar");
        assert_eq!(tag("facilities", "no_such_column"), "");
    }
}
