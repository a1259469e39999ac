//! Rooms and devices that visits and holds take.
//!
//! Which one it is, is settled inside the transaction that takes the time: those that look free are tried one after the
//! other, and the constraint has the last word.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel as _;
use kernel::{AppointmentId, Interval, ResourceId};
use uuid::Uuid;

use super::busy::entry;
use crate::domain::{Resource, Room};

#[derive(QueryableByName)]
struct Free {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// What may be tried for a stretch of time, in order; empty where one of several is to be taken and all look taken. What
/// is settled already is tried as it is. `but` is the visit itself, where it has been stored before.
pub(super) async fn to_try(
    conn: &mut AsyncPgConnection,
    room: &Room,
    blocked: Interval,
    but: Option<AppointmentId>,
    now: Timestamp,
) -> Result<Vec<Room>, DieselError> {
    let Room::OneOf(candidates) = room else { return Ok(vec![room.clone()]) };
    let ids: Vec<Uuid> = candidates.iter().map(|one| one.id.as_uuid()).collect();
    let free: Vec<Free> = diesel::sql_query(
        "SELECT r.id FROM unnest($1::uuid[]) r (id)
          WHERE NOT EXISTS (
                SELECT FROM appointments.appointment a
                 WHERE a.resource_id = r.id AND a.status IN ('booked', 'arrived', 'held')
                   AND a.blocked_from < $3 AND a.blocked_from > $4 AND a.blocked_until > $2
                   AND (a.held_until IS NULL OR a.held_until > $5) AND a.id IS DISTINCT FROM $6)",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Timestamptz, _>(blocked.start.to_diesel())
    .bind::<Timestamptz, _>(blocked.end.to_diesel())
    .bind::<Timestamptz, _>(entry(blocked).to_diesel())
    .bind::<Timestamptz, _>(now.to_diesel())
    .bind::<Nullable<SqlUuid>, _>(but.map(AppointmentId::as_uuid))
    .load(conn)
    .await?;
    let is_free = |one: &&Resource| free.iter().any(|row| row.id == one.id.as_uuid());
    Ok(candidates.iter().filter(is_free).cloned().map(Room::Taken).collect())
}

/// The ids of all that may be taken.
pub(super) fn ids(room: &Room) -> Vec<Uuid> {
    room.candidates().iter().map(|one| one.id.as_uuid()).collect()
}

/// As two columns: which one, and its name.
pub(super) fn columns(room: &Room) -> (Option<Uuid>, Option<String>) {
    room.taken().map(|one| (one.id.as_uuid(), one.name.clone())).unzip()
}

/// From two columns.
pub(super) fn read(id: Option<Uuid>, name: Option<String>) -> Room {
    let known = id.zip(name);
    known.map_or(Room::Nothing, |(id, name)| Room::Taken(Resource { id: ResourceId::from_uuid(id), name }))
}
