//! A change of hours together with what became of the visits in its way.

use jiff::{SignedDuration, Timestamp};
use kernel::{AppointmentId, ClinicId, DoctorId, Interval};
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::reversal::Reversal;

/// A change can be taken back for so long.
pub const UNDO_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// The most visits that one change moves, cancels or keeps.
pub const MOST_VISITS: usize = 500;

kernel::ids! {
    /// One change of hours with its visits.
    ChangeId,
}

/// What became of a visit that was in the way of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// It takes place at another time.
    Moved {
        /// When, without buffers.
        to: Interval,
    },
    /// It does not take place.
    Cancelled,
    /// It takes place as booked, outside of the hours.
    Kept,
}

/// A visit that was in the way of a change: ids and times only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedVisit {
    /// Which one.
    pub id: AppointmentId,
    /// Its clinic before.
    pub clinic: ClinicId,
    /// IANA zone of that clinic.
    pub time_zone: String,
    /// When it was booked, without buffers.
    pub was: Interval,
    /// The same with buffers.
    pub was_blocked: Interval,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Fate,
}

/// Why a visit cannot be changed, or changed back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// The change does not touch it.
    NotAffected,
    /// It is at a clinic that is not the caller's.
    NotYours,
    /// The new hours do not offer that time.
    NotOffered,
    /// There is no free time to propose.
    NothingFree,
    /// Somebody else has that time.
    SlotTaken,
    /// The patient is elsewhere at that time.
    PatientBusy,
    /// It has begun, or is over.
    Begun,
    /// Somebody has changed it since.
    ChangedSince,
}

impl Trouble {
    /// The word in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotAffected => "not-affected",
            Self::NotYours => "not-yours",
            Self::NotOffered => "not-offered",
            Self::NothingFree => "nothing-free",
            Self::SlotTaken => "slot-taken",
            Self::PatientBusy => "patient-busy",
            Self::Begun => "begun",
            Self::ChangedSince => "changed-since",
        }
    }
}

/// A visit that stands in the way of what somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitTrouble {
    /// Which visit.
    pub id: AppointmentId,
    /// What is wrong with it.
    pub trouble: Trouble,
    /// The rule that refuses, where the hours do.
    #[serde(skip)]
    pub refusal: Option<Refusal>,
}

impl VisitTrouble {
    /// This visit has that trouble.
    #[must_use]
    pub const fn new(id: AppointmentId, trouble: Trouble) -> Self {
        Self { id, trouble, refusal: None }
    }
}

/// How a change was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// When.
    pub at: Timestamp,
    /// The visits that could not be put back, and stay as they are.
    pub left: Vec<VisitTrouble>,
}

/// A change of hours that was made together with the visits in its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarChange {
    /// Which one.
    pub id: ChangeId,
    /// Whose hours; `None` are those of everybody at the clinic.
    pub doctor: Option<DoctorId>,
    /// The clinic in whose audit trail it stands.
    pub clinic: ClinicId,
    /// When it was made.
    pub made_at: Timestamp,
    /// In which role it was made, e.g. `staff`.
    pub made_by: String,
    /// How it is taken back.
    pub reversal: Reversal,
    /// The visits, by their old start.
    pub visits: Vec<ChangedVisit>,
    /// Taken back?
    pub undone: Option<Undone>,
}

impl CalendarChange {
    /// Until when it can be taken back.
    #[must_use]
    pub fn undo_until(&self) -> Timestamp {
        self.made_at.checked_add(UNDO_WITHIN).unwrap_or(Timestamp::MAX)
    }

    /// How many visits have this fate, by a test of it.
    #[must_use]
    pub fn count(&self, fate: fn(&Fate) -> bool) -> usize {
        self.visits.iter().filter(|visit| fate(&visit.fate)).count()
    }
}
