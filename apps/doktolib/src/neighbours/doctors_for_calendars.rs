use async_trait::async_trait;
use calendars::application::{DoctorTime, Named, Place, Places};
use calendars::domain::ExternalId;
use doctors::infrastructure::{clinics_of, home_zone, names_of_doctors, places_of_clinics, replace_external_busy};
use kernel::{ClinicId, DoctorId, Interval, PortFailure};
use platform::pg::{self, PgPool};

/// The catalogue knows what doctors and clinics are called, where clinics are and doctors work.
pub struct DoctorsForCalendars {
    pub(crate) pool: PgPool,
}

#[async_trait]
impl Places for DoctorsForCalendars {
    async fn named(&self, doctors: &[DoctorId], clinics: &[ClinicId]) -> Result<Named, PortFailure> {
        let doctors: Vec<_> = doctors.iter().map(|id| id.as_uuid()).collect();
        let clinics: Vec<_> = clinics.iter().map(|id| id.as_uuid()).collect();
        let (doctors, clinics) = pg::read(&self.pool, "read names", async |conn| {
            futures_util::try_join!(names_of_doctors(conn, &doctors), places_of_clinics(conn, &clinics))
        })
        .await?;
        let place = |(id, name, address)| (ClinicId::from_uuid(id), Place { name, address });
        Ok(Named {
            doctors: doctors.into_iter().map(|(id, name)| (DoctorId::from_uuid(id), name)).collect(),
            clinics: clinics.into_iter().map(place).collect(),
        })
    }

    async fn clinics_of(&self, doctor: DoctorId) -> Result<Vec<ClinicId>, PortFailure> {
        let found =
            pg::read(&self.pool, "read a doctor's clinics", async |conn| clinics_of(conn, doctor.as_uuid()).await);
        Ok(found.await?.into_iter().map(ClinicId::from_uuid).collect())
    }
}

#[async_trait]
impl DoctorTime for DoctorsForCalendars {
    async fn zone(&self, doctor: DoctorId) -> Result<Option<String>, PortFailure> {
        pg::read(&self.pool, "read a doctor's zone", async |conn| home_zone(conn, doctor).await).await
    }

    async fn block(&self, doctor: DoctorId, calendar: ExternalId, spans: &[Interval]) -> Result<(), PortFailure> {
        replace_external_busy(&self.pool, doctor, calendar.as_uuid(), spans).await
    }
}
