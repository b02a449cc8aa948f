//! What a person may do and speak, and whether they can be called on.

use serde_json::json;

use super::{STAFF, World, told};
use crate::{
    imports::{load, sheet},
    support::client::faults,
};

#[tokio::test]
async fn a_sheet_of_staff_may_tell_of_licences_and_languages_and_need_not() {
    let world = World::start().await;
    let old = sheet("staff", &["code", "cadre", "area_code"], &[&["S-0001", "doctor", "EAST"]]);
    let columns = ["code", "cadre", "area_code", "licence", "licence_expires_on", "languages", "availability"];
    let new = sheet(
        "staff",
        &columns,
        &[
            &["S-0002", "nurse", "EAST", "licensed", "2016-12-31", "ar | en", "limited"],
            &["S-0003", "nurse", "EAST", "", "", "", ""],
        ],
    );
    for told in [&old, &new, &old] {
        assert_eq!(load(&world.app, std::slice::from_ref(told)).await.faults, []);
    }
    let staff = world.manager.all(STAFF).await;
    let of = |number: usize| (&staff[number]["licence"], &staff[number]["languages"], &staff[number]["availability"]);
    assert_eq!(of(0), (&json!("unknown"), &json!([]), &json!("available")));
    assert_eq!(of(1), (&json!("licensed"), &json!(["ar", "en"]), &json!("limited")));
    assert_eq!((of(2), &staff[1]["licence_expires_on"]), (of(0), &json!("2016-12-31")));
    let wrong = sheet("staff", &columns, &[&["S-0004", "nurse", "EAST", "yes", "", "ar | xx", ""]]);
    let faults = load(&world.app, &[wrong]).await.faults;
    assert_eq!(faults.iter().map(|one| (one.row, one.column.as_str())).collect::<Vec<_>>(), [(2, "licence"), (2, "languages")]);
}

#[tokio::test]
async fn a_person_has_a_licence_languages_and_an_availability_and_is_found_by_them() {
    let world = World::start().await;
    let manager = &world.manager;
    let plain = world.person("S-0001").await;
    let shown = manager.get(&format!("{STAFF}/{plain}")).await.expect_status(200).json();
    assert_eq!(
        (&shown["licence"], &shown["languages"], &shown["availability"]),
        (&json!("unknown"), &json!([]), &json!("available"))
    );
    let told_of =
        json!({"licence": "licensed", "licence_expires_on": "2016-12-31", "languages": ["ar", "kmr"], "availability": "limited"});
    let other = world.person_of("S-0002", &told_of).await;
    for (query, code) in [
        ("licence=licensed", "S-0002"),
        ("language=kmr", "S-0002"),
        ("availability=limited", "S-0002"),
        ("licence=unknown", "S-0001"),
    ] {
        let found = manager.all(&format!("{STAFF}?{query}")).await;
        assert_eq!(found.iter().map(|one| one["code"].clone()).collect::<Vec<_>>(), [code], "{query}");
    }
    let path = format!("{STAFF}/{other}");
    let changed = manager.patch(&path, "*", &json!({"licence": "expired", "languages": null})).await.expect_status(200).json();
    assert_eq!((&changed["licence"], &changed["languages"]), (&json!("expired"), &json!([])));
    // A value that has a default is set, not cleared.
    let problem = manager.patch(&path, "*", &json!({"availability": null})).await.expect_problem(422, "validation-failed");
    assert_eq!(faults(&problem), told("/availability", "required"));
}

#[tokio::test]
async fn a_licence_that_nobody_holds_has_no_end_and_a_language_is_one_of_the_world() {
    let world = World::start().await;
    let refused = async |more: &serde_json::Value| {
        let mut body = json!({"code": "S-0001", "cadre": "doctor", "area_id": world.east});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        faults(&world.manager.post(STAFF, &body).await.expect_problem(422, "validation-failed"))
    };
    assert_eq!(
        refused(&json!({"licence": "none", "licence_expires_on": "2016-12-31"})).await,
        told("/licence_expires_on", "unknown-field")
    );
    assert_eq!(refused(&json!({"languages": ["ar", "ar"]})).await, told("/languages/1", "repeated"));
    assert_eq!(refused(&json!({"languages": ["xx"]})).await, told("/languages/0", "unknown-value"));
    assert_eq!(refused(&json!({"languages": ["Arabic"]})).await, told("/languages/0", "too-long"));
    assert_eq!(refused(&json!({"availability": "asleep"})).await, told("/availability", "unknown-value"));
    let mut many: Vec<String> = ('a'..='z').map(|letter| format!("q{letter}q")).collect();
    many.truncate(21);
    assert_eq!(refused(&json!({"languages": many})).await, told("/languages", "too-many"));

    // The database holds the same, whoever writes.
    let owner = world.app.database.owner().await;
    let person = world.person("S-0002").await;
    for (set, constraint) in [
        ("licence_expires_on = '2016-12-31'", "staff_licence_day_check"),
        ("languages = '{ar,ar}'", "staff_languages_check"),
        ("languages = '{Arabic}'", "staff_languages_check"),
        ("licence_expires_on = 'infinity', licence = 'licensed'", "staff_licence_expires_on_check"),
        ("licence = 'yes'", "staff_licence_check"),
        ("availability = 'asleep'", "staff_availability_check"),
        ("merged_into_id = id, retired_at = now(), merge_reason = 'One and the same.'", "staff_merged_self_check"),
        ("merge_reason = 'One and the same.'", "staff_merged_why_check"),
    ] {
        let error = owner.execute(&format!("UPDATE staff SET {set} WHERE id = $1"), &[&person]).await.expect_err(set);
        assert_eq!(error.as_db_error().and_then(|error| error.constraint()), Some(constraint), "{set}");
    }
}
