//! What the tests of the use cases share.

use jiff::Timestamp;
use kernel::{Role, UserId};

use super::ports::{Minted, MockTokenMint};
use crate::domain::{Account, AccountState, Client, Email, Secret, Session, SessionExtent, SessionKind};

pub fn now() -> Timestamp {
    "2026-11-21T09:00:00Z".parse().unwrap()
}

pub fn session(account: UserId) -> Session {
    Session::open(account, SessionKind::Bearer, SessionExtent::Full, Client::default(), now()).0
}

/// An active patient with that id.
pub fn patient(id: UserId) -> Account {
    Account {
        id,
        role: Role::Patient,
        state: AccountState::Active,
        name: "Ada Example".into(),
        email: Email::parse("ada@example.org").unwrap(),
        email_verified_at: Some(now()),
        language: "en".into(),
        doctor: None,
        clinics: Vec::new(),
        password_hash: None,
        totp: None,
        version: 1,
        created_at: now(),
        updated_at: now(),
    }
}

/// Every opaque secret it makes has the digest of sevens; it knows one text, `known`.
pub fn mint() -> MockTokenMint {
    let mut mint = MockTokenMint::new();
    mint.expect_access().returning(|_, _, _, _| Ok(Secret::new("access")));
    mint.expect_opaque().returning(|| Minted { secret: Secret::new("opaque"), digest: [7; 32] });
    mint.expect_csrf().returning(|_| Secret::new("csrf"));
    mint.expect_digest().returning(|shown| (shown == "known").then_some([1; 32]));
    mint
}
