use std::sync::Arc;

use kernel::{Caller, Clock, PatientId, Recorded};

use super::read_patient::RecordError;
use super::record_ports::EmergencyStore;
use crate::domain::EmergencyAccess;

/// Closes a record that the caller has opened by emergency access, before its time.
pub struct EndEmergencyAccess {
    /// Where accesses are kept.
    pub store: Arc<dyn EmergencyStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl EndEmergencyAccess {
    /// Closes it; what is closed already stays so.
    ///
    /// # Errors
    /// [`RecordError::NotFound`] when the caller never opened it.
    pub async fn run(
        &self,
        caller: &Caller,
        patient: PatientId,
        request_id: Option<String>,
    ) -> Result<(), RecordError> {
        let doctor = caller.profile().ok_or(RecordError::NotFound)?;
        let event = EmergencyAccess::ended(patient, doctor);
        let event = Recorded::new(event, caller.actor(), self.clock.now()).caused_by(request_id);
        if self.store.end(doctor, patient, &event).await? { Ok(()) } else { Err(RecordError::NotFound) }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{DoctorId, StoppedClock, UserId};

    use super::super::record_ports::MockEmergencyStore;
    use super::super::test_data::now;
    use super::*;

    #[tokio::test]
    async fn a_doctor_ends_the_own_access_and_no_other() {
        let (mine, patient) = (DoctorId::mint(), PatientId::mint());
        let mut store = MockEmergencyStore::new();
        store.expect_end().returning(move |doctor, _, _: &Recorded<_>| Ok(doctor == mine));
        let end = EndEmergencyAccess { store: Arc::new(store), clock: Arc::new(StoppedClock::at(now())) };
        let user = UserId::mint();
        assert!(end.run(&Caller::doctor(user, mine, vec![]), patient, None).await.is_ok());
        for other in [Caller::doctor(user, DoctorId::mint(), vec![]), Caller::staff(user, vec![]), Caller::admin(user)]
        {
            let refused = end.run(&other, patient, None).await;
            assert!(matches!(refused, Err(RecordError::NotFound)), "{refused:?}");
        }
    }
}
