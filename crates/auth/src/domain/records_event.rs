use kernel::{DomainEvent, UserId};
use serde::Serialize;
use uuid::Uuid;

/// What was done with all that is stored about somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum RecordsEvent {
    /// The person took a copy.
    Exported {
        /// Of this account.
        user_id: UserId,
    },
    /// The person had it erased.
    Erased {
        /// All that is left of the account.
        user_id: UserId,
    },
}

impl DomainEvent for RecordsEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Exported { .. } => "user.exported",
            Self::Erased { .. } => "user.erased",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::Exported { user_id } | Self::Erased { user_id } => user_id.as_uuid(),
        }
    }

    fn clinic(&self) -> Option<Uuid> {
        None
    }
}
