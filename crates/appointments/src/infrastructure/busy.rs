//! Which stretches of doctors' time are taken; other slices ask for it through their own ports.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Bool, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::{NullableTimestamp, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{AppointmentId, ClinicId, DoctorId, Interval, ResourceId, VisitTypeId};
use uuid::Uuid;

use super::schema::appointment;

/// The longest visit (4 h) with the longest buffers (2 h each) blocks 8 h; whatever touches a span began
/// at most that long before it, which is where the index is entered.
const LONGEST_BLOCK: SignedDuration = SignedDuration::from_hours(8);

/// A stretch of a doctor's time that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Whose time.
    pub doctor: DoctorId,
    /// From when to when, buffers included.
    pub blocked: Interval,
    /// Of a hold: from then on the time is free again.
    pub held_until: Option<Timestamp>,
}

/// What takes time: the words stand in the statement, where the planner sees that the partial index fits them.
const ACTIVE: &str = "appointments.appointment.status IN ('booked', 'arrived', 'held')";

/// What is taken of one doctor's time within `span`, buffers included; holds that are over at `now` are not.
///
/// # Errors
/// Of the database.
pub async fn busy_of(
    conn: &AsyncPgConnection,
    doctor: DoctorId,
    span: Interval,
    now: Timestamp,
) -> Result<Vec<Interval>, DieselError> {
    let taken = busy_of_many(conn, &[doctor.as_uuid()], span, now).await?;
    Ok(taken.into_iter().map(|taken| taken.blocked).collect())
}

/// What is taken of several doctors' time within `span`, in one statement.
///
/// # Errors
/// Of the database.
pub async fn busy_of_many(
    mut conn: &AsyncPgConnection,
    doctors: &[Uuid],
    span: Interval,
    now: Timestamp,
) -> Result<Vec<Taken>, DieselError> {
    type Row = (Uuid, DbTimestamp, DbTimestamp, NullableTimestamp);
    let rows: Vec<Row> = appointment::table
        .filter(appointment::doctor_id.eq_any(doctors))
        .filter(sql::<Bool>(ACTIVE))
        .filter(appointment::held_until.is_null().or(appointment::held_until.gt(now.to_diesel())))
        .filter(appointment::blocked_from.lt(span.end.to_diesel()))
        .filter(appointment::blocked_from.gt(entry(span).to_diesel()))
        .filter(appointment::blocked_until.gt(span.start.to_diesel()))
        .select((
            appointment::doctor_id,
            appointment::blocked_from,
            appointment::blocked_until,
            appointment::held_until,
        ))
        .order((appointment::doctor_id, appointment::blocked_from))
        .load(&mut conn)
        .await?;
    let taken = |(doctor, start, end, until): Row| Taken {
        doctor: DoctorId::from_uuid(doctor),
        blocked: Interval { start: start.to_jiff(), end: end.to_jiff() },
        held_until: until.to_jiff(),
    };
    Ok(rows.into_iter().map(taken).collect())
}

/// When these rooms or devices are taken within `span`, buffers included, each with until when it is only held.
///
/// # Errors
/// Of the database.
pub async fn busy_of_resources(
    mut conn: &AsyncPgConnection,
    resources: &[Uuid],
    span: Interval,
    now: Timestamp,
) -> Result<Vec<(ResourceId, Interval, Option<Timestamp>)>, DieselError> {
    let rows: Vec<Stretch> = diesel::sql_query(OF_RESOURCES)
        .bind::<Array<SqlUuid>, _>(resources)
        .bind::<Timestamptz, _>(span.start.to_diesel())
        .bind::<Timestamptz, _>(span.end.to_diesel())
        .bind::<Timestamptz, _>(entry(span).to_diesel())
        .bind::<Timestamptz, _>(now.to_diesel())
        .load(&mut conn)
        .await?;
    let taken = |row: Stretch| (ResourceId::from_uuid(row.of), row.blocked(), row.held_until.to_jiff());
    Ok(rows.into_iter().map(taken).collect())
}

/// What is taken of these doctors' time, and of these rooms and devices, all of it seen at one instant.
///
/// # Errors
/// Of the database.
pub async fn busy_with_resources(
    mut conn: &AsyncPgConnection,
    doctors: &[DoctorId],
    resources: &[ResourceId],
    span: Interval,
    now: Timestamp,
) -> Result<TakenOfBoth, DieselError> {
    let doctors: Vec<Uuid> = doctors.iter().map(|id| id.as_uuid()).collect();
    let resources: Vec<Uuid> = resources.iter().map(|id| id.as_uuid()).collect();
    let rows: Vec<Stretch> = diesel::sql_query(BOTH)
        .bind::<Array<SqlUuid>, _>(&resources)
        .bind::<Timestamptz, _>(span.start.to_diesel())
        .bind::<Timestamptz, _>(span.end.to_diesel())
        .bind::<Timestamptz, _>(entry(span).to_diesel())
        .bind::<Timestamptz, _>(now.to_diesel())
        .bind::<Array<SqlUuid>, _>(&doctors)
        .load(&mut conn)
        .await?;
    let (rooms, doctors): (Vec<Stretch>, Vec<Stretch>) = rows.into_iter().partition(|row| row.room);
    Ok((
        doctors.iter().map(|row| (DoctorId::from_uuid(row.of), row.blocked())).collect(),
        rooms.iter().map(|row| (ResourceId::from_uuid(row.of), row.blocked())).collect(),
    ))
}

/// Stretches of doctors and of rooms or devices.
pub type TakenOfBoth = (Vec<(DoctorId, Interval)>, Vec<(ResourceId, Interval)>);

macro_rules! stretches {
    ($whose:literal, $these:literal, $room:literal) => {
        concat!(
            "SELECT ",
            $whose,
            " AS of, ",
            $room,
            " AS room, blocked_from, blocked_until, held_until \
               FROM appointments.appointment \
              WHERE ",
            $whose,
            " = ANY (",
            $these,
            ") AND status IN ('booked', 'arrived', 'held') \
                AND blocked_from < $3 AND blocked_from > $4 AND blocked_until > $2 \
                AND (held_until IS NULL OR held_until > $5)"
        )
    };
}

const OF_RESOURCES: &str = stretches!("resource_id", "$1", "true");
const BOTH: &str =
    concat!(stretches!("resource_id", "$1", "true"), " UNION ALL ", stretches!("doctor_id", "$6", "false"));

#[derive(QueryableByName)]
struct Stretch {
    #[diesel(sql_type = SqlUuid)]
    of: Uuid,
    #[diesel(sql_type = Bool)]
    room: bool,
    #[diesel(sql_type = Timestamptz)]
    blocked_from: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    blocked_until: DbTimestamp,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    held_until: NullableTimestamp,
}

impl Stretch {
    fn blocked(&self) -> Interval {
        Interval { start: self.blocked_from.to_jiff(), end: self.blocked_until.to_jiff() }
    }
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

/// Where the index is entered.
pub(super) fn entry(span: Interval) -> Timestamp {
    span.start.checked_sub(LONGEST_BLOCK).unwrap_or(span.start)
}
