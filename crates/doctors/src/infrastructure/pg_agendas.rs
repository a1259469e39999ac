use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use kernel::{ClinicId, DoctorId, PortFailure};
use platform::pg::{self, PgPool};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::schema::agenda;
use crate::application::Agendas;
use crate::domain::Rules;

/// Rules of doctors' time, read from the view `doctors.agenda`.
#[derive(Clone)]
pub struct PgAgendas {
    pool: PgPool,
}

impl PgAgendas {
    /// Reads through `pool`.
    #[must_use]
    pub const fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl Agendas for PgAgendas {
    async fn rules(&self, doctor: DoctorId) -> Result<Option<Rules>, PortFailure> {
        let doing = "read a doctor's hours";
        let row: Option<AgendaRow> = pg::read(&self.pool, doing, async |mut conn| {
            agenda::table
                .filter(agenda::doctor_id.eq(doctor.as_uuid()))
                .select(AgendaRow::as_select())
                .first(&mut conn)
                .await
                .optional()
        })
        .await?;
        row.map(|row| row.into_rules().map_err(|error| pg::failure(doing, error))).transpose()
    }

    async fn rules_of_many(&self, doctors: &[DoctorId]) -> Result<Vec<Rules>, PortFailure> {
        let doing = "read doctors' hours";
        let ids: Vec<Uuid> = doctors.iter().map(|id| id.as_uuid()).collect();
        let rows = pg::read(&self.pool, doing, async |conn| agendas(conn, &ids).await).await?;
        rows.into_iter().map(|row| row.into_rules().map_err(|error| pg::failure(doing, error))).collect()
    }
}

/// The rules of several doctors in one statement.
pub(super) async fn agendas(mut conn: &AsyncPgConnection, doctors: &[Uuid]) -> Result<Vec<AgendaRow>, DieselError> {
    agenda::table.filter(agenda::doctor_id.eq_any(doctors)).select(AgendaRow::as_select()).load(&mut conn).await
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = agenda)]
pub(super) struct AgendaRow {
    pub(super) doctor_id: Uuid,
    clinic_id: Uuid,
    pub(super) specialty: String,
    pub(super) city: String,
    active: bool,
    minimum_notice_minutes: i32,
    horizon_days: i32,
    clinics: String,
    visit_types: String,
    weekly_hours: String,
    overrides: String,
    time_off: String,
    holidays: String,
    edition: i64,
    breaks: String,
    resources: String,
}

impl AgendaRow {
    pub(super) fn into_rules(self) -> Result<Rules, DieselError> {
        Ok(Rules {
            doctor: DoctorId::from_uuid(self.doctor_id),
            active: self.active,
            home_clinic: ClinicId::from_uuid(self.clinic_id),
            clinics: parsed(&self.clinics)?,
            visit_types: parsed(&self.visit_types)?,
            weekly_hours: parsed(&self.weekly_hours)?,
            breaks: parsed(&self.breaks)?,
            overrides: parsed(&self.overrides)?,
            time_off: parsed(&self.time_off)?,
            holidays: parsed(&self.holidays)?,
            resources: parsed(&self.resources)?,
            minimum_notice_minutes: self.minimum_notice_minutes.unsigned_abs(),
            horizon_days: self.horizon_days.unsigned_abs(),
            edition: self.edition,
        })
    }
}

fn parsed<T: DeserializeOwned>(json: &str) -> Result<T, DieselError> {
    serde_json::from_str(json).map_err(|error| DieselError::DeserializationError(error.into()))
}
