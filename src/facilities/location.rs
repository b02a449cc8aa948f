//! Where a facility stands: sealed, and opened only for a reason that goes on record.
//!
//! The database holds ciphertext and a coarse cell. The cell is one of a fixed grid of a tenth of a degree
//! (about ten kilometres): the same place always gives the same cell, so asking often tells nothing more.

use std::str::FromStr;

use bigdecimal::{BigDecimal, RoundingMode};
use deserr::Deserr;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::types::Facility;
use crate::{
    auth::{Actor, Scope},
    db::Conn,
    error::{ApiError, ApiResult, Code, Faults},
    keys::Keys,
    register,
    reveals::{self, RevealRequest, SealedField},
    schema::facility_locations,
};

// Not `Debug`: nothing prints it.
/// Where a facility stands, in degrees of WGS 84.
#[derive(Clone, PartialEq, Serialize, Deserialize, Deserr, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[schema(example = json!({"latitude": 33.5, "longitude": 36.4}))]
pub struct Coordinates {
    /// North of the equator.
    #[schema(minimum = 32, maximum = 37.5)]
    latitude: f64,
    /// East of Greenwich.
    #[schema(minimum = 35, maximum = 42.5)]
    longitude: f64,
}

/// The cell of the coarse grid that a facility stands in.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"coarse_cell": "33.5,36.4"}))]
pub struct CoarseLocation {
    /// The south-west corner of the cell, latitude then longitude; the cell is a tenth of a degree wide and high.
    #[schema(pattern = r"^-?[0-9]{1,2}\.[0-9],-?[0-9]{1,3}\.[0-9]$")]
    pub coarse_cell: String,
}

impl Coordinates {
    /// Within a generous box round Syria and Lebanon: this also finds (0, 0), what is no place on earth, and the two numbers exchanged.
    fn check(&self) -> ApiResult<()> {
        let mut faults = Faults::default();
        if !(32.0..=37.5).contains(&self.latitude) {
            faults.add("/latitude", Code::CoordinateOutOfRange);
        }
        if !(35.0..=42.5).contains(&self.longitude) {
            faults.add("/longitude", Code::CoordinateOutOfRange);
        }
        Ok(faults.into_result()?)
    }

    fn coarse_cell(&self) -> ApiResult<String> {
        Ok(format!("{},{}", grid_line(self.latitude)?, grid_line(self.longitude)?))
    }
}

/// The line of the grid at or below (south or west of) the number. In decimals: a tenth is not exact in binary, and 32.3 must stay 32.3.
fn grid_line(degrees: f64) -> ApiResult<String> {
    let exact = BigDecimal::from_str(&degrees.to_string()).map_err(|_| ApiError::internal("degrees that are no number"))?;
    Ok(exact.with_scale_round(1, RoundingMode::Floor).to_plain_string())
}

/// Seals where a facility stands, in the place of what was sealed before. Only the coarse cell is answered.
pub async fn seal(
    conn: &mut Conn,
    keys: &Keys,
    actor: &Actor,
    facility: Uuid,
    coordinates: &Coordinates,
) -> ApiResult<CoarseLocation> {
    register::load_open::<Facility>(conn, &actor.scope, facility).await?;
    coordinates.check()?;
    let coarse_cell = coordinates.coarse_cell()?;
    let plain = serde_json::to_vec(coordinates).map_err(|_| ApiError::internal("coordinates cannot be written"))?;
    let bound_to = SealedField::FacilityLocation.bound_to(facility);
    let (key_id, sealed) = keys.seal(&bound_to, &plain).ok_or_else(|| ApiError::internal("a location cannot be sealed"))?;
    let sealed = (
        facility_locations::key_id.eq(key_id),
        facility_locations::sealed.eq(sealed),
        facility_locations::coarse_cell.eq(&coarse_cell),
        facility_locations::recorded_by.eq(actor.id),
    );
    diesel::insert_into(facility_locations::table)
        .values((facility_locations::id.eq(Uuid::now_v7()), facility_locations::facility_id.eq(facility), sealed.clone()))
        .on_conflict(facility_locations::facility_id)
        .do_update()
        .set(sealed)
        .execute(conn)
        .await?;
    Ok(CoarseLocation { coarse_cell })
}

/// The coarse cell of a facility; a facility without one answers as one that is hidden.
pub async fn coarse(conn: &mut Conn, scope: &Scope, facility: Uuid) -> ApiResult<CoarseLocation> {
    register::load_any::<Facility>(conn, scope, facility).await?;
    let of_facility = facility_locations::table.filter(facility_locations::facility_id.eq(facility));
    let coarse_cell = of_facility.select(facility_locations::coarse_cell).first(conn).await?;
    Ok(CoarseLocation { coarse_cell })
}

/// Puts the reading on record, then opens the seal: nobody has read what no auditor can see was read.
pub async fn reveal(
    conn: &mut Conn,
    keys: &Keys,
    actor: &Actor,
    facility: Uuid,
    request: &RevealRequest,
) -> ApiResult<Coordinates> {
    register::load_any::<Facility>(conn, &actor.scope, facility).await?;
    let of_facility = facility_locations::table.filter(facility_locations::facility_id.eq(facility));
    let (key_id, sealed): (String, Vec<u8>) =
        of_facility.select((facility_locations::key_id, facility_locations::sealed)).first(conn).await?;
    reveals::record(conn, actor, SealedField::FacilityLocation, facility, &request.reason).await?;
    let bound_to = SealedField::FacilityLocation.bound_to(facility);
    let plain = keys.unseal(&key_id, &bound_to, &sealed).ok_or_else(|| ApiError::internal("a sealed location does not open"))?;
    serde_json::from_slice(&plain).map_err(|_| ApiError::internal("a sealed location is damaged"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_by_the_south_west_corner_of_its_cell() {
        let cases = [
            (33.512_345_67, "33.5"),
            (33.599_999_99, "33.5"),
            (33.6, "33.6"),
            (32.3, "32.3"),
            (36.0, "36.0"),
            (37.5, "37.5"),
            (0.0, "0.0"),
            (-0.0, "0.0"),
            (-0.01, "-0.1"),
            (-33.51, "-33.6"),
            (-33.6, "-33.6"),
        ];
        for (degrees, line) in cases {
            assert_eq!(grid_line(degrees).ok().as_deref(), Some(line), "{degrees}");
        }
        for tenths in 320..=425 {
            let line = format!("{}.{}", tenths / 10, tenths % 10);
            let degrees: f64 = line.parse().expect("a number");
            assert_eq!(grid_line(degrees).ok(), Some(line));
        }
    }
}
