use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Actor, PortFailure, SessionId, UserId};

use crate::domain::{Client, Secret, SessionExtent, SessionKind};

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
