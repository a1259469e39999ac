use kernel::Caller;

use super::parts::{Asked, Draft, Parts, PrescriptionError, TRIES};
use crate::domain::{Prescription, PrescriptionFact, PrescriptionId};

/// Writes another version of a prescription.
pub struct ChangePrescription(
    /// What it needs.
    pub Parts,
);

impl ChangePrescription {
    /// For who wrote it; the versions before are kept. One that says the same writes nothing.
    ///
    /// # Errors
    /// See [`PrescriptionError`].
    pub async fn run(
        &self,
        caller: &Caller,
        id: PrescriptionId,
        draft: &Draft,
        asked: &Asked,
    ) -> Result<Prescription, PrescriptionError> {
        let Self(parts) = self;
        for _ in 0..TRIES {
            let found = parts.written_by(caller, id).await?;
            asked.admits(&found)?;
            let now = parts.clock.now();
            let (content, valid_until) = draft.read(found.today(now))?;
            let visit = parts.visits.visit(found.appointment).await?.ok_or(PrescriptionError::NotFound)?;
            let heads = parts.heads(&visit).await?;
            let Some(changed) = found.changed(content, heads, valid_until, parts.seals.code(), now)? else {
                return Ok(found);
            };
            let changed = parts.signed(changed);
            let fact = PrescriptionFact::Changed { version: changed.newest };
            let event = asked.recorded(caller, &changed, fact, now);
            match parts.store.change(&changed, &event, parts.letter(&changed).await?).await {
                Ok(()) => return Ok(changed),
                Err(error) => asked.after(error)?,
            }
        }
        Err(PrescriptionError::VersionChanged)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{DoctorId, UserId};

    use super::super::ports::{Held, MockPrescriptionStore, StoreError};
    use super::super::test_data::{author, draft, of, parts_with, visit};
    use super::*;

    fn only(revision: i32) -> Asked {
        Asked { only_revisions: Some(vec![revision]), ..Asked::default() }
    }

    #[tokio::test]
    async fn a_change_is_a_new_version_with_a_code_and_a_signature_of_its_own() {
        let visit = visit(Held::Yes);
        let before = of(&visit);
        let mut store = MockPrescriptionStore::new();
        let found = before.clone();
        store.expect_find().returning(move |_| Ok(Some(found.clone())));
        store.expect_change().times(1).returning(|_, _, _| Ok(()));
        let change = ChangePrescription(parts_with(store, visit.clone()));
        let two = change.run(&author(&visit), before.id, &draft("Ibuprofen"), &only(1)).await.unwrap();
        assert_eq!((two.newest, two.revision), (2, 2));
        assert!(two.version.code != before.version.code && two.version.signature != before.version.signature);
    }

    #[tokio::test]
    async fn what_was_not_seen_is_not_changed_nor_what_somebody_else_wrote() {
        let visit = visit(Held::Yes);
        let before = of(&visit);
        let store = || {
            let mut store = MockPrescriptionStore::new();
            let found = before.clone();
            store.expect_find().returning(move |_| Ok(Some(found.clone())));
            store.expect_change().returning(|_, _, _| Err(StoreError::Stale));
            ChangePrescription(parts_with(store, visit.clone()))
        };
        let refused = store().run(&author(&visit), before.id, &draft("x"), &only(7)).await;
        assert!(matches!(refused, Err(PrescriptionError::VersionChanged)), "{refused:?}");
        let beaten = store().run(&author(&visit), before.id, &draft("x"), &only(1)).await;
        assert!(matches!(beaten, Err(PrescriptionError::VersionChanged)), "{beaten:?}");
        let other = Caller::doctor(UserId::mint(), DoctorId::mint(), vec![visit.clinic]);
        let refused = store().run(&other, before.id, &draft("x"), &only(1)).await;
        assert!(matches!(refused, Err(PrescriptionError::NotFound)), "{refused:?}");
    }

    #[tokio::test]
    async fn what_was_withdrawn_is_not_changed_and_the_same_again_writes_nothing() {
        let visit = visit(Held::Yes);
        let gone = of(&visit).withdrawn("x".into(), of(&visit).created_at).unwrap();
        for (found, same) in [(gone, false), (of(&visit), true)] {
            let mut store = MockPrescriptionStore::new();
            let id = found.id;
            store.expect_find().returning(move |_| Ok(Some(found.clone())));
            store.expect_change().never();
            let change = ChangePrescription(parts_with(store, visit.clone()));
            let done = change.run(&author(&visit), id, &draft("Amoxicillin"), &Asked::default()).await;
            match done {
                Ok(kept) => assert!(same && kept.newest == 1),
                Err(error) => assert!(!same && matches!(error, PrescriptionError::Withdrawn), "{error:?}"),
            }
        }
    }
}
