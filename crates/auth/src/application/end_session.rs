use std::sync::Arc;

use kernel::{Caller, Clock, PortFailure, SessionId};

use super::ports::SessionStore;

/// Why no session was ended.
#[derive(Debug, thiserror::Error)]
pub enum EndSessionError {
    /// There is none, it is over, or it is somebody else's.
    #[error("no such session")]
    NotFound,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Signs out: here, on another device, or everywhere.
pub struct EndSession {
    /// Where sessions are kept.
    pub store: Arc<dyn SessionStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl EndSession {
    /// Ends `session`, which must be the caller's; `current` is the one the caller asks with.
    ///
    /// # Errors
    /// See [`EndSessionError`].
    pub async fn run(&self, caller: &Caller, current: SessionId, session: SessionId) -> Result<(), EndSessionError> {
        let account = caller.user().ok_or(EndSessionError::NotFound)?;
        let why = if session == current { "signed_out" } else { "ended_by_owner" };
        let ended = self.store.end(account, session, why, caller.actor(), self.clock.now()).await?;
        if ended { Ok(()) } else { Err(EndSessionError::NotFound) }
    }

    /// Ends all of the caller's sessions; gives how many.
    ///
    /// # Errors
    /// See [`EndSessionError`].
    pub async fn everywhere(&self, caller: &Caller) -> Result<u64, EndSessionError> {
        let account = caller.user().ok_or(EndSessionError::NotFound)?;
        Ok(self.store.end_all(account, None, "signed_out_everywhere", caller.actor(), self.clock.now()).await?)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Actor, StoppedClock, UserId};

    use super::super::ports::MockSessionStore;
    use super::super::test_data::now;
    use super::*;

    fn end(store: MockSessionStore) -> EndSession {
        EndSession { store: Arc::new(store), clock: Arc::new(StoppedClock::at(now())) }
    }

    #[tokio::test]
    async fn the_store_is_asked_for_the_caller_s_own_session_and_told_why() {
        let (user, here, there) = (UserId::mint(), SessionId::mint(), SessionId::mint());
        for (session, expected) in [(here, "signed_out"), (there, "ended_by_owner")] {
            let mut store = MockSessionStore::new();
            store
                .expect_end()
                .withf(move |account, ended, why, actor, at| {
                    (*account, *ended, why, *actor, *at) == (user, session, expected, Actor::Patient(user), now())
                })
                .times(1)
                .returning(|_, _, _, _, _| Ok(true));
            end(store).run(&Caller::patient(user), here, session).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_the_store_does_not_find_among_the_caller_s_is_not_there() {
        let mut store = MockSessionStore::new();
        store.expect_end().returning(|_, _, _, _, _| Ok(false));
        let refused = end(store).run(&Caller::patient(UserId::mint()), SessionId::mint(), SessionId::mint()).await;
        assert!(matches!(refused, Err(EndSessionError::NotFound)), "{refused:?}");
    }

    #[tokio::test]
    async fn everywhere_spares_none() {
        let mut store = MockSessionStore::new();
        store.expect_end_all().withf(|_, except, _, _, _| except.is_none()).times(1).returning(|_, _, _, _, _| Ok(3));
        assert_eq!(end(store).everywhere(&Caller::patient(UserId::mint())).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn who_is_not_signed_in_ends_nothing() {
        let refused = end(MockSessionStore::new()).everywhere(&Caller::guest()).await;
        assert!(matches!(refused, Err(EndSessionError::NotFound)), "{refused:?}");
    }
}
