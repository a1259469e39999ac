use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{ClinicId, DoctorId, Once, OnceError, PatientId, PortFailure, Recorded, UserId};

use crate::domain::{Patient, PatientEvent, Relation};

/// A patient as the user sees it who books for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relative {
    /// Who.
    pub patient: Patient,
    /// What they are to the user.
    pub relation: Relation,
    /// Since when the user looks after them.
    pub since: Timestamp,
}

/// A user as the accounts know one.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address, of which it is proven that mail to it reaches the user.
    pub email: String,
    /// BCP 47 tag of the language letters are written in.
    pub language: String,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").finish_non_exhaustive()
    }
}

/// The accounts, which another slice keeps.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Who the user is; nobody when there is no such account or its address is not proven.
    async fn person(&self, user: UserId) -> Result<Option<Person>, PortFailure>;
}

/// How callers stand to patients.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PatientTies: Send + Sync {
    /// Is the patient this user, or somebody whom the user looks after?
    async fn looks_after(&self, user: UserId, patient: PatientId) -> Result<bool, PortFailure>;

    /// Is there a care link: a visit with that doctor, past or to come, that was not called off?
    async fn care_link(&self, doctor: DoctorId, patient: PatientId) -> Result<bool, PortFailure>;

    /// Has the patient had, or will have, a visit at one of these clinics, or was taken down by the front desk of one?
    async fn seen_at(&self, clinics: &[ClinicId], patient: PatientId) -> Result<bool, PortFailure>;

    /// Has that doctor opened the patient's record by emergency access, and is it open at this instant?
    async fn in_emergency(&self, doctor: DoctorId, patient: PatientId, at: Timestamp) -> Result<bool, PortFailure>;
}

/// A record that was found under an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The record.
    pub patient: Patient,
    /// Does somebody look after it already?
    pub looked_after: bool,
}

/// What becomes of the records of a user who has proven an address.
#[derive(Debug, Clone)]
pub struct Welcome {
    /// The user.
    pub user: UserId,
    /// The user's own record.
    pub own: Patient,
    /// How the own record is come by.
    pub own_is: OwnRecord,
    /// Guests of the address whom the user looks after from now on.
    pub adopted: Vec<PatientId>,
    /// What happened.
    pub event: Recorded<PatientEvent>,
}

/// How a user comes by the own record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnRecord {
    /// It is there, and the user's.
    Theirs,
    /// It is there, as a guest's.
    Adopted,
    /// It is to be stored.
    New,
}

/// Somebody new whom a user looks after.
#[derive(Debug, Clone)]
pub struct NewRelative {
    /// The user.
    pub user: UserId,
    /// The person, and what they are to the user.
    pub relative: Relative,
    /// The most a user may look after, oneself not counted.
    pub at_most: i64,
    /// What happened.
    pub event: Recorded<PatientEvent>,
    /// The client's wish to have it done once.
    pub once: Option<Once<Relative>>,
}

/// Why records of a user were not changed.
#[derive(Debug, thiserror::Error)]
pub enum PatientStoreError {
    /// Somebody else changed them meanwhile; look again.
    #[error("the records have changed meanwhile")]
    Stale,
    /// The user looks after as many as one may.
    #[error("too many relatives")]
    TooMany,
    /// The person has visits ahead.
    #[error("there are visits ahead")]
    VisitsAhead,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Keeps patients and who looks after them. Every writing method is one transaction.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PatientStore: Send + Sync {
    /// The user's own record first, then the others by how long the user has looked after them.
    async fn relatives(&self, user: UserId) -> Result<Vec<Relative>, PortFailure>;

    /// One of them.
    async fn relative(&self, user: UserId, patient: PatientId) -> Result<Option<Relative>, PortFailure>;

    /// The user's own record.
    async fn own(&self, user: UserId) -> Result<Option<Patient>, PortFailure>;

    /// The users who look after the patient, the longest first.
    async fn caretakers(&self, patient: PatientId) -> Result<Vec<UserId>, PortFailure>;

    /// Any patient.
    async fn patient(&self, id: PatientId) -> Result<Option<Patient>, PortFailure>;

    /// The records that are known by this address, the oldest first.
    async fn of_address(&self, email: &str) -> Result<Vec<Found>, PortFailure>;

    /// Stores what becomes of a user's records, unless somebody has taken one of them meanwhile.
    async fn welcome(&self, welcome: &Welcome) -> Result<(), PatientStoreError>;

    /// Stores a person and who looks after them.
    async fn add_relative(&self, new: &NewRelative) -> Result<(), PatientStoreError>;

    /// Stores a correction of the version before.
    async fn correct(
        &self,
        user: UserId,
        after: &Relative,
        event: &Recorded<PatientEvent>,
    ) -> Result<(), PatientStoreError>;

    /// The user looks after that person no longer, if no visit lies after `now`.
    async fn release(
        &self,
        user: UserId,
        patient: PatientId,
        event: &Recorded<PatientEvent>,
    ) -> Result<(), PatientStoreError>;
}
