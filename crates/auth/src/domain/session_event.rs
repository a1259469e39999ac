use kernel::{DomainEvent, SessionId, UserId};
use serde::Serialize;
use uuid::Uuid;

/// What happened to sessions. Ids and codes only: it goes into the audit trail and the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SessionEvent {
    /// Somebody signed in.
    Opened {
        /// The sign-in.
        session_id: SessionId,
        /// Whose.
        account_id: UserId,
        /// `bearer` or `cookie`.
        kind: &'static str,
        /// `full` or `second_factor_setup`.
        extent: &'static str,
    },
    /// A sign-in is over before its time.
    Ended {
        /// The sign-in.
        session_id: SessionId,
        /// Whose.
        account_id: UserId,
        /// A code, e.g. `signed_out`.
        why: &'static str,
    },
    /// All sign-ins of an account are over, but perhaps one.
    AllEnded {
        /// Whose.
        account_id: UserId,
        /// The one that stays.
        #[serde(skip_serializing_if = "Option::is_none")]
        except: Option<SessionId>,
        /// How many ended.
        count: u64,
        /// A code, e.g. `password_changed`.
        why: &'static str,
    },
    /// A refresh token came back after its use; the sign-in was ended.
    ReuseDetected {
        /// The sign-in.
        session_id: SessionId,
        /// Whose.
        account_id: UserId,
    },
}

impl DomainEvent for SessionEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "session.opened",
            Self::Ended { .. } => "session.ended",
            Self::AllEnded { .. } => "session.all_ended",
            Self::ReuseDetected { .. } => "session.reuse_detected",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::Opened { session_id, .. }
            | Self::Ended { session_id, .. }
            | Self::ReuseDetected { session_id, .. } => session_id.as_uuid(),
            Self::AllEnded { account_id, .. } => account_id.as_uuid(),
        }
    }

    fn clinic(&self) -> Option<Uuid> {
        None
    }
}
