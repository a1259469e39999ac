use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff_diesel::ToDiesel as _;
use kernel::{ClinicId, DoctorId, Interval, PortFailure};
use platform::crypto::Keyring;
use platform::pg::{self, PgPool};

use super::patient_row::PatientRow;
use super::rows::Row;
use super::schema::{appointment, patient};
use crate::application::{AppointmentDetails, ClinicVisits, MOST_VISITS};

/// The visits of a clinic, from PostgreSQL.
#[derive(Clone)]
pub struct PgClinicVisits {
    pool: PgPool,
    keys: Keyring,
}

impl PgClinicVisits {
    /// Reads through `pool`, opens with `keys`.
    #[must_use]
    pub const fn new(pool: PgPool, keys: Keyring) -> Self {
        Self { pool, keys }
    }
}

#[async_trait]
impl ClinicVisits for PgClinicVisits {
    async fn visits(
        &self,
        clinic: ClinicId,
        doctor: Option<DoctorId>,
        span: Interval,
    ) -> Result<Vec<AppointmentDetails>, PortFailure> {
        pg::read(&self.pool, "read a clinic's visits", async |mut conn| {
            let mut query = appointment::table
                .inner_join(patient::table)
                .filter(appointment::clinic_id.eq(clinic.as_uuid()))
                .filter(appointment::starts_at.ge(span.start.to_diesel()))
                .filter(appointment::starts_at.lt(span.end.to_diesel()))
                .order((appointment::starts_at, appointment::id))
                .limit(i64::try_from(MOST_VISITS).unwrap_or(i64::MAX))
                .select((Row::as_select(), PatientRow::as_select()))
                .into_boxed();
            if let Some(doctor) = doctor {
                query = query.filter(appointment::doctor_id.eq(doctor.as_uuid()));
            }
            let rows: Vec<(Row, PatientRow)> = query.load(&mut conn).await?;
            let details = |(row, patient): (Row, PatientRow)| {
                Ok(AppointmentDetails {
                    appointment: row.into_appointment(&self.keys)?,
                    patient: patient.into_patient(&self.keys)?,
                })
            };
            rows.into_iter().map(details).collect()
        })
        .await
    }
}
