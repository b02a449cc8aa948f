//! The workshops make the ten drug items and external fixators (C17): by recipe, into quarantine, released by a second person. Which items,
//! what they are made of and how much came of it is invented.

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Cast, item, of_the_story, store, taken};
use crate::{
    equipment::EquipmentUnit,
    error::ApiResult,
    http::{Body, IdempotencyKey},
    imports::made_id,
    production::{self, ProductionOrder},
    recipes::Recipe,
    schema::lots,
};

/// What one batch takes, of which item.
type Ingredients = &'static [(&'static str, i64)];

/// An item of the workshop: its code and name, how many a batch gives, how many days it keeps, what a batch takes, what the first batch gave.
struct Product(&'static str, &'static str, i64, i64, Ingredients, i64);

const PRODUCTS: [Product; 10] = [
    Product("LOC-01", "Paracetamol syrup", 200, 540, &[("RAW-01", 500), ("RAW-11", 20), ("RAW-12", 200)], 196),
    Product("LOC-02", "Oral rehydration salts", 1000, 720, &[("RAW-02", 20_500), ("RAW-13", 1000)], 985),
    Product("LOC-03", "Povidone-iodine solution", 150, 540, &[("RAW-03", 1500), ("RAW-11", 15), ("RAW-12", 150)], 150),
    Product("LOC-04", "Ibuprofen suspension", 200, 360, &[("RAW-04", 400), ("RAW-11", 20), ("RAW-12", 200)], 192),
    Product("LOC-05", "Metronidazole tablets", 2000, 720, &[("RAW-05", 500), ("RAW-15", 200)], 1940),
    Product("LOC-06", "Ferrous sulfate syrup", 150, 540, &[("RAW-06", 300), ("RAW-11", 15), ("RAW-12", 150)], 148),
    Product("LOC-07", "Magnesium hydroxide suspension", 150, 540, &[("RAW-07", 1200), ("RAW-11", 15), ("RAW-12", 150)], 147),
    Product("LOC-08", "Hydrogen peroxide solution 3 %", 200, 360, &[("RAW-08", 1800), ("RAW-11", 18), ("RAW-12", 200)], 200),
    Product("LOC-09", "Ethanol 70 %", 200, 540, &[("RAW-09", 14_600), ("RAW-11", 6), ("RAW-12", 200)], 198),
    Product("LOC-10", "Zinc oxide ointment", 200, 540, &[("RAW-10", 600), ("RAW-16", 5400), ("RAW-14", 200)], 194),
];

/// The last of the story: somebody may start it.
const DRAFT: &str = "PRD-2015-113";

/// Plays it, once.
pub(super) async fn play(cast: &Cast<'_>) -> ApiResult<()> {
    if cast.has::<ProductionOrder>(of_the_story(DRAFT)).await? {
        return Ok(());
    }
    for (product, number) in PRODUCTS.iter().zip(101..) {
        a_batch_is_made(cast, product, &format!("PRD-2015-{number}")).await?;
    }
    fixators_are_made(cast).await?;
    let waiting = "PRD-2015-112";
    plan(cast, waiting, "LOC-01", "WS-PHARMA", "2015-12-28").await?;
    make(cast, waiting, ["2015-12-28", "2015-12-29"], json!({"lot_number": "LOC01-P15B", "quantity": 198})).await?;
    plan(cast, DRAFT, "LOC-02", "WS-PHARMA", "2016-01-04").await
}

/// The lot that an order of the story made.
pub(super) async fn lot_of(cast: &Cast<'_>, order: &str) -> ApiResult<Uuid> {
    let made = lots::table.filter(lots::production_order_id.eq(of_the_story(order))).select(lots::id);
    Ok(made.first(&mut *cast.db.conn().await?).await?)
}

/// The order of the story that made the first lot of an item: of the ten, `LOC-01` … `LOC-10`.
pub(super) fn first_order(item: &str) -> String {
    format!("PRD-2015-1{}", item.trim_start_matches("LOC-"))
}

async fn a_batch_is_made(cast: &Cast<'_>, product: &Product, order: &str) -> ApiResult<()> {
    let Product(code, name, size, keeps, ingredients, made) = *product;
    write_recipe(cast, code, name, size, Some(keeps), ingredients).await?;
    plan(cast, order, code, "WS-PHARMA", "2015-11-16").await?;
    let lot = format!("{}-P15A", code.replace('-', ""));
    let result = json!({"lot_number": lot, "quantity": made, "lost_quantity": size - made});
    make(cast, order, ["2015-11-16", "2015-11-18"], result).await?;
    release(cast, order, "2015-11-23", "Look, weight and taste of ten pieces were right (invented).").await
}

/// What has no lot is released as a number, and then registered one by one.
async fn fixators_are_made(cast: &Cast<'_>) -> ApiResult<()> {
    let (order, made) = ("PRD-2015-111", 9);
    let parts = [("RAW-17", 40), ("RAW-18", 60)];
    write_recipe(cast, "EQP-04", "External fixator", 10, None, &parts).await?;
    plan(cast, order, "EQP-04", "WS-ENGINEERING", "2015-11-16").await?;
    make(cast, order, ["2015-11-16", "2015-11-25"], json!({"quantity": made, "lost_quantity": 1})).await?;
    release(cast, order, "2015-11-28", "Every rod and clamp was loaded and held (invented).").await?;
    for number in 1..=made {
        let serial = format!("FIX-2015-{number:03}");
        let unit = json!({
            "id": of_the_story(&serial),
            "item_id": item("EQP-04"),
            "serial_number": serial,
            "production_order_id": of_the_story(order),
            "location_id": store("WH-DRUGS"),
            "acquired_on": "2015-11-28",
        });
        cast.create::<EquipmentUnit>(cast.coordinator, unit).await?;
    }
    Ok(())
}

async fn write_recipe(
    cast: &Cast<'_>,
    code: &str,
    name: &str,
    size: i64,
    keeps: Option<i64>,
    ingredients: &[(&str, i64)],
) -> ApiResult<()> {
    let takes = ingredients.iter().map(|(code, quantity)| json!({"item_id": item(code), "quantity": quantity}));
    let recipe = json!({
        "id": of_the_story(&format!("REC-{code}")),
        "code": format!("REC-{code}"),
        "version": 1,
        "name": name,
        "item_id": item(code),
        "batch_size": size,
        "shelf_life_days": keeps,
        "ingredients": takes.collect::<Vec<_>>(),
    });
    cast.create::<Recipe>(cast.manager, recipe).await
}

async fn plan(cast: &Cast<'_>, order: &str, makes: &str, workshop: &str, planned_on: &str) -> ApiResult<()> {
    let planned = json!({
        "id": of_the_story(order),
        "code": order,
        "recipe_id": of_the_story(&format!("REC-{makes}")),
        "place_id": store(workshop),
        "quarantine_id": store("QT-MAKING"),
        "batches": 1,
        "planned_on": planned_on,
        "campaign_id": made_id("campaigns", "SIRAJ-2015"),
    });
    cast.create::<ProductionOrder>(cast.coordinator, planned).await
}

/// The ingredients are taken, the first to expire first, and the product waits in quarantine.
async fn make(cast: &Cast<'_>, order: &str, [started_on, completed_on]: [&str; 2], mut made: Value) -> ApiResult<()> {
    let (id, key) = (of_the_story(order), IdempotencyKey::none());
    let start = Body::said(json!({"started_on": started_on}))?;
    taken(production::start(cast.db, cast.coordinator, id, &key, &start).await)?;
    made["completed_on"] = json!(completed_on);
    taken(production::complete(cast.db, cast.coordinator, id, &key, &Body::said(made)?).await)
}

async fn release(cast: &Cast<'_>, order: &str, day: &str, reason: &str) -> ApiResult<()> {
    let body = Body::said(json!({"released_on": day, "to_id": store("WH-DRUGS"), "reason": reason}))?;
    taken(production::release(cast.db, cast.manager, of_the_story(order), &IdempotencyKey::none(), &body).await)
}
