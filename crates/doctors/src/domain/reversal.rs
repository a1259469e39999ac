//! How a change of rules is taken back.

use jiff::civil::Date;
use kernel::VisitTypeId;
use serde::{Deserialize, Serialize};

use super::hours::{OpenHours, WeeklyHours};
use super::rules::Rules;
use super::time_off::TimeOffId;
use super::weekly_break::WeeklyBreak;

/// What has to be done, and what has to be there still, to take one change of rules back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reversal {
    /// This time off goes.
    TimeOff {
        /// Which one.
        id: TimeOffId,
    },
    /// This date has its former hours again.
    Override {
        /// The date.
        date: Date,
        /// Its former hours of its own, where it had some.
        was: Option<Vec<OpenHours>>,
        /// Those that the change gave it.
        is: Vec<OpenHours>,
    },
    /// The former week holds again.
    WeeklyHours {
        /// The former week.
        was: Vec<WeeklyHours>,
        /// The one that the change brought.
        is: Vec<WeeklyHours>,
    },
    /// The former breaks hold again.
    Breaks {
        /// The former ones.
        was: Vec<WeeklyBreak>,
        /// Those that the change brought.
        is: Vec<WeeklyBreak>,
    },
    /// This visit type is offered again.
    VisitType {
        /// Which one.
        id: VisitTypeId,
        /// Was it the default?
        was_default: bool,
    },
    /// The doctor is listed again.
    Doctor,
    /// The clinic is open again on these dates.
    Holidays {
        /// The dates, in order.
        dates: Vec<Date>,
    },
}

impl Reversal {
    /// The word for the change it takes back, in API and tables.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::TimeOff { .. } => "time_off",
            Self::Override { .. } => "override",
            Self::WeeklyHours { .. } => "weekly_hours",
            Self::Breaks { .. } => "breaks",
            Self::VisitType { .. } => "retire_visit_type",
            Self::Doctor => "deactivate",
            Self::Holidays { .. } => "holidays",
        }
    }

    /// Are the rules still as the change has left them? Otherwise taking it back would undo what somebody did later.
    /// Where only something goes (time off, holidays), that is always so.
    #[must_use]
    pub fn fits(&self, present: &Rules) -> bool {
        match self {
            Self::TimeOff { .. } | Self::VisitType { .. } | Self::Doctor | Self::Holidays { .. } => true,
            Self::Override { date, is, .. } => {
                present.overrides.iter().any(|day| day.date == *date && same(&day.hours, is))
            }
            Self::WeeklyHours { is, .. } => same(&present.weekly_hours, is),
            Self::Breaks { is, .. } => same(&present.breaks, is),
        }
    }
}

/// The same entries, in whatever order.
fn same<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    one.len() == other.len() && one.iter().all(|entry| other.contains(entry))
}

#[cfg(test)]
mod tests {
    use jiff::civil::Weekday;

    use super::super::sample::{date, open, rules_in, weekly};
    use super::*;

    #[test]
    fn a_week_that_somebody_changed_later_is_not_put_back() {
        let (was, is) = (weekly(1, Weekday::Monday, "09:00-12:00"), weekly(1, Weekday::Tuesday, "09:00-12:00"));
        let back = Reversal::WeeklyHours { was: vec![was.clone()], is: vec![is.clone()] };
        let week = |hours: Vec<WeeklyHours>| Rules { weekly_hours: hours, ..rules_in("UTC") };
        assert!(back.fits(&week(vec![is.clone()])));
        assert!(!back.fits(&week(vec![was.clone()])) && !back.fits(&week(vec![is, was])));
    }

    #[test]
    fn breaks_that_somebody_changed_later_are_not_put_back() {
        let lunch = WeeklyBreak::from(weekly(1, Weekday::Monday, "12:00-13:00"));
        let back = Reversal::Breaks { was: Vec::new(), is: vec![lunch.clone()] };
        assert!(back.fits(&Rules { breaks: vec![lunch], ..rules_in("UTC") }));
        assert!(!back.fits(&rules_in("UTC")));
    }

    #[test]
    fn hours_of_a_date_are_put_back_only_where_they_are_still_there() {
        let back = Reversal::Override { date: date("2027-04-05"), was: None, is: Vec::new() };
        assert!(back.fits(&rules_in("UTC").with_override("2027-04-05", Vec::new())));
        assert!(!back.fits(&rules_in("UTC").with_override("2027-04-05", vec![open(1, "09:00-10:00")])));
        assert!(!back.fits(&rules_in("UTC")));
    }

    #[test]
    fn a_reversal_is_read_as_it_was_written() {
        let hours = weekly(1, Weekday::Sunday, "09:00-24:00").valid(Some(date("2027-01-01")), None).unwrap();
        let back = Reversal::WeeklyHours { was: vec![hours], is: Vec::new() };
        let written = serde_json::to_string(&back).unwrap();
        assert_eq!(serde_json::from_str::<Reversal>(&written).unwrap(), back);
    }
}
