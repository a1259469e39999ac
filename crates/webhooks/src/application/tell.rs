use std::sync::Arc;

use kernel::{ClinicId, Clock, PortFailure};

use super::ports::Deliveries;
use crate::domain::Happening;

/// Has a clinic's endpoints told what has happened.
pub struct TellEndpoints {
    /// Where deliveries are kept.
    pub deliveries: Arc<dyn Deliveries>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl TellEndpoints {
    /// Those of these clinics that anybody is to be told of.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn listening(&self, clinics: &[ClinicId]) -> Result<Vec<ClinicId>, PortFailure> {
        self.deliveries.listening(clinics).await
    }

    /// Makes the deliveries that are not there yet; gives how many. Asks nobody outside.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run(&self, happening: &Happening) -> Result<usize, PortFailure> {
        self.deliveries.tell(happening, self.clock.now()).await
    }
}
