use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use kernel::{AppointmentId, ClinicId, DoctorId, PatientId, VisitTypeId, ids};
use serde::Serialize;

use super::{Hold, WaitlistEvent};

ids! {
    /// One wish on the waitlist.
    WaitlistEntryId,
}

/// Offers in a row that nobody answers, after which an entry lapses.
pub const MOST_SILENT: u16 = 3;
/// The longest stretch of days one entry may wait for.
pub const LONGEST_WAIT_DAYS: i32 = 180;
/// An offer with less time to answer is not made.
const SHORTEST_ANSWER: SignedDuration = SignedDuration::from_mins(15);
/// Hours of the clinic's wall clock from and until which nobody is written to.
const QUIET: (i8, i8) = (21, 8);
/// The end of a day, in minutes.
pub const DAY: u16 = 24 * 60;

/// What somebody waits for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// A time of this doctor.
    Doctor {
        /// Who.
        doctor: DoctorId,
        /// What for; the doctor's default when left out.
        visit_type: Option<VisitTypeId>,
    },
    /// A time of any doctor of a specialty in a city, for the default visit type.
    Specialty {
        /// The specialty's slug.
        specialty: String,
        /// The city's slug.
        city: String,
    },
}

/// Days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Weekdays(u8);

impl Weekdays {
    /// The whole week.
    pub const ALL: Self = Self(0b111_1111);

    /// These days.
    #[must_use]
    pub fn of(days: impl IntoIterator<Item = Weekday>) -> Self {
        Self(days.into_iter().fold(0, |bits, day| bits | 1 << day.to_monday_zero_offset()))
    }

    /// As it is stored: bit 0 is Monday. What is no day of a week is left out.
    #[must_use]
    pub fn from_bits(bits: i16) -> Self {
        Self(u8::try_from(bits & 0b111_1111).unwrap_or(0))
    }

    /// Bit 0 is Monday.
    #[must_use]
    pub const fn bits(self) -> i16 {
        self.0 as i16
    }

    /// Is it one of them?
    #[must_use]
    pub fn holds(self, day: Weekday) -> bool {
        self.0 & (1 << day.to_monday_zero_offset()) != 0
    }

    /// The days from Monday on.
    pub fn days(self) -> impl Iterator<Item = Weekday> {
        (0..7).filter_map(|place| Weekday::from_monday_zero_offset(place).ok()).filter(move |day| self.holds(*day))
    }
}

/// When somebody could come, by the clinic's wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first day.
    pub first_day: Date,
    /// The last day.
    pub last_day: Date,
    /// On which days of the week.
    pub weekdays: Weekdays,
    /// Minute of the day at which the visit begins at the earliest.
    pub from_minute: u16,
    /// Minute of the day at which the visit has ended at the latest; [`DAY`] is midnight.
    pub until_minute: u16,
}

/// Why nobody can come then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadWindow {
    /// The last day lies before the first.
    #[error("the days end before they begin")]
    EndsBeforeItBegins,
    /// More than [`LONGEST_WAIT_DAYS`].
    #[error("too many days")]
    TooLong,
    /// The last day has passed.
    #[error("the days have passed")]
    Passed,
    /// No day of the week is named, or none of those lies in between.
    #[error("no such day")]
    NoDay,
    /// The time of day ends before it begins, or is none.
    #[error("no such time of day")]
    NoTime,
}

impl Window {
    /// Looks whether anybody could come then.
    ///
    /// # Errors
    /// See [`BadWindow`].
    pub fn checked(self, now: Timestamp) -> Result<Self, BadWindow> {
        if self.last_day < self.first_day {
            return Err(BadWindow::EndsBeforeItBegins);
        }
        if self.first_day.until(self.last_day).map_or(i32::MAX, |span| span.get_days()) >= LONGEST_WAIT_DAYS {
            return Err(BadWindow::TooLong);
        }
        if self.is_over(now) {
            return Err(BadWindow::Passed);
        }
        let days = self.first_day.series(1.day()).take_while(|day| *day <= self.last_day);
        if !days.take(7).any(|day| self.weekdays.holds(day.weekday())) {
            return Err(BadWindow::NoDay);
        }
        if self.from_minute >= self.until_minute || self.until_minute > DAY {
            return Err(BadWindow::NoTime);
        }
        Ok(self)
    }

    /// Has the last day passed everywhere?
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        // No clock is further behind than twelve hours.
        let latest = now.checked_sub(SignedDuration::from_hours(12)).unwrap_or(now);
        self.last_day < TimeZone::UTC.to_datetime(latest).date()
    }

    /// Does a visit from start to end lie in it, on the clocks of that zone?
    #[must_use]
    pub fn fits(&self, starts_at: Timestamp, ends_at: Timestamp, zone: &TimeZone) -> bool {
        let (start, end) = (zone.to_datetime(starts_at), zone.to_datetime(ends_at));
        let minute = |at: jiff::civil::DateTime| i32::from(at.hour()) * 60 + i32::from(at.minute());
        // A visit past midnight ends in the next day's first minutes.
        let days = start.date().until(end.date()).map_or(0, |span| span.get_days());
        (self.first_day..=self.last_day).contains(&start.date())
            && self.weekdays.holds(start.weekday())
            && minute(start) >= i32::from(self.from_minute)
            && minute(end) + days * i32::from(DAY) <= i32::from(self.until_minute)
    }
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryState {
    /// In line.
    Waiting,
    /// A time is offered; the answer is awaited.
    Offered,
    /// An offer was taken.
    Served,
    /// Taken off by who waited, or by the front desk.
    Left,
    /// Its days have passed, or nobody has answered [`MOST_SILENT`] offers.
    Lapsed,
}

impl EntryState {
    const ALL: [Self; 5] = [Self::Waiting, Self::Offered, Self::Served, Self::Left, Self::Lapsed];

    /// The word in API, database and documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Offered => "offered",
            Self::Served => "served",
            Self::Left => "left",
            Self::Lapsed => "lapsed",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Does it wait still?
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Offered)
    }
}

/// Somebody who waits for a time. Who came first is asked first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitlistEntry {
    /// Its id.
    pub id: WaitlistEntryId,
    /// For whom.
    pub patient: PatientId,
    /// What for.
    pub wanted: Wanted,
    /// When.
    pub window: Window,
    /// Where the doctor worked when the entry was made; these front desks see it.
    pub clinics: Vec<ClinicId>,
    /// Where it stands.
    pub state: EntryState,
    /// Offers in a row that nobody has answered.
    pub silent: u16,
    /// Its place in the line.
    pub created_at: Timestamp,
}

impl WaitlistEntry {
    /// Somebody gets in line.
    #[must_use]
    pub fn join(
        patient: PatientId,
        wanted: Wanted,
        window: Window,
        clinics: Vec<ClinicId>,
        now: Timestamp,
    ) -> (Self, WaitlistEvent) {
        let id = WaitlistEntryId::mint();
        let state = EntryState::Waiting;
        let entry = Self { id, patient, wanted, window, clinics, state, silent: 0, created_at: now };
        (entry, WaitlistEvent::Joined { entry_id: id, patient_id: patient })
    }

    /// Of which doctor, where it is one.
    #[must_use]
    pub const fn doctor(&self) -> Option<DoctorId> {
        match self.wanted {
            Wanted::Doctor { doctor, .. } => Some(doctor),
            Wanted::Specialty { .. } => None,
        }
    }
}

/// What became of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer is awaited.
    Open,
    /// It became a visit.
    Accepted,
    /// It was not wanted.
    Refused,
    /// Nobody has answered in time.
    Expired,
    /// It could be kept no longer, or who waited has left.
    Withdrawn,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Open, Self::Accepted, Self::Refused, Self::Expired, Self::Withdrawn];

    /// The word in API, database and documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The outcome of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// A time that is kept for somebody who waits, until the answer or the deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitlistOffer {
    /// The id of the hold, and of the visit it becomes.
    pub id: AppointmentId,
    /// Which entry is served.
    pub entry: WaitlistEntryId,
    /// For whom.
    pub patient: PatientId,
    /// Whose time.
    pub doctor: DoctorId,
    /// Where.
    pub clinic: ClinicId,
    /// What.
    pub visit_type: VisitTypeId,
    /// From.
    pub starts_at: Timestamp,
    /// To.
    pub ends_at: Timestamp,
    /// IANA zone of the clinic.
    pub time_zone: String,
    /// Since when.
    pub offered_at: Timestamp,
    /// From then on it is over.
    pub until: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
}

impl WaitlistOffer {
    /// Offers what a hold keeps.
    #[must_use]
    pub fn make(entry: &WaitlistEntry, hold: &Hold) -> (Self, WaitlistEvent) {
        let offer = Self {
            id: hold.id,
            entry: entry.id,
            patient: entry.patient,
            doctor: hold.doctor,
            clinic: hold.clinic,
            visit_type: hold.visit_type,
            starts_at: hold.visit.start,
            ends_at: hold.visit.end,
            time_zone: hold.time_zone.clone(),
            offered_at: hold.opened_at,
            until: hold.held_until,
            outcome: Outcome::Open,
        };
        let event = WaitlistEvent::Offered {
            entry_id: entry.id,
            hold_id: hold.id,
            clinic_id: hold.clinic,
            doctor_id: hold.doctor,
            starts_at: hold.visit.start,
            until: hold.held_until,
        };
        (offer, event)
    }

    /// Can it be answered?
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.outcome == Outcome::Open && now < self.until
    }
}

/// Until when an offer made now would be kept; `None` where that is too short, or too late to book.
#[must_use]
pub fn deadline(now: Timestamp, to_answer: SignedDuration, book_by: Timestamp) -> Option<Timestamp> {
    let until = now.checked_add(to_answer).unwrap_or(book_by).min(book_by);
    (until.duration_since(now) >= SHORTEST_ANSWER).then_some(until)
}

/// Is it night on the clocks of that zone, when nobody is written to?
#[must_use]
pub fn is_quiet(now: Timestamp, zone: &TimeZone) -> bool {
    let hour = zone.to_datetime(now).hour();
    hour >= QUIET.0 || hour < QUIET.1
}

#[cfg(test)]
mod tests;
