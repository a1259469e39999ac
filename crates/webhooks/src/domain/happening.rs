use jiff::Timestamp;
use kernel::{AppointmentId, ClinicId, DoctorId, VisitTypeId};
use serde::Serialize;
use uuid::Uuid;

use super::{EndpointId, EventType};

/// Something that clinics' systems are told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// Its id, the same in every message about it: `webhook-id`.
    pub id: Uuid,
    /// What.
    pub kind: EventType,
    /// When.
    pub at: Timestamp,
    /// At which clinic.
    pub clinic: ClinicId,
    /// Which record, and where it stands.
    pub data: Data,
}

/// Ids and times, and nothing that tells of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Data {
    /// Of a visit.
    Visit(VisitData),
    /// Of a test.
    Test {
        /// The endpoint.
        webhook_id: EndpointId,
        /// Its clinic.
        clinic_id: ClinicId,
    },
}

/// Of a visit. Patients are left out: who needs them reads the visit with its own sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VisitData {
    /// The visit.
    pub appointment_id: AppointmentId,
    /// Where.
    pub clinic_id: ClinicId,
    /// With whom.
    pub doctor_id: DoctorId,
    /// What is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit_type_id: Option<VisitTypeId>,
    /// From.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// To.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// Where it began before it was moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_starts_at: Option<Timestamp>,
    /// Where a corrected visit stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Where it stood by mistake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_status: Option<String>,
    /// Counts the visit's changes: of two messages about it the greater one is the newer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

/// What is posted, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message<'a> {
    /// What happened.
    pub r#type: &'static str,
    /// When.
    pub timestamp: Timestamp,
    /// To which record.
    pub data: &'a Data,
}

impl Happening {
    /// The message about it.
    #[must_use]
    pub const fn message(&self) -> Message<'_> {
        Message { r#type: self.kind.word(), timestamp: self.at, data: &self.data }
    }
}
