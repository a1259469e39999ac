use kernel::{Caller, DoctorId};

use super::create_doctor::unknown_specialty;
use super::policy::{NOT_ONES_OWN, Standing};
use super::{Asked, DoctorRecord, PracticeError, PracticeParts, Step, TRIES, again, policy};
use crate::domain::{Fault, PracticeAction, PracticeEvent, ProfileDraft};

/// Changes a doctor's profile.
pub struct ChangeDoctor(
    /// What it needs.
    pub PracticeParts,
);

impl ChangeDoctor {
    /// Changes what the draft names; a draft that changes nothing writes nothing.
    ///
    /// A doctor changes neither one's own specialty nor whether one is listed, and moves, as everybody, only to
    /// clinics within reach.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        id: DoctorId,
        draft: ProfileDraft,
        asked: Asked,
    ) -> Result<DoctorRecord, PracticeError> {
        for _ in 0..TRIES {
            let now = self.0.clock.now();
            let found = self.0.practice.doctor(id).await?.ok_or(PracticeError::NotFound)?;
            let standing = policy::profile(caller, &found).ok_or(PracticeError::NotFound)?;
            let faults = self.faults(caller, &found, standing, &draft).await?;
            asked.admits(found.version)?;
            let profile = match found.profile.changed_by(&draft) {
                Ok(profile) if faults.is_empty() => profile,
                Ok(_) => return Err(faults.into()),
                Err(wrong) => return Err(wrong.into_iter().chain(faults).collect::<Vec<_>>().into()),
            };
            let fields = found.profile.differences(&profile);
            let closed = if standing == Standing::Own { &NOT_ONES_OWN[..] } else { &[] };
            let refused = policy::refused(&fields, closed);
            if !refused.is_empty() {
                return Err(PracticeError::NotYours(refused));
            }
            if fields.is_empty() {
                return Ok(found);
            }
            let changed = DoctorRecord { profile, version: found.version + 1, ..found };
            let event = PracticeEvent::at(changed.profile.clinic, PracticeAction::DoctorChanged).fields(fields);
            let stored = self.0.change_doctor(caller, id, Step::Doctor(changed.clone()), event, &asked, now).await;
            if again(&asked, stored)?.is_some() {
                return Ok(changed);
            }
        }
        Err(PracticeError::VersionChanged)
    }

    async fn faults(
        &self,
        caller: &Caller,
        found: &DoctorRecord,
        standing: Standing,
        draft: &ProfileDraft,
    ) -> Result<Vec<Fault>, PracticeError> {
        let mut faults: Vec<Fault> = unknown_specialty(&self.0, draft).await?.into_iter().collect();
        if let Some(clinic) = draft.clinic.filter(|clinic| *clinic != found.profile.clinic) {
            let reached = match standing {
                Standing::Admin => true,
                Standing::Own | Standing::Desk => caller.clinics().contains(&clinic),
            };
            if !reached || self.0.practice.open_clinics(&[clinic]).await?.is_empty() {
                faults.push(Fault::new("clinic_id", "unknown", "is no clinic of yours"));
            }
        }
        Ok(faults)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, UserId};

    use super::super::test_data::{doctor_at, parts};
    use super::super::{ChangeError, MockPractice};
    use super::*;

    fn changing(found: &DoctorRecord, stored: fn() -> Result<i32, ChangeError>, times: usize) -> ChangeDoctor {
        let found = found.clone();
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(found.clone())));
        practice.expect_open_clinics().returning(|named| Ok(named.to_vec()));
        practice.expect_has_specialty().returning(|_| Ok(true));
        practice.expect_change().times(times).returning(move |_| stored());
        ChangeDoctor(parts(practice))
    }

    fn bio() -> ProfileDraft {
        ProfileDraft { bio: Some("New words".into()), ..ProfileDraft::default() }
    }

    #[tokio::test]
    async fn a_doctor_edits_the_own_words_but_neither_specialty_nor_listing_nor_clinic() {
        let home = ClinicId::mint();
        let doctor = doctor_at(home);
        let caller = Caller::doctor(UserId::mint(), doctor.id, vec![home]);
        let changed = changing(&doctor, || Ok(2), 1).run(&caller, doctor.id, bio(), Asked::default()).await.unwrap();
        assert_eq!((changed.version, changed.profile.bio.as_str()), (2, "New words"));

        let wish = ProfileDraft { specialty: Some("dermatology".into()), active: Some(false), ..bio() };
        let refused = changing(&doctor, || Ok(2), 0).run(&caller, doctor.id, wish, Asked::default()).await;
        assert!(
            matches!(&refused, Err(PracticeError::NotYours(fields)) if fields == &["specialty", "active"]),
            "{refused:?}"
        );
        let wish = ProfileDraft { clinic: Some(ClinicId::mint()), ..bio() };
        let refused = changing(&doctor, || Ok(2), 0).run(&caller, doctor.id, wish, Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::Invalid(_))), "{refused:?}");
    }

    #[tokio::test]
    async fn strangers_hear_that_there_is_no_such_doctor_and_nothing_is_stored() {
        let doctor = doctor_at(ClinicId::mint());
        for caller in [
            Caller::staff(UserId::mint(), vec![ClinicId::mint()]),
            Caller::doctor(UserId::mint(), DoctorId::mint(), vec![doctor.profile.clinic]),
        ] {
            let refused = changing(&doctor, || Ok(2), 0).run(&caller, doctor.id, bio(), Asked::default()).await;
            assert!(matches!(refused, Err(PracticeError::NotFound)), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn who_insists_on_a_version_is_told_of_a_rival_and_who_does_not_comes_again() {
        let doctor = doctor_at(ClinicId::mint());
        let admin = Caller::admin(UserId::mint());
        let asked = |version| Asked { only_versions: Some(vec![version]), ..Asked::default() };
        let stale = || Err(ChangeError::Stale);
        for (asked, times) in [(asked(7), 0), (asked(1), 1), (Asked::default(), TRIES)] {
            let refused = changing(&doctor, stale, times).run(&admin, doctor.id, bio(), asked).await;
            assert!(matches!(refused, Err(PracticeError::VersionChanged)), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn a_draft_that_changes_nothing_writes_nothing() {
        let doctor = doctor_at(ClinicId::mint());
        let same = ProfileDraft { bio: Some(doctor.profile.bio.clone()), ..ProfileDraft::default() };
        let admin = Caller::admin(UserId::mint());
        let found = changing(&doctor, || Ok(2), 0).run(&admin, doctor.id, same, Asked::default()).await.unwrap();
        assert_eq!(found, doctor);
    }
}
