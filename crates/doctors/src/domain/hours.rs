use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Weekday};
use kernel::{ClinicId, VisitTypeId};
use serde::{Deserialize, Serialize};

use super::rules::RuleError;

/// A time on the wall clock in whole minutes after midnight, 0 (00:00) to 1440 (24:00, the end of the day).
///
/// ISO 8601 allows 24:00 as the end of a day. Written `09:00`, in JSON as the bare number of minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u16")]
pub struct MinuteOfDay(u16);

impl MinuteOfDay {
    /// 00:00.
    pub const MIDNIGHT: Self = Self(0);
    /// 24:00, the next midnight.
    pub const END_OF_DAY: Self = Self(1440);

    /// From minutes after midnight.
    ///
    /// # Errors
    /// [`RuleError::MinuteOutOfRange`] above 1440.
    pub const fn new(minute: u16) -> Result<Self, RuleError> {
        if minute <= Self::END_OF_DAY.0 {
            Ok(Self(minute))
        } else {
            Err(RuleError::MinuteOutOfRange { minute: minute as u32 })
        }
    }

    /// Minutes after midnight, 0 to 1440.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Seconds after midnight.
    pub(super) const fn seconds(self) -> i64 {
        self.0 as i64 * 60
    }
}

impl fmt::Display for MinuteOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for MinuteOfDay {
    type Err = RuleError;

    /// Reads `HH:MM`, two digits each.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let two = |digits: &str| match digits.as_bytes() {
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(u16::from(tens - b'0') * 10 + u16::from(ones - b'0')),
            _ => None,
        };
        text.split_once(':')
            .and_then(|(hour, minute)| Some((two(hour)?, two(minute)?)))
            .filter(|(_, minute)| *minute < 60)
            .and_then(|(hour, minute)| Self::new(hour * 60 + minute).ok())
            .ok_or_else(|| RuleError::NotATimeOfDay { text: text.to_owned() })
    }
}

impl TryFrom<u32> for MinuteOfDay {
    type Error = RuleError;

    fn try_from(minute: u32) -> Result<Self, Self::Error> {
        u16::try_from(minute).map_err(|_| RuleError::MinuteOutOfRange { minute }).and_then(Self::new)
    }
}

impl From<MinuteOfDay> for u16 {
    fn from(minute: MinuteOfDay) -> Self {
        minute.0
    }
}

/// Opening hours of one day at one clinic: `from` belongs to them, `to` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "OpenHoursRow")]
pub struct OpenHours {
    /// Where.
    #[serde(rename = "clinic_id")]
    pub clinic: ClinicId,
    /// Opening time on the clinic's clock.
    #[serde(rename = "from_minute")]
    pub from: MinuteOfDay,
    /// Closing time on the clinic's clock, later than `from`.
    #[serde(rename = "to_minute")]
    pub to: MinuteOfDay,
}

impl OpenHours {
    /// Hours at `clinic`.
    ///
    /// # Errors
    /// [`RuleError::ClosesBeforeOpening`] when `to` is not after `from`.
    pub fn new(clinic: ClinicId, from: MinuteOfDay, to: MinuteOfDay) -> Result<Self, RuleError> {
        if from < to { Ok(Self { clinic, from, to }) } else { Err(RuleError::ClosesBeforeOpening { from, to }) }
    }
}

#[derive(Deserialize)]
struct OpenHoursRow {
    clinic_id: ClinicId,
    from_minute: MinuteOfDay,
    to_minute: MinuteOfDay,
}

impl TryFrom<OpenHoursRow> for OpenHours {
    type Error = RuleError;

    fn try_from(row: OpenHoursRow) -> Result<Self, Self::Error> {
        Self::new(row.clinic_id, row.from_minute, row.to_minute)
    }
}

/// Opening hours that repeat each week, less the breaks ([`super::WeeklyBreak`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WeeklyHoursRow", into = "WeeklyHoursRow")]
pub struct WeeklyHours {
    /// Where.
    pub clinic: ClinicId,
    /// Day of the week on the clinic's calendar.
    pub weekday: Weekday,
    /// Opening time on the clinic's clock.
    pub from: MinuteOfDay,
    /// Closing time on the clinic's clock, later than `from`.
    pub to: MinuteOfDay,
    /// The only visit types they are open for; `None` is all of them.
    pub visit_types: Option<Vec<VisitTypeId>>,
    /// First date on which they hold; `None` is since ever.
    pub valid_from: Option<Date>,
    /// Last date on which they hold; `None` is for ever.
    pub valid_until: Option<Date>,
}

impl WeeklyHours {
    /// Hours for every visit type that hold for ever.
    ///
    /// # Errors
    /// [`RuleError::ClosesBeforeOpening`] when `to` is not after `from`.
    pub fn new(clinic: ClinicId, weekday: Weekday, from: MinuteOfDay, to: MinuteOfDay) -> Result<Self, RuleError> {
        OpenHours::new(clinic, from, to)?;
        Ok(Self { clinic, weekday, from, to, visit_types: None, valid_from: None, valid_until: None })
    }

    /// The same hours for these visit types alone.
    #[must_use]
    pub fn only_for(mut self, visit_types: Vec<VisitTypeId>) -> Self {
        self.visit_types = Some(visit_types);
        self
    }

    /// The same hours from one date to another, both included.
    ///
    /// # Errors
    /// [`RuleError::NeverValid`] when `until` is before `from`.
    pub fn valid(mut self, from: Option<Date>, until: Option<Date>) -> Result<Self, RuleError> {
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            return Err(RuleError::NeverValid { from, until });
        }
        self.valid_from = from;
        self.valid_until = until;
        Ok(self)
    }

    /// Do they hold on `date`, which is such a `weekday`?
    pub(super) fn hold_on(&self, date: Date, weekday: Weekday) -> bool {
        self.weekday == weekday
            && self.valid_from.is_none_or(|first| first <= date)
            && self.valid_until.is_none_or(|last| date <= last)
    }

    /// Are they open for `visit_type`?
    pub(super) fn admit(&self, visit_type: VisitTypeId) -> bool {
        self.visit_types.as_ref().is_none_or(|admitted| admitted.contains(&visit_type))
    }
}

/// A piece of the week as rows and kept changes hold it.
#[derive(Serialize, Deserialize)]
pub(super) struct WeeklyHoursRow {
    clinic_id: ClinicId,
    weekday: i16,
    from_minute: MinuteOfDay,
    to_minute: MinuteOfDay,
    #[serde(default)]
    visit_type_ids: Option<Vec<VisitTypeId>>,
    #[serde(default)]
    valid_from: Option<Date>,
    #[serde(default)]
    valid_until: Option<Date>,
}

impl From<WeeklyHours> for WeeklyHoursRow {
    fn from(hours: WeeklyHours) -> Self {
        Self {
            clinic_id: hours.clinic,
            weekday: i16::from(hours.weekday.to_monday_one_offset()),
            from_minute: hours.from,
            to_minute: hours.to,
            visit_type_ids: hours.visit_types,
            valid_from: hours.valid_from,
            valid_until: hours.valid_until,
        }
    }
}

impl TryFrom<WeeklyHoursRow> for WeeklyHours {
    type Error = RuleError;

    fn try_from(row: WeeklyHoursRow) -> Result<Self, Self::Error> {
        let weekday = i8::try_from(row.weekday)
            .ok()
            .and_then(|day| Weekday::from_monday_one_offset(day).ok())
            .ok_or(RuleError::WeekdayOutOfRange { weekday: row.weekday })?;
        let hours = Self::new(row.clinic_id, weekday, row.from_minute, row.to_minute)?;
        let hours = hours.valid(row.valid_from, row.valid_until)?;
        Ok(Self { visit_types: row.visit_type_ids, ..hours })
    }
}

/// Replaces the weekly hours of one date, at every clinic.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DayOverride {
    /// Local date.
    pub date: Date,
    /// The only hours of that date; none means closed.
    pub hours: Vec<OpenHours>,
}

#[cfg(test)]
mod tests;
