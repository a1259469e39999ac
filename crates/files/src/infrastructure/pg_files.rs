use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::ToDiesel as _;
use kernel::{Once, PortFailure, Recorded};
use platform::crypto::Keyring;
use platform::idempotency;
use platform::jobs::enqueue;
use platform::journal::Journal;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::jobs::read_text;
use super::rows::{Details, FileRow, Place, VersionRow, key_of, keys_of, told};
use super::schema::{file, version};
use crate::application::{FileStore, ListQuery, NamesOnly, StoreError};
use crate::domain::{File, FileEvent, FileId, Version, VersionId, VersionState};

/// Files in PostgreSQL; what they are called and hold, sealed.
#[derive(Clone)]
pub struct PgFiles {
    pub(super) pool: PgPool,
    pub(super) journal: Journal,
    pub(super) keys: Keyring,
}

/// A file's row, and that of one of its versions.
pub(super) type Pair = (FileRow, VersionRow);

impl PgFiles {
    /// Works through `pool`, writes to `journal`, seals with `keys`.
    #[must_use]
    pub const fn new(pool: PgPool, journal: Journal, keys: Keyring) -> Self {
        Self { pool, journal, keys }
    }

    pub(super) fn open(&self, (row, version): Pair) -> Result<File, DieselError> {
        row.with(version.open(&self.keys)?)
    }

    async fn insert_file(&self, conn: &mut AsyncPgConnection, new: &File) -> Result<(), DieselError> {
        diesel::insert_into(file::table)
            .values((
                file::id.eq(new.id.as_uuid()),
                file::patient_id.eq(new.patient.as_uuid()),
                file::clinic_id.eq(new.clinic.map(|clinic| clinic.as_uuid())),
                file::category.eq(new.category.name()),
                file::category_told.eq(told(new.told_by)),
                file::newest_version.eq(new.newest.number),
                file::revision.eq(new.revision),
                file::created_at.eq(new.created_at.to_diesel()),
                file::updated_at.eq(new.updated_at.to_diesel()),
            ))
            .execute(conn)
            .await?;
        self.insert_version(conn, new).await
    }

    /// With the job that reads its text, where it can be read.
    async fn insert_version(&self, conn: &mut AsyncPgConnection, of: &File) -> Result<(), DieselError> {
        let new = &of.newest;
        let id = new.id.as_uuid();
        diesel::insert_into(version::table)
            .values((
                version::id.eq(id),
                version::file_id.eq(of.id.as_uuid()),
                version::number.eq(new.number),
                version::state.eq(new.state.name()),
                version::details.eq(Details::of(new).sealed(&self.keys, id)?),
                version::kind.eq(new.kind.name()),
                version::size.eq(i64::try_from(new.size).unwrap_or(i64::MAX)),
                version::object_key.eq(&new.object_key),
                version::data_key.eq(&new.sealed_key),
                version::name_keys.eq(keys_of(&self.keys, of.patient, Place::Name, new.name.as_str())),
                version::uploaded_at.eq(new.uploaded_at.to_diesel()),
                version::uploaded_by.eq(new.uploaded_by.as_uuid()),
                version::uploader.eq(new.uploader.word()),
            ))
            .execute(conn)
            .await?;
        if new.state == VersionState::Available {
            enqueue(conn, &read_text(new.id)?, new.uploaded_at).await?;
        }
        Ok(())
    }

    /// The file of the version that the condition finds, with that version.
    async fn find_one(&self, doing: &'static str, by: By<'_>) -> Result<Option<File>, PortFailure> {
        let found: Option<Pair> = pg::read(&self.pool, doing, async |mut conn| {
            let query = file::table
                .inner_join(version::table)
                .filter(file::deleted_at.is_null())
                .select((FileRow::as_select(), VersionRow::as_select()))
                .into_boxed();
            let query = match by {
                By::File(id) => query.filter(file::id.eq(id)).filter(version::number.eq(file::newest_version)),
                By::Version(id) => query.filter(version::id.eq(id)),
                By::Key(key) => query.filter(version::object_key.eq(key)),
            };
            query.first(&mut conn).await.optional()
        })
        .await?;
        found.map(|pair| self.open(pair)).transpose().map_err(|error| pg::failure(doing, error))
    }
}

#[derive(Clone, Copy)]
enum By<'a> {
    File(Uuid),
    Version(Uuid),
    Key(&'a str),
}

/// Changes what stands sealed in a version's row; the row is held until the transaction ends.
pub(super) async fn rewrite(
    conn: &mut AsyncPgConnection,
    keys: &Keyring,
    id: Uuid,
    change: impl FnOnce(&mut Details) + Send,
) -> Result<(), DieselError> {
    let sealed: Vec<u8> = version::table.find(id).select(version::details).for_update().first(conn).await?;
    let mut details = Details::opened(keys, id, &sealed)?;
    change(&mut details);
    diesel::update(version::table.find(id)).set(version::details.eq(details.sealed(keys, id)?)).execute(conn).await?;
    Ok(())
}

#[async_trait]
impl FileStore for PgFiles {
    async fn add(&self, new: &[(File, Recorded<FileEvent>)], once: Option<Once<Vec<File>>>) -> Result<(), StoreError> {
        pg::transaction(&self.pool, "store files", async |conn| {
            if let Some(once) = &once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            for (file, _) in new {
                self.insert_file(conn, file).await?;
            }
            for (_, event) in new {
                self.journal.append(conn, event).await?;
            }
            if let (Some(once), Some((_, first))) = (&once, new.first()) {
                let files = new.iter().map(|(file, _)| file.clone()).collect();
                idempotency::keep(conn, &self.keys, once, &(once.answer)(&files), first.at).await?;
            }
            Ok::<_, Abort<StoreError>>(())
        })
        .await
    }

    async fn add_version(
        &self,
        renewed: &File,
        event: &Recorded<FileEvent>,
        once: Option<Once<File>>,
    ) -> Result<(), StoreError> {
        pg::transaction(&self.pool, "add a version of a file", async |conn| {
            if let Some(once) = &once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            let changed = diesel::update(file::table.find(renewed.id.as_uuid()))
                .filter(file::revision.eq(renewed.revision - 1))
                .filter(file::deleted_at.is_null())
                .set((
                    file::newest_version.eq(renewed.newest.number),
                    file::revision.eq(renewed.revision),
                    file::updated_at.eq(renewed.updated_at.to_diesel()),
                ))
                .execute(conn)
                .await?;
            if changed == 0 {
                return pg::refuse(StoreError::Stale);
            }
            self.insert_version(conn, renewed).await?;
            self.journal.append(conn, event).await?;
            if let Some(once) = &once {
                idempotency::keep(conn, &self.keys, once, &(once.answer)(renewed), event.at).await?;
            }
            Ok::<_, Abort<StoreError>>(())
        })
        .await
    }

    async fn change(&self, changed: &File, event: &Recorded<FileEvent>) -> Result<(), StoreError> {
        let version_id = changed.newest.id.as_uuid();
        pg::transaction(&self.pool, "change a file", async |conn| {
            let stored = diesel::update(file::table.find(changed.id.as_uuid()))
                .filter(file::revision.eq(changed.revision - 1))
                .filter(file::deleted_at.is_null())
                .set((
                    file::category.eq(changed.category.name()),
                    file::category_told.eq(told(changed.told_by)),
                    file::revision.eq(changed.revision),
                    file::updated_at.eq(changed.updated_at.to_diesel()),
                    file::deleted_at.eq(changed.deleted_at.map(|at| at.to_diesel())),
                ))
                .execute(conn)
                .await?;
            if stored == 0 {
                return pg::refuse(StoreError::Stale);
            }
            let name = changed.newest.name.as_str();
            rewrite(conn, &self.keys, version_id, |details| name.clone_into(&mut details.name)).await?;
            diesel::update(version::table.find(version_id))
                .set(version::name_keys.eq(keys_of(&self.keys, changed.patient, Place::Name, name)))
                .execute(conn)
                .await?;
            self.journal.append(conn, event).await?;
            Ok::<_, Abort<StoreError>>(())
        })
        .await
    }

    async fn find(&self, id: FileId) -> Result<Option<File>, PortFailure> {
        self.find_one("read a file", By::File(id.as_uuid())).await
    }

    async fn find_by_key(&self, object_key: &str) -> Result<Option<File>, PortFailure> {
        self.find_one("read a file by its key", By::Key(object_key)).await
    }

    async fn find_by_version(&self, id: VersionId) -> Result<Option<File>, PortFailure> {
        self.find_one("read a version of a file", By::Version(id.as_uuid())).await
    }

    async fn versions(&self, id: FileId) -> Result<Vec<Version>, PortFailure> {
        pg::read(&self.pool, "list versions of a file", async |mut conn| {
            let rows: Vec<VersionRow> = version::table
                .filter(version::file_id.eq(id.as_uuid()))
                .order(version::number.desc())
                .select(VersionRow::as_select())
                .load(&mut conn)
                .await?;
            rows.into_iter().map(|row| row.open(&self.keys)).collect()
        })
        .await
    }

    async fn list(&self, query: &ListQuery) -> Result<Vec<File>, PortFailure> {
        let found: Vec<Pair> = pg::read(&self.pool, "list files", async |mut conn| {
            let mut wanted = file::table
                .inner_join(version::table)
                .filter(file::patient_id.eq(query.patient.as_uuid()))
                .filter(file::deleted_at.is_null())
                .filter(version::number.eq(file::newest_version))
                .filter(file::id.lt(query.after.map_or(Uuid::max(), FileId::as_uuid)))
                .order(file::id.desc())
                .limit(i64::from(query.limit))
                .select((FileRow::as_select(), VersionRow::as_select()))
                .into_boxed();
            if let Some(category) = query.category {
                wanted = wanted.filter(file::category.eq(category.name()));
            }
            if let Some(state) = query.state {
                wanted = wanted.filter(version::state.eq(state.name()));
            }
            for term in &query.terms {
                let named = vec![key_of(&self.keys, query.patient, Place::Name, term)];
                let in_text = vec![key_of(&self.keys, query.patient, Place::Text, term)];
                wanted = match query.names_only {
                    NamesOnly::Yes => wanted.filter(version::name_keys.contains(named)),
                    NamesOnly::No => {
                        wanted.filter(version::name_keys.contains(named).or(version::text_keys.contains(in_text)))
                    }
                };
            }
            wanted.load(&mut conn).await
        })
        .await?;
        found
            .into_iter()
            .map(|pair| self.open(pair))
            .collect::<Result<_, _>>()
            .map_err(|error| pg::failure("list files", error))
    }

    async fn refused(&self, event: &Recorded<FileEvent>) -> Result<(), PortFailure> {
        pg::transaction(&self.pool, "note that files were refused", async |conn| {
            self.journal.append(conn, event).await?;
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }
}
