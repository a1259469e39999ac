//! Signing in and out, and what that needs from outside.

mod ports;
mod user_ports;

#[cfg(test)]
pub use ports::MockSessionOpener;
pub use ports::{OpenedSession, SessionOpener, Tokens};
pub use user_ports::{
    BadReach, Change, CodeDetails, CodePurpose, Consent, ConsentGiven, Counted, Decide, DecideByCode, Limit, NewCode,
    NewUser, Notice, Outcome, Passwords, PatientRecords, Practices, Proofs, RecoveryCodes, Redeemed, Refusal,
    ShownCode, StoreError, Tries, TryError, UserFilter, UserStore,
};
#[cfg(test)]
pub use user_ports::{MockPasswords, MockPatientRecords, MockPractices, MockProofs, MockTries, MockUserStore};
