use kernel::{DomainEvent, Role, UserId};
use serde::Serialize;
use uuid::Uuid;

/// What happens to accounts. Ids and codes only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AccountEvent {
    /// Somebody asked for a one-time code; it says nothing of whether there is such an account.
    CodeRequested {
        /// The request that the code belongs to.
        request_id: Uuid,
        /// What it is for.
        purpose: &'static str,
    },
    /// A patient has signed up.
    Registered {
        /// The new account.
        user_id: UserId,
    },
    /// An administrator or operator has made it.
    Invited {
        /// The new account.
        user_id: UserId,
        /// What it is for.
        role: Role,
    },
    /// A code sent by mail, or a second factor, was taken.
    Proved {
        /// The account.
        user_id: UserId,
        /// `code`, `totp` or `recovery_code`.
        by: &'static str,
    },
    /// It has another password.
    PasswordChanged {
        /// The account.
        user_id: UserId,
        /// `change`, `reset` or `invitation`.
        by: &'static str,
    },
    /// An authenticator app is being set up.
    SecondFactorBegun {
        /// The account.
        user_id: UserId,
    },
    /// An authenticator app was set up.
    SecondFactorSetUp {
        /// The account.
        user_id: UserId,
    },
    /// It has new recovery codes, the old ones are void.
    RecoveryCodesMade {
        /// The account.
        user_id: UserId,
    },
    /// It has another e-mail address.
    EmailChanged {
        /// The account.
        user_id: UserId,
    },
    /// Name or language are others.
    Edited {
        /// The account.
        user_id: UserId,
    },
    /// Documents were agreed to, or no longer.
    ConsentsChanged {
        /// The account.
        user_id: UserId,
    },
    /// Role, clinics, profile or state are others.
    ReachChanged {
        /// The account.
        user_id: UserId,
        /// Now.
        role: Role,
        /// Now.
        state: &'static str,
    },
}

impl DomainEvent for AccountEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::CodeRequested { .. } => "account.code_requested",
            Self::Registered { .. } => "account.registered",
            Self::Invited { .. } => "account.invited",
            Self::Proved { .. } => "account.proved",
            Self::PasswordChanged { .. } => "account.password_changed",
            Self::SecondFactorBegun { .. } => "account.second_factor_begun",
            Self::SecondFactorSetUp { .. } => "account.second_factor_set_up",
            Self::RecoveryCodesMade { .. } => "account.recovery_codes_made",
            Self::EmailChanged { .. } => "account.email_changed",
            Self::Edited { .. } => "account.edited",
            Self::ConsentsChanged { .. } => "account.consents_changed",
            Self::ReachChanged { .. } => "account.reach_changed",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::CodeRequested { request_id, .. } => *request_id,
            Self::Registered { user_id }
            | Self::Invited { user_id, .. }
            | Self::Proved { user_id, .. }
            | Self::PasswordChanged { user_id, .. }
            | Self::SecondFactorBegun { user_id }
            | Self::SecondFactorSetUp { user_id }
            | Self::RecoveryCodesMade { user_id }
            | Self::EmailChanged { user_id }
            | Self::Edited { user_id }
            | Self::ConsentsChanged { user_id }
            | Self::ReachChanged { user_id, .. } => user_id.as_uuid(),
        }
    }

    fn clinic(&self) -> Option<Uuid> {
        None
    }
}
