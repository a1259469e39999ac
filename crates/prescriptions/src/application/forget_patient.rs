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

#[cfg(test)]
mod tests {
    use kernel::StoppedClock;

    use super::super::ports::{Held, MockPrescriptionStore};
    use super::super::test_data::{now, of, visit};
    use super::*;

    #[tokio::test]
    async fn each_prescription_that_names_the_patient_leaves_an_event() {
        let (one, other) = (of(&visit(Held::Yes)), of(&visit(Held::Yes)));
        let patient = one.patient;
        let (first, both) = (one.id, vec![one, other]);
        let mut store = MockPrescriptionStore::new();
        store.expect_of_patient().withf(move |asked| *asked == patient).returning(move |_| Ok(both.clone()));
        store
            .expect_forget_name()
            .withf(|event| event.event.fact == PrescriptionFact::Pseudonymised { versions_without_name: 1 })
            .times(2)
            .returning(move |event| Ok(event.event.prescription_id == first));
        let forget = ForgetPatient { store: Arc::new(store), clock: Arc::new(StoppedClock::at(now())) };
        assert_eq!(forget.run(patient).await.unwrap(), 1, "the other had been forgotten before");
    }
}
