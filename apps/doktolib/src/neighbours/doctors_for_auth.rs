use std::sync::Arc;

use async_trait::async_trait;
use auth::application::Practices;
use doctors::application::DoctorDirectory;
use kernel::{ClinicId, Clock, DoctorId, PortFailure};

/// Clinics and profiles that accounts may name: those that the catalogue shows.
#[derive(Clone)]
pub struct DoctorsForAuth {
    pub(crate) directory: Arc<dyn DoctorDirectory>,
    pub(crate) clock: Arc<dyn Clock>,
}

#[async_trait]
impl Practices for DoctorsForAuth {
    async fn has_clinic(&self, clinic: ClinicId) -> Result<bool, PortFailure> {
        Ok(self.directory.clinic(clinic).await?.is_some())
    }

    async fn has_doctor(&self, doctor: DoctorId) -> Result<bool, PortFailure> {
        Ok(self.directory.find(doctor, self.clock.now()).await?.is_some())
    }
}
