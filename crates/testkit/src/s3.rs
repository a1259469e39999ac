use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const MISSING: &str = "no S3 server is there; run scripts/setup.sh s3, or name s3s-fs in DOKTOLIB_TEST_S3";
/// Starts the server and ends it as soon as nobody holds the other end of its input any more.
const WHILE_WANTED: &str = r#""$0" "$@" >/dev/null 2>&1 & read -r _; kill -9 $!; wait"#;

/// An S3 server of one's own (s3s-fs, which refuses wrong signatures) with one empty bucket; ends with this value.
#[derive(Debug)]
pub struct ObjectServer {
    process: Option<Child>,
    port: u16,
    folder: TempDir,
}

impl ObjectServer {
    /// The bucket it has.
    pub const BUCKET: &'static str = "doktolib-tests";
    /// Who may use it.
    pub const ACCESS_KEY: &'static str = "AKIATESTSTESTSTESTS0";
    /// By which secret.
    pub const SECRET_KEY: &'static str = "the secret key of the object server of the tests";

    /// Starts one; blocks until it answers.
    ///
    /// # Panics
    /// When the program is missing, saying what to do, or does not start.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for an S3 server: {error}"));
        std::fs::create_dir(folder.path().join(Self::BUCKET))
            .unwrap_or_else(|error| panic!("no bucket for an S3 server: {error}"));
        let mut server = Self { process: None, port: 0, folder };
        // Between the choice of a port and its use another program may take it.
        for _ in 0..5 {
            let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
            server.port = free.unwrap_or_else(|error| panic!("no port for an S3 server: {error}")).port();
            if server.starts() {
                return server;
            }
        }
        panic!("the S3 server does not start");
    }

    /// Its address as `AWS_ENDPOINT_URL` wants it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The folder that holds what is in its bucket.
    #[must_use]
    pub fn bucket(&self) -> PathBuf {
        self.folder.path().join(Self::BUCKET)
    }

    /// Kills it; what it held stays for [`ObjectServer::start_again`].
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            let _ = process.wait();
        }
    }

    /// Starts it again at the same address.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&mut self) {
        assert!(self.starts(), "the S3 server does not start again");
    }

    fn starts(&mut self) -> bool {
        let process = Command::new("sh")
            .args(["-c", WHILE_WANTED])
            .arg(program().unwrap_or_else(|| panic!("{MISSING}")))
            .args(["--host", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--access-key", Self::ACCESS_KEY, "--secret-key", Self::SECRET_KEY])
            .arg(self.folder.path())
            .stdin(Stdio::piped())
            .spawn();
        self.process = Some(process.unwrap_or_else(|error| panic!("the S3 server cannot be started: {error}")));
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.stop();
        false
    }
}

impl Drop for ObjectServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The named one, one on the path, or the one that `scripts/setup.sh s3` has made.
fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("DOKTOLIB_TEST_S3").filter(|named| !named.is_empty()) {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("s3s-fs"));
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/s3-server/bin/s3s-fs");
    on_path.chain([made]).find(|candidate| candidate.is_file())
}
