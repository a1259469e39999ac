use jiff::SignedDuration;
use platform::outgoing::Reach;

use super::{Reader, Tier};

/// `EXTERNAL_CALENDARS`: which addresses of calendars may be asked.
pub(super) fn reach(read: &mut Reader<'_>, tier: Tier) -> Reach {
    match read.text("EXTERNAL_CALENDARS").as_deref() {
        None | Some("public") => {}
        Some("loopback") if tier == Tier::Development => return Reach::Loopback,
        Some(_) => read.fault("EXTERNAL_CALENDARS", "must be public, or loopback in development alone"),
    }
    Reach::Public
}

/// `EXTERNAL_CALENDARS_MINUTES`: how often each of them is read.
pub(super) fn every(read: &mut Reader<'_>) -> SignedDuration {
    SignedDuration::from_mins(read.number("EXTERNAL_CALENDARS_MINUTES", 5..=1440, 15).into())
}
