//! Starting the process apart, and hearing what it says.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use kernel::{FailureKind, PortFailure};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use super::answers::Answer;

/// The first argument that makes the program look through a file and do nothing else.
pub(super) const WORD: &str = "look-through";

const MIB: u64 = 1024 * 1024;
/// What the process may take for its data. A picture of the most pixels needs less than half.
const MEMORY: u64 = 512 * MIB;
/// A recognizer of letters holds its models as well.
const MEMORY_FOR_LETTERS: u64 = 1024 * MIB;
/// Time it may compute; the kernel ends it then.
const SECONDS: u64 = 20;
const SECONDS_FOR_LETTERS: u64 = 60;
/// Time on the clock after which nobody waits any longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(90);
/// Text comes as JSON, where a character may take six.
const LONGEST_ANSWER: u64 = 8 * MIB;

const DOING: &str = "look through a file";

/// A process of its own in which foreign content is read: little memory, little time, an empty environment.
#[derive(Debug, Clone)]
pub struct Apart {
    program: Option<PathBuf>,
    memory: u64,
    seconds: u64,
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Outcome<T> {
    Said(T),
    /// It took more memory or time than it may.
    Exhausted,
    /// It stumbled over the content.
    Stumbled,
}

impl Apart {
    /// By the program that runs; where that is not Doktolib, as in tests, by the one that lies beside it.
    #[must_use]
    pub fn new() -> Self {
        Self { program: program(), memory: MEMORY, seconds: SECONDS }
    }

    /// By that program, which has to call [`super::answer_if_asked`] first of all.
    #[must_use]
    pub fn by(program: impl Into<PathBuf>) -> Self {
        Self { program: Some(program.into()), memory: MEMORY, seconds: SECONDS }
    }

    /// The same with so many bytes of memory for its data, and so many seconds to compute.
    #[must_use]
    pub const fn with_limits(mut self, memory: u64, seconds: u64) -> Self {
        self.memory = memory;
        self.seconds = seconds;
        self
    }

    /// Has the file looked through, or read.
    pub(super) async fn ask(&self, task: &str, file: &Path) -> Result<Outcome<Answer>, PortFailure> {
        let (status, said) = self.run(task, self.memory, self.seconds, &[file.into()]).await?;
        Ok(match judged(status, said)? {
            Outcome::Said(json) => {
                Outcome::Said(serde_json::from_slice(&json).map_err(|error| PortFailure::new(DOING, error))?)
            }
            Outcome::Exhausted => Outcome::Exhausted,
            Outcome::Stumbled => Outcome::Stumbled,
        })
    }

    /// Becomes the recognizer of letters within the limits, and gives what that prints.
    pub(super) async fn recognize(&self, recognizer: &[OsString]) -> Result<Outcome<Vec<u8>>, PortFailure> {
        let memory = MEMORY_FOR_LETTERS.max(self.memory);
        let (status, said) = self.run("letters", memory, SECONDS_FOR_LETTERS, recognizer).await?;
        // Its way to say that it cannot open the picture.
        if status.code() == Some(1) { Ok(Outcome::Stumbled) } else { judged(status, said) }
    }

    async fn run(
        &self,
        task: &str,
        memory: u64,
        seconds: u64,
        about: &[OsString],
    ) -> Result<(ExitStatus, Vec<u8>), PortFailure> {
        let missing = || PortFailure::new(DOING, "the program doktolib does not lie beside the one that runs");
        let program = self.program.as_ref().ok_or_else(missing)?;
        let mut command = Command::new(program);
        command.arg0("doktolib").args([WORD, task, &memory.to_string(), &seconds.to_string()]).args(about);
        // What reads hostile content knows no address and no secret.
        command.env_clear().current_dir("/").kill_on_drop(true);
        // One recognizer does not take all cores.
        command.env("OMP_THREAD_LIMIT", "1");
        if let Some(models) = std::env::var_os("TESSDATA_PREFIX") {
            command.env("TESSDATA_PREFIX", models);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let waited = tokio::time::timeout(PATIENCE, output(command)).await;
        let late = |_| PortFailure::new(DOING, "it takes too long").of_kind(FailureKind::Unavailable);
        waited.map_err(late)?.map_err(|error| PortFailure::new(DOING, error).of_kind(FailureKind::Unavailable))
    }
}

impl Default for Apart {
    fn default() -> Self {
        Self::new()
    }
}

async fn output(mut command: Command) -> io::Result<(ExitStatus, Vec<u8>)> {
    let mut child = command.spawn()?;
    let mut said = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(LONGEST_ANSWER).read_to_end(&mut said).await?;
    }
    // Whoever has more to say is told by the closed pipe.
    Ok((child.wait().await?, said))
}

/// A process that was ended from outside says nothing about the file; one that ended by itself does.
fn judged(status: ExitStatus, said: Vec<u8>) -> Result<Outcome<Vec<u8>>, PortFailure> {
    use rustix::process::Signal;

    /// What Rust gives back after a panic.
    const PANICKED: i32 = 101;
    let exhausted = [Signal::ABORT, Signal::SEGV, Signal::BUS, Signal::XCPU, Signal::XFSZ];
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(Outcome::Said(said)),
        (Some(PANICKED), _) => Ok(Outcome::Stumbled),
        (_, Some(signal)) if exhausted.iter().any(|one| one.as_raw() == signal) => Ok(Outcome::Exhausted),
        _ => Err(PortFailure::new(DOING, format!("it ended with {status}")).of_kind(FailureKind::Unavailable)),
    }
}

/// The running program, also after a new one has taken its place on the disk.
fn program() -> Option<PathBuf> {
    let running = std::env::current_exe().ok()?;
    if running.file_name()?.to_str()?.starts_with("doktolib") {
        let linux = Path::new("/proc/self/exe");
        return Some(if linux.exists() { linux.to_owned() } else { running });
    }
    // Programs of tests lie in a folder of their own below.
    let folder = running.parent()?;
    [Some(folder), folder.parent()].into_iter().flatten().map(|folder| folder.join("doktolib")).find(|it| it.is_file())
}
