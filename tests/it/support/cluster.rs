//! A home for one cluster, the service that holds it, and looks at it from outside.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use siraj::postgres::Settings;
use tempfile::TempDir;

/// A data folder of its own for one test; whatever Postgres is left in it is ended.
pub struct Home {
    _temp: TempDir,
    pub folder: PathBuf,
}

impl Home {
    pub fn new() -> Self {
        Self::at("home")
    }

    pub fn at(inner: &str) -> Self {
        let temp = tempfile::tempdir().unwrap();
        fs::set_permissions(temp.path(), Permissions::from_mode(0o711)).unwrap();
        let folder = temp.path().canonicalize().unwrap().join(inner);
        Self { _temp: temp, folder }
    }

    pub fn base(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    pub fn data(&self) -> PathBuf {
        self.base().join("data")
    }

    pub fn settings(&self) -> Settings {
        Settings {
            data_dir: self.folder.clone(),
            owner_role: "siraj_owner".to_owned(),
            service_role: "siraj_service".to_owned(),
            database: "siraj".to_owned(),
            disposable: false,
        }
    }

    /// Numbers of the living processes that work in the data folder.
    pub fn processes(&self) -> Vec<u32> {
        fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid: &u32| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == self.data()))
            .collect()
    }

    pub fn postmaster(&self) -> u32 {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        file.lines().next().unwrap().parse().unwrap()
    }

    /// As in a power cut: nobody lives, and no file has been tidied away.
    pub fn kill_postgres(&self) {
        for pid in self.processes() {
            kill(pid);
        }
        wait_for("Postgres to be dead", || self.processes().is_empty());
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for pid in self.processes() {
            kill(pid);
        }
        let start = Instant::now();
        while !self.processes().is_empty() && start.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A running service in a process of its own.
pub struct Service {
    child: Child,
    input: Option<ChildStdin>,
    pub url: String,
}

impl Service {
    /// Starts it and waits until it serves; the error is what it told the operator.
    pub fn start(home: &Home) -> Result<Self, String> {
        Self::run(&["start"], home)
    }

    pub fn run(words: &[&str], home: &Home) -> Result<Self, String> {
        let mut child = spawn(words, &home.folder);
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        if url.is_empty() {
            let mut error = String::new();
            let mut output = child.stderr.take().unwrap();
            output.read_to_string(&mut error).unwrap();
            assert!(!child.wait().unwrap().success());
            return Err(error.trim().to_owned());
        }
        Ok(Self { input: child.stdin.take(), child, url: url.trim().to_owned() })
    }

    /// Lets the service end in good order.
    pub fn stop(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn sql(&self, query: &str) -> String {
        sql(&self.url, query).unwrap()
    }

    pub fn owner_sql(&self, query: &str) -> String {
        sql(&self.url.replace("siraj_service", "siraj_owner"), query).unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The one place that knows which program is the service. A first word `as:<user>` runs it as that user.
pub fn spawn(words: &[&str], folder: &Path) -> Child {
    let tests = std::env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join("examples/hold");
    let (user, words) = match words.split_first() {
        Some((first, rest)) if first.starts_with("as:") => (first.strip_prefix("as:"), rest),
        _ => (None, words),
    };
    let mut command = match user {
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.arg(format!("--reuid={user}"));
            command.args(["--regid=65534", "--clear-groups", "--"]);
            command.arg(program);
            command
        }
        None => Command::new(program),
    };
    command.args(words).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub fn sql(url: &str, query: &str) -> Result<String, String> {
    let answer =
        Command::new("psql").args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"]).args(["-c", query, url]).output().unwrap();
    if answer.status.success() {
        Ok(String::from_utf8(answer.stdout).unwrap().trim().to_owned())
    } else {
        Err(String::from_utf8(answer.stderr).unwrap())
    }
}

pub fn kill(pid: u32) {
    signal("-KILL", pid);
}

pub fn signal(name: &str, pid: u32) {
    // It may have ended by itself just now.
    let _ = Command::new("kill").args([name, &pid.to_string()]).stderr(Stdio::null()).status();
}

pub fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

pub fn wait_for(what: &str, mut reached: impl FnMut() -> bool) {
    let start = Instant::now();
    while !reached() {
        assert!(start.elapsed() < Duration::from_secs(20), "no {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
