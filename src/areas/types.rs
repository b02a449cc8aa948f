//! An area as it is stored and travels.

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
    schema::areas,
    types::{Flag, KnownAt, Name, RecordCode, words},
};

words! {
    /// What an area is in the tree.
    AreaKind {
        /// A state.
        Country = "country",
        /// The first division of a country.
        Governorate = "governorate",
        /// A part of a governorate.
        District = "district",
        /// A part of a district.
        SubDistrict = "sub_district",
        /// A part that the campaign works in as one, whatever its borders.
        Sector = "sector",
        /// A camp of refugees or displaced people.
        Camp = "camp",
    }
}

/// What people say of an area.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = areas, treat_none_as_null = true)]
#[schema(example = json!({"code": "EASTERN-GHOUTA", "name": "Eastern Ghouta", "name_ar": "الغوطة الشرقية", "kind": "sector",
    "parent_id": "0193a1c2-0000-7000-8000-000000000001"}))]
pub struct AreaFields {
    /// What people call it in reports; never used twice.
    pub code: RecordCode,
    /// Its P-code, where the United Nations have given it one: 2 to 20 letters.
    #[deserr(default)]
    #[schema(value_type = Option<String>, pattern = "^[A-Z0-9][A-Z0-9-]{1,19}$")]
    pub pcode: Option<RecordCode>,
    /// Its name in English or as it is written there.
    pub name: Name,
    /// Its name in Arabic.
    #[deserr(default)]
    pub name_ar: Option<Name>,
    /// What it is in the tree.
    pub kind: AreaKind,
    /// The area it lies in; absent for the top of the tree.
    #[deserr(default)]
    pub parent_id: Option<Uuid>,
}

impl Fields for AreaFields {
    fn check(&self, faults: &mut Faults) {
        if self.pcode.as_ref().is_some_and(|pcode| pcode.as_str().len() > 20) {
            faults.add("/pcode", Code::TooLong);
        }
    }
}

/// An area.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = areas)]
pub struct Area {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: AreaFields,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// An area to be added.
pub type NewArea = New<AreaFields>;
/// What is to change about an area.
pub type AreaPatch = Merge<AreaFields>;

/// Which areas to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AreaFilter {
    /// Those of this kind.
    #[deserr(default)]
    pub kind: Option<AreaKind>,
    /// Those that lie directly in this area.
    #[deserr(default)]
    pub parent_id: Option<Uuid>,
    /// This area and all below it.
    #[deserr(default)]
    pub within: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for AreaFilter {
    const SORTS: &'static [&'static str] = &["code", "name", "recorded_at"];
}
