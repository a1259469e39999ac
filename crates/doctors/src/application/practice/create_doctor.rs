use kernel::{Caller, DoctorId};

use super::{Asked, DoctorRecord, PracticeError, PracticeParts, Step, policy};
use crate::domain::{Fault, PracticeAction, PracticeEvent, Profile, ProfileDraft};

/// Lists a new doctor.
pub struct CreateDoctor(
    /// What it needs.
    pub PracticeParts,
);

impl CreateDoctor {
    /// Lists the doctor under a clinic that the caller runs. Without visit types and hours nobody can book yet.
    ///
    /// # Errors
    /// See [`PracticeError`]; a clinic out of reach is a wrong value, as one that does not exist is.
    pub async fn run(&self, caller: &Caller, draft: ProfileDraft, asked: Asked) -> Result<DoctorRecord, PracticeError> {
        let now = self.0.clock.now();
        let clinic = match draft.clinic.filter(|clinic| policy::clinic(caller, *clinic)) {
            Some(clinic) => self.0.practice.clinic(clinic).await?.filter(|clinic| clinic.card.active),
            None => None,
        };
        let made = Profile::create(&draft, clinic.as_ref().map_or("", |clinic| clinic.card.address.as_str()));
        let mut faults = made.as_ref().err().cloned().unwrap_or_default();
        if draft.clinic.is_some() && clinic.is_none() {
            faults.push(Fault::new("clinic_id", "unknown", "is no clinic of yours"));
        }
        faults.extend(unknown_specialty(&self.0, &draft).await?);
        let Ok(profile) = made else { return Err(faults.into()) };
        if !faults.is_empty() {
            return Err(faults.into());
        }
        let doctor = DoctorRecord {
            id: DoctorId::mint(),
            profile,
            workplaces: Vec::new(),
            rating: 0,
            version: 1,
            calendar_version: 1,
            created_at: now,
        };
        let event = PracticeEvent::at(doctor.profile.clinic, PracticeAction::DoctorCreated);
        self.0.change_doctor(caller, doctor.id, Step::NewDoctor(doctor.clone()), event, &asked, now).await?;
        Ok(doctor)
    }
}

/// What is wrong with the specialty, when one is named that the catalogue does not have.
pub(super) async fn unknown_specialty(
    parts: &PracticeParts,
    draft: &ProfileDraft,
) -> Result<Option<Fault>, PracticeError> {
    let Some(named) = &draft.specialty else { return Ok(None) };
    let slug = crate::domain::slug(named);
    if slug.is_empty() || parts.practice.has_specialty(&slug).await? {
        return Ok(None);
    }
    Ok(Some(Fault::new("specialty", "unknown", "is no specialty of the catalogue")))
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, UserId};

    use super::super::MockPractice;
    use super::super::test_data::{clinic_record, draft, parts};
    use super::*;

    #[tokio::test]
    async fn a_front_desk_lists_doctors_at_its_own_clinic_and_nowhere_else() {
        let own = ClinicId::mint();
        let caller = Caller::staff(UserId::mint(), vec![own]);
        let mut practice = MockPractice::new();
        practice.expect_clinic().returning(|id| Ok(Some(clinic_record(id))));
        practice.expect_has_specialty().returning(|slug| Ok(slug == "cardiology"));
        practice
            .expect_change()
            .withf(|change| matches!(&change.step, Step::NewDoctor(doctor) if doctor.version == 1))
            .times(1)
            .returning(|_| Ok(1));
        let create = CreateDoctor(parts(practice));
        let made = create.run(&caller, draft(own), Asked::default()).await.unwrap();
        assert_eq!((made.profile.clinic, made.profile.address.as_str()), (own, "1 Street"));

        let elsewhere = ProfileDraft { specialty: Some("alchemy".into()), ..draft(ClinicId::mint()) };
        let Err(PracticeError::Invalid(faults)) = create.run(&caller, elsewhere, Asked::default()).await else {
            panic!("listed at a clinic of strangers")
        };
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["clinic_id", "specialty"]);
    }
}
