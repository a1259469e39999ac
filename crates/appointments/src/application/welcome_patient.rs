use std::sync::Arc;

use kernel::{Actor, Clock, PatientId, PortFailure, Recorded, UserId};

use super::patient_ports::{Accounts, Found, OwnRecord, PatientStore, PatientStoreError, Person, Welcome};
use crate::domain::{Particulars, Patient, PatientError, PatientEvent};

const TRIES: usize = 3;
/// Of one address; whoever books for more people as a guest finds the others by their links.
const MOST_ADOPTED: usize = 20;

/// Why a user has no record.
#[derive(Debug, thiserror::Error)]
pub enum WelcomeError {
    /// There is no such account, or its address is not proven.
    #[error("no such person")]
    NobodyKnown,
    /// The account's name or address cannot be a patient's.
    #[error(transparent)]
    BadPatient(#[from] PatientError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Gives a user who has proven an address the own record, and the visits that were booked as a guest with it.
pub struct WelcomePatient {
    /// Where patients are kept.
    pub patients: Arc<dyn PatientStore>,
    /// Who users are.
    pub accounts: Arc<dyn Accounts>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl WelcomePatient {
    /// Makes or finds the user's own record and takes over the guests of the user's address whom nobody looks after:
    /// one of the user's name is the user. Nothing is written where nothing is new.
    ///
    /// # Errors
    /// See [`WelcomeError`].
    pub async fn run(&self, user: UserId, request_id: Option<String>) -> Result<Patient, WelcomeError> {
        let person = self.accounts.person(user).await?.ok_or(WelcomeError::NobodyKnown)?;
        // Another sign-in, or a guest's booking, may come between our look and our change.
        for _ in 0..TRIES {
            let now = self.clock.now();
            let own = self.patients.own(user).await?;
            let found = self.patients.of_address(&person.email).await?;
            let (own, own_is) = own_record(own, &found, &person, now)?;
            let adopted: Vec<PatientId> = found
                .iter()
                .filter(|found| !found.looked_after && found.patient.id != own.id)
                .map(|found| found.patient.id)
                .take(MOST_ADOPTED)
                .collect();
            if own_is == OwnRecord::Theirs && adopted.is_empty() {
                return Ok(own);
            }
            let event = PatientEvent::Welcomed { user_id: user, patient_id: own.id, adopted: adopted.clone() };
            let event = Recorded::new(event, Actor::Patient(user), now).caused_by(request_id.clone());
            let welcome = Welcome { user, own, own_is, adopted, event };
            match self.patients.welcome(&welcome).await {
                Ok(()) => return Ok(welcome.own),
                Err(PatientStoreError::Stale) => {}
                Err(PatientStoreError::Failed(failure)) => return Err(failure.into()),
                Err(
                    error @ (PatientStoreError::TooMany | PatientStoreError::VisitsAhead | PatientStoreError::Once(_)),
                ) => return Err(PortFailure::new("welcome a patient", error).into()),
            }
        }
        Err(PortFailure::new("welcome a patient", "the records keep changing").into())
    }

    /// The user's own record, made where there is none yet.
    ///
    /// # Errors
    /// See [`WelcomeError`].
    pub async fn own(&self, user: UserId, request_id: Option<String>) -> Result<Patient, WelcomeError> {
        match self.patients.own(user).await? {
            Some(own) => Ok(own),
            None => self.run(user, request_id).await,
        }
    }
}

fn own_record(
    own: Option<Patient>,
    found: &[Found],
    person: &Person,
    now: jiff::Timestamp,
) -> Result<(Patient, OwnRecord), PatientError> {
    if let Some(own) = own {
        return Ok((own, OwnRecord::Theirs));
    }
    let fresh = Patient::take_down(
        Particulars { name: person.name.clone(), email: Some(person.email.clone()), ..Particulars::default() },
        now,
    )?;
    let mut namesakes = found.iter().filter(|found| found.patient.name_key() == fresh.name_key());
    Ok(match namesakes.next() {
        Some(found) if !found.looked_after => (found.patient.clone(), OwnRecord::Adopted),
        // Another user had this address before, and the name: that record stays theirs.
        Some(_) => (fresh, OwnRecord::New),
        None => (Patient { known_by_address: true, ..fresh }, OwnRecord::New),
    })
}

#[cfg(test)]
mod tests {
    use kernel::StoppedClock;

    use super::super::patient_ports::{MockAccounts, MockPatientStore};
    use super::super::test_data::now;
    use super::*;

    fn ada() -> Person {
        Person { name: "Ada Example".into(), email: "ada@example.org".into(), language: "en".into() }
    }

    fn guest(name: &str, looked_after: bool) -> Found {
        Found { patient: Patient::enrol(name, "ada@example.org", now()).unwrap(), looked_after }
    }

    fn welcome(patients: MockPatientStore, person: Option<Person>) -> WelcomePatient {
        let mut accounts = MockAccounts::new();
        accounts.expect_person().returning(move |_| Ok(person.clone()));
        WelcomePatient {
            patients: Arc::new(patients),
            accounts: Arc::new(accounts),
            clock: Arc::new(StoppedClock::at(now())),
        }
    }

    fn store(own: Option<Patient>, found: Vec<Found>) -> MockPatientStore {
        let mut store = MockPatientStore::new();
        store.expect_own().returning(move |_| Ok(own.clone()));
        store.expect_of_address().returning(move |_| Ok(found.clone()));
        store
    }

    #[tokio::test]
    async fn the_guest_of_the_users_name_is_the_user_and_the_others_are_looked_after() {
        let (namesake, child) = (guest("ada  example", false), guest("Byron Example", false));
        let (own, other) = (namesake.patient.id, child.patient.id);
        let mut store = store(None, vec![namesake, child]);
        store
            .expect_welcome()
            .withf(move |new| new.own.id == own && new.own_is == OwnRecord::Adopted && new.adopted == [other])
            .times(1)
            .returning(|_| Ok(()));
        assert_eq!(welcome(store, Some(ada())).run(UserId::mint(), None).await.unwrap().id, own);
    }

    #[tokio::test]
    async fn whom_somebody_looks_after_already_is_left_to_them() {
        let mut store = store(None, vec![guest("Ada Example", true), guest("Byron Example", true)]);
        store
            .expect_welcome()
            .withf(|new| new.own_is == OwnRecord::New && !new.own.known_by_address && new.adopted.is_empty())
            .times(1)
            .returning(|_| Ok(()));
        welcome(store, Some(ada())).run(UserId::mint(), None).await.unwrap();
    }

    #[tokio::test]
    async fn a_second_welcome_writes_nothing() {
        let own = guest("Ada Example", true);
        let mut store = store(Some(own.patient.clone()), vec![own.clone()]);
        store.expect_welcome().never();
        assert_eq!(welcome(store, Some(ada())).run(UserId::mint(), None).await.unwrap(), own.patient);
    }

    #[tokio::test]
    async fn a_guest_who_came_later_is_taken_over_at_the_next_welcome() {
        let (own, later) = (guest("Ada Example", true), guest("Byron Example", false));
        let id = later.patient.id;
        let mut store = store(Some(own.patient.clone()), vec![own, later]);
        store
            .expect_welcome()
            .withf(move |new| new.own_is == OwnRecord::Theirs && new.adopted == [id])
            .times(1)
            .returning(|_| Ok(()));
        welcome(store, Some(ada())).run(UserId::mint(), None).await.unwrap();
    }

    #[tokio::test]
    async fn records_that_changed_meanwhile_are_looked_at_again_and_then_given_up() {
        let mut store = store(None, Vec::new());
        store.expect_welcome().times(TRIES).returning(|_| Err(PatientStoreError::Stale));
        let refused = welcome(store, Some(ada())).run(UserId::mint(), None).await;
        assert!(matches!(refused, Err(WelcomeError::Failed(_))), "{refused:?}");
    }

    #[tokio::test]
    async fn an_address_that_is_not_proven_opens_no_record() {
        let refused = welcome(MockPatientStore::new(), None).run(UserId::mint(), None).await;
        assert!(matches!(refused, Err(WelcomeError::NobodyKnown)), "{refused:?}");
    }
}
