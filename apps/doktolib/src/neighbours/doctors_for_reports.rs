use async_trait::async_trait;
use doctors::application::MeasureOffer;
use doctors::infrastructure::{clinics_of, clinics_on_clock, doctors_of_clinic, names_of_doctors};
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{ClinicId, DoctorId, PortFailure};
use platform::pg::{self, PgPool};
use reports::application::{Catalogue, DoctorOffer, Doctors, NamedClinic, NamedDoctor};

/// The catalogue knows who works where, and what is offered.
pub struct DoctorsForReports {
    pub(crate) pool: PgPool,
    pub(crate) measure: MeasureOffer,
}

#[async_trait]
impl Catalogue for DoctorsForReports {
    async fn clinics_on(&self, time_zone: &str) -> Result<Vec<NamedClinic>, PortFailure> {
        let found = pg::read(&self.pool, "read clinics", async |conn| clinics_on_clock(conn, time_zone).await).await?;
        Ok(found.into_iter().map(|(id, name)| NamedClinic { id: ClinicId::from_uuid(id), name }).collect())
    }

    async fn doctors_at(&self, clinic: ClinicId, others: &[DoctorId]) -> Result<Vec<NamedDoctor>, PortFailure> {
        let others: Vec<_> = others.iter().map(|id| id.as_uuid()).collect();
        let (mut there, others) = pg::read(&self.pool, "read a clinic's doctors", async |conn| {
            futures_util::try_join!(doctors_of_clinic(conn, clinic.as_uuid()), names_of_doctors(conn, &others))
        })
        .await?;
        there.extend(others);
        there.sort();
        there.dedup();
        Ok(there.into_iter().map(|(id, name)| NamedDoctor { id: DoctorId::from_uuid(id), name }).collect())
    }

    async fn offers(
        &self,
        clinic: ClinicId,
        doctors: &[DoctorId],
        date: Date,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<DoctorOffer>, PortFailure> {
        let measured = self.measure.run(doctors, clinic, date, as_of).await?;
        let offer = |measured: doctors::application::MeasuredOffer| DoctorOffer {
            doctor: measured.doctor,
            minutes: measured.minutes,
            third_free: measured.third_free,
        };
        Ok(measured.into_iter().map(offer).collect())
    }
}

#[async_trait]
impl Doctors for DoctorsForReports {
    async fn clinics_of(&self, doctor: DoctorId) -> Result<Vec<ClinicId>, PortFailure> {
        let found =
            pg::read(&self.pool, "read a doctor's clinics", async |conn| clinics_of(conn, doctor.as_uuid()).await);
        Ok(found.await?.into_iter().map(ClinicId::from_uuid).collect())
    }

    async fn name_of(&self, doctor: DoctorId) -> Result<Option<String>, PortFailure> {
        let ids = [doctor.as_uuid()];
        let found = pg::read(&self.pool, "read names", async |conn| names_of_doctors(conn, &ids).await).await?;
        Ok(found.into_iter().next().map(|(_, name)| name))
    }
}
