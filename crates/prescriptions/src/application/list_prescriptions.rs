use std::sync::Arc;

use kernel::{Actor, Caller, Clock, DoctorId};

use super::parts::PrescriptionError;
use super::ports::{Filter, Ground, Page, Practices, PrescriptionStore, Readers, Within};
use crate::domain::PrescriptionId;

/// What the access log calls it.
const WHAT: &str = "prescriptions";

/// Lists prescriptions within the caller's reach.
pub struct ListPrescriptions {
    /// Where they are kept.
    pub store: Arc<dyn PrescriptionStore>,
    /// Who may, and who did.
    pub readers: Arc<dyn Readers>,
    /// Which doctors there are.
    pub practices: Arc<dyn Practices>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ListPrescriptions {
    /// A doctor's own, and all for a patient whose record the doctor may read; a patient's own and those of whom one
    /// looks after. That a doctor reads is written down before.
    ///
    /// # Errors
    /// See [`PrescriptionError`].
    pub async fn run(
        &self,
        caller: &Caller,
        filter: &Filter,
        after: Option<PrescriptionId>,
        limit: u32,
    ) -> Result<Page, PrescriptionError> {
        let now = self.clock.now();
        let (within, ground) = match (caller.actor(), caller.profile(), filter.patient) {
            (Actor::Patient(user), _, _) => (Within::Patients(self.readers.looked_after(user).await?), Ground::Reach),
            (Actor::Doctor(_), Some(own), Some(patient)) if filter.doctor != Some(own) => {
                match self.readers.ground(caller, patient, now).await? {
                    Some(ground) => (Within::Patients(vec![patient]), ground),
                    None => (Within::Doctor(own), Ground::Reach),
                }
            }
            (Actor::Doctor(_), Some(own), _) => (Within::Doctor(own), Ground::Reach),
            (Actor::Doctor(_) | Actor::Staff(_) | Actor::Admin(_), _, _)
            | (Actor::Guest | Actor::LinkHolder(_) | Actor::System, _, _) => return Err(PrescriptionError::NotFound),
        };
        let page = self.store.list(&within, filter, after, limit, now).await?;
        let of = page.prescriptions.iter().map(|one| (one.patient, one.clinic)).collect();
        self.readers.told(caller, ground, of, WHAT).await?;
        Ok(page)
    }

    /// Is this the id of a doctor?
    ///
    /// # Errors
    /// See [`PrescriptionError`].
    pub async fn is_doctor(&self, id: DoctorId) -> Result<bool, PrescriptionError> {
        Ok(self.practices.is_doctor(id).await?)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{PatientId, StoppedClock, UserId};

    use super::super::ports::{MockPractices, MockPrescriptionStore, MockReaders};
    use super::super::test_data::now;
    use super::*;

    fn list(expected: Within, tie: Option<Ground>, told: Ground) -> ListPrescriptions {
        let mut store = MockPrescriptionStore::new();
        store
            .expect_list()
            .withf(move |within, _, _, _, _| *within == expected)
            .returning(|_, _, _, _, _| Ok(Page { prescriptions: Vec::new(), next: None }));
        let mut readers = MockReaders::new();
        readers.expect_ground().returning(move |_, _, _| Ok(tie));
        readers.expect_looked_after().returning(|_| Ok(vec![PatientId::from_uuid(uuid::Uuid::nil())]));
        readers.expect_told().withf(move |_, ground, _, _| *ground == told).returning(|_, _, _, _| Ok(()));
        ListPrescriptions {
            store: Arc::new(store),
            readers: Arc::new(readers),
            practices: Arc::new(MockPractices::new()),
            clock: Arc::new(StoppedClock::at(now())),
        }
    }

    #[tokio::test]
    async fn doctors_see_their_own_and_all_of_a_patient_they_may_read() {
        let (own, patient) = (DoctorId::mint(), PatientId::mint());
        let caller = Caller::doctor(UserId::mint(), own, vec![]);
        let of = Filter { patient: Some(patient), ..Filter::default() };
        let mine = Filter { doctor: Some(own), ..of.clone() };
        let (all, written) = (Within::Patients(vec![patient]), Within::Doctor(own));
        for (filter, tie, within, told) in [
            (Filter::default(), None, written.clone(), Ground::Reach),
            (of.clone(), None, written.clone(), Ground::Reach),
            (of.clone(), Some(Ground::Reach), all.clone(), Ground::Reach),
            (of, Some(Ground::Emergency), all, Ground::Emergency),
            (mine, Some(Ground::Emergency), written, Ground::Reach),
        ] {
            list(within, tie, told).run(&caller, &filter, None, 20).await.unwrap();
        }
        let nil = Within::Patients(vec![PatientId::from_uuid(uuid::Uuid::nil())]);
        let patient = Caller::patient(UserId::mint());
        list(nil, None, Ground::Reach).run(&patient, &Filter::default(), None, 20).await.unwrap();
    }

    #[tokio::test]
    async fn front_desks_and_administrators_have_none() {
        let user = UserId::mint();
        for caller in [Caller::staff(user, vec![]), Caller::admin(user), Caller::guest(), Caller::system()] {
            let none = list(Within::Patients(vec![]), Some(Ground::Reach), Ground::Reach);
            let refused = none.run(&caller, &Filter::default(), None, 20).await;
            assert!(matches!(refused, Err(PrescriptionError::NotFound)), "{caller:?}");
        }
    }
}
