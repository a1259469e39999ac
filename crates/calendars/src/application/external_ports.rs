use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{DoctorId, Interval, Once, OnceError, PortFailure, Recorded};

use crate::domain::{ExternalCalendar, ExternalEvent, ExternalId};

/// What came of asking for a calendar.
#[derive(Clone, PartialEq, Eq)]
pub enum Fetched {
    /// It is as it was.
    Unchanged,
    /// Its text, and a tag to ask with the next time.
    Text {
        /// The text.
        text: String,
        /// The tag.
        etag: Option<String>,
    },
}

/// Why a calendar was not fetched. Its words are codes: they are shown, and must not hold the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address is none that may be asked: not https, with a password, or inside of a private network.
    #[error("address-refused")]
    Refused,
    /// Nobody answers there.
    #[error("unreachable")]
    Unreachable,
    /// It takes too long.
    #[error("too-slow")]
    TooSlow,
    /// It is larger than 5 MB.
    #[error("too-large")]
    TooLarge,
    /// The answer is no calendar, but something else.
    #[error("refused-by-server")]
    BadStatus,
    /// The answer is packed, or its text cannot be read.
    #[error("unreadable")]
    Unreadable,
}

/// Fetches calendars from elsewhere, without letting anybody look into private networks.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait CalendarSource: Send + Sync {
    /// Is this an address that may be asked at all? Asks nobody.
    fn allows(&self, address: &str) -> bool;

    /// The calendar at that address, unless it still has that tag.
    async fn fetch<'a>(&self, address: &'a str, etag: Option<&'a str>) -> Result<Fetched, FetchError>;
}

/// Blocks doctors' time. Another slice does.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait DoctorTime: Send + Sync {
    /// The zone of the doctor's first clinic; nothing when there is no such doctor.
    async fn zone(&self, doctor: DoctorId) -> Result<Option<String>, PortFailure>;

    /// These spans, and no others, are blocked by that calendar.
    async fn block(&self, doctor: DoctorId, calendar: ExternalId, spans: &[Interval]) -> Result<(), PortFailure>;
}

/// How a reading ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is as it was.
    Unchanged,
    /// It was read.
    Read {
        /// A tag to ask with the next time.
        etag: Option<String>,
        /// How many busy times there are.
        busy: u32,
        /// How many events were not understood.
        not_understood: u32,
    },
    /// It was not, for this reason.
    Failed(String),
}

/// A calendar whose time to be read has come, or whose busy times are to be freed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// To be read.
    Read(Box<ExternalCalendar>),
    /// To be freed.
    Free(ExternalId, DoctorId),
}

/// Why a calendar was not stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreExternalError {
    /// The doctor has as many as one may.
    #[error("too many calendars")]
    TooMany,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Keeps calendars elsewhere. A writing method is one transaction.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait ExternalStore: Send + Sync {
    /// Adds one, to be read at once.
    async fn add(
        &self,
        new: &ExternalCalendar,
        added: &Recorded<ExternalEvent>,
        once: Option<Once<ExternalCalendar>>,
    ) -> Result<(), StoreExternalError>;

    /// Those of a doctor, the oldest first.
    async fn of(&self, doctor: DoctorId) -> Result<Vec<ExternalCalendar>, PortFailure>;

    /// Takes one away; `false` when there is none. Its busy times are to be freed at once.
    async fn remove(
        &self,
        doctor: DoctorId,
        id: ExternalId,
        removed: &Recorded<ExternalEvent>,
    ) -> Result<bool, PortFailure>;

    /// Takes those whose time has come, each for one reader alone, and sets their next time.
    async fn take_due(&self, now: Timestamp, next: Timestamp, limit: u32) -> Result<Vec<Due>, PortFailure>;

    /// Takes down how a reading ended; `false` when it was removed meanwhile.
    async fn ended(&self, id: ExternalId, outcome: &Outcome, now: Timestamp) -> Result<bool, PortFailure>;

    /// Forgets one that is removed and freed.
    async fn forget(&self, id: ExternalId) -> Result<(), PortFailure>;
}
