use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{AppointmentId, ClinicId, DoctorId, Interval, PortFailure, Recorded, UserId};

use crate::domain::{Feed, FeedEvent, FeedId, Owner, Standing};

/// A visit as calendars need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Which one.
    pub id: AppointmentId,
    /// With whom.
    pub doctor: DoctorId,
    /// Where.
    pub clinic: ClinicId,
    /// When.
    pub span: Interval,
    /// IANA zone of the clinic.
    pub time_zone: String,
    /// Does it take place?
    pub standing: Standing,
    /// Grows by one with every change, from 1.
    pub version: i32,
    /// When it was booked.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// A clinic as a calendar names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The clinic's name.
    pub name: String,
    /// Street and town, as one would write it on a letter.
    pub address: String,
}

/// Names of doctors and clinics by id, as far as there are such.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Of doctors.
    pub doctors: HashMap<DoctorId, String>,
    /// Of clinics.
    pub clinics: HashMap<ClinicId, Place>,
}

/// What doctors and clinics are called, where clinics are and doctors work. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Places: Send + Sync {
    /// The names of these doctors and clinics, also of those that are no longer listed.
    async fn named(&self, doctors: &[DoctorId], clinics: &[ClinicId]) -> Result<Named, PortFailure>;

    /// The clinics at which the doctor has hours or is listed; none when there is no such doctor.
    async fn clinics_of(&self, doctor: DoctorId) -> Result<Vec<ClinicId>, PortFailure>;
}

/// A visit and the initials of its patient, for the doctor's own eyes.
#[derive(Clone, PartialEq, Eq)]
pub struct SeenVisit {
    /// The visit.
    pub visit: Visit,
    /// E.g. `A. E.`.
    pub initials: String,
}

/// Visits by their owners. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Visits: Send + Sync {
    /// Those that begin at `from` or later, by start; at most `limit`.
    async fn of(&self, owner: Owner, from: Timestamp, limit: u32) -> Result<Vec<SeenVisit>, PortFailure>;
}

/// Who opens feeds. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Readers: Send + Sync {
    /// BCP 47 tag of the account's language; nothing when there is no such account any more.
    async fn language(&self, user: UserId) -> Result<Option<String>, PortFailure>;
}

/// A secret of 256 bits for an address, and the digest by which it is found again.
#[derive(Clone, PartialEq, Eq)]
pub struct MintedSecret {
    /// For the address; shown once.
    pub secret: String,
    /// To be kept.
    pub digest: [u8; 32],
}

/// Makes and recognises secrets.
#[cfg_attr(test, mockall::automock)]
pub trait Secrets: Send + Sync {
    /// A new one.
    fn mint(&self) -> MintedSecret;

    /// The digest of what somebody shows; nothing when it cannot be one of ours.
    fn digest(&self, shown: &str) -> Option<[u8; 32]>;
}

/// Why a feed was not opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreFeedError {
    /// The owner has as many as one may.
    #[error("too many feeds")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Keeps feeds. A writing method is one transaction: row, audit event, message.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait FeedStore: Send + Sync {
    /// Opens a feed that answers to the secret of this digest.
    async fn open(&self, feed: &Feed, digest: [u8; 32], opened: &Recorded<FeedEvent>) -> Result<(), StoreFeedError>;

    /// All of an owner, the oldest first.
    async fn of(&self, owner: Owner) -> Result<Vec<Feed>, PortFailure>;

    /// Closes a feed of an owner; `false` when there is none.
    async fn close(&self, owner: Owner, id: FeedId, closed: &Recorded<FeedEvent>) -> Result<bool, PortFailure>;

    /// The feed of that secret.
    async fn by_digest(&self, digest: [u8; 32]) -> Result<Option<Feed>, PortFailure>;

    /// Takes down that it was asked for.
    async fn used(&self, id: FeedId, at: Timestamp) -> Result<(), PortFailure>;
}
