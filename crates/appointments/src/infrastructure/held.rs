//! Holds as they stand in the way of a transaction: looked at, given up, cleared away.
//!
//! A row that has expired still lies in the exclusion constraint. Whoever meets it there deletes it and tries once
//! more, in the same transaction; so nothing waits for a job.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Bool, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{Actor, AppointmentId, ClinicId, DoctorId, Interval, PatientId, Recorded, ResourceId, UserId};
use platform::journal::Journal;
use uuid::Uuid;

use super::CalendarWatch;
use super::busy::entry;
use super::rooms;
use crate::application::Claim;
use crate::domain::{HoldEvent, Room};

/// Whose holds are not in somebody's own way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Own {
    pub(super) hold: Option<AppointmentId>,
    pub(super) user: Option<UserId>,
    pub(super) patient: Option<PatientId>,
}

impl Own {
    pub(super) fn of(actor: Actor, claim: Option<Claim>, patient: Option<PatientId>) -> Self {
        let hold = claim.map(|(Claim::Becomes(id) | Claim::GivenUp(id))| id);
        Self { hold, user: actor.user(), patient }
    }
}

#[derive(QueryableByName)]
struct InTheWay {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Bool)]
    own: bool,
}

/// The own holds in the way of a stretch of the doctor's time; `None` when anything else is.
pub(super) async fn own_in_the_way(
    conn: &AsyncPgConnection,
    doctor: DoctorId,
    blocked: Interval,
    own: Own,
    now: Timestamp,
) -> Result<Option<Vec<Uuid>>, DieselError> {
    let found = in_the_way(conn, doctor, blocked, own, now).await?;
    Ok(found.iter().all(|row| row.own).then(|| found.iter().map(|row| row.id).collect()))
}

/// The own holds there, whatever else is.
pub(super) async fn own_holds(
    conn: &AsyncPgConnection,
    doctor: DoctorId,
    blocked: Interval,
    own: Own,
    now: Timestamp,
) -> Result<Vec<Uuid>, DieselError> {
    let found = in_the_way(conn, doctor, blocked, own, now).await?;
    Ok(found.into_iter().filter(|row| row.own).map(|row| row.id).collect())
}

async fn in_the_way(
    mut conn: &AsyncPgConnection,
    doctor: DoctorId,
    blocked: Interval,
    own: Own,
    now: Timestamp,
) -> Result<Vec<InTheWay>, DieselError> {
    diesel::sql_query(
        "SELECT a.id, a.status = 'held' AND EXISTS (
                   SELECT FROM appointments.hold h WHERE h.id = a.id
                      AND (h.id = $6 OR h.kind = 'form' AND h.user_id = $7 OR h.kind = 'waitlist' AND h.patient_id = $8)
                ) AS own
           FROM appointments.appointment a
          WHERE a.doctor_id = $1 AND a.status IN ('booked', 'arrived', 'held')
            AND a.blocked_from < $3 AND a.blocked_from > $4 AND a.blocked_until > $2
            AND (a.held_until IS NULL OR a.held_until > $5)",
    )
    .bind::<SqlUuid, _>(doctor.as_uuid())
    .bind::<Timestamptz, _>(blocked.start.to_diesel())
    .bind::<Timestamptz, _>(blocked.end.to_diesel())
    .bind::<Timestamptz, _>(entry(blocked).to_diesel())
    .bind::<Timestamptz, _>(now.to_diesel())
    .bind::<Nullable<SqlUuid>, _>(own.hold.map(AppointmentId::as_uuid))
    .bind::<Nullable<SqlUuid>, _>(own.user.map(UserId::as_uuid))
    .bind::<Nullable<SqlUuid>, _>(own.patient.map(PatientId::as_uuid))
    .load(&mut conn)
    .await
}

/// A hold that was deleted.
#[derive(QueryableByName)]
pub(super) struct Gone {
    #[diesel(sql_type = SqlUuid)]
    pub(super) id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    clinic_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    doctor_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    starts_at: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    blocked_from: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    blocked_until: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    held_until: DbTimestamp,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    resource_id: Option<Uuid>,
}

impl Gone {
    pub(super) fn doctor(&self) -> DoctorId {
        DoctorId::from_uuid(self.doctor_id)
    }

    pub(super) fn blocked(&self) -> Interval {
        Interval { start: self.blocked_from.to_jiff(), end: self.blocked_until.to_jiff() }
    }

    fn room(&self) -> Option<(ResourceId, Interval)> {
        self.resource_id.map(|id| (ResourceId::from_uuid(id), self.blocked()))
    }

    pub(super) const fn clinic(&self) -> Uuid {
        self.clinic_id
    }

    /// That it is gone, in answer to `cause`: by who caused it, or by itself.
    pub(super) fn ended<E>(&self, cause: &Recorded<E>) -> Recorded<HoldEvent> {
        let actor = if self.was_open(cause.at) { cause.actor } else { Actor::System };
        Recorded::new(self.event(cause.at), actor, cause.at).caused_by(cause.request_id.clone())
    }

    pub(super) fn was_open(&self, now: Timestamp) -> bool {
        self.held_until.to_jiff() > now
    }

    fn event(&self, now: Timestamp) -> HoldEvent {
        let hold_id = AppointmentId::from_uuid(self.id);
        let (clinic_id, doctor_id) = (ClinicId::from_uuid(self.clinic_id), self.doctor());
        let starts_at = self.starts_at.to_jiff();
        if self.was_open(now) {
            HoldEvent::Released { hold_id, clinic_id, doctor_id, starts_at }
        } else {
            HoldEvent::Expired { hold_id, clinic_id, doctor_id, starts_at }
        }
    }
}

/// What a deleted hold was.
macro_rules! returning {
    ($delete:literal) => {
        concat!(
            $delete,
            " RETURNING id, clinic_id, doctor_id, starts_at, blocked_from, blocked_until, held_until, resource_id"
        )
    };
}

/// Deletes these holds, whether or not they are over; those that are no holds any more are left.
pub(super) async fn give_up(conn: &mut AsyncPgConnection, ids: &[Uuid]) -> Result<Vec<Gone>, DieselError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    diesel::sql_query(returning!("DELETE FROM appointments.appointment WHERE id = ANY ($1) AND status = 'held'"))
        .bind::<Array<SqlUuid>, _>(ids)
        .load(conn)
        .await
}

/// Deletes the holds in this stretch that are over, of the doctor and of the rooms that may be taken. Those that a rival is deleting are left to it: the next
/// insert waits for its end.
pub(super) async fn clear_expired(
    conn: &mut AsyncPgConnection,
    doctor: DoctorId,
    room: &Room,
    blocked: Interval,
    now: Timestamp,
) -> Result<Vec<Gone>, DieselError> {
    let rooms = rooms::ids(room);
    if !rooms.is_empty() {
        return clear_expired_of(conn, doctor, rooms, blocked, now).await;
    }
    diesel::sql_query(returning!(
        "DELETE FROM appointments.appointment WHERE id IN (
             SELECT id FROM appointments.appointment
              WHERE doctor_id = $1 AND status = 'held' AND held_until <= $5
                AND blocked_from < $3 AND blocked_from > $4 AND blocked_until > $2
              FOR UPDATE SKIP LOCKED)"
    ))
    .bind::<SqlUuid, _>(doctor.as_uuid())
    .bind::<Timestamptz, _>(blocked.start.to_diesel())
    .bind::<Timestamptz, _>(blocked.end.to_diesel())
    .bind::<Timestamptz, _>(entry(blocked).to_diesel())
    .bind::<Timestamptz, _>(now.to_diesel())
    .load(conn)
    .await
}

async fn clear_expired_of(
    conn: &mut AsyncPgConnection,
    doctor: DoctorId,
    rooms: Vec<Uuid>,
    blocked: Interval,
    now: Timestamp,
) -> Result<Vec<Gone>, DieselError> {
    diesel::sql_query(returning!(
        "DELETE FROM appointments.appointment WHERE id IN (
             SELECT id FROM appointments.appointment
              WHERE (doctor_id = $1 OR resource_id = ANY ($6)) AND status = 'held' AND held_until <= $5
                AND blocked_from < $3 AND blocked_from > $4 AND blocked_until > $2
              FOR UPDATE SKIP LOCKED)"
    ))
    .bind::<SqlUuid, _>(doctor.as_uuid())
    .bind::<Timestamptz, _>(blocked.start.to_diesel())
    .bind::<Timestamptz, _>(blocked.end.to_diesel())
    .bind::<Timestamptz, _>(entry(blocked).to_diesel())
    .bind::<Timestamptz, _>(now.to_diesel())
    .bind::<Array<SqlUuid>, _>(rooms)
    .load(conn)
    .await
}

/// Deletes up to `limit` holds that are over, the oldest first.
pub(super) async fn clear_old(
    conn: &mut AsyncPgConnection,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<Gone>, DieselError> {
    diesel::sql_query(returning!(
        "DELETE FROM appointments.appointment WHERE id IN (
             SELECT id FROM appointments.appointment WHERE status = 'held' AND held_until <= $1
              ORDER BY held_until LIMIT $2 FOR UPDATE SKIP LOCKED)"
    ))
    .bind::<Timestamptz, _>(now.to_diesel())
    .bind::<diesel::sql_types::BigInt, _>(limit)
    .load(conn)
    .await
}

/// Time that was taken, or freed, because a visit was booked or moved.
pub(super) struct Claimed<'a> {
    /// Whose.
    pub(super) doctor: DoctorId,
    /// When.
    pub(super) stretches: &'a [Interval],
    /// Which rooms and devices, and when.
    pub(super) rooms: Vec<(ResourceId, Interval)>,
}

/// Tells the neighbour of time that was taken because the rules offer it, and of what the holds that went have freed;
/// gives the state of these rules. Doctors come in the order of their ids, so that no two wait for each other; where rooms
/// are concerned, the neighbour locks those who share them together with these.
pub(super) async fn claimed(
    conn: &mut AsyncPgConnection,
    watch: &dyn CalendarWatch,
    taken: Option<Claimed<'_>>,
    gone: &[Gone],
    now: Timestamp,
) -> Result<Option<i64>, DieselError> {
    let mut doctors: Vec<DoctorId> =
        gone.iter().map(Gone::doctor).chain(taken.as_ref().map(|taken| taken.doctor)).collect();
    doctors.sort_unstable_by_key(|doctor| doctor.as_uuid());
    doctors.dedup();
    let mut rooms: Vec<(ResourceId, Interval)> = gone.iter().filter_map(Gone::room).collect();
    rooms.extend(taken.iter().flat_map(|taken| &taken.rooms));
    if !rooms.is_empty() {
        watch.rooms_changed(conn, &doctors, &rooms).await?;
    }
    let mut edition = None;
    for doctor in doctors {
        let mut changed: Vec<Interval> =
            gone.iter().filter(|hold| hold.doctor() == doctor).map(Gone::blocked).collect();
        match &taken {
            Some(taken) if taken.doctor == doctor => {
                changed.extend_from_slice(taken.stretches);
                edition = watch.claimed(conn, doctor, &changed, now).await?;
            }
            _ => watch.changed(conn, doctor, &changed, now).await?,
        }
    }
    Ok(edition)
}

/// The events of holds that went, to be appended around the main one of the clinic `main`: clinics come in the order
/// of their ids.
pub(super) struct Farewell {
    before: Vec<Recorded<HoldEvent>>,
    after: Vec<Recorded<HoldEvent>>,
}

impl Farewell {
    /// `but` became a visit, which is told by the visit's own event.
    pub(super) fn new<E>(gone: &[Gone], but: Option<AppointmentId>, main: ClinicId, cause: &Recorded<E>) -> Self {
        let mut left: Vec<&Gone> = gone.iter().filter(|hold| but.is_none_or(|id| id.as_uuid() != hold.id)).collect();
        left.sort_unstable_by_key(|hold| (hold.clinic_id, hold.id));
        let record = |hold: &&Gone| hold.ended(cause);
        let split = left.partition_point(|hold| hold.clinic_id < main.as_uuid());
        let (before, after) = left.split_at(split);
        Self { before: before.iter().map(record).collect(), after: after.iter().map(record).collect() }
    }

    /// Appends the main event in its place.
    pub(super) async fn append<E: kernel::DomainEvent>(
        &self,
        conn: &mut AsyncPgConnection,
        journal: &Journal,
        main: &Recorded<E>,
    ) -> Result<(), DieselError> {
        for event in &self.before {
            journal.append(conn, event).await?;
        }
        journal.append(conn, main).await?;
        for event in &self.after {
            journal.append(conn, event).await?;
        }
        Ok(())
    }
}

/// Writes down that these holds have ended, where nothing else has happened.
pub(super) async fn told(
    conn: &mut AsyncPgConnection,
    journal: &Journal,
    gone: &mut [Gone],
    by: Actor,
    at: Timestamp,
    request_id: Option<&str>,
) -> Result<(), DieselError> {
    gone.sort_unstable_by_key(|hold| (hold.clinic_id, hold.id));
    for hold in gone.iter() {
        let actor = if hold.was_open(at) { by } else { Actor::System };
        let recorded = Recorded::new(hold.event(at), actor, at).caused_by(request_id.map(str::to_owned));
        journal.append(conn, &recorded).await?;
    }
    Ok(())
}
