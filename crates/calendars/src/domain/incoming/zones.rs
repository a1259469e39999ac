//! Which zone a TZID means: one of the IANA database, else what the file itself defines.

use std::collections::HashMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::lines::{Line, ZoneLines, value};

/// The zones of a file.
pub(super) struct Zones<'a> {
    defined: HashMap<&'a str, TimeZone>,
    home: &'a TimeZone,
}

impl<'a> Zones<'a> {
    pub(super) fn new(definitions: &'a [ZoneLines], home: &'a TimeZone) -> Self {
        let defined = definitions.iter().filter_map(|zone| Some((value(&zone.own, "TZID")?, defined(zone)?)));
        Self { defined: defined.collect(), home }
    }

    /// Where times without a zone are read.
    pub(super) const fn home(&self) -> &TimeZone {
        self.home
    }

    /// The zone of that TZID; nothing when nobody knows it.
    pub(super) fn named(&self, name: &str) -> Option<TimeZone> {
        known(name).or_else(|| self.defined.get(name).cloned())
    }
}

/// By its name, or by the end of it: some write `/mozilla.org/20050126_1/Europe/Berlin`.
fn known(name: &str) -> Option<TimeZone> {
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
    (0..parts.len()).find_map(|from| {
        let zone = TimeZone::get(&parts[from..].join("/")).ok()?;
        // A bare last word could be the name of another place.
        (!zone.is_unknown() && (from == 0 || parts.len() - from >= 2)).then_some(zone)
    })
}

fn defined(zone: &ZoneLines) -> Option<TimeZone> {
    if let Some(found) = value(&zone.own, "X-LIC-LOCATION").and_then(known) {
        return Some(found);
    }
    // The rules that hold at last; offices that write such files write no others.
    let latest = |kind: &str| {
        let of_kind = zone.observances.iter().filter(|(name, _)| name == kind);
        of_kind.filter_map(|(_, lines)| Some((value(lines, "DTSTART")?, lines))).max_by_key(|(start, _)| *start)
    };
    let (_, standard) = latest("STANDARD")?;
    let winter = posix_offset(value(standard, "TZOFFSETTO")?)?;
    let Some((_, daylight)) = latest("DAYLIGHT") else {
        return TimeZone::posix(&format!("<STD>{winter}")).ok();
    };
    let summer = posix_offset(value(daylight, "TZOFFSETTO")?)?;
    let (begins, ends) = (posix_change(daylight)?, posix_change(standard)?);
    TimeZone::posix(&format!("<STD>{winter}<DST>{summer},{begins},{ends}")).ok()
}

/// `+0130` as POSIX counts: west of Greenwich is positive.
fn posix_offset(offset: &str) -> Option<String> {
    let (sign, digits) = offset.split_at_checked(1)?;
    let (hours, minutes) = (digits.get(0..2)?, digits.get(2..4)?);
    let sign = match sign {
        "+" => "-",
        "-" => "",
        _ => return None,
    };
    Some(format!("{sign}{hours}:{minutes}"))
}

/// `FREQ=YEARLY;BYMONTH=3;BYDAY=2SU` at two o'clock: `M3.2.0/02:00:00`.
fn posix_change(lines: &[Line]) -> Option<String> {
    let rule = value(lines, "RRULE")?;
    let part = |name: &str| rule.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let (month, day) = (part("BYMONTH")?, part("BYDAY")?);
    let (week, weekday) = day.split_at_checked(day.len().checked_sub(2)?)?;
    let week: i8 = week.parse().ok()?;
    let week = if week == -1 { 5 } else { week };
    let weekday = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"].iter().position(|known| *known == weekday)?;
    let start: DateTime = value(lines, "DTSTART")?.parse().ok()?;
    (1..=5).contains(&week).then(|| format!("M{month}.{week}.{weekday}/{}", start.time().strftime("%H:%M:%S")))
}
