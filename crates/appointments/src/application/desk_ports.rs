//! What a front desk needs to find, take down and correct patients.

use async_trait::async_trait;
use kernel::{ClinicId, DoctorId, Once, OnceError, PatientId, PortFailure, Recorded};

use crate::domain::{Patient, PatientEvent, PatientSearch, SearchTerm};

/// Among which patients somebody may look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Those with a care link to this doctor.
    ToDoctor(DoctorId),
    /// Those with a visit at one of these clinics, or taken down there.
    AtClinics(Vec<ClinicId>),
}

/// Somebody to be taken down by a front desk.
#[derive(Debug, Clone)]
pub struct NewPatient {
    /// Who.
    pub patient: Patient,
    /// At which clinic.
    pub clinic: ClinicId,
    /// What happened.
    pub event: Recorded<PatientEvent>,
    /// The client's wish to have it done once.
    pub once: Option<Once<Patient>>,
}

/// Why somebody was not stored.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// Somebody else changed the record meanwhile, or there is one of this name and address.
    #[error("the record has changed meanwhile")]
    Stale,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Finds and keeps patients for front desks. Every writing method is one transaction.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PatientDesk: Send + Sync {
    /// Those who fit, the newest first; `limit` at most.
    async fn search(
        &self,
        known: &Known,
        search: &PatientSearch,
        terms: &[SearchTerm],
        limit: usize,
    ) -> Result<Vec<Patient>, PortFailure>;

    /// Stores somebody new.
    async fn take_down(&self, new: &NewPatient) -> Result<(), DeskError>;

    /// Stores a correction of the version before.
    async fn correct(&self, after: &Patient, event: &Recorded<PatientEvent>) -> Result<(), DeskError>;

    /// Does somebody with an account look after the patient?
    async fn has_account(&self, patient: PatientId) -> Result<bool, PortFailure>;
}
