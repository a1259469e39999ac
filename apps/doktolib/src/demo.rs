//! Made-up accounts of a development installation. Password and second factor are made once for each installation and
//! kept in the data folder, so that nobody can sign in to somebody else's with what stands in a document.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use auth::domain::{Account, AccountState, Email, Totp};
use jiff::Timestamp;
use kernel::{ClinicId, DoctorId, Role, UserId};
use platform::pg::{self, PgSettings};
use uuid::Uuid;

use crate::application::Application;
use crate::server::Failure;

const FILE: &str = "demo-sign-ins";
/// Role, name and address of each.
const PEOPLE: [(Role, &str, &str); 4] = [
    (Role::Patient, "Pat Demo", "patient@example.com"),
    (Role::Doctor, "Dana Demo", "doctor@example.com"),
    (Role::Staff, "Fran Demo", "frontdesk@example.com"),
    (Role::Admin, "Ada Demo", "admin@example.com"),
];

/// How to sign in to the demo.
pub struct DemoSignIns {
    password: String,
    /// Base32.
    totp: String,
    secret: Vec<u8>,
    hash: String,
}

impl DemoSignIns {
    /// For the eyes of whoever has typed `make run`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let addresses: Vec<&str> = PEOPLE.iter().map(|(.., address)| *address).collect();
        vec![
            format!("    Sign in      {}", addresses.join(", ")),
            format!("                 password {}", self.password),
            format!("                 second factor (all but the patient): {} in an authenticator app,", self.totp),
            format!("                 or: oathtool --totp -b {}", self.totp),
        ]
    }
}

/// Makes the accounts where they are missing; gives how to sign in.
///
/// # Errors
/// When the data folder or the store fails.
pub async fn prepare(
    data_dir: &Path,
    application: &Application,
    settings: &PgSettings,
) -> Result<DemoSignIns, Failure> {
    let path = data_dir.join(FILE);
    let sign_ins = match read(&path)? {
        Some(sign_ins) => sign_ins,
        None => {
            let made = make(application).await?;
            write(data_dir, &path, &made)?;
            read(&path)?.ok_or_else(|| format!("{} vanished", path.display()))?
        }
    };
    let accounts = accounts(&sign_ins, settings, application.clock.now()).await?;
    application.users.load(&accounts).await?;
    Ok(sign_ins)
}

async fn make(application: &Application) -> Result<DemoSignIns, Failure> {
    let ports = &application.accounts;
    let password = ports.proofs.long_code();
    let hash = ports.passwords.hash(&password).await?;
    let secret = ports.proofs.totp_secret();
    let (totp, _) = ports.proofs.totp_shown(&secret, &Email::parse("demo@example.com")?);
    Ok(DemoSignIns { password, totp, secret, hash })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    Some(digits.chunks_exact(2).map(|two| two.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

fn read(path: &Path) -> io::Result<Option<DemoSignIns>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let value =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned);
    let found = (|| {
        Some(DemoSignIns {
            password: value("password")?,
            totp: value("totp")?,
            secret: unhex(&value("secret")?)?,
            hash: value("hash")?,
        })
    })();
    found.map(Some).ok_or_else(|| io::Error::other(format!("{} is damaged; delete it", path.display())))
}

/// Written beside and then linked, so that of two who start at once one has the say.
fn write(folder: &Path, path: &Path, made: &DemoSignIns) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!("{FILE}.{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    let DemoSignIns { password, totp, secret, hash } = made;
    write!(file, "password={password}\ntotp={totp}\nsecret={}\nhash={hash}\n", hex(secret))?;
    file.sync_all()?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

async fn accounts(sign_ins: &DemoSignIns, settings: &PgSettings, now: Timestamp) -> Result<Vec<Account>, Failure> {
    let client = pg::client(settings).await?;
    let first = "SELECT id, clinic_id FROM doctors.doctor ORDER BY id LIMIT 1";
    let practice: Option<(Uuid, Uuid)> = client.query_opt(first, &[]).await?.map(|row| (row.get(0), row.get(1)));
    let mut accounts = Vec::new();
    for (role, name, address) in PEOPLE {
        let clinic = practice.map(|(_, clinic)| ClinicId::from_uuid(clinic));
        let (doctor, clinics) = match (role, practice) {
            (Role::Doctor, Some((doctor, _))) => (Some(DoctorId::from_uuid(doctor)), clinic.into_iter().collect()),
            (Role::Staff, Some(_)) => (None, clinic.into_iter().collect()),
            (Role::Doctor | Role::Staff, None) => continue,
            (Role::Patient | Role::Admin, _) => (None, Vec::new()),
        };
        let totp = Totp { secret: sign_ins.secret.clone(), confirmed_at: Some(now), last_step: None };
        accounts.push(Account {
            id: UserId::mint(),
            role,
            state: AccountState::Active,
            name: name.to_owned(),
            email: Email::parse(address)?,
            email_verified_at: Some(now),
            language: "en".to_owned(),
            doctor,
            clinics,
            password_hash: Some(sign_ins.hash.clone()),
            totp: (role != Role::Patient).then_some(totp),
            version: 1,
            created_at: now,
            updated_at: now,
        });
    }
    Ok(accounts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_read_again_and_not_made_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert!(read(&path).unwrap().is_none());
        let made = |password: &str| DemoSignIns {
            password: password.into(),
            totp: "ABC".into(),
            secret: vec![0, 15, 255],
            hash: "$2b$12$x".into(),
        };
        write(folder.path(), &path, &made("one")).unwrap();
        write(folder.path(), &path, &made("two")).unwrap();
        let found = read(&path).unwrap().unwrap();
        assert_eq!((found.password.as_str(), found.secret, found.hash.as_str()), ("one", vec![0, 15, 255], "$2b$12$x"));
        fs::write(&path, "password=x\n").unwrap();
        assert!(read(&path).is_err());
    }
}
