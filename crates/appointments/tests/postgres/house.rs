//! A database with the store on it, and what the tests ask of both.

use std::collections::BTreeMap;
use std::sync::Arc;

use appointments::application::{AppointmentDetails, AppointmentStore as _, Change, NewAppointment, PatientIs};
use appointments::domain::{Appointment, AppointmentEvent, Offer, Patient, Side, VisitMode};
use appointments::infrastructure::http::AppointmentLinks;
use appointments::infrastructure::{CalendarWatch, PgAppointments};
use async_trait::async_trait;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, ClinicId, DoctorId, Interval, KeptAnswer, Money, Once, Recorded, VisitTypeId};
use platform::crypto::Keyring;
use platform::journal::{AuditReport, Journal, verify};
use platform::pg;
use platform::signing::LinkSigner;
use secrecy::SecretString;
use testkit::TestDatabase;
use tokio_postgres::Client;
use uuid::Uuid;

pub fn keys() -> Keyring {
    Keyring::derived(&SecretString::from("s".repeat(40)))
}

/// What stands for the slice that hears of changes: it counts them, a row a doctor, as `doctors.soonest` has.
const WATCHED: &str = "CREATE TABLE watched (doctor uuid PRIMARY KEY, changes int NOT NULL)";

/// Every table that a booking may touch.
const TABLES: [&str; 9] = [
    "appointments.patient",
    "appointments.appointment",
    "appointments.series",
    "appointments.hold",
    "journal.audit_head",
    "journal.audit_event",
    "journal.outbox",
    "platform.idempotency_key",
    "watched",
];

pub struct House {
    pub db: TestDatabase,
    pub owner: Client,
    pub store: PgAppointments,
    pub journal: Journal,
}

impl House {
    pub async fn new() -> Self {
        Self::with_connections(5).await
    }

    pub async fn with_connections(connections: usize) -> Self {
        let db = testkit::database_with(connections).await;
        let owner = pg::client(&db.settings).await.unwrap();
        owner.batch_execute(WATCHED).await.unwrap();
        let journal = Journal::new(&SecretString::from("s".repeat(40)));
        let store = PgAppointments::new(db.pool.clone(), journal.clone(), keys(), links(), Arc::new(Counting));
        Self { db, owner, store, journal }
    }

    /// The same store, telling somebody else.
    pub fn telling(&self, watch: impl CalendarWatch + 'static) -> PgAppointments {
        PgAppointments::new(self.db.pool.clone(), self.journal.clone(), keys(), links(), Arc::new(watch))
    }

    /// Books, and expects it to work.
    pub async fn booked(&self, offer: &Offer, patient: &Patient) -> AppointmentDetails {
        let known = self.store.guest(patient, offer.doctor).await.unwrap();
        let patient = known.clone().map_or_else(|| patient.clone(), |known| known.patient);
        let mut new = booking(offer, &patient);
        new.patient_is_new = if known.is_some() { PatientIs::Known } else { PatientIs::New };
        self.store.insert(&new).await.unwrap();
        new.details
    }

    pub async fn report(&self) -> AuditReport {
        verify(&mut pg::conn(&self.db.pool).await.unwrap(), &self.journal).await.unwrap()
    }

    /// Every row of every table a booking may touch, by table.
    pub async fn everything(&self) -> BTreeMap<&'static str, Vec<String>> {
        let mut all = BTreeMap::new();
        for table in TABLES {
            let rows = self.owner.query(&format!("SELECT t::text FROM {table} t ORDER BY 1"), &[]).await.unwrap();
            all.insert(table, rows.iter().map(|row| row.get(0)).collect());
        }
        all
    }

    pub async fn count(&self, from: &str) -> i64 {
        self.owner.query_one(&format!("SELECT count(*) FROM {from}"), &[]).await.unwrap().get(0)
    }

    pub async fn deadlocks(&self) -> i64 {
        let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        self.owner.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Everything that must hold whatever has happened; each line is a broken promise.
    pub async fn broken_promises(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (promise, violations) in [
            ("no doctor has two visits at once", overlaps("doctor_id", "blocked_from", "blocked_until")),
            ("no patient is in two places at once", overlaps("patient_id", "starts_at", "ends_at")),
            ("no room has two visits at once", overlaps("resource_id", "blocked_from", "blocked_until")),
            (
                "a visit has as many events as versions",
                "SELECT a.id FROM appointments.appointment a WHERE a.version <> \
                 (SELECT count(*) FROM journal.audit_event e WHERE e.subject = a.id)"
                    .to_owned(),
            ),
            (
                "every event has its message and every message its event",
                "SELECT coalesce(e.id, o.id) FROM journal.audit_event e FULL JOIN journal.outbox o USING (id) \
                 WHERE e.id IS NULL OR o.id IS NULL OR (e.action, e.subject, e.data) <> (o.topic, o.subject, o.payload)"
                    .to_owned(),
            ),
            (
                "the neighbour heard of every change once",
                "SELECT w.doctor FROM watched w WHERE w.changes <> \
                 (SELECT sum(version) FROM appointments.appointment a WHERE a.doctor_id = w.doctor)"
                    .to_owned(),
            ),
        ] {
            let rows = self.owner.query(&format!("SELECT q::text FROM ({violations}) q"), &[]).await.unwrap();
            broken.extend(rows.iter().map(|row| format!("{promise}: {}", row.get::<_, String>(0))));
        }
        broken.extend(self.report().await.breaks.iter().map(|found| format!("the audit trail is whole: {found:?}")));
        broken
    }
}

impl House {
    /// The same where there are holds and letters.
    pub async fn broken_promises_of_holds(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (promise, violations) in [
            ("no doctor has two visits at once", overlaps("doctor_id", "blocked_from", "blocked_until")),
            ("no patient is in two places at once", overlaps("patient_id", "starts_at", "ends_at")),
            ("no room has two visits at once", overlaps("resource_id", "blocked_from", "blocked_until")),
            (
                "a visit or hold has as many events as versions",
                "SELECT a.id FROM appointments.appointment a WHERE a.version <> \
                 (SELECT count(*) FROM journal.audit_event e WHERE e.subject = a.id)"
                    .to_owned(),
            ),
            (
                "what is held has a row beside, and nothing else has",
                "SELECT coalesce(a.id, h.id) FROM appointments.appointment a FULL JOIN appointments.hold h USING (id) \
                 WHERE (a.status = 'held') <> (h.id IS NOT NULL)"
                    .to_owned(),
            ),
            (
                "what was held is still so, has become a visit, or was ended",
                "SELECT e.subject FROM journal.audit_event e WHERE e.action = 'hold.opened' \
                 AND 1 <> (SELECT count(*) FROM appointments.appointment a WHERE a.id = e.subject) \
                        + (SELECT count(*) FROM journal.audit_event o WHERE o.subject = e.subject \
                           AND o.action IN ('hold.released', 'hold.expired'))"
                    .to_owned(),
            ),
        ] {
            let rows = self.owner.query(&format!("SELECT q::text FROM ({violations}) q"), &[]).await.unwrap();
            broken.extend(rows.iter().map(|row| format!("{promise}: {}", row.get::<_, String>(0))));
        }
        broken.extend(self.report().await.breaks.iter().map(|found| format!("the audit trail is whole: {found:?}")));
        broken
    }
}

fn overlaps(whose: &str, from: &str, until: &str) -> String {
    format!(
        "SELECT a.id, b.id FROM appointments.appointment a JOIN appointments.appointment b \
         ON a.{whose} = b.{whose} AND a.id < b.id AND a.{from} < b.{until} AND b.{from} < a.{until} \
         WHERE a.status IN ('booked', 'arrived', 'held') AND b.status IN ('booked', 'arrived', 'held')"
    )
}

/// Counts the changes of each doctor's calendar.
pub struct Counting;

#[async_trait]
impl CalendarWatch for Counting {
    async fn changed(
        &self,
        conn: &mut AsyncPgConnection,
        doctor: DoctorId,
        _changed: &[Interval],
        _now: Timestamp,
    ) -> Result<(), DieselError> {
        let sql = format!(
            "INSERT INTO watched VALUES ('{doctor}', 1) ON CONFLICT (doctor) DO UPDATE SET changes = watched.changes + 1"
        );
        conn.batch_execute(&sql).await
    }
}

pub fn links() -> AppointmentLinks {
    let signer = LinkSigner::new(&SecretString::from("s".repeat(40)), "appointment");
    AppointmentLinks { signer, public_url: "https://doktolib.example".into() }
}

pub fn now() -> Timestamp {
    "2027-03-01T12:00:00Z".parse().unwrap()
}

/// Minute after midnight of the day on which everything happens.
pub fn at(minute: i64) -> Timestamp {
    "2027-03-02T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

pub fn span(from: i64, to: i64) -> Interval {
    Interval::new(at(from), at(to)).unwrap()
}

/// The doctors and clinics of these tests are numbers: only ids of theirs are known to this slice.
pub fn doctor(number: u128) -> DoctorId {
    DoctorId::from_uuid(Uuid::from_u128(0xd000 + number))
}

pub fn clinic(number: u128) -> ClinicId {
    ClinicId::from_uuid(Uuid::from_u128(0xc000 + number))
}

/// Half an hour with doctor 1 from this minute on, without buffers.
pub fn half_hour(from: i64) -> Offer {
    offer(1, span(from, from + 30), 0, 0)
}

pub fn offer(with: u128, visit: Interval, before: u16, after: u16) -> Offer {
    Offer {
        doctor: doctor(with),
        clinic: clinic(1),
        visit_type: VisitTypeId::from_uuid(Uuid::from_u128(0xe000 + with)),
        mode: VisitMode::InPerson,
        price: Money::dollars(150),
        visit,
        blocked: visit.widened(before, after),
        time_zone: "America/New_York".into(),
        open_to_new_patients: true,
        edition: 1,
        resources: Vec::new(),
        outside_hours: None,
    }
}

pub fn guest(name: &str) -> Patient {
    Patient::enrol(name, &format!("{}@example.org", name.to_lowercase().replace(' ', ".")), now()).unwrap()
}

/// A booking of a patient who is new, without a key.
pub fn booking(offer: &Offer, patient: &Patient) -> NewAppointment {
    let (appointment, event) = Appointment::book(offer.clone(), patient.id, None, now());
    let details = AppointmentDetails { appointment, patient: patient.clone() };
    NewAppointment {
        details,
        patient_is_new: PatientIs::New,
        booked: recorded(event),
        arrived: None,
        edition: None,
        hold: None,
        letter: None,
        once: None,
    }
}

/// [`booking`] of a patient who is known.
pub fn booking_of_known(offer: &Offer, patient: &Patient) -> NewAppointment {
    NewAppointment { patient_is_new: PatientIs::Known, ..booking(offer, patient) }
}

pub fn moving(visit: &AppointmentDetails, to: &Offer) -> Change {
    let (after, event) = visit.appointment.reschedule(to, now()).unwrap();
    changing(visit, after, event)
}

pub fn cancelling(visit: &AppointmentDetails) -> Change {
    let (after, event) = visit.appointment.cancel(Some("ill".into()), Side::Patient, now()).unwrap();
    changing(visit, after, event)
}

/// To a state the domain reaches on ways that these tests need not know.
pub fn into_state(visit: &AppointmentDetails, change: impl FnOnce(&mut Appointment)) -> Change {
    let mut after = Appointment { version: visit.appointment.version + 1, ..visit.appointment.clone() };
    change(&mut after);
    let event = visit.appointment.cancel(None, Side::Patient, now()).unwrap().1;
    changing(visit, after, event)
}

fn changing(visit: &AppointmentDetails, after: Appointment, event: AppointmentEvent) -> Change {
    Change {
        before: visit.appointment.clone(),
        after: AppointmentDetails { appointment: after, patient: visit.patient.clone() },
        event: recorded(event),
        edition: None,
        letter: None,
        once: None,
    }
}

pub fn recorded(event: AppointmentEvent) -> Recorded<AppointmentEvent> {
    Recorded::new(event, Actor::Guest, now()).caused_by(Some("request-1".into()))
}

/// A wish to have it done once, answered with the visit's id and version.
pub fn once(key: &str) -> Once<AppointmentDetails> {
    let answer = |details: &AppointmentDetails| KeptAnswer {
        status: 201,
        location: Some(format!("/{}", details.appointment.id)),
        etag: Some(format!("\"v{}\"", details.appointment.version)),
        body: details.appointment.id.as_uuid().as_bytes().to_vec(),
    };
    Once { scope: "test".into(), key: key.into(), fingerprint: [7; 32], answer: Arc::new(answer) }
}
