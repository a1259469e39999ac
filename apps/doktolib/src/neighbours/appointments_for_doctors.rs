use appointments::infrastructure::{busy_of, busy_of_many, planned_of_many};
use async_trait::async_trait;
use diesel::result::Error as DieselError;
use diesel_async::AsyncPgConnection;
use doctors::application::BusyTimes;
use doctors::domain::BookedVisit;
use doctors::infrastructure::{BookedVisits, BusyInTransaction, Taken};
use jiff::Timestamp;
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
    async fn busy(&self, doctor: DoctorId, span: Interval, now: Timestamp) -> Result<Vec<Interval>, PortFailure> {
        pg::read(&self.pool, "read what is booked", async |conn| busy_of(conn, doctor, span, now).await).await
    }

    async fn busy_of_many(
        &self,
        doctors: &[DoctorId],
        span: Interval,
        now: Timestamp,
    ) -> Result<Vec<(DoctorId, Interval)>, PortFailure> {
        let ids: Vec<Uuid> = doctors.iter().map(|id| id.as_uuid()).collect();
        let taken =
            pg::read(&self.pool, "read what is booked", async |conn| busy_of_many(conn, &ids, span, now).await).await?;
        Ok(taken.into_iter().map(|taken| (taken.doctor, taken.blocked)).collect())
    }
}

#[async_trait]
impl BusyInTransaction for AppointmentsForDoctors {
    async fn busy(
        &self,
        conn: &mut AsyncPgConnection,
        doctors: &[Uuid],
        span: Interval,
        now: Timestamp,
    ) -> Result<Vec<Taken>, DieselError> {
        let taken = busy_of_many(conn, doctors, span, now).await?;
        let in_their_words = |taken: appointments::infrastructure::Taken| Taken {
            doctor: taken.doctor,
            blocked: taken.blocked,
            held_until: taken.held_until,
        };
        Ok(taken.into_iter().map(in_their_words).collect())
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
