//! Visits as their table holds them.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use jiff_diesel::{NullableTimestamp, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{AppointmentId, ClinicId, DoctorId, Interval, Money, PatientId, VisitTypeId};
use platform::crypto::Keyring;
use uuid::Uuid;

use super::patient_row::unreadable;
use super::rooms;
use super::schema::appointment;
use super::sealed::places;
use super::series_rows::place_in_series;
use crate::domain::{Appointment, Room, Status, VisitMode};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
// A missing value is a bound NULL, not the word DEFAULT: an insert whose text depends on its values is not kept
// prepared, which costs two round trips and a plan.
#[diesel(table_name = appointment, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct Row {
    pub(super) id: Uuid,
    clinic_id: Uuid,
    doctor_id: Uuid,
    patient_id: Uuid,
    visit_type_id: Uuid,
    mode: String,
    starts_at: DbTimestamp,
    ends_at: DbTimestamp,
    blocked_from: DbTimestamp,
    blocked_until: DbTimestamp,
    time_zone: String,
    price_cents: i64,
    status: String,
    notes: Option<Vec<u8>>,
    cancel_reason: Option<Vec<u8>>,
    arrived_at: NullableTimestamp,
    completed_at: NullableTimestamp,
    missed_at: NullableTimestamp,
    correct_reason: Option<Vec<u8>>,
    outside_reason: Option<Vec<u8>>,
    reminder_sent: bool,
    series_id: Option<Uuid>,
    series_position: Option<i16>,
    version: i32,
    created_at: DbTimestamp,
    updated_at: DbTimestamp,
    resource_id: Option<Uuid>,
    resource_name: Option<String>,
}

impl Row {
    /// The visit in that room.
    pub(super) fn sealed(visit: &Appointment, room: &Room, keys: &Keyring) -> Self {
        let (resource_id, resource_name) = rooms::columns(room);
        let id = visit.id.as_uuid();
        let seal = |place, text: &Option<String>| text.as_ref().map(|text| keys.seal_text(place, id, text));
        Self {
            id,
            clinic_id: visit.clinic.as_uuid(),
            doctor_id: visit.doctor.as_uuid(),
            patient_id: visit.patient.as_uuid(),
            visit_type_id: visit.visit_type.as_uuid(),
            mode: visit.mode.word().to_owned(),
            starts_at: visit.visit.start.to_diesel(),
            ends_at: visit.visit.end.to_diesel(),
            blocked_from: visit.blocked.start.to_diesel(),
            blocked_until: visit.blocked.end.to_diesel(),
            time_zone: visit.time_zone.clone(),
            price_cents: visit.price.as_cents(),
            status: visit.status.word().to_owned(),
            notes: seal(places::NOTES, &visit.notes),
            cancel_reason: seal(places::CANCEL_REASON, &visit.cancel_reason),
            arrived_at: visit.arrived_at.to_diesel(),
            completed_at: visit.completed_at.to_diesel(),
            missed_at: visit.missed_at.to_diesel(),
            correct_reason: seal(places::CORRECT_REASON, &visit.correct_reason),
            outside_reason: seal(places::OUTSIDE_REASON, &visit.outside_reason),
            reminder_sent: visit.reminder_sent,
            series_id: visit.series.map(|place| place.series.as_uuid()),
            series_position: visit.series.and_then(|place| i16::try_from(place.position).ok()),
            version: visit.version,
            created_at: visit.created_at.to_diesel(),
            updated_at: visit.updated_at.to_diesel(),
            resource_id,
            resource_name,
        }
    }

    pub(super) fn into_appointment(self, keys: &Keyring) -> Result<Appointment, DieselError> {
        let id = self.id;
        let open = |place, sealed: Option<Vec<u8>>| {
            sealed.map(|sealed| keys.open_text(place, id, &sealed).map_err(unreadable)).transpose()
        };
        let unknown = |what: &str| DieselError::DeserializationError(format!("unknown {what}").into());
        Ok(Appointment {
            id: AppointmentId::from_uuid(self.id),
            clinic: ClinicId::from_uuid(self.clinic_id),
            doctor: DoctorId::from_uuid(self.doctor_id),
            patient: PatientId::from_uuid(self.patient_id),
            visit_type: VisitTypeId::from_uuid(self.visit_type_id),
            mode: VisitMode::from_word(&self.mode).ok_or_else(|| unknown("visit mode"))?,
            visit: Interval { start: self.starts_at.to_jiff(), end: self.ends_at.to_jiff() },
            blocked: Interval { start: self.blocked_from.to_jiff(), end: self.blocked_until.to_jiff() },
            room: rooms::read(self.resource_id, self.resource_name),
            time_zone: self.time_zone,
            price: Money::cents(self.price_cents),
            status: Status::from_word(&self.status).ok_or_else(|| unknown("status"))?,
            notes: open(places::NOTES, self.notes)?,
            cancel_reason: open(places::CANCEL_REASON, self.cancel_reason)?,
            arrived_at: self.arrived_at.to_jiff(),
            completed_at: self.completed_at.to_jiff(),
            missed_at: self.missed_at.to_jiff(),
            correct_reason: open(places::CORRECT_REASON, self.correct_reason)?,
            outside_reason: open(places::OUTSIDE_REASON, self.outside_reason)?,
            reminder_sent: self.reminder_sent,
            series: place_in_series(self.series_id, self.series_position),
            version: self.version,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        })
    }
}
