use std::sync::Arc;

use kernel::{Caller, Clock, Once, OnceError, PortFailure, Recorded};

use super::patient_ports::{NewRelative, PatientStore, PatientStoreError, Relative};
use crate::domain::{Particulars, Patient, PatientError, PatientEvent, Relation};

/// The most people one user looks after, oneself not counted.
pub const MOST_RELATIVES: i64 = 20;

/// Why nobody was added.
#[derive(Debug, thiserror::Error)]
pub enum AddRelativeError {
    /// The caller has no account to look after somebody with.
    #[error("not signed in")]
    NotSignedIn,
    /// One's own record is not made by hand.
    #[error("only others can be added")]
    Oneself,
    /// Something of it cannot be.
    #[error(transparent)]
    BadPatient(#[from] PatientError),
    /// The user looks after as many as one may.
    #[error("too many relatives")]
    TooMany,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Takes down somebody whom the caller looks after from now on.
pub struct AddRelative {
    /// Where patients are kept.
    pub patients: Arc<dyn PatientStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl AddRelative {
    /// Takes them down as somebody new: a name and an address that somebody else is known by lead to no record.
    ///
    /// # Errors
    /// See [`AddRelativeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        particulars: Particulars,
        relation: Relation,
        request_id: Option<String>,
        once: Option<Once<Relative>>,
    ) -> Result<Relative, AddRelativeError> {
        let user = caller.user().ok_or(AddRelativeError::NotSignedIn)?;
        if relation == Relation::Oneself {
            return Err(AddRelativeError::Oneself);
        }
        let now = self.clock.now();
        let patient = Patient::take_down(particulars, now)?;
        let event = PatientEvent::RelativeAdded { user_id: user, patient_id: patient.id, relation };
        let new = NewRelative {
            user,
            relative: Relative { patient, relation, since: now },
            at_most: MOST_RELATIVES,
            event: Recorded::new(event, caller.actor(), now).caused_by(request_id),
            once,
        };
        match self.patients.add_relative(&new).await {
            Ok(()) => Ok(new.relative),
            Err(PatientStoreError::TooMany) => Err(AddRelativeError::TooMany),
            Err(PatientStoreError::Once(error)) => Err(error.into()),
            Err(PatientStoreError::Failed(failure)) => Err(failure.into()),
            Err(error @ (PatientStoreError::Stale | PatientStoreError::VisitsAhead)) => {
                Err(PortFailure::new("add a relative", error).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{StoppedClock, UserId};

    use super::super::patient_ports::MockPatientStore;
    use super::super::test_data::now;
    use super::*;

    fn add(patients: MockPatientStore) -> AddRelative {
        AddRelative { patients: Arc::new(patients), clock: Arc::new(StoppedClock::at(now())) }
    }

    fn mila() -> Particulars {
        Particulars { name: "Mila Example".into(), email: Some("ada@example.org".into()), ..Particulars::default() }
    }

    #[tokio::test]
    async fn a_relative_is_somebody_new_even_under_an_address_that_is_known() {
        let mut store = MockPatientStore::new();
        store
            .expect_add_relative()
            .withf(|new| !new.relative.patient.known_by_address && new.at_most == MOST_RELATIVES)
            .times(1)
            .returning(|_| Ok(()));
        let caller = Caller::patient(UserId::mint());
        add(store).run(&caller, mila(), Relation::Child, None, None).await.unwrap();
    }

    #[tokio::test]
    async fn nobody_adds_oneself_a_second_time() {
        let caller = Caller::patient(UserId::mint());
        let refused = add(MockPatientStore::new()).run(&caller, mila(), Relation::Oneself, None, None).await;
        assert!(matches!(refused, Err(AddRelativeError::Oneself)), "{refused:?}");
    }

    #[tokio::test]
    async fn who_looks_after_as_many_as_one_may_hears_so() {
        let mut store = MockPatientStore::new();
        store.expect_add_relative().returning(|_| Err(PatientStoreError::TooMany));
        let caller = Caller::patient(UserId::mint());
        let refused = add(store).run(&caller, mila(), Relation::Child, None, None).await;
        assert!(matches!(refused, Err(AddRelativeError::TooMany)), "{refused:?}");
    }
}
