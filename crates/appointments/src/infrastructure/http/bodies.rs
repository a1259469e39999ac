//! The slice's things as JSON.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use platform::http::in_zone;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::application::AppointmentDetails;
use crate::domain::Appointment;

/// An RFC 3339 instant; one without an offset is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Instant(pub(super) Timestamp);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected = "not an instant, expected an RFC 3339 instant with an offset";
        plain(&text).and_then(|text| text.parse().ok()).map(Self).ok_or_else(|| serde::de::Error::custom(expected))
    }
}

/// An RFC 3339 instant, or the same without an offset: then the clinic's wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum When {
    Instant(Timestamp),
    Local(DateTime),
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected = "not a time, expected an RFC 3339 date and time";
        let read = |text: &str| text.parse().map(Self::Instant).or_else(|_| text.parse().map(Self::Local)).ok();
        plain(&text).and_then(read).ok_or_else(|| serde::de::Error::custom(expected))
    }
}

/// A date and a time, and no zone's name behind them: it would be read over where it contradicts the rest.
fn plain(text: &str) -> Option<&str> {
    (text.len() > "2027-03-01".len() && !text.contains('[')).then_some(text)
}

/// Why a visit is called off.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Cancellation)]
pub struct CancelBody {
    /// Shown to the clinic.
    #[validate(length(max = 500))]
    #[schema(max_length = 500, example = "I have recovered")]
    pub(super) reason: Option<String>,
}

/// When to come instead.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Rescheduling)]
pub struct RescheduleBody {
    /// A start from the list of slots, with its offset.
    #[validate(required)]
    #[schema(required = true, nullable = false, value_type = Option<String>, format = DateTime, example = "2027-03-02T10:00:00-05:00")]
    pub(super) starts_at: Option<Instant>,
    /// Front desk or doctor: leave to take a time outside the doctor's hours, and why. Kept with the visit, for the
    /// team, where the hours do not offer the time.
    #[validate(length(max = 500))]
    #[schema(max_length = 500, example = "Emergency, agreed with the doctor")]
    pub(super) outside_hours_reason: Option<String>,
}

/// A room or device that a visit has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VisitResource)]
pub struct RoomBody {
    id: Uuid,
    /// What it was called when the visit took it.
    #[schema(example = "Room 2")]
    name: String,
}

impl RoomBody {
    pub(super) fn of(visit: &Appointment) -> Option<Self> {
        visit.room.taken().map(|one| Self { id: one.id.as_uuid(), name: one.name.clone() })
    }
}

/// An appointment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Appointment)]
pub struct AppointmentBody {
    /// UUIDv7, kept through all moves.
    pub id: Uuid,
    doctor_id: Uuid,
    patient_id: Uuid,
    #[schema(example = "Ada Example")]
    patient_name: String,
    /// Null for who has none: letters go to who looks after them.
    #[schema(example = "ada@example.org")]
    patient_email: Option<String>,
    visit_type_id: Uuid,
    clinic_id: Uuid,
    /// `in_person` or `video`.
    #[schema(example = "in_person")]
    visit_mode: &'static str,
    /// The room or device of the clinic it has, where it needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resource: Option<RoomBody>,
    /// With the clinic's offset.
    #[schema(format = DateTime, example = "2027-03-01T09:00:00-05:00")]
    starts_at: String,
    #[schema(format = DateTime, example = "2027-03-01T09:30:00-05:00")]
    ends_at: String,
    #[schema(example = 30)]
    duration_minutes: i64,
    /// `booked`, `arrived`, `completed`, `cancelled` or `no_show`.
    #[schema(example = "booked")]
    status: &'static str,
    notes: Option<String>,
    /// Has the team put it outside the doctor's hours?
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    outside_hours: bool,
    reminder_sent: bool,
    /// The series it was booked in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    series_id: Option<Uuid>,
    /// Which of its visits, from 1, by the times as they were booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 52)]
    series_position: Option<u16>,
    /// When the patient was marked as there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    arrived_at: Option<String>,
    /// When it was marked that the visit took place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    completed_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// Opens, moves and cancels this one appointment without a sign-in. Keep it like a key. Only for who it is for,
    /// not for those who run the calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    manage_url: Option<String>,
}

impl AppointmentBody {
    pub(super) fn new(details: &AppointmentDetails, manage_url: Option<String>) -> Self {
        let AppointmentDetails { appointment: visit, patient } = details;
        let zone = TimeZone::get(&visit.time_zone).unwrap_or(TimeZone::UTC);
        Self {
            id: visit.id.as_uuid(),
            doctor_id: visit.doctor.as_uuid(),
            patient_id: visit.patient.as_uuid(),
            patient_name: patient.name.clone(),
            patient_email: patient.email.clone(),
            visit_type_id: visit.visit_type.as_uuid(),
            clinic_id: visit.clinic.as_uuid(),
            visit_mode: visit.mode.word(),
            resource: RoomBody::of(visit),
            starts_at: in_zone(visit.visit.start, &zone),
            ends_at: in_zone(visit.visit.end, &zone),
            duration_minutes: visit.visit.length().as_mins(),
            status: visit.status.word(),
            notes: visit.notes.clone(),
            outside_hours: visit.outside_reason.is_some(),
            reminder_sent: visit.reminder_sent,
            series_id: visit.series.map(|place| place.series.as_uuid()),
            series_position: visit.series.map(|place| place.position),
            arrived_at: visit.arrived_at.map(|at| in_zone(at, &zone)),
            completed_at: visit.completed_at.map(|at| in_zone(at, &zone)),
            created_at: in_zone(visit.created_at, &zone),
            updated_at: in_zone(visit.updated_at, &zone),
            manage_url,
        }
    }
}

/// A time that is still free.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FreeSlot)]
pub struct FreeSlotBody {
    #[schema(format = DateTime, example = "2027-03-01T09:30:00-05:00")]
    pub(super) starts_at: String,
    #[schema(format = DateTime, example = "2027-03-01T10:00:00-05:00")]
    pub(super) ends_at: String,
    pub(super) visit_type_id: Uuid,
    pub(super) clinic_id: Uuid,
}

/// A problem (RFC 9457) that a conflict with the present state causes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Conflict)]
pub struct SlotTakenBody {
    #[schema(example = "/problems/slot-taken")]
    r#type: String,
    #[schema(example = "This time has just been taken")]
    title: String,
    #[schema(example = 409)]
    status: u16,
    detail: String,
    /// `slot-taken`, `patient-busy`, `visit-started`, `visit-over` or `idempotency-in-progress`.
    #[schema(example = "slot-taken")]
    code: String,
    request_id: String,
    /// With `slot-taken`: the next free times, three at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    alternatives: Option<Vec<FreeSlotBody>>,
    /// Of a series, with `slot-taken` and `patient-busy`: the times that stood in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = json!(["2027-03-23T09:00:00-04:00"]))]
    taken: Option<Vec<String>>,
}
