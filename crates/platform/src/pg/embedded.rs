//! A PostgreSQL of our own, for those who have not set one up.
//!
//! The server is a child process that only listens on a Unix socket in a closed folder. Whoever starts
//! it holds a lock on the data for as long as it runs; a second program on the same data finds the lock
//! taken and uses the first one's server.

mod account;
mod cluster;
mod install;
mod keeper;
mod pidfile;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use account::Account;
use cluster::Cluster;
use install::Installation;
use keeper::{Keeper, Launch};

use super::settings::{PgSettings, PgSettingsError};

/// The longest wait for a server that somebody else is just starting or stopping.
const PATIENCE: Duration = Duration::from_secs(90);

/// What kind of server is wanted. The default is durable and sized for a small machine.
#[derive(Debug, Clone, Copy)]
pub struct PrivateServerOptions {
    /// `false` gives up all safety against a crash of the machine for speed; for tests only.
    pub fsync: bool,
    /// Connections the server accepts.
    pub max_connections: u16,
}

impl Default for PrivateServerOptions {
    fn default() -> Self {
        Self { fsync: true, max_connections: 60 }
    }
}

/// Why there is no private server. Every message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum PrivateServerError {
    /// There is no PostgreSQL on this machine.
    #[error(
        "found no PostgreSQL (looked in {looked}); install it (Debian, Ubuntu: apt-get install postgresql; \
         Fedora: dnf install postgresql-server; macOS: brew install postgresql), name the folder of its programs in \
         DOKTOLIB_PG_BIN, or set DATABASE_URL to a server that runs already"
    )]
    NoPrograms {
        /// The places that were searched.
        looked: String,
    },
    /// The data belong to another major version.
    #[error(
        "the data in {folder} were written by PostgreSQL {data}, but only {installed} is installed; install \
         PostgreSQL {data} beside it, or move the data with pg_upgrade"
    )]
    OtherMajor {
        /// The folder with the data.
        folder: PathBuf,
        /// The major version of the data.
        data: u32,
        /// The major versions found.
        installed: String,
    },
    /// There have been data here, and they are gone.
    #[error(
        "{marker} says that there are data of PostgreSQL {major}, but the folder {folder} is missing; put it back, \
         or remove the marker to begin with an empty database"
    )]
    Vanished {
        /// The file that remembers.
        marker: PathBuf,
        /// The major version it names.
        major: String,
        /// Where the data should be.
        folder: PathBuf,
    },
    /// PostgreSQL does not run as root, and none of the users it could run as exists.
    #[error("PostgreSQL does not run as root; make a user for it, e.g. useradd --system doktolib")]
    NoUser,
    /// The user the server runs as cannot come to a folder.
    #[error(
        "user {user} cannot enter {folder} (mode {mode:o}), so PostgreSQL cannot use {wanted}; choose a folder that \
         it can reach, such as /var/lib/doktolib"
    )]
    Closed {
        /// Who cannot enter.
        user: String,
        /// The folder that is closed.
        folder: PathBuf,
        /// Its permissions.
        mode: u32,
        /// What lies behind it.
        wanted: PathBuf,
    },
    /// A folder for the socket exists and belongs to somebody else.
    #[error("{0} exists, but is not a closed folder of the user PostgreSQL runs as; remove it")]
    ForeignFolder(PathBuf),
    /// A file or folder could not be used.
    #[error("could not use {path}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A program of PostgreSQL failed.
    #[error("{program} failed: {said}")]
    Program {
        /// Which one.
        program: PathBuf,
        /// The end of what it printed.
        said: String,
    },
    /// The server ended, or was not ready in time.
    #[error("PostgreSQL did not start; the end of {log}:\n{said}")]
    NotReady {
        /// Its log file.
        log: PathBuf,
        /// The end of it.
        said: String,
    },
    /// Another program holds the data, but its server never became ready.
    #[error("another program holds {0}, but its PostgreSQL does not become ready")]
    Held(PathBuf),
    /// A server left behind does not end.
    #[error("a PostgreSQL left behind on these data does not stop (process {0})")]
    LeftBehind(i32),
    /// The address of the socket could not be understood.
    #[error("the private server's address {0}")]
    Address(#[from] PgSettingsError),
    /// The thread that started it was lost.
    #[error("the start of PostgreSQL was interrupted")]
    Interrupted,
}

/// A running private server; dropping it stops it, unless another program had started it.
#[derive(Debug)]
pub struct PrivateServer {
    settings: PgSettings,
    major: u32,
    keeper: Option<Keeper>,
}

impl PrivateServer {
    /// Starts the server whose data lie under `data_dir`, making them at the first time, or finds the one
    /// that another program has started there.
    ///
    /// It ends with this process, however that ends. Should it end before, it is started again.
    ///
    /// # Errors
    /// See [`PrivateServerError`].
    pub async fn start(data_dir: &Path, options: PrivateServerOptions) -> Result<Self, PrivateServerError> {
        let data_dir = data_dir.to_owned();
        tokio::task::spawn_blocking(move || Self::start_blocking(&data_dir, options))
            .await
            .unwrap_or(Err(PrivateServerError::Interrupted))
    }

    /// [`PrivateServer::start`] where there is no async runtime; blocks for a second or so.
    ///
    /// # Errors
    /// See [`PrivateServerError`].
    pub fn start_blocking(data_dir: &Path, options: PrivateServerOptions) -> Result<Self, PrivateServerError> {
        let account = Account::for_server()?;
        let data_dir = prepared(data_dir, account.as_ref())?;
        let lock_path = data_dir.join("postgres.lock");
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(at(&lock_path))?;
        let begun = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Self::own(&data_dir, lock, account, options),
                Err(TryLockError::Error(source)) => return Err(PrivateServerError::File { path: lock_path, source }),
                Err(TryLockError::WouldBlock) => {}
            }
            if let Some(server) = Self::attached(&data_dir, &lock_path)? {
                return Ok(server);
            }
            if begun.elapsed() > PATIENCE {
                return Err(PrivateServerError::Held(data_dir));
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    fn own(
        data_dir: &Path,
        lock: File,
        account: Option<Account>,
        options: PrivateServerOptions,
    ) -> Result<Self, PrivateServerError> {
        // Whoever waits for the lock must not take the word of an owner before us.
        lock.set_len(0).map_err(at(data_dir))?;
        let cluster = Cluster::under(data_dir);
        let installation = Installation::choose(data_dir, cluster.major()?, cluster.folder())?;
        if let Some(account) = &account {
            account.reaches(&installation.program("postgres"))?;
        }
        keeper::end_leftovers(cluster.folder())?;
        cluster.ensure(&installation, account.as_ref(), options)?;
        let sockets = cluster::socket_folder(data_dir, account.as_ref())?;
        let settings = address(&sockets, cluster::PORT)?;
        let launch = Launch {
            installation,
            account,
            folder: cluster.folder().to_owned(),
            sockets,
            data_dir: data_dir.to_owned(),
        };
        let major = launch.installation.major;
        let keeper = Keeper::start(launch, lock)?;
        Ok(Self { settings, major, keeper: Some(keeper) })
    }

    fn attached(data_dir: &Path, lock_path: &Path) -> Result<Option<Self>, PrivateServerError> {
        let cluster = Cluster::under(data_dir);
        let Some(running) = pidfile::read(cluster.folder()) else { return Ok(None) };
        // The owner writes the process into its lock when the server is ready; a file left by an
        // earlier server names another one.
        let announced = fs::read_to_string(lock_path).unwrap_or_default();
        if !running.ready || announced.trim() != running.pid.to_string() {
            return Ok(None);
        }
        let settings = address(&running.sockets, running.port)?;
        Ok(Some(Self { settings, major: cluster.major()?.unwrap_or_default(), keeper: None }))
    }

    /// How to reach it: as superuser `doktolib`, in the database `doktolib`.
    #[must_use]
    pub const fn settings(&self) -> &PgSettings {
        &self.settings
    }

    /// The same as text, for another program of the same user. There is no password in it.
    #[must_use]
    pub fn url(&self) -> String {
        self.settings.without_secrets()
    }

    /// The major version of the server, e.g. 17.
    #[must_use]
    pub const fn major(&self) -> u32 {
        self.major
    }

    /// Did this handle start the server, so that it ends with it?
    #[must_use]
    pub const fn is_owner(&self) -> bool {
        self.keeper.is_some()
    }

    /// Stops the server and waits until it has; open connections are cut, what is committed stays.
    /// Does nothing to a server that another program has started.
    pub async fn stop(self) {
        // The keeper logs what goes wrong; there is nothing the caller could do about it.
        let _ = tokio::task::spawn_blocking(move || self.stop_blocking()).await;
    }

    /// [`PrivateServer::stop`] where there is no async runtime.
    pub fn stop_blocking(self) {
        if let Some(keeper) = self.keeper {
            keeper.stop();
        }
    }
}

fn address(sockets: &Path, port: u16) -> Result<PgSettings, PgSettingsError> {
    let folder = sockets.display().to_string().replace('\\', r"\\").replace('\'', r"\'");
    format!("host='{folder}' port={port} user={0} dbname={0}", cluster::NAME).parse()
}

/// The folder, absolute and without symbolic links, and open enough for the server's user to pass through.
fn prepared(data_dir: &Path, account: Option<&Account>) -> Result<PathBuf, PrivateServerError> {
    if !data_dir.exists() {
        fs::create_dir_all(data_dir).map_err(at(data_dir))?;
        if account.is_some() {
            fs::set_permissions(data_dir, fs::Permissions::from_mode(0o755)).map_err(at(data_dir))?;
        }
    }
    let data_dir = data_dir.canonicalize().map_err(at(data_dir))?;
    if let Some(account) = account {
        account.reaches(&data_dir.join("postgres"))?;
    }
    Ok(data_dir)
}

/// Names the file or folder an error is about.
fn at(path: &Path) -> impl Fn(io::Error) -> PrivateServerError + use<'_> {
    move |source| PrivateServerError::File { path: path.to_owned(), source }
}

/// The last lines of a text, at most 2000 characters.
fn end_of(text: &str) -> String {
    let text = text.trim_end();
    let from = text.char_indices().rev().nth(1999).map_or(0, |(at, _)| at);
    text[from..].to_owned()
}
