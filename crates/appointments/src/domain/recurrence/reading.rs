//! Reading a rule.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};

use super::{End, MOST_IN_SERIES, Recurrence, RecurrenceError, Step};

/// No rule is longer.
const LONGEST_TEXT: usize = 200;

/// The parts of a rule that are known here, each as it was given.
#[derive(Default)]
struct Parts<'a> {
    freq: Option<&'a str>,
    interval: Option<&'a str>,
    count: Option<&'a str>,
    until: Option<&'a str>,
    by_day: Option<&'a str>,
    by_month_day: Option<&'a str>,
    week_starts: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Result<Self, RecurrenceError> {
        let mut parts = Self::default();
        for part in text.split(';') {
            let (name, value) = part.split_once('=').ok_or(RecurrenceError::Unreadable)?;
            let place = match name {
                "FREQ" => &mut parts.freq,
                "INTERVAL" => &mut parts.interval,
                "COUNT" => &mut parts.count,
                "UNTIL" => &mut parts.until,
                "BYDAY" => &mut parts.by_day,
                "BYMONTHDAY" => &mut parts.by_month_day,
                "WKST" => &mut parts.week_starts,
                _ => return Err(RecurrenceError::Part),
            };
            if place.replace(value).is_some() {
                return Err(RecurrenceError::Twice);
            }
        }
        Ok(parts)
    }
}

impl FromStr for Recurrence {
    type Err = RecurrenceError;

    /// Reads a rule, with or without `RRULE:` in front.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_uppercase();
        let text = text.strip_prefix("RRULE:").unwrap_or(&text);
        if text.is_empty() || text.len() > LONGEST_TEXT {
            return Err(RecurrenceError::Unreadable);
        }
        let parts = Parts::of(text)?;
        let interval = match parts.interval {
            Some(text) => number(text, 1..=366).ok_or(RecurrenceError::Value("INTERVAL"))?,
            None => 1,
        };
        Ok(Self { step: step(&parts)?, interval, end: end(&parts)?, text: text.to_owned() })
    }
}

fn step(parts: &Parts<'_>) -> Result<Step, RecurrenceError> {
    let begins = match parts.week_starts {
        Some(text) => weekday(text).ok_or(RecurrenceError::Value("WKST"))?,
        None => Weekday::Monday,
    };
    let bad_day = RecurrenceError::Value("BYDAY");
    // Only months have a first Monday and a last.
    let plain = || parts.by_day.map_or(Ok(Vec::new()), |text| list(text, weekday).ok_or(bad_day));
    match (parts.freq, parts.by_month_day, parts.by_day) {
        (Some("DAILY"), None, _) => Ok(Step::Daily(plain()?)),
        (Some("WEEKLY"), None, _) => Ok(Step::Weekly { days: plain()?, begins }),
        (Some("MONTHLY"), None, None) => Ok(Step::MonthlyByDate(Vec::new())),
        (Some("MONTHLY"), Some(text), None) => {
            let days = list(text, |day| signed(day, 31)).ok_or(RecurrenceError::Value("BYMONTHDAY"))?;
            Ok(Step::MonthlyByDate(days))
        }
        (Some("MONTHLY"), None, Some(text)) => Ok(Step::MonthlyByWeekday(list(text, numbered).ok_or(bad_day)?)),
        (Some("DAILY" | "WEEKLY" | "MONTHLY"), Some(_), _) => Err(RecurrenceError::Part),
        (Some(_) | None, ..) => Err(RecurrenceError::Frequency),
    }
}

fn end(parts: &Parts<'_>) -> Result<End, RecurrenceError> {
    match (parts.count, parts.until) {
        (Some(text), None) => {
            let count: u16 = number(text, 1..=u16::MAX).ok_or(RecurrenceError::Value("COUNT"))?;
            let count = usize::from(count);
            if count > MOST_IN_SERIES { Err(RecurrenceError::TooMany) } else { Ok(End::Count(count)) }
        }
        (None, Some(text)) => until(text).ok_or(RecurrenceError::Value("UNTIL")),
        (Some(_), Some(_)) | (None, None) => Err(RecurrenceError::End),
    }
}

/// A date, `20270601`, or an instant in UTC, `20270601T140000Z`.
fn until(text: &str) -> Option<End> {
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    let date = |text: &str| {
        digits(text, 8)
            .then(|| Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok())?
    };
    match text.split_once('T') {
        None => date(text).map(End::Date),
        Some((day, time)) => {
            let time = time.strip_suffix('Z').filter(|time| digits(time, 6))?;
            let at = format!("{}T{}:{}:{}Z", date(day)?, &time[..2], &time[2..4], &time[4..]);
            at.parse::<Timestamp>().ok().map(End::Instant)
        }
    }
}

/// A list of values without repetitions; none when one of them cannot be read.
fn list<T: PartialEq>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let mut values = Vec::new();
    for value in text.split(',') {
        let value = read(value)?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Some(values)
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}

/// `TU` is every Tuesday of a month, `2TU` the second, `-1TU` the last.
fn numbered(text: &str) -> Option<(Option<i8>, Weekday)> {
    let (number, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let day = weekday(day)?;
    if number.is_empty() { Some((None, day)) } else { Some((Some(signed(number, 5)?), day)) }
}

/// A number from 1 to `most`, or as far below zero.
fn signed(text: &str, most: u16) -> Option<i8> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let value: u16 = number(digits, 1..=most)?;
    i8::try_from(value).ok().map(|value| sign * value)
}

fn number(text: &str, among: std::ops::RangeInclusive<u16>) -> Option<u16> {
    let plain = !text.is_empty() && text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?.filter(|number| among.contains(number))
}
