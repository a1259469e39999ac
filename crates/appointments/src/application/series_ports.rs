use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::{
    AppointmentId, ClinicId, DoctorId, Interval, Once, OnceError, PatientId, PortFailure, Recorded, UserId, VisitTypeId,
};

use super::ports::{AppointmentDetails, Change, Confirmation, FreeSlot, NoOffer};
use crate::domain::{AppointmentEvent, Offer, Series, SeriesEvent, SeriesId};

/// A series and its visits, by start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesDetails {
    /// The series.
    pub series: Series,
    /// Its visits, each with the patient.
    pub visits: Vec<AppointmentDetails>,
}

/// Many times of one doctor that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManyTimes {
    /// Whose times.
    pub doctor: DoctorId,
    /// What for; the doctor's default when left out.
    pub visit_type: Option<VisitTypeId>,
    /// The starts.
    pub starts: Vec<Timestamp>,
    /// How many days ahead may be booked at least, whatever the doctor's own horizon is.
    pub horizon_days: u32,
    /// When the patient is elsewhere.
    pub elsewhere: Vec<Interval>,
    /// Stretches that are held for who asks.
    pub kept: Vec<Interval>,
    /// How many other times are named for each that cannot be booked.
    pub alternatives: usize,
}

/// Why a time cannot be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindered {
    /// Somebody else has it, the minutes that are kept free around it, or all rooms that would do: `busy`, `buffer`
    /// or `resource`.
    Taken(&'static str),
    /// The patient is elsewhere.
    PatientBusy,
    /// A rule refuses it, e.g. `clinic-holiday`.
    Rule(&'static str),
}

impl Hindered {
    /// The word in the API: that of the explanation of a slot, or `patient-busy`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Taken(word) | Self::Rule(word) => word,
            Self::PatientBusy => "patient-busy",
        }
    }
}

/// What is to be said of one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// The start.
    pub starts_at: Timestamp,
    /// The end of a visit of that kind.
    pub ends_at: Timestamp,
    /// What is offered, or what stands in the way.
    pub answer: Result<Offer, Hindered>,
    /// Free times near it, where it cannot be booked.
    pub alternatives: Vec<FreeSlot>,
}

/// Many times of a doctor at once. Another slice knows the rules.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait SeriesAgenda: Send + Sync {
    /// Where a visit at `first` would be and the zone of the clock there; the doctor's home clinic when it cannot be
    /// booked. The starts of the question do not matter.
    async fn place(
        &self,
        asked: &ManyTimes,
        first: Timestamp,
        now: Timestamp,
    ) -> Result<Result<(ClinicId, TimeZone), NoOffer>, PortFailure>;

    /// Weighs the times, in their order: what is free can be booked one beside the other, and so can all that is named
    /// in place of the rest.
    async fn weigh(&self, asked: &ManyTimes, now: Timestamp) -> Result<Result<Vec<Weighed>, NoOffer>, PortFailure>;
}

/// A time that is held for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldTime {
    /// The hold.
    pub id: AppointmentId,
    /// What it takes of the doctor's time, buffers included.
    pub blocked: Interval,
}

/// What stands in a calendar that concerns one patient, and who books.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnTimes {
    /// When the patient has other visits, without buffers.
    pub elsewhere: Vec<Interval>,
    /// Times of the doctor that are held for the patient or who books.
    pub held: Vec<HeldTime>,
}

/// A series to store.
#[derive(Debug, Clone)]
pub struct NewSeries {
    /// The series and its visits, by start.
    pub details: SeriesDetails,
    /// What happened to each visit, in the same order.
    pub booked: Vec<Recorded<AppointmentEvent>>,
    /// What happened to the series.
    pub event: Recorded<SeriesEvent>,
    /// The state of the doctor's rules that offered the times.
    pub edition: i64,
    /// Holds of who books, or of the patient, that lie where the visits are to be.
    pub given_up: Vec<AppointmentId>,
    /// What the patient is told by mail, of all visits at once.
    pub letter: Option<Confirmation>,
    /// The client's wish to have it done once.
    pub once: Option<Once<SeriesDetails>>,
}

/// Why a series was not stored; then nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum NewSeriesError {
    /// Somebody else has the doctor's time.
    #[error("times are taken")]
    SlotTaken(Vec<Timestamp>),
    /// The patient is elsewhere at these times.
    #[error("the patient is busy")]
    PatientBusy(Vec<Timestamp>),
    /// The doctor's rules have changed since they offered the times; ask them again.
    #[error("the doctor's rules have changed")]
    RulesChanged,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Visits of a series to be called off together.
#[derive(Debug, Clone)]
pub struct SeriesCut {
    /// The visits, by start, without letters of their own.
    pub changes: Vec<Change>,
    /// What happened to the series.
    pub event: Recorded<SeriesEvent>,
    /// The series as it stands then.
    pub after: SeriesDetails,
    /// What the patient is told by mail, of all visits at once.
    pub letter: Option<Confirmation>,
    /// The client's wish to have it done once.
    pub once: Option<Once<SeriesDetails>>,
}

/// Why visits were not called off; then none was.
#[derive(Debug, thiserror::Error)]
pub enum SeriesCutError {
    /// Somebody has changed one of them meanwhile; load them again.
    #[error("the visits have changed meanwhile")]
    Stale,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Keeps series. Every writing method is one transaction.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait SeriesStore: Send + Sync {
    /// The series with its visits.
    async fn find_series(&self, id: SeriesId) -> Result<Option<SeriesDetails>, PortFailure>;

    /// What concerns `patient` and `user` within `span`: visits anywhere, and holds with `doctor`.
    async fn own_times(
        &self,
        patient: PatientId,
        user: Option<UserId>,
        doctor: DoctorId,
        span: Interval,
        now: Timestamp,
    ) -> Result<OwnTimes, PortFailure>;

    /// Stores all of a series, or nothing; gives it with the rooms and devices its visits have got.
    async fn insert_series(&self, new: &NewSeries) -> Result<SeriesDetails, NewSeriesError>;

    /// Calls off all these visits of the versions they were read in, or none.
    async fn cut_series(&self, cut: &SeriesCut) -> Result<(), SeriesCutError>;

    /// Keeps the answer to a wish that changes nothing.
    async fn keep_series_answer(
        &self,
        unchanged: &SeriesDetails,
        once: &Once<SeriesDetails>,
        at: Timestamp,
    ) -> Result<Result<(), OnceError>, PortFailure>;
}
