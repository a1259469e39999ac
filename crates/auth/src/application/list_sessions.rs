use std::sync::Arc;

use kernel::{Caller, Clock, PortFailure};

use super::ports::SessionStore;
use crate::domain::Session;

/// Shows where somebody is signed in.
pub struct ListSessions {
    /// Where sessions are kept.
    pub store: Arc<dyn SessionStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ListSessions {
    /// The caller's open sessions, the newest first; none for who is not signed in.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run(&self, caller: &Caller) -> Result<Vec<Session>, PortFailure> {
        match caller.user() {
            Some(account) => self.store.list(account, self.clock.now()).await,
            None => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{StoppedClock, UserId};

    use super::super::ports::MockSessionStore;
    use super::super::test_data::{now, session};
    use super::*;

    #[tokio::test]
    async fn one_sees_one_s_own_and_a_guest_none() {
        let user = UserId::mint();
        let mut store = MockSessionStore::new();
        store
            .expect_list()
            .withf(move |account, at| (*account, *at) == (user, now()))
            .times(1)
            .returning(|account, _| Ok(vec![session(account)]));
        let list = ListSessions { store: Arc::new(store), clock: Arc::new(StoppedClock::at(now())) };
        assert_eq!(list.run(&Caller::patient(user)).await.unwrap().len(), 1);
        assert_eq!(list.run(&Caller::guest()).await.unwrap(), []);
    }
}
