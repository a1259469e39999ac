use kernel::{Caller, ClinicId, ResourceId};

use super::{Asked, PracticeError, PracticeParts, ResourceRecord, Step, Subject};
use crate::domain::{Fault, PracticeAction, PracticeEvent, ResourceCard, ResourceDraft};

/// The most rooms and devices of a clinic, retired ones included.
const MOST: usize = 300;

/// Adds a room or device that visits may take.
pub struct AddResource(
    /// What it needs.
    pub PracticeParts,
);

impl AddResource {
    /// Adds it.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        clinic: ClinicId,
        draft: ResourceDraft,
        asked: Asked,
    ) -> Result<ResourceRecord, PracticeError> {
        let now = self.0.clock.now();
        self.0.clinic_of(caller, clinic).await?;
        let card = ResourceCard::create(clinic, &draft)?;
        if self.0.practice.resources(clinic).await?.len() >= MOST {
            return Err(vec![Fault::new("name", "too-many", format!("would be one of more than {MOST}"))].into());
        }
        let added = ResourceRecord { id: ResourceId::mint(), card, version: 1 };
        let event = PracticeEvent::at(clinic, PracticeAction::ResourceAdded).resource(added.id);
        let step = Step::NewResource(added.clone());
        self.0.change(caller, Subject::Clinic(clinic), step, event, &asked, now).await?;
        Ok(added)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{DoctorId, UserId};

    use super::super::MockPractice;
    use super::super::test_data::{clinic_record, parts};
    use super::*;

    #[tokio::test]
    async fn the_front_desk_adds_a_room_to_its_own_clinic_and_a_doctor_does_not() {
        let own = ClinicId::mint();
        let mut practice = MockPractice::new();
        practice.expect_clinic().returning(|id| Ok(Some(clinic_record(id))));
        practice.expect_resources().returning(|_| Ok(Vec::new()));
        practice.expect_change().times(1).returning(|_| Ok(1));
        let add = AddResource(parts(practice));
        let draft = ResourceDraft { kind: Some("room".into()), name: Some("Room 1".into()), active: None };
        let desk = Caller::staff(UserId::mint(), vec![own]);
        let added = add.run(&desk, own, draft.clone(), Asked::default()).await.unwrap();
        assert!(added.card.active && added.card.clinic == own);
        let doctor = Caller::doctor(UserId::mint(), DoctorId::mint(), vec![own]);
        for (caller, clinic) in [(doctor, own), (desk, ClinicId::mint())] {
            let refused = add.run(&caller, clinic, draft.clone(), Asked::default()).await;
            assert!(matches!(refused, Err(PracticeError::NotFound)), "{refused:?}");
        }
    }
}
