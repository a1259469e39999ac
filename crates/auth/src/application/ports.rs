use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Actor, PortFailure, Recorded, SessionId, UserId};

use crate::domain::{Client, Secret, Session, SessionEvent, SessionExtent, SessionKind};

/// A session that was just opened, with what its client is to hold. Nothing of it can be read again later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedSession {
    /// Which.
    pub session: SessionId,
    /// Seconds until the access token, or the cookie, is worth nothing.
    pub expires_in: u32,
    /// What the client holds.
    pub tokens: Tokens,
}

/// What a client holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tokens {
    /// For programs.
    Bearer {
        /// The access token, a JWT (RFC 7519).
        access: Secret,
        /// Renews it; none for sessions that are not renewed.
        refresh: Option<Secret>,
    },
    /// For pages.
    Cookie {
        /// The cookie's value.
        value: Secret,
        /// The token that shows that a request comes from the page.
        csrf: Secret,
    },
}

/// Opens sessions for those who have proven who they are, and ends them when that no longer holds.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait SessionOpener: Send + Sync {
    /// Opens a session of `account`; `actor` is whose act it is in the audit trail.
    async fn open(
        &self,
        account: UserId,
        kind: SessionKind,
        extent: SessionExtent,
        client: Client,
        actor: Actor,
        at: Timestamp,
    ) -> Result<OpenedSession, PortFailure>;

    /// Ends every session of `account` but `except`; gives how many. `why` is a code of at most 40 characters, e.g.
    /// `password_changed`. To end them in the same transaction as their reason, see `infrastructure::end_sessions`.
    async fn end_all(
        &self,
        account: UserId,
        except: Option<SessionId>,
        why: &'static str,
        actor: Actor,
        at: Timestamp,
    ) -> Result<u64, PortFailure>;
}

/// SHA-256 of a secret: all that is kept of it.
pub type Digest = [u8; 32];

/// A new secret and what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minted {
    /// For the client.
    pub secret: Secret,
    /// For the store.
    pub digest: Digest,
}

/// Makes what clients hold.
#[cfg_attr(test, mockall::automock)]
pub trait TokenMint: Send + Sync {
    /// An access token of a session, good from `at` until `until`.
    fn access(
        &self,
        account: UserId,
        session: SessionId,
        at: Timestamp,
        until: Timestamp,
    ) -> Result<Secret, PortFailure>;

    /// A new refresh token or cookie: 256 random bits.
    fn opaque(&self) -> Minted;

    /// What is kept of the secret that a client shows, or `None` when it cannot be one.
    fn digest(&self, shown: &str) -> Option<Digest>;

    /// The token that a page of this session shows.
    fn csrf(&self, session: SessionId) -> Secret;
}

/// By what a session is found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundBy {
    /// By the session id in the access token alone.
    Access,
    /// By its first refresh token as well.
    Refresh(Digest),
    /// By its cookie.
    Cookie(Digest),
}

/// A session to store.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The session.
    pub session: Session,
    /// By what it is found again.
    pub found_by: FoundBy,
    /// What happened.
    pub opened: Recorded<SessionEvent>,
}

/// What came of a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// The session lives on; the old token is used, the new one is stored.
    Renewed(Box<Session>),
    /// The token had been used before: the session was ended, its owner is told by mail.
    FamilyEnded,
    /// There is no such token, or it is over.
    Refused,
}

/// Keeps sessions. Every writing method is one transaction: rows, audit event, message, letter.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Stores a new session; the oldest of the account ends when there are too many.
    async fn insert(&self, new: &NewSession) -> Result<(), PortFailure>;

    /// Uses the refresh token `shown`, and stores `next` in its place. Of rivals with the same token at most one
    /// renews; the others end the session.
    async fn refresh(&self, shown: Digest, next: Digest, at: Timestamp) -> Result<Refreshed, PortFailure>;

    /// The sessions of an account that are open, the newest first.
    async fn list(&self, account: UserId, now: Timestamp) -> Result<Vec<Session>, PortFailure>;

    /// Ends a session of this account; `false` when it has no such open one.
    async fn end(
        &self,
        account: UserId,
        session: SessionId,
        why: &'static str,
        actor: Actor,
        at: Timestamp,
    ) -> Result<bool, PortFailure>;

    /// Ends all of an account but `except`; gives how many.
    async fn end_all(
        &self,
        account: UserId,
        except: Option<SessionId>,
        why: &'static str,
        actor: Actor,
        at: Timestamp,
    ) -> Result<u64, PortFailure>;
}
