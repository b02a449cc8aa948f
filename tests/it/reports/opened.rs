//! Numbers opened into the rows that they are made of.

use std::collections::BTreeSet;

use serde_json::json;

use super::World;

#[tokio::test]
async fn every_number_opens_into_the_rows_that_it_is_made_of() {
    let world = World::start().await;
    let open = world.facility("HOS-01", world.east, &["hospital"], "2013-01-01", None).await;
    let closed = world.facility("HOS-02", world.east, &["hospital"], "2013-01-01", Some("2015-05-01")).await;
    world.contract_supports(open).await;
    world.post(world.person("S-1", "doctor").await, open, "doctor", 60, Some(world.contract)).await;
    world.post(world.person("S-2", "nurse").await, open, "nurse", 50, None).await;
    world.post(world.person("S-3", "nurse").await, closed, "nurse", 100, None).await;
    let figures = world.figures("as_of=2015-06-30").await;
    let rows = async |figure: &str| world.manager.all(&format!("/api/v1/reports/figures/{figure}/rows?as_of=2015-06-30")).await;
    let shares: i64 =
        rows("staff.full_time_equivalents").await.iter().map(|row| row["share_percent"].as_i64().expect("a share")).sum();
    assert_eq!((shares, &figures["staff"]["full_time_equivalents"]), (110, &json!("1.10")));
    let running = rows("contracts.partners").await;
    let partners: BTreeSet<_> = running.iter().map(|row| row["organization_id"].to_string()).collect();
    assert_eq!(figures["contracts"]["partners"], partners.len());
    let left_out = rows("staff.posts_at_facilities_not_open").await;
    assert_eq!(left_out.iter().map(|row| row["code"].clone()).collect::<Vec<_>>(), [json!("S-3")]);
    assert_eq!(figures["method"]["staff.total"]["left_out"]["posts_at_facilities_not_open"], left_out.len());
    assert_eq!(rows("staff.posts").await.len(), 2);
    // Between two days they come and go as the others do.
    let compared =
        world.manager.get("/api/v1/reports/figures/comparison?from=2015-04-30&to=2015-06-30").await.expect_status(200).json();
    let of = |name: &str| compared["figures"].as_array().unwrap().iter().find(|one| one["figure"] == name).expect(name).clone();
    assert_eq!(
        (&of("staff.posts_at_facilities_not_open")["came"][0]["code"], &of("staff.posts")["went"][0]["code"]),
        (&json!("S-3"), &json!("S-3"))
    );
    assert_eq!((&of("contracts.partners")["difference"], &of("contracts.running")["difference"]), (&json!(0), &json!(0)));
    let area = world.east;
    let clerk = world.app.clerk(open).await;
    clerk.get("/api/v1/reports/figures/contracts.partners/rows?as_of=2015-06-30").await.expect_problem(403, "forbidden");
    let coordinator = world.app.coordinator(&[area]).await;
    assert_eq!(
        coordinator.all("/api/v1/reports/figures/staff.posts_at_facilities_not_open/rows?as_of=2015-06-30").await.len(),
        1
    );
    for figure in ["spending.least_month", "supplies.arrived.fuel"] {
        let path = format!("/api/v1/reports/figures/{figure}/rows");
        world.manager.get(&path).await.expect_problem(404, "not-found");
    }
}
