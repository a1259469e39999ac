use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Actor, PortFailure, Recorded, SessionId, UserId};

use super::ports::{FoundBy, NewSession, OpenedSession, SessionOpener, SessionStore, TokenMint, Tokens};
use crate::domain::{Client, Session, SessionExtent, SessionKind, seconds};

/// Opens sessions and ends all of an account: what every way of signing in ends with.
pub struct OpenSession {
    /// Where sessions are kept.
    pub store: Arc<dyn SessionStore>,
    /// Makes tokens.
    pub mint: Arc<dyn TokenMint>,
}

impl OpenSession {
    /// A session that is never renewed, for operators: its access token ends with it, at `until`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn until(
        &self,
        account: UserId,
        client: Client,
        actor: Actor,
        at: Timestamp,
        until: Timestamp,
    ) -> Result<OpenedSession, PortFailure> {
        let (mut session, opened) = Session::open(account, SessionKind::Bearer, SessionExtent::Full, client, at);
        session.life.expires_at = until.min(session.life.expires_at);
        let until = session.life.expires_at;
        let access = self.mint.access(account, session.id, at, until)?;
        let id = session.id;
        let opened = Recorded::new(opened, actor, at);
        self.store.insert(&NewSession { session, found_by: FoundBy::Access, opened }).await?;
        let tokens = Tokens::Bearer { access, refresh: None };
        Ok(OpenedSession { session: id, expires_in: seconds(at, until), tokens })
    }
}

#[async_trait]
impl SessionOpener for OpenSession {
    async fn open(
        &self,
        account: UserId,
        kind: SessionKind,
        extent: SessionExtent,
        client: Client,
        actor: Actor,
        at: Timestamp,
    ) -> Result<OpenedSession, PortFailure> {
        let (session, opened) = Session::open(account, kind, extent, client, at);
        let (id, life) = (session.id, session.life);
        let (found_by, tokens, until) = match kind {
            SessionKind::Bearer => {
                let until = life.access_until(at);
                let access = self.mint.access(account, id, at, until)?;
                let refresh = life.is_renewed().then(|| self.mint.opaque());
                let found_by = refresh.as_ref().map_or(FoundBy::Access, |minted| FoundBy::Refresh(minted.digest));
                (found_by, Tokens::Bearer { access, refresh: refresh.map(|minted| minted.secret) }, until)
            }
            SessionKind::Cookie => {
                let cookie = self.mint.opaque();
                let tokens = Tokens::Cookie { value: cookie.secret, csrf: self.mint.csrf(id) };
                (FoundBy::Cookie(cookie.digest), tokens, life.expires_at)
            }
        };
        let opened = Recorded::new(opened, actor, at);
        self.store.insert(&NewSession { session, found_by, opened }).await?;
        Ok(OpenedSession { session: id, expires_in: seconds(at, until), tokens })
    }

    async fn end_all(
        &self,
        account: UserId,
        except: Option<SessionId>,
        why: &'static str,
        actor: Actor,
        at: Timestamp,
    ) -> Result<u64, PortFailure> {
        self.store.end_all(account, except, why, actor, at).await
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::ports::MockSessionStore;
    use super::super::test_data::{mint, now};
    use super::*;

    async fn opened(kind: SessionKind, extent: SessionExtent) -> (OpenedSession, FoundBy) {
        let user = UserId::mint();
        let stored = Arc::new(std::sync::Mutex::new(None));
        let mut store = MockSessionStore::new();
        let kept = stored.clone();
        store.expect_insert().times(1).returning(move |new| {
            assert_eq!((new.session.account, new.opened.at, new.opened.actor), (user, now(), Actor::Patient(user)));
            *kept.lock().unwrap() = Some(new.found_by.clone());
            Ok(())
        });
        let open = OpenSession { store: Arc::new(store), mint: Arc::new(mint()) };
        let opened = open.open(user, kind, extent, Client::default(), Actor::Patient(user), now()).await.unwrap();
        let found_by = stored.lock().unwrap().take().unwrap();
        (opened, found_by)
    }

    #[tokio::test]
    async fn a_program_gets_both_tokens_and_the_store_only_a_digest() {
        let (opened, found_by) = opened(SessionKind::Bearer, SessionExtent::Full).await;
        assert_eq!((opened.expires_in, found_by), (900, FoundBy::Refresh([7; 32])));
        assert!(matches!(opened.tokens, Tokens::Bearer { refresh: Some(_), .. }));
    }

    #[tokio::test]
    async fn who_still_has_to_set_up_a_factor_gets_nothing_to_renew_it_with() {
        let (opened, found_by) = opened(SessionKind::Bearer, SessionExtent::SecondFactorSetup).await;
        assert_eq!((opened.expires_in, found_by), (900, FoundBy::Access));
        assert!(matches!(opened.tokens, Tokens::Bearer { refresh: None, .. }));
    }

    #[tokio::test]
    async fn a_page_gets_a_cookie_and_the_token_against_forgery() {
        let (opened, found_by) = opened(SessionKind::Cookie, SessionExtent::Full).await;
        assert_eq!((opened.expires_in, found_by), (12 * 3600, FoundBy::Cookie([7; 32])));
        assert!(matches!(opened.tokens, Tokens::Cookie { .. }));
    }

    #[tokio::test]
    async fn the_token_of_an_operator_ends_when_it_is_told_to() {
        let mut store = MockSessionStore::new();
        let until = now() + SignedDuration::from_mins(5);
        store
            .expect_insert()
            .withf(move |new| new.session.life.expires_at == until && new.found_by == FoundBy::Access)
            .times(1)
            .returning(|_| Ok(()));
        let open = OpenSession { store: Arc::new(store), mint: Arc::new(mint()) };
        let opened = open.until(UserId::mint(), Client::default(), Actor::System, now(), until).await.unwrap();
        assert_eq!(opened.expires_in, 300);
    }
}
