//! Objects: files that a row of the database tells of, kept in a local folder or on an S3 server.
//!
//! The storage knows keys and bytes. What a file is called, of which type it is and who may have it, stands in the
//! tables of the slice it belongs to. Objects whose content is personal are put sealed ([`Storage::put_sealed`]).

use std::error::Error;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::pin::pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Bytes, BytesMut};
use futures_util::stream::{BoxStream, Stream, StreamExt as _};
use jiff::Timestamp;
use kernel::{FailureKind, PortFailure};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, RetryConfig, WriteMultipart,
};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

mod fault;
mod sealed;

use fault::failed;
pub use sealed::DataKey;

/// What is sent to a server at once; S3 wants 5 MiB at least, and up to it an object is one request.
const PART: usize = 5 * 1024 * 1024;
/// What is written into a folder at once.
const FOLDER_PART: usize = 256 * 1024;
/// Parts that are on their way beside the one that is gathered: what an object takes of memory is two parts.
const PARTS_UNDER_WAY: usize = 1;
const LONGEST_KEY: usize = 512;

/// The text is not a key of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no key: parts of A–Z, a–z, 0–9, '.', '_' and '-' between slashes, 512 characters at most")]
pub struct BadKey;

/// Where an object lies: parts of letters, digits, `.`, `_` and `-` between slashes, none of them `.` or `..`; at most
/// 512 characters. Names that people give to files are made fit before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn path(&self) -> Path {
        Path::from(self.0.as_str())
    }
}

impl FromStr for ObjectKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let is_part = |part: &str| {
            !part.is_empty()
                && part.bytes().any(|byte| byte != b'.')
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        if text.len() <= LONGEST_KEY && text.split('/').all(is_part) { Ok(Self(text.to_owned())) } else { Err(BadKey) }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A bucket of S3, or of a server that speaks the same.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// `AWS_S3_BUCKET`.
    pub bucket: String,
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ENDPOINT_URL`: another server than Amazon's.
    pub endpoint: Option<String>,
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`; without them the machine's own role is asked for.
    pub credentials: Option<(String, SecretString)>,
}

/// Where objects are kept.
#[derive(Debug, Clone)]
pub enum StorageSettings {
    /// In this folder, which is made when it is missing; for one machine.
    Folder(PathBuf),
    /// On a server.
    S3(S3Settings),
}

/// The storage cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum StorageSetupError {
    /// The folder cannot be made or reached.
    #[error("the folder {0} cannot be used")]
    Folder(PathBuf, #[source] io::Error),
    /// The values do not make a client.
    #[error("the object storage cannot be set up")]
    Client(#[source] object_store::Error),
}

/// What broke off a body that was to be stored: whatever its source says.
pub type BodyFault = Box<dyn Error + Send + Sync>;

/// Why nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The body broke off; its source says why.
    #[error("the body of an object broke off")]
    Body(#[source] BodyFault),
    /// The storage failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// What was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Bytes of the content, before it was sealed.
    pub size: u64,
    /// SHA-256 of the content, before it was sealed.
    pub sha256: [u8; 32],
}

/// What an object's head tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its key.
    pub key: String,
    /// Bytes that are stored.
    pub size: u64,
    /// When it was stored.
    pub stored_at: Timestamp,
}

/// The content of an object, or a stretch of it, as it comes.
pub struct Found {
    /// Bytes of the whole content.
    pub size: u64,
    /// The stretch of it that follows; what was asked for beyond its end is cut off.
    pub range: Range<u64>,
    /// The bytes.
    pub body: BoxStream<'static, Result<Bytes, PortFailure>>,
}

impl Found {
    /// All of the bytes at once; for objects that are known to be small.
    ///
    /// # Errors
    /// When the storage fails on the way.
    pub async fn bytes(mut self) -> Result<Bytes, PortFailure> {
        let mut whole = BytesMut::new();
        while let Some(piece) = self.body.next().await {
            whole.extend_from_slice(&piece?);
        }
        Ok(whole.freeze())
    }
}

/// Keeps objects. Cheap to clone.
#[derive(Clone)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    /// What is sent at once.
    part: usize,
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Storage({})", self.store)
    }
}

impl Storage {
    /// Opens the storage; asks no server yet, so that one that is away stops no start.
    ///
    /// # Errors
    /// See [`StorageSetupError`].
    pub fn open(settings: &StorageSettings) -> Result<Self, StorageSetupError> {
        let (store, part): (Arc<dyn ObjectStore>, usize) = match settings {
            StorageSettings::Folder(folder) => {
                make_private(folder).map_err(|error| StorageSetupError::Folder(folder.clone(), error))?;
                let local = LocalFileSystem::new_with_prefix(folder).map_err(StorageSetupError::Client)?;
                (Arc::new(local.with_fsync(true).with_automatic_cleanup(true)), FOLDER_PART)
            }
            StorageSettings::S3(settings) => {
                (Arc::new(s3(settings).and_then(AmazonS3Builder::build).map_err(StorageSetupError::Client)?), PART)
            }
        };
        Ok(Self { store, part })
    }

    /// Stores `body` under `key`, in place of what was there; a reader sees the old object or the new one. Up to
    /// 5 MiB, in a folder a quarter of a MiB, are gathered in memory, longer bodies go in parts of that size.
    ///
    /// # Errors
    /// See [`PutError`]; then nothing has changed, but parts may be left on the server, which clears them away when it
    /// is told to (docs/operations.md).
    pub async fn put<S>(&self, key: &ObjectKey, body: S) -> Result<Stored, PutError>
    where
        S: Stream<Item = Result<Bytes, BodyFault>>,
    {
        let mut body = pin!(body);
        let (mut hash, mut size, mut waiting) = (Sha256::new(), 0_u64, BytesMut::new());
        let mut upload: Option<WriteMultipart> = None;
        while let Some(piece) = body.next().await {
            let piece = match piece {
                Ok(piece) => piece,
                Err(fault) => {
                    abandon(upload).await;
                    return Err(PutError::Body(fault));
                }
            };
            hash.update(&piece);
            size += u64::try_from(piece.len()).unwrap_or(0);
            match &mut upload {
                Some(upload) => {
                    upload
                        .wait_for_capacity(PARTS_UNDER_WAY)
                        .await
                        .map_err(|error| failed("store a part", key, error))?;
                    upload.put(piece);
                }
                None => {
                    waiting.extend_from_slice(&piece);
                    if waiting.len() > self.part {
                        let begun = self.store.put_multipart(&key.path()).await;
                        let begun = begun.map_err(|error| failed("begin to store an object", key, error))?;
                        let mut parts = WriteMultipart::new_with_chunk_size(begun, self.part);
                        parts.put(waiting.split().freeze());
                        upload = Some(parts);
                    }
                }
            }
        }
        let stored = match upload {
            Some(upload) => upload.finish().await,
            None => self.store.put(&key.path(), waiting.freeze().into()).await,
        };
        stored.map_err(|error| failed("store an object", key, error))?;
        Ok(Stored { size, sha256: hash.finalize().into() })
    }

    /// [`Storage::put`] of what is in memory already.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn put_bytes(&self, key: &ObjectKey, content: impl Into<Bytes>) -> Result<Stored, PortFailure> {
        let content = content.into();
        match self.put(key, futures_util::stream::iter([Ok(content)])).await {
            Ok(stored) => Ok(stored),
            Err(PutError::Failed(failure)) => Err(failure),
            Err(PutError::Body(fault)) => Err(PortFailure::new("store an object", fault)),
        }
    }

    /// The content of an object, or the stretch of it that `range` names; `None` when there is no such object.
    ///
    /// # Errors
    /// When the storage fails; what fails later comes in the body.
    pub async fn get(&self, key: &ObjectKey, range: Option<Range<u64>>) -> Result<Option<Found>, PortFailure> {
        let mut options = GetOptions::default();
        if let Some(asked) = range {
            // An empty stretch, or one behind the end, is an error to servers and none to us.
            let Some(head) = self.head(key).await? else { return Ok(None) };
            let stretch = asked.start.min(head.size)..asked.end.min(head.size);
            if stretch.is_empty() {
                let body = futures_util::stream::empty().boxed();
                return Ok(Some(Found { size: head.size, range: stretch.start..stretch.start, body }));
            }
            options.range = Some(GetRange::Bounded(stretch));
        }
        let found = match self.store.get_opts(&key.path(), options).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed("read an object", key, error)),
        };
        let (size, range, named) = (found.meta.size, found.range.clone(), key.clone());
        let body = found.into_stream().map(move |piece| piece.map_err(|error| failed("read an object", &named, error)));
        Ok(Some(Found { size, range, body: body.boxed() }))
    }

    /// What there is to know of an object; `None` when there is none.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn head(&self, key: &ObjectKey) -> Result<Option<Head>, PortFailure> {
        match self.store.head(&key.path()).await {
            Ok(meta) => Ok(Some(head(&meta))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("look at an object", key, error)),
        }
    }

    /// Deletes an object; one that is not there is no error.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), PortFailure> {
        match self.store.delete(&key.path()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("delete an object", key, error)),
        }
    }

    /// The objects below a folder (a key's leading parts), in no order, as the storage tells them.
    pub fn list(&self, folder: &ObjectKey) -> BoxStream<'static, Result<Head, PortFailure>> {
        let folder = folder.clone();
        let listed = self.store.list(Some(&folder.path()));
        listed
            .map(move |meta| meta.map(|meta| head(&meta)).map_err(|error| failed("list objects", &folder, error)))
            .boxed()
    }
}

async fn abandon(upload: Option<WriteMultipart>) {
    if let Some(upload) = upload
        && upload.abort().await.is_err()
    {
        tracing::warn!("parts of an object are left behind; the server clears them away");
    }
}

fn head(meta: &object_store::ObjectMeta) -> Head {
    let micros = meta.last_modified.timestamp_micros();
    let stored_at = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
    Head { key: meta.location.to_string(), size: meta.size, stored_at }
}

/// Others on the machine have no business in it.
fn make_private(folder: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn s3(settings: &S3Settings) -> object_store::Result<AmazonS3Builder> {
    // Whoever is first chooses for the process; all of ours choose the same.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let clear = settings.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    let client = ClientOptions::new()
        .with_allow_http(clear)
        .with_connect_timeout(Duration::from_secs(5))
        // Of one request; a body is sent in parts.
        .with_timeout(Duration::from_secs(60));
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(2), base: 2.0 };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&settings.bucket)
        .with_region(&settings.region)
        .with_client_options(client)
        // Whoever waits for an answer waits for seconds; jobs try again later by themselves.
        .with_retry(RetryConfig { backoff, max_retries: 2, retry_timeout: Duration::from_secs(10) })
        .with_config("aws_server_side_encryption".parse::<AmazonS3ConfigKey>()?, "AES256");
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint).with_virtual_hosted_style_request(false);
    }
    if let Some((id, secret)) = &settings.credentials {
        builder = builder.with_access_key_id(id).with_secret_access_key(secret.expose_secret());
    }
    Ok(builder)
}

impl From<StorageSetupError> for PortFailure {
    fn from(error: StorageSetupError) -> Self {
        Self::new("open the object storage", error).of_kind(FailureKind::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_nowhere_but_below_the_storage() {
        for good in ["a", "reports/doctor-1-2027-03-01.pdf", "a/b/c_d.e-f", "..a/b..", &"x".repeat(512)] {
            assert!(good.parse::<ObjectKey>().is_ok(), "{good}");
        }
        let long = "x".repeat(513);
        for bad in
            ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a b", "a#1", "é", "a\\b", "a%2fb", &long]
        {
            assert_eq!(bad.parse::<ObjectKey>(), Err(BadKey), "{bad}");
        }
    }
}
