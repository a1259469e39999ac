use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff_diesel::ToDiesel as _;
use kernel::{ClinicId, PatientId, PortFailure, Recorded};
use platform::jobs::enqueue;
use platform::pg::{self, Abort};
use uuid::Uuid;

use super::PgFiles;
use super::jobs::read_text;
use super::pg_files::{Pair, rewrite};
use super::rows::{FileRow, Place, TEXT, VersionRow, keys_of};
use super::schema::{file, version};
use crate::application::{FileUpkeep, Remains};
use crate::domain::{Category, File, FileEvent, FileId, FileName, VersionId, VersionState};

#[async_trait]
impl FileUpkeep for PgFiles {
    async fn quarantined(&self, after: Option<VersionId>, limit: u32) -> Result<Vec<File>, PortFailure> {
        let found: Vec<Pair> = pg::read(&self.pool, "look for quarantined files", async |mut conn| {
            file::table
                .inner_join(version::table)
                .filter(version::state.eq(VersionState::Quarantined.name()))
                .filter(version::id.gt(after.map_or(Uuid::nil(), VersionId::as_uuid)))
                .order(version::id)
                .limit(i64::from(limit))
                .select((FileRow::as_select(), VersionRow::as_select()))
                .load(&mut conn)
                .await
        })
        .await?;
        let opened: Result<Vec<File>, _> = found.into_iter().map(|pair| self.open(pair)).collect();
        opened.map_err(|error| pg::failure("look for quarantined files", error))
    }

    async fn judge(
        &self,
        id: VersionId,
        state: VersionState,
        event: &Recorded<FileEvent>,
    ) -> Result<bool, PortFailure> {
        pg::transaction(&self.pool, "end the quarantine of a file", async |conn| {
            let of: Option<Uuid> =
                version::table.find(id.as_uuid()).select(version::file_id).first(conn).await.optional()?;
            let Some(of) = of else { return Ok(false) };
            // The file first, as everybody else does who changes both.
            file::table.find(of).select(file::id).for_update().first::<Uuid>(conn).await?;
            let judged = diesel::update(version::table.find(id.as_uuid()))
                .filter(version::state.eq(VersionState::Quarantined.name()))
                .set(version::state.eq(state.name()))
                .execute(conn)
                .await?;
            if judged == 0 {
                return Ok(false);
            }
            diesel::update(file::table.find(of))
                .set((file::revision.eq(file::revision + 1), file::updated_at.eq(event.at.to_diesel())))
                .execute(conn)
                .await?;
            if state == VersionState::Available {
                enqueue(conn, &read_text(id)?, event.at).await?;
            }
            self.journal.append(conn, event).await?;
            Ok::<_, Abort<PortFailure>>(true)
        })
        .await
    }

    async fn keep_text(
        &self,
        of: &File,
        text: String,
        dates: &[Date],
        category: Category,
        event: &Recorded<FileEvent>,
    ) -> Result<bool, PortFailure> {
        let id = of.newest.id.as_uuid();
        let (keys, patient) = (self.keys.clone(), of.patient);
        let index = move || (keys_of(&keys, patient, Place::Text, &text), keys.seal_text(TEXT, id, &text));
        let (found_by, sealed) =
            tokio::task::spawn_blocking(index).await.map_err(|error| PortFailure::new("index a text", error))?;
        pg::transaction(&self.pool, "keep the text of a file", async |conn| {
            let there = diesel::update(file::table.find(of.id.as_uuid()))
                .filter(file::deleted_at.is_null())
                .set((file::revision.eq(file::revision + 1), file::updated_at.eq(event.at.to_diesel())))
                .execute(conn)
                .await?;
            if there == 0 {
                return Ok(false);
            }
            // What a person has chosen meanwhile stays; so does what a newer version tells.
            diesel::update(file::table.find(of.id.as_uuid()))
                .filter(file::category_told.eq("content"))
                .filter(file::newest_version.eq(of.newest.number))
                .set(file::category.eq(category.name()))
                .execute(conn)
                .await?;
            let dates = dates.to_vec();
            rewrite(conn, &self.keys, id, |details| details.dates = dates).await?;
            diesel::update(version::table.find(id))
                .set((version::text.eq(Some(&sealed)), version::text_keys.eq(&found_by)))
                .execute(conn)
                .await?;
            self.journal.append(conn, event).await?;
            Ok::<_, Abort<PortFailure>>(true)
        })
        .await
    }

    async fn deleted_before(&self, before: Timestamp, limit: u32) -> Result<Vec<Remains>, PortFailure> {
        pg::read(&self.pool, "look for files whose retention has ended", async |mut conn| {
            let over: Vec<(Uuid, Uuid, Option<Uuid>)> = file::table
                .filter(file::deleted_at.lt(before.to_diesel()))
                .order((file::deleted_at, file::id))
                .limit(i64::from(limit))
                .select((file::id, file::patient_id, file::clinic_id))
                .load(&mut conn)
                .await?;
            let ids: Vec<Uuid> = over.iter().map(|(id, ..)| *id).collect();
            let objects: Vec<(Uuid, String, i64)> = version::table
                .filter(version::file_id.eq_any(&ids))
                .order((version::file_id, version::number))
                .select((version::file_id, version::object_key, version::size))
                .load(&mut conn)
                .await?;
            let of = |id: Uuid| objects.iter().filter(move |(owner, ..)| *owner == id);
            Ok(over
                .into_iter()
                .map(|(id, patient, clinic)| Remains {
                    id: FileId::from_uuid(id),
                    patient: PatientId::from_uuid(patient),
                    clinic: clinic.map(ClinicId::from_uuid),
                    objects: of(id).map(|(_, key, size)| (key.clone(), size.unsigned_abs())).collect(),
                })
                .collect())
        })
        .await
    }

    async fn purge(&self, id: FileId, event: &Recorded<FileEvent>) -> Result<bool, PortFailure> {
        pg::transaction(&self.pool, "remove a file", async |conn| {
            let gone = diesel::delete(file::table.find(id.as_uuid()))
                .filter(file::deleted_at.is_not_null())
                .execute(conn)
                .await?;
            if gone == 1 {
                self.journal.append(conn, event).await?;
            }
            Ok::<_, Abort<PortFailure>>(gone == 1)
        })
        .await
    }

    async fn of_patient(&self, patient: PatientId, limit: u32) -> Result<Vec<File>, PortFailure> {
        let found: Vec<Pair> = pg::read(&self.pool, "list a patient's files", async |mut conn| {
            file::table
                .inner_join(version::table)
                .filter(file::patient_id.eq(patient.as_uuid()))
                .filter(file::deleted_at.is_null())
                .filter(version::number.eq(file::newest_version))
                .order(file::id)
                .limit(i64::from(limit))
                .select((FileRow::as_select(), VersionRow::as_select()))
                .load(&mut conn)
                .await
        })
        .await?;
        let opened: Result<Vec<File>, _> = found.into_iter().map(|pair| self.open(pair)).collect();
        opened.map_err(|error| pg::failure("list a patient's files", error))
    }

    async fn forget(&self, deleted: &File, event: &Recorded<FileEvent>) -> Result<(), PortFailure> {
        pg::transaction(&self.pool, "forget a file", async |conn| {
            let there = diesel::update(file::table.find(deleted.id.as_uuid()))
                .filter(file::deleted_at.is_null())
                .set((
                    file::revision.eq(file::revision + 1),
                    file::updated_at.eq(event.at.to_diesel()),
                    file::deleted_at.eq(Some(event.at.to_diesel())),
                ))
                .execute(conn)
                .await?;
            if there == 0 {
                return Ok(());
            }
            let versions: Vec<(Uuid, String)> = version::table
                .filter(version::file_id.eq(deleted.id.as_uuid()))
                .order(version::number)
                .select((version::id, version::kind))
                .load(conn)
                .await?;
            for (id, kind) in versions {
                let kind = crate::domain::FileKind::from_name(&kind).unwrap_or(deleted.newest.kind);
                rewrite(conn, &self.keys, id, |details| {
                    FileName::forgotten(kind).as_str().clone_into(&mut details.name);
                    details.dates.clear();
                })
                .await?;
                diesel::update(version::table.find(id))
                    .set((
                        version::name_keys.eq(Vec::<i64>::new()),
                        version::text_keys.eq(Vec::<i64>::new()),
                        version::text.eq(None::<Vec<u8>>),
                    ))
                    .execute(conn)
                    .await?;
            }
            self.journal.append(conn, event).await?;
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }
}
