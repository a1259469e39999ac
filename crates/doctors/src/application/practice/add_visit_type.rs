use kernel::{Caller, DoctorId};

use super::{Asked, PracticeError, PracticeParts, Step, VisitTypeRecord};
use crate::domain::{PracticeAction, PracticeEvent, VisitType, VisitTypeDraft};

/// Adds something one can book with a doctor.
pub struct AddVisitType(
    /// What it needs.
    pub PracticeParts,
);

impl AddVisitType {
    /// Adds it. The first one is the default; one that is made the default takes that from the one before.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        draft: VisitTypeDraft,
        asked: Asked,
    ) -> Result<VisitTypeRecord, PracticeError> {
        let now = self.0.clock.now();
        let found = self.0.calendar_of(caller, doctor).await?;
        let rules = self.0.agendas.rules(doctor).await?.ok_or(PracticeError::NotFound)?;
        let visit_type = VisitType::create(&draft, found.profile.clinic, rules.visit_types.is_empty())?;
        let added = VisitTypeRecord { doctor, visit_type, active: true, version: 1 };
        let event = PracticeEvent::at(found.profile.clinic, PracticeAction::VisitTypeCreated);
        let event = event.visit_type(added.visit_type.id);
        self.0.change_doctor(caller, doctor, Step::NewVisitType(added.clone()), event, &asked, now).await?;
        Ok(added)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, UserId};

    use super::super::MockPractice;
    use super::super::test_data::{doctor_at, parts};
    use super::*;
    use crate::domain::VisitMode;

    #[tokio::test]
    async fn a_doctor_adds_to_the_own_offers_and_a_colleague_finds_nothing() {
        let doctor = doctor_at(ClinicId::mint());
        let (id, clinic) = (doctor.id, doctor.profile.clinic);
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_change().times(1).returning(|_| Ok(1));
        let add = AddVisitType(parts(practice));
        let draft = VisitTypeDraft {
            name: Some("Check".into()),
            mode: Some(VisitMode::Video),
            duration_minutes: Some(20),
            price: Some(100),
            ..VisitTypeDraft::default()
        };
        let own = Caller::doctor(UserId::mint(), id, vec![clinic]);
        let added = add.run(&own, id, draft.clone(), Asked::default()).await.unwrap();
        assert!(!added.visit_type.is_default && added.visit_type.clinic == clinic);
        let colleague = Caller::doctor(UserId::mint(), DoctorId::mint(), vec![clinic]);
        let refused = add.run(&colleague, id, draft, Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::NotFound)), "{refused:?}");
    }
}
