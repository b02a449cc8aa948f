//! The private PostgreSQL in good and in bad days, over the real thing.

mod crashes;

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::thread;
use std::time::Duration;

use crate::support::cluster::{Home, Service, is_root, kill, signal, sql, wait_for};
use siraj::postgres::{Embedded, EmbeddedError};

#[test]
fn a_first_start_makes_the_roles_and_the_database() {
    let home = Home::new();
    let service = Service::start(&home).unwrap();
    assert_eq!(service.sql("SELECT current_user, current_database(), session_user"), "siraj_service|siraj|siraj_service");
    let privileges = "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolcanlogin \
                      FROM pg_roles WHERE rolname = 'siraj_service'";
    assert_eq!(service.sql(privileges), "f|f|f|f|t");
    assert_eq!(service.owner_sql("SELECT current_user"), "siraj_owner");
    assert_eq!(service.owner_sql("SHOW data_checksums"), "on");
    assert_eq!(service.owner_sql("SHOW server_encoding"), "UTF8");
    service.stop();
    assert!(home.processes().is_empty());
}

#[test]
fn data_survives_a_stop_and_a_start() {
    let home = Home::new();
    let service = Service::start(&home).unwrap();
    service.owner_sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)");
    service.stop();
    let service = Service::start(&home).unwrap();
    assert_eq!(service.owner_sql("SELECT n FROM kept"), "7");
    service.stop();
}

#[test]
fn the_last_owner_to_go_stops_it() {
    fn shareable<T: Send + Sync>(_: &T) {}
    let home = Home::new();
    let embedded = Embedded::start(home.settings()).unwrap();
    shareable(&embedded);
    embedded.supervise();
    let other = embedded.clone();
    drop(embedded);
    assert!(other.is_running());
    assert_eq!(sql(&other.service_url(), "SELECT 1").unwrap(), "1");
    drop(other);
    assert!(home.processes().is_empty());
}

#[test]
fn it_may_be_stopped_twice_and_started_again() {
    let home = Home::new();
    let embedded = Embedded::start(home.settings()).unwrap();
    embedded.stop();
    embedded.stop();
    assert!(!embedded.is_running());
    let again = Embedded::start(home.settings()).unwrap();
    assert!(again.is_running());
}

#[test]
fn a_second_service_on_the_folder_is_refused() {
    let home = Home::new();
    let service = Service::start(&home).unwrap();
    let refusal = Service::start(&home).map(|_| ()).unwrap_err();
    assert_eq!(
        refusal,
        format!("the data folder {} is in use by another siraj (process {})", home.folder.display(), service.pid())
    );
    assert_eq!(service.sql("SELECT 1"), "1");
    service.stop();
}

#[test]
fn of_four_at_once_one_serves() {
    let home = Home::new();
    let outcomes: Vec<_> = thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| Service::start(&home))).collect();
        starts.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let refused: Vec<_> = outcomes.iter().filter_map(|one| one.as_ref().err()).collect();
    assert_eq!(refused.len(), 3, "{refused:?}");
    for sentence in refused {
        assert!(sentence.contains("is in use by another siraj"), "{sentence}");
    }
    outcomes.into_iter().flatten().for_each(Service::stop);
}

#[test]
fn no_network_port_is_opened() {
    let home = Home::new();
    let service = Service::start(&home).unwrap();
    assert_eq!(service.owner_sql("SHOW listen_addresses"), "");
    let ports =
        ["tcp", "tcp6", "udp", "udp6"].map(|kind| fs::read_to_string(format!("/proc/net/{kind}")).unwrap_or_default()).concat();
    let open: Vec<String> = ports
        .lines()
        .filter(|line| line.split_whitespace().nth(3) == Some("0A"))
        .filter_map(|line| line.split_whitespace().nth(9))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    for file in fs::read_dir(format!("/proc/{}/fd", home.postmaster())).unwrap() {
        let target = fs::read_link(file.unwrap().path()).unwrap_or_default();
        assert!(!open.contains(&target.display().to_string()), "{target:?}");
    }
    service.stop();
}

#[test]
fn nothing_that_keeps_data_safe_is_turned_off() {
    let home = Home::new();
    let service = Service::start(&home).unwrap();
    for name in ["fsync", "full_page_writes", "synchronous_commit"] {
        assert_eq!(service.owner_sql(&format!("SHOW {name}")), "on", "{name}");
    }
    service.stop();
}

#[test]
fn a_throw_away_postgres_is_never_adopted_for_real_data() {
    let home = Home::new();
    let service = Service::run(&["disposable"], &home).unwrap();
    assert_eq!(service.owner_sql("SHOW fsync"), "off");
    assert_eq!(service.owner_sql("SHOW max_connections"), "300");
    service.kill();
    let service = Service::start(&home).unwrap();
    assert_eq!(service.owner_sql("SHOW fsync"), "on");
    service.stop();
}

#[test]
fn a_long_and_arabic_path_works() {
    let home = Home::at(&format!("بيانات المستشفى, {}", "x".repeat(150)));
    let service = Service::start(&home).unwrap();
    assert_eq!(service.sql("SELECT 1"), "1");
    let before = home.postmaster();
    service.kill();
    let service = Service::start(&home).unwrap();
    assert_eq!(home.postmaster(), before);
    let socket = service.url.split([' ', '=']).nth(1).unwrap().to_owned();
    assert!(fs::exists(&socket).unwrap());
    service.stop();
    assert!(!fs::exists(&socket).unwrap());
}

#[test]
fn data_of_another_version_is_left_alone() {
    let home = Home::new();
    Service::start(&home).unwrap().stop();
    fs::write(home.data().join("PG_VERSION"), "12\n").unwrap();
    let refusal = Service::start(&home).map(|_| ()).unwrap_err();
    assert!(refusal.contains("was made by PostgreSQL 12"), "{refusal}");
    assert!(refusal.contains("apt-get install postgresql-12"), "{refusal}");
}

#[test]
fn data_that_went_missing_is_not_replaced_by_an_empty_database() {
    let home = Home::new();
    Service::start(&home).unwrap().stop();
    fs::rename(home.data(), home.base().join("elsewhere")).unwrap();
    let refusal = Embedded::start(home.settings()).map(|_| ()).unwrap_err();
    assert!(matches!(refusal, EmbeddedError::DataGone { .. }), "{refusal}");
    fs::rename(home.base().join("elsewhere"), home.data()).unwrap();
    Service::start(&home).unwrap().stop();
}

#[test]
fn why_it_did_not_start_is_said() {
    let home = Home::new();
    Service::start(&home).unwrap().stop();
    fs::write(home.base().join("tuning.conf"), "work_mem = many\n").unwrap();
    let refusal = Service::start(&home).map(|_| ()).unwrap_err();
    assert!(refusal.starts_with("PostgreSQL did not start: "), "{refusal}");
    assert!(refusal.contains("work_mem") || refusal.contains("tuning.conf"), "{refusal}");
}

#[test]
fn a_long_log_is_cut() {
    let home = Home::new();
    Service::start(&home).unwrap().stop();
    let log = home.base().join("log");
    File::options().write(true).open(&log).unwrap().set_len(11 << 20).unwrap();
    Service::start(&home).unwrap().stop();
    assert!(fs::metadata(&log).unwrap().len() < 1 << 20);
    assert!(home.base().join("log.old").exists());
}

#[test]
fn a_postgres_out_of_sight_is_waited_for() {
    let home = Home::new();
    Service::start(&home).unwrap().stop();
    let elsewhere = File::options().write(true).open(home.base().join("running")).unwrap();
    elsewhere.lock().unwrap();
    let starting = thread::spawn({
        let settings = home.settings();
        move || Embedded::start(settings)
    });
    thread::sleep(Duration::from_millis(200));
    assert!(home.processes().is_empty());
    drop(elsewhere);
    assert!(starting.join().unwrap().unwrap().is_running());
}

#[test]
fn root_hands_postgres_to_an_ordinary_user() {
    if !is_root() {
        return;
    }
    let home = Home::new();
    let service = Service::start(&home).unwrap();
    let process = fs::metadata(format!("/proc/{}", home.postmaster())).unwrap();
    assert_ne!(process.uid(), 0);
    let socket = fs::metadata(home.base().join("socket")).unwrap();
    assert_eq!((socket.mode() & 0o777, socket.uid()), (0o700, process.uid()));
    service.stop();
}

#[test]
fn an_ordinary_user_may_run_it() {
    if !is_root() {
        return; // Then every other test has shown it.
    }
    let home = Home::new();
    fs::create_dir(&home.folder).unwrap();
    chown(&home.folder, Some(65534), Some(65534)).unwrap();
    let service = Service::run(&["as:65534", "start"], &home).unwrap();
    assert_eq!(fs::metadata(format!("/proc/{}", home.postmaster())).unwrap().uid(), 65534);
    // Root is in the map too, and an operator's root start must not shut the user out.
    assert_eq!(service.sql("SELECT current_user"), "siraj_service");
    service.stop();
    Service::start(&home).unwrap().stop();
    Service::run(&["as:65534", "start"], &home).unwrap().stop();
}

#[test]
fn somebody_elses_folder_is_refused() {
    if !is_root() {
        return;
    }
    let home = Home::new();
    Service::start(&home).unwrap().stop();
    let refusal = Service::run(&["as:65534", "start"], &home).map(|_| ()).unwrap_err();
    assert!(refusal.contains("belongs to the user root"), "{refusal}");
}

#[test]
fn a_closed_parent_folder_is_named() {
    if !is_root() {
        return;
    }
    let home = Home::at("closed/home");
    let closed = home.folder.parent().unwrap();
    fs::create_dir(closed).unwrap();
    fs::set_permissions(closed, Permissions::from_mode(0o700)).unwrap();
    let refusal = Service::start(&home).map(|_| ()).unwrap_err();
    assert!(refusal.contains(&format!("chmod o+x {}", closed.display())), "{refusal}");
}

#[test]
fn a_backup_put_back_by_root_is_mended() {
    if !is_root() {
        return;
    }
    let home = Home::new();
    Service::start(&home).unwrap().stop();
    let chowned = std::process::Command::new("chown").args(["-R", "0:0"]).arg(home.data()).status();
    assert!(chowned.unwrap().success());
    fs::set_permissions(home.data(), Permissions::from_mode(0o755)).unwrap();
    Service::start(&home).unwrap().stop();
}

#[test]
fn test_processes_share_one_cluster_that_ends_by_itself() {
    let home = Home::new();
    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(|| Service::run(&["share"], &home).unwrap());
        let second = scope.spawn(|| Service::run(&["share"], &home).unwrap());
        (first.join().unwrap(), second.join().unwrap())
    });
    let before = home.postmaster();
    assert_eq!(first.sql("SHOW fsync"), "off");
    first.kill();
    assert_eq!(second.sql("SELECT 1"), "1");
    let third = Service::run(&["share"], &home).unwrap();
    assert_eq!(home.postmaster(), before);
    second.kill();
    third.stop();
    wait_for("end of the cluster", || home.processes().is_empty());
    assert!(!home.data().join("postmaster.pid").exists());
}

fn service_url(home: &Home) -> String {
    let socket = home.base().join("socket");
    format!("host={} user=siraj_service dbname=siraj", socket.display())
}
