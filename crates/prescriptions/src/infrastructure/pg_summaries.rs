//! What a calendar tells of the prescriptions of its visits.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::{Array, Bool, Date as SqlDate, Integer, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff_diesel::Date as DbDate;
use kernel::{AppointmentId, DoctorId, PatientId, PortFailure};
use platform::pg::{self, PgPool};
use uuid::Uuid;

use crate::domain::{PrescriptionId, Standing, State};

/// That a visit has a prescription, and how good it is. Nothing of what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Its id.
    pub id: PrescriptionId,
    /// The newest version's number.
    pub version: i32,
    /// How good it is.
    pub state: State,
    /// When the newest version was issued.
    pub issued_on: Date,
    /// Its last valid day.
    pub valid_until: Date,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    appointment_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    newest: i32,
    #[diesel(sql_type = Text)]
    time_zone: String,
    #[diesel(sql_type = Bool)]
    withdrawn: bool,
    #[diesel(sql_type = SqlDate)]
    issued_on: DbDate,
    #[diesel(sql_type = SqlDate)]
    valid_until: DbDate,
}

/// Summaries in PostgreSQL.
#[derive(Clone)]
pub struct PgSummaries {
    /// Works through it.
    pub pool: PgPool,
}

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = SqlUuid)]
    patient_id: Uuid,
}

impl PgSummaries {
    /// Those of these patients of whom prescriptions are kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kept_of(&self, patients: &[PatientId]) -> Result<Vec<PatientId>, PortFailure> {
        let ids: Vec<Uuid> = patients.iter().map(|patient| patient.as_uuid()).collect();
        let found: Vec<Kept> = pg::read(&self.pool, "look whose prescriptions are kept", async |mut conn| {
            diesel::sql_query("SELECT DISTINCT patient_id FROM prescriptions.prescription WHERE patient_id = ANY ($1)")
                .bind::<Array<SqlUuid>, _>(&ids)
                .load(&mut conn)
                .await
        })
        .await?;
        Ok(found.into_iter().map(|row| PatientId::from_uuid(row.patient_id)).collect())
    }

    /// Those of these visits that this doctor has prescribed something for, in one statement.
    ///
    /// # Errors
    /// Of the database.
    pub async fn of_visits(
        &self,
        doctor: DoctorId,
        visits: &[AppointmentId],
        now: Timestamp,
    ) -> Result<HashMap<AppointmentId, Summary>, PortFailure> {
        let ids: Vec<Uuid> = visits.iter().map(|visit| visit.as_uuid()).collect();
        let rows: Vec<Row> = pg::read(&self.pool, "read which visits have prescriptions", async |mut conn| {
            diesel::sql_query(
                "SELECT p.appointment_id, p.id, p.newest, p.time_zone, p.withdrawn_at IS NOT NULL AS withdrawn, v.issued_on,
                    v.valid_until
                   FROM prescriptions.prescription p
                   JOIN prescriptions.version v ON v.prescription_id = p.id AND v.number = p.newest
                  WHERE p.appointment_id = ANY($1) AND p.doctor_id = $2",
            )
            .bind::<Array<SqlUuid>, _>(&ids)
            .bind::<SqlUuid, _>(doctor.as_uuid())
            .load(&mut conn)
            .await
        })
        .await?;
        Ok(rows.into_iter().map(|row| (AppointmentId::from_uuid(row.appointment_id), summary(&row, now))).collect())
    }
}

fn summary(row: &Row, now: Timestamp) -> Summary {
    let valid_until = row.valid_until.to_jiff();
    let standing = if row.withdrawn { Standing::Withdrawn } else { Standing::Newest };
    let state = standing.state(valid_until, &row.time_zone, now);
    Summary {
        id: PrescriptionId::from_uuid(row.id),
        version: row.newest,
        state,
        issued_on: row.issued_on.to_jiff(),
        valid_until,
    }
}
