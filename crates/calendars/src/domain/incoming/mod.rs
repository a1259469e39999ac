//! Reading other people's calendars (RFC 5545): when is somebody busy?
//!
//! What is understood: events with a time zone, in UTC, floating and of whole days; durations; repetitions with their
//! exceptions and changed instances; events that are transparent or called off count for nothing. What is not understood
//! is counted, never guessed.

mod event;
mod lines;
mod rule;
mod whole_days;
mod zones;

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::Interval;

use event::{Event, Instances};
use lines::components;
use zones::Zones;

pub use whole_days::{WholeDays, whole_days};

/// The most events of a calendar.
pub const MOST_EVENTS: usize = 5000;
/// The most busy times that are taken over.
pub const MOST_SPANS: usize = 2000;
/// How many dates may be looked at for repetitions of one calendar, so that nobody's rules keep a server busy.
const MOST_LOOKS: u32 = 300_000;

/// Why a text was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no calendar.
    #[error("not a calendar")]
    NotACalendar,
    /// More events, repetitions or busy times than one calendar may have.
    #[error("the calendar is too large")]
    TooLarge,
}

/// When somebody is busy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusyTimes {
    /// In order, apart from each other.
    pub spans: Vec<Interval>,
    /// How many events could not be understood.
    pub not_understood: usize,
}

/// Reads when somebody is busy inside of `window`. Times without a zone, and whole days, are those of `home`.
///
/// # Errors
/// See [`Unreadable`].
pub fn busy_times(text: &str, window: Interval, home: &TimeZone) -> Result<BusyTimes, Unreadable> {
    let components = components(text).ok_or(Unreadable::NotACalendar)?;
    if components.events.len() > MOST_EVENTS {
        return Err(Unreadable::TooLarge);
    }
    let zones = Zones::new(&components.zones, home);
    let mut not_understood = 0;
    let mut events = Vec::new();
    for lines in &components.events {
        match Event::read(lines, &zones) {
            Some(event) => events.push(event),
            None => not_understood += 1,
        }
    }
    // A changed instance stands for the one it names, also where it is called off.
    let changed: HashSet<(&str, Timestamp)> =
        events.iter().filter_map(|event| Some((event.uid.as_str(), event.instead_of?))).collect();
    let mut looks = MOST_LOOKS;
    let mut spans = Vec::new();
    for event in &events {
        let instances = match event.instances(window, &mut looks) {
            Instances::Some(instances) => instances,
            Instances::NotUnderstood => {
                not_understood += 1;
                continue;
            }
            Instances::TooMany => return Err(Unreadable::TooLarge),
        };
        if !event.takes_time {
            continue;
        }
        for span in instances {
            let replaced = event.instead_of.is_none() && changed.contains(&(event.uid.as_str(), span.start));
            let clipped = Interval::new(span.start.max(window.start), span.end.min(window.end));
            spans.extend(clipped.filter(|_| !replaced));
        }
    }
    let spans = merged(spans);
    if spans.len() > MOST_SPANS { Err(Unreadable::TooLarge) } else { Ok(BusyTimes { spans, not_understood }) }
}

fn merged(mut spans: Vec<Interval>) -> Vec<Interval> {
    spans.sort_unstable();
    spans.dedup_by(|later, kept| {
        let joins = later.start <= kept.end;
        if joins {
            kept.end = kept.end.max(later.end);
        }
        joins
    });
    spans
}

#[cfg(test)]
mod tests;
