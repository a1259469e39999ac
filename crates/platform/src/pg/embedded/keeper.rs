use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::account::{Account, command};
use super::install::Installation;
use super::{PrivateServerError, at, cluster, end_of, pidfile};

const START_PATIENCE: Duration = Duration::from_secs(60);
const STOP_PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
const LARGEST_LOG: u64 = 10 * 1024 * 1024;

/// All it takes to start the server, once or again.
#[derive(Debug)]
pub(super) struct Launch {
    pub installation: Installation,
    pub account: Option<Account>,
    pub folder: PathBuf,
    pub sockets: PathBuf,
    pub data_dir: PathBuf,
}

/// The thread that starts the server, watches it, and stops it.
///
/// It has to be one and the same thread: Linux ends the server with the *thread* that started it, and
/// signals must not be sent by anybody but the one who learns of its end, or they may hit a stranger.
#[derive(Debug)]
pub(super) struct Keeper {
    /// Hanging up is the order to stop.
    hold: Sender<()>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Returns when the server takes connections; holds `lock` until it has ended.
    pub fn start(launch: Launch, lock: File) -> Result<Self, PrivateServerError> {
        let (hold, orders) = mpsc::channel();
        let (ready, answer) = mpsc::channel();
        let log = launch.data_dir.join("postgres.log");
        let thread = std::thread::Builder::new()
            .name("postgres-keeper".to_owned())
            .spawn(move || {
                let first = launch.start(&lock);
                let child = match first {
                    Ok(child) => child,
                    Err(error) => {
                        let _ = ready.send(Err(error));
                        return;
                    }
                };
                let _ = ready.send(Ok(()));
                launch.keep(child, &orders, &lock);
            })
            .map_err(at(&log))?;
        answer.recv().unwrap_or(Err(PrivateServerError::Interrupted))?;
        Ok(Self { hold, thread })
    }

    pub fn stop(self) {
        drop(self.hold);
        if self.thread.join().is_err() {
            tracing::error!("the thread that keeps PostgreSQL was lost");
        }
    }
}

impl Launch {
    fn start(&self, lock: &File) -> Result<Child, PrivateServerError> {
        // Of a server that was killed the socket's file may name a process that its parent has not buried yet, or that
        // is somebody else by now; PostgreSQL takes both for a running server. Nobody works here but us.
        let socket = self.sockets.join(format!(".s.PGSQL.{}.lock", cluster::PORT));
        gone(&socket)?;
        let log = self.data_dir.join("postgres.log");
        if fs::metadata(&log).is_ok_and(|about| about.len() > LARGEST_LOG) {
            fs::rename(&log, log.with_extension("log.1")).map_err(at(&log))?;
        }
        let output = OpenOptions::new().create(true).append(true).mode(0o600).open(&log).map_err(at(&log))?;
        let errors = output.try_clone().map_err(at(&log))?;
        let program = self.installation.program("postgres");
        let mut postgres = command(&program, self.account.as_ref());
        postgres.arg("-D").arg(&self.folder).arg("-k").arg(&self.sockets).stdin(Stdio::null());
        // A group of its own: Ctrl-C in the terminal is for us, and we stop the server in our own time.
        postgres.stdout(output).stderr(errors).process_group(0);
        ends_with_us(&mut postgres);
        let mut child = postgres.spawn().map_err(at(&program))?;
        let begun = Instant::now();
        loop {
            let ours = |running: &pidfile::Running| u32::try_from(running.pid) == Ok(child.id());
            if pidfile::read(&self.folder).is_some_and(|running| running.ready && ours(&running)) {
                break;
            }
            let ended = child.try_wait().map_err(at(&program))?.is_some();
            if ended || begun.elapsed() > START_PATIENCE {
                end(&mut child);
                let text = fs::read_to_string(&log).unwrap_or_default();
                return Err(PrivateServerError::NotReady { log, said: end_of(&text) });
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        announce(lock, child.id()).map_err(at(&self.data_dir))?;
        tracing::info!(major = self.installation.major, folder = %self.folder.display(), "the private PostgreSQL is ready");
        Ok(child)
    }

    /// Starts the server again whenever it ends, until the other side hangs up.
    fn keep(&self, first: Child, orders: &Receiver<()>, lock: &File) {
        let mut running = Some(first);
        let mut pause = Duration::from_millis(200);
        while orders.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            if let Some(child) = &mut running {
                match child.try_wait() {
                    Ok(None) => continue,
                    Ok(Some(status)) => tracing::error!(%status, "PostgreSQL has ended by itself, starting it again"),
                    Err(error) => tracing::error!(%error, "PostgreSQL cannot be watched"),
                }
            }
            running = end_leftovers(&self.folder).and_then(|()| self.start(lock)).map_or_else(
                |error| {
                    tracing::error!(%error, "PostgreSQL does not start again");
                    None
                },
                Some,
            );
            pause =
                if running.is_some() { Duration::from_millis(200) } else { (pause * 2).min(Duration::from_secs(5)) };
        }
        if let Some(child) = &mut running {
            end(child);
        }
    }
}

/// Lets programs that wait for the lock know which server it stands for.
fn announce(mut lock: &File, pid: u32) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    lock.write_all(pid.to_string().as_bytes())
}

/// Stops our child: politely, firmly, at once.
fn end(child: &mut Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    for (signal, patience) in [(Signal::INT, STOP_PATIENCE), (Signal::QUIT, Duration::from_secs(5))] {
        if let Some(pid) = pid
            && matches!(child.try_wait(), Ok(None))
        {
            // It may have ended between the two lines, but its number is not given away before we look.
            let _ = kill_process(pid, signal);
            if waited(patience, || !matches!(child.try_wait(), Ok(None))) {
                return;
            }
        }
    }
    if matches!(child.try_wait(), Ok(None)) {
        tracing::warn!("PostgreSQL does not stop and is killed");
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Makes sure that no server of an owner before us runs on these data.
///
/// We hold the lock, so its owner is gone; the server is about to follow, and only when it takes its
/// time is it asked again.
pub(super) fn end_leftovers(folder: &Path) -> Result<(), PrivateServerError> {
    for signal in [Signal::INT, Signal::QUIT] {
        let Some(pid) = leftover(folder) else { break };
        tracing::info!(pid, "waiting for the end of an earlier PostgreSQL");
        if let Some(pid) = Pid::from_raw(pid) {
            let _ = kill_process(pid, signal);
        }
        if waited(STOP_PATIENCE, || leftover(folder).is_none()) {
            break;
        }
    }
    if let Some(pid) = leftover(folder) {
        return Err(PrivateServerError::LeftBehind(pid));
    }
    // The file of a server that was killed may name a number that somebody else has by now, which
    // PostgreSQL takes for a running server. Nobody works in the folder, so it means nothing any more.
    gone(&folder.join("postmaster.pid"))
}

/// Removes a file, if it is there.
fn gone(file: &Path) -> Result<(), PrivateServerError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(file)(error)),
        _ => Ok(()),
    }
}

/// A process that works in the folder: the server itself, or a child of it that outlived it.
fn leftover(folder: &Path) -> Option<i32> {
    let named = pidfile::read(folder).map(|running| running.pid);
    if !cfg!(target_os = "linux") {
        let alive = |pid: &i32| Pid::from_raw(*pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok());
        return named.filter(alive);
    }
    let works_here = |pid: &i32| {
        fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == folder)
            && fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("postgres"))
    };
    if let Some(pid) = named.filter(works_here) {
        return Some(pid);
    }
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(works_here)
}

fn waited(patience: Duration, mut over: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        if over() {
            return true;
        }
        if begun.elapsed() > patience {
            return false;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Has the kernel stop the server when the thread that starts it is gone, even after `kill -9`.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "the request is tied to the child and lost when it changes its user, so it is made between fork and exec"
)]
fn ends_with_us(postgres: &mut Command) {
    let us = std::process::id();
    let request = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::INT))?;
        // We may have gone before the request was made.
        let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
        if parent.and_then(|pid| u32::try_from(pid).ok()) == Some(us) {
            Ok(())
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    };
    // SAFETY: two plain system calls; nothing is allocated and no lock is taken.
    unsafe { postgres.pre_exec(request) };
}

/// Elsewhere a server left behind by a killed program is stopped by the next start.
#[cfg(not(target_os = "linux"))]
fn ends_with_us(_postgres: &mut Command) {}
