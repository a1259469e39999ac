use kernel::{DomainEvent, UserId};
use serde::Serialize;
use uuid::Uuid;

/// The longest that somebody may not wish to be written to in one piece: what waits for its end has to come before the
/// visit all the same.
pub const LONGEST_QUIET_MINUTES: u16 = 11 * 60;
const DAY: u16 = 24 * 60;

/// When somebody is not reminded, in minutes of the clinic's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from: u16,
    until: u16,
}

/// Hours that cannot be quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("quiet hours are times of a day, and last 11 hours at most")]
pub struct BadQuietHours;

impl Default for QuietHours {
    /// From nine in the evening to eight in the morning.
    fn default() -> Self {
        Self { from: 21 * 60, until: 8 * 60 }
    }
}

impl QuietHours {
    /// From one minute of the day until another, perhaps of the next day; the same twice is never.
    ///
    /// # Errors
    /// When one is none, or they last longer than [`LONGEST_QUIET_MINUTES`].
    pub fn new(from: u16, until: u16) -> Result<Self, BadQuietHours> {
        let lasts = (until + DAY).checked_sub(from).map(|minutes| minutes % DAY);
        let fits = from < DAY && until < DAY && lasts.is_some_and(|minutes| minutes <= LONGEST_QUIET_MINUTES);
        fits.then_some(Self { from, until }).ok_or(BadQuietHours)
    }

    /// From this minute of the day on.
    #[must_use]
    pub const fn from(self) -> u16 {
        self.from
    }

    /// Until this one.
    #[must_use]
    pub const fn until(self) -> u16 {
        self.until
    }
}

/// How somebody wishes to be reminded of visits: one's own, and those of whom one looks after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preferences {
    /// Whose.
    pub user: UserId,
    /// Reminders by mail.
    pub email_reminders: bool,
    /// Reminders by text.
    pub sms_reminders: bool,
    /// When not.
    pub quiet: QuietHours,
    /// Grows by one with every change; 0 is what holds before the first one.
    pub version: i32,
}

impl Preferences {
    /// What holds for whom nobody has asked.
    #[must_use]
    pub fn unsaid(user: UserId) -> Self {
        Self { user, email_reminders: true, sms_reminders: true, quiet: QuietHours::default(), version: 0 }
    }
}

/// Somebody wishes to be reminded in another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreferencesChanged {
    /// Who.
    pub user_id: UserId,
    /// By mail?
    pub email_reminders: bool,
    /// By text?
    pub sms_reminders: bool,
}

impl DomainEvent for PreferencesChanged {
    fn name(&self) -> &'static str {
        "notification_preferences.changed"
    }

    fn subject(&self) -> Uuid {
        self.user_id.as_uuid()
    }

    fn clinic(&self) -> Option<Uuid> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_are_times_of_a_day_and_end_before_a_visit_that_is_reminded_of() {
        for (from, until) in [(21 * 60, 8 * 60), (0, 0), (720, 720), (13 * 60, 15 * 60), (0, 660), (1439, 659)] {
            let hours = QuietHours::new(from, until).unwrap();
            assert_eq!((hours.from(), hours.until()), (from, until));
        }
        for (from, until) in [(1440, 0), (0, 1440), (0, 661), (21 * 60, 8 * 60 + 1), (600, 599), (u16::MAX, 0)] {
            assert_eq!(QuietHours::new(from, until), Err(BadQuietHours), "{from} to {until}");
        }
    }
}
