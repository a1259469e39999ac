use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{ClinicId, Once, OnceError, PortFailure, Recorded, Role, SessionId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::password::WeakPassword;
use crate::domain::{Account, AccountEvent, AccountState, Email};

/// A mail that goes out with the change that causes it: name of the template, reader, values.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// Name of the template.
    pub template: &'static str,
    /// To whom.
    pub to: Email,
    /// In which language.
    pub language: String,
    /// What it shows, by name.
    pub values: Vec<(&'static str, String)>,
}

impl Notice {
    /// A mail without values.
    #[must_use]
    pub fn new(template: &'static str, to: &Email, language: &str) -> Self {
        Self { template, to: to.clone(), language: language.to_owned(), values: Vec::new() }
    }

    /// With one value more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push((name, value.into()));
        self
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice").field("template", &self.template).finish_non_exhaustive()
    }
}

/// What a one-time code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodePurpose {
    /// Signing in.
    SignIn,
    /// Signing up, or in where the address has an account.
    Register,
    /// A new password.
    PasswordReset,
    /// Proving another address.
    EmailChange,
    /// The first password of an account that somebody else has made.
    Invitation,
}

impl CodePurpose {
    /// The word for it in the table.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Register => "register",
            Self::PasswordReset => "password_reset",
            Self::EmailChange => "email_change",
            Self::Invitation => "invitation",
        }
    }

    /// All of them.
    pub const ALL: [Self; 5] = [Self::SignIn, Self::Register, Self::PasswordReset, Self::EmailChange, Self::Invitation];
}

/// What is remembered with a code, sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeDetails {
    /// The address the code went to.
    pub email: String,
    /// Of a sign-up.
    pub name: String,
    /// Of a sign-up.
    pub language: String,
    /// Of a sign-up with a password.
    pub password_hash: Option<String>,
    /// Of a sign-up: documents and their versions.
    pub consents: Vec<(String, String)>,
}

impl CodeDetails {
    /// The address alone.
    #[must_use]
    pub fn of(email: &Email) -> Self {
        Self {
            email: email.as_str().to_owned(),
            name: String::new(),
            language: String::new(),
            password_hash: None,
            consents: Vec::new(),
        }
    }
}

/// A code to be stored, as its digest.
#[derive(Clone)]
pub struct NewCode {
    /// The request that it belongs to.
    pub request: Uuid,
    /// What it is for.
    pub purpose: CodePurpose,
    /// The account it is for, where there is one.
    pub account: Option<UserId>,
    /// By this address an account is looked for when the code is shown.
    pub email: Email,
    /// See there.
    pub details: CodeDetails,
    /// Of the code, or of nothing that anybody could show.
    pub digest: [u8; 32],
    /// Worth nothing from then on.
    pub expires_at: Timestamp,
}

/// A code that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownCode {
    /// The request that it belongs to.
    pub request: Uuid,
    /// Of what was shown.
    pub digest: [u8; 32],
    /// What it may be for.
    pub purposes: Vec<CodePurpose>,
}

/// A code that was right, and the account it leads to, which nobody else changes meanwhile.
#[derive(Clone)]
pub struct Redeemed {
    /// What it is for.
    pub purpose: CodePurpose,
    /// The account it was made for, or the one that has the address by now.
    pub account: Option<Account>,
    /// See there.
    pub details: CodeDetails,
}

/// What happens to the recovery codes of an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RecoveryCodes {
    /// Nothing.
    #[default]
    Keep,
    /// These digests are the codes from now on.
    Replace(Vec<[u8; 32]>),
    /// The one of this digest is used up; the change is refused where there is none.
    Use([u8; 32]),
}

/// An answer to a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentGiven {
    /// Which document.
    pub document: String,
    /// Which of its versions.
    pub version: String,
    /// Given, or withdrawn?
    pub given: bool,
}

/// A document's present answer and those before, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Which document.
    pub document: String,
    /// Which of its versions.
    pub version: String,
    /// When it was given.
    pub given_at: Timestamp,
    /// When it was withdrawn or replaced, where it was.
    pub withdrawn_at: Option<Timestamp>,
}

/// A change of an account: all of it is stored, or nothing.
#[derive(Debug, Clone)]
pub struct Change {
    /// The account as it shall be, one version later.
    pub account: Account,
    /// What has happened.
    pub event: Recorded<AccountEvent>,
    /// Mails about it.
    pub notices: Vec<Notice>,
    /// Ends the sessions of the account but this one, with a code that says why.
    pub end_sessions: Option<(Option<SessionId>, &'static str)>,
    /// See there.
    pub recovery: RecoveryCodes,
    /// Answers to documents.
    pub consents: Vec<ConsentGiven>,
}

impl Change {
    /// A change without consequences.
    #[must_use]
    pub fn new(account: Account, event: Recorded<AccountEvent>) -> Self {
        Self {
            account,
            event,
            notices: Vec::new(),
            end_sessions: None,
            recovery: RecoveryCodes::Keep,
            consents: Vec::new(),
        }
    }
}

/// An account to be made.
#[derive(Clone)]
pub struct NewUser {
    /// The account.
    pub account: Account,
    /// What has happened.
    pub event: Recorded<AccountEvent>,
    /// Documents agreed to.
    pub consents: Vec<ConsentGiven>,
    /// The code of its invitation and the mail about it.
    pub invitation: Option<(NewCode, Notice)>,
    /// The client's wish to have it done once.
    pub once: Option<Once<Account>>,
}

/// What is done with a code that was right.
pub enum Outcome {
    /// An account is made.
    Create(Box<NewUser>),
    /// The account is changed.
    Change(Box<Change>),
}

/// Why something is not done, decided while the account is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What was shown proves nothing.
    #[error("this proves nothing")]
    WrongProof,
    /// There is no such account, or none that this can be done to.
    #[error("there is no such account")]
    NotFound,
    /// Another version than the caller insists on.
    #[error("the account has changed")]
    VersionChanged,
    /// The password is not good enough.
    #[error("the password {0}")]
    Weak(WeakPassword),
    /// A second factor is there already.
    #[error("a second factor is set up")]
    SecondFactorExists,
    /// Role, clinics and profile do not go together.
    #[error("role, clinics and profile do not go together")]
    BadReach(BadReach),
}

/// What is wrong with role, clinics and profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadReach {
    /// A doctor has a profile.
    ProfileMissing,
    /// Nobody else has one.
    ProfileForeign,
    /// A front desk has a clinic.
    ClinicMissing,
    /// Patients and administrators have none.
    ClinicForeign,
    /// Patients sign up themselves and never become anything else, nor the other way round.
    Patient,
}

/// Decides about a change while the account is locked. It may be asked more than once.
pub type Decide = Arc<dyn Fn(&Account) -> Result<Change, Refusal> + Send + Sync>;
/// Decides what to do with a right code. It may be asked more than once.
pub type DecideByCode = Arc<dyn Fn(&Redeemed) -> Result<Outcome, Refusal> + Send + Sync>;

/// Why an account was not stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A rule says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The address has another account.
    #[error("the address has an account")]
    EmailTaken,
    /// The profile has another account.
    #[error("the profile has an account")]
    ProfileTaken,
    /// Nobody would be left who could undo it.
    #[error("this is the last administrator")]
    LastAdmin,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Which accounts a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Only these.
    pub role: Option<Role>,
    /// Only these.
    pub state: Option<AccountState>,
    /// Only members of this clinic.
    pub clinic: Option<ClinicId>,
}

/// Keeps accounts. Every writing method is one transaction: rows, audit event, mails, ended sessions.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait UserStore: Send + Sync {
    /// The account of this id.
    async fn find(&self, id: UserId) -> Result<Option<Account>, PortFailure>;

    /// The account with this address. One statement, whether there is one or not.
    async fn by_email(&self, email: &Email) -> Result<Option<Account>, PortFailure>;

    /// Accounts in the order they were made, after this one.
    async fn page(
        &self,
        wanted: &UserFilter,
        after: Option<(Timestamp, UserId)>,
        limit: u32,
    ) -> Result<Vec<Account>, PortFailure>;

    /// Answers of an account to documents, the newest first.
    async fn consents(&self, id: UserId) -> Result<Vec<Consent>, PortFailure>;

    /// Makes an account.
    async fn create(&self, new: &NewUser) -> Result<(), StoreError>;

    /// Locks the account, lets `decide`, stores what that says; gives the account as it is then.
    async fn change(&self, id: UserId, decide: Decide) -> Result<Account, StoreError>;

    /// Stores a code, and the mail that carries it.
    async fn issue(&self, code: &NewCode, notice: &Notice, event: &Recorded<AccountEvent>) -> Result<(), PortFailure>;

    /// Takes a code that is shown: counts a wrong one, uses up a right one, lets `decide` and stores what that says.
    /// A code that is wrong, used up, too old or of another request is [`Refusal::WrongProof`]; a right one that
    /// `decide` refuses stays good.
    async fn redeem(&self, shown: &ShownCode, decide: DecideByCode, at: Timestamp) -> Result<Account, StoreError>;
}
