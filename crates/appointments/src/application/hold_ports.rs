//! What holds need from outside.

use std::fmt;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, AppointmentId, Once, OnceError, PatientId, PortFailure, Recorded, UserId};

use super::ports::Names;
use crate::domain::{Hold, HoldEvent};

/// How long a time is held: for a guest to read a mail, for somebody to fill in a form.
pub const HOLD_LASTS: SignedDuration = SignedDuration::from_mins(10);
/// How many open holds one address, and one client who is not signed in, may have. So nobody who cannot be asked who
/// they are blocks a calendar.
pub const MOST_HOLDS: i64 = 3;

/// What a guest has told of the visit to be.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who comes.
    pub name: String,
    /// The address that is not proven yet.
    pub email: String,
    /// What the doctor should know.
    pub notes: Option<String>,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").finish_non_exhaustive()
    }
}

/// The letter with a guest's code, posted with the hold.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeLetter {
    /// BCP 47 tag of the language it is written in.
    pub language: String,
    /// What proves the address.
    pub code: String,
    /// Whose time it is, and where.
    pub names: Names,
}

impl fmt::Debug for CodeLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeLetter").field("names", &self.names).finish_non_exhaustive()
    }
}

/// What a guest's hold has, and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestHold {
    /// What becomes of it once the address is proven.
    pub draft: Draft,
    /// Keyed hash of the code.
    pub digest: [u8; 32],
    /// Tells the code.
    pub letter: CodeLetter,
}

/// Whose a hold is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldOwner {
    /// Of somebody who is signed in.
    User(UserId),
    /// Of who holds its token, or the code in the mail; asked for from this client.
    Client(String),
    /// Of a patient who waits for a time.
    Patient(PatientId),
}

/// A hold to store.
#[derive(Debug, Clone)]
pub struct NewHold {
    /// The hold.
    pub hold: Hold,
    /// Whose it is. Another one for a form, of the same owner, is released for it.
    pub owner: HoldOwner,
    /// What a guest's has.
    pub guest: Option<GuestHold>,
    /// An earlier hold of the same owner, which is given up for this one.
    pub instead_of: Option<AppointmentId>,
    /// The state of the doctor's rules that offered the time.
    pub edition: i64,
    /// What happened.
    pub opened: Recorded<HoldEvent>,
    /// The client's wish to have it done once.
    pub once: Option<Once<Hold>>,
}

/// Why a hold was not stored.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Somebody else has the doctor's time.
    #[error("the slot is taken")]
    SlotTaken,
    /// The address or the client has [`MOST_HOLDS`] open.
    #[error("too many holds")]
    TooMany {
        /// When the first of them ends.
        until: Timestamp,
    },
    /// The doctor's rules have changed since they offered the time; ask them again.
    #[error("the doctor's rules have changed")]
    RulesChanged,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// A guest's hold whose code was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The hold.
    pub hold: Hold,
    /// What is to become of it.
    pub draft: Draft,
}

/// By what somebody asks for a hold to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldBy {
    /// The account it belongs to.
    User(UserId),
    /// Its token.
    Token,
    /// The patient it is offered to.
    Patient(PatientId),
}

/// Keeps holds. Every writing method is one transaction.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait HoldStore: Send + Sync {
    /// Stores a hold, and posts its letter, or changes nothing.
    async fn open(&self, new: &NewHold) -> Result<(), OpenError>;

    /// The guest's hold whose code has this digest. A wrong try is counted, and the fifth is the last; nothing is told
    /// of why there is no answer.
    async fn prove(&self, id: AppointmentId, digest: [u8; 32], now: Timestamp) -> Result<Option<Proven>, PortFailure>;

    /// Ends an open hold of that owner; `false` when there is none. A guest's is ended by nobody: it would make room
    /// for the next letter to the same address.
    async fn release(&self, id: AppointmentId, by: HeldBy, event: &ReleasedBy) -> Result<bool, PortFailure>;
}

/// Who ends a hold, when, and in answer to which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedBy {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// In answer to what.
    pub request_id: Option<String>,
}

/// Which hold a booking takes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It becomes this very visit: without it there is no booking.
    Becomes(AppointmentId),
    /// Its time is given up for the booking, where it is in the way; without it the booking has to find the time free.
    GivenUp(AppointmentId),
}

/// Makes and recognises codes.
#[cfg_attr(test, mockall::automock)]
pub trait HoldCodes: Send + Sync {
    /// A new code of six digits, from a secure source.
    fn code(&self) -> String;

    /// The keyed hash of a code, bound to its hold; spaces and dashes are overlooked.
    fn digest(&self, of: AppointmentId, code: &str) -> [u8; 32];
}
