use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use kernel::Interval;

/// So many of the last dates are counted anew each night, because marks may be corrected for a day.
pub const SETTLING: usize = 3;
/// So many dates are made up for when nobody has counted.
pub const MOST_MISSED: usize = 31;

/// The last date that has ended on this wall clock.
#[must_use]
pub fn last_ended(now: Timestamp, zone: &TimeZone) -> Date {
    let today = zone.to_datetime(now).date();
    today.yesterday().unwrap_or(today)
}

/// From the first instant of a date on this wall clock to that of the next; a day of 23 or 25 hours where the clocks
/// change.
#[must_use]
pub fn span_of(date: Date, zone: &TimeZone) -> Option<Interval> {
    let start = |date: Date| date.to_zoned(zone.clone()).ok().map(|start| start.timestamp());
    Interval::new(start(date)?, start(date.tomorrow().ok()?)?)
}

/// The dates to be counted now, the oldest first: the last [`SETTLING`] ones, and those of the last [`MOST_MISSED`] that
/// nobody has counted.
#[must_use]
pub fn days_to_do(last: Date, counted: &BTreeSet<Date>) -> Vec<Date> {
    let backwards = |back: usize| i64::try_from(back).ok().and_then(|back| last.checked_sub(back.days()).ok());
    let wanted = |(back, date): &(usize, Date)| *back < SETTLING || !counted.contains(date);
    let dates = (0..MOST_MISSED).filter_map(|back| Some((back, backwards(back)?)));
    let mut days: Vec<Date> = dates.filter(wanted).map(|(_, date)| date).collect();
    days.reverse();
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn a_date_is_as_long_as_its_wall_clock_says() {
        let hours = |date: &str, name: &str| span_of(date.parse().unwrap(), &zone(name)).unwrap().length().as_hours();
        assert_eq!(hours("2027-03-13", "America/New_York"), 24);
        assert_eq!(hours("2027-03-14", "America/New_York"), 23);
        assert_eq!(hours("2027-11-07", "America/New_York"), 25);
        // The clocks of Beirut go forward at midnight: the day has no first hour.
        assert_eq!(hours("2027-03-28", "Asia/Beirut"), 23);
    }

    #[test]
    fn dates_follow_each_other_without_a_gap_in_every_zone_and_year() {
        for name in ["America/New_York", "Asia/Beirut", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"] {
            let mut date: Date = "2026-01-01".parse().unwrap();
            while date < "2031-01-01".parse().unwrap() {
                let next = date.tomorrow().unwrap();
                let (here, there) = (span_of(date, &zone(name)).unwrap(), span_of(next, &zone(name)).unwrap());
                assert_eq!(here.end, there.start, "{name} {date}");
                date = next;
            }
        }
    }

    #[test]
    fn a_date_has_ended_when_the_clinic_s_own_midnight_has_come() {
        let at = |time: &str| last_ended(time.parse().unwrap(), &zone("America/New_York")).to_string();
        assert_eq!(at("2027-03-02T04:59:59Z"), "2027-02-28");
        assert_eq!(at("2027-03-02T05:00:00Z"), "2027-03-01");
    }

    #[test]
    fn the_last_three_dates_settle_and_older_ones_are_counted_once_and_not_from_ever() {
        let last: Date = "2027-03-31".parse().unwrap();
        let all = days_to_do(last, &BTreeSet::new());
        assert_eq!((all.len(), all[0].to_string(), all[30]), (31, "2027-03-01".to_owned(), last));
        let counted: BTreeSet<Date> = all.iter().copied().filter(|date| date.day() != 17).collect();
        let left: Vec<i8> = days_to_do(last, &counted).iter().map(|date| date.day()).collect();
        assert_eq!(left, [17, 29, 30, 31]);
    }
}
