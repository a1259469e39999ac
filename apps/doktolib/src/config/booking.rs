use appointments::application::GuestBooking;
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
