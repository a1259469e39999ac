//! A server of our own with data of its own, and what it uses of the machine.

use std::error::Error;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::client::Connection;

pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

pub struct Server {
    pub label: String,
    pub address: SocketAddr,
    pub binary: PathBuf,
    data: TempDir,
    child: Child,
    postmaster: u32,
}

/// CPU time used so far, in nanoseconds.
#[derive(Clone, Copy)]
pub struct Used {
    pub server: u64,
    pub postgres: u64,
}

impl Server {
    /// Seeds a fresh folder and starts `binary` on it, PostgreSQL included.
    pub fn start(label: &str, binary: &Path, doctors: u32, appointments: u32) -> Outcome<Self> {
        let data = TempDir::with_prefix("doktolib-bench-")?;
        // PostgreSQL refuses to run as root and has to get here as somebody else.
        fs::set_permissions(data.path(), fs::Permissions::from_mode(0o755))?;
        let seeded = command(binary, data.path())
            .args(["seed", "--doctors", &doctors.to_string(), "--appointments", &appointments.to_string()])
            .env("RUST_LOG", "warn")
            .output()?;
        if !seeded.status.success() {
            return Err(String::from_utf8_lossy(&seeded.stderr).into_owned().into());
        }
        eprintln!("{label}: {}", String::from_utf8_lossy(&seeded.stdout).trim());
        let (child, address) = spawn(binary, data.path(), "all")?;
        let mut server =
            Self { label: label.to_owned(), address, binary: binary.to_owned(), data, child, postmaster: 0 };
        wait_until_healthy(address, &mut server.child)?;
        let pid_file = fs::read_to_string(server.data.path().join("postgres/postmaster.pid"))?;
        server.postmaster = pid_file.lines().next().unwrap_or_default().trim().parse()?;
        Ok(server)
    }

    /// How long another one takes from its start to its first healthy answer, with this one's database at hand.
    pub fn start_up_time(&self) -> Outcome<Duration> {
        let begun = Instant::now();
        let (mut child, address) = spawn(&self.binary, self.data.path(), "serve")?;
        let outcome = wait_until_healthy(address, &mut child).map(|()| begun.elapsed());
        stop(&mut child);
        outcome
    }

    /// An access token of the demo's patient.
    pub fn access_token(&self) -> Outcome<String> {
        let asked = ["token", "--user", "patient@example.com", "--minutes", "1440"];
        let printed = command(&self.binary, self.data.path()).args(asked).env("RUST_LOG", "warn").output()?;
        if !printed.status.success() {
            return Err(String::from_utf8_lossy(&printed.stderr).into_owned().into());
        }
        Ok(String::from_utf8(printed.stdout)?.trim().to_owned())
    }

    pub fn used(&self) -> Used {
        let children = processes_of(self.postmaster);
        let postgres = children.into_iter().chain([self.postmaster]).map(cpu_of).sum::<u64>();
        Used { server: cpu_of(self.child.id()), postgres: postgres + cpu_of_reaped(self.postmaster) }
    }

    /// Resident memory now and at its highest, in KiB.
    pub fn memory(&self) -> (u64, u64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = |name: &str| {
            let value = status.lines().find_map(|line| line.strip_prefix(name));
            value.and_then(|value| value.split_whitespace().next()).and_then(|number| number.parse().ok()).unwrap_or(0)
        };
        (line("VmRSS:"), line("VmHWM:"))
    }

    pub fn size(&self) -> u64 {
        fs::metadata(&self.binary).map_or(0, |about| about.len())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

fn command(binary: &Path, data: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env("DOKTOLIB_DATA_DIR", data).env("DOKTOLIB_TIER", "development").env_remove("DATABASE_URL");
    // All load comes from one address.
    command.env("RATE_LIMIT", "off").env("RATE_LIMIT_AUTH", "off");
    command
}

fn spawn(binary: &Path, data: &Path, what: &str) -> Outcome<(Child, SocketAddr)> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    // Log lines are part of the work, so they are written, and nobody reads them.
    let log = File::options().create(true).append(true).open(data.join("log"))?;
    let child = command(binary, data)
        .arg(what)
        .env("PORT", port.to_string())
        .env("LOG_FORMAT", "json")
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()?;
    Ok((child, SocketAddr::from((Ipv4Addr::LOCALHOST, port))))
}

fn wait_until_healthy(address: SocketAddr, child: &mut Child) -> Outcome<()> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let healthy = Connection::open(address)
            .is_ok_and(|mut connection| connection.get("/api/v1/health").is_ok_and(|answer| answer.status == 200));
        if healthy {
            return Ok(());
        }
        if let Some(status) = child.try_wait()? {
            return Err(format!("the server ended: {status}").into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Err("the server did not become healthy".into())
}

/// SIGTERM, so that it stops its PostgreSQL too.
fn stop(child: &mut Child) {
    let asked = Command::new("kill").arg(child.id().to_string()).status();
    let ended = asked.is_ok_and(|status| status.success()) && child.wait().is_ok();
    if !ended {
        eprintln!("process {} could not be stopped", child.id());
    }
}

/// Nanoseconds on a CPU of all threads of a process that lives.
fn cpu_of(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let times = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    times.sum()
}

/// The same of children that have ended, which the kernel counts in hundredths of a second.
fn cpu_of_reaped(pid: u32) -> u64 {
    let fields = stat(pid).unwrap_or_default();
    let ticks = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    (ticks(13) + ticks(14)) * 10_000_000
}

fn processes_of(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| stat(*pid).is_some_and(|fields| fields.get(1) == Some(&parent.to_string()))).collect()
}

/// The fields of `/proc/<pid>/stat` from the third on: state, parent, …
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second is a name in brackets that may hold anything.
    Some(text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}
