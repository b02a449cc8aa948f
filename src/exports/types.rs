//! What is asked for, and the rows as they travel.

use chrono::{Days, Months, NaiveDate, Utc};
use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    error::{Code, Faults},
    http::ListFilter,
    types::wrong_kind,
};

/// Which activities to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActivityFilter {
    /// Those of this day; today when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
    /// Those paid for by this organisation.
    #[deserr(default)]
    pub organization_id: Option<Uuid>,
}

impl ListFilter for ActivityFilter {
    const SORTS: &'static [&'static str] = &["activity_code"];
}

/// Who does what where, and when: a contract, project or campaign in an area that it supports facilities in.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
#[schema(example = json!({"id": "0193a1c2-0000-7000-8000-000000000001", "activity_code": "NORWAC-2015-A", "activity_name": "NORWAC medical staff", "activity_kind": "contract",
    "funder_code": "NORWAC", "funder_name": "NORWAC", "implementer_name": "Siraj campaign office", "sector": "Health", "country_code": "SY", "country_name": "Syria",
    "area_code": "EASTERN-GHOUTA", "area_pcode": null, "area_name": "Eastern Ghouta", "starts_on": "2015-01-01", "ends_on": "2015-04-30", "facilities": 12, "staff": 118}))]
pub struct FourW {
    /// Of the activity in this area.
    pub id: Uuid,
    /// The code of the contract, project or campaign.
    pub activity_code: String,
    /// Its name.
    pub activity_name: String,
    /// `contract`, `project` or `campaign`.
    pub activity_kind: String,
    /// Who pays: the partner of a contract, the organisation of a project.
    pub funder_code: Option<String>,
    /// Their name.
    pub funder_name: Option<String>,
    /// Who does the work: the register's own organisation.
    pub implementer_name: Option<String>,
    /// The cluster: everything here is health.
    pub sector: String,
    /// The country it lies in.
    pub country_code: Option<String>,
    /// Its name.
    pub country_name: Option<String>,
    /// The area.
    pub area_code: String,
    /// Its P-code, where it has one.
    pub area_pcode: Option<String>,
    /// Its name.
    pub area_name: String,
    /// The first day of the activity.
    pub starts_on: NaiveDate,
    /// Its last day.
    pub ends_on: Option<NaiveDate>,
    /// The facilities that it supports there on the day.
    pub facilities: i64,
    /// The people there whose posts the contract pays on the day; of contracts only, at ends of months that are over, five and more at three
    /// facilities and more.
    pub staff: Option<i64>,
}

/// The day of a map.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MapQuery {
    /// What stood and was open on this day; today when absent.
    #[deserr(default)]
    pub as_of: Option<NaiveDate>,
}

/// A month as DHIS2 writes it: `201512`.
#[derive(Debug, Clone, Copy)]
pub struct Period(NaiveDate);

impl Period {
    /// As it is written.
    pub fn text(self) -> String {
        self.0.format("%Y%m").to_string()
    }

    /// Whether all its days are over.
    pub fn is_over(self) -> bool {
        self.last_day() < Utc::now().date_naive()
    }

    /// Its last day.
    pub fn last_day(self) -> NaiveDate {
        self.0 + Months::new(1) - Days::new(1)
    }
}

impl Deserr<Faults> for Period {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
        let Value::String(text) = value else { return Err(wrong_kind(value, &[ValueKind::String], location)) };
        let shaped = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        let first = shaped.then(|| NaiveDate::parse_from_str(&format!("{text}01"), "%Y%m%d").ok()).flatten();
        let first = first.ok_or_else(|| Faults::at(location, Code::InvalidFormat))?;
        let recorded = NaiveDate::from_ymd_opt(2011, 1, 1).zip(NaiveDate::from_ymd_opt(2100, 1, 1));
        if recorded.is_some_and(|(from, to)| first < from || first > to) {
            return Err(Faults::at(location, Code::DateOutOfRange));
        }
        Ok(Self(first))
    }
}

/// The month of data values.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DataValueQuery {
    /// The month, `201512`, which is over; what was true on its last day is told.
    #[param(value_type = String, pattern = "^[0-9]{6}$", example = "201512")]
    pub period: Period,
}

/// What DHIS2 takes in at `/api/dataValueSets?idScheme=CODE`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataValueSet {
    /// The data set's code.
    pub data_set: String,
    /// The month.
    pub period: String,
    /// The values.
    pub data_values: Vec<DataValue>,
}

/// A number of an area.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"dataElement": "SIRAJ_FACILITIES_HOSPITAL", "orgUnit": "EASTERN-GHOUTA", "period": "201512", "value": "5"}))]
pub struct DataValue {
    /// The data element's code.
    pub data_element: String,
    /// The area's code.
    pub org_unit: String,
    /// The month.
    pub period: String,
    /// The number.
    pub value: String,
}

/// A map of cells a tenth of a degree wide.
#[derive(Debug, Serialize, ToSchema)]
pub struct FacilityMap {
    /// `FeatureCollection`
    #[serde(rename = "type")]
    pub form: &'static str,
    /// The cells that hold a facility.
    pub features: Vec<Cell>,
}

/// A cell of the map as `GeoJSON`: never a place, never a name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[36.3, 33.5], [36.4, 33.5], [36.4, 33.6], [36.3, 33.6], [36.3, 33.5]]]},
    "properties": {"facilities": 3, "hospital": 2, "primary_care_center": 1, "nursing_home": 0, "medical_point": 1, "mobile_clinic": 0, "position_precision": "0.1 degree"}}))]
pub struct Cell {
    /// `Feature`
    #[serde(rename = "type")]
    form: &'static str,
    /// The square.
    #[schema(value_type = Object)]
    geometry: serde_json::Value,
    /// How many facilities, and of which kinds.
    #[schema(value_type = Object)]
    properties: serde_json::Value,
}

impl Cell {
    /// The square north and east of its corner, with what stands in it: in all, then hospitals, primary care centers, nursing homes, medical points and mobile clinics.
    pub fn of(corner: &str, numbers: [i64; 6]) -> Option<Self> {
        let (latitude, longitude) = corner.split_once(',')?;
        let (south, west): (f64, f64) = (latitude.parse().ok()?, longitude.parse().ok()?);
        // In tenths: 33.5 + 0.1 is not 33.6 in binary.
        let next = |degrees: f64| (degrees * 10.0 + 1.0).round() / 10.0;
        let (north, east) = (next(south), next(west));
        let [facilities, hospital, primary_care_center, nursing_home, medical_point, mobile_clinic] = numbers;
        Some(Self {
            form: "Feature",
            geometry: json!({"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}),
            properties: json!({"facilities": facilities, "hospital": hospital, "primary_care_center": primary_care_center, "nursing_home": nursing_home,
                "medical_point": medical_point, "mobile_clinic": mobile_clinic, "position_precision": "0.1 degree"}),
        })
    }
}
