use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use actix_web::web::{Bytes, BytesMut};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{Stream, try_unfold};
use kernel::PortFailure;
use platform::crypto::Keyring;
use platform::storage::{BodyFault, DataKey, Found, ObjectKey, PutError, Storage};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Semaphore;

use super::rows::DATA_KEY;
use super::spool::{Spool, SpooledFile};
use crate::application::{Contents, Placed, Spooled};
use crate::domain::{Version, VersionId};

/// Contents that are stored at the same time: each holds as much in memory as the storage sends at once.
const PUTS: usize = 2;
/// What is read from a file at once.
const PIECE: usize = 64 * 1024;

/// Contents in the object storage, each sealed with a key of its own.
#[derive(Clone)]
pub struct StoredContents {
    storage: Storage,
    keys: Keyring,
    spool: Spool,
    puts: Arc<Semaphore>,
}

impl StoredContents {
    /// In `storage`, sealed with `keys`; what is looked at again lies in `spool` meanwhile.
    #[must_use]
    pub fn new(storage: Storage, keys: Keyring, spool: Spool) -> Self {
        Self { storage, keys, spool, puts: Arc::new(Semaphore::new(PUTS)) }
    }

    /// Where files lie while they are looked through.
    #[must_use]
    pub const fn spool(&self) -> &Spool {
        &self.spool
    }

    /// The content of a version, or a stretch of it, as it comes; `None` when it is lost.
    ///
    /// # Errors
    /// When the storage fails, or the content cannot be opened.
    pub async fn open(&self, version: &Version, range: Option<Range<u64>>) -> Result<Option<Found>, PortFailure> {
        let data_key = DataKey::unwrapped(&self.keys, DATA_KEY, version.id.as_uuid(), &version.sealed_key)
            .map_err(|error| PortFailure::new("open the key of a file", error))?;
        self.storage.get_sealed(&key_of(&version.object_key)?, &data_key, range).await
    }
}

fn key_of(object_key: &str) -> Result<ObjectKey, PortFailure> {
    object_key.parse().map_err(|error| PortFailure::new("find the content of a file", error))
}

fn pieces(file: File) -> impl Stream<Item = Result<Bytes, BodyFault>> {
    try_unfold(file, async |mut file| {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = file.read_buf(&mut piece).await?;
        Ok(if read == 0 { None } else { Some((piece.freeze(), file)) })
    })
}

#[async_trait]
impl Contents for StoredContents {
    async fn put(&self, object_key: &str, version: VersionId, file: &Path) -> Result<Placed, PortFailure> {
        let failed = |error| PortFailure::new("store a file", error);
        let _turn = self.puts.acquire().await.map_err(|error| PortFailure::new("store a file", error))?;
        let file = File::open(file).await.map_err(failed)?;
        let data_key = DataKey::mint();
        let stored = self.storage.put_sealed(&key_of(object_key)?, &data_key, pieces(file)).await;
        let stored = stored.map_err(|error| match error {
            PutError::Failed(failure) => failure,
            PutError::Body(fault) => PortFailure::new("read a file that was uploaded", fault),
        })?;
        let sealed_key = data_key.wrapped(&self.keys, DATA_KEY, version.as_uuid());
        Ok(Placed { sealed_key, size: stored.size, sha256: stored.sha256 })
    }

    async fn fetch(&self, version: &Version) -> Result<Option<Box<dyn Spooled>>, PortFailure> {
        let failed = |error| PortFailure::new("spool a file", error);
        let Some(mut found) = self.open(version, None).await? else { return Ok(None) };
        let folder = self.spool.folder().map_err(failed)?;
        let (path, mut file) = folder.file("0").await.map_err(failed)?;
        while let Some(piece) = found.body.next().await {
            file.write_all(&piece?).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        Ok(Some(Box::new(SpooledFile { path, _folder: folder })))
    }

    async fn delete(&self, object_key: &str) -> Result<(), PortFailure> {
        self.storage.delete(&key_of(object_key)?).await
    }
}
