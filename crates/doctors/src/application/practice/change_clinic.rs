use kernel::{Caller, ClinicId};

use super::policy::NOT_THE_DESKS;
use super::{Asked, ClinicRecord, PracticeError, PracticeParts, Step, Subject, TRIES, again, policy};
use crate::domain::{ClinicDraft, PracticeAction, PracticeEvent};

/// Changes a clinic.
pub struct ChangeClinic(
    /// What it needs.
    pub PracticeParts,
);

impl ChangeClinic {
    /// Changes what the draft names; a draft that changes nothing writes nothing. The front desk changes name and
    /// address, an administrator the rest as well.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        id: ClinicId,
        draft: ClinicDraft,
        asked: Asked,
    ) -> Result<ClinicRecord, PracticeError> {
        for _ in 0..TRIES {
            let now = self.0.clock.now();
            let found = self.0.clinic_of(caller, id).await?;
            let city = match draft.city_slug() {
                Some(slug) => self.0.practice.city(&slug).await?,
                None => None,
            };
            asked.admits(found.version)?;
            let card = found.card.changed_by(&draft, city.as_ref())?;
            let fields = found.card.differences(&card);
            let closed = if caller.is_admin() { &[][..] } else { &NOT_THE_DESKS };
            let refused = policy::refused(&fields, closed);
            if !refused.is_empty() {
                return Err(PracticeError::NotYours(refused));
            }
            if fields.is_empty() {
                return Ok(found);
            }
            let changed = ClinicRecord { card, version: found.version + 1, updated_at: now, ..found };
            let event = PracticeEvent::at(id, PracticeAction::ClinicChanged).fields(fields);
            let step = Step::Clinic(changed.clone());
            let stored = self.0.change(caller, Subject::Clinic(id), step, event, &asked, now).await;
            if again(&asked, stored)?.is_some() {
                return Ok(changed);
            }
        }
        Err(PracticeError::VersionChanged)
    }
}

#[cfg(test)]
mod tests {
    use kernel::UserId;

    use super::super::MockPractice;
    use super::super::test_data::{clinic_record, parts};
    use super::*;

    fn changing(times: usize) -> ChangeClinic {
        let mut practice = MockPractice::new();
        practice.expect_clinic().returning(|id| Ok(Some(clinic_record(id))));
        practice.expect_change().times(times).returning(|_| Ok(2));
        ChangeClinic(parts(practice))
    }

    #[tokio::test]
    async fn the_front_desk_renames_its_clinic_but_neither_moves_its_clocks_nor_closes_it() {
        let id = ClinicId::mint();
        let caller = Caller::staff(UserId::mint(), vec![id]);
        let name = ClinicDraft { name: Some("Harbour".into()), ..ClinicDraft::default() };
        let changed = changing(1).run(&caller, id, name.clone(), Asked::default()).await.unwrap();
        assert_eq!((changed.version, changed.card.name.as_str()), (2, "Harbour"));

        let wish = ClinicDraft { time_zone: Some("America/Chicago".into()), active: Some(false), ..name.clone() };
        let refused = changing(0).run(&caller, id, wish, Asked::default()).await;
        assert!(
            matches!(&refused, Err(PracticeError::NotYours(fields)) if fields == &["time_zone", "active"]),
            "{refused:?}"
        );
        let refused = changing(0).run(&caller, ClinicId::mint(), name, Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::NotFound)), "{refused:?}");
    }
}
