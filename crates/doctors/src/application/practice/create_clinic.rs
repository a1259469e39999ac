use kernel::{Caller, ClinicId};

use super::{Asked, ClinicRecord, PracticeError, PracticeParts, Step, Subject};
use crate::domain::{ClinicCard, ClinicDraft, PracticeAction, PracticeEvent};

/// Opens a clinic.
pub struct CreateClinic(
    /// What it needs.
    pub PracticeParts,
);

impl CreateClinic {
    /// Opens it, in a city of the catalogue.
    ///
    /// # Errors
    /// See [`PracticeError`]; for administrators alone.
    pub async fn run(&self, caller: &Caller, draft: ClinicDraft, asked: Asked) -> Result<ClinicRecord, PracticeError> {
        if !caller.is_admin() {
            return Err(PracticeError::NotFound);
        }
        let now = self.0.clock.now();
        let city = match draft.city_slug() {
            Some(slug) => self.0.practice.city(&slug).await?,
            None => None,
        };
        let card = ClinicCard::create(&draft, city.as_ref())?;
        let clinic = ClinicRecord { id: ClinicId::mint(), card, version: 1, updated_at: now };
        let event = PracticeEvent::at(clinic.id, PracticeAction::ClinicCreated);
        let step = Step::NewClinic(clinic.clone());
        self.0.change(caller, Subject::Clinic(clinic.id), step, event, &asked, now).await?;
        Ok(clinic)
    }
}

#[cfg(test)]
mod tests {
    use kernel::UserId;

    use super::super::MockPractice;
    use super::super::test_data::parts;
    use super::*;

    #[tokio::test]
    async fn a_clinic_in_no_city_of_the_catalogue_is_not_opened() {
        let mut practice = MockPractice::new();
        practice.expect_city().withf(|slug| slug == "atlantis").returning(|_| Ok(None));
        practice.expect_change().never();
        let draft = ClinicDraft { city: Some("Atlantis".into()), ..ClinicDraft::default() };
        let admin = Caller::admin(UserId::mint());
        let refused = CreateClinic(parts(practice)).run(&admin, draft, Asked::default()).await;
        assert!(matches!(&refused, Err(PracticeError::Invalid(faults)) if faults.len() == 3), "{refused:?}");
    }
}
