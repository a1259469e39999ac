use appointments::infrastructure::{busy_of, busy_of_many, planned_of_many};
use async_trait::async_trait;
use diesel::result::Error as DieselError;
use diesel_async::AsyncPgConnection;
use doctors::application::BusyTimes;
use doctors::domain::BookedVisit;
use doctors::infrastructure::{BookedVisits, BusyInTransaction};
use kernel::{DoctorId, Interval, PortFailure};
use platform::pg::{self, PgPool};
use uuid::Uuid;

/// What is booked takes a doctor's time.
#[derive(Clone)]
pub struct AppointmentsForDoctors {
    pub(crate) pool: PgPool,
}

#[async_trait]
impl BusyTimes for AppointmentsForDoctors {
    async fn busy(&self, doctor: DoctorId, span: Interval) -> Result<Vec<Interval>, PortFailure> {
        pg::read(&self.pool, "read what is booked", async |conn| busy_of(conn, doctor, span).await).await
    }

    async fn busy_of_many(
        &self,
        doctors: &[DoctorId],
        span: Interval,
    ) -> Result<Vec<(DoctorId, Interval)>, PortFailure> {
        let ids: Vec<Uuid> = doctors.iter().map(|id| id.as_uuid()).collect();
        let taken =
            pg::read(&self.pool, "read what is booked", async |conn| busy_of_many(conn, &ids, span).await).await?;
        Ok(taken.into_iter().map(|(doctor, stretch)| (DoctorId::from_uuid(doctor), stretch)).collect())
    }
}

#[async_trait]
impl BusyInTransaction for AppointmentsForDoctors {
    async fn busy(
        &self,
        conn: &mut AsyncPgConnection,
        doctors: &[Uuid],
        span: Interval,
    ) -> Result<Vec<(Uuid, Interval)>, DieselError> {
        busy_of_many(conn, doctors, span).await
    }
}

#[async_trait]
impl BookedVisits for AppointmentsForDoctors {
    async fn booked(
        &self,
        conn: &mut AsyncPgConnection,
        doctors: &[Uuid],
        span: Interval,
    ) -> Result<Vec<BookedVisit>, DieselError> {
        let planned = planned_of_many(conn, doctors, span).await?;
        Ok(planned
            .into_iter()
            .map(|planned| BookedVisit {
                id: planned.id,
                doctor: planned.doctor,
                clinic: planned.clinic,
                visit_type: planned.visit_type,
                visit: planned.visit,
            })
            .collect())
    }
}
