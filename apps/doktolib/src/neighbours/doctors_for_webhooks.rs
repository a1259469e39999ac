use async_trait::async_trait;
use doctors::infrastructure::names_of_clinics;
use kernel::{ClinicId, PortFailure};
use platform::pg::{self, PgPool};
use webhooks::application::Clinics;

/// The catalogue knows which clinics there are.
pub struct DoctorsForWebhooks {
    pub(crate) pool: PgPool,
}

#[async_trait]
impl Clinics for DoctorsForWebhooks {
    async fn exists(&self, clinic: ClinicId) -> Result<bool, PortFailure> {
        let found =
            pg::read(&self.pool, "look for a clinic", async |conn| names_of_clinics(conn, &[clinic.as_uuid()]).await);
        Ok(!found.await?.is_empty())
    }
}
