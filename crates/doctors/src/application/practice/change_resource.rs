use std::sync::Arc;

use kernel::{Caller, ClinicId, ResourceId};

use super::list_resources::ahead;
use super::{Asked, PracticeError, PracticeParts, ResourceRecord, Step, Subject, TRIES, again};
use crate::application::ports::BusyTimes;
use crate::domain::{PracticeAction, PracticeEvent, ResourceDraft};

/// Renames a room or device, retires it, or takes it into use again. Visits that have it keep it.
pub struct ChangeResource {
    /// What every change of a practice needs.
    pub parts: PracticeParts,
    /// What is taken.
    pub busy: Arc<dyn BusyTimes>,
}

impl ChangeResource {
    /// Changes what the draft names; a draft that changes nothing writes nothing. Gives how many visits and holds to
    /// come have it.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        clinic: ClinicId,
        id: ResourceId,
        draft: ResourceDraft,
        asked: Asked,
    ) -> Result<(ResourceRecord, usize), PracticeError> {
        for _ in 0..TRIES {
            let now = self.parts.clock.now();
            self.parts.clinic_of(caller, clinic).await?;
            let found = self.parts.practice.resources(clinic).await?.into_iter().find(|one| one.id == id);
            let found = found.ok_or(PracticeError::NotFound)?;
            asked.admits(found.version)?;
            let card = found.card.changed_by(&draft)?;
            let fields = found.card.differences(&card);
            let changed = if fields.is_empty() {
                Some(found)
            } else {
                let changed = ResourceRecord { card, version: found.version + 1, ..found };
                let event = PracticeEvent::at(clinic, PracticeAction::ResourceChanged).resource(id).fields(fields);
                let step = Step::Resource(changed.clone());
                let stored = self.parts.change(caller, Subject::Clinic(clinic), step, event, &asked, now).await;
                again(&asked, stored)?.map(|_| changed)
            };
            if let Some(changed) = changed {
                let visits = ahead(&*self.busy, &[id], now).await?.get(&id).copied().unwrap_or_default();
                return Ok((changed, visits));
            }
        }
        Err(PracticeError::VersionChanged)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Interval, UserId};

    use super::super::MockPractice;
    use super::super::test_data::{clinic_record, parts};
    use super::*;
    use crate::application::ports::{MockBusyTimes, TakenOfMany};
    use crate::domain::ResourceCard;

    #[tokio::test]
    async fn a_room_is_retired_while_visits_have_it_and_the_answer_tells_how_many() {
        let (clinic, id) = (ClinicId::mint(), ResourceId::mint());
        let mut practice = MockPractice::new();
        practice.expect_clinic().returning(|id| Ok(Some(clinic_record(id))));
        let card = ResourceCard { clinic, kind: "room".into(), name: "Room 1".into(), active: true };
        practice.expect_resources().returning(move |_| Ok(vec![ResourceRecord { id, card: card.clone(), version: 3 }]));
        practice.expect_change().times(1).returning(|_| Ok(4));
        let mut busy = MockBusyTimes::new();
        busy.expect_with_resources().returning(move |_, _, span, _| {
            let taken = Interval { start: span.start, end: span.end };
            Ok(TakenOfMany { doctors: Vec::new(), resources: vec![(id, taken), (id, taken)] })
        });
        let change = ChangeResource { parts: parts(practice), busy: Arc::new(busy) };
        let desk = Caller::staff(UserId::mint(), vec![clinic]);
        let draft = ResourceDraft { active: Some(false), ..ResourceDraft::default() };
        let (retired, visits) = change.run(&desk, clinic, id, draft.clone(), Asked::default()).await.unwrap();
        assert_eq!((retired.card.active, retired.version, visits), (false, 4, 2));
        let stale = Asked { only_versions: Some(vec![2]), ..Asked::default() };
        let refused = change.run(&desk, clinic, id, draft.clone(), stale).await;
        assert!(matches!(refused, Err(PracticeError::VersionChanged)), "{refused:?}");
        let refused = change.run(&desk, clinic, ResourceId::mint(), draft, Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::NotFound)), "{refused:?}");
    }
}
