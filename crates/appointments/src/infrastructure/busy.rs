//! Which stretches of doctors' time are taken; other slices ask for it through their own ports.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{AppointmentId, ClinicId, DoctorId, Interval, VisitTypeId};
use uuid::Uuid;

use super::schema::appointment;

/// The longest visit (4 h) with the longest buffers (2 h each) blocks 8 h; whatever touches a span began
/// at most that long before it, which is where the index is entered.
const LONGEST_BLOCK: SignedDuration = SignedDuration::from_hours(8);

/// What is taken of one doctor's time within `span`, buffers included.
///
/// # Errors
/// Of the database.
pub async fn busy_of(
    mut conn: &AsyncPgConnection,
    doctor: DoctorId,
    span: Interval,
) -> Result<Vec<Interval>, DieselError> {
    let rows: Vec<(DbTimestamp, DbTimestamp)> = appointment::table
        .filter(appointment::doctor_id.eq(doctor.as_uuid()))
        .filter(appointment::status.eq("booked").or(appointment::status.eq("arrived")))
        .filter(appointment::blocked_from.lt(span.end.to_diesel()))
        .filter(appointment::blocked_from.gt(entry(span).to_diesel()))
        .filter(appointment::blocked_until.gt(span.start.to_diesel()))
        .select((appointment::blocked_from, appointment::blocked_until))
        .order(appointment::blocked_from)
        .load(&mut conn)
        .await?;
    Ok(rows.into_iter().map(|(start, end)| Interval { start: start.to_jiff(), end: end.to_jiff() }).collect())
}

/// What is taken of several doctors' time within `span`, in one statement.
///
/// # Errors
/// Of the database.
pub async fn busy_of_many(
    mut conn: &AsyncPgConnection,
    doctors: &[Uuid],
    span: Interval,
) -> Result<Vec<(Uuid, Interval)>, DieselError> {
    let rows: Vec<(Uuid, DbTimestamp, DbTimestamp)> = appointment::table
        .filter(appointment::doctor_id.eq_any(doctors))
        .filter(appointment::status.eq("booked").or(appointment::status.eq("arrived")))
        .filter(appointment::blocked_from.lt(span.end.to_diesel()))
        .filter(appointment::blocked_from.gt(entry(span).to_diesel()))
        .filter(appointment::blocked_until.gt(span.start.to_diesel()))
        .select((appointment::doctor_id, appointment::blocked_from, appointment::blocked_until))
        .order((appointment::doctor_id, appointment::blocked_from))
        .load(&mut conn)
        .await?;
    let taken = |(doctor, start, end): (Uuid, DbTimestamp, DbTimestamp)| {
        (doctor, Interval { start: start.to_jiff(), end: end.to_jiff() })
    };
    Ok(rows.into_iter().map(taken).collect())
}

/// A visit that is to take place, without the person it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedVisit {
    /// Which one.
    pub id: AppointmentId,
    /// With whom.
    pub doctor: DoctorId,
    /// Where.
    pub clinic: ClinicId,
    /// What.
    pub visit_type: VisitTypeId,
    /// When, without buffers.
    pub visit: Interval,
}

/// The visits of these doctors that are to take place and share an instant with `span`, by doctor and start.
///
/// # Errors
/// Of the database.
pub async fn planned_of_many(
    conn: &mut AsyncPgConnection,
    doctors: &[Uuid],
    span: Interval,
) -> Result<Vec<PlannedVisit>, DieselError> {
    type Row = (Uuid, Uuid, Uuid, Uuid, DbTimestamp, DbTimestamp);
    let rows: Vec<Row> = appointment::table
        .filter(appointment::doctor_id.eq_any(doctors))
        .filter(appointment::status.eq("booked").or(appointment::status.eq("arrived")))
        .filter(appointment::starts_at.lt(span.end.to_diesel()))
        .filter(appointment::starts_at.gt(entry(span).to_diesel()))
        .filter(appointment::ends_at.gt(span.start.to_diesel()))
        .order((appointment::doctor_id, appointment::starts_at, appointment::id))
        .select((
            appointment::id,
            appointment::doctor_id,
            appointment::clinic_id,
            appointment::visit_type_id,
            appointment::starts_at,
            appointment::ends_at,
        ))
        .load(conn)
        .await?;
    let planned = |(id, doctor, clinic, visit_type, start, end): Row| PlannedVisit {
        id: AppointmentId::from_uuid(id),
        doctor: DoctorId::from_uuid(doctor),
        clinic: ClinicId::from_uuid(clinic),
        visit_type: VisitTypeId::from_uuid(visit_type),
        visit: Interval { start: start.to_jiff(), end: end.to_jiff() },
    };
    Ok(rows.into_iter().map(planned).collect())
}

fn entry(span: Interval) -> Timestamp {
    span.start.checked_sub(LONGEST_BLOCK).unwrap_or(span.start)
}
