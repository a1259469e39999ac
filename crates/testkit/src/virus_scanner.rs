use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const MISSING: &str = "no clamd is there; run scripts/setup.sh clamd, or name it in DOKTOLIB_TEST_CLAMD";
/// Starts the scanner and ends it as soon as nobody holds the other end of its input any more.
const WHILE_WANTED: &str = r#""$0" "$@" >/dev/null 2>&1 & read -r _; kill -9 $!; wait"#;

/// A virus scanner of one's own (ClamAV's daemon), which knows one virus: [`VirusScanner::virus`]. Ends with this value.
#[derive(Debug)]
pub struct VirusScanner {
    process: Option<Child>,
    port: u16,
    folder: TempDir,
}

impl VirusScanner {
    /// How it calls the one virus that it knows; it adds `.UNOFFICIAL`.
    pub const NAME: &'static str = "Doktolib.Test.Eicar";

    /// The harmless file by which scanners are tried out (EICAR), put together here: as a whole it would make the
    /// scanners of those who have this repository cry out.
    #[must_use]
    pub fn virus() -> Vec<u8> {
        ["X5O!P%@AP[4", "\\PZX54(P^)", "7CC)7}$EICAR", "-STANDARD-ANTIVIRUS", "-TEST-FILE!$H+H*"].concat().into_bytes()
    }

    /// Starts one; blocks until it answers.
    ///
    /// # Panics
    /// When the program is missing, saying what to do, or does not start.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for a virus scanner: {error}"));
        let mut scanner = Self { process: None, port: 0, folder };
        scanner.write_signatures().unwrap_or_else(|error| panic!("no signatures for a virus scanner: {error}"));
        // Between the choice of a port and its use another program may take it.
        for _ in 0..5 {
            let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
            scanner.port = free.unwrap_or_else(|error| panic!("no port for a virus scanner: {error}")).port();
            if scanner.starts() {
                return scanner;
            }
        }
        panic!("the virus scanner does not start");
    }

    /// Its address on the network as `CLAMD_ADDRESS` wants it.
    #[must_use]
    pub fn tcp(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    /// Its socket as `CLAMD_ADDRESS` wants it.
    #[must_use]
    pub fn unix(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Kills it.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            let _ = process.wait();
        }
    }

    /// Starts it again at the same addresses.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&mut self) {
        assert!(self.starts(), "the virus scanner does not start again");
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// A body that is found in any file at any place.
    fn write_signatures(&self) -> std::io::Result<()> {
        let database = self.folder.path().join("database");
        std::fs::create_dir(&database)?;
        let body: String = Self::virus().iter().map(|byte| format!("{byte:02x}")).collect();
        std::fs::write(database.join("tests.ndb"), format!("{}:0:*:{body}\n", Self::NAME))
    }

    fn starts(&mut self) -> bool {
        let folder = self.folder.path();
        let configuration = format!(
            "Foreground yes\nDatabaseDirectory {}\nLocalSocket {}\nFixStaleSocket yes\nTCPSocket {}\nTCPAddr 127.0.0.1\n\
             TemporaryDirectory {}\nMaxThreads 4\nSelfCheck 0\n",
            folder.join("database").display(),
            self.socket().display(),
            self.port,
            folder.display(),
        );
        let path = folder.join("clamd.conf");
        std::fs::write(&path, configuration).unwrap_or_else(|error| panic!("no file for a virus scanner: {error}"));
        let process = Command::new("sh")
            .args(["-c", WHILE_WANTED])
            .arg(program().unwrap_or_else(|| panic!("{MISSING}")))
            .arg("--config-file")
            .arg(&path)
            .stdin(Stdio::piped())
            .spawn();
        self.process = Some(process.unwrap_or_else(|error| panic!("the virus scanner cannot be started: {error}")));
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            if self.answers().is_ok_and(|answer| answer.starts_with("PONG")) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.stop();
        false
    }

    fn answers(&self) -> std::io::Result<String> {
        let mut stream = UnixStream::connect(self.socket())?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"zPING\0")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for VirusScanner {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The named one, one where systems have it, or the one that `scripts/setup.sh clamd` has fetched.
fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("DOKTOLIB_TEST_CLAMD").filter(|named| !named.is_empty()) {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("clamd"));
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/clamav-dist/clamd");
    // Not on the path of ordinary users, but theirs to start.
    on_path.chain([PathBuf::from("/usr/sbin/clamd"), fetched]).find(|candidate| candidate.is_file())
}
