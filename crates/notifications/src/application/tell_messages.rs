use std::sync::Arc;

use async_trait::async_trait;
use kernel::{AppointmentId, Caller, PortFailure};
use uuid::Uuid;

use super::ledger::{Ledger, LedgerEntry};

/// What messages about a visit are found by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traces {
    /// Records that they are about: the visit, its series.
    pub subjects: Vec<Uuid>,
    /// Messages that name the visit among others.
    pub messages: Vec<Uuid>,
}

/// Visits, which another slice keeps.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Visits: Send + Sync {
    /// By what messages about the visit are found; nothing when there is no such visit, or not within the caller's
    /// reach.
    async fn traces(&self, caller: &Caller, visit: AppointmentId) -> Result<Option<Traces>, PortFailure>;
}

/// Why nothing is told of messages.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// There is no such record, or it is not within the caller's reach.
    #[error("no such record")]
    NotFound,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Tells those who run a calendar which messages went out about a visit.
pub struct TellMessages {
    /// What became of messages.
    pub ledger: Arc<dyn Ledger>,
    /// Who reaches which visit.
    pub visits: Arc<dyn Visits>,
}

impl TellMessages {
    /// The messages about a visit, the oldest first.
    ///
    /// # Errors
    /// See [`TellError`].
    pub async fn run(&self, caller: &Caller, visit: AppointmentId) -> Result<Vec<LedgerEntry>, TellError> {
        let traces = self.visits.traces(caller, visit).await?.ok_or(TellError::NotFound)?;
        Ok(self.ledger.about(&traces.subjects, &traces.messages).await?)
    }
}

#[cfg(test)]
mod tests {
    use kernel::UserId;

    use super::super::ledger::MockLedger;
    use super::*;

    #[tokio::test]
    async fn of_a_visit_out_of_reach_the_ledger_is_not_even_asked() {
        let mut visits = MockVisits::new();
        visits.expect_traces().returning(|_, _| Ok(None));
        let mut ledger = MockLedger::new();
        ledger.expect_about().never();
        let tell = TellMessages { ledger: Arc::new(ledger), visits: Arc::new(visits) };
        let refused = tell.run(&Caller::staff(UserId::mint(), vec![]), AppointmentId::mint()).await;
        assert!(matches!(refused, Err(TellError::NotFound)), "{refused:?}");
    }

    #[tokio::test]
    async fn messages_are_found_by_the_visit_and_by_their_own_ids() {
        let (visit, letter) = (AppointmentId::mint(), Uuid::now_v7());
        let mut visits = MockVisits::new();
        visits
            .expect_traces()
            .returning(move |_, id| Ok(Some(Traces { subjects: vec![id.as_uuid()], messages: vec![letter] })));
        let mut ledger = MockLedger::new();
        ledger
            .expect_about()
            .withf(move |subjects, ids| subjects == [visit.as_uuid()] && ids == [letter])
            .returning(|_, _| Ok(Vec::new()));
        let tell = TellMessages { ledger: Arc::new(ledger), visits: Arc::new(visits) };
        assert_eq!(tell.run(&Caller::admin(UserId::mint()), visit).await.unwrap(), []);
    }
}
