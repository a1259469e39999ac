use appointments::application::GuestBooking;
use appointments::domain::{BadRetention, Retention};
use jiff::SignedDuration;

use super::{Reader, Tier};

/// `GUEST_BOOKING`: may somebody book without an account? By a mailed code, except on a developer's machine.
pub(super) fn guests(read: &mut Reader<'_>, tier: Tier) -> GuestBooking {
    match read.text("GUEST_BOOKING").as_deref() {
        Some("immediate") => GuestBooking::Immediate,
        Some("code") => GuestBooking::Code,
        Some("off") => GuestBooking::Off,
        None if tier == Tier::Development => GuestBooking::Immediate,
        None => GuestBooking::Code,
        Some(_) => {
            read.fault("GUEST_BOOKING", "must be code, immediate or off");
            GuestBooking::Off
        }
    }
}

/// `WAITLIST_ANSWER_MINUTES`: how long a time is kept for who waits for one.
pub(super) fn to_answer(read: &mut Reader<'_>) -> SignedDuration {
    SignedDuration::from_mins(read.number("WAITLIST_ANSWER_MINUTES", 15..=1440, 120).into())
}

/// `RETENTION_YEARS`: how long records of treatment are kept.
pub(super) fn retention(read: &mut Reader<'_>) -> Retention {
    let Some(text) = read.text("RETENTION_YEARS") else { return Retention::default() };
    text.parse().ok().and_then(|years| Retention::new(years).ok()).unwrap_or_else(|| {
        read.fault("RETENTION_YEARS", format!("must be {BadRetention}"));
        Retention::default()
    })
}
