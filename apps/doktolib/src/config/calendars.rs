use calendars::infrastructure::Reach;

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
