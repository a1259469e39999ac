use kernel::{Caller, DoctorId, VisitTypeId};

use super::{Asked, DoctorRecord, PracticeError, PracticeParts, Step, TRIES, VisitTypeRecord, again};
use crate::domain::{PracticeAction, PracticeEvent, VisitType};

/// Takes something off a doctor's offers; what is booked refers to it for ever.
pub struct RetireVisitType(
    /// What it needs.
    pub PracticeParts,
);

impl RetireVisitType {
    /// Retires it; one that is retired already stays so, and nothing is written.
    ///
    /// # Errors
    /// See [`PracticeError`]; the default one only goes as the last.
    pub async fn run(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        id: VisitTypeId,
        asked: Asked,
    ) -> Result<(), PracticeError> {
        for _ in 0..TRIES {
            let now = self.0.clock.now();
            let whose = self.0.calendar_of(caller, doctor).await?;
            let found = self.0.practice.visit_type(doctor, id).await?.ok_or(PracticeError::NotFound)?;
            if !found.active {
                return Ok(());
            }
            asked.admits(found.version)?;
            let (gone, event) = draft(&self.0, &whose, found).await?;
            let stored = self.0.change_doctor(caller, doctor, Step::VisitType(gone), event, &asked, now).await;
            if again(&asked, stored)?.is_some() {
                return Ok(());
            }
        }
        Err(PracticeError::VersionChanged)
    }
}

/// What it will be once it is retired, and what is told of it.
pub(super) async fn draft(
    parts: &PracticeParts,
    whose: &DoctorRecord,
    found: VisitTypeRecord,
) -> Result<(VisitTypeRecord, PracticeEvent), PracticeError> {
    let id = found.visit_type.id;
    let rules = parts.agendas.rules(whose.id).await?.ok_or(PracticeError::NotFound)?;
    if found.visit_type.is_default && rules.visit_types.iter().any(|other| other.id != id) {
        return Err(PracticeError::DefaultVisitType);
    }
    let visit_type = VisitType { is_default: false, ..found.visit_type };
    let gone = VisitTypeRecord { visit_type, active: false, version: found.version + 1, ..found };
    let event = PracticeEvent::at(whose.profile.clinic, PracticeAction::VisitTypeDeactivated).visit_type(id);
    Ok((gone, event))
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, UserId};

    use super::super::super::test_data::nine_to_five;
    use super::super::MockPractice;
    use super::super::test_data::{doctor_at, parts};
    use super::*;

    async fn retire(active: bool, times: usize) -> Result<(), PracticeError> {
        let doctor = doctor_at(ClinicId::mint());
        let whose = doctor.id;
        let visit_type = nine_to_five().visit_types.remove(0);
        let id = visit_type.id;
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_visit_type().returning(move |doctor, _| {
            Ok(Some(VisitTypeRecord { doctor, visit_type: visit_type.clone(), active, version: 1 }))
        });
        practice.expect_change().times(times).returning(|_| Ok(2));
        RetireVisitType(parts(practice)).run(&Caller::admin(UserId::mint()), whose, id, Asked::default()).await
    }

    #[tokio::test]
    async fn the_default_stays_while_there_are_others_and_what_is_gone_stays_gone() {
        assert!(matches!(retire(true, 0).await, Err(PracticeError::DefaultVisitType)));
        assert!(retire(false, 0).await.is_ok());
    }
}
