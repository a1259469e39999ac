//! An account: who it is, and what it proves itself with.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use kernel::{Caller, ClinicId, DoctorId, Role, UserId};

use super::person::Email;

/// May the account be used?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// Yes.
    Active,
    /// An administrator has closed it.
    Disabled,
    /// Its person is gone; only the id is left.
    Erased,
}

impl AccountState {
    /// The word for it in the table and in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Erased => "erased",
        }
    }
}

/// The text names no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not one of active, disabled, erased")]
pub struct UnknownState;

impl FromStr for AccountState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Active, Self::Disabled, Self::Erased].into_iter().find(|state| state.word() == text).ok_or(UnknownState)
    }
}

/// The secret shared with an authenticator app (RFC 6238).
#[derive(Clone, PartialEq, Eq)]
pub struct Totp {
    /// 160 bits.
    pub secret: Vec<u8>,
    /// When a first code of it was shown; before that it proves nothing.
    pub confirmed_at: Option<Timestamp>,
    /// The time step of the last code taken: none is taken twice.
    pub last_step: Option<i64>,
}

/// How an account stands with the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactor {
    /// Patients are not asked for one.
    NotAsked,
    /// It is asked for and not set up.
    Missing,
    /// It is set up.
    SetUp,
}

/// An account that can sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: UserId,
    /// What it is for.
    pub role: Role,
    /// May it be used?
    pub state: AccountState,
    /// As the person writes it, 1–200 characters.
    pub name: String,
    /// Where mail reaches the person.
    pub email: Email,
    /// When the person last proved to read that mail.
    pub email_verified_at: Option<Timestamp>,
    /// BCP 47 tag of the language of letters.
    pub language: String,
    /// The profile of a doctor.
    pub doctor: Option<DoctorId>,
    /// The clinics of a doctor or a front desk, in the order of their ids.
    pub clinics: Vec<ClinicId>,
    /// bcrypt hash of the password, where there is one.
    pub password_hash: Option<String>,
    /// The authenticator app, where there is one.
    pub totp: Option<Totp>,
    /// Grows by one with each change.
    pub version: i32,
    /// Since when.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

impl fmt::Debug for Account {
    /// Id, role and state: nothing personal must slip into a log line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("role", &self.role)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Account {
    /// May it be used?
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == AccountState::Active
    }

    /// Can it be signed in to by a code sent by mail? Accounts that see other people's data cannot: who reads
    /// somebody's mail would be in.
    #[must_use]
    pub fn signs_in_by_code(&self) -> bool {
        self.is_active() && self.role == Role::Patient
    }

    /// How it stands with the second factor.
    #[must_use]
    pub fn second_factor(&self) -> SecondFactor {
        let confirmed = self.totp.as_ref().is_some_and(|totp| totp.confirmed_at.is_some());
        match self.role {
            Role::Patient => SecondFactor::NotAsked,
            Role::Doctor | Role::Staff | Role::Admin if confirmed => SecondFactor::SetUp,
            Role::Doctor | Role::Staff | Role::Admin => SecondFactor::Missing,
        }
    }

    /// Fewest characters of its password.
    #[must_use]
    pub fn least_password(&self) -> usize {
        match self.role {
            Role::Patient => super::password::ALONE,
            Role::Doctor | Role::Staff | Role::Admin => super::password::WITH_SECOND_FACTOR,
        }
    }

    /// The account as the one who asks; a doctor without a profile reaches what a front desk of no clinic does.
    #[must_use]
    pub fn caller(&self) -> Caller {
        match (self.role, self.doctor) {
            (Role::Patient, _) => Caller::patient(self.id),
            (Role::Doctor, Some(profile)) => Caller::doctor(self.id, profile, self.clinics.clone()),
            (Role::Doctor, None) => Caller::staff(self.id, Vec::new()),
            (Role::Staff, _) => Caller::staff(self.id, self.clinics.clone()),
            (Role::Admin, _) => Caller::admin(self.id),
        }
    }

    /// The same one version later.
    #[must_use]
    pub fn changed(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// Does this version number stand for it? Any does when none is asked.
    #[must_use]
    pub fn is_one_of(&self, versions: Option<&[i32]>) -> bool {
        versions.is_none_or(|versions| versions.contains(&self.version))
    }
}
