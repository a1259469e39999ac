use std::sync::Arc;

use kernel::{AppointmentId, Caller, PortFailure};

use super::policy::Policy;
use super::ports::{AppointmentDetails, AppointmentStore};

/// Why an appointment is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is none, or it is not this actor's.
    #[error("no such appointment")]
    NotFound,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Shows one appointment to whom it belongs.
pub struct ReadAppointment {
    /// Where appointments are kept.
    pub store: Arc<dyn AppointmentStore>,
    /// Who may.
    pub policy: Policy,
}

impl ReadAppointment {
    /// Reads it.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn run(&self, caller: &Caller, id: AppointmentId) -> Result<AppointmentDetails, ReadError> {
        if !Policy::could_reach(caller, id) {
            return Err(ReadError::NotFound);
        }
        let found = self.store.find(id).await?.ok_or(ReadError::NotFound)?;
        if self.policy.reaches(caller, &found.appointment).await? { Ok(found) } else { Err(ReadError::NotFound) }
    }
}
