//! Signing in and out, and what that needs from outside.

mod account_ports;
mod change_email;
mod end_session;
mod erase_account;
mod export_records;
pub mod limits;
mod list_sessions;
mod manage_users;
mod my_account;
mod open_session;
mod ports;
mod proof_ports;
mod records_ports;
mod refresh_session;
mod register;
mod request_code;
mod second_factor;
mod set_password;
mod sign_in_by_code;
mod sign_in_by_password;
#[cfg(test)]
mod test_data;
mod tries;
mod user_ports;
#[cfg(test)]
mod user_test_data;

pub use account_ports::{AccountPorts, CODE_LASTS, CodeSent, Entered, INVITATION_LASTS, RESET_LASTS};
pub use change_email::{ChangeEmail, ChangeEmailError, OwnersProof};
pub use limits::Visitor;
pub use manage_users::{Invitation, Invited, ManageUsers, ManageUsersError, ReachEdit};
pub use my_account::{Edit, MyAccount, MyAccountError};
pub use register::{Register, RegisterError, Registration};
pub use request_code::{Asked, RequestCode, RequestCodeError};
pub use second_factor::{SecondFactorError, SetUpSecondFactor, TotpOffer};
pub use set_password::{SetPassword, SetPasswordError};
pub use sign_in_by_code::{SignInByCode, SignInByCodeError};
pub use sign_in_by_password::{SecondProof, SignInByPassword, SignInError};

pub use end_session::{EndSession, EndSessionError};
pub use erase_account::{EraseAccount, EraseError};
pub use export_records::ExportRecords;
pub use list_sessions::ListSessions;
pub use open_session::OpenSession;
#[cfg(test)]
pub use ports::MockSessionOpener;
pub use ports::{
    Digest, FoundBy, Minted, NewSession, OpenedSession, Refreshed, SessionOpener, SessionStore, TokenMint, Tokens,
};
#[cfg(test)]
pub use proof_ports::{MockPasswords, MockPatientRecords, MockPractices, MockProofs};
pub use proof_ports::{Passwords, PatientRecords, Practices, Proofs};
pub use records_ports::{
    AccountErasure, Attached, Attachments, Found, PartErasure, PatientErasure, PersonalRecords, Pieces, RecordFile,
    RecordTrail, VisitsAhead,
};
pub use refresh_session::{RefreshError, RefreshSession};
#[cfg(test)]
pub use tries::MockTries;
pub use tries::{Counted, Limit, Tries, TryError};
#[cfg(test)]
pub use user_ports::MockUserStore;
pub use user_ports::{
    BadReach, Change, CodeDetails, CodePurpose, Consent, ConsentGiven, Decide, DecideByCode, NewCode, NewUser, Notice,
    Outcome, RecoveryCodes, Redeemed, Refusal, ShownCode, StoreError, UserFilter, UserStore,
};
