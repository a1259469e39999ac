use std::sync::Arc;

use kernel::{Actor, Caller, Clock};

use super::parts::PrescriptionError;
use super::ports::{Ground, PrescriptionStore, Readers};
use crate::domain::{Prescription, PrescriptionId};

/// What the access log calls it.
const WHAT: &str = "prescription";

/// Shows a prescription.
pub struct ReadPrescription {
    /// Where they are kept.
    pub store: Arc<dyn PrescriptionStore>,
    /// Who may, and who did.
    pub readers: Arc<dyn Readers>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ReadPrescription {
    /// In its newest version, or in the one of that number. For who wrote it, for the patient and who looks after
    /// them, and for doctors who may read the patient's record; that a doctor reads is written down before.
    ///
    /// # Errors
    /// See [`PrescriptionError`].
    pub async fn run(
        &self,
        caller: &Caller,
        id: PrescriptionId,
        version: Option<i32>,
    ) -> Result<Prescription, PrescriptionError> {
        let found = self.admitted(caller, id).await?;
        match version {
            None => Ok(found),
            Some(number) if number == found.version.number => Ok(found),
            Some(number) => {
                let all = self.store.versions(id).await?;
                all.into_iter().find(|one| one.version.number == number).ok_or(PrescriptionError::NotFound)
            }
        }
    }

    /// In each of its versions, the oldest first.
    ///
    /// # Errors
    /// See [`PrescriptionError`].
    pub async fn versions(&self, caller: &Caller, id: PrescriptionId) -> Result<Vec<Prescription>, PrescriptionError> {
        self.admitted(caller, id).await?;
        Ok(self.store.versions(id).await?)
    }

    async fn admitted(&self, caller: &Caller, id: PrescriptionId) -> Result<Prescription, PrescriptionError> {
        if !matches!(caller.actor(), Actor::Patient(_) | Actor::Doctor(_)) {
            return Err(PrescriptionError::NotFound);
        }
        let found = self.store.find(id).await?.ok_or(PrescriptionError::NotFound)?;
        let ground = if caller.is_doctor(found.doctor) {
            Some(Ground::Reach)
        } else {
            self.readers.ground(caller, found.patient, self.clock.now()).await?
        };
        let ground = ground.ok_or(PrescriptionError::NotFound)?;
        self.readers.told(caller, ground, vec![(found.patient, found.clinic)], WHAT).await?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{DoctorId, PortFailure, StoppedClock, UserId};

    use super::super::ports::{Held, MockPrescriptionStore, MockReaders};
    use super::super::test_data::{author, now, of, visit};
    use super::*;

    fn read(found: Prescription, readers: MockReaders) -> ReadPrescription {
        let mut store = MockPrescriptionStore::new();
        store.expect_find().returning(move |_| Ok(Some(found.clone())));
        ReadPrescription {
            store: Arc::new(store),
            readers: Arc::new(readers),
            clock: Arc::new(StoppedClock::at(now())),
        }
    }

    #[tokio::test]
    async fn every_read_is_written_down_first_and_emergencies_are_marked() {
        let visit = visit(Held::Yes);
        let found = of(&visit);
        let other = Caller::doctor(UserId::mint(), DoctorId::mint(), vec![]);
        for (caller, tie, marked) in [
            (author(&visit), None, Ground::Reach),
            (other.clone(), Some(Ground::Reach), Ground::Reach),
            (other, Some(Ground::Emergency), Ground::Emergency),
            (Caller::patient(UserId::mint()), Some(Ground::Reach), Ground::Reach),
        ] {
            let mut readers = MockReaders::new();
            readers.expect_ground().returning(move |_, _, _| Ok(tie));
            let (patient, clinic) = (found.patient, found.clinic);
            readers
                .expect_told()
                .withf(move |_, ground, of, what| *ground == marked && *of == [(patient, clinic)] && *what == *WHAT)
                .times(1)
                .returning(|_, _, _, _| Ok(()));
            assert_eq!(read(found.clone(), readers).run(&caller, found.id, None).await.unwrap(), found);
        }
    }

    #[tokio::test]
    async fn without_a_tie_or_a_log_there_is_nothing_to_read() {
        let found = of(&visit(Held::Yes));
        let user = UserId::mint();
        for caller in [
            Caller::doctor(user, DoctorId::mint(), vec![found.clinic]),
            Caller::patient(user),
            Caller::staff(user, vec![found.clinic]),
            Caller::admin(user),
            Caller::guest(),
            Caller::system(),
        ] {
            let mut readers = MockReaders::new();
            // Even where the other slice knew of a tie, as it does of front desks.
            let tied = !matches!(caller.actor(), Actor::Doctor(_) | Actor::Patient(_));
            readers.expect_ground().returning(move |_, _, _| Ok(tied.then_some(Ground::Reach)));
            readers.expect_told().never();
            let refused = read(found.clone(), readers).run(&caller, found.id, None).await;
            assert!(matches!(refused, Err(PrescriptionError::NotFound)), "{caller:?}: {refused:?}");
        }
        let mut readers = MockReaders::new();
        readers.expect_told().returning(|_, _, _, _| Err(PortFailure::new("write down", "away")));
        let own = Caller::doctor(user, found.doctor, vec![]);
        assert!(matches!(
            read(found.clone(), readers).run(&own, found.id, None).await,
            Err(PrescriptionError::Failed(_))
        ));
    }
}
