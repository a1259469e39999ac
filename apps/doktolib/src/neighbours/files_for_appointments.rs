use std::collections::HashSet;

use appointments::application::Papers;
use async_trait::async_trait;
use files::infrastructure::patients_with_files;
use kernel::{PatientId, PortFailure};
use platform::pg::PgPool;

/// Files outlive the visits of their patients.
pub struct FilesForAppointments {
    pub(crate) pool: PgPool,
}

#[async_trait]
impl Papers for FilesForAppointments {
    async fn kept_of(&self, patients: &[PatientId]) -> Result<HashSet<PatientId>, PortFailure> {
        Ok(patients_with_files(&self.pool, patients).await?.into_iter().collect())
    }
}
