use jiff::Timestamp;
use kernel::{ClinicId, DoctorId, DomainEvent, PatientId, UserId};
use serde::Serialize;
use uuid::Uuid;

use super::Relation;

/// What happened to the record of a patient. Ids and words only: it goes into the audit trail and the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PatientEvent {
    /// A user's own record was made or found, with those of guests of the same address.
    Welcomed {
        /// The user.
        user_id: UserId,
        /// The user's own record.
        patient_id: PatientId,
        /// Guests whom the user looks after from now on.
        adopted: Vec<PatientId>,
    },
    /// A user looks after somebody new.
    RelativeAdded {
        /// Who looks after.
        user_id: UserId,
        /// Whom.
        patient_id: PatientId,
        /// What they are to each other.
        relation: Relation,
    },
    /// Name, birth date, phone, address or relation were corrected.
    PatientCorrected {
        /// Who corrected.
        user_id: UserId,
        /// Whose record.
        patient_id: PatientId,
    },
    /// A user no longer looks after somebody.
    RelativeReleased {
        /// Who looked after.
        user_id: UserId,
        /// Whom.
        patient_id: PatientId,
    },
    /// A front desk has taken down somebody without an account.
    TakenDown {
        /// Whom.
        patient_id: PatientId,
        /// At which clinic.
        clinic_id: ClinicId,
    },
    /// A doctor without a care link has opened a record.
    EmergencyOpened {
        /// Whose.
        patient_id: PatientId,
        /// Who reads it.
        doctor_id: DoctorId,
        /// Until when.
        ends_at: Timestamp,
    },
    /// The doctor has closed it before its time.
    EmergencyEnded {
        /// Whose.
        patient_id: PatientId,
        /// Who has read it.
        doctor_id: DoctorId,
    },
}

impl DomainEvent for PatientEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Welcomed { .. } => "patient.welcomed",
            Self::RelativeAdded { .. } => "patient.relative_added",
            Self::PatientCorrected { .. } => "patient.corrected",
            Self::RelativeReleased { .. } => "patient.relative_released",
            Self::TakenDown { .. } => "patient.taken_down",
            Self::EmergencyOpened { .. } => "patient.emergency_opened",
            Self::EmergencyEnded { .. } => "patient.emergency_ended",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::Welcomed { patient_id, .. }
            | Self::RelativeAdded { patient_id, .. }
            | Self::PatientCorrected { patient_id, .. }
            | Self::RelativeReleased { patient_id, .. }
            | Self::TakenDown { patient_id, .. }
            | Self::EmergencyOpened { patient_id, .. }
            | Self::EmergencyEnded { patient_id, .. } => patient_id.as_uuid(),
        }
    }

    /// A patient belongs to no clinic.
    fn clinic(&self) -> Option<Uuid> {
        None
    }
}
