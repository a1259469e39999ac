use std::sync::Arc;

use kernel::{Clock, PortFailure};

use super::ports::{OpenedSession, Refreshed, SessionStore, TokenMint, Tokens};
use super::user_ports::UserStore;
use crate::domain::{Account, seconds};

/// Why nothing was renewed. Which of the reasons it was is not for the client.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token is unknown, used, expired or revoked.
    #[error("the refresh token is not good")]
    NotGood,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Takes a refresh token for new ones.
pub struct RefreshSession {
    /// Where sessions are kept.
    pub store: Arc<dyn SessionStore>,
    /// Where accounts are kept.
    pub users: Arc<dyn UserStore>,
    /// Makes tokens.
    pub mint: Arc<dyn TokenMint>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl RefreshSession {
    /// Renews: the old token is used up. One that was used before ends its session, for the thief and the robbed.
    ///
    /// # Errors
    /// See [`RefreshError`].
    pub async fn run(&self, shown: &str) -> Result<(Account, OpenedSession), RefreshError> {
        let shown = self.mint.digest(shown).ok_or(RefreshError::NotGood)?;
        let now = self.clock.now();
        let next = self.mint.opaque();
        match self.store.refresh(shown, next.digest, now).await? {
            Refreshed::Renewed(session) => {
                let until = session.life.access_until(now);
                let access = self.mint.access(session.account, session.id, now, until)?;
                let tokens = Tokens::Bearer { access, refresh: Some(next.secret) };
                let opened = OpenedSession { session: session.id, expires_in: seconds(now, until), tokens };
                let account = self.users.find(session.account).await?.ok_or(RefreshError::NotGood)?;
                Ok((account, opened))
            }
            Refreshed::FamilyEnded | Refreshed::Refused => Err(RefreshError::NotGood),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{StoppedClock, UserId};

    use super::super::ports::MockSessionStore;
    use super::super::test_data::{mint, now, patient, session};
    use super::super::user_ports::MockUserStore;
    use super::*;

    fn refresh(store: MockSessionStore) -> RefreshSession {
        let mut users = MockUserStore::new();
        users.expect_find().returning(|id| Ok(Some(patient(id))));
        RefreshSession {
            store: Arc::new(store),
            users: Arc::new(users),
            mint: Arc::new(mint()),
            clock: Arc::new(StoppedClock::at(now())),
        }
    }

    #[tokio::test]
    async fn a_good_token_is_taken_for_new_ones() {
        let user = UserId::mint();
        let mut store = MockSessionStore::new();
        store
            .expect_refresh()
            .withf(|shown, next, at| *shown == [1; 32] && *next == [7; 32] && *at == now())
            .times(1)
            .returning(move |_, _, _| Ok(Refreshed::Renewed(Box::new(session(user)))));
        let (account, opened) = refresh(store).run("known").await.unwrap();
        assert_eq!((account.id, opened.expires_in), (user, 900));
        assert!(matches!(opened.tokens, Tokens::Bearer { refresh: Some(_), .. }));
    }

    #[tokio::test]
    async fn what_cannot_be_a_token_never_reaches_the_store() {
        let mut store = MockSessionStore::new();
        store.expect_refresh().never();
        assert!(matches!(refresh(store).run("' OR 1=1").await, Err(RefreshError::NotGood)));
    }

    #[tokio::test]
    async fn a_used_and_an_unknown_token_are_told_alike() {
        for outcome in [Refreshed::FamilyEnded, Refreshed::Refused] {
            let mut store = MockSessionStore::new();
            store.expect_refresh().returning(move |_, _, _| Ok(outcome.clone()));
            assert!(matches!(refresh(store).run("known").await, Err(RefreshError::NotGood)));
        }
    }
}
