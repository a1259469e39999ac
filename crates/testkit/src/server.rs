use std::error::Error;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use platform::pg::{PgSettings, PrivateServer, PrivateServerError, PrivateServerOptions};
use tempfile::TempDir;

/// Begins the names of our folders, so that those left behind by a killed program can be swept away.
const PREFIX: &str = "doktolib-test-";

/// A server in a temporary folder; both go when it is dropped or stopped.
#[derive(Debug)]
pub struct Throwaway {
    // Taken in `drop`: the server has to end before its folder goes.
    server: Option<PrivateServer>,
    url: String,
    _folder: TempDir,
}

impl Throwaway {
    /// Its address as `DOKTOLIB_TEST_SERVER` wants it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop_blocking();
        }
    }
}

/// Starts a server that forgets everything; blocks for about a second.
///
/// # Errors
/// When there is no PostgreSQL, or no temporary folder that it can use.
pub fn throwaway() -> Result<Throwaway, Box<dyn Error + Send + Sync>> {
    let first = std::env::temp_dir();
    match throwaway_in(&first) {
        // The user PostgreSQL runs as instead of root may be locked out of root's own temporary folder.
        Err(error) if is_closed(error.as_ref()) && first != Path::new("/tmp") => throwaway_in(Path::new("/tmp")),
        other => other,
    }
}

fn is_closed(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(PrivateServerError::Closed { .. }))
}

fn throwaway_in(parent: &Path) -> Result<Throwaway, Box<dyn Error + Send + Sync>> {
    sweep(parent);
    let open = fs::Permissions::from_mode(0o711);
    let folder = tempfile::Builder::new().prefix(PREFIX).permissions(open).tempdir_in(parent)?;
    let options = PrivateServerOptions { fsync: false, max_connections: 300 };
    let server = PrivateServer::start_blocking(folder.path(), options)?;
    let url = server.url();
    Ok(Throwaway { server: Some(server), url, _folder: folder })
}

/// Removes the folders of programs that had no time to do it themselves. Best effort.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        // Between its making and its locking a folder looks abandoned too.
        let old = entry
            .metadata()
            .and_then(|about| about.modified())
            .is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > Duration::from_secs(120)));
        if ours && old && abandoned(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The lock goes with its owner, and the server with both.
fn abandoned(folder: &Path) -> bool {
    File::open(folder.join("postgres.lock")).is_ok_and(|lock| lock.try_lock().is_ok())
}

/// The server this program's tests use, started at the first call.
pub(crate) fn server() -> Result<&'static PgSettings, String> {
    static SERVER: OnceLock<Result<(PgSettings, Option<Throwaway>), String>> = OnceLock::new();
    let found = SERVER.get_or_init(|| match std::env::var("DOKTOLIB_TEST_SERVER") {
        Ok(given) if !given.is_empty() => {
            given.parse().map(|settings| (settings, None)).map_err(|error| format!("DOKTOLIB_TEST_SERVER {error}"))
        }
        // Statics are never dropped: the kernel ends the server with us, the next program sweeps.
        _ => throwaway().map_err(|error| error.to_string()).and_then(|server| {
            let settings = server.url().parse().map_err(|error| format!("the private server's address {error}"))?;
            Ok((settings, Some(server)))
        }),
    });
    found.as_ref().map(|(settings, _)| settings).map_err(Clone::clone)
}
