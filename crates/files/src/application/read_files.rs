use std::sync::Arc;

use kernel::{Caller, Clock, PatientId, PortFailure, Role};

use super::ports::{FileStore, ListQuery, NamesOnly, Patients, Tie, TieKind};
use crate::domain::{Category, File, FileId, Version, VersionId, VersionState, terms_asked};

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is none, or not for the caller.
    #[error("no such file")]
    NotFound,
    /// It is not said whose files, and the caller has no record.
    #[error("whose files")]
    PatientNeeded,
    /// It waits for the scanner.
    #[error("the file waits for the virus scanner")]
    Quarantined,
    /// A virus was found in it.
    #[error("a virus was found in the file")]
    Infected,
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// How much of files a caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// All of it.
    Whole,
    /// What they are called and what was done with them, not what stands in them.
    Names,
}

/// Which files somebody wants to see.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Whose; the caller's own when nobody is named.
    pub patient: Option<PatientId>,
    /// About this alone.
    pub category: Option<Category>,
    /// In this state alone.
    pub state: Option<VersionState>,
    /// With these words, or words that begin so.
    pub words: Option<String>,
    /// Older than this one.
    pub after: Option<FileId>,
    /// At most so many.
    pub limit: u32,
}

/// Shows files to those who may see them, and writes down whom it has shown them to.
pub struct ReadFiles {
    /// Whose they may be.
    pub patients: Arc<dyn Patients>,
    /// Where they are kept.
    pub store: Arc<dyn FileStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

const fn sight(tie: Tie) -> Sight {
    match tie.kind {
        TieKind::Care | TieKind::Treats | TieKind::Emergency => Sight::Whole,
        TieKind::Desk => Sight::Names,
    }
}

impl ReadFiles {
    /// A patient's files, the newest first, and whether there are more.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn list(&self, caller: &Caller, wanted: Wanted) -> Result<(Vec<File>, bool, Sight), ReadError> {
        let named = match (wanted.patient, caller.role(), caller.user()) {
            (Some(named), ..) => Some(named),
            (None, Some(Role::Patient), Some(user)) => self.patients.own(user).await?,
            (None, ..) => None,
        };
        let patient = named.ok_or(ReadError::PatientNeeded)?;
        let tie = self.tie(caller, patient).await?;
        let sight = sight(tie);
        let terms = match wanted.words.as_deref().map(terms_asked) {
            // Words are looked for, and none is one.
            Some(terms) if terms.is_empty() => return Ok((Vec::new(), false, sight)),
            terms => terms.unwrap_or_default(),
        };
        let query = ListQuery {
            patient,
            category: wanted.category,
            state: wanted.state,
            terms,
            names_only: if sight == Sight::Names { NamesOnly::Yes } else { NamesOnly::No },
            after: wanted.after,
            limit: wanted.limit.saturating_add(1),
        };
        let mut found = self.store.list(&query).await?;
        let most = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
        let more = found.len() > most;
        found.truncate(most);
        self.patients.told(caller, tie, patient, "files").await?;
        Ok((found, more, sight))
    }

    /// One file.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn one(&self, caller: &Caller, id: FileId) -> Result<(File, Sight), ReadError> {
        let file = self.store.find(id).await?.ok_or(ReadError::NotFound)?;
        let tie = self.tie(caller, file.patient).await?;
        self.patients.told(caller, tie, file.patient, "file").await?;
        Ok((file, sight(tie)))
    }

    /// The versions of a file, the newest first.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn versions(&self, caller: &Caller, id: FileId) -> Result<(File, Vec<Version>, Sight), ReadError> {
        let (file, sight) = self.one(caller, id).await?;
        let versions = self.store.versions(id).await?;
        Ok((file, versions, sight))
    }

    /// A version whose content the caller may read: that of the number, or the newest.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn content(&self, caller: &Caller, id: FileId, number: Option<i32>) -> Result<Version, ReadError> {
        let mut file = self.store.find(id).await?.ok_or(ReadError::NotFound)?;
        if let Some(number) = number {
            let versions = self.store.versions(id).await?;
            file.newest = versions.into_iter().find(|one| one.number == number).ok_or(ReadError::NotFound)?;
        }
        self.readable(caller, file, "file content").await
    }

    /// A version, by where it lies, that the caller may hand on by a link.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn to_link(&self, caller: &Caller, object_key: &str) -> Result<Version, ReadError> {
        let file = self.store.find_by_key(object_key).await?.ok_or(ReadError::NotFound)?;
        self.readable(caller, file, "file link").await
    }

    /// A version that a link opens; whether the link is good was looked at before.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn linked(&self, id: VersionId) -> Result<Version, ReadError> {
        let file = self.store.find_by_version(id).await?.ok_or(ReadError::NotFound)?;
        open(file.newest)
    }

    async fn readable(&self, caller: &Caller, file: File, what: &'static str) -> Result<Version, ReadError> {
        let tie = self.tie(caller, file.patient).await?;
        if sight(tie) == Sight::Names {
            return Err(ReadError::NotFound);
        }
        let version = open(file.newest)?;
        self.patients.told(caller, tie, file.patient, what).await?;
        Ok(version)
    }

    async fn tie(&self, caller: &Caller, patient: PatientId) -> Result<Tie, ReadError> {
        self.patients.tie(caller, patient, self.clock.now()).await?.ok_or(ReadError::NotFound)
    }
}

fn open(version: Version) -> Result<Version, ReadError> {
    match version.state {
        VersionState::Available => Ok(version),
        VersionState::Quarantined => Err(ReadError::Quarantined),
        VersionState::Infected => Err(ReadError::Infected),
    }
}

#[cfg(test)]
#[path = "read_files/tests.rs"]
mod tests;
