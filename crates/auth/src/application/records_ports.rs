use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{PortFailure, Recorded, SessionId, UserId};
use uuid::Uuid;

use crate::domain::RecordsEvent;

/// Records of one kind about somebody.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordFile {
    /// Name of the file, e.g. `sessions.json`.
    pub name: &'static str,
    /// What stands in it, in a sentence.
    pub about: &'static str,
    /// The records as JSON.
    pub json: String,
}

impl std::fmt::Debug for RecordFile {
    /// The name alone: what stands in it must not slip into a log line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordFile").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a part of the program holds about somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The records.
    pub files: Vec<RecordFile>,
    /// Their ids, by which the audit trail knows them.
    pub subjects: Vec<Uuid>,
}

/// A part of the program that holds something about people.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PersonalRecords: Send + Sync {
    /// All of it that is about this user and those the user looks after.
    async fn of(&self, user: UserId) -> Result<Found, PortFailure>;
}

/// Something that goes into a copy as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Its id.
    pub id: Uuid,
    /// Under which name it goes into the copy: a path without anything that leads elsewhere.
    pub path: String,
}

/// A content, as it comes.
#[async_trait]
pub trait Pieces: Send {
    /// The next piece; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, PortFailure>;
}

/// Contents about somebody that are too large to be held at once.
#[async_trait]
pub trait Attachments: Send + Sync {
    /// Those about this user and those whom the user looks after.
    async fn of(&self, user: UserId) -> Result<Vec<Attached>, PortFailure>;

    /// One of them; `None` when it is lost.
    async fn open(&self, one: &Attached) -> Result<Option<Box<dyn Pieces>>, PortFailure>;
}

/// The trail of what was done with records, and what becomes of an account at its end.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait RecordTrail: Send + Sync {
    /// What the trail tells of these records, and letters about them.
    async fn about(&self, user: UserId, subjects: &[Uuid]) -> Result<Vec<RecordFile>, PortFailure>;

    /// Writes down that something was done.
    async fn note(&self, event: &Recorded<RecordsEvent>) -> Result<(), PortFailure>;
}

/// The account's part of an erasure.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait AccountErasure: Send + Sync {
    /// When this sign-in began; `None` when it is over.
    async fn signed_in_at(&self, session: SessionId) -> Result<Option<Timestamp>, PortFailure>;

    /// Leaves nothing of the account but its id, ends its sign-ins, and tells the address it had. Once more changes
    /// nothing. `records` are other records about the person, whose sent letters go as well.
    async fn erase(&self, event: &Recorded<RecordsEvent>, user: UserId, records: &[Uuid]) -> Result<(), PortFailure>;
}

/// Why records of visits cannot go yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("visits lie ahead")]
pub struct VisitsAhead;

/// Some other part's share of an erasure.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PartErasure: Send + Sync {
    /// Erases what it holds about the user. Once more finds nothing.
    async fn erase(&self, user: UserId) -> Result<(), PortFailure>;
}

/// The visits' part of an erasure.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PatientErasure: Send + Sync {
    /// Erases the patients whom this user, and nobody else, looks after; gives their ids and those of their visits.
    /// Once more finds nothing. Changes nothing when visits lie ahead.
    async fn erase(&self, user: UserId, now: Timestamp) -> Result<Result<Vec<Uuid>, VisitsAhead>, PortFailure>;
}
