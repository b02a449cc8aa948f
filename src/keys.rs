//! The service's keys: one file of mode 600, made when absent, read once at the start.
//!
//! Every key has an id. The first of each list is in use, the others still open what they closed,
//! so that keys are rotated by putting a new one on top.

mod digests;

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    constant_time, hmac,
    rand::{SecureRandom, SystemRandom},
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use digests::{Hasher, digest_of, hex, sha256};

/// The file as it lies on the disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    signing: Vec<WrittenKey>,
    sealing: Vec<WrittenKey>,
    /// Seeds of Ed25519: what is published is signed with them. Files of before have none yet.
    #[serde(default)]
    publishing: Vec<WrittenKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKey {
    id: String,
    key: String,
}

/// A key and the name it is called by in tokens and rows.
pub struct Key {
    /// The name: never secret.
    pub id: String,
    bytes: [u8; 32],
}

/// All keys of the service. Not `Debug`: nothing prints them.
pub struct Keys {
    signing: Vec<Key>,
    sealing: Vec<Key>,
    publishing: Vec<PublishingKey>,
}

/// A key that signs what is published, with the name it is called by.
pub struct PublishingKey {
    /// The name: never secret.
    pub id: String,
    pair: Ed25519KeyPair,
}

impl PublishingKey {
    fn of(key: Key) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&key.bytes).ok()?;
        Some(Self { id: key.id, pair })
    }

    /// What others check its signatures with.
    pub fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// Signs; the same words give the same signature.
    pub fn sign(&self, words: &[u8]) -> Vec<u8> {
        self.pair.sign(words).as_ref().to_vec()
    }
}

/// Whether this is the signature of these words by the holder of the key (Ed25519, RFC 8032).
pub fn is_signed(public_key: &[u8], words: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key).verify(words, signature).is_ok()
}

/// Why the keys cannot be had.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("the key file {0} cannot be used: {1}")]
    File(String, io::Error),
    /// Others than the owner could read the keys.
    #[error("the key file {0} may be read by others; run: chmod 600 {0}")]
    Open(String),
    /// The file is not one of ours.
    #[error("the key file {0} is damaged or not a key file of siraj")]
    Damaged(String),
}

impl Keys {
    /// Reads the file, or makes it with fresh keys when there is none.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let shown = path.display().to_string();
        let failed = |error| KeyError::File(shown.clone(), error);
        match fs::metadata(path) {
            Ok(found) if found.permissions().mode() & 0o077 != 0 => return Err(KeyError::Open(shown)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(path).map_err(failed)?,
            Err(error) => return Err(failed(error)),
        }
        let mut text = fs::read(path).map_err(failed)?;
        if lacks_publishing(&text) {
            add_publishing(path).map_err(failed)?;
            text = fs::read(path).map_err(failed)?;
        }
        Self::parse(&text).ok_or(KeyError::Damaged(shown))
    }

    /// Fresh keys that no file holds: for tests.
    pub fn fresh() -> io::Result<Self> {
        let text = fresh_file()?;
        Self::parse(&text).ok_or_else(|| io::Error::other("fresh keys"))
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let file: KeyFile = serde_json::from_slice(text).ok()?;
        let read = |keys: Vec<WrittenKey>| -> Option<Vec<Key>> {
            let keys = keys.into_iter().map(|written| {
                let bytes = BASE64_URL_SAFE_NO_PAD.decode(&written.key).ok()?.try_into().ok()?;
                (!written.id.is_empty()).then_some(Key { id: written.id, bytes })
            });
            keys.collect::<Option<Vec<_>>>().filter(|keys| !keys.is_empty())
        };
        let publishing = read(file.publishing)?.into_iter().map(PublishingKey::of).collect::<Option<_>>()?;
        Some(Self { signing: read(file.signing)?, sealing: read(file.sealing)?, publishing })
    }

    /// The keys that sign what is published, the one in use first; there is always one.
    pub fn publishing(&self) -> &[PublishingKey] {
        &self.publishing
    }

    /// The signing keys, the one in use first.
    pub fn signing(&self) -> &[Key] {
        &self.signing
    }

    /// A keyed digest for one purpose: cursors, successors of refresh tokens.
    pub fn mac(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        mac_with(&self.signing[0], purpose, message)
    }

    /// The keyed digests by every key that is still known, the one in use first.
    pub fn macs(&self, purpose: &str, message: &[u8]) -> Vec<[u8; 32]> {
        self.signing.iter().map(|key| mac_with(key, purpose, message)).collect()
    }

    /// Whether the digest is one of ours, by any key that is still known.
    pub fn mac_matches(&self, purpose: &str, message: &[u8], given: &[u8]) -> bool {
        self.signing.iter().any(|key| {
            let whole = mac_with(key, purpose, message);
            given.len() >= 16
                && whole.len() >= given.len()
                && constant_time::verify_slices_are_equal(&whole[..given.len()], given).is_ok()
        })
    }

    /// Seals a text for one record: nobody can read it, or move it to another record, without the key.
    pub fn seal(&self, bound_to: &str, plain: &[u8]) -> Option<(String, Vec<u8>)> {
        let key = &self.sealing[0];
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, &key.bytes).ok()?;
        let mut sealed = plain.to_vec();
        let nonce = cipher.seal_in_place_append_tag(Aad::from(bound_to.as_bytes()), &mut sealed).ok()?;
        let mut whole = nonce.as_ref().to_vec();
        whole.extend(sealed);
        Some((key.id.clone(), whole))
    }

    /// A keyed digest that finds equal texts among sealed ones, and the id of the key behind it. The key of each purpose is derived from
    /// the sealing key in use: digests of one purpose tell nothing of those of another, nor of what is sealed.
    pub fn blind(&self, purpose: &str, message: &[u8]) -> (&str, [u8; 32]) {
        let key = &self.sealing[0];
        let derived = Key { id: key.id.clone(), bytes: mac_with(key, "derive", purpose.as_bytes()) };
        (&key.id, mac_with(&derived, purpose, message))
    }

    /// Opens what was sealed for this record; `None` when it was not, or was changed.
    pub fn unseal(&self, key_id: &str, bound_to: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let key = self.sealing.iter().find(|key| key.id == key_id)?;
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, &key.bytes).ok()?;
        let (nonce, sealed) = sealed.split_at_checked(12)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut plain = sealed.to_vec();
        let length = cipher.open_in_place(nonce, Aad::from(bound_to.as_bytes()), &mut plain).ok()?.len();
        plain.truncate(length);
        Some(plain)
    }
}

impl Key {
    /// The secret itself, for the token library.
    pub fn secret(&self) -> &[u8] {
        &self.bytes
    }
}

fn mac_with(key: &Key, purpose: &str, message: &[u8]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key.bytes));
    context.update(purpose.as_bytes());
    context.update(&[0]);
    context.update(message);
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

/// 256 random bits in a form that travels anywhere.
pub fn random_token() -> io::Result<String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

fn fresh_key() -> io::Result<Vec<WrittenKey>> {
    let id = random_token()?.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    Ok(vec![WrittenKey { id, key: random_token()? }])
}

fn fresh_file() -> io::Result<Vec<u8>> {
    let file = KeyFile { signing: fresh_key()?, sealing: fresh_key()?, publishing: fresh_key()? };
    serde_json::to_vec_pretty(&file).map_err(io::Error::other)
}

/// Whether this is a key file of before anything was published.
fn lacks_publishing(text: &[u8]) -> bool {
    serde_json::from_slice::<KeyFile>(text).is_ok_and(|file| file.publishing.is_empty())
}

/// Adds the key that signs what is published to a file of before. The old keys go over into the new file before it takes the place
/// of the old one, whole; of two starts at once the second finds the key of the first.
fn add_publishing(path: &Path) -> io::Result<()> {
    let held = fs::File::open(path)?;
    held.lock()?;
    let text = fs::read(path)?;
    if !lacks_publishing(&text) {
        return Ok(());
    }
    let mut file: KeyFile = serde_json::from_slice(&text).map_err(io::Error::other)?;
    file.publishing = fresh_key()?;
    let beside = beside(path);
    write_whole(&beside, &serde_json::to_vec_pretty(&file).map_err(io::Error::other)?)?;
    fs::rename(&beside, path)?;
    sync_folder(path)
}

/// Where a new file is written before it takes its place.
fn beside(path: &Path) -> std::path::PathBuf {
    path.with_extension(format!("new-{}", std::process::id()))
}

fn write_whole(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> io::Result<()> {
    // A bare file name lies in the folder that we are in.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    fs::File::open(folder)?.sync_all()
}

/// Whole or not at all: a cut during the first start must not leave half a file, or sealed fields could never be read.
fn create(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = beside(path);
    write_whole(&beside, &fresh_file()?)?;
    // Linked, not renamed: of two first starts the later keeps the keys of the earlier, which may have sealed with them.
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_folder(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_opens_only_for_its_record() {
        let keys = Keys::fresh().expect("keys");
        let (key_id, sealed) = keys.seal("facility_location:1", b"33.5,36.4").expect("sealed");
        assert_eq!(keys.unseal(&key_id, "facility_location:1", &sealed).as_deref(), Some(&b"33.5,36.4"[..]));
        assert_eq!(keys.unseal(&key_id, "facility_location:2", &sealed), None);
        assert_eq!(keys.unseal("another", "facility_location:1", &sealed), None);
        let mut changed = sealed.clone();
        changed[15] ^= 1;
        assert_eq!(keys.unseal(&key_id, "facility_location:1", &changed), None);
        assert!(!sealed.windows(4).any(|part| part == b"33.5"));
    }

    #[test]
    fn a_blind_digest_is_one_for_equal_texts_of_one_purpose_and_key() {
        let (keys, others) = (Keys::fresh().expect("keys"), Keys::fresh().expect("keys"));
        assert_eq!(keys.blind("name", b"hmd"), keys.blind("name", b"hmd"));
        assert_ne!(keys.blind("name", b"hmd"), keys.blind("phone", b"hmd"));
        assert_ne!(keys.blind("name", b"hmd").1, others.blind("name", b"hmd").1);
        assert_ne!(keys.blind("name", b"hmd").1, keys.mac("name", b"hmd"));
    }

    #[test]
    fn a_key_file_of_before_gets_a_key_to_publish_with_and_keeps_the_others() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("keys.json");
        let mut file: serde_json::Value = serde_json::from_slice(&fresh_file().expect("keys")).expect("JSON");
        file.as_object_mut().expect("an object").remove("publishing");
        write_whole(&path, file.to_string().as_bytes()).expect("written");
        // Two starts at once.
        let opened: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..2).map(|_| scope.spawn(|| Keys::open(&path).expect("opened"))).collect();
            starts.into_iter().map(|start| start.join().expect("a start")).collect()
        });
        assert_eq!(opened[0].publishing()[0].public(), opened[1].publishing()[0].public());
        let now: serde_json::Value = serde_json::from_slice(&fs::read(&path).expect("read")).expect("JSON");
        assert_eq!((&now["signing"], &now["sealing"]), (&file["signing"], &file["sealing"]));
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_signature_holds_for_its_words_and_its_key_only() {
        let (keys, others) = (Keys::fresh().expect("keys"), Keys::fresh().expect("keys"));
        let key = &keys.publishing()[0];
        let signature = key.sign(b"report 7");
        assert!(is_signed(key.public(), b"report 7", &signature));
        assert!(!is_signed(key.public(), b"report 8", &signature));
        assert!(!is_signed(others.publishing()[0].public(), b"report 7", &signature));
        assert_eq!((key.public().len(), signature.len()), (32, 64));
        assert_eq!(hex(&digest_of(b"")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn a_key_file_that_others_may_read_stops_the_start() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("keys.json");
        let made = Keys::open(&path).expect("made");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(Keys::open(&path).expect("read again").signing()[0].id, made.signing()[0].id);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("opened");
        assert!(matches!(Keys::open(&path), Err(KeyError::Open(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("closed");
        fs::write(&path, "{}").expect("damaged");
        assert!(matches!(Keys::open(&path), Err(KeyError::Damaged(_))));
    }
}
