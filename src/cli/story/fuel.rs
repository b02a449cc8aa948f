//! December 2015 in the tanks of four hospitals: one is well, one is nearly dark, of one more was burned than its generator explains, and of
//! one nobody has written the hours. Tanks, generators, hours and dips are invented.

use chrono::NaiveDate;
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;
use serde_json::json;
use uuid::Uuid;

use super::{Cast, facility, item, of_the_story, store, taken};
use crate::{
    error::{ApiError, ApiResult},
    fuel::{self, FuelTank, Generator, GeneratorHoursFields},
    http::{Body, IdempotencyKey, IfPresentMatch},
    schema::generator_hours,
};

/// A hospital, how many litres its generator burns in an hour, how many hours it runs a day, what the dips of the 15th and the 29th measured,
/// and the last day of December with hours.
struct Plant(&'static str, &'static str, &'static str, [i64; 2], u32);

const PLANTS: [Plant; 4] = [
    Plant("HOS-01", "8.00", "10", [1190, 1075], 31),
    Plant("HOS-03", "6.00", "8", [870, 200], 31),
    Plant("HOS-04", "5.00", "8", [1160, 595], 31),
    Plant("HOS-05", "5.00", "8", [905, 350], 29),
];

/// Plays it; days that are there already are not written again.
pub(super) async fn play(cast: &Cast<'_>) -> ApiResult<()> {
    for plant in &PLANTS {
        run(cast, plant).await?;
    }
    Ok(())
}

async fn run(cast: &Cast<'_>, Plant(hospital, rate, hours, measured, last): &Plant) -> ApiResult<()> {
    let (tank, generator) = (format!("TANK-{hospital}"), format!("GEN-{hospital}"));
    let tank_id = of_the_story(&tank);
    let words = json!({
        "id": tank_id,
        "code": tank,
        "name": format!("Diesel tank of {hospital}"),
        "location_id": store(&tank),
        "item_id": item("FUE-01"),
        "capacity_litres": 5000,
        "tolerance": "5.00",
        "tolerance_unit": "percent",
    });
    cast.create::<FuelTank>(cast.coordinator, words).await?;
    let words = json!({
        "id": of_the_story(&generator),
        "code": generator,
        "name": format!("Generator of {hospital}"),
        "facility_id": facility(hospital),
        "tank_id": tank_id,
        "litres_per_hour": rate,
        "since_on": "2015-12-01",
    });
    cast.create::<Generator>(cast.coordinator, words).await?;
    let generator = of_the_story(&generator);
    let stretches = [(1, 15, Some(measured[0])), (16, 29, Some(measured[1])), (30, *last, None)];
    for (first, last, dipped) in stretches {
        ran(cast, generator, first..=last, hours).await?;
        if let Some(litres) = dipped {
            let day = december(last)?;
            let dip =
                json!({"id": of_the_story(&format!("{tank} {day}")), "tank_id": tank_id, "dipped_on": day, "litres": litres});
            taken(fuel::record_dip(cast.db, cast.coordinator, &IdempotencyKey::none(), &Body::said(dip)?).await)?;
        }
    }
    Ok(())
}

/// The hours of these days, in one transaction, but for days on which something was said already.
async fn ran(cast: &Cast<'_>, generator: Uuid, days: std::ops::RangeInclusive<u32>, hours: &str) -> ApiResult<()> {
    let days: Vec<NaiveDate> = days.map(december).collect::<ApiResult<_>>()?;
    let said = Body::<GeneratorHoursFields>::said(json!({"hours": hours}))?;
    let written = cast.db.write(async |conn| {
        let there = generator_hours::table.filter(generator_hours::generator_id.eq(generator)).select(generator_hours::ran_on);
        let there: Vec<NaiveDate> = there.load(conn).await?;
        for day in days.iter().filter(|day| !there.contains(day)) {
            fuel::put_hours(conn, cast.coordinator, (generator, *day), IfPresentMatch::none(), &said.value).await?;
        }
        Ok(())
    });
    written.await
}

fn december(day: u32) -> ApiResult<NaiveDate> {
    NaiveDate::from_ymd_opt(2015, 12, day).ok_or_else(|| ApiError::internal("December has no such day"))
}
