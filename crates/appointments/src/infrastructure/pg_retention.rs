//! Records whose time is over, in PostgreSQL.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{Actor, AppointmentId, ClinicId, Clock, PatientId, PortFailure, Recorded};
use platform::journal::Journal;
use platform::pg::{self, Abort, PgPool};
use std::sync::Arc;
use uuid::Uuid;

use super::personal_records::RecordEvent;
use super::pg_views::EVERY_CLINIC;
use crate::application::{OldRecords, OverdueVisits};
use crate::domain::{Retention, VisitPurged};

/// Of a clinic, by the index of its visits. None is longer than a day, so that the start tells where to look.
const PURGE_VISITS: &str = "
    WITH over AS MATERIALIZED (
        SELECT id FROM appointments.appointment
         WHERE clinic_id = $1 AND starts_at < $2 AND ends_at < $2 AND status IN ('completed', 'cancelled', 'no_show')
         ORDER BY starts_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
    DELETE FROM appointments.appointment a USING over WHERE a.id = over.id RETURNING a.id, a.ends_at";

const OVERDUE: &str = "
    SELECT count(*) AS visits, min(starts_at) AS oldest FROM appointments.appointment
     WHERE clinic_id = $1 AND starts_at < $2 AND ends_at < $2 AND status IN ('completed', 'cancelled', 'no_show')";

/// Nobody's: without a visit and without anybody who would ask for it.
const NOBODY_S: &str = "
    NOT EXISTS (SELECT FROM appointments.appointment a WHERE a.patient_id = p.id)
    AND NOT EXISTS (SELECT FROM appointments.caretaker c WHERE c.patient_id = p.id)";

/// Visits and patients.
#[derive(Clone)]
pub struct PgRetention {
    pool: PgPool,
    journal: Journal,
    clock: Arc<dyn Clock>,
}

#[derive(QueryableByName)]
struct Gone {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    ends_at: DbTimestamp,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    visits: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    oldest: Option<DbTimestamp>,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

impl PgRetention {
    /// Works through `pool`, writes to `journal`.
    #[must_use]
    pub const fn new(pool: PgPool, journal: Journal, clock: Arc<dyn Clock>) -> Self {
        Self { pool, journal, clock }
    }
}

#[async_trait]
impl OldRecords for PgRetention {
    async fn overdue(&self, before: Timestamp) -> Result<Vec<OverdueVisits>, PortFailure> {
        pg::read(&self.pool, "look for old visits", async |mut conn| {
            let clinics: Vec<Id> = diesel::sql_query(EVERY_CLINIC)
                .bind::<Nullable<Array<SqlUuid>>, _>(Some(Vec::<Uuid>::new()))
                .load(&mut conn)
                .await?;
            let mut overdue = Vec::new();
            for Id { id } in clinics {
                let counted: Counted = diesel::sql_query(OVERDUE)
                    .bind::<SqlUuid, _>(id)
                    .bind::<Timestamptz, _>(before.to_diesel())
                    .get_result(&mut conn)
                    .await?;
                if let Some(oldest) = counted.oldest {
                    let visits = u64::try_from(counted.visits).unwrap_or(0);
                    overdue.push(OverdueVisits { clinic: ClinicId::from_uuid(id), visits, oldest: oldest.into() });
                }
            }
            Ok(overdue)
        })
        .await
    }

    async fn purge_visits(
        &self,
        clinic: ClinicId,
        before: Timestamp,
        most: u32,
        retention: Retention,
    ) -> Result<u32, PortFailure> {
        let now = self.clock.now();
        pg::transaction(&self.pool, "purge old visits", async |conn| {
            let gone: Vec<Gone> = diesel::sql_query(PURGE_VISITS)
                .bind::<SqlUuid, _>(clinic.as_uuid())
                .bind::<Timestamptz, _>(before.to_diesel())
                .bind::<BigInt, _>(i64::from(most))
                .load(conn)
                .await?;
            for visit in &gone {
                let event = VisitPurged {
                    appointment_id: AppointmentId::from_uuid(visit.id),
                    clinic_id: clinic,
                    ended_at: visit.ends_at.into(),
                    retention_years: retention.years(),
                };
                self.journal.append(conn, &Recorded::new(event, Actor::System, now)).await?;
            }
            Ok::<_, Abort<PortFailure>>(u32::try_from(gone.len()).unwrap_or(u32::MAX))
        })
        .await
    }

    async fn without_visits(
        &self,
        before: Timestamp,
        after: Option<PatientId>,
        most: u32,
    ) -> Result<Vec<PatientId>, PortFailure> {
        let sql = format!(
            "SELECT p.id FROM appointments.patient p
              WHERE p.created_at < $1 AND ($2::uuid IS NULL OR p.id > $2) AND {NOBODY_S} ORDER BY p.id LIMIT $3"
        );
        let found: Vec<Id> = pg::read(&self.pool, "look for patients of before", async |mut conn| {
            diesel::sql_query(&sql)
                .bind::<Timestamptz, _>(before.to_diesel())
                .bind::<Nullable<SqlUuid>, _>(after.map(PatientId::as_uuid))
                .bind::<BigInt, _>(i64::from(most))
                .load(&mut conn)
                .await
        })
        .await?;
        Ok(found.into_iter().map(|row| PatientId::from_uuid(row.id)).collect())
    }

    async fn purge_patients(&self, patients: &[PatientId]) -> Result<u32, PortFailure> {
        let now = self.clock.now();
        let ids: Vec<Uuid> = patients.iter().map(|patient| patient.as_uuid()).collect();
        let sql = format!("DELETE FROM appointments.patient p WHERE p.id = ANY ($1) AND {NOBODY_S} RETURNING p.id");
        pg::transaction(&self.pool, "purge patients of before", async |conn| {
            let gone: Vec<Id> = diesel::sql_query(&sql).bind::<Array<SqlUuid>, _>(&ids).load(conn).await?;
            for Id { id } in &gone {
                let event = RecordEvent::Purged { patient_id: *id, visits: 0 };
                self.journal.append(conn, &Recorded::new(event, Actor::System, now)).await?;
            }
            Ok::<_, Abort<PortFailure>>(u32::try_from(gone.len()).unwrap_or(u32::MAX))
        })
        .await
    }
}
