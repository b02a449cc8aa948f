//! One throw-away cluster for all test processes of a run.
//!
//! Every process holds a shared lock on `users`, and an exclusive one on `lock` while it starts
//! or adopts Postgres. A detached shell waits until nobody holds `users` any more, also after
//! kill -9, lingers a little for the next test binary, and stops Postgres.

use std::fs::{File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Settings;
use super::account::Accounts;
use super::error::{DoingTo, EmbeddedError};
use super::files;
use super::folders::Places;
use super::process;
use super::server::Cluster;

/// `$1` is the `users` file, `$2` is `pg_ctl`, `$3` the data folder. 75 says that somebody came meanwhile.
const REAPER: &str = "\
trap '' HUP INT
while :; do
    flock -x \"$1\" true
    sleep 3
    flock -n -E 75 -x \"$1\" \"$2\" stop -s -m fast -D \"$3\"
    [ $? -eq 75 ] || exit 0
done";

/// A share in the throw-away cluster; it runs at least as long as this value lives.
#[derive(Debug)]
pub struct SharedCluster {
    cluster: Cluster,
    _share: File,
}

impl SharedCluster {
    /// A connection string for `role` and `database`, over the private socket.
    #[must_use]
    pub fn url(&self, role: &str, database: &str) -> String {
        self.cluster.url(role, database)
    }
}

/// Joins the throw-away cluster in `dir`, starting it when nobody has.
///
/// For tests only: it forgets data in a power cut. Its roles are `siraj_owner` and `siraj_service`,
/// its first database is `siraj`.
///
/// # Errors
///
/// As for [`super::Embedded::start`].
pub fn share_disposable(dir: &Path) -> Result<SharedCluster, EmbeddedError> {
    let settings = Settings {
        data_dir: dir.to_owned(),
        owner_role: "siraj_owner".to_owned(),
        service_role: "siraj_service".to_owned(),
        database: "siraj".to_owned(),
        disposable: true,
    };
    let places = Places::open(dir)?;
    let accounts = Accounts::find(&places.data)?;
    places.check_owner(&accounts)?;
    let users = places.base.join("users");
    let share = open_lock(&users)?;
    share.lock_shared().doing("lock", &users)?;
    let turn = open_lock(&places.lock)?;
    turn.lock().doing("lock", &places.lock)?;

    let cluster = Cluster::open(settings, places, accounts)?;
    if process::members(&cluster.places.data).is_empty() {
        // Before Postgres, so that a kill in between leaves no cluster without its reaper.
        leave_reaper(&cluster, &users)?;
    }
    cluster.bring_up()?;
    cluster.prepare()?;
    Ok(SharedCluster { cluster, _share: share })
}

fn open_lock(path: &Path) -> Result<File, EmbeddedError> {
    files::open(path, OpenOptions::new().read(true).write(true).create(true).truncate(false))
}

fn leave_reaper(cluster: &Cluster, users: &Path) -> Result<(), EmbeddedError> {
    let mut reaper = Command::new("sh");
    reaper
        .args(["-c", REAPER, "siraj-reaper"])
        .arg(users)
        .arg(cluster.programs.path("pg_ctl"))
        .arg(&cluster.places.data)
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    cluster.accounts.drop_to_runner(&mut reaper);
    reaper.spawn().map(drop).map_err(|source| EmbeddedError::Program { program: "sh".into(), source })
}
