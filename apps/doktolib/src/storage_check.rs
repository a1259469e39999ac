//! Is the object storage there, and does it do what it is asked?

use platform::storage::{ObjectKey, Storage, StorageSettings};
use uuid::Uuid;

use crate::server::Failure;

/// Writes, reads, lists and deletes an object of its own.
///
/// # Errors
/// When the storage refuses one of it, or gives something else back.
pub async fn run(settings: &StorageSettings) -> Result<String, Failure> {
    let storage = Storage::open(settings)?;
    let key: ObjectKey = format!("temporary/check-{}", Uuid::now_v7()).parse()?;
    let content = key.to_string();
    storage.put_bytes(&key, content.clone()).await?;
    let back = match storage.get(&key, None).await? {
        Some(found) => found.bytes().await?,
        None => return Err("what was written is not there".into()),
    };
    storage.delete(&key).await?;
    if back != content.as_bytes() {
        return Err("what was written comes back changed".into());
    }
    if storage.head(&key).await?.is_some() {
        return Err("what was deleted is still there".into());
    }
    Ok(format!("{storage:?} writes, reads and deletes"))
}
