//! Which operating-system user we are, and which one Postgres runs as.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::error::EmbeddedError;

/// A user of the operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

/// This process's user, and the one that Postgres runs as.
#[derive(Debug, Clone)]
pub(super) struct Accounts {
    pub own: Account,
    pub runner: Account,
}

impl Accounts {
    /// Root hands Postgres to the owner of the data, else to `postgres`, else to `nobody`,
    /// because Postgres refuses to run as root.
    pub fn find(data: &Path) -> Result<Self, EmbeddedError> {
        let own = Account::own()?;
        if own.uid != 0 {
            return Ok(Self { runner: own.clone(), own });
        }
        let owner = fs::metadata(data).ok().filter(|data| data.uid() != 0).and_then(|data| Account::by_uid(data.uid()));
        let runner = owner
            .or_else(|| Account::by_name("postgres"))
            .or_else(|| Account::by_name("nobody"))
            .ok_or(EmbeddedError::NoAccount)?;
        Ok(Self { own, runner })
    }

    /// Whether this process may hand files and processes to another user.
    pub fn is_root(&self) -> bool {
        self.own.uid == 0
    }

    /// Makes `command` run as the Postgres user.
    pub fn drop_to_runner(&self, command: &mut Command) {
        if self.is_root() {
            command.uid(self.runner.uid).gid(self.runner.gid);
        }
    }

    /// Stops with the name of the first folder on the way to `path` that the Postgres user may not enter.
    pub fn check_way_to(&self, path: &Path) -> Result<(), EmbeddedError> {
        if !self.is_root() {
            return Ok(());
        }
        let mut way: Vec<&Path> = path.ancestors().collect();
        way.reverse();
        for folder in way {
            // The mode bits answer nearly always; only a "no" is worth a process, as an ACL may say yes.
            if !self.mode_lets_in(folder) && !self.really_lets_in(folder) {
                return Err(EmbeddedError::Closed { user: self.runner.name.clone(), closed: folder.to_owned() });
            }
        }
        Ok(())
    }

    fn mode_lets_in(&self, folder: &Path) -> bool {
        fs::metadata(folder).is_ok_and(|found| {
            let bit = if found.uid() == self.runner.uid {
                0o100
            } else if found.gid() == self.runner.gid {
                0o010
            } else {
                0o001
            };
            found.mode() & bit != 0
        })
    }

    fn really_lets_in(&self, folder: &Path) -> bool {
        let mut test = Command::new("test");
        test.arg("-x").arg(folder).current_dir("/");
        self.drop_to_runner(&mut test);
        test.stdin(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

impl Account {
    /// From the kernel's word, not from `$USER`, which `su` and `sudo` leave wrong.
    fn own() -> Result<Self, EmbeddedError> {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let effective = |label: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(label))
                .and_then(|ids| ids.split_whitespace().nth(1))
                .and_then(|id| id.parse::<u32>().ok())
        };
        let uid = effective("Uid:").ok_or(EmbeddedError::NoAccount)?;
        let gid = effective("Gid:").ok_or(EmbeddedError::NoAccount)?;
        let name = name_of(uid).ok_or(EmbeddedError::Nameless { uid })?;
        Ok(Self { name, uid, gid })
    }

    fn by_name(name: &str) -> Option<Self> {
        passwd(|line| line.name == name)
    }

    fn by_uid(uid: u32) -> Option<Self> {
        passwd(|line| line.uid == uid)
    }
}

/// The name of user `uid`; asks `id` for users who live in a directory service.
pub(super) fn name_of(uid: u32) -> Option<String> {
    Account::by_uid(uid).map(|account| account.name).or_else(|| {
        let answer = Command::new("id").arg("-un").arg(uid.to_string()).output().ok()?;
        let name = String::from_utf8(answer.stdout).ok()?.trim().to_owned();
        (answer.status.success() && !name.is_empty()).then_some(name)
    })
}

fn passwd(wanted: impl Fn(&Account) -> bool) -> Option<Account> {
    let text = fs::read_to_string("/etc/passwd").ok()?;
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            Some(Account { name, uid, gid })
        })
        .find(wanted)
}
