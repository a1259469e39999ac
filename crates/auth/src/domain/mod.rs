//! Users, what they prove themselves with, and their sessions.

mod account;
mod account_event;
pub mod password;
pub mod person;
mod records_event;
mod secret;
mod session;
mod session_event;

pub use account::{Account, AccountState, SecondFactor, Totp, UnknownState};
pub use account_event::AccountEvent;
pub use person::{Email, PersonError};
pub use records_event::RecordsEvent;
pub use secret::Secret;
pub use session::{
    ACCESS_TOKEN, COOKIE_ABSOLUTE, COOKIE_IDLE, Claim, Client, Life, MOST_SESSIONS, REFRESH_ABSOLUTE, REFRESH_SLIDING,
    Refresh, SETUP, Session, SessionExtent, SessionKind, TOUCH_EVERY, UnknownWord, seconds,
};
pub use session_event::SessionEvent;
