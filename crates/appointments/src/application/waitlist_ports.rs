//! What the waitlist needs from outside.

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Actor, AppointmentId, ClinicId, DoctorId, Once, OnceError, PortFailure, Recorded, VisitTypeId};

use super::ports::Names;
use super::view_ports::Within;
use crate::domain::{Hold, HoldEvent, Outcome, WaitlistEntry, WaitlistEntryId, WaitlistEvent, WaitlistOffer};

/// How many entries of one patient may be open.
pub const MOST_ENTRIES: i64 = 10;

/// Somebody who gets in line.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// The entry.
    pub entry: WaitlistEntry,
    /// What happened.
    pub joined: Recorded<WaitlistEvent>,
    /// The client's wish to have it done once.
    pub once: Option<Once<WaitlistEntry>>,
}

/// Why somebody is not put in line.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The patient has [`MOST_ENTRIES`] open.
    #[error("too many entries")]
    TooMany,
    /// The patient waits for the same already.
    #[error("waits for it already")]
    Already,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// An entry with the offer that awaits an answer, where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryView {
    /// The entry.
    pub entry: WaitlistEntry,
    /// The open offer.
    pub offer: Option<WaitlistOffer>,
}

/// The place of an entry in the line.
pub type EntryPosition = (Timestamp, WaitlistEntryId);

/// How an offer ends.
#[derive(Debug, Clone)]
pub struct Ending {
    /// Which offer.
    pub id: AppointmentId,
    /// How. As expired or withdrawn it ends in any case; as refused only while it is open.
    pub outcome: Outcome,
    /// By whom.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// In answer to what.
    pub request_id: Option<String>,
    /// The client's wish to have it done once.
    pub once: Option<Once<()>>,
}

/// Why an offer was not ended.
#[derive(Debug, thiserror::Error)]
pub enum EndingError {
    /// It has ended already.
    #[error("the offer is over")]
    Over,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Keeps entries and offers. Every writing method is one transaction.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait WaitlistStore: Send + Sync {
    /// Puts somebody in line, or changes nothing.
    async fn join(&self, new: &NewEntry) -> Result<(), EntryError>;

    /// One entry.
    async fn entry(&self, id: WaitlistEntryId) -> Result<Option<WaitlistEntry>, PortFailure>;

    /// Entries within a reach, perhaps of one doctor, in the order of the line; `limit` and one more.
    async fn entries(
        &self,
        within: &Within,
        doctor: Option<DoctorId>,
        after: Option<EntryPosition>,
        limit: u32,
    ) -> Result<Vec<EntryView>, PortFailure>;

    /// Takes an open entry off, and ends its offer; changes nothing where it waits no longer.
    async fn leave(&self, left: &Recorded<WaitlistEvent>) -> Result<(), PortFailure>;

    /// One offer.
    async fn offer(&self, id: AppointmentId) -> Result<Option<WaitlistOffer>, PortFailure>;

    /// The hold that keeps an offer's time, while it is there.
    async fn hold(&self, id: AppointmentId) -> Result<Option<Hold>, PortFailure>;

    /// Ends an offer that did not become a visit: its time is free, and who waited is back in line, or lapses.
    async fn end(&self, ending: &Ending) -> Result<(), EndingError>;
}

/// Somebody in line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InLine {
    /// The entry.
    pub entry: WaitlistEntry,
    /// What was offered to them before, whatever became of it.
    pub offered: Vec<(DoctorId, Timestamp)>,
}

/// The letter with an offer, posted with it.
#[derive(Clone, PartialEq, Eq)]
pub struct OfferLetter {
    /// Where it goes.
    pub email: String,
    /// BCP 47 tag of the language it is written in.
    pub language: String,
    /// How the patient is called.
    pub name: String,
    /// Whom and where it names.
    pub names: Names,
}

impl fmt::Debug for OfferLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfferLetter").field("names", &self.names).finish_non_exhaustive()
    }
}

/// An offer to store, with the hold that keeps its time.
#[derive(Debug, Clone)]
pub struct NewOffer {
    /// The offer.
    pub offer: WaitlistOffer,
    /// What happened on the waitlist.
    pub offered: Recorded<WaitlistEvent>,
    /// The hold.
    pub hold: Hold,
    /// What happened to the calendar.
    pub opened: Recorded<HoldEvent>,
    /// The state of the doctor's rules that offered the time.
    pub edition: i64,
    /// Tells of it.
    pub letter: Option<OfferLetter>,
}

/// Why nothing was offered.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    /// The entry waits no longer, or a rival has offered it something.
    #[error("waits no longer")]
    NotWaiting,
    /// Somebody else has the time.
    #[error("the slot is taken")]
    SlotTaken,
    /// The patient has a visit at that time.
    #[error("the patient is busy")]
    PatientBusy,
    /// It was offered to them before.
    #[error("offered before")]
    OfferedBefore,
    /// The doctor's rules have changed since they offered the time.
    #[error("the doctor's rules have changed")]
    RulesChanged,
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// The line, as it is served. Every writing method is one transaction.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait WaitlistLine: Send + Sync {
    /// Who waits, in order, from a place on.
    async fn waiting(&self, after: Option<EntryPosition>, limit: u32) -> Result<Vec<InLine>, PortFailure>;

    /// Open offers whose time to answer is over, or whose hold is gone.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<AppointmentId>, PortFailure>;

    /// Stores an offer with its hold, and posts its letter, or changes nothing.
    async fn make(&self, new: &NewOffer) -> Result<(), OfferError>;

    /// An entry that waits lapses.
    async fn lapse(&self, lapsed: &Recorded<WaitlistEvent>) -> Result<(), PortFailure>;
}

/// Which free times are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimesAsked {
    /// Whose.
    pub doctor: DoctorId,
    /// What for; the doctor's default when left out.
    pub visit_type: Option<VisitTypeId>,
    /// First date of the clinic's calendar.
    pub from: Date,
    /// Last date, 30 days later at the most.
    pub to: Date,
}

/// A time that is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTime {
    /// Whose.
    pub doctor: DoctorId,
    /// What for.
    pub visit_type: VisitTypeId,
    /// Where.
    pub clinic: ClinicId,
    /// From.
    pub starts_at: Timestamp,
    /// To.
    pub ends_at: Timestamp,
    /// IANA zone of the clinic.
    pub time_zone: String,
    /// The last instant at which it can be booked.
    pub book_by: Timestamp,
}

/// Tells one state of a doctor's calendar and rules from another.
pub type CalendarMark = (i64, i64);

/// Free times of many doctors. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait OpenTimes: Send + Sync {
    /// For each specialty and city (slugs) the doctors who take bookings there, the soonest free first, 50 at most.
    async fn doctors_of(&self, places: &[(String, String)]) -> Result<Vec<Vec<DoctorId>>, PortFailure>;

    /// The states of these doctors' calendars; who takes no bookings is left out.
    async fn marks(&self, doctors: &[DoctorId]) -> Result<HashMap<DoctorId, CalendarMark>, PortFailure>;

    /// The really free times that each question asks for, in order; none where it cannot be answered.
    async fn free(&self, asked: &[TimesAsked]) -> Result<Vec<Vec<OpenTime>>, PortFailure>;
}
