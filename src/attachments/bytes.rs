//! The bytes: in an object store, each under its hash.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::Utc;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use object_store::{Error as StoreError, MultipartUpload, ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path};
use thiserror::Error;
use uuid::Uuid;

use super::{cleaning::Sieve, kinds::Kind, scanner::Scanner, types::AttachmentScan};
use crate::{
    config::Config,
    error::{ApiError, ApiResult, Code},
    http::Part,
    keys::Hasher,
};

/// What is written at once: a store that speaks S3 takes no smaller pieces, but for the last.
const PIECE: usize = 5 << 20;
/// What lies unfinished longer than this was left by a node that died.
const FORGOTTEN: Duration = Duration::from_hours(24);

/// Why the store cannot be used.
#[derive(Debug, Error)]
pub enum FilesError {
    /// The folder cannot be made or the address not be used.
    #[error("SIRAJ_ATTACHMENTS cannot be used: {0}")]
    Place(String),
    /// This binary was built without it.
    #[error("SIRAJ_ATTACHMENTS names a store of S3, which this binary was built without; build it with --features s3")]
    WithoutS3,
}

/// Where the bytes of a file come from.
pub enum Source<'a> {
    /// A part of a form that somebody sends.
    Part(&'a mut Part),
    /// The service itself has written them.
    Written(Option<Bytes>),
}

impl Source<'_> {
    async fn bytes(&mut self) -> ApiResult<Option<Bytes>> {
        match self {
            Self::Part(part) => part.bytes().await,
            Self::Written(bytes) => Ok(bytes.take()),
        }
    }
}

/// The store, and what is asked of a file before it is kept and before it is given out.
#[derive(Debug, Clone)]
pub struct Files {
    objects: Arc<dyn ObjectStore>,
    below: Path,
    /// Where the store is a folder of this machine.
    folder: Option<PathBuf>,
    /// The most bytes of one file.
    pub most: u64,
    scanner: Option<Scanner>,
    /// Whether only what was found clean is given out.
    pub scan_required: bool,
}

/// A file that has come in whole, and lies under a name of its own until it is promoted.
#[derive(Debug)]
pub struct Incoming {
    pub kind: Kind,
    pub file_name: String,
    pub size: i64,
    pub sha256: String,
    /// The hash of what was sent, before it was cleaned.
    pub sent: String,
    at: Path,
}

impl Files {
    /// Opens the place that the settings name.
    pub fn open(config: &Config) -> Result<Self, FilesError> {
        let place = config.attachments.clone().unwrap_or_else(|| config.data_dir.join("attachments").display().to_string());
        let scanner = config.scan_command.as_deref().and_then(Scanner::parse);
        let files = match place.strip_prefix("s3://") {
            Some(address) => Self::in_bucket(address)?,
            None => Self::in_folder(&PathBuf::from(place))?,
        };
        Ok(Self { most: config.attachment_limit, scanner, scan_required: config.scan_required, ..files })
    }

    /// In a folder of this machine, made if it is missing; for its owner only.
    pub fn in_folder(folder: &std::path::Path) -> Result<Self, FilesError> {
        use std::os::unix::fs::DirBuilderExt;
        let failed = |error: &dyn std::fmt::Display| FilesError::Place(error.to_string());
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| failed(&error))?;
        let objects = LocalFileSystem::new_with_prefix(folder).map_err(|error| failed(&error))?.with_fsync(true);
        Ok(Self { folder: Some(folder.to_owned()), ..Self::over(Arc::new(objects), Path::default()) })
    }

    #[cfg(feature = "s3")]
    fn in_bucket(address: &str) -> Result<Self, FilesError> {
        let (bucket, below) = address.split_once('/').unwrap_or((address, ""));
        let store = object_store::aws::AmazonS3Builder::from_env().with_bucket_name(bucket).build();
        let below = Path::parse(below.trim_matches('/')).map_err(|error| FilesError::Place(error.to_string()))?;
        Ok(Self::over(Arc::new(store.map_err(|error| FilesError::Place(error.to_string()))?), below))
    }

    #[cfg(not(feature = "s3"))]
    const fn in_bucket(_address: &str) -> Result<Self, FilesError> {
        Err(FilesError::WithoutS3)
    }

    fn over(objects: Arc<dyn ObjectStore>, below: Path) -> Self {
        Self { objects, below, folder: None, most: 20 << 20, scanner: None, scan_required: false }
    }

    /// The same store with other rules.
    #[must_use]
    pub fn with(self, most: u64, scanner: Option<Scanner>, scan_required: bool) -> Self {
        Self { most, scanner, scan_required, ..self }
    }

    /// Takes a file in: cleaned, hashed and measured as it comes. Whatever is wrong with it, nothing of it stays.
    pub async fn receive(&self, mut from: Source<'_>, name: String) -> ApiResult<Incoming> {
        let at = self.below.clone().join("incoming").join(Uuid::now_v7().to_string());
        let mut upload = self.objects.put_multipart(&at).await.map_err(|error| failed(&error))?;
        let received = match self.pour(&mut from, name, upload.as_mut()).await {
            Ok((kind, file_name, size, hashes)) => {
                upload.complete().await.map(|_| (kind, file_name, size, hashes)).map_err(|error| failed(&error))
            }
            Err(error) => Err(error),
        };
        match received {
            Ok((kind, file_name, size, [sha256, sent])) => Ok(Incoming { kind, file_name, size, sha256, sent, at }),
            Err(error) => {
                drop(upload.abort().await);
                self.drain(&mut from).await;
                Err(error)
            }
        }
    }

    async fn pour(
        &self,
        from: &mut Source<'_>,
        name: String,
        upload: &mut dyn MultipartUpload,
    ) -> ApiResult<(Kind, String, i64, [String; 2])> {
        let refuse = |code| match code {
            Code::Required => ApiError::fault("/file", code),
            code => ApiError::new(code),
        };
        let (mut sieve, mut kept) = (Sieve::new(name), Vec::new());
        let (mut received, mut size) = (0, 0);
        let (mut sent_hash, mut kept_hash) = (Hasher::fresh(), Hasher::fresh());
        while let Some(bytes) = from.bytes().await? {
            received += bytes.len() as u64;
            if received > self.most {
                return Err(ApiError::new(Code::PayloadTooLarge));
            }
            sent_hash.update(&bytes);
            let before = kept.len();
            sieve.push(&bytes, &mut kept).map_err(refuse)?;
            kept_hash.update(&kept[before..]);
            if kept.len() >= PIECE {
                size += kept.len();
                upload.put_part(std::mem::take(&mut kept).into()).await.map_err(|error| failed(&error))?;
            }
        }
        let before = kept.len();
        let (kind, file_name) = sieve.finish(&mut kept).map_err(refuse)?;
        kept_hash.update(&kept[before..]);
        size += kept.len();
        upload.put_part(kept.into()).await.map_err(|error| failed(&error))?;
        let size = i64::try_from(size).map_err(ApiError::internal)?;
        Ok((kind, file_name, size, [kept_hash.finish(), sent_hash.finish()]))
    }

    /// Reads the rest of a refused file, within its limit, so that the refusal is heard and not a broken line.
    async fn drain(&self, from: &mut Source<'_>) {
        let mut left = self.most;
        while let Ok(Some(bytes)) = from.bytes().await {
            left = left.saturating_sub(bytes.len() as u64);
            if left == 0 {
                break;
            }
        }
    }

    /// Puts the file where its hash says. The same bytes may lie there already; then they are put there again, which changes nothing.
    pub async fn promote(&self, incoming: &Incoming) -> ApiResult<()> {
        self.objects.rename(&incoming.at, &self.place(&incoming.sha256)).await.map_err(|error| failed(&error))
    }

    /// Lets go of a file that will not be kept.
    pub async fn discard(&self, incoming: &Incoming) {
        if let Err(error) = self.objects.delete(&incoming.at).await {
            tracing::warn!("an upload that was refused could not be removed: {error}");
        }
    }

    /// What the scanner says of these bytes; without one they stay unscanned.
    pub async fn scan(&self, sha256: &str) -> ApiResult<AttachmentScan> {
        let Some(scanner) = &self.scanner else { return Ok(AttachmentScan::Unscanned) };
        let found = self.objects.get(&self.place(sha256)).await.map_err(|error| failed(&error))?;
        Ok(scanner.scan(found.into_stream()).await)
    }

    /// The bytes of this hash. The last of them are given only when all of them have been found to be what was stored.
    pub async fn content(&self, sha256: &str) -> ApiResult<impl Stream<Item = Result<Bytes, FilesError>> + use<>> {
        let found = self.objects.get(&self.place(sha256)).await.map_err(|error| failed(&error))?;
        let wanted = sha256.to_owned();
        let start = (found.into_stream().fuse(), Some(Hasher::fresh()), Bytes::new());
        Ok(stream::try_unfold(start, move |(mut bytes, hasher, held)| {
            let wanted = wanted.clone();
            async move {
                let Some(mut hasher) = hasher else { return Ok(None) };
                let spoiled = |told: String| {
                    tracing::error!("the bytes of an attachment cannot be given out: {told}");
                    FilesError::Place(told)
                };
                match bytes.try_next().await.map_err(|error| spoiled(error.to_string()))? {
                    Some(next) => {
                        hasher.update(&next);
                        Ok(Some((held, (bytes, Some(hasher), next))))
                    }
                    None if hasher.finish() == wanted => Ok(Some((held, (bytes, None, Bytes::new())))),
                    None => Err(spoiled("they are not those that were stored".to_owned())),
                }
            }
        }))
    }

    /// Removes what uploads have left that nobody finished.
    pub async fn sweep(&self) -> object_store::Result<()> {
        let incoming = self.below.clone().join("incoming");
        let old = Utc::now() - FORGOTTEN;
        let lying: Vec<_> = self.objects.list(Some(&incoming)).try_collect().await?;
        for object in lying.into_iter().filter(|object| object.last_modified < old) {
            self.objects.delete(&object.location).await?;
        }
        if let Some(folder) = &self.folder {
            sweep_staged(&folder.join("incoming"));
        }
        Ok(())
    }

    fn place(&self, sha256: &str) -> Path {
        self.below.clone().join("sha256").join(&sha256[..2]).join(sha256)
    }
}

/// What an upload writes before it is whole has a name that the store never lists (`…#1`); a bucket has a rule of its own for it.
fn sweep_staged(incoming: &std::path::Path) {
    let Ok(entries) = std::fs::read_dir(incoming) else { return };
    for entry in entries.flatten() {
        let age = entry.metadata().and_then(|about| about.modified()).ok().and_then(|written| written.elapsed().ok());
        if age.is_some_and(|age| age > FORGOTTEN)
            && let Err(error) = std::fs::remove_file(entry.path())
        {
            tracing::warn!("what an upload has left could not be removed: {error}");
        }
    }
}

/// A store that fails: full, or not there for now.
#[track_caller]
fn failed(error: &StoreError) -> ApiError {
    let cause = error.to_string();
    let full = cause.contains("No space left on device") || cause.contains("Disk quota exceeded");
    let code = if full { Code::StorageFull } else { Code::FilesUnavailable };
    ApiError { code, ..ApiError::unavailable(cause) }
}
