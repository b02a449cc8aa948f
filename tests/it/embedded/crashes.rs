//! Crashes, and what they leave behind.

use super::*;

#[test]
fn a_killed_service_finds_its_postgres_again() {
    let home = Home::new();
    let service = Service::start(&home).unwrap();
    let before = home.postmaster();
    service.owner_sql("CREATE TABLE kept (n int)");
    service.kill();
    let service = Service::start(&home).unwrap();
    assert_eq!(home.postmaster(), before);
    assert_eq!(service.owner_sql("SELECT count(*) FROM kept"), "0");
    service.stop();
    assert!(home.processes().is_empty());
}

#[test]
fn a_power_cut_loses_nothing_committed() {
    let home = Home::new();
    let service = Service::start(&home).unwrap();
    service.owner_sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)");
    service.kill();
    home.kill_postgres();
    assert!(home.data().join("postmaster.pid").exists());
    assert!(home.base().join("socket/.s.PGSQL.5432.lock").exists());
    let service = Service::start(&home).unwrap();
    assert_eq!(service.owner_sql("SELECT n FROM kept"), "7");
    service.stop();
}

#[test]
fn a_postgres_that_dies_is_started_again() {
    let home = Home::new();
    let service = Service::run(&["supervise"], &home).unwrap();
    for _ in 0..2 {
        let before = home.postmaster();
        kill(before);
        wait_for("second Postgres", || sql(&service.url, "SELECT 1").is_ok() && home.postmaster() != before);
    }
    service.stop();
    assert!(home.processes().is_empty());
}

#[test]
fn an_adopted_postgres_that_dies_is_started_again() {
    let home = Home::new();
    Service::start(&home).unwrap().kill();
    let service = Service::run(&["supervise"], &home).unwrap();
    let before = home.postmaster();
    kill(before);
    wait_for("second Postgres", || sql(&service.url, "SELECT 1").is_ok() && home.postmaster() != before);
    service.stop();
    assert!(home.processes().is_empty());
}

#[test]
fn children_without_their_postmaster_are_waited_for() {
    let home = Home::new();
    let service = Service::start(&home).unwrap();
    let url = service.url.clone();
    let busy = thread::spawn(move || sql(&url, "SELECT pg_sleep(600)"));
    wait_for("busy child", || {
        let busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'";
        service.owner_sql(busy) == "1"
    });
    // A stopped child shows as alive and cannot end by itself.
    let child = service.owner_sql(
        "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' \
         AND pid <> pg_backend_pid()",
    );
    let child = child.parse().unwrap();
    signal("-STOP", child);
    service.kill();
    kill(home.postmaster());
    let starting = thread::spawn({
        let folder = home.folder.clone();
        move || crate::support::cluster::spawn(&["start"], &folder)
    });
    let mut starting = starting.join().unwrap();
    assert!(starting.try_wait().unwrap().is_none());
    signal("-CONT", child);
    assert!(busy.join().unwrap().is_err());
    wait_for("fresh Postgres", || home.data().join("postmaster.pid").exists() && sql(&service_url(&home), "SELECT 1").is_ok());
    starting.kill().unwrap();
    starting.wait().unwrap();
}

#[test]
fn a_pid_file_that_names_somebody_else_does_not_hinder() {
    let (home, other) = (Home::new(), Home::new());
    Service::start(&home).unwrap().stop();
    let stranger = Service::start(&other).unwrap();
    // Postgres itself would believe the second one: a living process of its own user.
    for pid in [1, other.postmaster()] {
        let stale = format!("{pid}\n{}\n1\n5432\n\n\n\nready   \n", home.data().display());
        fs::write(home.data().join("postmaster.pid"), stale).unwrap();
        Service::start(&home).unwrap().stop();
    }
    assert_eq!(stranger.sql("SELECT 1"), "1");
}

#[test]
fn a_stale_socket_lock_does_not_hinder() {
    let (home, other) = (Home::new(), Home::new());
    Service::start(&home).unwrap().stop();
    let stranger = Service::start(&other).unwrap();
    let socket = home.base().join("socket");
    for pid in [1, other.postmaster()] {
        let stale = format!("{pid}\n{}\n1\n5432\n", home.data().display());
        fs::write(socket.join(".s.PGSQL.5432.lock"), stale).unwrap();
        fs::write(socket.join(".s.PGSQL.5432"), "").unwrap();
        Service::start(&home).unwrap().stop();
    }
    assert_eq!(stranger.sql("SELECT 1"), "1");
}

#[test]
fn a_half_made_database_is_made_anew() {
    let home = Home::new();
    fs::create_dir_all(home.base().join("data.new/base")).unwrap();
    fs::set_permissions(&home.folder, Permissions::from_mode(0o711)).unwrap();
    fs::set_permissions(home.base(), Permissions::from_mode(0o711)).unwrap();
    fs::write(home.base().join("data.new/PG_VERSION"), "15\n").unwrap();
    Service::start(&home).unwrap().stop();
    assert!(!home.base().join("data.new").exists());
}

#[test]
fn a_first_start_that_is_killed_is_begun_again() {
    let home = Home::new();
    let mut first = crate::support::cluster::spawn(&["start"], &home.folder);
    wait_for("half-made database", || home.base().join("data.new/PG_VERSION").exists());
    first.kill().unwrap();
    first.wait().unwrap();
    let service = Service::start(&home).unwrap();
    assert_eq!(service.sql("SELECT 1"), "1");
    service.stop();
}
