use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use kernel::{AppointmentId, DoctorId, Interval, Once, OnceError, PortFailure, ResourceId};
use metrics::counter;
use platform::crypto::Keyring;
use platform::idempotency::{self, Answers};
use platform::journal::Journal;
use platform::letters::post;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::held::{self, Claimed, Farewell, Own};
use super::http::AppointmentLinks;
use super::inserting::{enrol, outdated, put, refusal};
use super::letters;
use super::patient_row::PatientRow;
use super::rooms;
use super::rows::Row;
use super::schema::{appointment, patient};
use super::sealed::blind_keys;
use super::updating::{Rewritten, rewrite};
use super::waitlist_steps::taken_up;
use crate::application::{
    AppointmentDetails, AppointmentStore, Change, Claim, InsertError, KnownGuest, NewAppointment, PatientIs,
    UpdateError,
};
use crate::domain::{Appointment, AppointmentEvent, Patient, Room};

pub(super) const ONE_PER_PATIENT: &str = "appointment_one_per_patient";
pub(super) const ONE_PER_DOCTOR: &str = "appointment_one_per_doctor";
pub(super) const ONE_PER_RESOURCE: &str = "appointment_one_per_resource";

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

    /// These rooms and devices were taken or freed then. Called before the others, which are then called for `doctors`
    /// and no one else: who locks more than these locks all of them together.
    async fn rooms_changed(
        &self,
        _conn: &mut AsyncPgConnection,
        _doctors: &[DoctorId],
        _changed: &[(ResourceId, Interval)],
    ) -> Result<(), DieselError> {
        Ok(())
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
    pub(super) watch: Arc<dyn CalendarWatch>,
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

    async fn insert(&self, new: &NewAppointment) -> Result<Room, InsertError> {
        let AppointmentDetails { appointment: visit, patient: person } = &new.details;
        // In a rush for one time most come too late; they need not queue for the constraint to hear it.
        let now = new.booked.at;
        let own = Own::of(new.booked.actor, new.hold, Some(visit.patient));
        let free = pg::read(&self.pool, "read what is booked", async |conn| {
            held::own_in_the_way(conn, visit.doctor, visit.blocked, own, now).await
        });
        let Some(own) = free.await? else { return Err(InsertError::SlotTaken) };
        let room = pg::transaction(&self.pool, "insert an appointment", async |conn| {
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
            let mut room = put(conn, &self.keys, visit, now).await?;
            if room.is_none() {
                let expired = held::clear_expired(conn, visit.doctor, &visit.room, visit.blocked, now).await?;
                if !expired.is_empty() {
                    room = put(conn, &self.keys, visit, now).await?;
                }
                gone.extend(expired);
            }
            let Some(room) = room else { return pg::refuse(refusal(conn, visit, now).await?) };
            let stored = new.details.clone().with_room(room);
            let served = taken_up(conn, &gone, &new.booked, visit.patient).await?;
            let rooms = stored.appointment.room_taken().into_iter().collect();
            let taken = Claimed { doctor: visit.doctor, stretches: &[visit.blocked], rooms };
            let edition = held::claimed(conn, &*self.watch, Some(taken), &gone, now).await?;
            if outdated(new.edition, edition) {
                return pg::refuse(InsertError::RulesChanged);
            }
            if let Some(letter) = &new.letter {
                let letter = letters::confirmation(letter, &new.details, &self.links);
                post(conn, &self.keys, &letter, visit.id.as_uuid(), now).await?;
            }
            let farewell = Farewell::new(&gone, becomes, visit.clinic, &new.booked);
            farewell.append(conn, &self.journal, &new.booked).await?;
            if let Some(arrived) = &new.arrived {
                self.journal.append(conn, arrived).await?;
            }
            served.append(conn, &self.journal).await?;
            keep(conn, &self.keys, new.once.as_ref(), &stored, new.booked.at).await?;
            Ok::<_, Abort<InsertError>>(stored.appointment.room)
        })
        .await?;
        count(&new.booked.event);
        if let Some(arrived) = &new.arrived {
            count(&arrived.event);
        }
        Ok(room)
    }

    async fn update(&self, change: &Change) -> Result<Room, UpdateError> {
        let (before, after) = (&change.before, &change.after.appointment);
        let now = change.event.at;
        let own = if before.visit == after.visit { Vec::new() } else { self.own_holds(change).await? };
        let room = pg::transaction(&self.pool, "change an appointment", async |conn| {
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
                gone.extend(held::clear_expired(conn, after.doctor, &after.room, after.blocked, now).await?);
            }
            let room = match rewrite(conn, &self.keys, before, after, now).await {
                Ok(Rewritten::Gone) => return pg::refuse(UpdateError::Stale),
                Ok(Rewritten::NoRoom) => return pg::refuse(UpdateError::SlotTaken),
                Ok(Rewritten::In(room)) => room,
                Err(error) => match broken_constraint(&error) {
                    Some(ONE_PER_DOCTOR | ONE_PER_RESOURCE) => return pg::refuse(UpdateError::SlotTaken),
                    Some(ONE_PER_PATIENT) => return pg::refuse(UpdateError::PatientBusy),
                    _ => return Err(Abort::Database(error)),
                },
            };
            let stored = change.after.clone().with_room(room);
            let served = taken_up(conn, &gone, &change.event, after.patient).await?;
            let rooms = [before.room_taken(), stored.appointment.room_taken()].into_iter().flatten().collect();
            let changed = Claimed { doctor: after.doctor, stretches: &[before.blocked, after.blocked], rooms };
            let edition = held::claimed(conn, &*self.watch, Some(changed), &gone, now).await?;
            if outdated(change.edition, edition) {
                return pg::refuse(UpdateError::RulesChanged);
            }
            if let Some(letter) = letters::changed(change, &self.links) {
                post(conn, &self.keys, &letter, after.id.as_uuid(), now).await?;
            }
            let farewell = Farewell::new(&gone, None, after.clinic, &change.event);
            farewell.append(conn, &self.journal, &change.event).await?;
            served.append(conn, &self.journal).await?;
            keep(conn, &self.keys, change.once.as_ref(), &stored, change.event.at).await?;
            Ok::<_, Abort<UpdateError>>(stored.appointment.room)
        })
        .await?;
        count(&change.event.event);
        Ok(room)
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
        // Counted where they are posted.
        AppointmentEvent::Reminded { .. } => {}
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

/// Numbers of the locks of the doctor, the patient, and the rooms and devices that may be taken, the smallest first.
pub(super) fn move_locks(visit: &Appointment) -> Vec<i64> {
    let mut records = rooms::ids(&visit.room);
    records.extend([visit.doctor.as_uuid(), visit.patient.as_uuid()]);
    let mut locks: Vec<i64> = records.into_iter().map(pg::lock_number).collect();
    locks.sort_unstable();
    locks
}
