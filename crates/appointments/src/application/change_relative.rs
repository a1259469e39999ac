use std::sync::Arc;

use jiff::civil::Date;
use kernel::{Caller, Clock, PatientId, PortFailure, Recorded};

use super::patient_ports::{PatientStore, PatientStoreError, Relative};
use crate::domain::{Particulars, PatientError, PatientEvent, Relation};

/// What shall be other; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Correction {
    /// The name.
    pub name: Option<String>,
    /// The address, or none.
    pub email: Option<Option<String>>,
    /// The phone number, or none.
    pub phone: Option<Option<String>>,
    /// The date of birth, or none.
    pub birth_date: Option<Option<Date>>,
    /// What they are to the user.
    pub relation: Option<Relation>,
}

/// Why nothing was corrected.
#[derive(Debug, thiserror::Error)]
pub enum ChangeRelativeError {
    /// There is none of that id whom the caller looks after.
    #[error("no such relative")]
    NotFound,
    /// It has changed since the caller read it.
    #[error("the record has changed")]
    VersionChanged,
    /// Nobody becomes oneself, or ceases to be.
    #[error("oneself stays oneself")]
    Oneself,
    /// Something of it cannot be.
    #[error(transparent)]
    BadPatient(#[from] PatientError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Corrects what is known of somebody whom the caller looks after, or of the caller.
pub struct ChangeRelative {
    /// Where patients are kept.
    pub patients: Arc<dyn PatientStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ChangeRelative {
    /// Corrects one of these versions (any, where none is named), or changes nothing.
    ///
    /// # Errors
    /// See [`ChangeRelativeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        patient: PatientId,
        correction: Correction,
        only_versions: Option<Vec<i32>>,
        request_id: Option<String>,
    ) -> Result<Relative, ChangeRelativeError> {
        let user = caller.user().ok_or(ChangeRelativeError::NotFound)?;
        let found = self.patients.relative(user, patient).await?.ok_or(ChangeRelativeError::NotFound)?;
        if only_versions.is_some_and(|versions| !versions.contains(&found.patient.version)) {
            return Err(ChangeRelativeError::VersionChanged);
        }
        let relation = correction.relation.unwrap_or(found.relation);
        if relation != found.relation && [relation, found.relation].contains(&Relation::Oneself) {
            return Err(ChangeRelativeError::Oneself);
        }
        let now = self.clock.now();
        let before = found.patient;
        let particulars = Particulars {
            name: correction.name.unwrap_or_else(|| before.name.clone()),
            email: correction.email.unwrap_or_else(|| before.email.clone()),
            phone: correction.phone.unwrap_or_else(|| before.phone.clone()),
            birth_date: correction.birth_date.unwrap_or(before.birth_date),
        };
        let after = Relative { patient: before.corrected(particulars, now)?, relation, since: found.since };
        let event = PatientEvent::PatientCorrected { user_id: user, patient_id: patient };
        let event = Recorded::new(event, caller.actor(), now).caused_by(request_id);
        match self.patients.correct(user, &after, &event).await {
            Ok(()) => Ok(after),
            Err(PatientStoreError::Stale) => Err(ChangeRelativeError::VersionChanged),
            Err(PatientStoreError::Failed(failure)) => Err(failure.into()),
            Err(error @ (PatientStoreError::TooMany | PatientStoreError::VisitsAhead | PatientStoreError::Once(_))) => {
                Err(PortFailure::new("correct a patient", error).into())
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
    use crate::domain::Patient;

    fn change(patients: MockPatientStore) -> ChangeRelative {
        ChangeRelative { patients: Arc::new(patients), clock: Arc::new(StoppedClock::at(now())) }
    }

    fn looking_after(relation: Relation) -> MockPatientStore {
        let patient = Patient::enrol("Mila Example", "ada@example.org", now()).unwrap();
        let mut store = MockPatientStore::new();
        store
            .expect_relative()
            .returning(move |_, _| Ok(Some(Relative { patient: patient.clone(), relation, since: now() })));
        store
    }

    async fn run(
        store: MockPatientStore,
        correction: Correction,
        version: i32,
    ) -> Result<Relative, ChangeRelativeError> {
        let caller = Caller::patient(UserId::mint());
        change(store).run(&caller, PatientId::mint(), correction, Some(vec![version]), None).await
    }

    #[tokio::test]
    async fn what_is_left_out_stays_and_null_takes_away() {
        let mut store = looking_after(Relation::Child);
        store.expect_correct().times(1).returning(|_, _, _| Ok(()));
        let correction = Correction { email: Some(None), phone: Some(Some("5550100".into())), ..Correction::default() };
        let after = run(store, correction, 1).await.unwrap().patient;
        assert_eq!((after.name.as_str(), after.email, after.phone.as_deref()), ("Mila Example", None, Some("5550100")));
        assert_eq!(after.version, 2);
    }

    #[tokio::test]
    async fn a_version_the_caller_did_not_read_is_not_corrected() {
        let refused = run(looking_after(Relation::Child), Correction::default(), 7).await;
        assert!(matches!(refused, Err(ChangeRelativeError::VersionChanged)), "{refused:?}");
    }

    #[tokio::test]
    async fn nobody_becomes_oneself_and_oneself_becomes_nobody_else() {
        for (is, shall) in [(Relation::Child, Relation::Oneself), (Relation::Oneself, Relation::Other)] {
            let correction = Correction { relation: Some(shall), ..Correction::default() };
            let refused = run(looking_after(is), correction, 1).await;
            assert!(matches!(refused, Err(ChangeRelativeError::Oneself)), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn a_stranger_is_not_there() {
        let mut store = MockPatientStore::new();
        store.expect_relative().returning(|_, _| Ok(None));
        let refused = run(store, Correction::default(), 1).await;
        assert!(matches!(refused, Err(ChangeRelativeError::NotFound)), "{refused:?}");
    }
}
