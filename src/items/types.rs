//! An item as it is stored and travels.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    packs::{self, Pack, StoredPacks, siraj_item_packs},
    rules,
};
use crate::{
    error::{Code, Faults},
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::items,
    types::{Flag, Name, RecordCode, ShortText, distinct, words},
};

words! {
    /// The campaign's own list of what it sends.
    ItemCategory {
        /// Devices and furniture.
        Equipment = "equipment",
        /// What is used up in emergencies.
        EmergencyConsumables = "emergency_consumables",
        /// Medicines other than anaesthetics.
        Medicines = "medicines",
        /// Anaesthetics.
        Anaesthetics = "anaesthetics",
        /// Kits and reagents of laboratories.
        LaboratoryKits = "laboratory_kits",
        /// Satellite internet and radio sets.
        SatelliteAndRadio = "satellite_and_radio",
        /// Fuel for generators and cars.
        Fuel = "fuel",
        /// Food, milk, clothes, baskets.
        FoodAndRelief = "food_and_relief",
    }
}

/// The longest name of a unit.
const LONGEST_UNIT: usize = 40;

/// What people say of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = items, treat_none_as_null = true)]
#[schema(example = json!({"code": "ANA-01", "name": "Ketamine 50 mg/ml, 10 ml", "name_ar": "كيتامين", "synonyms": ["ketalar"],
    "category": "anaesthetics", "base_unit": "vial", "atc_code": "N01AX03", "controlled": true,
    "packs": [{"name": "box", "name_ar": "علبة", "factor": 10}, {"name": "carton", "factor": 200}]}))]
pub struct ItemFields {
    /// What people call it in reports; never used twice.
    pub code: RecordCode,
    /// Its name in English, with strength and size.
    pub name: Name,
    /// Its name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// Other names it is asked for by.
    #[deserr(default)]
    #[schema(required = false, max_items = 20)]
    pub synonyms: Vec<Name>,
    /// What kind of supply it is.
    pub category: ItemCategory,
    /// The smallest unit that is counted; every quantity is a whole number of it.
    #[schema(value_type = String, min_length = 1, max_length = 40)]
    pub base_unit: ShortText,
    /// Its code in the ATC classification of medicines.
    #[deserr(default)]
    #[schema(value_type = Option<String>, pattern = "^[A-Z][0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?$")]
    pub atc_code: Option<ShortText>,
    /// Its trade item number (GS1), check digit included.
    #[deserr(default)]
    #[schema(value_type = Option<String>, pattern = "^([0-9]{8}|[0-9]{12,14})$")]
    pub gtin: Option<ShortText>,
    /// Whether its handling is regulated as that of narcotics.
    #[deserr(default)]
    #[schema(required = false)]
    pub controlled: bool,
    /// Whether it must stay cold on its way.
    #[deserr(default)]
    #[schema(required = false)]
    pub cold_chain: bool,
    /// Whether its lots carry a day of expiry; true when absent.
    #[deserr(default = true)]
    #[schema(required = false)]
    pub expiry_tracked: bool,
    /// What it comes packed in; quantities are given in base units all the same. An edit replaces them whole.
    #[deserr(default)]
    #[schema(required = false, max_items = 20)]
    #[diesel(select_expression = siraj_item_packs(items::id), deserialize_as = StoredPacks, skip_insertion, skip_update)]
    pub packs: Vec<Pack>,
}

impl Fields for ItemFields {
    fn check(&self, faults: &mut Faults) {
        distinct(faults, "/synonyms", &self.synonyms, 20);
        if self.base_unit.as_str().chars().count() > LONGEST_UNIT {
            faults.add("/base_unit", Code::TooLong);
        }
        if let Some(Err(code)) = self.atc_code.as_ref().map(|given| rules::atc_code(given.as_str())) {
            faults.add("/atc_code", code);
        }
        if let Some(Err(code)) = self.gtin.as_ref().map(|given| rules::gtin(given.as_str())) {
            faults.add("/gtin", code);
        }
        packs::check(faults, self.gtin.as_ref(), &self.packs);
    }
}

/// An item.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = items)]
pub struct Item {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: ItemFields,
    /// When it was retired from the catalogue.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// An item to be added.
pub type NewItem = New<ItemFields>;
/// What is to change about an item.
pub type ItemPatch = Merge<ItemFields>;

/// Which items to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemFilter {
    /// Those of this category.
    #[deserr(default)]
    pub category: Option<ItemCategory>,
    /// Those that are controlled, or are not.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub controlled: Option<Flag>,
    /// Those that must stay cold, or need not.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub cold_chain: Option<Flag>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for ItemFilter {
    const SORTS: &'static [&'static str] = &["code", "name", "recorded_at"];
}
