use std::sync::Arc;

use kernel::{Caller, Clock, PatientId, PortFailure, Recorded};

use super::patient_ports::{PatientStore, PatientStoreError};
use crate::domain::{PatientEvent, Relation};

/// Why somebody is still looked after.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseRelativeError {
    /// There is none of that id whom the caller looks after.
    #[error("no such relative")]
    NotFound,
    /// One looks after oneself.
    #[error("oneself is not released")]
    Oneself,
    /// Nobody would be told of the visits that are ahead.
    #[error("there are visits ahead")]
    VisitsAhead,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Ends that the caller looks after somebody. The person's record and visits stay.
pub struct ReleaseRelative {
    /// Where patients are kept.
    pub patients: Arc<dyn PatientStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ReleaseRelative {
    /// Ends it.
    ///
    /// # Errors
    /// See [`ReleaseRelativeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        patient: PatientId,
        request_id: Option<String>,
    ) -> Result<(), ReleaseRelativeError> {
        let user = caller.user().ok_or(ReleaseRelativeError::NotFound)?;
        let found = self.patients.relative(user, patient).await?.ok_or(ReleaseRelativeError::NotFound)?;
        if found.relation == Relation::Oneself {
            return Err(ReleaseRelativeError::Oneself);
        }
        let event = PatientEvent::RelativeReleased { user_id: user, patient_id: patient };
        let event = Recorded::new(event, caller.actor(), self.clock.now()).caused_by(request_id);
        match self.patients.release(user, patient, &event).await {
            Ok(()) => Ok(()),
            Err(PatientStoreError::Stale) => Err(ReleaseRelativeError::NotFound),
            Err(PatientStoreError::VisitsAhead) => Err(ReleaseRelativeError::VisitsAhead),
            Err(PatientStoreError::Failed(failure)) => Err(failure.into()),
            Err(error @ (PatientStoreError::TooMany | PatientStoreError::Once(_))) => {
                Err(PortFailure::new("release a relative", error).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{StoppedClock, UserId};

    use super::super::patient_ports::{MockPatientStore, Relative};
    use super::super::test_data::now;
    use super::*;
    use crate::domain::Patient;

    async fn run(
        relation: Relation,
        answer: Option<fn() -> Result<(), PatientStoreError>>,
    ) -> Result<(), ReleaseRelativeError> {
        let patient = Patient::enrol("Mila Example", "ada@example.org", now()).unwrap();
        let mut store = MockPatientStore::new();
        store
            .expect_relative()
            .returning(move |_, _| Ok(Some(Relative { patient: patient.clone(), relation, since: now() })));
        if let Some(answer) = answer {
            store.expect_release().times(1).returning(move |_, _, _| answer());
        }
        let release = ReleaseRelative { patients: Arc::new(store), clock: Arc::new(StoppedClock::at(now())) };
        release.run(&Caller::patient(UserId::mint()), PatientId::mint(), None).await
    }

    #[tokio::test]
    async fn a_relative_is_released_but_oneself_never_is() {
        assert!(run(Relation::Parent, Some(|| Ok(()))).await.is_ok());
        let refused = run(Relation::Oneself, None).await;
        assert!(matches!(refused, Err(ReleaseRelativeError::Oneself)), "{refused:?}");
    }

    #[tokio::test]
    async fn who_has_visits_ahead_stays_looked_after() {
        let refused = run(Relation::Child, Some(|| Err(PatientStoreError::VisitsAhead))).await;
        assert!(matches!(refused, Err(ReleaseRelativeError::VisitsAhead)), "{refused:?}");
    }
}
