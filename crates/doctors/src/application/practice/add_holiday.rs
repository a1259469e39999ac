use jiff::civil::Date;
use kernel::{Caller, ClinicId};

use super::{Asked, PracticeError, PracticeParts, Step, Subject, today_in};
use crate::domain::{ClinicHoliday, PracticeAction, PracticeEvent};

/// Closes a clinic on a date, for everybody who works there.
pub struct AddHoliday(
    /// What it needs.
    pub PracticeParts,
);

impl AddHoliday {
    /// Closes it.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        clinic: ClinicId,
        date: Option<Date>,
        name: &str,
        asked: Asked,
    ) -> Result<ClinicHoliday, PracticeError> {
        let now = self.0.clock.now();
        let found = self.0.clinic_of(caller, clinic).await?;
        let holiday = ClinicHoliday::declare(clinic, date, name, today_in(&found.card.time_zone, now))?;
        let event = PracticeEvent::at(clinic, PracticeAction::HolidayAdded).on(holiday.date);
        let step = Step::Holiday(holiday.clone());
        self.0.change(caller, Subject::Clinic(clinic), step, event, &asked, now).await?;
        Ok(holiday)
    }
}

#[cfg(test)]
mod tests {
    use kernel::UserId;

    use super::super::test_data::{clinic_record, parts};
    use super::super::{ChangeError, MockPractice};
    use super::*;

    #[tokio::test]
    async fn the_front_desk_closes_its_own_clinic_once_a_date() {
        let own = ClinicId::mint();
        let caller = Caller::staff(UserId::mint(), vec![own]);
        let mut practice = MockPractice::new();
        practice.expect_clinic().returning(|id| Ok(Some(clinic_record(id))));
        practice.expect_change().times(1).returning(|_| Err(ChangeError::HolidayExists));
        let add = AddHoliday(parts(practice));
        let date = "2027-05-31".parse().ok();
        let refused = add.run(&caller, own, date, "Memorial Day", Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::HolidayExists)), "{refused:?}");
        let refused = add.run(&caller, ClinicId::mint(), date, "Memorial Day", Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::NotFound)), "{refused:?}");
    }
}
