use jiff::civil::Date;
use kernel::{Caller, DoctorId};

use super::{Asked, ChangeError, PracticeError, PracticeParts, Step};
use crate::domain::{PracticeAction, PracticeEvent};

/// Gives one date the hours of the week again.
pub struct RemoveOverride(
    /// What it needs.
    pub PracticeParts,
);

impl RemoveOverride {
    /// Removes the hours of that date; where there are none nothing is written.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(&self, caller: &Caller, doctor: DoctorId, date: Date, asked: Asked) -> Result<(), PracticeError> {
        let now = self.0.clock.now();
        let found = self.0.calendar_of(caller, doctor).await?;
        let event = PracticeEvent::at(found.profile.clinic, PracticeAction::OverrideRemoved).on(date);
        match self.0.change_doctor(caller, doctor, Step::NoOverride(date), event, &asked, now).await {
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
    async fn removing_what_is_not_there_is_no_error() {
        let doctor = doctor_at(ClinicId::mint());
        let id = doctor.id;
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_change().times(1).returning(|_| Err(ChangeError::Nothing));
        let date = "2027-03-09".parse().unwrap();
        let admin = Caller::admin(UserId::mint());
        assert!(RemoveOverride(parts(practice)).run(&admin, id, date, Asked::default()).await.is_ok());
    }
}
