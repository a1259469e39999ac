use std::fs::{self, DirBuilder};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::account::{Account, command};
use super::install::Installation;
use super::{PrivateServerError, PrivateServerOptions, at, end_of};

/// The superuser's and the database's name.
pub(super) const NAME: &str = "doktolib";

/// Only the name of a file in the socket folder.
pub(super) const PORT: u16 = 5432;

/// Begins the extension of a folder that is not whole yet.
const UNFINISHED: &str = "new-";

/// Longest path of a socket that all systems take, with room for the suffix of a lock file.
const LONGEST_SOCKET: usize = 85;

/// The files of the server.
#[derive(Debug)]
pub(super) struct Cluster {
    folder: PathBuf,
    /// Remembers the major version outside of the folder, so that its loss is noticed.
    marker: PathBuf,
}

impl Cluster {
    pub fn under(data_dir: &Path) -> Self {
        Self { folder: data_dir.join("postgres"), marker: data_dir.join("postgres.major") }
    }

    /// Where the server keeps its data.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The major version that wrote the data, `None` when there are none yet.
    pub fn major(&self) -> Result<Option<u32>, PrivateServerError> {
        let version = self.folder.join("PG_VERSION");
        if let Ok(text) = fs::read_to_string(&version) {
            let wrong = || std::io::Error::new(std::io::ErrorKind::InvalidData, "holds no version number");
            return text.trim().parse().map(Some).map_err(|_| at(&version)(wrong()));
        }
        match fs::read_to_string(&self.marker) {
            Ok(major) => Err(PrivateServerError::Vanished {
                marker: self.marker.clone(),
                major: major.trim().to_owned(),
                folder: self.folder.clone(),
            }),
            Err(_) => Ok(None),
        }
    }

    /// Makes the data unless they are there, and writes the settings of this start.
    pub fn ensure(
        &self,
        installation: &Installation,
        account: Option<&Account>,
        options: PrivateServerOptions,
    ) -> Result<(), PrivateServerError> {
        if self.major()?.is_none() {
            // Under another name until it is whole: an interrupted first start leaves nothing half made. A new name
            // each time, because the programs of a start that was killed may live on and still write.
            self.sweep();
            let unfinished = self.folder.with_extension(format!("{UNFINISHED}{:08x}", rand::random::<u32>()));
            closed_folder(&unfinished, account)?;
            make(&unfinished, installation, account, options)?;
            fs::rename(&unfinished, &self.folder).map_err(at(&self.folder))?;
        }
        fs::write(&self.marker, format!("{}\n", installation.major)).map_err(at(&self.marker))?;
        let conf = self.folder.join("doktolib.conf");
        fs::write(&conf, settings(options)).map_err(at(&conf))?;
        account.map_or(Ok(()), |account| account.receives(&conf))
    }

    /// Removes what starts before us have left unfinished. What cannot be removed yet harms nobody.
    fn sweep(&self) {
        let (Some(parent), Some(name)) = (self.folder.parent(), self.folder.file_name()) else { return };
        let prefix = format!("{}.{UNFINISHED}", name.to_string_lossy());
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

fn make(
    folder: &Path,
    installation: &Installation,
    account: Option<&Account>,
    options: PrivateServerOptions,
) -> Result<(), PrivateServerError> {
    let initdb = |locale: &[&str]| {
        let mut initdb = command(&installation.program("initdb"), account);
        initdb.arg("--pgdata").arg(folder).args(["--username", NAME, "--auth", "trust", "--encoding", "UTF8"]);
        // It is synced once, at the end.
        initdb.args(["--data-checksums", "--no-instructions", "--no-sync"]).args(locale).args(["--lc-messages", "C"]);
        run(initdb, "")
    };
    let unicode: &[&str] = if installation.major >= 17 {
        &["--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8"]
    } else {
        &["--locale=C.UTF-8"]
    };
    // Some systems have no C.UTF-8; bytewise order is the nearest they offer.
    initdb(unicode).or_else(|_| initdb(&["--no-locale"]))?;
    let hba = folder.join("pg_hba.conf");
    fs::write(
        &hba,
        "# Whoever may enter the folder of the socket is trusted; nobody else gets here.\nlocal all all trust\n",
    )
    .map_err(at(&hba))?;
    let conf = folder.join("postgresql.conf");
    let mut text = fs::read_to_string(&conf).map_err(at(&conf))?;
    text.push_str("\n# Written anew at every start; put changes below this line.\ninclude 'doktolib.conf'\n");
    fs::write(&conf, text).map_err(at(&conf))?;
    let ours = folder.join("doktolib.conf");
    fs::write(&ours, "").map_err(at(&ours))?;
    for file in [hba, conf, ours] {
        account.map_or(Ok(()), |account| account.receives(&file))?;
    }
    // Without a server and a connection: the program itself, for one statement.
    let mut single = command(&installation.program("postgres"), account);
    single.arg("--single").arg("-D").arg(folder).args(["-c", "fsync=off", "postgres"]);
    run(single, &format!("CREATE DATABASE {NAME};\n"))?;
    if !options.fsync {
        return Ok(());
    }
    let mut sync = command(&installation.program("initdb"), account);
    sync.arg("--sync-only").arg("--pgdata").arg(folder);
    run(sync, "")
}

fn run(mut program: Command, input: &str) -> Result<(), PrivateServerError> {
    let path = PathBuf::from(program.get_program());
    let mut child =
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(at(&path))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(at(&path))?;
    }
    let done = child.wait_with_output().map_err(at(&path))?;
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    // A statement that fails in single-user mode leaves the exit code at zero.
    if done.status.success() && !said.contains("ERROR:") {
        return Ok(());
    }
    Err(PrivateServerError::Program { program: path, said: end_of(&said) })
}

fn settings(options: PrivateServerOptions) -> String {
    let common = format!(
        "# Written anew at every start; put changes into postgresql.conf, below the line that includes this file.\n\
         listen_addresses = ''\n\
         unix_socket_permissions = 0700\n\
         max_connections = {}\n\
         shared_buffers = 256MB\n\
         effective_cache_size = 1GB\n\
         work_mem = 8MB\n\
         maintenance_work_mem = 128MB\n\
         random_page_cost = 1.1\n\
         jit = off\n\
         wal_compression = on\n\
         max_wal_size = 2GB\n\
         checkpoint_timeout = 15min\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n\
         lc_messages = 'C'\n\
         log_line_prefix = '%m [%p] '\n",
        options.max_connections
    );
    let safety = if options.fsync {
        "fsync = on\nsynchronous_commit = on\nfull_page_writes = on\n"
    } else {
        "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nwal_level = minimal\nmax_wal_senders = 0\n"
    };
    common + safety
}

/// The folder of the socket: beside the data, or somewhere with a shorter name.
pub(super) fn socket_folder(data_dir: &Path, account: Option<&Account>) -> Result<PathBuf, PrivateServerError> {
    let mut folder = data_dir.join("run");
    let name = format!(".s.PGSQL.{PORT}");
    if folder.join(&name).as_os_str().len() >= LONGEST_SOCKET {
        let mut hash = DefaultHasher::new();
        data_dir.hash(&mut hash);
        let parent = if rustix::process::geteuid().is_root() && Path::new("/run").is_dir() { "/run" } else { "/tmp" };
        folder = Path::new(parent).join(format!("doktolib-{:016x}", hash.finish()));
    }
    closed_folder(&folder, account)?;
    Ok(folder)
}

/// Makes a folder only the server's user can enter, or makes sure that it is one.
fn closed_folder(folder: &Path, account: Option<&Account>) -> Result<(), PrivateServerError> {
    let owner = account.map_or_else(|| rustix::process::geteuid().as_raw(), |account| account.uid);
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(at(folder))?;
            account.map_or(Ok(()), |account| account.receives(folder))
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            // Somebody may have put a folder or link of theirs where everybody can write.
            let about = fs::symlink_metadata(folder).map_err(at(folder))?;
            let ours = about.is_dir() && about.uid() == owner && about.permissions().mode() & 0o077 == 0;
            if ours { Ok(()) } else { Err(PrivateServerError::ForeignFolder(folder.to_owned())) }
        }
        Err(error) => Err(at(folder)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_moves_to_a_short_path_when_the_data_lie_deep() {
        let outside = tempfile::tempdir().unwrap();
        assert_eq!(socket_folder(outside.path(), None).unwrap(), outside.path().join("run"));
        let deep = outside.path().join("d".repeat(60)).join("e".repeat(60));
        let short = socket_folder(&deep, None).unwrap();
        assert!(short.as_os_str().len() < 50, "{}", short.display());
        assert_eq!(socket_folder(&deep, None).unwrap(), short);
        fs::remove_dir(short).unwrap();
    }

    #[test]
    fn a_folder_others_can_enter_and_a_link_are_refused() {
        let outside = tempfile::tempdir().unwrap();
        let open = outside.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(closed_folder(&open, None), Err(PrivateServerError::ForeignFolder(_))));
        let link = outside.path().join("link");
        fs::set_permissions(&open, fs::Permissions::from_mode(0o700)).unwrap();
        std::os::unix::fs::symlink(&open, &link).unwrap();
        assert!(matches!(closed_folder(&link, None), Err(PrivateServerError::ForeignFolder(_))));
        closed_folder(&open, None).unwrap();
    }

    #[test]
    fn data_that_were_there_and_are_gone_are_not_replaced_by_empty_ones() {
        let outside = tempfile::tempdir().unwrap();
        let cluster = Cluster::under(outside.path());
        assert_eq!(cluster.major().unwrap(), None);
        fs::write(outside.path().join("postgres.major"), "15\n").unwrap();
        let refused = cluster.major().unwrap_err();
        assert!(refused.to_string().contains("PostgreSQL 15"), "{refused}");
    }
}
