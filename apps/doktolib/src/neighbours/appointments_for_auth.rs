use std::sync::Arc;

use appointments::application::{WelcomeError, WelcomePatient};
use async_trait::async_trait;
use auth::application::PatientRecords;
use kernel::{PortFailure, UserId};
use platform::http::context;

/// Patients have a record of their own from their first sign-in on.
#[derive(Clone)]
pub struct AppointmentsForAuth {
    pub(crate) welcome: Arc<WelcomePatient>,
}

#[async_trait]
impl PatientRecords for AppointmentsForAuth {
    async fn welcome(&self, user: UserId) -> Result<(), PortFailure> {
        match self.welcome.run(user, context::request_id()).await {
            // Whoever has proved no address has no record to be found, and may sign in all the same.
            Ok(_) | Err(WelcomeError::NobodyKnown | WelcomeError::BadPatient(_)) => Ok(()),
            Err(WelcomeError::Failed(failure)) => Err(failure),
        }
    }
}
