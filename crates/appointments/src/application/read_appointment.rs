use std::sync::Arc;

use kernel::{Actor, AppointmentId, PortFailure};

use super::may_manage;
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
}

impl ReadAppointment {
    /// Reads it.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn run(&self, actor: Actor, id: AppointmentId) -> Result<AppointmentDetails, ReadError> {
        if !may_manage(actor, id) {
            return Err(ReadError::NotFound);
        }
        self.store.find(id).await?.ok_or(ReadError::NotFound)
    }
}
