use kernel::{Caller, DoctorId};

use super::policy::Standing;
use super::{Asked, DoctorRecord, PracticeError, PracticeParts, Step, TRIES, again, policy};
use crate::domain::{PracticeAction, PracticeEvent, Profile};

/// Takes a doctor off the catalogue; visits, history and profile stay.
pub struct DeactivateDoctor(
    /// What it needs.
    pub PracticeParts,
);

impl DeactivateDoctor {
    /// Deactivates; a doctor who is inactive already stays so, and nothing is written.
    ///
    /// # Errors
    /// See [`PracticeError`]; not a doctor's own to do.
    pub async fn run(&self, caller: &Caller, id: DoctorId, asked: Asked) -> Result<DoctorRecord, PracticeError> {
        for _ in 0..TRIES {
            let now = self.0.clock.now();
            let found = self.0.practice.doctor(id).await?.ok_or(PracticeError::NotFound)?;
            may(caller, &found)?;
            if !found.profile.active {
                return Ok(found);
            }
            asked.admits(found.version)?;
            let (gone, event) = draft(found);
            let stored = self.0.change_doctor(caller, id, Step::Doctor(gone.clone()), event, &asked, now).await;
            if again(&asked, stored)?.is_some() {
                return Ok(gone);
            }
        }
        Err(PracticeError::VersionChanged)
    }
}

/// Takes somebody else off the list, or puts back: not a doctor's own to do.
pub(super) fn may(caller: &Caller, doctor: &DoctorRecord) -> Result<(), PracticeError> {
    match policy::profile(caller, doctor) {
        Some(Standing::Desk | Standing::Admin) => Ok(()),
        Some(Standing::Own) | None => Err(PracticeError::NotFound),
    }
}

/// The record of a doctor who is not listed any more, and what is told of it.
pub(super) fn draft(found: DoctorRecord) -> (DoctorRecord, PracticeEvent) {
    let profile = Profile { active: false, ..found.profile };
    let gone = DoctorRecord { profile, version: found.version + 1, ..found };
    let event = PracticeEvent::at(gone.profile.clinic, PracticeAction::DoctorDeactivated);
    (gone, event)
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, UserId};

    use super::super::MockPractice;
    use super::super::test_data::{doctor_at, parts};
    use super::*;

    #[tokio::test]
    async fn the_second_deactivation_writes_nothing() {
        let mut doctor = doctor_at(ClinicId::mint());
        doctor.profile.active = false;
        let id = doctor.id;
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_change().never();
        let admin = Caller::admin(UserId::mint());
        let gone = DeactivateDoctor(parts(practice)).run(&admin, id, Asked::default()).await.unwrap();
        assert_eq!(gone.version, 1);
    }

    #[tokio::test]
    async fn the_desk_of_a_second_clinic_does_not_take_a_doctor_off_the_list() {
        let second = ClinicId::mint();
        let doctor = DoctorRecord { workplaces: vec![second], ..doctor_at(ClinicId::mint()) };
        let id = doctor.id;
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_change().never();
        let caller = Caller::staff(UserId::mint(), vec![second]);
        let refused = DeactivateDoctor(parts(practice)).run(&caller, id, Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::NotFound)), "{refused:?}");
    }
}
