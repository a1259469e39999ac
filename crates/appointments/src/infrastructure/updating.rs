//! The step of a change that writes the visit.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection as _};
use jiff::Timestamp;
use platform::crypto::Keyring;

use super::pg_appointments::{ONE_PER_RESOURCE, broken_constraint};
use super::rooms;
use super::rows::Row;
use super::schema::appointment;
use crate::domain::{Appointment, Room};

/// What became of a visit that was to be written.
pub(super) enum Rewritten {
    /// Written, and it has this room or device.
    In(Room),
    /// Somebody else was faster: it has another version.
    Gone,
    /// All rooms and devices that would do are taken.
    NoRoom,
}

/// Writes a visit over the version `before`. Its rooms are tried one after the other, each behind a savepoint, since an
/// update that meets a constraint ends the transaction.
pub(super) async fn rewrite(
    conn: &mut AsyncPgConnection,
    keys: &Keyring,
    before: &Appointment,
    after: &Appointment,
    now: Timestamp,
) -> Result<Rewritten, DieselError> {
    let Room::OneOf(_) = after.room else {
        return write(conn, before, &Row::sealed(after, &after.room, keys), after.room.clone()).await;
    };
    for room in rooms::to_try(conn, &after.room, after.blocked, Some(after.id), now).await? {
        conn.batch_execute("SAVEPOINT room").await?;
        match write(conn, before, &Row::sealed(after, &room, keys), room).await {
            Err(error) if broken_constraint(&error) == Some(ONE_PER_RESOURCE) => {
                conn.batch_execute("ROLLBACK TO SAVEPOINT room").await?;
            }
            other => return other,
        }
    }
    Ok(Rewritten::NoRoom)
}

async fn write(
    conn: &mut AsyncPgConnection,
    before: &Appointment,
    row: &Row,
    room: Room,
) -> Result<Rewritten, DieselError> {
    let present = appointment::table.find(before.id.as_uuid()).filter(appointment::version.eq(before.version));
    let updated = diesel::update(present).set(row).execute(conn).await?;
    Ok(if updated == 0 { Rewritten::Gone } else { Rewritten::In(room) })
}
