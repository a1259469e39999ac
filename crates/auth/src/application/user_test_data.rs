//! Ports that agree to everything, for tests of use cases.

use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Role, SessionId, StoppedClock, UserId};

use super::*;
use crate::domain::{Account, AccountState, Client, Email, Secret, Totp};

pub fn now() -> Timestamp {
    "2027-03-08T05:00:00Z".parse().unwrap()
}

pub fn visitor() -> Visitor {
    Visitor { client: Client::default(), counted_as: "192.0.2.1".into(), request_id: Some("r-1".into()) }
}

/// An account with everything its role needs; a second factor is set up.
pub fn account(role: Role) -> Account {
    let totp = (role != Role::Patient).then(|| Totp {
        secret: vec![7; 20],
        confirmed_at: Some(Timestamp::UNIX_EPOCH),
        last_step: Some(41),
    });
    Account {
        id: UserId::mint(),
        role,
        state: AccountState::Active,
        name: "Ada Lovelace".into(),
        email: Email::parse("ada@example.org").unwrap(),
        email_verified_at: None,
        language: "en".into(),
        doctor: (role == Role::Doctor).then(kernel::DoctorId::mint),
        clinics: if matches!(role, Role::Doctor | Role::Staff) { vec![kernel::ClinicId::mint()] } else { Vec::new() },
        password_hash: Some("hash of right".into()),
        totp,
        version: 3,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

pub struct Mocks {
    pub users: MockUserStore,
    pub tries: MockTries,
    pub passwords: MockPasswords,
    pub proofs: MockProofs,
    pub sessions: MockSessionOpener,
    pub records: MockPatientRecords,
    pub practices: MockPractices,
}

impl Mocks {
    /// Nothing is counted, or it is counted wrongly.
    pub fn uncounted() -> Self {
        let mut proofs = MockProofs::new();
        proofs.expect_code().returning(|| "123456".into());
        proofs.expect_long_code().returning(|| "abcdefghjkmnpqrstvwxyz0123".into());
        proofs.expect_digest().returning(|_, code| if code == "000000" { [9; 32] } else { [1; 32] });
        proofs.expect_no_digest().returning(|| [0; 32]);
        proofs.expect_totp_secret().returning(|| vec![8; 20]);
        proofs.expect_totp_shown().returning(|_, _| ("SECRET".into(), "otpauth://x".into()));
        proofs.expect_totp_step().returning(|_, code, _| code.parse().ok());
        let mut passwords = MockPasswords::new();
        passwords.expect_is().returning(|password, hash| Ok(hash == Some(format!("hash of {password}"))));
        passwords.expect_hash().returning(|password| Ok(format!("hash of {password}")));
        let mut sessions = MockSessionOpener::new();
        sessions.expect_open().returning(|_, _, _, _, _, _| {
            let tokens = Tokens::Bearer { access: Secret::new("a"), refresh: None };
            Ok(OpenedSession { session: SessionId::mint(), expires_in: 900, tokens })
        });
        Self {
            users: MockUserStore::new(),
            tries: MockTries::new(),
            passwords,
            proofs,
            sessions,
            records: MockPatientRecords::new(),
            practices: MockPractices::new(),
        }
    }

    pub fn new() -> Self {
        let mut mocks = Self::uncounted();
        mocks
            .tries
            .expect_count()
            .returning(|limits, _| Ok(Counted(limits.iter().map(|_| uuid::Uuid::nil()).collect())));
        mocks.tries.expect_take_back().returning(|_| Ok(()));
        mocks.tries.expect_forget().returning(|_| Ok(()));
        mocks.records.expect_welcome().returning(|_| Ok(()));
        mocks.practices.expect_has_clinic().returning(|_| Ok(true));
        mocks.practices.expect_has_doctor().returning(|_| Ok(true));
        mocks
    }

    pub fn over_the_limit(self, retry_after: u32) -> Self {
        let mut tries = MockTries::new();
        tries.expect_count().returning(move |_, _| Err(TryError::TooMany { retry_after }));
        Self { tries, ..self }
    }

    /// The account that is found, and on which changes are decided.
    pub fn with(mut self, account: Account) -> Self {
        let (found, locked) = (account.clone(), account.clone());
        self.users.expect_by_email().returning(move |_| Ok(Some(account.clone())));
        self.users.expect_find().returning(move |_| Ok(Some(found.clone())));
        self.users.expect_change().returning(move |_, decide| Ok(decide(&locked)?.account));
        self
    }

    /// A code that is right, and what lies under it.
    pub fn redeeming(mut self, redeemed: Redeemed) -> Self {
        self.users.expect_redeem().returning(move |shown, decide, _| {
            if shown.digest != [1; 32] || !shown.purposes.contains(&redeemed.purpose) {
                return Err(Refusal::WrongProof.into());
            }
            match decide(&redeemed)? {
                Outcome::Create(new) => Ok(new.account),
                Outcome::Change(change) => Ok(change.account),
            }
        });
        self
    }

    pub fn ports(self) -> AccountPorts {
        AccountPorts {
            users: Arc::new(self.users),
            tries: Arc::new(self.tries),
            passwords: Arc::new(self.passwords),
            proofs: Arc::new(self.proofs),
            sessions: Arc::new(self.sessions),
            records: vec![Arc::new(self.records)],
            practices: Arc::new(self.practices),
            clock: Arc::new(StoppedClock::at(now())),
            public_url: "https://doktolib.example".into(),
        }
    }
}
