//! Accounts as rows, sealed and opened.

use diesel::prelude::*;
use jiff_diesel::{NullableTimestamp, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{ClinicId, DoctorId, PortFailure, UserId};
use platform::crypto::Keyring;
use uuid::Uuid;

use super::schema::account;
use crate::domain::{Account, AccountState, Email, Totp};

pub(super) const NAME: &str = "auth.account.name";
pub(super) const EMAIL: &str = "auth.account.email";
pub(super) const TOTP_SECRET: &str = "auth.account.totp_secret";
/// Purpose of the blind index of addresses.
pub(super) const EMAIL_INDEX: &str = "auth.account.email";

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = account, treat_none_as_null = true)]
pub(super) struct AccountRow {
    pub(super) id: Uuid,
    role: String,
    state: String,
    name: Vec<u8>,
    email: Vec<u8>,
    email_key: Option<Vec<u8>>,
    email_verified_at: NullableTimestamp,
    language: String,
    doctor_id: Option<Uuid>,
    password_hash: Option<String>,
    totp_secret: Option<Vec<u8>>,
    totp_confirmed_at: NullableTimestamp,
    totp_last_step: Option<i64>,
    version: i32,
    created_at: DbTimestamp,
    updated_at: DbTimestamp,
}

impl AccountRow {
    pub(super) fn seal(keys: &Keyring, account: &Account) -> Self {
        let id = account.id.as_uuid();
        let totp = account.totp.as_ref();
        Self {
            id,
            role: account.role.word().to_owned(),
            state: account.state.word().to_owned(),
            name: keys.seal_text(NAME, id, &account.name),
            email: keys.seal_text(EMAIL, id, account.email.as_str()),
            email_key: Some(email_key(keys, &account.email)),
            email_verified_at: account.email_verified_at.to_diesel(),
            language: account.language.clone(),
            doctor_id: account.doctor.map(DoctorId::as_uuid),
            password_hash: account.password_hash.clone(),
            totp_secret: totp.map(|totp| keys.seal(TOTP_SECRET, id, &totp.secret)),
            totp_confirmed_at: totp.and_then(|totp| totp.confirmed_at).to_diesel(),
            totp_last_step: totp.and_then(|totp| totp.last_step),
            version: account.version,
            created_at: account.created_at.to_diesel(),
            updated_at: account.updated_at.to_diesel(),
        }
    }

    pub(super) fn open(self, keys: &Keyring, clinics: Vec<Uuid>) -> Result<Account, PortFailure> {
        let sealed = |error| PortFailure::new("open an account", error);
        let word = |error: String| PortFailure::new("read an account", error);
        let totp = match self.totp_secret {
            Some(secret) => Some(Totp {
                secret: keys.open(TOTP_SECRET, self.id, &secret).map_err(sealed)?,
                confirmed_at: self.totp_confirmed_at.to_jiff(),
                last_step: self.totp_last_step,
            }),
            None => None,
        };
        let email = keys.open_text(EMAIL, self.id, &self.email).map_err(sealed)?;
        Ok(Account {
            id: UserId::from_uuid(self.id),
            role: self.role.parse().map_err(|error: kernel::UnknownRole| word(error.to_string()))?,
            state: self.state.parse::<AccountState>().map_err(|error| word(error.to_string()))?,
            name: keys.open_text(NAME, self.id, &self.name).map_err(sealed)?,
            email: Email::parse(&email).map_err(|error| word(error.to_string()))?,
            email_verified_at: self.email_verified_at.to_jiff(),
            language: self.language,
            doctor: self.doctor_id.map(DoctorId::from_uuid),
            clinics: clinics.into_iter().map(ClinicId::from_uuid).collect(),
            password_hash: self.password_hash,
            totp,
            version: self.version,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        })
    }
}

/// By what an address is found.
pub(super) fn email_key(keys: &Keyring, email: &Email) -> Vec<u8> {
    keys.blind(EMAIL_INDEX, &email.key()).to_vec()
}
