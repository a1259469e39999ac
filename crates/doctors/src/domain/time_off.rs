use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use kernel::{ClinicId, Interval};

use super::fault::{Fault, Faults};

/// The longest time off: a year.
pub const LONGEST_TIME_OFF: SignedDuration = SignedDuration::from_hours(366 * 24);
/// How far ahead time off, overrides and holidays may lie.
pub const FARTHEST_AHEAD: SignedDuration = SignedDuration::from_hours(3 * 366 * 24);

/// The longest name of a holiday, in characters.
pub const LONGEST_HOLIDAY_NAME: usize = 100;

kernel::ids! {
    /// One time off of a doctor.
    TimeOffId,
}

/// A span in which the doctor does not work, at no clinic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOff {
    /// Which one.
    pub id: TimeOffId,
    /// When; its end does not belong to it.
    pub span: Interval,
}

impl TimeOff {
    /// Takes time off, as of `now`; both ends are cut to whole seconds.
    ///
    /// # Errors
    /// Everything that is wrong: it ends before it begins, has passed, is longer than a year or too far ahead.
    pub fn take(starts_at: Option<Timestamp>, ends_at: Option<Timestamp>, now: Timestamp) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        for (field, given) in [("starts_at", starts_at), ("ends_at", ends_at)] {
            if given.is_none() {
                faults.0.push(Fault::required(field));
            }
        }
        let whole = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
        let (Some(start), Some(end)) = (starts_at.map(whole), ends_at.map(whole)) else { return Err(faults.0) };
        let wrong = |field: &str, code: &'static str, message: &str| Fault::new(field, code, message);
        let Some(span) = Interval::new(start, end) else {
            return Err(vec![wrong("ends_at", "range", "must be later than starts_at")]);
        };
        if end <= now {
            faults.0.push(wrong("ends_at", "in-the-past", "has passed"));
        }
        if span.length() > LONGEST_TIME_OFF {
            faults.0.push(wrong("ends_at", "range", "must lie at most a year after starts_at"));
        }
        if start.duration_since(now) > FARTHEST_AHEAD {
            faults.0.push(wrong("starts_at", "range", "must lie at most three years ahead"));
        }
        faults.or(Self { id: TimeOffId::mint(), span })
    }
}

/// A date on which a clinic is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClinicHoliday {
    /// Which clinic.
    pub clinic: ClinicId,
    /// Local date.
    pub date: Date,
    /// What people call it, 1 to 100 characters.
    pub name: String,
}

impl ClinicHoliday {
    /// Closes a clinic on a date; `today` is that of the clinic.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn declare(clinic: ClinicId, date: Option<Date>, name: &str, today: Date) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let name = faults.line("name", name, 1, LONGEST_HOLIDAY_NAME);
        match date {
            None => faults.0.push(Fault::required("date")),
            Some(date) => faults.0.extend(date_to_come("date", date, today)),
        }
        faults.or(()).map(|()| Self { clinic, date: date.unwrap_or(today), name })
    }
}

/// What is wrong with a date that has to lie between today and three years from now.
#[must_use]
pub fn date_to_come(field: &str, date: Date, today: Date) -> Option<Fault> {
    if date < today {
        return Some(Fault::new(field, "in-the-past", "has passed"));
    }
    let far = today.checked_add(FARTHEST_AHEAD).is_ok_and(|last| date > last);
    far.then(|| Fault::new(field, "range", "must lie at most three years ahead"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2027-03-08T05:00:00Z".parse().unwrap()
    }

    fn taken(from: &str, to: &str) -> Vec<String> {
        let faults = TimeOff::take(from.parse().ok(), to.parse().ok(), now()).err().unwrap_or_default();
        faults.into_iter().map(|fault| format!("{}:{}", fault.field, fault.code)).collect()
    }

    #[test]
    fn time_off_begins_before_it_ends_lasts_a_year_at_most_and_is_not_over() {
        assert_eq!(taken("2027-03-01T00:00:00Z", "2027-03-08T05:00:01Z"), [""; 0]);
        assert_eq!(taken("2027-03-09T00:00:00Z", "2028-03-09T00:00:00Z"), [""; 0]);
        assert_eq!(taken("2027-03-01T00:00:00Z", "2027-03-08T05:00:00Z"), ["ends_at:in-the-past"]);
        assert_eq!(taken("2027-03-09T00:00:00Z", "2027-03-09T00:00:00.5Z"), ["ends_at:range"]);
        assert_eq!(taken("2027-03-09T00:00:00Z", "2028-03-09T00:00:01Z"), ["ends_at:range"]);
        assert_eq!(taken("2031-03-09T00:00:00Z", "2033-03-09T00:00:01Z"), ["ends_at:range", "starts_at:range"]);
        assert_eq!(taken("", ""), ["starts_at:required", "ends_at:required"]);
    }

    #[test]
    fn a_holiday_has_a_name_and_a_date_to_come() {
        let today: Date = "2027-03-08".parse().unwrap();
        let declared = |date: &str, name: &str| {
            let faults = ClinicHoliday::declare(ClinicId::mint(), date.parse().ok(), name, today);
            let faults = faults.err().unwrap_or_default();
            faults.into_iter().map(|fault| format!("{}:{}", fault.field, fault.code)).collect::<Vec<_>>()
        };
        assert_eq!(declared("2027-03-08", " Purim "), [""; 0]);
        assert_eq!(declared("2027-03-07", ""), ["name:length", "date:in-the-past"]);
        assert_eq!(declared("2037-03-07", "x"), ["date:range"]);
    }
}
