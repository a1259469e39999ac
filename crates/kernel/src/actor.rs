use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AppointmentId, UserId};

/// On whose behalf something is done, as the audit trail names it. What that person may reach stands in
/// [`Caller`](crate::Caller).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// Somebody who is not signed in.
    Guest,
    /// The bearer of the signed link of one appointment: may read, move and cancel that one.
    LinkHolder(AppointmentId),
    /// A signed-in patient, or somebody who looks after patients.
    Patient(UserId),
    /// A signed-in doctor.
    Doctor(UserId),
    /// A member of a clinic's front desk.
    Staff(UserId),
    /// An administrator of the installation.
    Admin(UserId),
    /// Doktolib itself: the worker, the seeder, a command of the operator.
    System,
}

impl Actor {
    /// The actor's kind as it stands in the audit trail, e.g. `link_holder`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::LinkHolder(_) => "link_holder",
            Self::Patient(_) => "patient",
            Self::Doctor(_) => "doctor",
            Self::Staff(_) => "staff",
            Self::Admin(_) => "admin",
            Self::System => "system",
        }
    }

    /// The id of the account or record behind the actor, where there is one.
    #[must_use]
    pub const fn id(&self) -> Option<Uuid> {
        match self {
            Self::Guest | Self::System => None,
            Self::LinkHolder(id) => Some(id.as_uuid()),
            Self::Patient(id) | Self::Doctor(id) | Self::Staff(id) | Self::Admin(id) => Some(id.as_uuid()),
        }
    }

    /// The account that is signed in, where one is.
    #[must_use]
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::Guest | Self::LinkHolder(_) | Self::System => None,
            Self::Patient(id) | Self::Doctor(id) | Self::Staff(id) | Self::Admin(id) => Some(*id),
        }
    }
}
