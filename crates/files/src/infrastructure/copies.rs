use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kernel::{PatientId, PortFailure};
use platform::pg;
use platform::storage::Found;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rows::{FileRow, TEXT, VersionRow, hex};
use super::schema::{file, version};
use super::{PgFiles, StoredContents};
use crate::application::FileStore as _;
use crate::domain::{File, VersionId, VersionState};

/// What is stored of patients' files, for a copy of it.
#[derive(Clone)]
pub struct FileCopies {
    /// Where files are kept.
    pub files: PgFiles,
    /// Where their contents are.
    pub contents: StoredContents,
}

/// What a copy tells of files.
#[derive(Debug, Clone, Default)]
pub struct CopiedFiles {
    /// Each version of each file, those of deleted ones as well.
    pub rows: Vec<Value>,
    /// Ids of the files.
    pub subjects: Vec<Uuid>,
    /// The contents that are handed out, with names that lead nowhere else.
    pub contents: Vec<(VersionId, String)>,
}

/// Where a content goes in a copy.
fn path_of(of: &File) -> String {
    format!("files/{}-v{}-{}", of.id, of.newest.number, of.newest.name.as_str())
}

impl FileCopies {
    /// All of these patients' files.
    ///
    /// # Errors
    /// When the database fails, or something cannot be opened.
    pub async fn of(&self, patients: &[PatientId]) -> Result<CopiedFiles, PortFailure> {
        let doing = "copy files";
        let ids: Vec<Uuid> = patients.iter().map(|patient| patient.as_uuid()).collect();
        let found: Vec<(FileRow, VersionRow, Option<Vec<u8>>)> = pg::read(&self.files.pool, doing, async |mut conn| {
            file::table
                .inner_join(version::table)
                .filter(file::patient_id.eq_any(&ids))
                .order((file::id, version::number))
                .select((FileRow::as_select(), VersionRow::as_select(), version::text))
                .load(&mut conn)
                .await
        })
        .await?;
        let mut copied = CopiedFiles::default();
        for (row, version, sealed) in found {
            let of = self.files.open((row, version)).map_err(|error| pg::failure(doing, error))?;
            let text = sealed.map(|sealed| self.files.keys.open_text(TEXT, of.newest.id.as_uuid(), &sealed));
            let text = text.transpose().map_err(|error| PortFailure::new(doing, error))?;
            let is_there = of.newest.state == VersionState::Available && of.deleted_at.is_none();
            copied.rows.push(json!({
                "id": of.id,
                "patient_id": of.patient,
                "clinic_id": of.clinic,
                "category": of.category.name(),
                "version": of.newest.number,
                "name": of.newest.name.as_str(),
                "kind": of.newest.kind.name(),
                "size": of.newest.size,
                "sha256": hex(&of.newest.sha256),
                "pages": of.newest.pages,
                "dates": of.newest.dates,
                "state": of.newest.state.name(),
                "uploaded_at": of.newest.uploaded_at,
                "uploaded_by": of.newest.uploader.word(),
                "deleted_at": of.deleted_at,
                "content": is_there.then(|| path_of(&of)),
                "text": text,
            }));
            if copied.subjects.last() != Some(&of.id.as_uuid()) {
                copied.subjects.push(of.id.as_uuid());
            }
            if is_there {
                copied.contents.push((of.newest.id, path_of(&of)));
            }
        }
        Ok(copied)
    }

    /// The content of a version that is there; `None` when it is lost or was deleted meanwhile.
    ///
    /// # Errors
    /// When the database or the storage fails.
    pub async fn open(&self, id: VersionId) -> Result<Option<Found>, PortFailure> {
        match self.files.find_by_version(id).await? {
            Some(of) if of.newest.state == VersionState::Available => self.contents.open(&of.newest, None).await,
            Some(_) | None => Ok(None),
        }
    }
}
