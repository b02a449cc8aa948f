//! Where the demo's facilities stand, sealed by their coordinators. No place is a real one: each is drawn once, from the digest of the facility's
//! code, within a box of some ten kilometres in its area, and belongs to no hospital.

use std::collections::HashSet;

use diesel::{ExpressionMethods, JoinOnDsl, QueryDsl};
use diesel_async::RunQueryDsl;
use serde_json::json;
use uuid::Uuid;

use super::Cast;
use crate::{
    auth::Actor,
    error::ApiResult,
    facilities::{self, Coordinates},
    http::Body,
    keys::sha256,
    schema::{areas, facilities as facility_rows, facility_locations},
};

/// The south-west corner of the box of an area, in tenths of a degree: latitude, longitude. A box is a tenth of a degree wide and high.
const BOXES: &[(&str, i32, i32)] = &[
    ("EASTERN-GHOUTA", 335, 364),
    ("WESTERN-GHOUTA", 334, 361),
    ("SOUTHERN-AREA", 334, 363),
    ("YALDA", 334, 363),
    ("BEIT-SAHEM", 334, 363),
    ("YARMOUK", 334, 363),
    ("QALAMOUN", 339, 367),
    ("WADI-BARADA", 336, 361),
    ("DARAYA", 334, 362),
    ("HAMA", 351, 367),
    ("ARSAL", 341, 364),
];

/// The area whose coordinator the demo has had from the beginning.
const FIRST: &str = "EASTERN-GHOUTA";

/// Seals the places that are not sealed yet; what somebody has sealed since stays.
pub(super) async fn play(cast: &Cast<'_>) -> ApiResult<()> {
    let (sealed, there) = {
        let mut conn = cast.db.conn().await?;
        let sealed: Vec<Uuid> = facility_locations::table.select(facility_locations::facility_id).load(&mut conn).await?;
        let of_areas = facility_rows::table.inner_join(areas::table.on(areas::id.eq(facility_rows::area_id))).select((
            facility_rows::id,
            facility_rows::code,
            areas::code,
        ));
        let there: Vec<(Uuid, String, String)> = of_areas.load(&mut conn).await?;
        (sealed.into_iter().collect::<HashSet<_>>(), there)
    };
    for (id, code, area) in there.iter().filter(|(id, ..)| !sealed.contains(id)) {
        let Some((_, south, west)) = BOXES.iter().find(|(name, ..)| name == area) else { continue };
        let by = if area == FIRST { cast.coordinator } else { cast.other_coordinator };
        seal(cast, by, *id, place(code, *south, *west)).await?;
    }
    Ok(())
}

/// A place in a box: the same for a code whenever it is drawn, to about a hundred metres.
fn place(code: &str, south: i32, west: i32) -> (f64, f64) {
    let digest = sha256(&[b"a place of the demo", code.as_bytes()]);
    let share = |byte: Option<&u8>| f64::from(byte.copied().unwrap_or_default()) / 2_560.0;
    let bytes = digest.as_slice();
    (f64::from(south) / 10.0 + share(bytes.first()), f64::from(west) / 10.0 + share(bytes.get(1)))
}

async fn seal(cast: &Cast<'_>, by: &Actor, facility: Uuid, (latitude, longitude): (f64, f64)) -> ApiResult<()> {
    let coordinates: Coordinates = Body::said(json!({"latitude": latitude, "longitude": longitude}))?.value;
    cast.db.write(async |conn| facilities::seal_location(conn, cast.keys, by, facility, &coordinates).await).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_drawn_once_and_lies_within_the_box_of_its_area() {
        let places: HashSet<String> = (0..200)
            .map(|number| {
                let (latitude, longitude) = place(&format!("HOS-{number}"), 335, 364);
                assert!((33.5..33.6).contains(&latitude) && (36.4..36.5).contains(&longitude), "{latitude}, {longitude}");
                format!("{latitude} {longitude}")
            })
            .collect();
        assert!(places.len() > 190, "they lie all over it");
        assert_eq!(place("HOS-1", 335, 364).0.to_bits(), place("HOS-1", 335, 364).0.to_bits());
    }
}
