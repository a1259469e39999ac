use std::sync::Arc;

use kernel::{Actor, Clock, PatientId, PortFailure, Recorded};

use super::ports::PrescriptionStore;
use crate::domain::PrescriptionFact;

/// Forgets whom prescriptions are for when the person has been erased; the rest is kept as long as the law asks.
pub struct ForgetPatient {
    /// Where prescriptions are kept.
    pub store: Arc<dyn PrescriptionStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ForgetPatient {
    /// Gives how many named the patient. Once more finds none.
    ///
    /// # Errors
    /// When the store fails; what was forgotten before stays so.
    pub async fn run(&self, patient: PatientId) -> Result<usize, PortFailure> {
        let now = self.clock.now();
        let mut forgotten = 0;
        for one in self.store.of_patient(patient).await? {
            let versions = usize::try_from(one.newest).unwrap_or_default();
            let fact = PrescriptionFact::Pseudonymised { versions_without_name: versions };
            let event = Recorded::new(one.event(fact), Actor::System, now);
            forgotten += usize::from(self.store.forget_name(&event).await?);
        }
        Ok(forgotten)
    }
}
