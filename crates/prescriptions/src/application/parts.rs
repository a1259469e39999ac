use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Caller, Clock, OnceError, PortFailure, Recorded};

use super::ports::{
    Addressees, Letterhead, Practices, PrescriptionStore, ReadyLetter, Seals, StoreError, Visit, Visits,
};
use crate::domain::{
    ChangeRefusal, Content, Fault, Heads, MedicineDraft, Prescription, PrescriptionEvent, PrescriptionFact,
    PrescriptionId,
};

/// Why nothing was done with a prescription.
#[derive(Debug, thiserror::Error)]
pub enum PrescriptionError {
    /// There is none, or it is not this caller's.
    #[error("no such prescription")]
    NotFound,
    /// There is no such visit, or it is another doctor's.
    #[error("no such visit")]
    UnknownVisit,
    /// The patient has not come yet, or never did.
    #[error("the visit has not taken place")]
    NotHeld,
    /// The visit has a prescription.
    #[error("the visit has a prescription")]
    Exists(PrescriptionId),
    /// What was sent is wrong.
    #[error("bad fields")]
    Faulty(Vec<Fault>),
    /// It was withdrawn.
    #[error("the prescription was withdrawn")]
    Withdrawn,
    /// It is another version than the caller has seen.
    #[error("the prescription has changed")]
    VersionChanged,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<ChangeRefusal> for PrescriptionError {
    fn from(refusal: ChangeRefusal) -> Self {
        match refusal {
            ChangeRefusal::Withdrawn => Self::Withdrawn,
        }
    }
}

/// What a doctor wants to be on the paper.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// The medicines.
    pub medicines: Vec<MedicineDraft>,
    /// To the patient.
    pub note: Option<String>,
    /// The last valid day; three months from now when left out.
    pub valid_until: Option<Date>,
}

impl Draft {
    /// What it tells from that day on, or everything that is wrong with it.
    pub(super) fn read(&self, today: Date) -> Result<(Content, Date), PrescriptionError> {
        let content = Content::new(&self.medicines, self.note.as_deref());
        let until = crate::domain::valid_until(today, self.valid_until);
        match (content, until) {
            (Ok(content), Ok(until)) => Ok((content, until)),
            (content, until) => {
                let faults = content.err().into_iter().flatten().chain(until.err());
                Err(PrescriptionError::Faulty(faults.collect()))
            }
        }
    }
}

/// What comes with a request.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The request, for the audit trail.
    pub request_id: Option<String>,
    /// The revisions that the caller insists on; `None` is any.
    pub only_revisions: Option<Vec<i32>>,
}

impl Asked {
    /// Is this a revision that the caller has seen?
    pub(super) fn admits(&self, found: &Prescription) -> Result<(), PrescriptionError> {
        match &self.only_revisions {
            Some(revisions) if !revisions.contains(&found.revision) => Err(PrescriptionError::VersionChanged),
            Some(_) | None => Ok(()),
        }
    }

    /// The event, as it is written down.
    pub(super) fn recorded(
        &self,
        caller: &Caller,
        prescription: &Prescription,
        fact: PrescriptionFact,
        now: Timestamp,
    ) -> Recorded<PrescriptionEvent> {
        Recorded::new(prescription.event(fact), caller.actor(), now).caused_by(self.request_id.clone())
    }

    /// What follows from a change that was not stored: to be decided anew, unless the caller insists on a revision.
    pub(super) fn after(&self, error: StoreError) -> Result<(), PrescriptionError> {
        match error {
            StoreError::Stale if self.only_revisions.is_none() => Ok(()),
            StoreError::Stale => Err(PrescriptionError::VersionChanged),
            StoreError::Once(before) => Err(PrescriptionError::Once(before)),
            StoreError::Failed(failure) => Err(PrescriptionError::Failed(failure)),
        }
    }
}

/// How often a change is decided anew when somebody else was faster.
pub(super) const TRIES: u32 = 3;

/// What the use cases of writing doctors work with.
#[derive(Clone)]
pub struct Parts {
    /// Where prescriptions are kept.
    pub store: Arc<dyn PrescriptionStore>,
    /// The visits they are for.
    pub visits: Arc<dyn Visits>,
    /// What stands at their top.
    pub practices: Arc<dyn Practices>,
    /// Who is told.
    pub addressees: Arc<dyn Addressees>,
    /// What makes them trustworthy.
    pub seals: Arc<dyn Seals>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl Parts {
    /// The prescription, if the caller wrote it.
    pub(super) async fn written_by(
        &self,
        caller: &Caller,
        id: PrescriptionId,
    ) -> Result<Prescription, PrescriptionError> {
        let found = self.store.find(id).await?;
        found.filter(|found| caller.is_doctor(found.doctor)).ok_or(PrescriptionError::NotFound)
    }

    /// Who and where, as it is now.
    pub(super) async fn heads(&self, visit: &Visit) -> Result<Heads, PrescriptionError> {
        let found = self.practices.letterhead(visit.doctor, visit.clinic).await?;
        let Letterhead { clinic, address, phone, doctor, specialty } = found.ok_or(PrescriptionError::UnknownVisit)?;
        Ok(Heads { clinic, address, phone, doctor, specialty, patient: visit.treated.clone() })
    }

    /// Signed.
    pub(super) fn signed(&self, prescription: Prescription) -> Prescription {
        let signature = self.seals.sign(&prescription.signed_parts());
        prescription.signed(signature)
    }

    /// The letter that there is a paper.
    pub(super) async fn letter(&self, about: &Prescription) -> Result<Option<ReadyLetter>, PortFailure> {
        let to = self.addressees.of(about.patient).await?;
        Ok(to.map(|to| ReadyLetter { to, doctor: about.version.heads.doctor.clone() }))
    }
}
