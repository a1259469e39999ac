//! What there is to count of visits: who counts asks through a port of its own, and hears nothing of patients.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::result::Error as DieselError;
use diesel::sql_types::{BigInt, Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{DoctorId, Interval};
use platform::journal;
use uuid::Uuid;

use crate::domain::Status;

/// Who has booked a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booker {
    /// The patient, somebody who looks after the patient, or a guest.
    Online,
    /// The doctor, the front desk, an administrator.
    Desk,
    /// Nobody knows: made-up data, and visits from before there was an audit trail.
    Unknown,
}

/// Who has called a visit off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Canceller {
    /// The patient, somebody who looks after the patient, or the bearer of the visit's link.
    Patient,
    /// The doctor, the front desk, an administrator.
    Practice,
    /// The installation, or nobody knows.
    Other,
}

/// A visit as it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Whose calendar it stands in.
    pub doctor: DoctorId,
    /// When it is, or was to be.
    pub visit: Interval,
    /// What became of it.
    pub status: Status,
    /// When it was booked.
    pub booked_at: Timestamp,
    /// By whom.
    pub booker: Booker,
    /// Who has called it off; says nothing of others.
    pub canceller: Canceller,
    /// No earlier visit of the patient with this doctor took place.
    pub new_to_doctor: bool,
    /// No earlier visit of the patient at this clinic took place.
    pub new_to_clinic: bool,
    /// So many reminders were sent for it.
    pub reminders: i64,
    /// It was offered to somebody who waited.
    pub from_waitlist: bool,
    /// Somebody with an account looks after the patient, or is the patient.
    pub has_account: bool,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    doctor_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    starts_at: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    ends_at: DbTimestamp,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: DbTimestamp,
    #[diesel(sql_type = Bool)]
    new_to_doctor: bool,
    #[diesel(sql_type = Bool)]
    new_to_clinic: bool,
    #[diesel(sql_type = BigInt)]
    reminders: i64,
    #[diesel(sql_type = Bool)]
    from_waitlist: bool,
    #[diesel(sql_type = Bool)]
    has_account: bool,
}

const FACTS: &str = "
    SELECT a.id, a.doctor_id, a.starts_at, a.ends_at, a.status, a.created_at,
           NOT EXISTS (SELECT FROM appointments.appointment e
                        WHERE e.patient_id = a.patient_id AND e.starts_at < a.starts_at AND e.doctor_id = a.doctor_id
                          AND e.status IN ('arrived', 'completed')) AS new_to_doctor,
           NOT EXISTS (SELECT FROM appointments.appointment e
                        WHERE e.patient_id = a.patient_id AND e.starts_at < a.starts_at AND e.clinic_id = a.clinic_id
                          AND e.status IN ('arrived', 'completed')) AS new_to_clinic,
           (SELECT count(*) FROM appointments.reminder r WHERE r.appointment_id = a.id) AS reminders,
           EXISTS (SELECT FROM appointments.waitlist_offer o WHERE o.id = a.id AND o.outcome = 'accepted') AS from_waitlist,
           EXISTS (SELECT FROM appointments.caretaker c WHERE c.patient_id = a.patient_id) AS has_account
      FROM appointments.appointment a";
const IN_ORDER: &str = "AND a.starts_at >= $2 AND a.starts_at < $3 AND a.status <> 'held' ORDER BY a.starts_at, a.id";

/// The visits of a clinic that begin in `span`, by start.
///
/// # Errors
/// Of the database.
pub async fn facts_of_clinic(
    conn: &AsyncPgConnection,
    clinic: Uuid,
    span: Interval,
) -> Result<Vec<Facts>, DieselError> {
    facts(conn, &format!("{FACTS} WHERE a.clinic_id = $1 {IN_ORDER}"), clinic, span).await
}

/// The visits of a doctor, at all clinics, that begin in `span`, by start.
///
/// # Errors
/// Of the database.
pub async fn facts_of_doctor(
    conn: &AsyncPgConnection,
    doctor: Uuid,
    span: Interval,
) -> Result<Vec<Facts>, DieselError> {
    facts(conn, &format!("{FACTS} WHERE a.doctor_id = $1 {IN_ORDER}"), doctor, span).await
}

async fn facts(mut conn: &AsyncPgConnection, sql: &str, of: Uuid, span: Interval) -> Result<Vec<Facts>, DieselError> {
    let rows: Vec<Row> = diesel::sql_query(sql)
        .bind::<SqlUuid, _>(of)
        .bind::<Timestamptz, _>(span.start.to_diesel())
        .bind::<Timestamptz, _>(span.end.to_diesel())
        .load(&mut conn)
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let known: HashMap<(Uuid, String), String> =
        journal::last_actors(conn, &ids, &["appointment.booked", "appointment.cancelled"])
            .await?
            .into_iter()
            .map(|by| ((by.subject, by.action), by.actor_kind))
            .collect();
    let kind = |id: Uuid, action: &str| known.get(&(id, action.to_owned())).map_or("", String::as_str);
    rows.into_iter()
        .map(|row| {
            let booker = match kind(row.id, "appointment.booked") {
                "guest" | "link_holder" | "patient" => Booker::Online,
                "doctor" | "staff" | "admin" => Booker::Desk,
                _ => Booker::Unknown,
            };
            let canceller = match kind(row.id, "appointment.cancelled") {
                "guest" | "link_holder" | "patient" => Canceller::Patient,
                "doctor" | "staff" | "admin" => Canceller::Practice,
                _ => Canceller::Other,
            };
            let corrupt = || DieselError::DeserializationError("a visit that cannot be".into());
            Ok(Facts {
                doctor: DoctorId::from_uuid(row.doctor_id),
                visit: Interval::new(row.starts_at.to_jiff(), row.ends_at.to_jiff()).ok_or_else(corrupt)?,
                status: Status::from_word(&row.status).ok_or_else(corrupt)?,
                booked_at: row.created_at.to_jiff(),
                booker,
                canceller,
                new_to_doctor: row.new_to_doctor,
                new_to_clinic: row.new_to_clinic,
                reminders: row.reminders,
                from_waitlist: row.from_waitlist,
                has_account: row.has_account,
            })
        })
        .collect()
}
