use jiff::Timestamp;
use kernel::{AppointmentId, ClinicId, DoctorId, DomainEvent, PatientId, VisitTypeId};
use serde::Serialize;
use uuid::Uuid;

use super::Status;

/// What happened to an appointment. Ids and times only: it goes into the audit trail and the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AppointmentEvent {
    /// A slot became a visit.
    Booked {
        /// The visit.
        appointment_id: AppointmentId,
        /// Where.
        clinic_id: ClinicId,
        /// With whom.
        doctor_id: DoctorId,
        /// For whom.
        patient_id: PatientId,
        /// What.
        visit_type_id: VisitTypeId,
        /// From.
        starts_at: Timestamp,
        /// To.
        ends_at: Timestamp,
        /// The visit's version after it.
        version: i32,
        /// Has the team put it outside the doctor's hours?
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        outside_hours: bool,
    },
    /// The visit will not take place.
    Cancelled {
        /// The visit.
        appointment_id: AppointmentId,
        /// Where.
        clinic_id: ClinicId,
        /// With whom.
        doctor_id: DoctorId,
        /// For whom.
        patient_id: PatientId,
        /// The time that is free again.
        starts_at: Timestamp,
        /// The visit's version after it.
        version: i32,
    },
    /// The visit takes place at another time.
    Rescheduled {
        /// The visit.
        appointment_id: AppointmentId,
        /// Where.
        clinic_id: ClinicId,
        /// With whom.
        doctor_id: DoctorId,
        /// For whom.
        patient_id: PatientId,
        /// The old start.
        from: Timestamp,
        /// The new start.
        to: Timestamp,
        /// The visit's version after it.
        version: i32,
        /// Has the team put it outside the doctor's hours?
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        outside_hours: bool,
    },
    /// What was called off takes place after all, at its old time.
    Reinstated {
        /// The visit.
        appointment_id: AppointmentId,
        /// Where.
        clinic_id: ClinicId,
        /// With whom.
        doctor_id: DoctorId,
        /// For whom.
        patient_id: PatientId,
        /// From.
        starts_at: Timestamp,
        /// The visit's version after it.
        version: i32,
    },
    /// The patient is there.
    Arrived {
        /// The visit.
        appointment_id: AppointmentId,
        /// Where.
        clinic_id: ClinicId,
        /// With whom.
        doctor_id: DoctorId,
        /// For whom.
        patient_id: PatientId,
        /// The visit's version after it.
        version: i32,
    },
    /// The visit took place.
    Completed {
        /// The visit.
        appointment_id: AppointmentId,
        /// Where.
        clinic_id: ClinicId,
        /// With whom.
        doctor_id: DoctorId,
        /// For whom.
        patient_id: PatientId,
        /// The visit's version after it.
        version: i32,
    },
    /// A mistaken mark was taken back.
    Corrected {
        /// The visit.
        appointment_id: AppointmentId,
        /// Where.
        clinic_id: ClinicId,
        /// With whom.
        doctor_id: DoctorId,
        /// For whom.
        patient_id: PatientId,
        /// The mistaken status.
        was: Status,
        /// The right one.
        is: Status,
        /// The visit's version after it.
        version: i32,
    },
    /// The patient was reminded of it.
    Reminded {
        /// The visit.
        appointment_id: AppointmentId,
        /// Where.
        clinic_id: ClinicId,
        /// With whom.
        doctor_id: DoctorId,
        /// For whom.
        patient_id: PatientId,
        /// Which reminder it was: so many hours ahead.
        lead_hours: u16,
        /// Of which start.
        starts_at: Timestamp,
    },
    /// The patient did not come.
    NoShow {
        /// The visit.
        appointment_id: AppointmentId,
        /// Where.
        clinic_id: ClinicId,
        /// With whom.
        doctor_id: DoctorId,
        /// For whom.
        patient_id: PatientId,
        /// The visit's version after it.
        version: i32,
    },
}

impl DomainEvent for AppointmentEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Booked { .. } => "appointment.booked",
            Self::Cancelled { .. } => "appointment.cancelled",
            Self::Rescheduled { .. } => "appointment.rescheduled",
            Self::Reinstated { .. } => "appointment.reinstated",
            Self::Arrived { .. } => "appointment.arrived",
            Self::Completed { .. } => "appointment.completed",
            Self::NoShow { .. } => "appointment.no_show",
            Self::Corrected { .. } => "appointment.corrected",
            Self::Reminded { .. } => "appointment.reminded",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::Booked { appointment_id, .. }
            | Self::Cancelled { appointment_id, .. }
            | Self::Rescheduled { appointment_id, .. }
            | Self::Reinstated { appointment_id, .. }
            | Self::Arrived { appointment_id, .. }
            | Self::Completed { appointment_id, .. }
            | Self::NoShow { appointment_id, .. }
            | Self::Corrected { appointment_id, .. }
            | Self::Reminded { appointment_id, .. } => appointment_id.as_uuid(),
        }
    }

    fn clinic(&self) -> Option<Uuid> {
        match self {
            Self::Booked { clinic_id, .. }
            | Self::Cancelled { clinic_id, .. }
            | Self::Rescheduled { clinic_id, .. }
            | Self::Reinstated { clinic_id, .. }
            | Self::Arrived { clinic_id, .. }
            | Self::Completed { clinic_id, .. }
            | Self::NoShow { clinic_id, .. }
            | Self::Corrected { clinic_id, .. }
            | Self::Reminded { clinic_id, .. } => Some(clinic_id.as_uuid()),
        }
    }
}
