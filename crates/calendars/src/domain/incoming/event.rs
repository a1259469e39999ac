//! One event, and when it takes place.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use kernel::Interval;

use super::lines::{Line, value};
use super::rule::{Rule, Until};
use super::zones::Zones;

/// A time as it is written.
#[derive(Debug, Clone)]
enum Written {
    Day(Date),
    Local(DateTime, TimeZone),
}

impl Written {
    fn read(line: &Line, text: &str, zones: &Zones<'_>) -> Option<Self> {
        if let Some(utc) = text.strip_suffix('Z') {
            return Some(Self::Local(utc.parse().ok()?, TimeZone::UTC));
        }
        if !text.contains('T') {
            return text.parse().ok().map(Self::Day);
        }
        let zone = match line.parameter("TZID") {
            Some(name) => zones.named(name)?,
            None => zones.home().clone(),
        };
        Some(Self::Local(text.parse().ok()?, zone))
    }

    fn instant(&self, home: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Day(day) => day.to_zoned(home.clone()).ok().map(|at| at.timestamp()),
            Self::Local(local, zone) => zone.to_timestamp(*local).ok(),
        }
    }
}

/// How long each instance is.
#[derive(Debug, Clone, Copy)]
enum Length {
    Exact(SignedDuration),
    Days(i32),
}

/// An event of the file.
pub(super) struct Event {
    pub(super) uid: String,
    /// Which instance of its series this one stands for.
    pub(super) instead_of: Option<Timestamp>,
    /// Does it make anybody busy?
    pub(super) takes_time: bool,
    /// Does it not take place at all?
    pub(super) is_called_off: bool,
    start: Written,
    length: Length,
    rules: Vec<Option<Rule>>,
    more: Vec<Timestamp>,
    except: Vec<Timestamp>,
    home: TimeZone,
}

/// When an event takes place.
pub(super) enum Instances {
    Some(Vec<Interval>),
    NotUnderstood,
    TooMany,
}

impl Event {
    /// Nothing when its start or its length cannot be read.
    pub(super) fn read(lines: &[Line], zones: &Zones<'_>) -> Option<Self> {
        let home = zones.home().clone();
        let written = |name: &str| {
            let line = lines.iter().find(|line| line.name == name)?;
            Some(Written::read(line, &line.value, zones))
        };
        let start = written("DTSTART")??;
        let length = match (&start, written("DTEND"), value(lines, "DURATION")) {
            (Written::Day(start), Some(end), _) => match end? {
                Written::Day(end) => Length::Days((end - *start).get_days().max(1)),
                Written::Local(..) => return None,
            },
            (Written::Local(..), Some(end), _) => {
                Length::Exact(end?.instant(&home)?.duration_since(start.instant(&home)?))
            }
            (_, None, Some(duration)) => Length::Exact(duration_of(duration)?),
            (Written::Day(_), None, None) => Length::Days(1),
            (Written::Local(..), None, None) => Length::Exact(SignedDuration::ZERO),
        };
        let listed = |name: &str| {
            let lines = lines.iter().filter(|line| line.name == name);
            let times = lines.flat_map(|line| line.value.split(',').map(move |text| (line, text)));
            times
                .map(|(line, text)| Written::read(line, text.split('/').next()?.trim(), zones)?.instant(&home))
                .collect::<Option<Vec<Timestamp>>>()
        };
        let instead_of = match written("RECURRENCE-ID") {
            Some(written) => Some(written?.instant(&home)?),
            None => None,
        };
        let word = |name: &str| value(lines, name).unwrap_or_default().to_ascii_uppercase();
        let is_called_off = word("STATUS") == "CANCELLED";
        let free = word("TRANSP") == "TRANSPARENT" || is_called_off || word("X-MICROSOFT-CDO-BUSYSTATUS") == "FREE";
        Some(Self {
            uid: value(lines, "UID").unwrap_or_default().to_owned(),
            instead_of,
            takes_time: !free,
            is_called_off,
            rules: lines.iter().filter(|line| line.name == "RRULE").map(|line| Rule::read(&line.value)).collect(),
            more: listed("RDATE")?,
            except: listed("EXDATE")?,
            start,
            length,
            home,
        })
    }

    /// Is it one or more whole days, each time?
    pub(super) const fn is_of_whole_days(&self) -> bool {
        matches!(self.start, Written::Day(_))
    }

    /// The instances that share an instant with `window`; each date that is looked at for them is one of `looks`.
    pub(super) fn instances(&self, window: Interval, looks: &mut u32) -> Instances {
        let Some(first) = self.start.instant(&self.home) else { return Instances::NotUnderstood };
        let mut starts = vec![first];
        starts.extend(&self.more);
        for rule in &self.rules {
            let Some(rule) = rule else { return Instances::NotUnderstood };
            if self.repeat(rule, window, looks, &mut starts).is_none() {
                return Instances::TooMany;
            }
        }
        starts.sort_unstable();
        starts.dedup();
        let spans = starts.into_iter().filter(|start| !self.except.contains(start));
        let spans = spans.filter_map(|start| Interval::new(start, self.end_of(start)?));
        Instances::Some(spans.filter(|span| span.overlaps(&window)).collect())
    }

    fn repeat(&self, rule: &Rule, window: Interval, looks: &mut u32, starts: &mut Vec<Timestamp>) -> Option<()> {
        let (start, zone) = match &self.start {
            Written::Day(day) => (day.at(0, 0, 0, 0), &self.home),
            Written::Local(local, zone) => (*local, zone),
        };
        let length = match self.length {
            Length::Exact(exact) => exact,
            Length::Days(days) => SignedDuration::from_hours(24 * i64::from(days)),
        };
        let earliest = window.start.checked_sub(length).unwrap_or(window.start);
        let mut period = rule.skip_to(start.date(), zone.to_datetime(earliest).date());
        let mut counted = 0;
        loop {
            *looks = looks.checked_sub(1)?;
            let Some(dates) = rule.dates(start.date(), period) else { return Some(()) };
            for date in dates {
                let local = date.to_datetime(start.time());
                let Ok(at) = zone.to_timestamp(local) else { return Some(()) };
                if local < start {
                    continue;
                }
                let over = match rule.until {
                    Some(Until::Instant(until)) => at > until,
                    Some(Until::Local(until)) => local > until,
                    Some(Until::Date(until)) => date > until,
                    None => false,
                };
                if over || rule.count.is_some_and(|count| counted >= count) || at >= window.end {
                    return Some(());
                }
                counted += 1;
                if at >= earliest {
                    starts.push(at);
                }
            }
            period = period.checked_add(1)?;
            // A rule whose dates never come, e.g. 30 February, ends with the window as well.
            let past = rule.period_begins(start.date(), period).is_none_or(|begins| {
                zone.to_timestamp(begins.to_datetime(start.time())).is_ok_and(|begins| begins >= window.end)
            });
            if past {
                return Some(());
            }
        }
    }

    fn end_of(&self, start: Timestamp) -> Option<Timestamp> {
        match self.length {
            Length::Exact(exact) => start.checked_add(exact).ok(),
            Length::Days(days) => {
                let day = self.home.to_datetime(start).date().checked_add(i64::from(days).days()).ok()?;
                day.to_zoned(self.home.clone()).ok().map(|at| at.timestamp())
            }
        }
    }
}

/// `P1W`, `P1DT2H`, `PT30M` (RFC 5545, section 3.3.6); a day counts 24 hours.
fn duration_of(text: &str) -> Option<SignedDuration> {
    let rest = text.trim().trim_start_matches('+').strip_prefix('P')?;
    let mut seconds: i64 = 0;
    let mut number = String::new();
    for c in rest.chars() {
        let unit = match c {
            '0'..='9' if number.len() < 8 => {
                number.push(c);
                continue;
            }
            'T' if number.is_empty() => continue,
            'W' => 604_800,
            'D' => 86_400,
            'H' => 3_600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.parse::<i64>().ok()?.checked_mul(unit)?)?;
        number.clear();
    }
    number.is_empty().then(|| SignedDuration::from_secs(seconds))
}
