//! The private folder in which files lie while they are looked through.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use crate::application::Spooled;

/// A folder for the files that this process looks through, which nobody else may read. Cheap to clone.
///
/// Each process has a part of it, and a lock on that part for as long as it lives. Whoever opens the folder removes the
/// parts of those who have died, with all that they have left behind.
#[derive(Clone)]
pub struct Spool(Arc<Part>);

struct Part {
    folder: PathBuf,
    lock_path: PathBuf,
    /// Held until the process ends, however it ends.
    _lock: File,
}

impl Drop for Part {
    fn drop(&mut self) {
        remove(&self.folder);
        let _gone_already = fs::remove_file(&self.lock_path);
    }
}

const LOCK: &str = "lock";

impl Spool {
    /// Opens the folder, which is made when it is missing.
    ///
    /// # Errors
    /// When it cannot be made or written to.
    pub fn open(folder: &Path) -> io::Result<Self> {
        private().recursive(true).create(folder)?;
        clear_away(folder)?;
        let name = Uuid::now_v7().to_string();
        // Nobody looks at it under this name before it is locked.
        let (early, lock_path) = (folder.join(format!("{name}.new")), folder.join(format!("{name}.{LOCK}")));
        let lock = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&early)?;
        lock.lock()?;
        fs::rename(&early, &lock_path)?;
        let own = folder.join(name);
        private().create(&own)?;
        Ok(Self(Arc::new(Part { folder: own, lock_path, _lock: lock })))
    }

    /// A folder of its own for what belongs together, gone with everything in it as soon as it is dropped.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(&self) -> io::Result<SpoolFolder> {
        let path = self.0.folder.join(Uuid::now_v7().to_string());
        private().create(&path)?;
        Ok(SpoolFolder { path, _spool: self.clone() })
    }
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// Removes what processes have left behind that are gone.
fn clear_away(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != LOCK) {
            continue;
        }
        let Ok(lock) = File::open(&path) else { continue };
        if lock.try_lock().is_ok() {
            remove(&path.with_extension(""));
            let _gone_already = fs::remove_file(&path);
        }
    }
    Ok(())
}

fn remove(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "files that were looked through could not be removed");
    }
}

/// A folder of the spool.
pub struct SpoolFolder {
    path: PathBuf,
    _spool: Spool,
}

impl SpoolFolder {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a file in it that nobody else may read.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn file(&self, name: &str) -> io::Result<(PathBuf, tokio::fs::File)> {
        let path = self.path.join(name);
        let file = tokio::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await?;
        Ok((path, file))
    }
}

impl Drop for SpoolFolder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// One file in a folder of its own.
pub(super) struct SpooledFile {
    pub(super) path: PathBuf,
    pub(super) _folder: SpoolFolder,
}

impl Spooled for SpooledFile {
    fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn entries(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[tokio::test]
    async fn what_is_spooled_is_for_nobody_else_and_goes_with_its_folder() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path().join("spool");
        let spool = Spool::open(&base).unwrap();
        let folder = spool.folder().unwrap();
        let (path, file) = folder.file("0").await.unwrap();
        drop(file);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&base), mode(folder.path()), mode(&path)), (0o700, 0o700, 0o600));
        let own = folder.path().to_owned();
        drop(folder);
        assert!(!own.exists());
        drop(spool);
        assert_eq!(entries(&base), 0);
    }

    #[tokio::test]
    async fn what_a_dead_process_has_left_is_removed_and_what_a_living_one_holds_is_not() {
        let base = tempfile::tempdir().unwrap();
        let living = Spool::open(base.path()).unwrap();
        let held = living.folder().unwrap();
        let left = base.path().join("left");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("0"), "private").unwrap();
        // Its lock ended with it.
        fs::write(base.path().join("left.lock"), "").unwrap();
        let _other = Spool::open(base.path()).unwrap();
        assert!(!left.exists() && !base.path().join("left.lock").exists());
        assert!(held.path().exists());
    }
}
