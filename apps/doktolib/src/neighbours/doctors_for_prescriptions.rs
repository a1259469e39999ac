use async_trait::async_trait;
use doctors::infrastructure::{names_of_doctors, places_of_clinics, specialist};
use kernel::{ClinicId, DoctorId, PortFailure};
use platform::pg::{self, PgPool};
use prescriptions::application::{Letterhead, Practices};

/// The catalogue knows what stands at the top of doctors' papers.
pub struct DoctorsForPrescriptions {
    pub(crate) pool: PgPool,
}

#[async_trait]
impl Practices for DoctorsForPrescriptions {
    async fn letterhead(&self, doctor: DoctorId, clinic: ClinicId) -> Result<Option<Letterhead>, PortFailure> {
        let clinics = [clinic.as_uuid()];
        let (found, places) = pg::read(&self.pool, "read the head of a paper", async |conn| {
            futures_util::try_join!(specialist(conn, doctor.as_uuid()), places_of_clinics(conn, &clinics))
        })
        .await?;
        let (Some((doctor, specialty)), Some((_, clinic, address))) = (found, places.into_iter().next()) else {
            return Ok(None);
        };
        // The catalogue keeps no phone numbers.
        Ok(Some(Letterhead { clinic, address, phone: None, doctor, specialty }))
    }

    async fn is_doctor(&self, id: DoctorId) -> Result<bool, PortFailure> {
        let ids = [id.as_uuid()];
        let found = pg::read(&self.pool, "look for a doctor", async |conn| names_of_doctors(conn, &ids).await).await?;
        Ok(!found.is_empty())
    }
}
