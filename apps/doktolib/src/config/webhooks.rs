use platform::outgoing::Reach;

use super::{Reader, Tier};

/// `WEBHOOK_ADDRESSES`: which addresses messages may be posted to. A developer's receiver runs on the same machine.
pub(super) fn reach(read: &mut Reader<'_>, tier: Tier) -> Reach {
    match (read.text("WEBHOOK_ADDRESSES").as_deref(), tier) {
        (None | Some("loopback"), Tier::Development) => Reach::Loopback,
        (None | Some("public"), _) => Reach::Public,
        (Some(_), _) => {
            read.fault("WEBHOOK_ADDRESSES", "must be public, or loopback in development alone");
            Reach::Public
        }
    }
}
