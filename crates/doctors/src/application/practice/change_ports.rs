use async_trait::async_trait;
use jiff::tz::TimeZone;
use kernel::{AppointmentId, Caller, ClinicId, DoctorId, Interval, Once, OnceError, PortFailure, Recorded, ResourceId};

use super::ports::{ChangeError, PracticeChange, Step, Subject};
use crate::domain::{AffectedVisit, CalendarChange, ChangeId, PracticeEvent, Reversal, Rules, Slot, VisitTrouble};

/// A visit that a change would leave outside of the hours, and what one has to know to find it another time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitAtStake {
    /// The visit.
    pub affected: AffectedVisit,
    /// When its patient has other visits, without buffers.
    pub elsewhere: Vec<Interval>,
}

/// What a change would do; nothing of it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Impact {
    /// The visits that would lie outside of the hours, by start.
    pub visits: Vec<VisitAtStake>,
    /// The rules of their doctors as they would be.
    pub after: Vec<Rules>,
    /// What is taken of their doctors' time, buffers included, these visits as well.
    pub busy: Vec<(DoctorId, Interval)>,
    /// When rooms and devices of theirs are taken, by whomever.
    pub resources: Vec<(ResourceId, Interval)>,
    /// Names the rules and the visits that were looked at: with other rules or other visits it is another one.
    pub plan: String,
}

/// What is to become of a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VisitOrder {
    /// It takes place then.
    Move {
        /// Which one.
        visit: AppointmentId,
        /// When, and where.
        to: Slot,
        /// What it takes of the doctor's time.
        blocked: Interval,
        /// The zone of the clinic.
        time_zone: TimeZone,
    },
    /// It does not take place.
    Cancel {
        /// Which one.
        visit: AppointmentId,
        /// Why, as the patient reads it.
        reason: String,
    },
    /// It stays as it is booked.
    Keep {
        /// Which one.
        visit: AppointmentId,
    },
}

impl VisitOrder {
    /// Which visit it is about.
    #[must_use]
    pub const fn visit(&self) -> AppointmentId {
        match self {
            Self::Move { visit, .. } | Self::Cancel { visit, .. } | Self::Keep { visit } => *visit,
        }
    }
}

/// A change of hours to store together with the visits in its way.
#[derive(Debug, Clone)]
pub struct ChangeOrder {
    /// What it will be called.
    pub id: ChangeId,
    /// Who wants it.
    pub caller: Caller,
    /// The change of the rules.
    pub change: PracticeChange,
    /// What is to become of each visit that it leaves outside of the hours.
    pub visits: Vec<VisitOrder>,
    /// The client's wish to have it done once.
    pub once: Option<Once<CalendarChange>>,
}

/// A change of hours to take back, with its visits.
#[derive(Debug, Clone)]
pub struct UndoOrder {
    /// The change.
    pub change: CalendarChange,
    /// Who wants it.
    pub caller: Caller,
    /// The change of the rules that takes it back; `None` where the rules are back already.
    pub step: Option<Step>,
    /// What happened.
    pub event: Recorded<PracticeEvent>,
    /// The client's wish to have it done once.
    pub once: Option<Once<CalendarChange>>,
}

/// Why rules and visits were not changed together.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The change of the rules is refused.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// Some visits cannot become what they are to.
    #[error("{} visits cannot be changed so", .0.len())]
    Visits(Vec<VisitTrouble>),
    /// The rules are not any more as the change has left them.
    #[error("the rules have changed since")]
    ChangedSince,
}

impl From<PortFailure> for ApplyError {
    fn from(failure: PortFailure) -> Self {
        Self::Change(failure.into())
    }
}

impl From<OnceError> for ApplyError {
    fn from(error: OnceError) -> Self {
        Self::Change(error.into())
    }
}

/// Keeps changes of hours that were made with their visits.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait CalendarChanges: Send + Sync {
    /// What a change would do to booked visits. The change is made and rolled back, so it is what would happen.
    async fn preview(&self, change: &PracticeChange) -> Result<Impact, ChangeError>;

    /// Stores a change and all of its visits in one transaction, or nothing: rules, visits, first free times, audit
    /// events, messages, letters, kept answer.
    async fn apply(&self, order: &ChangeOrder) -> Result<CalendarChange, ApplyError>;

    /// Takes a change back in one transaction; visits that cannot be put back are left as they are, and told. One
    /// that is taken back already is given as it is.
    async fn undo(&self, order: &UndoOrder) -> Result<CalendarChange, ApplyError>;

    /// A change of this doctor or clinic.
    async fn find(&self, whose: Subject, id: ChangeId) -> Result<Option<CalendarChange>, PortFailure>;

    /// The changes of this doctor or clinic, the latest first; the first hundred.
    async fn list(&self, whose: Subject) -> Result<Vec<CalendarChange>, PortFailure>;
}

/// Who comes. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PatientNames: Send + Sync {
    /// The names of the patients of those visits that the caller may see; that they are shown is written down.
    async fn names(
        &self,
        caller: &Caller,
        visits: &[AppointmentId],
    ) -> Result<Vec<(AppointmentId, String)>, PortFailure>;
}

impl Step {
    /// How this change is taken back; `before` are the rules it is made on. `None` for those that nobody takes back.
    #[must_use]
    pub fn reversal(&self, before: Option<&Rules>) -> Option<Reversal> {
        Some(match self {
            Self::TimeOff(taken) => Reversal::TimeOff { id: taken.id },
            Self::Override(date, hours, _) => {
                let was = before?.overrides.iter().find(|day| day.date == *date).map(|day| day.hours.clone());
                Reversal::Override { date: *date, was, is: hours.clone() }
            }
            Self::WeeklyHours(plan, _) => {
                Reversal::WeeklyHours { was: before?.weekly_hours.clone(), is: plan.hours().to_vec() }
            }
            Self::Breaks(plan, _) => Reversal::Breaks { was: before?.breaks.clone(), is: plan.breaks().to_vec() },
            Self::VisitType(gone) if !gone.active => {
                let id = gone.visit_type.id;
                Reversal::VisitType { id, was_default: before?.visit_type(id).is_some_and(|before| before.is_default) }
            }
            Self::Doctor(gone) if !gone.profile.active => Reversal::Doctor,
            Self::Holidays(holidays) => {
                Reversal::Holidays { dates: holidays.iter().map(|holiday| holiday.date).collect() }
            }
            Self::NewDoctor(_)
            | Self::Doctor(_)
            | Self::NewClinic(_)
            | Self::Clinic(_)
            | Self::NewVisitType(_)
            | Self::VisitType(_)
            | Self::NoOverride(_)
            | Self::NoTimeOff(_)
            | Self::Holiday(_)
            | Self::NoHoliday(_)
            | Self::NoHolidays(_)
            | Self::NewResource(_)
            | Self::Resource(_) => return None,
        })
    }
}

impl Subject {
    /// The doctor, where it is one.
    #[must_use]
    pub const fn doctor(self) -> Option<DoctorId> {
        match self {
            Self::Doctor(id) => Some(id),
            Self::Clinic(_) => None,
        }
    }

    /// The clinic, where it is one.
    #[must_use]
    pub const fn clinic(self) -> Option<ClinicId> {
        match self {
            Self::Doctor(_) => None,
            Self::Clinic(id) => Some(id),
        }
    }
}
