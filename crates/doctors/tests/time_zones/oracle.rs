//! The slow way: real minutes, one after the other, and what the clock shows at each.

use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::Plan;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// An instant at which a zone's clock jumps.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    pub at: Timestamp,
    /// What the clock would show at `at` without the jump.
    pub before: DateTime,
    /// What it shows instead.
    pub after: DateTime,
}

impl Change {
    /// First and last minute of the day that are skipped or shown twice, counted on the date on which they begin.
    pub fn readings(&self) -> (i32, i32) {
        let (first, last) = (self.before.min(self.after), self.before.max(self.after));
        let length = first.until((jiff::Unit::Minute, last)).expect("a span").get_minutes();
        let first = i32::from(first.hour()) * 60 + i32::from(first.minute());
        (first, first + i32::try_from(length).expect("a jump of less than a day"))
    }

    /// The date on which it happens, with the one before and the one after.
    pub fn days(&self) -> [Date; 3] {
        let day = self.before.min(self.after).date();
        [day.yesterday().expect("a date"), day, day.tomorrow().expect("a date")]
    }

    pub fn is_gap(&self) -> bool {
        self.before < self.after
    }
}

/// Every jump of the zone's clock in these years. Other changes, of a zone's name alone, are left out.
pub fn changes(zone: &TimeZone, years: RangeInclusive<i16>) -> Vec<Change> {
    let start = date(*years.start(), 1, 1).to_zoned(TimeZone::UTC).expect("a date").timestamp();
    let end = date(*years.end() + 1, 1, 1).to_zoned(TimeZone::UTC).expect("a date").timestamp();
    let jumps = zone.following(start).map(|change| change.timestamp()).take_while(|at| *at < end);
    let jumps = jumps.map(|at| Change {
        at,
        before: zone.to_datetime(at - MINUTE).saturating_add(1.minute()),
        after: zone.to_datetime(at),
    });
    jumps.filter(|change| change.before != change.after).collect()
}

/// What a clock shows at each real minute of some days in a row.
pub struct Readings {
    /// Real minutes since 1970 before the first reading.
    first: i64,
    /// Date and minute of the day, one for each real minute.
    shown: Vec<(Date, u16)>,
}

impl Readings {
    /// From the start of the day before `at` to the end of the day after it, at least.
    pub fn around(zone: &TimeZone, at: Timestamp) -> Self {
        let at = at.as_second().div_euclid(60);
        let (first, last) = (at - 51 * 60, at + 51 * 60);
        let read = |minute: i64| {
            let shown = zone.to_datetime(Timestamp::from_second(minute * 60).expect("an instant"));
            assert_eq!(shown.second(), 0, "minutes of this zone do not begin with those of UTC");
            let of_day = u16::try_from(i32::from(shown.hour()) * 60 + i32::from(shown.minute())).expect("a minute");
            (shown.date(), of_day)
        };
        Self { first, shown: (first..last).map(read).collect() }
    }

    /// The real minutes at which the clock shows `day`, in order, each with the minute of the day it shows.
    fn of(&self, day: Date) -> impl Iterator<Item = (i64, u16)> {
        let numbered = (self.first..).zip(&self.shown);
        numbered.filter(move |(_, shown)| shown.0 == day).map(|(minute, shown)| (minute, shown.1))
    }
}

/// Where visits of `plan` may start on `day`.
pub fn starts(readings: &Readings, day: Date, plan: &Plan) -> Vec<Timestamp> {
    // In the order of real time, so of two showings the earlier is kept.
    let mut first_showing: Vec<Option<i64>> = vec![None; 1440];
    for (minute, of_day) in readings.of(day) {
        first_showing[usize::from(of_day)].get_or_insert(minute);
    }
    let mut found = Vec::new();
    for opening in openings(plan) {
        let is_open = |minute: i64| {
            let (date, of_day) = readings.shown[usize::try_from(minute - readings.first).expect("a reading")];
            date == day && opening.contains(&of_day)
        };
        let mut not_before = i64::MIN;
        for wanted in (*opening.start()..=*opening.end()).filter(|m| (m - opening.start()) % plan.grid == 0) {
            let Some(start) = first_showing[usize::from(wanted)] else { continue };
            if start >= not_before && (start..start + i64::from(plan.duration)).all(is_open) {
                found.push(Timestamp::from_second(start * 60).expect("an instant"));
                not_before = start + i64::from(plan.grid);
            }
        }
    }
    found
}

/// The open minutes of the plan's day as the longest possible runs.
fn openings(plan: &Plan) -> Vec<RangeInclusive<u16>> {
    let is_open = |minute: &u16| plan.hours.iter().any(|(from, to)| (*from..*to).contains(minute));
    let mut runs: Vec<RangeInclusive<u16>> = Vec::new();
    for minute in (0..1440).filter(is_open) {
        match runs.last_mut() {
            Some(run) if run.end() + 1 == minute => *run = *run.start()..=minute,
            _ => runs.push(minute..=minute),
        }
    }
    runs
}
