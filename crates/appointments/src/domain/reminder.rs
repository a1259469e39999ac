use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The least and the most hours ahead. The least is longer than any night in which nobody is written to, so that a
/// reminder that has to wait for the morning still comes before the visit.
const ALLOWED: std::ops::RangeInclusive<u16> = 12..=336;
const MOST: usize = 5;

/// How many hours before a visit its patient is reminded; once for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leads(Vec<u16>);

/// The visits that one of the [`Leads`] is for: those that begin after `after`, until and with `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadWindow {
    /// Hours ahead.
    pub lead: u16,
    /// The next smaller lead is for what begins by then.
    pub after: Timestamp,
    /// The last start.
    pub until: Timestamp,
}

/// The text names no leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be off, or up to 5 numbers of hours from 12 to 336 with commas")]
pub struct BadLeads;

impl Default for Leads {
    /// A day ahead.
    fn default() -> Self {
        Self(vec![24])
    }
}

impl Leads {
    /// Which visits are due for which reminder now. A visit is in one window at the most: who books late gets the
    /// reminder that comes next, and not those that would have come before.
    #[must_use]
    pub fn windows(&self, now: Timestamp) -> Vec<LeadWindow> {
        let at = |hours: u16| now.saturating_add(SignedDuration::from_hours(hours.into())).unwrap_or(Timestamp::MAX);
        let before = std::iter::once(0).chain(self.0.iter().copied());
        before
            .zip(&self.0)
            .map(|(after, lead)| LeadWindow { lead: *lead, after: at(after), until: at(*lead) })
            .collect()
    }
}

impl FromStr for Leads {
    type Err = BadLeads;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == "off" {
            return Ok(Self(Vec::new()));
        }
        let read = text.split(',').map(|part| part.trim().parse().ok().filter(|hours| ALLOWED.contains(hours)));
        let mut leads = read.collect::<Option<Vec<u16>>>().ok_or(BadLeads)?;
        leads.sort_unstable();
        leads.dedup();
        if leads.len() > MOST { Err(BadLeads) } else { Ok(Self(leads)) }
    }
}

impl fmt::Display for Leads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&hours.join(","))
    }
}

/// The day of a visit, on the wall clock of its clinic.
#[must_use]
pub fn day_of(starts_at: Timestamp, zone: &str) -> Date {
    TimeZone::get(zone).unwrap_or(TimeZone::UTC).to_datetime(starts_at).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_start_is_in_one_window_up_to_the_longest_lead() {
        let now: Timestamp = "2027-03-01T12:00:00Z".parse().unwrap();
        let leads: Leads = "72, 24".parse().unwrap();
        let windows = leads.windows(now);
        assert_eq!(leads.to_string(), "24,72");
        for (hours, expected) in [(0, None), (1, Some(24)), (24, Some(24)), (25, Some(72)), (72, Some(72)), (73, None)]
        {
            let start = now + SignedDuration::from_hours(hours);
            let found: Vec<u16> = windows
                .iter()
                .filter(|window| window.after < start && start <= window.until)
                .map(|window| window.lead)
                .collect();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{hours}");
        }
        assert!("off".parse::<Leads>().unwrap().windows(now).is_empty());
    }

    #[test]
    fn leads_that_could_fall_into_the_night_or_are_no_numbers_are_refused() {
        for text in ["", "11", "337", "24,", "a day", "24;72", "12,13,14,15,16,17", "-24"] {
            assert_eq!(text.parse::<Leads>(), Err(BadLeads), "{text}");
        }
        assert_eq!("24,24".parse::<Leads>(), Ok(Leads::default()));
    }

    #[test]
    fn a_day_is_that_of_the_clinics_clock() {
        let at = "2027-03-02T04:30:00Z".parse().unwrap();
        assert_eq!(day_of(at, "America/New_York").to_string(), "2027-03-01");
        assert_eq!(day_of(at, "Europe/Paris").to_string(), "2027-03-02");
    }
}
