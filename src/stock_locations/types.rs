//! A stock location as it is stored and travels.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{Code, Faults},
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::stock_locations,
    types::{Flag, Name, RecordCode, words},
};

words! {
    /// What a stock location is.
    LocationKind {
        /// A warehouse of an area.
        Warehouse = "warehouse",
        /// The store of a facility.
        FacilityStore = "facility_store",
        /// A workshop of an area.
        Workshop = "workshop",
        /// Where an area sets aside what must not be used.
        Quarantine = "quarantine",
        /// On the road; one for each shipment.
        InTransit = "in_transit",
        /// Account: what was bought.
        Supplier = "supplier",
        /// Account: what was given.
        Donor = "donor",
        /// Account: what was made.
        Production = "production",
        /// Account: what was used or handed to patients.
        Consumption = "consumption",
        /// Account: what was lost, broken, looted, destroyed.
        Loss = "loss",
        /// Account: what a count found more or less.
        CountDifference = "count_difference",
    }
}

impl LocationKind {
    /// Whether stock lies there; the others are accounts of the world outside.
    pub const fn holds(self) -> bool {
        matches!(self, Self::Warehouse | Self::FacilityStore | Self::Workshop | Self::Quarantine | Self::InTransit)
    }

    /// The one account of its kind; `None` for places.
    pub const fn account(self) -> Option<Uuid> {
        let number = match self {
            Self::Supplier => 1,
            Self::Donor => 2,
            Self::Production => 3,
            Self::Consumption => 4,
            Self::Loss => 5,
            Self::CountDifference => 6,
            _ => return None,
        };
        Some(Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0100 + number))
    }
}

/// What people say of a stock location.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = stock_locations, treat_none_as_null = true)]
#[schema(example = json!({"code": "WH-DRUGS", "name": "Central drug warehouse", "kind": "warehouse", "area_id": "0193a1c2-0000-7000-8000-000000000001"}))]
pub struct StockLocationFields {
    /// What people call it in reports; never used twice.
    pub code: RecordCode,
    /// Its name in English.
    pub name: Name,
    /// Its name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// `facility_store`, `warehouse`, `workshop` or `quarantine`.
    pub kind: LocationKind,
    /// The area of a warehouse, a workshop or a quarantine.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// The facility of a store.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
}

impl Fields for StockLocationFields {
    fn check(&self, faults: &mut Faults) {
        // Roads are named by the service.
        if self.code.as_str().starts_with("TRANSIT-") {
            faults.add("/code", Code::InvalidFormat);
        }
        let of_facility = match self.kind {
            LocationKind::FacilityStore => true,
            LocationKind::Warehouse | LocationKind::Workshop | LocationKind::Quarantine => false,
            _ => return faults.add("/kind", Code::UnknownValue),
        };
        for (pointer, given, wanted) in
            [("/facility_id", self.facility_id.is_some(), of_facility), ("/area_id", self.area_id.is_some(), !of_facility)]
        {
            match (given, wanted) {
                (false, true) => faults.add(pointer, Code::Required),
                (true, false) => faults.add(pointer, Code::UnknownField),
                _ => {}
            }
        }
    }
}

/// A stock location.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = stock_locations)]
pub struct StockLocation {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: StockLocationFields,
    /// When it was retired.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A stock location to be added.
pub type NewStockLocation = New<StockLocationFields>;
/// What is to change about a stock location.
pub type StockLocationPatch = Merge<StockLocationFields>;

/// Which stock locations to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StockLocationFilter {
    /// Those of this kind.
    #[deserr(default)]
    pub kind: Option<LocationKind>,
    /// Those of this facility.
    #[deserr(default)]
    pub facility_id: Option<Uuid>,
    /// Those of this area itself.
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
}

impl ListFilter for StockLocationFilter {
    const SORTS: &'static [&'static str] = &["code", "name", "recorded_at"];
}
