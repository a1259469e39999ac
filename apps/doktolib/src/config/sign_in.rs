use super::{Reader, Tier};

/// `SIGN_IN_LIMITS`: are failed sign-ins counted? Off for measurements alone.
pub(super) fn limits(read: &mut Reader<'_>, tier: Tier) -> bool {
    match read.text("SIGN_IN_LIMITS").as_deref() {
        None | Some("on") => {}
        Some("off") if tier == Tier::Development => return false,
        Some(_) => read.fault("SIGN_IN_LIMITS", "must be on, or off in development alone"),
    }
    true
}
