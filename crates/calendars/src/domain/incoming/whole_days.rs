//! The whole days that a file names, such as a list of public holidays.

use std::collections::HashSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use kernel::Interval;

use super::event::{Event, Instances};
use super::lines::{components, value};
use super::zones::Zones;
use super::{MOST_EVENTS, MOST_LOOKS, MOST_SPANS, Unreadable};

/// The days that a file names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WholeDays {
    /// Each with what it is called, by date; a day that is named twice stands there twice. Names are as they are
    /// written, and may be empty or long.
    pub days: Vec<(Date, String)>,
    /// How many events have no day inside of what was asked for.
    pub outside: usize,
    /// How many events are not of whole days, or could not be understood.
    pub not_understood: usize,
}

/// Reads the whole days from `first` to `last`, both included. An event of several days is each of them, one that
/// repeats each of its repetitions; one that is called off is none. Whether it makes anybody busy does not matter.
///
/// # Errors
/// See [`Unreadable`].
pub fn whole_days(text: &str, first: Date, last: Date) -> Result<WholeDays, Unreadable> {
    let components = components(text).ok_or(Unreadable::NotACalendar)?;
    if components.events.len() > MOST_EVENTS {
        return Err(Unreadable::TooLarge);
    }
    // Days are days whatever the zone, so they are counted in the one that never changes.
    let utc = TimeZone::UTC;
    let zones = Zones::new(&components.zones, &utc);
    let midnight = |day: Date| day.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    let window = midnight(first).zip(last.tomorrow().ok().and_then(midnight));
    let window = window.and_then(|(start, end)| Interval::new(start, end));
    let Some(window) = window else { return Ok(WholeDays::default()) };
    let mut found = WholeDays::default();
    let mut events: Vec<(Event, String)> = Vec::new();
    for lines in &components.events {
        match Event::read(lines, &zones).filter(Event::is_of_whole_days) {
            Some(event) => events.push((event, written(value(lines, "SUMMARY").unwrap_or_default()))),
            None => found.not_understood += 1,
        }
    }
    let changed: HashSet<(&str, Timestamp)> =
        events.iter().filter_map(|(event, _)| Some((event.uid.as_str(), event.instead_of?))).collect();
    let mut looks = MOST_LOOKS;
    for (event, name) in &events {
        let instances = match event.instances(window, &mut looks) {
            Instances::Some(instances) => instances,
            Instances::NotUnderstood => {
                found.not_understood += 1;
                continue;
            }
            Instances::TooMany => return Err(Unreadable::TooLarge),
        };
        let before = found.days.len();
        for span in instances {
            let replaced = event.instead_of.is_none() && changed.contains(&(event.uid.as_str(), span.start));
            if event.is_called_off || replaced {
                continue;
            }
            let mut day = TimeZone::UTC.to_datetime(span.start.max(window.start)).date();
            let end = TimeZone::UTC.to_datetime(span.end.min(window.end)).date();
            while day < end {
                if found.days.len() >= MOST_SPANS {
                    return Err(Unreadable::TooLarge);
                }
                found.days.push((day, name.clone()));
                day = day.checked_add(1.day()).unwrap_or(end);
            }
        }
        found.outside += usize::from(found.days.len() == before);
    }
    found.days.sort_by_key(|(day, _)| *day);
    Ok(found)
}

/// A text without its escapes (RFC 5545, section 3.3.11), line breaks as spaces.
fn written(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some('n' | 'N') => plain.push(' '),
                Some(escaped) => plain.push(escaped),
                None => {}
            },
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(events: &[&str]) -> String {
        let events: String = events.iter().map(|lines| format!("BEGIN:VEVENT\r\n{lines}\r\nEND:VEVENT\r\n")).collect();
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
    }

    fn read(events: &[&str]) -> WholeDays {
        whole_days(&file(events), "2027-01-01".parse().unwrap(), "2027-12-31".parse().unwrap()).unwrap()
    }

    fn days(found: &WholeDays) -> Vec<String> {
        found.days.iter().map(|(day, name)| format!("{day} {name}")).collect()
    }

    #[test]
    fn days_are_read_whether_they_take_time_or_not_and_several_days_are_each_of_them() {
        let found = read(&[
            "UID:b\r\nDTSTART;VALUE=DATE:20271224\r\nDTEND;VALUE=DATE:20271227\r\nSUMMARY:Christmas\\, all of it",
            "UID:a\r\nDTSTART;VALUE=DATE:20270705\r\nSUMMARY:Independence Day\r\n (observed)\r\nTRANSP:TRANSPARENT",
            "UID:c\r\nDTSTART;VALUE=DATE:20271231\r\nDTEND;VALUE=DATE:20280102\r\nSUMMARY:New Year",
        ]);
        assert_eq!(
            days(&found),
            [
                "2027-07-05 Independence Day(observed)",
                "2027-12-24 Christmas, all of it",
                "2027-12-25 Christmas, all of it",
                "2027-12-26 Christmas, all of it",
                "2027-12-31 New Year",
            ]
        );
        assert_eq!((found.outside, found.not_understood), (0, 0));
    }

    #[test]
    fn what_repeats_each_year_is_there_once_in_a_year_and_what_is_called_off_is_not() {
        let found = read(&[
            "UID:t\r\nDTSTART;VALUE=DATE:20201126\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\r\nSUMMARY:Thanksgiving",
            "UID:j\r\nDTSTART;VALUE=DATE:20200619\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Juneteenth",
            "UID:x\r\nDTSTART;VALUE=DATE:20270301\r\nSTATUS:CANCELLED\r\nSUMMARY:Called off",
            "UID:l\r\nDTSTART;VALUE=DATE:20200101\r\nSUMMARY:Long gone",
        ]);
        assert_eq!(days(&found), ["2027-06-19 Juneteenth", "2027-11-25 Thanksgiving"]);
        assert_eq!((found.outside, found.not_understood), (2, 0));
    }

    #[test]
    fn times_of_day_and_nonsense_are_counted_and_never_guessed() {
        let found = read(&[
            "UID:a\r\nDTSTART:20270705T090000Z\r\nDTEND:20270705T100000Z\r\nSUMMARY:A meeting",
            "UID:b\r\nSUMMARY:Without a day",
            "UID:c\r\nDTSTART;VALUE=DATE:20270230\r\nSUMMARY:No such day",
            "UID:d\r\nDTSTART;VALUE=DATE:20270101\r\nRRULE:FREQ=HOURLY\r\nSUMMARY:Each hour",
        ]);
        assert_eq!((found.days.len(), found.not_understood), (0, 4));
        let from = "2027-01-01".parse().unwrap();
        assert_eq!(whole_days("<html>", from, from), Err(Unreadable::NotACalendar));
    }

    #[test]
    fn a_file_that_names_too_many_days_is_refused() {
        let daily = "UID:a\r\nDTSTART;VALUE=DATE:20270101\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Always";
        let many = vec![daily; 6];
        let (from, to) = ("2027-01-01".parse().unwrap(), "2027-12-31".parse().unwrap());
        assert_eq!(whole_days(&file(&many), from, to), Err(Unreadable::TooLarge));
    }
}
