//! What lies in the storage and has no row, and what has a row and is not there.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel as _;
use kernel::PortFailure;
use metrics::gauge;
use platform::pg::{self, PgPool};
use platform::storage::{Head, ObjectKey, Storage};
use uuid::Uuid;

use super::schema::version;
use crate::domain::VersionState;

/// Objects lie below this.
const FOLDER: &str = "patients";
/// A younger object may be one whose upload is still under way.
const OLD: SignedDuration = SignedDuration::from_hours(24);
const BATCH: usize = 500;

/// What a sweep has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Objects without a row, older than a day: deleted.
    pub deleted: usize,
    /// Rows whose object is not there: told, and left as they are.
    pub missing: usize,
}

/// Compares the storage with the rows.
#[derive(Clone)]
pub struct Sweep {
    /// Where the rows are.
    pub pool: PgPool,
    /// Where the objects are.
    pub storage: Storage,
}

impl Sweep {
    /// Deletes objects that no row tells of, and counts rows without their object. Remembers eight octets for each object
    /// meanwhile.
    ///
    /// # Errors
    /// When the database or the storage fails; what was deleted before stays so.
    pub async fn run(&self, now: Timestamp, stop: &(dyn Fn() -> bool + Sync)) -> Result<Swept, PortFailure> {
        let folder: ObjectKey = FOLDER.parse().map_err(|error| PortFailure::new("look for objects", error))?;
        let before = now.checked_sub(OLD).unwrap_or(Timestamp::UNIX_EPOCH);
        let (mut swept, mut seen, hasher) = (Swept::default(), HashSet::new(), RandomState::new());
        let mut objects = self.storage.list(&folder).chunks(BATCH);
        while let Some(chunk) = objects.next().await {
            if stop() {
                return Ok(swept);
            }
            let chunk: Vec<Head> = chunk.into_iter().collect::<Result<_, _>>()?;
            seen.extend(chunk.iter().map(|head| hasher.hash_one(head.key.as_str())));
            let old: Vec<String> =
                chunk.into_iter().filter(|head| head.stored_at < before).map(|head| head.key).collect();
            swept.deleted += self.delete_unknown(old).await?;
        }
        swept.missing = self.missing(before, |key| seen.contains(&hasher.hash_one(key))).await?;
        gauge!("files_objects_missing").set(u32::try_from(swept.missing).map_or(f64::MAX, f64::from));
        Ok(swept)
    }

    async fn delete_unknown(&self, keys: Vec<String>) -> Result<usize, PortFailure> {
        if keys.is_empty() {
            return Ok(0);
        }
        let known: Vec<String> = pg::read(&self.pool, "look which objects are known", async |mut conn| {
            version::table
                .filter(version::object_key.eq_any(&keys))
                // Of these the content was to be deleted before.
                .filter(version::state.ne(VersionState::Infected.name()))
                .select(version::object_key)
                .load(&mut conn)
                .await
        })
        .await?;
        let known: HashSet<String> = known.into_iter().collect();
        let mut gone = 0;
        for key in keys.iter().filter(|key| !known.contains(*key)) {
            // One whose name is not ours was put there by somebody else, and is left to them.
            if let Ok(key) = key.parse::<ObjectKey>() {
                self.storage.delete(&key).await?;
                gone += 1;
            }
        }
        Ok(gone)
    }

    async fn missing(&self, before: Timestamp, is_there: impl Fn(&str) -> bool + Sync) -> Result<usize, PortFailure> {
        let (mut missing, mut after) = (0, Uuid::nil());
        loop {
            let rows: Vec<(Uuid, String)> =
                pg::read(&self.pool, "look for rows without an object", async |mut conn| {
                    version::table
                        .filter(version::id.gt(after))
                        .filter(version::uploaded_at.lt(before.to_diesel()))
                        .filter(version::state.ne(VersionState::Infected.name()))
                        .order(version::id)
                        .limit(i64::try_from(BATCH).unwrap_or(i64::MAX))
                        .select((version::id, version::object_key))
                        .load(&mut conn)
                        .await
                })
                .await?;
            let Some((last, _)) = rows.last() else { return Ok(missing) };
            after = *last;
            for (id, _) in rows.iter().filter(|(_, key)| !is_there(key)) {
                missing += 1;
                tracing::error!(version = %id, "the content of a file is not in the storage");
            }
        }
    }
}
