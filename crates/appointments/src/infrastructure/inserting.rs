//! The steps of an insert, and why one may fail.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel as _;
use platform::crypto::Keyring;
use uuid::Uuid;

use super::busy::busy_of;
use super::patient_row::PatientRow;
use super::rooms;
use super::rows::Row;
use super::schema::{appointment, patient};
use crate::application::InsertError;
use crate::domain::{Appointment, Patient, Room};

/// Have the doctor's rules changed since they offered the time?
pub(super) fn outdated(offered_by: Option<i64>, present: Option<i64>) -> bool {
    matches!((offered_by, present), (Some(offered_by), Some(present)) if offered_by != present)
}

/// `false` when the same guest is there already.
pub(super) async fn enrol(conn: &mut AsyncPgConnection, keys: &Keyring, person: &Patient) -> Result<bool, DieselError> {
    let inserted = diesel::insert_into(patient::table)
        .values(PatientRow::sealed(person, keys))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// Puts a visit among the others, and gives the room or device it has got; `None` when something stands in its way.
///
/// A transaction that puts several takes the locks of a move first ([`super::pg_appointments::move_locks`]): otherwise
/// two of them could wait for each other's rooms.
pub(super) async fn put(
    conn: &mut AsyncPgConnection,
    keys: &Keyring,
    visit: &Appointment,
    now: Timestamp,
) -> Result<Option<Room>, DieselError> {
    for room in rooms::to_try(conn, &visit.room, visit.blocked, None, now).await? {
        let row = Row::sealed(visit, &room, keys);
        let inserted = diesel::insert_into(appointment::table).values(&row).on_conflict_do_nothing();
        if inserted.execute(conn).await? == 1 {
            return Ok(Some(room));
        }
    }
    Ok(None)
}

/// Whose constraint refused the insert?
pub(super) async fn refusal(
    conn: &mut AsyncPgConnection,
    visit: &Appointment,
    now: Timestamp,
) -> Result<InsertError, DieselError> {
    let patient_busy: Option<Uuid> = appointment::table
        .filter(appointment::patient_id.eq(visit.patient.as_uuid()))
        .filter(appointment::doctor_id.ne(visit.doctor.as_uuid()))
        .filter(appointment::status.eq("booked").or(appointment::status.eq("arrived")))
        .filter(appointment::starts_at.lt(visit.visit.end.to_diesel()))
        .filter(appointment::ends_at.gt(visit.visit.start.to_diesel()))
        .select(appointment::id)
        .first(conn)
        .await
        .optional()?;
    let doctor_busy = busy_of(conn, visit.doctor, visit.blocked, now).await?;
    Ok(if doctor_busy.is_empty() && patient_busy.is_some() { InsertError::PatientBusy } else { InsertError::SlotTaken })
}
