//! Signing in and out, and what that needs from outside.

mod end_session;
mod list_sessions;
mod open_session;
mod ports;
mod refresh_session;
#[cfg(test)]
mod test_data;
mod user_ports;

pub use end_session::{EndSession, EndSessionError};
pub use list_sessions::ListSessions;
pub use open_session::OpenSession;
#[cfg(test)]
pub use ports::MockSessionOpener;
pub use ports::{
    Digest, FoundBy, Minted, NewSession, OpenedSession, Refreshed, SessionOpener, SessionStore, TokenMint, Tokens,
};
pub use refresh_session::{RefreshError, RefreshSession};
pub use user_ports::{
    BadReach, Change, CodeDetails, CodePurpose, Consent, ConsentGiven, Counted, Decide, DecideByCode, Limit, NewCode,
    NewUser, Notice, Outcome, Passwords, PatientRecords, Practices, Proofs, RecoveryCodes, Redeemed, Refusal,
    ShownCode, StoreError, Tries, TryError, UserFilter, UserStore,
};
#[cfg(test)]
pub use user_ports::{MockPasswords, MockPatientRecords, MockPractices, MockProofs, MockTries, MockUserStore};
