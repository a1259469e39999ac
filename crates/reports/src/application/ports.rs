use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{ClinicId, DoctorId, Interval, PortFailure};

use super::policy::Reach;
use crate::domain::{DailyRow, VisitFacts};

/// A clinic and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedClinic {
    /// Which one.
    pub id: ClinicId,
    /// Its name.
    pub name: String,
}

/// A doctor and what the doctor is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedDoctor {
    /// Who.
    pub id: DoctorId,
    /// Given name first.
    pub name: String,
}

/// What a doctor offers at a clinic on one date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoctorOffer {
    /// Whose offer.
    pub doctor: DoctorId,
    /// Minutes of the opening hours.
    pub minutes: u32,
    /// The local date of the third free time, where it was asked for and there is one.
    pub third_free: Option<Date>,
}

/// Who works where, and when. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// The clinics on this wall clock (IANA name), by id.
    async fn clinics_on(&self, time_zone: &str) -> Result<Vec<NamedClinic>, PortFailure>;

    /// Who works at the clinic, and `others`; each once.
    async fn doctors_at(&self, clinic: ClinicId, others: &[DoctorId]) -> Result<Vec<NamedDoctor>, PortFailure>;

    /// What these doctors offer there on a date; with `as_of`, also when their third free time is.
    async fn offers(
        &self,
        clinic: ClinicId,
        doctors: &[DoctorId],
        date: Date,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<DoctorOffer>, PortFailure>;
}

/// What there is to count. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Visits: Send + Sync {
    /// The visits of a clinic that begin in `span`.
    async fn of_clinic(&self, clinic: ClinicId, span: Interval) -> Result<Vec<VisitFacts>, PortFailure>;
}

/// The last row of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Its date.
    pub date: Date,
    /// Its clinic.
    pub clinic: ClinicId,
    /// Its doctor; none for the whole clinic.
    pub doctor: Option<DoctorId>,
}

/// Which rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyQuery {
    /// How far who asks reaches.
    pub reach: Reach,
    /// Of this clinic alone.
    pub clinic: Option<ClinicId>,
    /// Of this doctor alone.
    pub doctor: Option<DoctorId>,
    /// From this date on.
    pub from: Date,
    /// To this date, included.
    pub to: Date,
    /// Behind this one.
    pub after: Option<Position>,
    /// At most so many.
    pub limit: u32,
}

/// Keeps the figures of each day.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait DailyStore: Send + Sync {
    /// The dates from `from` to `to` that were counted for the clinics on this wall clock, files included.
    async fn counted(&self, time_zone: &str, from: Date, to: Date) -> Result<BTreeSet<Date>, PortFailure>;

    /// Puts the rows of a clinic's date in place of those that are there. What was offered, and the third free time, stay
    /// as they were counted first: later they cannot be known any more.
    async fn replace(&self, clinic: ClinicId, date: Date, rows: &[DailyRow]) -> Result<(), PortFailure>;

    /// The rows of these clinics on a date, by clinic, the whole clinic's first, then by doctor.
    async fn rows(&self, clinics: &[ClinicId], date: Date) -> Result<Vec<DailyRow>, PortFailure>;

    /// Notes that a date was counted on this wall clock, and its files written.
    async fn note(&self, time_zone: &str, date: Date, at: Timestamp) -> Result<(), PortFailure>;

    /// A page of rows, by date, clinic, the whole clinic's first, then by doctor.
    async fn find(&self, query: &DailyQuery) -> Result<Vec<DailyRow>, PortFailure>;
}

/// The figures of a date as files, for who works on with them elsewhere.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait DailyFiles: Send + Sync {
    /// Writes the files of a date on this wall clock; the same rows make the same files.
    async fn write(&self, time_zone: &str, date: Date, rows: &[DailyRow]) -> Result<(), PortFailure>;
}
