//! Writing iCalendar (RFC 5545), with the scheduling words of RFC 5546.

mod lines;
mod zone;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::{AppointmentId, Interval};

use lines::Lines;
use zone::{Reading, reading};

/// What the receiver of a file is to do with it (RFC 5546, section 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Show it.
    Publish,
    /// Put it into the calendar of who is invited, or change what is there.
    Request,
    /// Take it out.
    Cancel,
}

impl Method {
    /// The word in the file and in the media type of a mail's part.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

/// Does a visit take place?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It does, or did.
    Confirmed,
    /// It was called off.
    Cancelled,
}

/// Who keeps a visit in order: the installation's own address, under the name of the clinic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organizer {
    /// As it is shown.
    pub name: String,
    /// An e-mail address.
    pub email: String,
}

/// Who is invited.
#[derive(Clone, PartialEq, Eq)]
pub struct Attendee {
    /// As it is shown.
    pub name: String,
    /// An e-mail address.
    pub email: String,
}

impl std::fmt::Debug for Attendee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attendee").finish_non_exhaustive()
    }
}

/// A visit as a calendar shows it. Nothing medical belongs into it: calendars are shared and synchronised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which visit; the file's UID is made of it, and stays through all moves.
    pub id: AppointmentId,
    /// When.
    pub span: Interval,
    /// IANA zone of the clinic; one that is unknown counts as UTC.
    pub time_zone: String,
    /// Does it take place?
    pub standing: Standing,
    /// Grows with each change: of two files with one UID the one with the larger number holds (RFC 5545, section
    /// 3.8.7.4).
    pub sequence: u32,
    /// When it was booked.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// One line.
    pub summary: String,
    /// Where it is.
    pub place: Option<String>,
    /// Who keeps it in order.
    pub organizer: Option<Organizer>,
    /// Who is invited.
    pub attendee: Option<Attendee>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet<'a> {
    /// What is to be done with it.
    pub method: Method,
    /// The host of the installation's public address: the second half of every UID.
    pub host: &'a str,
    /// What a subscriber calls the list.
    pub name: Option<&'a str>,
    /// How often a subscriber looks again (RFC 7986, section 5.7).
    pub refresh: Option<SignedDuration>,
    /// The visits.
    pub entries: &'a [Entry],
}

impl Sheet<'_> {
    /// The text of the file: lines of at most 75 octets with CRLF, definitions of the time zones it uses first.
    ///
    /// Local times stand with their zone, so that a change of the zone's rules moves nothing that was agreed by the
    /// clinic's clock; a time that the clocks show twice stands in UTC.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = Lines::default();
        lines.plain("BEGIN", "VCALENDAR");
        lines.plain("VERSION", "2.0");
        lines.plain("PRODID", "-//Doktolib//Doktolib//EN");
        lines.plain("CALSCALE", "GREGORIAN");
        lines.plain("METHOD", self.method.word());
        if let Some(name) = self.name {
            lines.text("NAME", name);
            lines.text("X-WR-CALNAME", name);
        }
        if let Some(refresh) = self.refresh {
            let every = format!("PT{}M", refresh.as_mins().max(1));
            lines.plain("REFRESH-INTERVAL;VALUE=DURATION", &every);
            lines.plain("X-PUBLISHED-TTL", &every);
        }
        let zones = self.zones();
        for (name, (zone, years)) in &zones {
            zone::definition(&mut lines, name, zone, *years);
        }
        for entry in self.entries {
            let zone = zones.get(entry.time_zone.as_str()).map(|(zone, _)| zone);
            self.entry(&mut lines, entry, zone);
        }
        lines.plain("END", "VCALENDAR");
        lines.finish()
    }

    /// The zones that are used, each with the time over which it has to be known.
    fn zones(&self) -> BTreeMap<&str, (TimeZone, Interval)> {
        let mut zones: BTreeMap<&str, (TimeZone, Interval)> = BTreeMap::new();
        for entry in self.entries {
            if let Some((_, known)) = zones.get_mut(entry.time_zone.as_str()) {
                known.start = known.start.min(entry.span.start);
                known.end = known.end.max(entry.span.end);
            } else if let Some(zone) = zone::worth_defining(&entry.time_zone) {
                zones.insert(&entry.time_zone, (zone, entry.span));
            }
        }
        zones
    }

    fn entry(&self, lines: &mut Lines, entry: &Entry, zone: Option<&TimeZone>) {
        lines.plain("BEGIN", "VEVENT");
        lines.plain("UID", &format!("{}@{}", entry.id, self.host));
        lines.plain("SEQUENCE", &entry.sequence.to_string());
        lines.plain("DTSTAMP", &zone::utc(entry.changed_at));
        lines.plain("CREATED", &zone::utc(entry.created_at));
        lines.plain("LAST-MODIFIED", &zone::utc(entry.changed_at));
        for (name, at) in [("DTSTART", entry.span.start), ("DTEND", entry.span.end)] {
            match zone.map_or(Reading::Utc(at), |zone| reading(zone, at)) {
                Reading::Local(local) => {
                    let zone = lines::quoted(&entry.time_zone);
                    lines.plain(&format!("{name};TZID={zone}"), &zone::civil(local));
                }
                Reading::Utc(at) => lines.plain(name, &zone::utc(at)),
            }
        }
        lines.text("SUMMARY", &entry.summary);
        if let Some(place) = &entry.place {
            lines.text("LOCATION", place);
        }
        let (status, transparency) = match entry.standing {
            Standing::Confirmed => ("CONFIRMED", "OPAQUE"),
            Standing::Cancelled => ("CANCELLED", "TRANSPARENT"),
        };
        lines.plain("STATUS", status);
        lines.plain("TRANSP", transparency);
        lines.plain("CLASS", "PRIVATE");
        if let Some(Organizer { name, email }) = &entry.organizer {
            lines.plain(&format!("ORGANIZER;CN={}", lines::quoted(name)), &lines::mailto(email));
        }
        if let Some(Attendee { name, email }) = &entry.attendee {
            let name = lines::quoted(name);
            let status = if entry.standing == Standing::Cancelled { "DECLINED" } else { "ACCEPTED" };
            let parameters = format!("ATTENDEE;CN={name};ROLE=REQ-PARTICIPANT;PARTSTAT={status};RSVP=FALSE");
            lines.plain(&parameters, &lines::mailto(email));
        }
        lines.plain("END", "VEVENT");
    }
}

#[cfg(test)]
mod tests;
