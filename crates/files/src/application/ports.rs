use std::path::{Path, PathBuf};

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Caller, ClinicId, Once, OnceError, PatientId, PortFailure, Recorded, UserId};

use crate::domain::{Category, File, FileEvent, FileId, Term, Version, VersionId, VersionState};

/// What ties a caller to a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TieKind {
    /// It is the caller, or somebody whom the caller looks after.
    Care,
    /// A doctor with a visit of the patient's.
    Treats,
    /// A doctor by emergency access.
    Emergency,
    /// A front desk at a clinic of the patient's.
    Desk,
}

/// What ties a caller to a patient, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tie {
    /// What.
    pub kind: TieKind,
    /// The clinic by which a doctor or a front desk is tied, where one is known.
    pub clinic: Option<ClinicId>,
}

/// Patients, and who may deal with their papers. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Patients: Send + Sync {
    /// The user's own record.
    async fn own(&self, user: UserId) -> Result<Option<PatientId>, PortFailure>;

    /// What ties the caller to that patient at this instant; nothing also when there is no such patient.
    async fn tie(&self, caller: &Caller, patient: PatientId, at: Timestamp) -> Result<Option<Tie>, PortFailure>;

    /// Writes down that the caller is shown this of the patient. Fails when it cannot; nothing may be shown then.
    async fn told(&self, caller: &Caller, tie: Tie, patient: PatientId, what: &'static str) -> Result<(), PortFailure>;
}

/// A file that has come, in a private folder of this machine.
#[derive(Clone, PartialEq, Eq)]
pub struct Incoming {
    /// What it is called, as the client says.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Incoming")
    }
}

/// What was stored of a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The key it is sealed with, itself sealed for its version.
    pub sealed_key: Vec<u8>,
    /// Bytes of the content.
    pub size: u64,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
}

/// A content in a private folder of this machine, gone as soon as this is dropped.
pub trait Spooled: Send + Sync {
    /// Where it lies.
    fn path(&self) -> &Path;
}

/// Keeps contents, sealed.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Contents: Send + Sync {
    /// Stores the content of a file of this machine under a key that nothing was stored under before.
    async fn put(&self, object_key: &str, version: VersionId, file: &Path) -> Result<Placed, PortFailure>;

    /// The content, opened, as a file of this machine; `None` when it is lost.
    async fn fetch(&self, version: &Version) -> Result<Option<Box<dyn Spooled>>, PortFailure>;

    /// Deletes a content; one that is not there is no error.
    async fn delete(&self, object_key: &str) -> Result<(), PortFailure>;
}

/// Why nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else has changed the file meanwhile.
    #[error("the file has changed meanwhile")]
    Stale,
    /// It was asked for before, under the same key.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Which files somebody wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// Whose.
    pub patient: PatientId,
    /// About this alone.
    pub category: Option<Category>,
    /// In this state alone.
    pub state: Option<VersionState>,
    /// By these terms, all of them; of the name alone when [`ListQuery::names_only`].
    pub terms: Vec<Term>,
    /// Are the terms looked for in names alone?
    pub names_only: NamesOnly,
    /// Older than this one.
    pub after: Option<FileId>,
    /// At most so many.
    pub limit: u32,
}

/// Where terms are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamesOnly {
    /// In names, for those who do not read what stands in files.
    Yes,
    /// In names and texts.
    No,
}

/// Keeps files. Every writing method is one transaction: rows, audit event, outbox message.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait FileStore: Send + Sync {
    /// Stores new files, all or none, and has their texts read.
    async fn add(&self, new: &[(File, Recorded<FileEvent>)], once: Option<Once<Vec<File>>>) -> Result<(), StoreError>;

    /// Stores a newer version beside the ones before, and has its text read.
    async fn add_version(
        &self,
        renewed: &File,
        event: &Recorded<FileEvent>,
        once: Option<Once<File>>,
    ) -> Result<(), StoreError>;

    /// Stores a change of the revision before: category, name, deletion.
    async fn change(&self, changed: &File, event: &Recorded<FileEvent>) -> Result<(), StoreError>;

    /// The file with its newest version, unless it is deleted.
    async fn find(&self, id: FileId) -> Result<Option<File>, PortFailure>;

    /// The file whose version lies there, with that version in place of the newest, unless it is deleted.
    async fn find_by_key(&self, object_key: &str) -> Result<Option<File>, PortFailure>;

    /// The file of that version, with it in place of the newest, unless it is deleted.
    async fn find_by_version(&self, id: VersionId) -> Result<Option<File>, PortFailure>;

    /// The versions of a file, the newest first.
    async fn versions(&self, id: FileId) -> Result<Vec<Version>, PortFailure>;

    /// The newest files behind `after`.
    async fn list(&self, query: &ListQuery) -> Result<Vec<File>, PortFailure>;

    /// Writes down that an upload was refused.
    async fn refused(&self, event: &Recorded<FileEvent>) -> Result<(), PortFailure>;
}

/// Everything of a deleted file that has to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remains {
    /// The file.
    pub id: FileId,
    /// Whose it was.
    pub patient: PatientId,
    /// The clinic it named.
    pub clinic: Option<ClinicId>,
    /// Where its versions lie, and how many bytes each has.
    pub objects: Vec<(String, u64)>,
}

/// What the worker does with files. Every writing method is one transaction, and does nothing when it was done before.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait FileUpkeep: Send + Sync {
    /// Files with a version that waits for the scanner in place of the newest, behind `after`, the oldest first; deleted
    /// ones as well.
    async fn quarantined(&self, after: Option<VersionId>, limit: u32) -> Result<Vec<File>, PortFailure>;

    /// Ends the quarantine of a version; one that is released has its text read.
    async fn judge(
        &self,
        version: VersionId,
        state: VersionState,
        event: &Recorded<FileEvent>,
    ) -> Result<bool, PortFailure>;

    /// Keeps what was read in a version, by which it is found from now on, and the category that this tells.
    async fn keep_text(
        &self,
        file: &File,
        text: String,
        dates: &[Date],
        category: Category,
        event: &Recorded<FileEvent>,
    ) -> Result<bool, PortFailure>;

    /// Files that were deleted before an instant, the oldest deletion first.
    async fn deleted_before(&self, before: Timestamp, limit: u32) -> Result<Vec<Remains>, PortFailure>;

    /// Removes the rows of a deleted file.
    async fn purge(&self, id: FileId, event: &Recorded<FileEvent>) -> Result<bool, PortFailure>;

    /// The files of a patient, at most so many that are not deleted.
    async fn of_patient(&self, patient: PatientId, limit: u32) -> Result<Vec<File>, PortFailure>;

    /// Deletes a file of somebody who is to be forgotten: name, text and what it is found by go at once, and what has to
    /// be kept until its retention ends.
    async fn forget(&self, deleted: &File, event: &Recorded<FileEvent>) -> Result<(), PortFailure>;
}
