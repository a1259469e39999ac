//! Personal data at rest: sealed by the application, found again by a keyed index.
//!
//! AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; one key may seal 2³² values, long before which it
//! should be rotated. The key's number stands in front, so that values of older keys stay readable. What is sealed
//! is bound to its place (column and row): copied to another row it does not open.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use uuid::Uuid;

use crate::signing::{derive, mac};

const FORM: u8 = 1;
const NONCE: usize = 12;
const HEAD: usize = 1 + 4 + NONCE;
/// The number of the key that is derived from the installation's secret.
const DERIVED: u32 = 0;

/// A sealed value that does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotOpen {
    /// It is not of the form that [`Keyring::seal`] writes.
    #[error("this is no sealed value")]
    Malformed,
    /// Its key is not in the ring.
    #[error("sealed with the key {0}, which is not in the ring")]
    UnknownKey(u32),
    /// It was changed, moved to another place, or sealed by another installation.
    #[error("the sealed value was changed or moved")]
    Forged,
}

#[derive(Clone)]
struct Key {
    number: u32,
    bytes: [u8; 32],
    cipher: Aes256Gcm,
}

impl Key {
    fn new(number: u32, bytes: [u8; 32]) -> Self {
        Self { number, bytes, cipher: Aes256Gcm::new(&bytes.into()) }
    }
}

struct Inner {
    derived: Key,
    index: [u8; 32],
    file: Option<PathBuf>,
    /// Of the file, the newest last.
    keys: RwLock<Vec<Key>>,
    /// Which state of the file that is.
    seen: Mutex<Option<Stamp>>,
}

/// Tells one state of the key file from another: writing replaces the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    changed: Option<SystemTime>,
    inode: u64,
    length: u64,
}

fn stamp(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok()?;
    Some(Stamp { changed: about.modified().ok(), inode: about.ino(), length: about.len() })
}

/// The keys of an installation. Cheap to clone; clones share what is read from the file.
///
/// Without a file there is one key, derived from the installation's secret. With one, its last key seals; the others
/// and the derived one still open.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({:?})", self.numbers())
    }
}

impl Keyring {
    /// The ring of an installation with this secret and, where it has one, this key file. The file may be missing
    /// until the first rotation.
    ///
    /// # Errors
    /// When the file cannot be read, or a line of it is no key.
    pub fn new(secret: &SecretString, file: Option<PathBuf>) -> io::Result<Self> {
        // The stamp first: what is written between the two is read once more.
        let seen = file.as_deref().and_then(stamp);
        let keys = match &file {
            Some(path) => read(path)?,
            None => Vec::new(),
        };
        Ok(Self(Arc::new(Inner {
            derived: Key::new(DERIVED, derive(secret, "sealing")),
            index: derive(secret, "blind-index"),
            file,
            keys: RwLock::new(keys),
            seen: Mutex::new(seen),
        })))
    }

    /// A ring with the derived key alone.
    #[must_use]
    pub fn derived(secret: &SecretString) -> Self {
        Self(Arc::new(Inner {
            derived: Key::new(DERIVED, derive(secret, "sealing")),
            index: derive(secret, "blind-index"),
            file: None,
            keys: RwLock::default(),
            seen: Mutex::default(),
        }))
    }

    fn keys<T>(&self, look: impl FnOnce(&[Key]) -> T) -> T {
        look(&self.0.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The numbers of all keys, the sealing one last.
    #[must_use]
    pub fn numbers(&self) -> Vec<u32> {
        self.keys(|keys| std::iter::once(DERIVED).chain(keys.iter().map(|key| key.number)).collect())
    }

    /// The number of the key that seals.
    #[must_use]
    pub fn current(&self) -> u32 {
        self.keys(|keys| keys.last().map_or(DERIVED, |key| key.number))
    }

    /// Seals `plain` for `place` (e.g. `"appointments.patient.name"`) in the row `row`.
    ///
    /// # Panics
    /// Never: the cipher refuses only values of more than 64 GiB.
    #[must_use]
    pub fn seal(&self, place: &str, row: Uuid, plain: &[u8]) -> Vec<u8> {
        let key = self.keys(|keys| keys.last().unwrap_or(&self.0.derived).clone());
        let nonce: [u8; NONCE] = rand::random();
        let mut sealed = Vec::with_capacity(HEAD + plain.len() + 16);
        sealed.push(FORM);
        sealed.extend_from_slice(&key.number.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        let aad = aad(place, row);
        let text = key.cipher.encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: &aad }).unwrap_or_default();
        sealed.extend_from_slice(&text);
        sealed
    }

    /// Opens what was sealed for that place.
    ///
    /// # Errors
    /// See [`CannotOpen`].
    pub fn open(&self, place: &str, row: Uuid, sealed: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let number = key_of(sealed)?;
        let (Some(nonce), Some(text)) = (sealed.get(HEAD - NONCE..HEAD), sealed.get(HEAD..)) else {
            return Err(CannotOpen::Malformed);
        };
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| CannotOpen::Malformed)?;
        let key = self.key(number).ok_or(CannotOpen::UnknownKey(number))?;
        let aad = aad(place, row);
        key.cipher.decrypt(&Nonce::from(nonce), Payload { msg: text, aad: &aad }).map_err(|_| CannotOpen::Forged)
    }

    /// [`Keyring::seal`] for a text.
    #[must_use]
    pub fn seal_text(&self, place: &str, row: Uuid, plain: &str) -> Vec<u8> {
        self.seal(place, row, plain.as_bytes())
    }

    /// [`Keyring::open`] for a text.
    ///
    /// # Errors
    /// See [`CannotOpen`].
    pub fn open_text(&self, place: &str, row: Uuid, sealed: &[u8]) -> Result<String, CannotOpen> {
        String::from_utf8(self.open(place, row, sealed)?).map_err(|_| CannotOpen::Malformed)
    }

    /// What a column holds in place of a value that must be found by equality: HMAC-SHA256 under a key of its own,
    /// which rotation leaves as it is. Normalise the value first; `purpose` keeps indexes of different columns apart.
    #[must_use]
    pub fn blind(&self, purpose: &str, normalised: &str) -> [u8; 32] {
        mac(&self.0.index, &[purpose.as_bytes(), normalised.as_bytes()])
    }

    /// The first 64 bits of [`Keyring::blind`], for an index of many words: what they find by chance as well has to be
    /// opened and looked at before it is shown.
    #[must_use]
    pub fn blind_number(&self, purpose: &str, normalised: &str) -> i64 {
        let [a, b, c, d, e, f, g, h, ..] = self.blind(purpose, normalised);
        i64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// Adds a new key to the file, and seals with it from now on. Other processes that share the file read it when
    /// they meet a value they cannot open, and at their next [`Keyring::refresh`].
    ///
    /// # Errors
    /// When the ring has no file, or the file cannot be written.
    pub fn add(&self) -> io::Result<u32> {
        let path = self.0.file.as_ref().ok_or_else(|| io::Error::other("the ring has no file"))?;
        let mut keys = read(path)?;
        let number = keys.iter().map(|key| key.number).max().unwrap_or(DERIVED) + 1;
        keys.push(Key::new(number, rand::random()));
        write(path, &keys)?;
        *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(number)
    }

    /// Takes a key out of the file. What it has sealed does not open any more.
    ///
    /// # Errors
    /// When it is the derived key, the one that seals, or not in the file, or the file cannot be written.
    pub fn forget(&self, number: u32) -> io::Result<()> {
        let refused = |why: &str| Err(io::Error::other(format!("key {number} {why}")));
        let path = self.0.file.as_ref().ok_or_else(|| io::Error::other("the ring has no file"))?;
        let mut keys = read(path)?;
        if number == DERIVED {
            return refused("comes from the installation's secret and cannot be forgotten");
        }
        if keys.last().is_some_and(|key| key.number == number) {
            return refused("is the one that seals; rotate first");
        }
        let before = keys.len();
        keys.retain(|key| key.number != number);
        if keys.len() == before {
            return refused("is not in the file");
        }
        write(path, &keys)?;
        *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Reads the file again where it has changed, so that a key another process has added seals here too. Cheap when
    /// nothing has changed: to be called every few seconds. Gives whether it has.
    ///
    /// # Errors
    /// When the file cannot be read, or a line of it is no key; the ring stays as it was.
    pub fn refresh(&self) -> io::Result<bool> {
        let Some(path) = &self.0.file else { return Ok(false) };
        let now = stamp(path);
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return Ok(false);
        }
        let keys = read(path)?;
        *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        *seen = now;
        Ok(true)
    }

    fn key(&self, number: u32) -> Option<Key> {
        if number == DERIVED {
            return Some(self.0.derived.clone());
        }
        let find = |keys: &[Key]| keys.iter().find(|key| key.number == number).cloned();
        self.keys(find).or_else(|| {
            // Another process may have rotated.
            let keys = read(self.0.file.as_ref()?).ok()?;
            let found = find(&keys);
            *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
            found
        })
    }
}

/// The number of the key that sealed a value.
///
/// # Errors
/// [`CannotOpen::Malformed`].
pub fn key_of(sealed: &[u8]) -> Result<u32, CannotOpen> {
    match sealed {
        [FORM, a, b, c, d, ..] => Ok(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => Err(CannotOpen::Malformed),
    }
}

fn aad(place: &str, row: Uuid) -> Vec<u8> {
    [place.as_bytes(), b"\0", row.as_bytes()].concat()
}

fn read(path: &Path) -> io::Result<Vec<Key>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut keys = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = line.split_once(' ').and_then(|(id, key)| {
            let bytes: [u8; 32] = STANDARD.decode(key.trim()).ok()?.try_into().ok()?;
            Some(Key::new(id.parse().ok().filter(|id| *id != DERIVED)?, bytes))
        });
        let wrong = || io::Error::other(format!("{}: line {number} is no key", path.display()));
        keys.push(key.ok_or_else(wrong)?);
    }
    Ok(keys)
}

/// Whole or not at all, whoever is killed when.
fn write(path: &Path, keys: &[Key]) -> io::Result<()> {
    let mut text = String::from("# Keys of Doktolib, the newest last. Without this file what they sealed is lost.\n");
    for key in keys {
        text.push_str(&format!("{} {}\n", key.number, STANDARD.encode(key.bytes)));
    }
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests;
