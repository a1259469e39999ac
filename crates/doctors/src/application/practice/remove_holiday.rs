use jiff::civil::Date;
use kernel::{Caller, ClinicId};

use super::{Asked, ChangeError, PracticeError, PracticeParts, Step, Subject};
use crate::domain::{PracticeAction, PracticeEvent};

/// Opens a clinic on a date after all.
pub struct RemoveHoliday(
    /// What it needs.
    pub PracticeParts,
);

impl RemoveHoliday {
    /// Removes the holiday; where there is none nothing is written.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(&self, caller: &Caller, clinic: ClinicId, date: Date, asked: Asked) -> Result<(), PracticeError> {
        let now = self.0.clock.now();
        self.0.clinic_of(caller, clinic).await?;
        let event = PracticeEvent::at(clinic, PracticeAction::HolidayRemoved).on(date);
        match self.0.change(caller, Subject::Clinic(clinic), Step::NoHoliday(date), event, &asked, now).await {
            Ok(_) | Err(ChangeError::Nothing) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{DoctorId, UserId};

    use super::super::MockPractice;
    use super::super::test_data::parts;
    use super::*;

    #[tokio::test]
    async fn a_doctor_does_not_open_the_clinic() {
        let clinic = ClinicId::mint();
        let caller = Caller::doctor(UserId::mint(), DoctorId::mint(), vec![clinic]);
        let date = "2027-05-31".parse().unwrap();
        let refused = RemoveHoliday(parts(MockPractice::new())).run(&caller, clinic, date, Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::NotFound)), "{refused:?}");
    }
}
