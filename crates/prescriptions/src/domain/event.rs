use kernel::{AppointmentId, ClinicId, DoctorId, DomainEvent, PatientId};
use serde::Serialize;
use uuid::Uuid;

use super::PrescriptionId;

/// What happened to a prescription. Ids and numbers only: it goes into the audit trail and the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrescriptionEvent {
    /// Which one.
    pub prescription_id: PrescriptionId,
    /// For which visit.
    pub appointment_id: AppointmentId,
    /// Who wrote it.
    pub doctor_id: DoctorId,
    /// For whom.
    pub patient_id: PatientId,
    /// Where.
    pub clinic_id: ClinicId,
    /// What.
    #[serde(flatten)]
    pub fact: PrescriptionFact,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PrescriptionFact {
    /// It was written.
    Written {
        /// The first one.
        version: i32,
    },
    /// It has another version.
    Changed {
        /// The new one.
        version: i32,
    },
    /// It is not good any more.
    Withdrawn {
        /// The one that was.
        last_version: i32,
    },
    /// The patient is not named in it any more.
    Pseudonymised {
        /// In so many versions.
        versions_without_name: usize,
    },
    /// It is gone with all its versions, its retention being over.
    Purged {
        /// How many there were.
        versions: i32,
    },
}

impl DomainEvent for PrescriptionEvent {
    fn name(&self) -> &'static str {
        match self.fact {
            PrescriptionFact::Written { .. } => "prescription.written",
            PrescriptionFact::Changed { .. } => "prescription.changed",
            PrescriptionFact::Withdrawn { .. } => "prescription.withdrawn",
            PrescriptionFact::Pseudonymised { .. } => "prescription.pseudonymised",
            PrescriptionFact::Purged { .. } => "prescription.purged",
        }
    }

    fn subject(&self) -> Uuid {
        self.prescription_id.as_uuid()
    }

    fn clinic(&self) -> Option<Uuid> {
        Some(self.clinic_id.as_uuid())
    }
}
