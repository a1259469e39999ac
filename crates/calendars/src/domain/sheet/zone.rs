//! Time zones in files: each is defined by what its clocks really do in the years concerned.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use kernel::Interval;

use super::lines::{Lines, quoted};

/// Where a definition begins when nothing changed before the first year concerned.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// How an instant is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// By the clocks of its zone.
    Local(DateTime),
    /// In UTC.
    Utc(Timestamp),
}

/// The zone of this name; none for UTC, and for what the time zone database does not know.
pub(super) fn worth_defining(name: &str) -> Option<TimeZone> {
    let zone = TimeZone::get(name).ok().filter(|zone| !zone.is_unknown())?;
    let always_utc = ["UTC", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Zulu", "Etc/GMT", "GMT"].contains(&name);
    (!always_utc).then_some(zone)
}

/// A local time that comes twice means the first (RFC 5545, section 3.3.5), yet programs disagree: it is written in UTC,
/// whichever is meant.
pub(super) fn reading(zone: &TimeZone, at: Timestamp) -> Reading {
    let local = zone.to_datetime(at);
    if zone.to_ambiguous_timestamp(local).is_ambiguous() { Reading::Utc(at) } else { Reading::Local(local) }
}

pub(super) fn utc(at: Timestamp) -> String {
    format!("{}Z", civil(Offset::UTC.to_datetime(at)))
}

pub(super) fn civil(local: DateTime) -> String {
    local.strftime("%Y%m%dT%H%M%S").to_string()
}

/// Writes a VTIMEZONE (section 3.6.5): one observance for each change of the clocks in the years of `used`, and the one
/// that holds before them.
pub(super) fn definition(lines: &mut Lines, name: &str, zone: &TimeZone, used: Interval) {
    let years = whole_years(zone, used);
    lines.plain("BEGIN", "VTIMEZONE");
    lines.plain("TZID", &quoted(name).replace('"', ""));
    lines.plain("X-LIC-LOCATION", name);
    let before = zone.preceding(years.start).next().filter(|change| change.timestamp() >= Timestamp::UNIX_EPOCH);
    match before {
        Some(change) => {
            let at = change.timestamp();
            observance(lines, zone, offset_before(zone, at).to_datetime(at), offset_before(zone, at), at);
        }
        None => {
            let offset = zone.to_offset(years.start);
            observance(lines, zone, EPOCH, offset, years.start);
        }
    }
    for change in zone.following(years.start).take_while(|change| change.timestamp() <= years.end) {
        let at = change.timestamp();
        let from = offset_before(zone, at);
        observance(lines, zone, from.to_datetime(at), from, at);
    }
    lines.plain("END", "VTIMEZONE");
}

/// What holds from `start` on, a reading of the clocks as they were until then.
fn observance(lines: &mut Lines, zone: &TimeZone, start: DateTime, from: Offset, at: Timestamp) {
    let info = zone.to_offset_info(at);
    let kind = if info.dst().is_dst() { "DAYLIGHT" } else { "STANDARD" };
    lines.plain("BEGIN", kind);
    lines.plain("DTSTART", &civil(start));
    lines.plain("TZOFFSETFROM", &offset(from));
    lines.plain("TZOFFSETTO", &offset(info.offset()));
    lines.text("TZNAME", info.abbreviation());
    lines.plain("END", kind);
}

fn offset_before(zone: &TimeZone, change: Timestamp) -> Offset {
    zone.to_offset(change.checked_sub(SignedDuration::from_secs(1)).unwrap_or(change))
}

fn whole_years(zone: &TimeZone, used: Interval) -> Interval {
    let bound = |at: Timestamp, years: i16| {
        let year = zone.to_datetime(at).year().checked_add(years);
        let date = year.and_then(|year| jiff::civil::Date::new(year, 1, 1).ok());
        let at_midnight = date.and_then(|date| zone.to_timestamp(date.at(0, 0, 0, 0)).ok());
        at_midnight.unwrap_or(at)
    };
    Interval { start: bound(used.start, 0), end: bound(used.end, 1) }
}

fn offset(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes, rest) = (seconds.abs() / 3600, seconds.abs() / 60 % 60, seconds.abs() % 60);
    let rest = if rest == 0 { String::new() } else { format!("{rest:02}") };
    format!("{sign}{hours:02}{minutes:02}{rest}")
}
