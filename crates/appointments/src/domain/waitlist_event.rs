use jiff::Timestamp;
use kernel::{AppointmentId, ClinicId, DoctorId, DomainEvent, PatientId};
use serde::Serialize;
use uuid::Uuid;

use super::{Outcome, WaitlistEntryId};

/// What happened on the waitlist. Ids and times only: it goes into the audit trail and the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum WaitlistEvent {
    /// Somebody waits.
    Joined {
        /// The entry.
        entry_id: WaitlistEntryId,
        /// For whom.
        patient_id: PatientId,
    },
    /// Somebody waits no longer.
    Left {
        /// The entry.
        entry_id: WaitlistEntryId,
        /// For whom.
        patient_id: PatientId,
    },
    /// Its days have passed, or its offers were not answered.
    Lapsed {
        /// The entry.
        entry_id: WaitlistEntryId,
    },
    /// A time is kept for who waits.
    Offered {
        /// The entry.
        entry_id: WaitlistEntryId,
        /// The hold, and the visit it may become.
        hold_id: AppointmentId,
        /// Where.
        clinic_id: ClinicId,
        /// Whose time.
        doctor_id: DoctorId,
        /// From.
        starts_at: Timestamp,
        /// Until when it is kept.
        until: Timestamp,
    },
    /// An offer is over.
    Ended {
        /// The entry.
        entry_id: WaitlistEntryId,
        /// The hold, or the visit it has become.
        hold_id: AppointmentId,
        /// Where.
        clinic_id: ClinicId,
        /// How.
        outcome: Outcome,
    },
}

impl DomainEvent for WaitlistEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Joined { .. } => "waitlist.joined",
            Self::Left { .. } => "waitlist.left",
            Self::Lapsed { .. } => "waitlist.lapsed",
            Self::Offered { .. } | Self::Ended { outcome: Outcome::Open, .. } => "waitlist.offered",
            Self::Ended { outcome: Outcome::Accepted, .. } => "waitlist.accepted",
            Self::Ended { outcome: Outcome::Refused, .. } => "waitlist.refused",
            Self::Ended { outcome: Outcome::Expired, .. } => "waitlist.expired",
            Self::Ended { outcome: Outcome::Withdrawn, .. } => "waitlist.withdrawn",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::Joined { entry_id, .. }
            | Self::Left { entry_id, .. }
            | Self::Lapsed { entry_id }
            | Self::Offered { entry_id, .. }
            | Self::Ended { entry_id, .. } => entry_id.as_uuid(),
        }
    }

    /// An entry may be for many clinics, an offer is of one.
    fn clinic(&self) -> Option<Uuid> {
        match self {
            Self::Joined { .. } | Self::Left { .. } | Self::Lapsed { .. } => None,
            Self::Offered { clinic_id, .. } | Self::Ended { clinic_id, .. } => Some(clinic_id.as_uuid()),
        }
    }
}
