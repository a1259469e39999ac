use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{ClinicId, DoctorId, Once, OnceError, PortFailure, Recorded, ResourceId, VisitTypeId};

use crate::domain::{
    AffectedVisit, BreakPlan, CityFacts, ClinicCard, ClinicHoliday, OpenHours, PracticeEvent, Profile, ResourceCard,
    TimeOff, TimeOffId, VisitType, WeeklyPlan,
};

/// A doctor as kept, active or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorRecord {
    /// Which one.
    pub id: DoctorId,
    /// What can be changed.
    pub profile: Profile,
    /// Other clinics where the doctor has weekly hours.
    pub workplaces: Vec<ClinicId>,
    /// Hundredths: 473 is 4.73. Nobody sets it here.
    pub rating: i16,
    /// Grows with every change of the profile, from 1.
    pub version: i32,
    /// Grows with every change of weekly hours, overrides and time off, from 1.
    pub calendar_version: i32,
    /// Since when the doctor is listed.
    pub created_at: Timestamp,
}

/// A clinic as kept, active or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClinicRecord {
    /// Which one.
    pub id: ClinicId,
    /// What can be changed.
    pub card: ClinicCard,
    /// Grows with every change, from 1.
    pub version: i32,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A visit type as kept, active or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitTypeRecord {
    /// Whose.
    pub doctor: DoctorId,
    /// What can be changed.
    pub visit_type: VisitType,
    /// Can it be booked?
    pub active: bool,
    /// Grows with every change, from 1.
    pub version: i32,
}

/// A room or device as kept, retired or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceRecord {
    /// Which one.
    pub id: ResourceId,
    /// What can be changed, and what never is.
    pub card: ResourceCard,
    /// Grows with every change, from 1.
    pub version: i32,
}

/// What is to be done about booked visits that a change leaves outside of the hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// Then nothing is changed.
    #[default]
    Refuse,
    /// They stay, and somebody talks to the patients.
    Keep,
}

/// Whose calendars a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// One doctor's.
    Doctor(DoctorId),
    /// Those of all who work at a clinic.
    Clinic(ClinicId),
}

/// One change of doctors, clinics or hours. Records carry the version they will have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A doctor who was not there.
    NewDoctor(DoctorRecord),
    /// Another profile.
    Doctor(DoctorRecord),
    /// A clinic that was not there.
    NewClinic(ClinicRecord),
    /// Another card.
    Clinic(ClinicRecord),
    /// A visit type that was not there.
    NewVisitType(VisitTypeRecord),
    /// Another visit type.
    VisitType(VisitTypeRecord),
    /// A whole week; `Some` clinics are the only ones at which it may differ from the one before.
    WeeklyHours(WeeklyPlan, Option<Vec<ClinicId>>),
    /// All breaks of the week; `Some` clinics are the only ones at which they may differ from those before.
    Breaks(BreakPlan, Option<Vec<ClinicId>>),
    /// The only hours of a date; none is closed. Perhaps with a reason, for the team alone.
    Override(Date, Vec<OpenHours>, Option<String>),
    /// The hours of the week again.
    NoOverride(Date),
    /// Away for a while.
    TimeOff(TimeOff),
    /// There after all.
    NoTimeOff(TimeOffId),
    /// Closed on a date.
    Holiday(ClinicHoliday),
    /// Open on a date after all.
    NoHoliday(Date),
    /// Closed on these dates, on none of which it was.
    Holidays(Vec<ClinicHoliday>),
    /// Open on these dates, as far as it was closed.
    NoHolidays(Vec<Date>),
    /// A room or device that was not there.
    NewResource(ResourceRecord),
    /// Another name, retired, or in use again.
    Resource(ResourceRecord),
}

/// A change to store.
#[derive(Debug, Clone)]
pub struct PracticeChange {
    /// Whose calendars it is about.
    pub subject: Subject,
    /// What changes.
    pub step: Step,
    /// For week and overrides: only these versions of the calendar (`If-Match`).
    pub only_versions: Option<Vec<i32>>,
    /// What to do about booked visits.
    pub on_conflict: OnConflict,
    /// What happened.
    pub event: Recorded<PracticeEvent>,
    /// The client's wish to have it done once.
    pub once: Option<Once<Step>>,
}

/// Booked visits that would lie outside of the hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// How many.
    pub total: usize,
    /// The first hundred of them.
    pub visits: Vec<AffectedVisit>,
}

impl Affected {
    /// The most that are listed.
    pub const LISTED: usize = 100;

    /// Counts them all, and lists the first.
    #[must_use]
    pub fn of(mut visits: Vec<AffectedVisit>) -> Self {
        visits.sort_by_key(|affected| (affected.visit.visit.start, affected.visit.id));
        let total = visits.len();
        visits.truncate(Self::LISTED);
        Self { total, visits }
    }
}

/// Why a change was not stored.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is nothing to change: it is so already.
    #[error("it is so already")]
    Nothing,
    /// Somebody else changed it meanwhile, or it is not there any more; load it again.
    #[error("it has changed meanwhile")]
    Stale,
    /// The clinic has a holiday on that date.
    #[error("there is a holiday on that date")]
    HolidayExists,
    /// Hours at clinics that are out of reach would change.
    #[error("{list} at other clinics have to stay")]
    HoursOfOthers {
        /// `hours` or `breaks`.
        list: &'static str,
    },
    /// Visits are booked in the hours that would go.
    #[error("{} visits would lie outside of the hours", .0.total)]
    Affected(Affected),
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Keeps doctors, clinics and their hours, those that are not active as well.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Practice: Send + Sync {
    /// A doctor.
    async fn doctor(&self, id: DoctorId) -> Result<Option<DoctorRecord>, PortFailure>;

    /// A clinic.
    async fn clinic(&self, id: ClinicId) -> Result<Option<ClinicRecord>, PortFailure>;

    /// A visit type of a doctor.
    async fn visit_type(&self, doctor: DoctorId, id: VisitTypeId) -> Result<Option<VisitTypeRecord>, PortFailure>;

    /// Is there a specialty of this slug?
    async fn has_specialty(&self, slug: &str) -> Result<bool, PortFailure>;

    /// The city of this slug.
    async fn city(&self, slug: &str) -> Result<Option<CityFacts>, PortFailure>;

    /// Which of these clinics there are and see patients.
    async fn open_clinics(&self, named: &[ClinicId]) -> Result<Vec<ClinicId>, PortFailure>;

    /// Why dates of a doctor have hours of their own, where somebody has said so.
    async fn override_reasons(&self, doctor: DoctorId) -> Result<HashMap<Date, String>, PortFailure>;

    /// The time off of a doctor that ends after an instant, by start; the first thousand.
    async fn time_off(&self, doctor: DoctorId, ending_after: Timestamp) -> Result<Vec<TimeOff>, PortFailure>;

    /// The holidays of a clinic from a date on, by date; the first thousand.
    async fn holidays(&self, clinic: ClinicId, from: Date) -> Result<Vec<ClinicHoliday>, PortFailure>;

    /// The rooms and devices of a clinic by kind and name, retired ones too.
    async fn resources(&self, clinic: ClinicId) -> Result<Vec<ResourceRecord>, PortFailure>;

    /// Stores a change, or changes nothing; gives the version that the changed record or calendar has then.
    ///
    /// One transaction: rows, first free times, audit event, message, kept answer. From its start to its commit
    /// nobody books with the doctors concerned, so no visit escapes the look at what is booked; whoever was offered
    /// a time by the rules before finds them changed and asks again.
    async fn change(&self, change: &PracticeChange) -> Result<i32, ChangeError>;
}
