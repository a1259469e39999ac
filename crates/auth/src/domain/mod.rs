//! Users, what they prove themselves with, and their sessions.

mod secret;
mod session;
mod session_event;

pub use secret::Secret;
pub use session::{
    ACCESS_TOKEN, COOKIE_ABSOLUTE, COOKIE_IDLE, Claim, Client, REFRESH_ABSOLUTE, REFRESH_SLIDING, Refresh, SETUP,
    Session, SessionExtent, SessionKind, TOUCH_EVERY,
};
pub use session_event::{EndedWhy, SessionEvent};
