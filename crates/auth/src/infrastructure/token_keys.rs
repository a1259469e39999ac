use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use jsonwebtoken::{DecodingKey, EncodingKey};
use platform::signing;
use secrecy::{ExposeSecret as _, SecretString};

/// Fewest characters of a secret that signs: 256 bits, were they random bytes (RFC 7518, section 3.2).
pub const LEAST_SECRET: usize = 32;
/// The id of the key that comes from `JWT_SECRET` or from the installation's secret.
const BASE: &str = "0";
const LONGEST_ID: usize = 32;

/// Keys that cannot be used, in words for an operator; never with a secret in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyFault(String);

pub(super) struct Key {
    pub(super) id: String,
    pub(super) signs: EncodingKey,
    pub(super) verifies: DecodingKey,
}

impl Key {
    fn new(id: &str, secret: &[u8]) -> Arc<Self> {
        let (signs, verifies) = (EncodingKey::from_secret(secret), DecodingKey::from_secret(secret));
        Arc::new(Self { id: id.to_owned(), signs, verifies })
    }
}

/// What was read of the file, and by what one sees that it has changed.
#[derive(Default)]
struct OfFile {
    seen: Option<(SystemTime, u64)>,
    /// The newest last.
    keys: Vec<Arc<Key>>,
}

struct Inner {
    base: Option<Arc<Key>>,
    file: Option<PathBuf>,
    of_file: RwLock<OfFile>,
}

/// The keys of access tokens: the newest signs, all of them verify. Cheap to clone.
///
/// A line of the key file is a key id and a secret; lines that are empty or begin with `#` do not count. The file is
/// read again when it has changed, so a new key needs no restart.
#[derive(Clone)]
pub struct TokenKeys(Arc<Inner>);

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKeys")
    }
}

impl TokenKeys {
    /// Of `JWT_SECRET` and the key file, where there are any; else one that is derived from the installation's secret.
    ///
    /// # Errors
    /// When the file cannot be read, or a line of it or the secret is no key.
    pub fn new(secret: Option<&SecretString>, file: Option<PathBuf>, of_all: &SecretString) -> Result<Self, KeyFault> {
        let base = match (secret, &file) {
            (Some(secret), _) => {
                let secret = secret.expose_secret();
                long_enough(secret).map_err(KeyFault)?;
                Some(Key::new(BASE, secret.as_bytes()))
            }
            (None, Some(_)) => None,
            (None, None) => return Ok(Self::derived(of_all)),
        };
        let of_file = match &file {
            Some(path) => OfFile { seen: state(path), keys: read(path)? },
            None => OfFile::default(),
        };
        Ok(Self(Arc::new(Inner { base, file, of_file: RwLock::new(of_file) })))
    }

    /// The one key that is derived from the installation's secret.
    #[must_use]
    pub fn derived(of_all: &SecretString) -> Self {
        let base = Some(Key::new(BASE, &signing::derive(of_all, "access-token")));
        Self(Arc::new(Inner { base, file: None, of_file: RwLock::default() }))
    }

    /// Can this key file be used?
    ///
    /// # Errors
    /// As in [`TokenKeys::new`].
    pub fn check(file: &Path) -> Result<(), KeyFault> {
        read(file).map(drop)
    }

    pub(super) fn signing(&self) -> Option<Arc<Key>> {
        self.look(|keys| keys.last().cloned()).or_else(|| self.0.base.clone())
    }

    pub(super) fn by_id(&self, id: &str) -> Option<Arc<Key>> {
        let base = || self.0.base.clone().filter(|base| base.id == id);
        self.look(|keys| keys.iter().find(|key| key.id == id).cloned()).or_else(base)
    }

    /// Looks at the keys of the file as it is now.
    fn look<T>(&self, look: impl FnOnce(&[Arc<Key>]) -> T) -> T {
        let inner = &self.0;
        if let Some(path) = &inner.file {
            let now = state(path);
            let seen = inner.of_file.read().unwrap_or_else(PoisonError::into_inner).seen;
            if now.is_some() && now != seen {
                let changed = read(path);
                let mut of_file = inner.of_file.write().unwrap_or_else(PoisonError::into_inner);
                of_file.seen = now;
                match changed {
                    Ok(keys) => of_file.keys = keys,
                    // What was right before stays right; the operator hears of it once for each try.
                    Err(fault) => tracing::error!(%fault, "the changed keys of tokens are not used"),
                }
            }
        }
        look(&inner.of_file.read().unwrap_or_else(PoisonError::into_inner).keys)
    }
}

fn state(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn long_enough(secret: &str) -> Result<(), String> {
    if secret.chars().count() < LEAST_SECRET {
        return Err(format!("a secret has at least {LEAST_SECRET} characters"));
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Arc<Key>>, KeyFault> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| KeyFault(format!("{} cannot be read: {error}", path.display())))?;
    let mut seen = HashSet::new();
    let mut keys = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = parse(line)
            .and_then(
                |key| if seen.insert(key.id.clone()) { Ok(key) } else { Err("the key id comes twice".to_owned()) },
            )
            .map_err(|fault| KeyFault(format!("{}, line {number}: {fault}", path.display())))?;
        keys.push(key);
    }
    if keys.is_empty() {
        return Err(KeyFault(format!("{} holds no key", path.display())));
    }
    Ok(keys)
}

fn parse(line: &str) -> Result<Arc<Key>, String> {
    let (id, secret) = line.split_once(char::is_whitespace).ok_or("wants a key id and a secret")?;
    let secret = secret.trim();
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if id.len() > LONGEST_ID || !id.bytes().all(fits) || id == BASE {
        return Err(format!("a key id has 1 to {LONGEST_ID} letters, digits, - and _, and is not {BASE}"));
    }
    long_enough(secret)?;
    Ok(Key::new(id, secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(of: char) -> String {
        of.to_string().repeat(LEAST_SECRET)
    }

    fn installation() -> SecretString {
        SecretString::from(secret('i'))
    }

    fn of_file(text: &str) -> Result<TokenKeys, KeyFault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        std::fs::write(&path, text).unwrap();
        TokenKeys::new(None, Some(path), &installation())
    }

    #[test]
    fn the_last_key_of_the_file_signs_and_all_verify() {
        let keys = of_file(&format!("# keys\n\n2026-10 {}\n2026-11\t{}\n", secret('a'), secret('b'))).unwrap();
        assert_eq!(keys.signing().unwrap().id, "2026-11");
        assert!(keys.by_id("2026-10").is_some());
        assert!(keys.by_id(BASE).is_none(), "who has a file no longer trusts the derived key");
    }

    #[test]
    fn a_secret_beside_the_file_still_verifies() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        std::fs::write(&path, format!("k1 {}\n", secret('a'))).unwrap();
        let keys = TokenKeys::new(Some(&SecretString::from(secret('s'))), Some(path), &installation()).unwrap();
        assert_eq!(keys.signing().unwrap().id, "k1");
        assert!(keys.by_id(BASE).is_some());
    }

    #[test]
    fn a_changed_file_is_read_again_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let first = format!("k1 {}\n", secret('a'));
        std::fs::write(&path, &first).unwrap();
        let keys = TokenKeys::new(None, Some(path.clone()), &installation()).unwrap();
        std::fs::write(&path, format!("{first}k2 {}\n", secret('b'))).unwrap();
        assert_eq!(keys.signing().unwrap().id, "k2");
        assert!(keys.by_id("k1").is_some());
        std::fs::write(&path, "nonsense").unwrap();
        assert_eq!(keys.signing().unwrap().id, "k2");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(keys.signing().unwrap().id, "k2");
    }

    #[test]
    fn faults_name_the_line_and_never_the_secret() {
        let good = secret('a');
        for (text, expected) in [
            (String::new(), "holds no key"),
            ("k1".to_owned(), "line 1"),
            ("k1 tooshort".to_owned(), "line 1"),
            (format!("../../etc/passwd {good}"), "line 1"),
            (format!("0 {good}"), "line 1"),
            (format!("k1 {good}\nk1 {good}"), "line 2"),
        ] {
            let fault = of_file(&text).unwrap_err().to_string();
            assert!(fault.contains(expected) && !fault.contains("tooshort") && !fault.contains(&good), "{fault}");
        }
        let short = TokenKeys::new(Some(&SecretString::from("short")), None, &installation());
        assert!(short.is_err_and(|fault| !fault.to_string().contains("short ")));
        assert!(TokenKeys::new(None, Some("/nowhere/keys".into()), &installation()).is_err());
    }
}
