use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{ClinicId, DoctorId, PatientId, PortFailure};
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::schema::access_log;
use crate::application::{Access, AccessEntry, AccessLog, AccessPosition};

/// Who has read of which patient, in PostgreSQL.
#[derive(Clone)]
pub struct PgAccessLog {
    pool: PgPool,
}

impl PgAccessLog {
    /// Works through `pool`.
    #[must_use]
    pub const fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

type Row = (Uuid, Uuid, DbTimestamp, String, Option<Uuid>, Option<Uuid>, String, bool);

#[async_trait]
impl AccessLog for PgAccessLog {
    async fn record(&self, accesses: &[Access]) -> Result<(), PortFailure> {
        pg::transaction(&self.pool, "write down who reads", async |conn| {
            let rows: Vec<_> = accesses
                .iter()
                .map(|access| {
                    (
                        access_log::id.eq(Uuid::now_v7()),
                        access_log::patient_id.eq(access.patient.as_uuid()),
                        access_log::at.eq(access.at.to_diesel()),
                        access_log::actor_kind.eq(access.actor.kind()),
                        access_log::actor_id.eq(access.actor.id().unwrap_or_default()),
                        access_log::doctor_id.eq(access.doctor.map(DoctorId::as_uuid)),
                        access_log::clinic_id.eq(access.clinic.map(ClinicId::as_uuid)),
                        access_log::what.eq(access.what),
                        access_log::emergency.eq(access.emergency),
                    )
                })
                .collect();
            diesel::insert_into(access_log::table).values(rows).execute(conn).await?;
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }

    async fn of(
        &self,
        patients: &[PatientId],
        before: Option<AccessPosition>,
        limit: u32,
    ) -> Result<Vec<AccessEntry>, PortFailure> {
        let patients: Vec<Uuid> = patients.iter().map(|patient| patient.as_uuid()).collect();
        pg::read(&self.pool, "read who has read", async |mut conn| {
            let mut query = access_log::table
                .filter(access_log::patient_id.eq_any(&patients))
                .order((access_log::at.desc(), access_log::id.desc()))
                .limit(i64::from(limit))
                .select((
                    access_log::id,
                    access_log::patient_id,
                    access_log::at,
                    access_log::actor_kind,
                    access_log::doctor_id,
                    access_log::clinic_id,
                    access_log::what,
                    access_log::emergency,
                ))
                .into_boxed();
            if let Some((at, id)) = before {
                query = query.filter(
                    sql::<Bool>("(at, id) < (")
                        .bind::<Timestamptz, _>(at.to_diesel())
                        .sql(", ")
                        .bind::<SqlUuid, _>(id)
                        .sql(")"),
                );
            }
            let rows: Vec<Row> = query.load(&mut conn).await?;
            let entry = |(id, patient, at, role, doctor, clinic, what, emergency): Row| AccessEntry {
                id,
                patient: PatientId::from_uuid(patient),
                at: at.to_jiff(),
                role,
                doctor: doctor.map(DoctorId::from_uuid),
                clinic: clinic.map(ClinicId::from_uuid),
                what,
                emergency,
            };
            Ok(rows.into_iter().map(entry).collect())
        })
        .await
    }
}
