use std::collections::HashMap;
use std::fmt::{Display, Write};
use std::time::Duration;

use appointments::infrastructure::{SealedPatient, sealed_cancel_reason, sealed_notes};
use jiff::Timestamp;
use platform::crypto::Keyring;
use uuid::Uuid;

use super::SeedReport;
use super::agenda::Window;
use super::clinic::Clinic;
use super::doctor::Doctor;
use super::offer::Offer;
use super::patient::Patient;
use super::visit::Visit;

/// Rows of one table, as COPY's text format has them.
pub(super) struct Rows {
    pub(super) table: &'static str,
    pub(super) columns: &'static str,
    pub(super) text: String,
}

/// Rows of all tables, in the order in which they can be loaded, and the counts of all that ever was in it.
pub(super) struct Batch {
    keys: Keyring,
    tables: [Rows; 13],
    /// What the patients of the clinic at hand are called.
    pub(super) names: HashMap<Uuid, String>,
    clinics: u64,
    doctors: u64,
    patients: u64,
    appointments: u64,
}

const CLINIC: usize = 0;
const HOLIDAY: usize = 1;
const DOCTOR: usize = 2;
const VISIT_TYPE: usize = 3;
const HOURS: usize = 4;
const OVERRIDE: usize = 5;
const TIME_OFF: usize = 6;
const PATIENT: usize = 7;
const APPOINTMENT: usize = 8;
const CARETAKER: usize = 9;
const RESOURCE: usize = 10;
pub(super) const PRESCRIPTION: usize = 11;
pub(super) const VERSION: usize = 12;

impl Batch {
    /// An empty one; what it says of people is sealed with `keys`.
    pub(super) fn new(keys: Keyring) -> Self {
        let rows = |table, columns| Rows { table, columns, text: String::new() };
        Self {
            keys,
            tables: [
                rows("doctors.clinic", "id, name, address, city, state, time_zone, created_at, updated_at"),
                rows("doctors.clinic_holiday", "clinic_id, on_date, name"),
                rows(
                    "doctors.doctor",
                    "id, clinic_id, specialty, city, first_name, last_name, address, consultation_price, rating, \
                     years_experience, bio, languages, offers_in_person, offers_video, search_text, \
                     minimum_notice_minutes, horizon_days, created_at, updated_at",
                ),
                rows(
                    "doctors.visit_type",
                    "id, doctor_id, clinic_id, name, mode, duration_minutes, grid_minutes, buffer_before, \
                     buffer_after, price_cents, open_to_new_patients, is_default, created_at, updated_at, resource_kind",
                ),
                rows(
                    "doctors.weekly_hours",
                    "id, doctor_id, clinic_id, weekday, from_minute, to_minute, visit_type_ids",
                ),
                rows("doctors.override_day", "doctor_id, on_date, hours"),
                rows("doctors.time_off", "id, doctor_id, starts_at, ends_at"),
                rows("appointments.patient", "id, name, email, name_key, email_key, created_at, search_keys"),
                rows(
                    "appointments.appointment",
                    "id, clinic_id, doctor_id, patient_id, visit_type_id, mode, starts_at, ends_at, blocked_from, \
                     blocked_until, time_zone, price_cents, status, notes, cancel_reason, reminder_sent, version, \
                     created_at, updated_at",
                ),
                rows("appointments.caretaker", "user_id, patient_id, relation, since"),
                rows("doctors.resource", "id, clinic_id, kind, name, created_at, updated_at"),
                rows(
                    "prescriptions.prescription",
                    "id, appointment_id, doctor_id, patient_id, clinic_id, time_zone, newest, revision, last_valid_day, \
                     search_keys, medicine_keys, created_at, updated_at",
                ),
                rows(
                    "prescriptions.version",
                    "id, prescription_id, clinic_id, number, issued_at, issued_on, valid_until, content, heads, code, \
                     code_key, signature",
                ),
            ],
            names: HashMap::new(),
            clinics: 0,
            doctors: 0,
            patients: 0,
            appointments: 0,
        }
    }

    pub(super) fn tables(&mut self) -> &mut [Rows] {
        &mut self.tables
    }

    pub(super) const fn doctors(&self) -> u64 {
        self.doctors
    }

    pub(super) const fn report(&self, elapsed: Duration) -> SeedReport {
        SeedReport {
            doctors: self.doctors,
            clinics: self.clinics,
            patients: self.patients,
            appointments: self.appointments,
            elapsed,
        }
    }

    pub(super) fn clinic(&mut self, clinic: &Clinic) {
        self.clinics += 1;
        self.names.clear();
        let city = &clinic.city;
        let row = self.row(CLINIC).value(clinic.id).text(&clinic.name).text(&clinic.address).text(&city.slug);
        row.text(&city.state).text(&city.zone_name).value(clinic.created_at).value(clinic.created_at).end();
        for (date, name) in &clinic.holidays {
            self.row(HOLIDAY).value(clinic.id).value(date).text(name).end();
        }
    }

    pub(super) fn doctor(&mut self, clinic: &Clinic, doctor: &Doctor) {
        self.doctors += 1;
        let Doctor { id, created_at, .. } = *doctor;
        let row = self.row(DOCTOR).value(id).value(clinic.id).text(&doctor.specialty).text(&clinic.city.slug);
        let row = row.text(&doctor.first_name).text(&doctor.last_name).text(&doctor.address).value(doctor.price);
        let row = row.value(doctor.rating).value(doctor.years).text(&doctor.bio);
        let row = row.value(format_args!("{{{}}}", doctor.languages.join(",")));
        let row = row.value(doctor.offers_in_person()).value(doctor.offers_video()).text(&doctor.search_text());
        row.value(doctor.notice_minutes).value(doctor.horizon_days).value(created_at).value(created_at).end();

        for (index, offer) in doctor.offers.iter().enumerate() {
            self.offer(clinic, doctor, offer, index == 0);
        }
        for hours in &doctor.hours {
            let Window { from, to, only } = hours.window;
            let row = self.row(HOURS).value(hours.id).value(id).value(clinic.id).value(hours.weekday);
            let row = row.value(from).value(to);
            match only.and_then(|index| doctor.offers.get(index)) {
                Some(offer) => row.value(format_args!("{{{}}}", offer.id)).end(),
                None => row.null().end(),
            }
        }
        for (date, windows) in &doctor.agenda.overrides {
            let opening = |window: &Window| serde_json::json!({"clinic_id": clinic.id, "from_minute": window.from, "to_minute": window.to});
            let hours = serde_json::Value::from_iter(windows.iter().map(opening)).to_string();
            self.row(OVERRIDE).value(id).value(date).text(&hours).end();
        }
        if let Some(off) = &doctor.time_off {
            self.row(TIME_OFF).value(off.id).value(id).value(off.starts_at).value(off.ends_at).end();
        }
        // The first free time is not ours to write: a trigger says that it is to be computed.
    }

    pub(super) fn offer(&mut self, clinic: &Clinic, doctor: &Doctor, offer: &Offer, is_default: bool) {
        let row = self.row(VISIT_TYPE).value(offer.id).value(doctor.id).value(clinic.id).text(offer.name);
        let row = row.text(offer.mode()).value(offer.duration).value(offer.grid).value(offer.before);
        let row = row.value(offer.after).value(offer.price_cents).value(offer.open_to_new_patients);
        let row = row.value(is_default).value(offer.created_at).value(offer.created_at);
        match offer.resource_kind {
            Some(kind) => row.text(kind).end(),
            None => row.null().end(),
        }
    }

    /// A room or device of a clinic.
    pub(super) fn resource(&mut self, clinic: &Clinic, id: Uuid, kind: &str, name: &str) {
        let row = self.row(RESOURCE).value(id).value(clinic.id).text(kind).text(name);
        row.value(clinic.created_at).value(clinic.created_at).end();
    }

    pub(super) fn patient(&mut self, patient: &Patient) {
        self.patients += 1;
        self.names.insert(patient.id, patient.name.clone());
        let sealed = SealedPatient::new(&self.keys, patient.id, &patient.name, &patient.email);
        let row = self.row(PATIENT).value(patient.id).bytes(&sealed.name).bytes(&sealed.email);
        let row = row.bytes(&sealed.name_key).bytes(&sealed.email_key).value(patient.created_at);
        row.numbers(&sealed.search_keys).end();
    }

    /// That a user books for a patient.
    pub(super) fn caretaker(&mut self, user: Uuid, patient: Uuid, relation: &str, since: Timestamp) {
        self.row(CARETAKER).value(user).value(patient).text(relation).value(since).end();
    }

    pub(super) fn visit(&mut self, clinic: &Clinic, doctor: &Doctor, visit: &Visit) {
        self.appointments += 1;
        let place = &visit.place;
        let offer = &doctor.offers[place.offer];
        let notes = visit.notes.map(|notes| sealed_notes(&self.keys, visit.id, notes));
        let reason = visit.cancel_reason.map(|reason| sealed_cancel_reason(&self.keys, visit.id, reason));
        let row = self.row(APPOINTMENT).value(visit.id).value(clinic.id).value(doctor.id).value(visit.patient_id);
        let row = row.value(offer.id).text(offer.mode()).value(place.starts_at).value(place.ends_at);
        let row = row.value(place.blocked_from).value(place.blocked_until).text(&clinic.city.zone_name);
        let row = row.value(offer.price_cents).text(visit.status.as_str()).maybe(notes.as_deref());
        let row = row.maybe(reason.as_deref()).value(visit.reminder_sent).value(visit.status.version());
        row.value(visit.created_at).value(visit.updated_at).end();
    }

    pub(super) const fn keys(&self) -> &Keyring {
        &self.keys
    }

    pub(super) fn row(&mut self, table: usize) -> Row<'_> {
        Row { text: &mut self.tables[table].text }
    }
}

/// One row in the making; every value is followed by a tab, the last one's becomes the line's end.
pub(super) struct Row<'a> {
    text: &'a mut String,
}

/// What can stand in a row as it prints itself, without a character that COPY would read otherwise.
pub(super) trait Plain: Display {}

impl Plain for bool {}
impl Plain for i16 {}
impl Plain for i32 {}
impl Plain for i64 {}
impl Plain for usize {}
impl Plain for Uuid {}
impl Plain for Timestamp {}
impl Plain for &jiff::civil::Date {}
impl Plain for std::fmt::Arguments<'_> {}

impl Row<'_> {
    pub(super) fn value(self, value: impl Plain) -> Self {
        // Writing to a string does not fail.
        let _ = write!(self.text, "{value}\t");
        self
    }

    pub(super) fn text(self, text: &str) -> Self {
        for c in text.chars() {
            match c {
                '\\' => self.text.push_str("\\\\"),
                '\t' => self.text.push_str("\\t"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                other => self.text.push(other),
            }
        }
        self.text.push('\t');
        self
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.text.push_str("\\\\x");
        for byte in bytes {
            self.text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            self.text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        self.text.push('\t');
        self
    }

    /// An array of numbers.
    pub(super) fn numbers(self, numbers: &[i64]) -> Self {
        let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
        self.text(&format!("{{{}}}", numbers.join(",")))
    }

    fn maybe(self, bytes: Option<&[u8]>) -> Self {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.null(),
        }
    }

    fn null(self) -> Self {
        self.text.push_str("\\N\t");
        self
    }

    pub(super) fn end(self) {
        self.text.pop();
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_copy_would_take_for_a_sign_is_escaped() {
        let mut text = String::new();
        Row { text: &mut text }.text("a\tb\\N\nc\r").null().value(7_i64).bytes(&[0, 0xa9]).end();
        assert_eq!(text, "a\\tb\\\\N\\nc\\r\t\\N\t7\t\\\\x00a9\n");
    }
}
