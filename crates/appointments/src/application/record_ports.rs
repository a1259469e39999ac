//! What reading patients' records needs from outside.

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{ClinicId, DoctorId, Once, OnceError, PatientId, PortFailure, Recorded};

use super::patient_ports::Person;
use super::view_ports::Within;
use crate::domain::{EmergencyAccess, PatientEvent};

/// A patient's visits in figures; those that were called off do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VisitFigures {
    /// How many there are.
    pub visits: u32,
    /// Start of the first one.
    pub first_at: Option<Timestamp>,
    /// Start of the last one that has begun.
    pub last_at: Option<Timestamp>,
    /// Start of the next one.
    pub next_at: Option<Timestamp>,
}

/// Figures over a patient's visits.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait RecordViews: Send + Sync {
    /// Of those visits of the patient that lie within.
    async fn figures(&self, patient: PatientId, within: &Within, now: Timestamp) -> Result<VisitFigures, PortFailure>;
}

/// Where a patient is known, and by which clock that clinic's people read times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAt {
    /// The clinic.
    pub clinic: ClinicId,
    /// IANA zone.
    pub time_zone: String,
}

/// Somebody at a clinic who is told of an emergency access.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Who, and where mail reaches them.
    pub to: Person,
    /// What the doctor is called.
    pub doctor: String,
    /// Date, time and zone of the end.
    pub until: String,
}

/// An emergency access to store.
#[derive(Debug, Clone)]
pub struct NewEmergency {
    /// The access.
    pub access: EmergencyAccess,
    /// What happened.
    pub event: Recorded<PatientEvent>,
    /// Who is told.
    pub alerts: Vec<Alert>,
    /// The client's wish to have it done once.
    pub once: Option<Once<OpenAccess>>,
}

/// An access that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAccess {
    /// The access.
    pub access: EmergencyAccess,
    /// Was it there before, or is it new?
    pub is: AccessIs,
}

/// Was an access opened just now?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessIs {
    /// Just now.
    New,
    /// Before; nothing was changed.
    Open,
}

/// Why an access was not stored.
#[derive(Debug, thiserror::Error)]
pub enum EmergencyStoreError {
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Keeps emergency accesses. Every writing method is one transaction.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait EmergencyStore: Send + Sync {
    /// The clinics at which the patient has visits, by name of their zones; 20 at most.
    async fn known_at(&self, patient: PatientId) -> Result<Vec<KnownAt>, PortFailure>;

    /// Opens the record, unless it stands open for that doctor already: gives the access that holds.
    async fn open(&self, new: &NewEmergency) -> Result<OpenAccess, EmergencyStoreError>;

    /// Ends what stands open for that doctor. `false` when this doctor never opened that record.
    async fn end(
        &self,
        doctor: DoctorId,
        patient: PatientId,
        event: &Recorded<PatientEvent>,
    ) -> Result<bool, PortFailure>;
}

/// The front desks of clinics, which another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait ClinicStaff: Send + Sync {
    /// Whose account is a front desk's of one of these clinics and can sign in; 50 at most.
    async fn of(&self, clinics: &[ClinicId]) -> Result<Vec<Person>, PortFailure>;
}
