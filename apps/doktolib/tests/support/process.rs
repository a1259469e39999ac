//! The real binary on a folder of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use platform::crypto::Keyring;
use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// A folder for data and logs; it goes, and what still runs in it ends, when this is dropped.
pub struct Installation {
    folder: TempDir,
    /// What every start is given.
    pub variables: Vec<(&'static str, String)>,
}

impl Installation {
    pub fn new() -> Self {
        // When root runs the tests, PostgreSQL runs as somebody else, who has to come in as well.
        let open = fs::Permissions::from_mode(0o755);
        let folder = tempfile::Builder::new().prefix("doktolib-run-").permissions(open).tempdir_in("/tmp").unwrap();
        let variables = [("HOST", "127.0.0.1"), ("PORT", "0"), ("SEED_NUM_DOCTORS", "4"), ("LOG_FORMAT", "json")];
        Self { folder, variables: variables.map(|(name, value)| (name, value.to_owned())).into() }
    }

    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.variables.retain(|(other, _)| *other != name);
        self.variables.push((name, value.into()));
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What the installation seals with, once it has made its secret.
    pub fn keys(&self) -> Keyring {
        let secret = fs::read_to_string(self.data().join("secret")).unwrap();
        Keyring::new(&SecretString::from(secret.trim()), Some(self.data().join("keys"))).unwrap()
    }

    /// The binary with nothing of our own environment's configuration.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doktolib"));
        for name in doktolib::config::VARIABLES {
            command.env_remove(name);
        }
        // All load comes from one address.
        command.env("RATE_LIMIT", "off").env("RATE_LIMIT_AUTH", "off");
        command.env("DOKTOLIB_DATA_DIR", self.data()).envs(self.variables.iter().cloned()).args(words);
        command.stdin(Stdio::null()).current_dir("/");
        command
    }

    /// Runs to its end.
    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Starts a server, and waits until it listens.
    pub async fn start(&self, words: &[&str]) -> Server {
        let mut server = self.launch(words);
        let begun = Instant::now();
        while server.port == 0 {
            let log = fs::read_to_string(&server.log).unwrap();
            if let Some(line) = log.lines().find(|line| line.contains("\"listening\"")) {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                server.port = u16::try_from(line["port"].as_u64().unwrap()).unwrap();
            }
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < PATIENCE, "{ended:?}\n{log}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server
    }

    /// Starts a server, and does not wait.
    pub fn launch(&self, words: &[&str]) -> Server {
        let log = self.folder.path().join(format!("log-{}", uuid::Uuid::now_v7()));
        let file = fs::File::create(&log).unwrap();
        let child = self.command(words).stdout(Stdio::null()).stderr(file).spawn().unwrap();
        Server { child, log, port: 0 }
    }

    /// The process of the installation's own PostgreSQL, as it calls itself.
    pub fn postgres(&self) -> Option<Pid> {
        let file = fs::read_to_string(self.data().join("postgres/postmaster.pid")).ok()?;
        let pid: i32 = file.lines().next()?.trim().parse().ok()?;
        let pid = Pid::from_raw(pid)?;
        works_in(pid, &self.data().join("postgres")).then_some(pid)
    }
}

fn works_in(pid: Pid, folder: &Path) -> bool {
    fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero())).is_ok_and(|cwd| cwd == folder)
}

impl Drop for Installation {
    fn drop(&mut self) {
        // A PostgreSQL whose program was killed ends by itself; were it not to, it is told.
        let begun = Instant::now();
        while let Some(pid) = self.postgres() {
            if begun.elapsed() > Duration::from_secs(10) {
                let _may_have_gone = kill_process(pid, Signal::QUIT);
            }
            if begun.elapsed() > Duration::from_secs(15) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A running server; it is killed when this is dropped.
pub struct Server {
    child: Child,
    log: PathBuf,
    pub port: u16,
}

impl Server {
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// `kill -9`, at once.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end.
    pub async fn end(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not stop\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _may_have_gone = self.child.kill();
            let _reaped = self.child.wait();
        }
    }
}

/// Both outputs, for messages.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
