//! The one secret of an installation, from which all keys are derived.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rand::distr::{Alphanumeric, SampleString as _};
use secrecy::SecretString;

/// Fewest characters of a secret.
pub const MIN_LENGTH: usize = 32;

/// The secret kept in the data folder; made on the first start, readable by its owner alone.
///
/// # Errors
/// When the folder cannot be written, or holds a file that is no secret.
pub fn of_data_folder(data_dir: &Path) -> io::Result<SecretString> {
    let path = data_dir.join("secret");
    if let Some(secret) = read(&path)? {
        return Ok(secret);
    }
    fs::create_dir_all(data_dir)?;
    let made = Alphanumeric.sample_string(&mut rand::rng(), 48);
    // Written beside and then linked, so that there is a whole secret under the name or none, whoever is killed
    // or reads at what moment.
    let beside = data_dir.join(format!("secret.{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(made.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&beside, &path);
    fs::remove_file(&beside)?;
    match linked {
        Ok(()) => Ok(SecretString::from(made)),
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            read(&path)?.ok_or_else(|| io::Error::other(format!("{} vanished", path.display())))
        }
        Err(error) => Err(error),
    }
}

/// The secret kept in the data folder, where there is one.
///
/// # Errors
/// When the folder cannot be read, or holds a file that is no secret.
pub fn kept_in(data_dir: &Path) -> io::Result<Option<SecretString>> {
    read(&data_dir.join("secret"))
}

fn read(path: &Path) -> io::Result<Option<SecretString>> {
    match fs::read_to_string(path) {
        Ok(text) if text.trim().len() >= MIN_LENGTH => Ok(Some(SecretString::from(text.trim()))),
        Ok(_) => Err(io::Error::other(format!("{} holds fewer than {MIN_LENGTH} characters", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
