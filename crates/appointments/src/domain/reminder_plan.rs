use std::str::FromStr;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::{LeadWindow, Leads};

/// The longest that somebody may not wish to be written to in one piece: shorter than the least of the [`Leads`], so
/// that what waits for its end still comes before the visit.
pub const LONGEST_QUIET_MINUTES: u16 = 11 * 60;
/// Who has just been told of a visit is not reminded of it: so long before a mail would be due, and a text.
const TOLD_BEFORE_MAIL: SignedDuration = SignedDuration::from_hours(4);
const TOLD_BEFORE_TEXT: SignedDuration = SignedDuration::from_hours(1);
/// A text that would be due at night goes out so long before the night begins, so that no look misses it.
const BEFORE_NIGHT: SignedDuration = SignedDuration::from_hours(1);

/// When somebody is not written to, in minutes of the clinic's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// From then on.
    pub from: u16,
    /// Until then, perhaps of the next day. As `from`: never.
    pub until: u16,
}

impl Default for Quiet {
    /// From nine in the evening to eight in the morning.
    fn default() -> Self {
        Self { from: 21 * 60, until: 8 * 60 }
    }
}

impl Quiet {
    fn holds_at(self, local: DateTime) -> bool {
        let minute = minute_of(local.time());
        if self.from <= self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        }
    }

    /// Is nobody to be written to now?
    #[must_use]
    pub fn is_now(self, now: Timestamp, zone: &TimeZone) -> bool {
        self.holds_at(zone.to_datetime(now))
    }

    /// When the quiet hours began in which that instant lies; nothing when it lies in none.
    fn began(self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let local = zone.to_datetime(at);
        if !self.holds_at(local) {
            return None;
        }
        let today = minute_of(local.time()) >= self.from;
        let date = if today { local.date() } else { local.date().yesterday().ok()? };
        let from = Time::midnight().checked_add(i64::from(self.from).minutes()).ok()?;
        date.to_datetime(from).to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
    }
}

fn minute_of(time: Time) -> u16 {
    u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).unwrap_or(0)
}

/// How many hours before a visit its patient is reminded by a text; 0 is never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextLead(u16);

/// The text names no lead of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a number of hours from 1 to 11, or 0 for never")]
pub struct BadTextLead;

impl Default for TextLead {
    fn default() -> Self {
        Self(2)
    }
}

impl TextLead {
    /// Where no texts can be sent.
    pub const NEVER: Self = Self(0);
}

impl FromStr for TextLead {
    type Err = BadTextLead;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Less than the least of the others: the ledger of reminders tells them apart by their hours.
        text.trim().parse().ok().filter(|hours| (0..=11).contains(hours)).map(Self).ok_or(BadTextLead)
    }
}

/// Which reminders are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReminderPlan {
    /// By mail.
    Mails(Leads),
    /// By text.
    Texts(TextLead),
}

/// What becomes of a reminder at a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It goes out.
    Now,
    /// At a later look.
    Later,
    /// Its patient was told of the visit so shortly before that nobody needs reminding.
    Needless,
}

impl ReminderPlan {
    /// The visits that are looked at. Those of texts reach over a night, whose visits are reminded of the evening before.
    #[must_use]
    pub fn windows(&self, now: Timestamp) -> Vec<LeadWindow> {
        match self {
            Self::Mails(leads) => leads.windows(now),
            Self::Texts(TextLead(0)) => Vec::new(),
            Self::Texts(TextLead(lead)) => {
                let night = SignedDuration::from_mins(LONGEST_QUIET_MINUTES.into()) + BEFORE_NIGHT;
                let reach = SignedDuration::from_hours((*lead).into()) + night;
                let until = now.saturating_add(reach).unwrap_or(Timestamp::MAX);
                vec![LeadWindow { lead: *lead, after: now, until }]
            }
        }
    }

    /// Is it time? The visit begins at `starts_at`, its patient was told of it at `told_at`, and is not written to in
    /// those hours of the clinic's clock.
    #[must_use]
    pub fn turn(
        &self,
        lead: u16,
        (starts_at, told_at): (Timestamp, Timestamp),
        (quiet, zone): (Quiet, &TimeZone),
        now: Timestamp,
    ) -> Turn {
        let before = |at: Timestamp, span: SignedDuration| at.saturating_sub(span).unwrap_or(Timestamp::MIN);
        let at = before(starts_at, SignedDuration::from_hours(lead.into()));
        let (due, told_before) = match self {
            Self::Mails(_) => (at, TOLD_BEFORE_MAIL),
            Self::Texts(_) => (quiet.began(at, zone).map_or(at, |night| before(night, BEFORE_NIGHT)), TOLD_BEFORE_TEXT),
        };
        if told_at > before(due, told_before) {
            Turn::Needless
        } else if due > now && matches!(self, Self::Texts(_)) || quiet.is_now(now, zone) {
            Turn::Later
        } else {
            Turn::Now
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn new_york() -> TimeZone {
        TimeZone::get("America/New_York").unwrap()
    }

    #[test]
    fn quiet_hours_may_lie_over_midnight_within_a_day_or_nowhere() {
        let day = |from: u16, until: u16| Quiet { from: from * 60, until: until * 60 };
        for (quiet, hours) in [
            (Quiet::default(), &[21, 22, 23, 0, 1, 2, 3, 4, 5, 6, 7][..]),
            (day(13, 15), &[13, 14]),
            (day(0, 0), &[]),
            (day(9, 9), &[]),
        ] {
            for hour in 0..24 {
                let local: DateTime = format!("2027-03-09T{hour:02}:30").parse().unwrap();
                let expected = hours.contains(&hour);
                assert_eq!(quiet.holds_at(local), expected, "{quiet:?} at {hour}");
            }
        }
    }

    #[test]
    fn a_text_comes_hours_before_its_visit_and_one_that_would_come_at_night_on_the_evening_before() {
        let plan = ReminderPlan::Texts(TextLead::default());
        let long_ago = at("2027-01-01T00:00:00Z");
        let turn =
            |start: &str, now: &str| plan.turn(2, (at(start), long_ago), (Quiet::default(), &new_york()), at(now));
        for (start, now, expected) in [
            // Two in the afternoon: noon.
            ("2027-03-09T14:00:00-05:00", "2027-03-09T11:59:00-05:00", Turn::Later),
            ("2027-03-09T14:00:00-05:00", "2027-03-09T12:00:00-05:00", Turn::Now),
            // Half past eight in the morning: eight in the evening before, an hour before the night.
            ("2027-03-09T08:30:00-05:00", "2027-03-08T19:59:00-05:00", Turn::Later),
            ("2027-03-09T08:30:00-05:00", "2027-03-08T20:00:00-05:00", Turn::Now),
            // Where nobody looked in the evening, when the night is over.
            ("2027-03-09T08:30:00-05:00", "2027-03-08T21:00:00-05:00", Turn::Later),
            ("2027-03-09T08:30:00-05:00", "2027-03-09T06:30:00-05:00", Turn::Later),
            ("2027-03-09T08:30:00-05:00", "2027-03-09T08:00:00-05:00", Turn::Now),
            // Ten is two hours after eight, when the night is just over.
            ("2027-03-09T10:00:00-05:00", "2027-03-09T07:59:00-05:00", Turn::Later),
            ("2027-03-09T10:00:00-05:00", "2027-03-09T08:00:00-05:00", Turn::Now),
            // The night in which the clocks jump.
            ("2027-03-14T08:30:00-04:00", "2027-03-13T20:00:00-05:00", Turn::Now),
        ] {
            assert_eq!(turn(start, now), expected, "{start} at {now}");
        }
        let windows = plan.windows(at("2027-03-08T20:00:00-05:00"));
        assert!(windows[0].until >= at("2027-03-09T10:00:00-05:00"), "{windows:?}");
        assert!(ReminderPlan::Texts(TextLead::NEVER).windows(long_ago).is_empty());
    }

    #[test]
    fn who_was_told_of_a_visit_just_before_needs_no_reminder() {
        let start = at("2027-03-09T14:00:00-05:00");
        let mails = ReminderPlan::Mails(Leads::default());
        let texts = ReminderPlan::Texts(TextLead::default());
        for (plan, lead, hours, needless) in [
            (&mails, 24, 29, false),
            (&mails, 24, 28, false),
            (&mails, 24, 27, true),
            (&mails, 24, 3, true),
            (&texts, 2, 27, false),
            (&texts, 2, 3, false),
            (&texts, 2, 2, true),
        ] {
            let told = start - SignedDuration::from_hours(hours);
            let now = start - SignedDuration::from_hours(2);
            let turn = plan.turn(lead, (start, told), (Quiet::default(), &new_york()), now);
            assert_eq!(turn == Turn::Needless, needless, "{lead} hours ahead, told {hours} hours before");
        }
    }

    #[test]
    fn a_lead_of_texts_is_shorter_than_any_of_mails() {
        assert_eq!("2".parse(), Ok(TextLead::default()));
        assert_eq!("0".parse(), Ok(TextLead::NEVER));
        for bad in ["", "12", "-1", "two", "off"] {
            assert_eq!(bad.parse::<TextLead>(), Err(BadTextLead), "{bad}");
        }
    }
}
