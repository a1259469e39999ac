use kernel::{Caller, Once};

use super::parts::{Asked, Parts, PrescriptionError, TRIES};
use crate::domain::{Fault, Prescription, PrescriptionFact, PrescriptionId};

/// The longest reason, in characters.
const REASON: usize = 500;

/// Takes a prescription back: whoever checks a paper of it sees that it is not good.
pub struct WithdrawPrescription(
    /// What it needs.
    pub Parts,
);

impl WithdrawPrescription {
    /// For who wrote it. Once more gives the same, with the first reason, and writes nothing.
    ///
    /// # Errors
    /// See [`PrescriptionError`].
    pub async fn run(
        &self,
        caller: &Caller,
        id: PrescriptionId,
        reason: &str,
        asked: &Asked,
        once: Option<Once<Prescription>>,
    ) -> Result<Prescription, PrescriptionError> {
        let Self(parts) = self;
        let reason = reason.trim();
        for _ in 0..TRIES {
            let found = parts.written_by(caller, id).await?;
            if !(1..=REASON).contains(&reason.chars().count()) {
                let fault = Fault::new("reason", "length", format!("must have 1 to {REASON} characters"));
                return Err(PrescriptionError::Faulty(vec![fault]));
            }
            if found.withdrawn.is_some() {
                return Ok(found);
            }
            asked.admits(&found)?;
            let now = parts.clock.now();
            let Some(withdrawn) = found.withdrawn(reason.to_owned(), now) else { return Ok(found) };
            let fact = PrescriptionFact::Withdrawn { last_version: withdrawn.newest };
            let event = asked.recorded(caller, &withdrawn, fact, now);
            match parts.store.withdraw(&withdrawn, &event, once.clone()).await {
                Ok(()) => return Ok(withdrawn),
                Err(error) => asked.after(error)?,
            }
        }
        Err(PrescriptionError::VersionChanged)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ports::{Held, MockPrescriptionStore, StoreError};
    use super::super::test_data::{author, of, parts_with, visit};
    use super::*;

    #[tokio::test]
    async fn it_is_withdrawn_once_and_the_first_reason_stays() {
        let visit = visit(Held::Yes);
        let before = of(&visit);
        let mut store = MockPrescriptionStore::new();
        let found = before.clone();
        store.expect_find().times(2).returning(move |_| Ok(Some(found.clone())));
        let mut answers = vec![Ok(()), Err(StoreError::Stale)];
        store.expect_withdraw().times(2).returning(move |_, _, _| answers.pop().unwrap());
        let withdraw = WithdrawPrescription(parts_with(store, visit.clone()));
        let gone = withdraw.run(&author(&visit), before.id, " Wrong dose ", &Asked::default(), None).await.unwrap();
        assert_eq!(gone.withdrawn.as_ref().unwrap().reason, "Wrong dose");
        let mut store = MockPrescriptionStore::new();
        store.expect_find().returning(move |_| Ok(Some(gone.clone())));
        store.expect_withdraw().never();
        let withdraw = WithdrawPrescription(parts_with(store, visit.clone()));
        let asked = Asked { only_revisions: Some(vec![1]), ..Asked::default() };
        let again = withdraw.run(&author(&visit), before.id, "other", &asked, None).await.unwrap();
        assert_eq!(again.withdrawn.unwrap().reason, "Wrong dose");
    }

    #[tokio::test]
    async fn a_reason_is_needed() {
        let visit = visit(Held::Yes);
        for reason in ["", "  ", &"x".repeat(501)] {
            let mut store = MockPrescriptionStore::new();
            let found = of(&visit);
            let id = found.id;
            store.expect_find().returning(move |_| Ok(Some(found.clone())));
            store.expect_withdraw().never();
            let withdraw = WithdrawPrescription(parts_with(store, visit.clone()));
            let refused = withdraw.run(&author(&visit), id, reason, &Asked::default(), None).await;
            assert!(matches!(refused, Err(PrescriptionError::Faulty(_))), "{refused:?}");
        }
    }
}
