use kernel::{Caller, DoctorId};

use super::{Asked, ChangeError, PracticeError, PracticeParts, Step};
use crate::domain::{PracticeAction, PracticeEvent, TimeOffId};

/// Lets a doctor work after all.
pub struct RemoveTimeOff(
    /// What it needs.
    pub PracticeParts,
);

impl RemoveTimeOff {
    /// Removes time off; where there is none (any more) nothing is written.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        id: TimeOffId,
        asked: Asked,
    ) -> Result<(), PracticeError> {
        let now = self.0.clock.now();
        let found = self.0.calendar_of(caller, doctor).await?;
        let event = PracticeEvent::at(found.profile.clinic, PracticeAction::TimeOffRemoved).time_off(id);
        match self.0.change_doctor(caller, doctor, Step::NoTimeOff(id), event, &asked, now).await {
            Ok(_) | Err(ChangeError::Nothing) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, UserId};

    use super::super::MockPractice;
    use super::super::test_data::{doctor_at, parts};
    use super::*;

    #[tokio::test]
    async fn a_colleague_does_not_call_a_doctor_back_to_work() {
        let doctor = doctor_at(ClinicId::mint());
        let (id, clinic) = (doctor.id, doctor.profile.clinic);
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_change().never();
        let colleague = Caller::doctor(UserId::mint(), DoctorId::mint(), vec![clinic]);
        let refused = RemoveTimeOff(parts(practice)).run(&colleague, id, TimeOffId::mint(), Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::NotFound)), "{refused:?}");
    }
}
