//! The folders of a cluster: where each thing lies, who owns it, and the socket's short path.
//!
//! The outer folder stays ours, and only `data` and `socket` belong to the Postgres user.
//! A taken-over database can thus neither change its own access rules
//! nor lead root astray with a link in the place of a file.

use std::fs::{self, DirBuilder, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, lchown};
use std::path::{Path, PathBuf};

use super::account::{Accounts, name_of};
use super::error::{DoingTo, EmbeddedError};

/// A Unix socket's whole path must fit the kernel's 108 bytes, the closing zero included.
const LONGEST_SOCKET: usize = 107;
pub(super) const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// Every path of one cluster.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub base: PathBuf,
    pub data: PathBuf,
    pub unfinished: PathBuf,
    pub lock: PathBuf,
    pub log: PathBuf,
    pub prepared: PathBuf,
    pub config: PathBuf,
    pub rules: PathBuf,
    pub names: PathBuf,
}

impl Places {
    /// Makes the outer folder when absent; the links in its path are followed once, here,
    /// so that a process's working folder can be compared with it.
    pub fn open(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let base = data_dir.join("postgres");
        make_way(&base).doing("make the folder", &base)?;
        let base = base.canonicalize().doing("find", &base)?;
        Ok(Self {
            data: base.join("data"),
            unfinished: base.join("data.new"),
            lock: base.join("lock"),
            log: base.join("log"),
            prepared: base.join("prepared"),
            config: base.join("postgresql.conf"),
            rules: base.join("pg_hba.conf"),
            names: base.join("pg_ident.conf"),
            base,
        })
    }

    /// Stops an ordinary user in front of somebody else's folder, with the name of the one to be.
    pub fn check_owner(&self, accounts: &Accounts) -> Result<(), EmbeddedError> {
        let owner = fs::metadata(&self.base).doing("look at", &self.base)?.uid();
        if accounts.is_root() || owner == accounts.own.uid {
            return Ok(());
        }
        Err(EmbeddedError::Foreign { folder: self.base.clone(), owner: name_of(owner).unwrap_or_else(|| owner.to_string()) })
    }

    /// The folder of the socket: beside the data, or under the temporary folder
    /// when the path is too long or holds signs that connection strings would split at.
    pub fn socket(&self, accounts: &Accounts) -> Result<PathBuf, EmbeddedError> {
        let beside = self.base.join("socket");
        if fits(&beside) {
            make_private(&beside, accounts).doing("make the folder", &beside)?;
            return Ok(beside);
        }
        let mut hasher = DefaultHasher::new();
        self.base.hash(&mut hasher);
        let name = format!("siraj-{:016x}", hasher.finish());
        [std::env::temp_dir(), PathBuf::from("/tmp")]
            .iter()
            .filter(|temp| accounts.check_way_to(temp).is_ok())
            // The same data finds the same folder again; a stranger who took the name first is passed by.
            .flat_map(|temp| (0..100).map(|number| temp.join(format!("{name}-{number}"))))
            .filter(|folder| fits(folder))
            .find(|folder| make_private(folder, accounts).is_ok())
            .ok_or_else(|| EmbeddedError::NoSocketFolder { folder: std::env::temp_dir() })
    }

    /// A backup put back by root belongs to root and is open to all; Postgres would refuse both.
    pub fn mend_ownership(&self, accounts: &Accounts) -> Result<(), EmbeddedError> {
        let found = fs::symlink_metadata(&self.data).doing("look at", &self.data)?;
        if accounts.is_root() && found.uid() != accounts.runner.uid {
            hand_over(&self.data, accounts).doing("change the owner of", &self.data)?;
        }
        if found.mode() & 0o027 != 0 {
            fs::set_permissions(&self.data, Permissions::from_mode(0o700)).doing("close to others", &self.data)?;
        }
        Ok(())
    }
}

/// Makes the missing folders of `path`. Root's are left enterable, as Postgres runs as another user.
fn make_way(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_way(parent)?;
    }
    match fs::create_dir(path) {
        // Another start of the service may have been quicker by a moment.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            let mine = fs::metadata(path)?.uid();
            let mode = if mine == 0 { 0o711 } else { 0o700 };
            fs::set_permissions(path, Permissions::from_mode(mode))
        }
    }
}

/// A folder that only the Postgres user (and root) may enter; refuses one that somebody else made.
pub(super) fn make_private(folder: &Path, accounts: &Accounts) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => return give(folder, accounts),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let found = fs::symlink_metadata(folder)?;
    let (runner, own) = (accounts.runner.uid, accounts.own.uid);
    if !found.is_dir() || (found.uid() != runner && found.uid() != own) {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists));
    }
    if found.mode() & 0o777 != 0o700 {
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    // Root's own: a start was killed between making the folder and handing it over.
    if found.uid() == runner { Ok(()) } else { give(folder, accounts) }
}

fn give(folder: &Path, accounts: &Accounts) -> io::Result<()> {
    if !accounts.is_root() {
        return Ok(());
    }
    chown(folder, Some(accounts.runner.uid), Some(accounts.runner.gid))
}

/// The folder itself changes hands last, so that a killed run is begun again.
fn hand_over(path: &Path, accounts: &Accounts) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            hand_over(&entry?.path(), accounts)?;
        }
    }
    lchown(path, Some(accounts.runner.uid), Some(accounts.runner.gid))
}

fn fits(folder: &Path) -> bool {
    let bytes = folder.as_os_str().as_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-".contains(byte);
    bytes.len() + 1 + SOCKET_NAME.len() <= LONGEST_SOCKET && bytes.iter().all(plain)
}
