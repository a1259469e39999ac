use kernel::{Caller, DoctorId, VisitTypeId};

use super::{Asked, PracticeError, PracticeParts, Step, TRIES, VisitTypeRecord, again};
use crate::domain::{PracticeAction, PracticeEvent, VisitTypeDraft};

/// Changes something one can book with a doctor. What is booked already keeps its length and price.
pub struct ChangeVisitType(
    /// What it needs.
    pub PracticeParts,
);

impl ChangeVisitType {
    /// Changes what the draft names; a draft that changes nothing writes nothing.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        id: VisitTypeId,
        draft: VisitTypeDraft,
        asked: Asked,
    ) -> Result<VisitTypeRecord, PracticeError> {
        for _ in 0..TRIES {
            let now = self.0.clock.now();
            let whose = self.0.calendar_of(caller, doctor).await?;
            let found = self.0.practice.visit_type(doctor, id).await?;
            let found = found.filter(|found| found.active).ok_or(PracticeError::NotFound)?;
            asked.admits(found.version)?;
            let visit_type = found.visit_type.changed_by(&draft)?;
            let fields = found.visit_type.differences(&visit_type);
            if fields.is_empty() {
                return Ok(found);
            }
            let changed = VisitTypeRecord { visit_type, version: found.version + 1, ..found };
            let event = PracticeEvent::at(whose.profile.clinic, PracticeAction::VisitTypeChanged);
            let event = event.visit_type(id).fields(fields);
            let stored =
                self.0.change_doctor(caller, doctor, Step::VisitType(changed.clone()), event, &asked, now).await;
            if again(&asked, stored)?.is_some() {
                return Ok(changed);
            }
        }
        Err(PracticeError::VersionChanged)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, UserId};

    use super::super::MockPractice;
    use super::super::test_data::{doctor_at, parts};
    use super::*;

    #[tokio::test]
    async fn what_is_booked_no_more_is_not_changed_either() {
        let doctor = doctor_at(ClinicId::mint());
        let whose = doctor.id;
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_visit_type().returning(|_, _| Ok(None));
        practice.expect_change().never();
        let admin = Caller::admin(UserId::mint());
        let change = ChangeVisitType(parts(practice));
        let refused = change.run(&admin, whose, VisitTypeId::mint(), VisitTypeDraft::default(), Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::NotFound)), "{refused:?}");
    }
}
