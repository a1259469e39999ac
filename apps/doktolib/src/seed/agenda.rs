use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// An opening on one date, in minutes of the clinic's wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: i16,
    pub(super) to: i16,
    /// The one offer that may be booked in it; `None` is any.
    pub(super) only: Option<usize>,
}

/// When a doctor receives patients.
#[derive(Debug, Clone, Default)]
pub(super) struct Agenda {
    /// Monday first.
    pub(super) week: [Vec<Window>; 7],
    /// Dates with other hours than the week's; no window is closed.
    pub(super) overrides: BTreeMap<Date, Vec<Window>>,
    /// First and last day off.
    pub(super) away: Option<(Date, Date)>,
    pub(super) holidays: BTreeSet<Date>,
}

impl Agenda {
    /// The openings of `date`.
    pub(super) fn on(&self, date: Date) -> &[Window] {
        if self.holidays.contains(&date) || self.away.is_some_and(|(first, last)| (first..=last).contains(&date)) {
            return &[];
        }
        self.overrides.get(&date).unwrap_or_else(|| self.usual(date))
    }

    /// What the week alone says about `date`.
    pub(super) fn usual(&self, date: Date) -> &Vec<Window> {
        let day = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        &self.week[day % 7]
    }
}

/// The instant of a wall-clock time. `None` where the clocks skip it; the earlier one where it happens twice.
pub(super) fn instant(zone: &TimeZone, date: Date, minute: i16) -> Option<Timestamp> {
    let time = Time::new(i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?, 0, 0).ok()?;
    let local = zone.to_ambiguous_timestamp(DateTime::from_parts(date, time));
    match local.offset() {
        AmbiguousOffset::Gap { .. } => None,
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => local.earlier().ok(),
    }
}

/// The first instant of `date`, or the first one after it where midnight is skipped.
pub(super) fn midnight(zone: &TimeZone, date: Date) -> Result<Timestamp, jiff::Error> {
    Ok(date.to_zoned(zone.clone())?.timestamp())
}

pub(super) const fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

pub(super) const fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count * 24)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn nine_o_clock_stays_nine_o_clock_over_both_changes() {
        let zone = TimeZone::get("America/New_York").unwrap();
        for (day, utc) in [
            (date(2027, 3, 12), "2027-03-12T14:00:00Z"),
            (date(2027, 3, 15), "2027-03-15T13:00:00Z"),
            (date(2027, 11, 5), "2027-11-05T13:00:00Z"),
            (date(2027, 11, 8), "2027-11-08T14:00:00Z"),
        ] {
            assert_eq!(instant(&zone, day, 540).unwrap().to_string(), utc);
        }
    }

    #[test]
    fn a_skipped_time_is_none_and_a_doubled_one_the_earlier() {
        let zone = TimeZone::get("America/New_York").unwrap();
        assert_eq!(instant(&zone, date(2027, 3, 14), 150), None);
        assert_eq!(instant(&zone, date(2027, 11, 7), 90).unwrap().to_string(), "2027-11-07T05:30:00Z");
    }

    #[test]
    fn a_holiday_and_time_off_close_a_day_that_an_override_opens() {
        let open = vec![Window { from: 540, to: 720, only: None }];
        let day = date(2027, 3, 2);
        let mut agenda = Agenda::default();
        assert!(agenda.on(day).is_empty());
        agenda.overrides.insert(day, open.clone());
        assert_eq!(agenda.on(day), open);
        agenda.away = Some((date(2027, 3, 1), day));
        assert!(agenda.on(day).is_empty());
        agenda.away = None;
        agenda.holidays.insert(day);
        assert!(agenda.on(day).is_empty());
    }
}
