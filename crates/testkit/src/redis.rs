use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const MISSING: &str = "no redis-server is there; run scripts/setup.sh redis, or name one in DOKTOLIB_REDIS_SERVER";
/// Starts the server and ends it as soon as nobody holds the other end of its input any more.
const WHILE_WANTED: &str = r#""$0" "$@" >/dev/null & read -r _; kill -9 $!; wait"#;

/// A Redis of one's own, which forgets everything and ends with this value or its program.
#[derive(Debug)]
pub struct Redis {
    process: Option<Child>,
    port: u16,
    folder: TempDir,
}

impl Redis {
    /// Starts one; blocks until it answers.
    ///
    /// # Panics
    /// When the program is missing, saying what to do, or does not start.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for Redis: {error}"));
        let mut redis = Self { process: None, port: 0, folder };
        // Between the choice of a port and its use another program may take it.
        for _ in 0..5 {
            let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
            redis.port = free.unwrap_or_else(|error| panic!("no port for Redis: {error}")).port();
            if redis.starts() {
                return redis;
            }
        }
        panic!("Redis does not start");
    }

    /// Its address as `REDIS_URL` wants it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it; what it held is gone.
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
        assert!(self.starts(), "Redis does not start again");
    }

    /// Every key that it holds.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn keys(&self) -> String {
        self.ask("KEYS *\r\n").unwrap_or_else(|error| panic!("Redis does not answer: {error}"))
    }

    fn starts(&mut self) -> bool {
        let port = self.port.to_string();
        let process = Command::new("sh")
            .args(["-c", WHILE_WANTED])
            .arg(program().unwrap_or_else(|| panic!("{MISSING}")))
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(self.folder.path())
            .stdin(Stdio::piped())
            .spawn();
        self.process = Some(process.unwrap_or_else(|error| panic!("Redis cannot be started: {error}")));
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            if self.ask("PING\r\n").is_ok_and(|answer| answer.starts_with("+PONG")) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.stop();
        false
    }

    fn ask(&self, command: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(command.as_bytes())?;
        stream.write_all(b"QUIT\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The named one, one on the path, or the one that `scripts/setup.sh redis` has fetched.
fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("DOKTOLIB_REDIS_SERVER").filter(|named| !named.is_empty()) {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path =
        std::env::split_paths(&path).flat_map(|folder| [folder.join("redis-server"), folder.join("valkey-server")]);
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/redis-dist/redis-server");
    on_path.chain([fetched]).find(|candidate| candidate.is_file())
}
