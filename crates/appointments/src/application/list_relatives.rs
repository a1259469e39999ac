use std::sync::Arc;

use kernel::{Caller, PatientId, PortFailure};

use super::WelcomeError;
use super::patient_ports::{PatientStore, Relative};
use super::welcome_patient::WelcomePatient;

/// Why relatives are not shown.
#[derive(Debug, thiserror::Error)]
pub enum RelativesError {
    /// There is none of that id whom the caller looks after.
    #[error("no such relative")]
    NotFound,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Shows a user for whom they may book: themselves and whom they look after.
pub struct ListRelatives {
    /// Where patients are kept.
    pub patients: Arc<dyn PatientStore>,
    /// Makes the own record where there is none yet.
    pub welcome: Arc<WelcomePatient>,
}

impl ListRelatives {
    /// All of them, oneself first.
    ///
    /// # Errors
    /// See [`RelativesError`].
    pub async fn run(&self, caller: &Caller, request_id: Option<String>) -> Result<Vec<Relative>, RelativesError> {
        let user = caller.user().ok_or(RelativesError::NotFound)?;
        match self.welcome.own(user, request_id).await {
            // Whose address is not proven has no own record yet, but may look after others.
            Ok(_) | Err(WelcomeError::NobodyKnown | WelcomeError::BadPatient(_)) => {}
            Err(WelcomeError::Failed(failure)) => return Err(failure.into()),
        }
        Ok(self.patients.relatives(user).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// See [`RelativesError`].
    pub async fn one(&self, caller: &Caller, patient: PatientId) -> Result<Relative, RelativesError> {
        let user = caller.user().ok_or(RelativesError::NotFound)?;
        self.patients.relative(user, patient).await?.ok_or(RelativesError::NotFound)
    }
}
