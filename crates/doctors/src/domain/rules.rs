use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{ClinicId, DoctorId, Interval, VisitTypeId};
use serde::Deserialize;

use super::hours::{DayOverride, MinuteOfDay, WeeklyHours};
use super::resource::Resource;
use super::visit_type::VisitType;
use super::weekly_break::WeeklyBreak;

/// All that decides when a doctor may be booked, apart from the visits that exist already.
///
/// Hours at a clinic that is not among `clinics` (a closed one) count for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Whose rules they are.
    pub doctor: DoctorId,
    /// An inactive doctor has no free time.
    pub active: bool,
    /// The clinic the doctor belongs to first of all.
    pub home_clinic: ClinicId,
    /// The open clinics where the doctor works, each once, with their time zones.
    pub clinics: Vec<ClinicZone>,
    /// What one can book.
    pub visit_types: Vec<VisitType>,
    /// Repeating opening hours.
    pub weekly_hours: Vec<WeeklyHours>,
    /// Repeating pauses, cut out of the repeating hours.
    pub breaks: Vec<WeeklyBreak>,
    /// Dates with hours of their own, each date once.
    pub overrides: Vec<DayOverride>,
    /// Spans in which the doctor does not work.
    pub time_off: Vec<Interval>,
    /// Local dates on which a clinic is closed.
    pub holidays: Vec<Holiday>,
    /// Rooms and devices that new visits may take, in the order in which they are tried.
    pub resources: Vec<Resource>,
    /// A visit starts at least so long after it is booked, in minutes of real time.
    pub minimum_notice_minutes: u32,
    /// A visit's local date is at most so many days after the local date of "now".
    pub horizon_days: u32,
    /// Which state of the rules this is: the same edition, the same rules. 0 is that of a doctor without one.
    pub edition: i64,
}

impl Rules {
    /// The visit type that is meant when nobody names one; `None` when none is marked so.
    #[must_use]
    pub fn default_visit_type(&self) -> Option<&VisitType> {
        self.visit_types.iter().find(|offered| offered.is_default)
    }

    /// The visit type `id`; `None` when the doctor does not offer it.
    #[must_use]
    pub fn visit_type(&self, id: VisitTypeId) -> Option<&VisitType> {
        self.visit_types.iter().find(|offered| offered.id == id)
    }

    /// The time zone of `clinic`; `None` when the doctor does not work there.
    #[must_use]
    pub fn time_zone(&self, clinic: ClinicId) -> Option<&TimeZone> {
        self.clinics.iter().find(|known| known.id == clinic).map(|known| &known.time_zone)
    }
}

/// A clinic and the zone of its wall clock.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ClinicRow")]
pub struct ClinicZone {
    /// Which clinic.
    pub id: ClinicId,
    /// The zone its hours are read in.
    pub time_zone: TimeZone,
}

impl ClinicZone {
    /// A clinic in the zone with this name of the IANA time zone database, e.g. `America/New_York`.
    ///
    /// # Errors
    /// [`RuleError::UnknownTimeZone`] when the database has no such zone.
    pub fn named(id: ClinicId, zone: &str) -> Result<Self, RuleError> {
        match TimeZone::get(zone) {
            // "Etc/Unknown" stands for "no zone known" and would silently mean UTC.
            Ok(time_zone) if !time_zone.is_unknown() => Ok(Self { id, time_zone }),
            _ => Err(RuleError::UnknownTimeZone { name: zone.to_owned() }),
        }
    }
}

#[derive(Deserialize)]
struct ClinicRow {
    id: ClinicId,
    time_zone: String,
}

impl TryFrom<ClinicRow> for ClinicZone {
    type Error = RuleError;

    fn try_from(row: ClinicRow) -> Result<Self, Self::Error> {
        Self::named(row.id, &row.time_zone)
    }
}

/// A clinic is closed on this local date, from its first to its last instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Holiday {
    /// Which clinic.
    #[serde(rename = "clinic_id")]
    pub clinic: ClinicId,
    /// Local date of that clinic.
    pub date: Date,
}

/// A value that cannot be a rule of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// More minutes than a day has.
    #[error("minute {minute} is not within 0 and 1440")]
    MinuteOutOfRange {
        /// What was given.
        minute: u32,
    },
    /// Not a time of day.
    #[error("\"{text}\" is not a time of day from 00:00 to 24:00")]
    NotATimeOfDay {
        /// What was given.
        text: String,
    },
    /// Hours that end before they begin, or at once.
    #[error("hours from {from} to {to} have no length")]
    ClosesBeforeOpening {
        /// Opening time.
        from: MinuteOfDay,
        /// Closing time.
        to: MinuteOfDay,
    },
    /// Not a day of the week.
    #[error("weekday {weekday} is not within 1 (Monday) and 7 (Sunday)")]
    WeekdayOutOfRange {
        /// What was given.
        weekday: i16,
    },
    /// Hours that stop being valid before they start to be.
    #[error("hours valid from {from} until {until} hold on no day")]
    NeverValid {
        /// First day on which they hold.
        from: Date,
        /// Last day on which they hold.
        until: Date,
    },
    /// A zone name that the IANA time zone database does not have.
    #[error("\"{name}\" is not a zone of the IANA time zone database")]
    UnknownTimeZone {
        /// What was given.
        name: String,
    },
    /// A visit too short or too long.
    #[error("a visit of {minutes} minutes is not within 5 and 240 minutes")]
    DurationOutOfRange {
        /// What was given.
        minutes: u16,
    },
    /// A grid too fine or too coarse.
    #[error("a grid of {minutes} minutes is not within 5 and 240 minutes")]
    GridOutOfRange {
        /// What was given.
        minutes: u16,
    },
    /// A buffer too long.
    #[error("a buffer of {minutes} minutes is not within 0 and 120 minutes")]
    BufferOutOfRange {
        /// What was given.
        minutes: u16,
    },
    /// A price below zero.
    #[error("a price of {cents} cents is below zero")]
    NegativePrice {
        /// What was given.
        cents: i64,
    },
    /// Not a kind of rooms or devices.
    #[error("\"{text}\" is not a kind of rooms or devices")]
    NotAResourceKind {
        /// What was given.
        text: String,
    },
    /// A name that is empty or too long.
    #[error("a visit type's name has {characters} characters, not 1 to 120")]
    NameLength {
        /// How many characters it has.
        characters: usize,
    },
}

#[cfg(test)]
mod tests;
