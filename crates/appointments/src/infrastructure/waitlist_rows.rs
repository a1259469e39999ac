//! Entries and offers of the waitlist as they are stored.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Date as SqlDate, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use jiff_diesel::{Date as DbDate, Timestamp as DbTimestamp};
use kernel::{AppointmentId, ClinicId, DoctorId, PatientId, VisitTypeId};
use uuid::Uuid;

use crate::domain::{EntryState, Outcome, WaitlistEntry, WaitlistEntryId, WaitlistOffer, Wanted, Weekdays, Window};

/// The columns of [`EntryRow`], of a table called `e`.
pub(super) const ENTRY: &str = "e.id, e.patient_id, e.doctor_id, e.visit_type_id, e.specialty, e.city, e.clinic_ids,
    e.first_day, e.last_day, e.weekdays, e.from_minute, e.until_minute, e.state, e.silent, e.created_at";

/// The columns of [`OfferRow`], of tables called `o` and `e`.
pub(super) const OFFER: &str = "o.id, o.entry_id, e.patient_id, o.doctor_id, o.clinic_id, o.visit_type_id, o.starts_at,
    o.ends_at, o.time_zone, o.offered_at, o.until, o.outcome";

#[derive(QueryableByName)]
pub(super) struct EntryRow {
    #[diesel(sql_type = SqlUuid)]
    pub(super) id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    patient_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    doctor_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    visit_type_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    specialty: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    city: Option<String>,
    #[diesel(sql_type = Array<SqlUuid>)]
    clinic_ids: Vec<Uuid>,
    #[diesel(sql_type = SqlDate)]
    first_day: DbDate,
    #[diesel(sql_type = SqlDate)]
    last_day: DbDate,
    #[diesel(sql_type = SmallInt)]
    weekdays: i16,
    #[diesel(sql_type = SmallInt)]
    from_minute: i16,
    #[diesel(sql_type = SmallInt)]
    until_minute: i16,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = SmallInt)]
    silent: i16,
    #[diesel(sql_type = Timestamptz)]
    created_at: DbTimestamp,
}

impl EntryRow {
    pub(super) fn into_entry(self) -> Result<WaitlistEntry, DieselError> {
        let wanted = match (self.doctor_id, self.specialty, self.city) {
            (Some(doctor), _, _) => Wanted::Doctor {
                doctor: DoctorId::from_uuid(doctor),
                visit_type: self.visit_type_id.map(VisitTypeId::from_uuid),
            },
            (None, Some(specialty), Some(city)) => Wanted::Specialty { specialty, city },
            (None, ..) => return Err(broken("an entry for nothing")),
        };
        Ok(WaitlistEntry {
            id: WaitlistEntryId::from_uuid(self.id),
            patient: PatientId::from_uuid(self.patient_id),
            wanted,
            window: Window {
                first_day: self.first_day.to_jiff(),
                last_day: self.last_day.to_jiff(),
                weekdays: Weekdays::from_bits(self.weekdays),
                from_minute: self.from_minute.unsigned_abs(),
                until_minute: self.until_minute.unsigned_abs(),
            },
            clinics: self.clinic_ids.into_iter().map(ClinicId::from_uuid).collect(),
            state: EntryState::from_word(&self.state).ok_or_else(|| broken("unknown state of an entry"))?,
            silent: self.silent.unsigned_abs(),
            created_at: self.created_at.to_jiff(),
        })
    }
}

#[derive(QueryableByName)]
pub(super) struct OfferRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub(super) entry_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    patient_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    doctor_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    clinic_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    visit_type_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    starts_at: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    ends_at: DbTimestamp,
    #[diesel(sql_type = Text)]
    time_zone: String,
    #[diesel(sql_type = Timestamptz)]
    offered_at: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    until: DbTimestamp,
    #[diesel(sql_type = Text)]
    outcome: String,
}

impl OfferRow {
    pub(super) fn into_offer(self) -> Result<WaitlistOffer, DieselError> {
        Ok(WaitlistOffer {
            id: AppointmentId::from_uuid(self.id),
            entry: WaitlistEntryId::from_uuid(self.entry_id),
            patient: PatientId::from_uuid(self.patient_id),
            doctor: DoctorId::from_uuid(self.doctor_id),
            clinic: ClinicId::from_uuid(self.clinic_id),
            visit_type: VisitTypeId::from_uuid(self.visit_type_id),
            starts_at: self.starts_at.to_jiff(),
            ends_at: self.ends_at.to_jiff(),
            time_zone: self.time_zone,
            offered_at: self.offered_at.to_jiff(),
            until: self.until.to_jiff(),
            outcome: Outcome::from_word(&self.outcome).ok_or_else(|| broken("unknown outcome of an offer"))?,
        })
    }
}

fn broken(what: &'static str) -> DieselError {
    DieselError::DeserializationError(what.into())
}
