use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{
    AppointmentId, ClinicId, DoctorId, Interval, Money, Once, OnceError, PatientId, PortFailure, VisitTypeId,
};
use metrics::counter;
use platform::crypto::Keyring;
use platform::idempotency::{self, Answers};
use platform::journal::Journal;
use platform::letters::post;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::held::{self, Farewell, Own};
use super::http::AppointmentLinks;
use super::inserting::{enrol, outdated, put, refusal};
use super::letters;
use super::patient_row::{PatientRow, unreadable};
use super::schema::{appointment, patient};
use super::sealed::{blind_keys, places};
use super::waitlist_steps::taken_up;
use crate::application::{
    AppointmentDetails, AppointmentStore, Change, Claim, InsertError, KnownGuest, NewAppointment, PatientIs,
    UpdateError,
};
use crate::domain::{Appointment, AppointmentEvent, Patient, Status, VisitMode};

pub(super) const ONE_PER_PATIENT: &str = "appointment_one_per_patient";
pub(super) const ONE_PER_DOCTOR: &str = "appointment_one_per_doctor";

/// Hears of every change of a doctor's calendar inside the transaction that makes it.
#[async_trait]
pub trait CalendarWatch: Send + Sync {
    /// `changed` was taken or freed.
    async fn changed(
        &self,
        conn: &mut AsyncPgConnection,
        doctor: DoctorId,
        changed: &[Interval],
        now: Timestamp,
    ) -> Result<(), DieselError>;

    /// Like [`CalendarWatch::changed`], for time that was taken because the doctor's rules offer it. From here to
    /// the commit nobody else changes these rules; gives the state they are in ([`crate::domain::Offer::edition`]),
    /// or `None` where nobody knows.
    async fn claimed(
        &self,
        conn: &mut AsyncPgConnection,
        doctor: DoctorId,
        changed: &[Interval],
        now: Timestamp,
    ) -> Result<Option<i64>, DieselError> {
        self.changed(conn, doctor, changed, now).await.map(|()| None)
    }
}

/// Appointments in PostgreSQL.
///
/// The order of locks is the same in every transaction, so that rivals never wait in a circle: the client's
/// key, holds that are given up or over, the appointment's own row and constraint, the doctor's first free time, the audit chain.
#[derive(Clone)]
pub struct PgAppointments {
    pub(super) pool: PgPool,
    pub(super) journal: Journal,
    pub(super) keys: Keyring,
    pub(super) links: AppointmentLinks,
    watch: Arc<dyn CalendarWatch>,
}

impl PgAppointments {
    /// Works through `pool`, writes to `journal`, seals with `keys`, writes `links` into letters, tells `watch`.
    #[must_use]
    pub fn new(
        pool: PgPool,
        journal: Journal,
        keys: Keyring,
        links: AppointmentLinks,
        watch: Arc<dyn CalendarWatch>,
    ) -> Self {
        Self { pool, journal, keys, links, watch }
    }

    /// The holds of who moves a visit that are in its way.
    async fn own_holds(&self, change: &Change) -> Result<Vec<Uuid>, PortFailure> {
        let after = &change.after.appointment;
        let own = Own::of(change.event.actor, None, Some(after.patient));
        pg::read(&self.pool, "read what is held", async |conn| {
            held::own_holds(conn, after.doctor, after.blocked, own, change.event.at).await
        })
        .await
    }
}

#[async_trait]
impl AppointmentStore for PgAppointments {
    async fn find(&self, id: AppointmentId) -> Result<Option<AppointmentDetails>, PortFailure> {
        let failed = |error| pg::failure("read an appointment", error);
        let row: Option<(Row, PatientRow)> = pg::read(&self.pool, "read an appointment", async |mut conn| {
            appointment::table
                .inner_join(patient::table)
                .filter(appointment::id.eq(id.as_uuid()))
                .select((Row::as_select(), PatientRow::as_select()))
                .first(&mut conn)
                .await
                .optional()
        })
        .await?;
        row.map(|(row, patient)| {
            Ok(AppointmentDetails {
                appointment: row.into_appointment(&self.keys).map_err(failed)?,
                patient: patient.into_patient(&self.keys).map_err(failed)?,
            })
        })
        .transpose()
    }

    async fn guest(&self, who: &Patient, doctor: DoctorId) -> Result<Option<KnownGuest>, PortFailure> {
        let Some((name_key, email_key)) = blind_keys(&self.keys, who) else { return Ok(None) };
        pg::read(&self.pool, "look for a guest", async |mut conn| {
            let found: Option<PatientRow> = patient::table
                .filter(patient::email_key.eq(email_key.as_slice()).and(patient::name_key.eq(name_key.as_slice())))
                .select(PatientRow::as_select())
                .first(&mut conn)
                .await
                .optional()?;
            let Some(found) = found else { return Ok(None) };
            let visit: Option<Uuid> = appointment::table
                .filter(appointment::patient_id.eq(found.id).and(appointment::doctor_id.eq(doctor.as_uuid())))
                .filter(appointment::status.ne("cancelled"))
                .select(appointment::id)
                .first(&mut conn)
                .await
                .optional()?;
            Ok(Some(KnownGuest { patient: found.into_patient(&self.keys)?, known_to_doctor: visit.is_some() }))
        })
        .await
    }

    async fn insert(&self, new: &NewAppointment) -> Result<(), InsertError> {
        let AppointmentDetails { appointment: visit, patient: person } = &new.details;
        // In a rush for one time most come too late; they need not queue for the constraint to hear it.
        let now = new.booked.at;
        let own = Own::of(new.booked.actor, new.hold, Some(visit.patient));
        let free = pg::read(&self.pool, "read what is booked", async |conn| {
            held::own_in_the_way(conn, visit.doctor, visit.blocked, own, now).await
        });
        let Some(own) = free.await? else { return Err(InsertError::SlotTaken) };
        pg::transaction(&self.pool, "insert an appointment", async |conn| {
            if let Some(once) = &new.once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            if new.patient_is_new == PatientIs::New && !enrol(conn, &self.keys, person).await? {
                return pg::refuse(InsertError::GuestAppeared);
            }
            let mut gone = held::give_up(conn, &own).await?;
            let becomes = match new.hold {
                Some(Claim::Becomes(id)) if gone.iter().any(|hold| hold.id == id.as_uuid() && hold.was_open(now)) => {
                    Some(id)
                }
                Some(Claim::Becomes(_)) => return pg::refuse(InsertError::SlotTaken),
                Some(Claim::GivenUp(_)) | None => None,
            };
            let row = Row::sealed(visit, &self.keys);
            if !put(conn, &row).await? {
                let expired = held::clear_expired(conn, visit.doctor, visit.blocked, now).await?;
                if expired.is_empty() || !put(conn, &row).await? {
                    return pg::refuse(refusal(conn, visit, now).await?);
                }
                gone.extend(expired);
            }
            let served = taken_up(conn, &gone, &new.booked, visit.patient).await?;
            let taken = [visit.blocked];
            let edition = held::claimed(conn, &*self.watch, Some((visit.doctor, &taken)), &gone, now).await?;
            if outdated(new.edition, edition) {
                return pg::refuse(InsertError::RulesChanged);
            }
            if let Some(letter) = &new.letter {
                let letter = letters::confirmation(letter, &new.details, &self.links);
                post(conn, &self.keys, &letter, visit.id.as_uuid(), now).await?;
            }
            let farewell = Farewell::new(&gone, becomes, visit.clinic, &new.booked);
            farewell.append(conn, &self.journal, &new.booked).await?;
            served.append(conn, &self.journal).await?;
            keep(conn, &self.keys, new.once.as_ref(), &new.details, new.booked.at).await?;
            Ok::<_, Abort<InsertError>>(())
        })
        .await?;
        count(&new.booked.event);
        Ok(())
    }

    async fn update(&self, change: &Change) -> Result<(), UpdateError> {
        let (before, after) = (&change.before, &change.after.appointment);
        let now = change.event.at;
        let own = if before.visit == after.visit { Vec::new() } else { self.own_holds(change).await? };
        pg::transaction(&self.pool, "change an appointment", async |conn| {
            if let Some(once) = &change.once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            let mut gone = Vec::new();
            if before.visit != after.visit || (after.status.is_active() && !before.status.is_active()) {
                // Two visits that want each other's place would wait for each other; moves of a doctor's or a
                // patient's visits go one after the other.
                for key in move_locks(after) {
                    pg::lock(conn, key).await?;
                }
                gone = held::give_up(conn, &own).await?;
                gone.extend(held::clear_expired(conn, after.doctor, after.blocked, now).await?);
            }
            let updated = diesel::update(appointment::table.find(before.id.as_uuid()))
                .filter(appointment::version.eq(before.version))
                .set(Row::sealed(after, &self.keys))
                .execute(conn)
                .await;
            match updated {
                Ok(0) => return pg::refuse(UpdateError::Stale),
                Ok(_) => {}
                Err(error) => match broken_constraint(&error) {
                    Some(ONE_PER_DOCTOR) => return pg::refuse(UpdateError::SlotTaken),
                    Some(ONE_PER_PATIENT) => return pg::refuse(UpdateError::PatientBusy),
                    _ => return Err(Abort::Database(error)),
                },
            }
            let served = taken_up(conn, &gone, &change.event, after.patient).await?;
            let changed = [before.blocked, after.blocked];
            let edition = held::claimed(conn, &*self.watch, Some((after.doctor, &changed)), &gone, now).await?;
            if outdated(change.edition, edition) {
                return pg::refuse(UpdateError::RulesChanged);
            }
            if let Some(letter) = letters::changed(change, &self.links) {
                post(conn, &self.keys, &letter, after.id.as_uuid(), now).await?;
            }
            let farewell = Farewell::new(&gone, None, after.clinic, &change.event);
            farewell.append(conn, &self.journal, &change.event).await?;
            served.append(conn, &self.journal).await?;
            keep(conn, &self.keys, change.once.as_ref(), &change.after, change.event.at).await?;
            Ok::<_, Abort<UpdateError>>(())
        })
        .await?;
        count(&change.event.event);
        Ok(())
    }

    async fn keep_answer(
        &self,
        unchanged: &AppointmentDetails,
        once: &Once<AppointmentDetails>,
        at: Timestamp,
    ) -> Result<Result<(), OnceError>, PortFailure> {
        Answers::new(self.pool.clone(), self.keys.clone()).keep(once, &(once.answer)(unchanged), at).await
    }
}

/// Counts what has really changed, after the commit.
pub(super) fn count(event: &AppointmentEvent) {
    match event {
        AppointmentEvent::Booked { .. } => counter!("bookings_total").increment(1),
        AppointmentEvent::Cancelled { .. } => counter!("cancellations_total").increment(1),
        AppointmentEvent::Rescheduled { .. } => counter!("reschedulings_total").increment(1),
        AppointmentEvent::Reinstated { .. } => counter!("reinstatements_total").increment(1),
        AppointmentEvent::Arrived { .. } => counter!("arrivals_total").increment(1),
        AppointmentEvent::Completed { .. } => counter!("completions_total").increment(1),
        AppointmentEvent::NoShow { .. } => counter!("no_shows_total").increment(1),
        AppointmentEvent::Corrected { .. } => counter!("corrections_total").increment(1),
    }
}

async fn keep(
    conn: &mut AsyncPgConnection,
    keys: &Keyring,
    once: Option<&Once<AppointmentDetails>>,
    outcome: &AppointmentDetails,
    at: Timestamp,
) -> Result<(), DieselError> {
    match once {
        Some(once) => idempotency::keep(conn, keys, once, &(once.answer)(outcome), at).await,
        None => Ok(()),
    }
}

pub(super) fn broken_constraint(error: &DieselError) -> Option<&str> {
    match error {
        DieselError::DatabaseError(_, about) => about.constraint_name(),
        _ => None,
    }
}

/// Numbers of the doctor's and the patient's lock, the smaller first.
fn move_locks(visit: &Appointment) -> [i64; 2] {
    let mut locks = [visit.doctor.as_uuid(), visit.patient.as_uuid()].map(pg::lock_number);
    locks.sort_unstable();
    locks
}

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
    reminder_sent: bool,
    version: i32,
    created_at: DbTimestamp,
    updated_at: DbTimestamp,
}

impl Row {
    pub(super) fn sealed(visit: &Appointment, keys: &Keyring) -> Self {
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
            reminder_sent: visit.reminder_sent,
            version: visit.version,
            created_at: visit.created_at.to_diesel(),
            updated_at: visit.updated_at.to_diesel(),
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
            time_zone: self.time_zone,
            price: Money::cents(self.price_cents),
            status: Status::from_word(&self.status).ok_or_else(|| unknown("status"))?,
            notes: open(places::NOTES, self.notes)?,
            cancel_reason: open(places::CANCEL_REASON, self.cancel_reason)?,
            arrived_at: self.arrived_at.to_jiff(),
            completed_at: self.completed_at.to_jiff(),
            missed_at: self.missed_at.to_jiff(),
            correct_reason: open(places::CORRECT_REASON, self.correct_reason)?,
            reminder_sent: self.reminder_sent,
            version: self.version,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        })
    }
}
