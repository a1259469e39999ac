//! Doctors who share rooms and devices: who takes one changes the free times of the others.
//!
//! Who shares what follows from the rules, and a change of rules must not slip in between the question and the answer's
//! use: whoever takes a room holds the lock of [`ROOMS`] with others, who changes rules that matter for rooms holds it
//! alone. In the order of locks it stands before clinics, doctors and first free times.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::ToDiesel as _;
use kernel::{DoctorId, Interval, ResourceId};
use uuid::Uuid;

use super::soonest::{Soonest, lock_soonest};
use crate::application::{PracticeChange, Step, Subject};

/// Number of the lock, from the word "rooms".
const ROOMS: i64 = 0x0072_6f6f_6d73;

/// Those who offer something that takes such a room or device, at its clinic.
const SHARERS: &str = "SELECT DISTINCT v.doctor_id AS id
      FROM doctors.resource r
      JOIN doctors.visit_type v ON v.resource_kind = r.kind AND v.active
     WHERE r.id = ANY ($1)
       AND (EXISTS (SELECT FROM doctors.doctor d WHERE d.id = v.doctor_id AND d.clinic_id = r.clinic_id)
            OR EXISTS (SELECT FROM doctors.weekly_hours w WHERE w.doctor_id = v.doctor_id AND w.clinic_id = r.clinic_id)
            OR EXISTS (SELECT FROM doctors.override_day o, json_array_elements(o.hours::json) opening
                        WHERE o.doctor_id = v.doctor_id AND (opening.value ->> 'clinic_id')::uuid = r.clinic_id))";

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Whether {
    #[diesel(sql_type = Bool)]
    so: bool,
}

impl Soonest {
    /// To be called in each transaction that takes or frees rooms or devices, after the change and before
    /// [`Soonest::calendar_changed`] of `doctors`, which are all whose own time changes. Locks their rows and those of
    /// everybody who shares the rooms, in the order of the ids; the rows of the others are marked, and stale where the
    /// change can matter, so that the next reader or the worker mends them.
    ///
    /// # Errors
    /// Of the database.
    pub async fn resources_changed(
        &self,
        conn: &mut AsyncPgConnection,
        doctors: &[DoctorId],
        changed: &[(ResourceId, Interval)],
    ) -> Result<(), DieselError> {
        let Some(first) = changed.iter().map(|(_, stretch)| stretch.start).min() else { return Ok(()) };
        diesel::sql_query("SELECT pg_advisory_xact_lock_shared($1)").bind::<BigInt, _>(ROOMS).execute(conn).await?;
        let rooms: Vec<Uuid> = changed.iter().map(|(id, _)| id.as_uuid()).collect();
        let sharers: Vec<Found> = diesel::sql_query(SHARERS).bind::<Array<SqlUuid>, _>(rooms).load(conn).await?;
        let own: BTreeSet<Uuid> = doctors.iter().map(|id| id.as_uuid()).collect();
        let others: Vec<Uuid> = sharers.into_iter().map(|row| row.id).filter(|id| !own.contains(id)).collect();
        let all: Vec<DoctorId> = own.iter().chain(&others).map(|id| DoctorId::from_uuid(*id)).collect();
        lock_soonest(conn, &all).await?;
        // Nothing behind the first free time can move it.
        diesel::sql_query(
            "UPDATE doctors.soonest SET revision = doctors.this_edition(),
                    valid_until = CASE WHEN $2 < blocked_until THEN '1970-01-01' ELSE valid_until END
              WHERE doctor_id = ANY ($1)",
        )
        .bind::<Array<SqlUuid>, _>(others)
        .bind::<Timestamptz, _>(first.to_diesel())
        .execute(conn)
        .await?;
        Ok(())
    }
}

/// Takes the lock of [`ROOMS`] alone where a change of rules may say anew who shares rooms and devices; before all other
/// locks of the rules.
pub(super) async fn lock_rooms(conn: &mut AsyncPgConnection, change: &PracticeChange) -> Result<(), DieselError> {
    let wanted = match &change.step {
        Step::NewClinic(_) | Step::NewDoctor(_) => return Ok(()),
        Step::NewVisitType(record) | Step::VisitType(record) => record.visit_type.resource_kind.is_some(),
        Step::NewResource(_) | Step::Resource(_) => true,
        _ => false,
    };
    if wanted || concerned(conn, change.subject).await? {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(ROOMS).execute(conn).await?;
    }
    Ok(())
}

/// Does a doctor offer, or a clinic have, anything to do with rooms and devices?
async fn concerned(conn: &mut AsyncPgConnection, subject: Subject) -> Result<bool, DieselError> {
    let (sql, id) = match subject {
        Subject::Doctor(id) => (
            "SELECT EXISTS (SELECT FROM doctors.visit_type WHERE doctor_id = $1 AND active AND resource_kind IS NOT NULL) AS so",
            id.as_uuid(),
        ),
        Subject::Clinic(id) => {
            ("SELECT EXISTS (SELECT FROM doctors.resource WHERE clinic_id = $1) AS so", id.as_uuid())
        }
    };
    let found: Whether = diesel::sql_query(sql).bind::<SqlUuid, _>(id).get_result(conn).await?;
    Ok(found.so)
}
