//! Accounts of the fixed set: ids, addresses, password and second factor stand in `docs/test-data.md`.

use auth::domain::{Account, AccountState, Email, PersonError, Totp};
use auth::infrastructure::PgUsers;
use kernel::{ClinicId, DoctorId, PortFailure, Role, UserId};

use super::fixed::{DOCTORS, ENTERED, PATIENTS, id};

/// The password of every doctor, front desk and administrator of the fixed set.
pub const TEST_PASSWORD: &str = "vexing quilt over thursday lamps";
/// bcrypt of [`TEST_PASSWORD`], cheap on purpose: it guards nothing.
const TEST_PASSWORD_HASH: &str = "$2b$04$abcdefghijklmnopqrstuuqOoZF9wm4e2xew/CQmD3DRdURXBGGHy";
/// What their authenticator apps share, as base32: `MRXWW5DPNRUWELLUMVZXILLTMVRXEZLU`.
pub const TEST_TOTP_SECRET: &[u8; 20] = b"doktolib-test-secret";

/// The child among the patients has no account of its own.
const CHILD: u64 = 4;

/// Writes the accounts of the fixed set; gives how many were new.
///
/// # Errors
/// Of the store.
pub async fn load_test_accounts(users: &PgUsers) -> Result<usize, PortFailure> {
    let accounts = all().map_err(|error| PortFailure::new("make test accounts", error))?;
    users.load(&accounts).await
}

fn all() -> Result<Vec<Account>, PersonError> {
    let mut accounts = Vec::new();
    for (number, person) in (1..).zip(&DOCTORS) {
        let (first, last) = person.name;
        let doctor = account(number, Role::Doctor, &format!("{first} {last}"), &address(first, last))?;
        accounts.push(Account {
            doctor: Some(DoctorId::from_uuid(id(0xd, number))),
            clinics: vec![clinic(if person.clinic == 0 { 1 } else { 2 })],
            ..doctor
        });
    }
    for (number, name, email) in
        [(1, "Nora Blake", "nora.blake@example.com"), (2, "Theo Marsh", "theo.marsh@example.com")]
    {
        accounts.push(Account { clinics: vec![clinic(number)], ..account(10 + number, Role::Staff, name, email)? });
    }
    accounts.push(account(21, Role::Admin, "Ines Duarte", "ines.duarte@example.com")?);
    for (number, (name, email)) in (1..).zip(PATIENTS).filter(|(number, _)| *number != CHILD) {
        let patient = account(100 + number, Role::Patient, name, email)?;
        accounts.push(Account { password_hash: None, totp: None, ..patient });
    }
    Ok(accounts)
}

/// `amara.okafor@example.com`; letters with accents lose them.
fn address(first: &str, last: &str) -> String {
    let plain = |c: char| match c {
        'í' => 'i',
        'ú' => 'u',
        'ñ' => 'n',
        c => c.to_ascii_lowercase(),
    };
    let part = |name: &str| name.to_lowercase().chars().map(plain).collect::<String>();
    format!("{}.{}@example.com", part(first), part(last))
}

fn clinic(number: u64) -> ClinicId {
    ClinicId::from_uuid(id(0xc, number))
}

fn account(number: u64, role: Role, name: &str, email: &str) -> Result<Account, PersonError> {
    Ok(Account {
        id: UserId::from_uuid(id(0x9, number)),
        role,
        state: AccountState::Active,
        name: name.to_owned(),
        email: Email::parse(email)?,
        email_verified_at: Some(ENTERED),
        language: "en".to_owned(),
        doctor: None,
        clinics: Vec::new(),
        password_hash: Some(TEST_PASSWORD_HASH.to_owned()),
        totp: Some(Totp { secret: TEST_TOTP_SECRET.to_vec(), confirmed_at: Some(ENTERED), last_step: None }),
        version: 1,
        created_at: ENTERED,
        updated_at: ENTERED,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accounts_are_those_of_the_document() {
        let accounts = all().unwrap();
        assert_eq!(accounts.len(), 5 + 2 + 1 + 19);
        let doctor = &accounts[4];
        assert_eq!(doctor.email.as_str(), "sofia.nunez@example.com");
        assert_eq!(doctor.id.to_string(), "01900000-0000-7000-8000-900000000005");
        let mut addresses: Vec<String> = accounts.iter().map(|account| account.email.key()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), accounts.len());
    }
}
