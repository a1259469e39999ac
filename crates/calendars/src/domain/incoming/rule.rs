//! Rules of repetition (RFC 5545, section 3.3.10): by days, weeks, months and years.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::{Timestamp, ToSpan as _};

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Every {
    Day,
    Week,
    Month,
    Year,
}

/// When the last instance may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    Instant(Timestamp),
    Local(DateTime),
    Date(Date),
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    every: Every,
    interval: i32,
    pub(super) count: Option<u32>,
    pub(super) until: Option<Until>,
    months: Vec<i8>,
    month_days: Vec<i8>,
    /// With the place in the month or year; 0 is each.
    days: Vec<(i16, Weekday)>,
    places: Vec<i16>,
    week_start: Weekday,
}

impl Rule {
    /// Nothing when it says something that is not understood, e.g. hours.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut rule = Self {
            every: Every::Day,
            interval: 1,
            count: None,
            until: None,
            months: Vec::new(),
            month_days: Vec::new(),
            days: Vec::new(),
            places: Vec::new(),
            week_start: Weekday::Monday,
        };
        let mut every = None;
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            match name.trim().to_ascii_uppercase().as_str() {
                "FREQ" => {
                    every = Some(match value {
                        "DAILY" => Every::Day,
                        "WEEKLY" => Every::Week,
                        "MONTHLY" => Every::Month,
                        "YEARLY" => Every::Year,
                        _ => return None,
                    });
                }
                "INTERVAL" => rule.interval = value.parse().ok().filter(|interval| (1..=10_000).contains(interval))?,
                "COUNT" => rule.count = Some(value.parse().ok().filter(|count| *count > 0)?),
                "UNTIL" => rule.until = Some(until(value)?),
                "BYMONTH" => rule.months = numbers(value, 1..=12)?,
                "BYMONTHDAY" => rule.month_days = numbers(value, -31..=31)?,
                "BYDAY" => rule.days = value.split(',').map(day).collect::<Option<_>>()?,
                "BYSETPOS" => {
                    rule.places = value.split(',').map(|place| place.parse().ok()).collect::<Option<_>>()?;
                }
                "WKST" => rule.week_start = weekday(value)?,
                _ => return None,
            }
        }
        rule.every = every?;
        let numbered = rule.days.iter().any(|(place, _)| *place != 0);
        (!numbered || matches!(rule.every, Every::Month | Every::Year)).then_some(rule)
    }

    /// The first period that can hold an instance at `wanted` or later; counting begins with the first of all.
    pub(super) fn skip_to(&self, start: Date, wanted: Date) -> i32 {
        if self.count.is_some() || wanted <= start {
            return 0;
        }
        let days = (wanted - start).get_days();
        let periods = match self.every {
            Every::Day => days / self.interval,
            Every::Week => days / 7 / self.interval,
            Every::Month => days / 31 / self.interval,
            Every::Year => days / 366 / self.interval,
        };
        (periods - 2).max(0)
    }

    /// A date before which no instance of that period can be.
    pub(super) fn period_begins(&self, start: Date, period: i32) -> Option<Date> {
        let step = i64::from(period.checked_mul(self.interval)?);
        match self.every {
            Every::Day => start.checked_add(step.days()).ok(),
            Every::Week => start.checked_add(step.weeks()).ok()?.checked_sub(6.days()).ok(),
            Every::Month => start.first_of_month().checked_add(step.months()).ok(),
            Every::Year => start.first_of_year().checked_add(step.years()).ok(),
        }
    }

    /// The dates of the period of that number, in order; nothing past the end of the calendar.
    pub(super) fn dates(&self, start: Date, period: i32) -> Option<Vec<Date>> {
        let step = period.checked_mul(self.interval)?;
        let mut dates = match self.every {
            Every::Day => {
                let date = start.checked_add(i64::from(step).days()).ok()?;
                let fits = self.fits_month(date) && self.fits_month_day(date) && self.fits_weekday(date);
                if fits { vec![date] } else { Vec::new() }
            }
            Every::Week => {
                let back = i64::from(start.weekday().since(self.week_start));
                let first = start.checked_sub(back.days()).ok()?.checked_add(i64::from(step).weeks()).ok()?;
                let week = first.series(1.day()).take(7);
                let wanted = |date: &Date| {
                    let day =
                        if self.days.is_empty() { date.weekday() == start.weekday() } else { self.fits_weekday(*date) };
                    day && self.fits_month(*date) && self.fits_month_day(*date)
                };
                week.filter(wanted).collect()
            }
            Every::Month => {
                let first = start.first_of_month().checked_add(i64::from(step).months()).ok()?;
                if self.fits_month(first) { self.in_month(first, start) } else { Vec::new() }
            }
            Every::Year => {
                let year = i16::try_from(i32::from(start.year()).checked_add(step)?).ok()?;
                self.in_year(year, start)?
            }
        };
        dates.sort_unstable();
        dates.dedup();
        if self.places.is_empty() {
            return Some(dates);
        }
        let place = |place: &i16| {
            let from_end = dates.len().checked_sub(usize::from(place.unsigned_abs()));
            let at = if *place > 0 { usize::try_from(place - 1).ok() } else { from_end };
            at.and_then(|at| dates.get(at)).copied()
        };
        let mut chosen: Vec<Date> = self.places.iter().filter_map(place).collect();
        chosen.sort_unstable();
        chosen.dedup();
        Some(chosen)
    }

    fn in_month(&self, first: Date, start: Date) -> Vec<Date> {
        let days = first.series(1.day()).take(usize::from(first.days_in_month().unsigned_abs()));
        let wanted = |date: &Date| match (self.month_days.is_empty(), self.days.is_empty()) {
            (true, true) => date.day() == start.day(),
            (month_days, week_days) => {
                (month_days || self.fits_month_day(*date))
                    && (week_days || self.fits_day_in(*date, date.day().into(), date.days_in_month().into()))
            }
        };
        days.filter(wanted).collect()
    }

    fn in_year(&self, year: i16, start: Date) -> Option<Vec<Date>> {
        let of_months = |months: &mut dyn Iterator<Item = i8>| {
            let firsts: Vec<Date> = months.filter_map(|month| Date::new(year, month, 1).ok()).collect();
            firsts.into_iter().flat_map(|first| self.in_month(first, start)).collect()
        };
        if !self.months.is_empty() {
            return Some(of_months(&mut self.months.iter().copied()));
        }
        if self.days.is_empty() {
            let every_month = !self.month_days.is_empty();
            return Some(if every_month {
                of_months(&mut (1..=12))
            } else {
                of_months(&mut [start.month()].into_iter())
            });
        }
        let first = Date::new(year, 1, 1).ok()?;
        let days = first.series(1.day()).take(usize::from(first.days_in_year().unsigned_abs()));
        let wanted = |date: &Date| {
            (self.month_days.is_empty() || self.fits_month_day(*date))
                && self.fits_day_in(*date, date.day_of_year(), date.days_in_year())
        };
        Some(days.filter(wanted).collect())
    }

    fn fits_month(&self, date: Date) -> bool {
        self.months.is_empty() || self.months.contains(&date.month())
    }

    fn fits_month_day(&self, date: Date) -> bool {
        let from_end = date.day() - date.days_in_month() - 1;
        self.month_days.is_empty() || self.month_days.contains(&date.day()) || self.month_days.contains(&from_end)
    }

    fn fits_weekday(&self, date: Date) -> bool {
        self.days.is_empty() || self.days.iter().any(|(_, weekday)| *weekday == date.weekday())
    }

    /// `nth` of `of` days in the month or year: is it one of the wanted weekdays, at its place?
    fn fits_day_in(&self, date: Date, nth: i16, of: i16) -> bool {
        let (place, from_end) = ((nth - 1) / 7 + 1, -((of - nth) / 7 + 1));
        let wanted = |(wanted, weekday): &(i16, Weekday)| {
            *weekday == date.weekday() && (*wanted == 0 || *wanted == place || *wanted == from_end)
        };
        self.days.iter().any(wanted)
    }
}

fn numbers(text: &str, allowed: std::ops::RangeInclusive<i8>) -> Option<Vec<i8>> {
    let number = |text: &str| text.trim().parse().ok().filter(|number| *number != 0 && allowed.contains(number));
    text.split(',').map(number).collect()
}

fn day(text: &str) -> Option<(i16, Weekday)> {
    let text = text.trim();
    let (place, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let place = if place.is_empty() { 0 } else { place.parse().ok().filter(|place| *place != 0)? };
    Some((place, weekday(name)?))
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
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

fn until(text: &str) -> Option<Until> {
    if let Some(utc) = text.strip_suffix('Z') {
        let local: DateTime = utc.parse().ok()?;
        return local.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| Until::Instant(at.timestamp()));
    }
    if text.contains('T') { text.parse().ok().map(Until::Local) } else { text.parse().ok().map(Until::Date) }
}
