//! Many visits changed in one transaction that is somebody else's, because a doctor's hours change.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{Actor, AppointmentId, Interval, PortFailure, ResourceId};
use platform::letters::post;
use platform::pg;
use uuid::Uuid;

use super::busy_of;
use super::held;
use super::letters;
use super::patient_row::PatientRow;
use super::pg_appointments::{
    ONE_PER_DOCTOR, ONE_PER_PATIENT, ONE_PER_RESOURCE, PgAppointments, broken_constraint, count, move_locks,
};
use super::rows::Row;
use super::schema::{appointment, patient};
use super::updating::{Rewritten, rewrite};
use crate::application::{AppointmentDetails, Arranged, Change, ManyVisits};
use crate::domain::Status;

/// Why a visit was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBy {
    /// Somebody else has the doctor's time.
    Slot,
    /// The patient is elsewhere then.
    Patient,
}

/// What became of changes that were written.
pub struct Written {
    /// Left out, since their new place is taken.
    pub taken: Vec<(AppointmentId, TakenBy)>,
    /// Made room.
    pub expired: Expired,
    /// Rooms and devices that were taken or freed, and when: who shares them has not been told.
    pub rooms: Vec<(ResourceId, Interval)>,
}

/// Holds that were over and are gone; nothing has told of it yet.
#[derive(Default)]
pub struct Expired(Vec<held::Gone>);

#[async_trait]
impl ManyVisits for PgAppointments {
    async fn find_all(&self, ids: &[AppointmentId]) -> Result<Vec<AppointmentDetails>, PortFailure> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
        let rows: Vec<(Row, PatientRow)> = pg::read(&self.pool, "read appointments", async |mut conn| {
            appointment::table
                .inner_join(patient::table)
                .filter(appointment::id.eq_any(&ids))
                .select((Row::as_select(), PatientRow::as_select()))
                .load(&mut conn)
                .await
        })
        .await?;
        let opened = |(row, patient): (Row, PatientRow)| {
            Ok::<_, DieselError>(AppointmentDetails {
                appointment: row.into_appointment(&self.keys)?,
                patient: patient.into_patient(&self.keys)?,
            })
        };
        rows.into_iter().map(opened).collect::<Result<_, _>>().map_err(|error| pg::failure("read appointments", error))
    }
}

impl PgAppointments {
    /// Writes changes in the caller's transaction: the locks of doctors and patients, then the rows. A change whose
    /// new place is taken is left out, and told. `None` when somebody else was faster, so that all of it has to be
    /// looked at anew. Holds that were over and in the way are gone; [`Self::announce_all`] tells of them.
    ///
    /// # Errors
    /// Of the database.
    pub async fn write_all(
        &self,
        conn: &mut AsyncPgConnection,
        changes: &[&Change],
    ) -> Result<Option<Written>, DieselError> {
        let moves = changes.iter().filter(|change| takes_time(change));
        let mut locks: Vec<i64> = moves.flat_map(|change| move_locks(&change.after.appointment)).collect();
        locks.sort_unstable();
        locks.dedup();
        for lock in locks {
            pg::lock(conn, lock).await?;
        }
        let (mut taken, mut expired, mut rooms) = (Vec::new(), Vec::new(), Vec::new());
        for change in changes {
            if takes_time(change)
                && let Some(by) = taken_by(conn, change).await?
            {
                taken.push((change.before.id, by));
                continue;
            }
            if takes_time(change) {
                // A hold that is over stands in the constraint until somebody needs its place.
                let after = &change.after.appointment;
                expired.extend(
                    held::clear_expired(conn, after.doctor, &after.room, after.blocked, change.event.at).await?,
                );
            }
            let (before, after) = (&change.before, &change.after.appointment);
            match rewrite(conn, &self.keys, before, after, change.event.at).await {
                Ok(Rewritten::Gone) => return Ok(None),
                Ok(Rewritten::NoRoom) => taken.push((before.id, TakenBy::Slot)),
                Ok(Rewritten::In(room)) => {
                    rooms.extend(before.room_taken());
                    rooms.extend(room.taken().map(|one| (one.id, after.blocked)));
                }
                // Taken between our look and our change.
                Err(error) => match broken_constraint(&error) {
                    Some(ONE_PER_DOCTOR | ONE_PER_PATIENT | ONE_PER_RESOURCE) => return Ok(None),
                    _ => return Err(error),
                },
            }
        }
        Ok(Some(Written { taken, expired: Expired(expired), rooms }))
    }

    /// Appends the events of these changes to the audit trail and posts the letters about them, in the caller's
    /// transaction and late in it.
    ///
    /// # Errors
    /// Of the database.
    pub async fn announce_all(
        &self,
        conn: &mut AsyncPgConnection,
        visits: &[&Arranged],
        mut expired: Expired,
        now: Timestamp,
    ) -> Result<(), DieselError> {
        held::told(conn, &self.journal, &mut expired.0, Actor::System, now, None).await?;
        for change in visits.iter().filter_map(|visit| visit.change.as_ref()) {
            if let Some(letter) = letters::changed(change, &self.links) {
                post(conn, &self.keys, &letter, change.before.id.as_uuid(), change.event.at).await?;
            }
            self.journal.append(conn, &change.event).await?;
        }
        Ok(())
    }

    /// Counts what has really changed; after the commit.
    pub fn count_all(visits: &[&Arranged]) {
        for change in visits.iter().filter_map(|visit| visit.change.as_ref()) {
            count(&change.event.event);
        }
    }
}

/// Does the change need a place that the visit has not now?
fn takes_time(change: &Change) -> bool {
    let (before, after) = (&change.before, &change.after.appointment);
    after.status == Status::Booked && (before.status != Status::Booked || before.visit != after.visit)
}

async fn taken_by(conn: &mut AsyncPgConnection, change: &Change) -> Result<Option<TakenBy>, DieselError> {
    let (before, after) = (&change.before, &change.after.appointment);
    let own = (before.status == Status::Booked).then_some(before.blocked);
    let busy = busy_of(conn, after.doctor, after.blocked, change.event.at).await?;
    if busy.iter().any(|busy| Some(*busy) != own && busy.overlaps(&after.blocked)) {
        return Ok(Some(TakenBy::Slot));
    }
    let elsewhere: Option<Uuid> = appointment::table
        .filter(appointment::patient_id.eq(after.patient.as_uuid()).and(appointment::id.ne(after.id.as_uuid())))
        .filter(appointment::status.eq("booked").or(appointment::status.eq("arrived")))
        .filter(appointment::starts_at.lt(after.visit.end.to_diesel()))
        .filter(appointment::ends_at.gt(after.visit.start.to_diesel()))
        .select(appointment::id)
        .first(conn)
        .await
        .optional()?;
    Ok(elsewhere.map(|_| TakenBy::Patient))
}

#[derive(QueryableByName)]
struct Elsewhere {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    starts_at: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    ends_at: DbTimestamp,
}

/// When the patients of these visits have others that are to take place, without buffers.
///
/// # Errors
/// Of the database.
pub async fn elsewhere_of(
    conn: &mut AsyncPgConnection,
    visits: &[AppointmentId],
) -> Result<Vec<(AppointmentId, Interval)>, DieselError> {
    let ids: Vec<Uuid> = visits.iter().map(|id| id.as_uuid()).collect();
    let sql = "SELECT v.id, o.starts_at, o.ends_at
                 FROM appointments.appointment v JOIN appointments.appointment o ON o.patient_id = v.patient_id AND o.id <> v.id
                WHERE v.id = ANY ($1) AND o.status IN ('booked', 'arrived')";
    let rows: Vec<Elsewhere> = diesel::sql_query(sql).bind::<Array<SqlUuid>, _>(&ids).load(conn).await?;
    let read = |row: Elsewhere| {
        let taken = Interval { start: row.starts_at.to_jiff(), end: row.ends_at.to_jiff() };
        (AppointmentId::from_uuid(row.id), taken)
    };
    Ok(rows.into_iter().map(read).collect())
}
