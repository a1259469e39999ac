use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

/// When something is to be done again and again: minute, hour, day, month and weekday as `crontab(5)` has them, e.g.
/// `0 3 * * *`. A field is `*`, `*/15`, `7`, `1-5` or several of these with commas; Sunday is 0 or 7. Unlike there,
/// day **and** weekday have to fit when both are named.
///
/// Where the hour is `*`, it is done by the passing of time: also twice in an hour that the clocks show twice. Otherwise
/// it is done once on each day that fits: at the first of two such times; where the clocks jump over the time, as much
/// later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rhythm {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    text: String,
}

/// The text is no rhythm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not minute, hour, day, month and weekday as crontab(5) has them")]
pub struct BadRhythm;

const ALL_HOURS: u64 = (1 << 24) - 1;
/// The longest until a date comes again: the 29th of February around a year like 2100.
const LOOK_AHEAD_DAYS: i32 = 3_000;

/// Any day, month or weekday.
const ANY: u64 = u64::MAX;

impl Rhythm {
    /// At this minute of every hour.
    #[must_use]
    pub fn hourly(minute: u8) -> Self {
        Self::at([1 << (minute % 60), ALL_HOURS, ANY], format!("{} * * * *", minute % 60))
    }

    /// Every hour at the minutes that so many go into.
    #[must_use]
    pub fn every_minutes(step: u8) -> Self {
        let step = step.clamp(1, 59);
        let minutes = (0..60).step_by(step.into()).fold(0, |set, minute: u64| set | 1 << minute);
        Self::at([minutes, ALL_HOURS, ANY], format!("*/{step} * * * *"))
    }

    /// Every day at this time.
    #[must_use]
    pub fn daily(hour: u8, minute: u8) -> Self {
        let (hour, minute) = (hour % 24, minute % 60);
        Self::at([1 << minute, 1 << hour, ANY], format!("{minute} {hour} * * *"))
    }

    /// Every Sunday at this time.
    #[must_use]
    pub fn on_sundays(hour: u8, minute: u8) -> Self {
        let (hour, minute) = (hour % 24, minute % 60);
        Self::at([1 << minute, 1 << hour, 1], format!("{minute} {hour} * * 0"))
    }

    fn at([minutes, hours, weekdays]: [u64; 3], text: String) -> Self {
        Self { minutes, hours, days: ANY, months: ANY, weekdays, text }
    }

    /// The first time after `after` on the wall clock of `zone`; [`Timestamp::MAX`] when there is none, as on the 30th
    /// of February.
    #[must_use]
    pub fn next(&self, after: Timestamp, zone: &TimeZone) -> Timestamp {
        let next = if self.hours == ALL_HOURS { self.by_time(after, zone) } else { self.by_day(after, zone) };
        next.unwrap_or(Timestamp::MAX)
    }

    fn by_time(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut at = Timestamp::from_second(after.as_second().div_euclid(60) * 60).ok()?;
        let end = after.checked_add(SignedDuration::from_hours(i64::from(LOOK_AHEAD_DAYS) * 24)).ok()?;
        while at < end {
            at = at.checked_add(SignedDuration::from_mins(1)).ok()?;
            let local = zone.to_datetime(at);
            if !self.on(local.date()) {
                // Quarters of an hour, because some zones begin their days there.
                let rest = 14 - i64::from(local.minute()).rem_euclid(15);
                at = at.checked_add(SignedDuration::from_mins(rest)).ok()?;
            } else if has(self.minutes, local.minute()) {
                return Some(at);
            }
        }
        None
    }

    fn by_day(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut date = zone.to_datetime(after).date().yesterday().ok()?;
        for _ in 0..LOOK_AHEAD_DAYS {
            if self.on(date) {
                let times = (0..24_i8).filter(|hour| has(self.hours, *hour)).flat_map(|hour| {
                    (0..60_i8).filter(|minute| has(self.minutes, *minute)).filter_map(move |minute| {
                        zone.to_ambiguous_timestamp(date.at(hour, minute, 0, 0)).compatible().ok()
                    })
                });
                if let Some(first) = times.filter(|at| *at > after).min() {
                    return Some(first);
                }
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    fn on(&self, date: Date) -> bool {
        let weekday = date.weekday().to_sunday_zero_offset();
        has(self.days, date.day()) && has(self.months, date.month()) && has(self.weekdays, weekday)
    }
}

fn has(set: u64, number: i8) -> bool {
    u32::try_from(number).is_ok_and(|number| set & (1 << number) != 0)
}

impl fmt::Display for Rhythm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Rhythm {
    type Err = BadRhythm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else { return Err(BadRhythm) };
        let mut weekdays = set(weekdays, 0, 7)?;
        if weekdays & (1 << 7) != 0 {
            weekdays |= 1;
        }
        Ok(Self {
            minutes: set(minutes, 0, 59)?,
            hours: set(hours, 0, 23)?,
            days: set(days, 1, 31)?,
            months: set(months, 1, 12)?,
            weekdays,
            text: fields.join(" "),
        })
    }
}

fn set(field: &str, least: u32, most: u32) -> Result<u64, BadRhythm> {
    let mut set = 0;
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|step| *step > 0).ok_or(BadRhythm)?),
            None => (part, 1_usize),
        };
        let number = |text: &str| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u32>().ok().filter(|number| plain && (least..=most).contains(number)).ok_or(BadRhythm)
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (number(from)?, number(to)?),
            None => (number(range)?, number(range)?),
        };
        if from > to {
            return Err(BadRhythm);
        }
        (from..=to).step_by(step).for_each(|number| set |= 1_u64 << number);
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn next(rhythm: &str, after: &str, name: &str) -> String {
        let next = rhythm.parse::<Rhythm>().unwrap().next(after.parse().unwrap(), &zone(name));
        next.to_zoned(zone(name)).strftime("%Y-%m-%d %H:%M %:z").to_string()
    }

    #[test]
    fn the_next_time_is_read_on_the_wall_clock_of_the_zone() {
        for (rhythm, after, expected) in [
            ("0 3 * * *", "2027-03-01T07:59:59Z", "2027-03-01 03:00 -05:00"),
            ("0 3 * * *", "2027-03-01T08:00:00Z", "2027-03-02 03:00 -05:00"),
            ("0 * * * *", "2027-03-01T08:00:00Z", "2027-03-01 04:00 -05:00"),
            ("*/10 * * * *", "2027-03-01T08:09:59Z", "2027-03-01 03:10 -05:00"),
            ("30 4 * * 0", "2027-03-01T08:00:00Z", "2027-03-07 04:30 -05:00"),
            ("30 4 * * 7", "2027-03-01T08:00:00Z", "2027-03-07 04:30 -05:00"),
            ("15 6,18 1 1 *", "2027-03-01T08:00:00Z", "2028-01-01 06:15 -05:00"),
            ("0 12 29 2 *", "2027-03-01T08:00:00Z", "2028-02-29 12:00 -05:00"),
            ("5 * 1 4 *", "2027-03-01T08:00:00Z", "2027-04-01 00:05 -04:00"),
            ("0 9 * * 1-5", "2027-03-05T20:00:00Z", "2027-03-08 09:00 -05:00"),
        ] {
            assert_eq!(next(rhythm, after, "America/New_York"), expected, "{rhythm} after {after}");
        }
        let never: Rhythm = "0 3 30 2 *".parse().unwrap();
        assert_eq!(never.next("2027-03-01T08:00:00Z".parse().unwrap(), &TimeZone::UTC), Timestamp::MAX);
    }

    #[test]
    fn where_the_clocks_jump_it_is_done_later_and_where_they_go_back_it_is_done_once() {
        // 2:30 does not exist on 14 March 2027, and exists twice on 7 November.
        assert_eq!(next("30 2 * * *", "2027-03-14T05:00:00Z", "America/New_York"), "2027-03-14 03:30 -04:00");
        assert_eq!(next("30 1 * * *", "2027-11-07T04:30:00Z", "America/New_York"), "2027-11-07 01:30 -04:00");
        assert_eq!(next("30 1 * * *", "2027-11-07T05:30:00Z", "America/New_York"), "2027-11-08 01:30 -05:00");
        // By the hour, time passes as ever.
        assert_eq!(next("0 * * * *", "2027-11-07T05:00:00Z", "America/New_York"), "2027-11-07 01:00 -05:00");
        assert_eq!(next("0 * * * *", "2027-03-14T06:00:00Z", "America/New_York"), "2027-03-14 03:00 -04:00");
    }

    #[test]
    fn in_every_zone_three_in_the_morning_comes_once_on_each_day() {
        let rhythm: Rhythm = "0 3 * * *".parse().unwrap();
        let (begin, end): (Timestamp, Timestamp) =
            ("2026-12-31T00:00:00Z".parse().unwrap(), "2028-01-02T00:00:00Z".parse().unwrap());
        let mut zones = 0;
        for name in jiff::tz::db().available() {
            let Ok(zone) = TimeZone::get(name.as_str()) else { continue };
            let mut at = rhythm.next(begin, &zone);
            let mut day = zone.to_datetime(at).date();
            while at < end {
                let next = rhythm.next(at, &zone);
                let local = zone.to_datetime(next);
                assert_eq!(local.date(), day.tomorrow().unwrap(), "{name} after {at}");
                assert!((3..=4).contains(&local.hour()), "{name}: {local}");
                (at, day) = (next, local.date());
            }
            zones += 1;
        }
        assert!(zones > 400, "{zones}");
    }

    #[test]
    fn a_rhythm_that_was_made_is_the_one_that_its_text_says() {
        let mut at: Timestamp = "2027-03-01T00:00:00Z".parse().unwrap();
        for made in [
            Rhythm::hourly(5),
            Rhythm::every_minutes(10),
            Rhythm::daily(3, 0),
            Rhythm::daily(7, 30),
            Rhythm::on_sundays(4, 15),
        ] {
            let read: Rhythm = made.to_string().parse().unwrap();
            for _ in 0..20 {
                let next = made.next(at, &zone("America/New_York"));
                assert_eq!(next, read.next(at, &zone("America/New_York")), "{made}");
                at = next;
            }
        }
    }

    #[test]
    fn what_is_no_rhythm_is_refused() {
        for text in ["", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8"] {
            assert_eq!(text.parse::<Rhythm>(), Err(BadRhythm), "{text}");
        }
        for text in ["5-1 * * * *", "*/0 * * * *", "a * * * *", "1,,2 * * * *", "-1 * * * *", "+1 * * * *"] {
            assert_eq!(text.parse::<Rhythm>(), Err(BadRhythm), "{text}");
        }
        assert_eq!(" 0  3 * * 1 ".parse::<Rhythm>().unwrap().to_string(), "0 3 * * 1");
    }
}
