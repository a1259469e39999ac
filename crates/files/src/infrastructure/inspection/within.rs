//! The process apart, from within.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::answers::Answer;
use super::apart::WORD;
use super::look::{LARGEST, look_through};
use super::words::{Reading, reading};
use crate::application::Unfit;

/// The largest file that may be written: a picture made anew.
const LARGEST_WRITTEN: u64 = 64 * 1024 * 1024;
/// The largest file that is read: text grows when it becomes UTF-8.
const LARGEST_READ: u64 = 2 * LARGEST;
/// How it ends when it could not do its work, whatever the file is; the recognizer of letters ends with 1.
const OUR_FAULT: u8 = 70;
/// Politeness towards those who serve requests meanwhile.
const NICE: i32 = 10;

/// Looks through a file and tells how the program has to end, when that is what it was started for; `None` when it was
/// not. To be called before anything else, above all before threads are started.
#[must_use]
pub fn answer_if_asked() -> Option<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    if words.next()? != WORD {
        return None;
    }
    // What it says of a panic might tell what stands in the file.
    std::panic::set_hook(Box::new(|_| {}));
    let words: Vec<OsString> = words.collect();
    Some(obey(&words).map_or(ExitCode::from(OUR_FAULT), |()| ExitCode::SUCCESS))
}

fn obey(words: &[OsString]) -> Option<()> {
    let [task, memory, seconds, about @ ..] = words else { return None };
    let number = |word: &OsString| word.to_str()?.parse().ok();
    confine(number(memory)?, number(seconds)?)?;
    let first = about.first()?;
    let answer = match task.to_str()? {
        "inspect" => inspect(Path::new(first))?,
        "read" => read(Path::new(first))?,
        "letters" => {
            // Only comes back when it could not become the other program.
            let _ = Command::new(first).args(about.get(1..)?).exec();
            return None;
        }
        _ => return None,
    };
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, &answer).ok()?;
    out.flush().ok()
}

/// Limits that go over to whatever this process becomes.
fn confine(memory: u64, seconds: u64) -> Option<()> {
    /// Between the signal that says that time is up and the one that cannot be overheard.
    const GRACE: u64 = 5;
    let most = |most| Rlimit { current: Some(most), maximum: Some(most) };
    let confined = setrlimit(Resource::Data, most(memory));
    // Elsewhere the kernel does not count data; the limits within the libraries have to do.
    if cfg!(target_os = "linux") {
        confined.ok()?;
    }
    let time = Rlimit { current: Some(seconds), maximum: Some(seconds.saturating_add(GRACE)) };
    setrlimit(Resource::Cpu, time).ok()?;
    setrlimit(Resource::Fsize, most(LARGEST_WRITTEN)).ok()?;
    // What would be dumped is somebody's paper.
    setrlimit(Resource::Core, most(0)).ok()?;
    // Those who may not be nicer work as they are.
    let _ = rustix::process::nice(NICE);
    Some(())
}

fn content(file: &Path, most: u64) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    File::open(file).ok()?.take(most).read_to_end(&mut content).ok()?;
    Some(content)
}

fn inspect(file: &Path) -> Option<Answer> {
    // One byte more shows that there is more.
    let looked = match look_through(&content(file, LARGEST + 1)?) {
        Ok(looked) => looked,
        Err(unfit) => return Some(Answer::Unfit(unfit.into())),
    };
    if let Some(rewritten) = &looked.rewritten {
        if u64::try_from(rewritten.len()).ok()? > LARGEST_WRITTEN {
            return Some(Answer::Unfit(Unfit::TooLarge.into()));
        }
        write(&beside(file), rewritten)?;
    }
    let kind = looked.kind.name().to_owned();
    Some(Answer::Fit { kind, pages: looked.pages, rewritten: looked.rewritten.is_some() })
}

/// Where what is to be kept in place of the file lies.
pub(super) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".rewritten");
    PathBuf::from(name)
}

/// Where the picture of a page is laid, to be read by a recognizer.
pub(super) fn page(file: &Path, number: usize) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".page-{number}.png"));
    PathBuf::from(name)
}

fn write(path: &Path, content: &[u8]) -> Option<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).ok()?;
    file.write_all(content).ok()
}

fn read(file: &Path) -> Option<Answer> {
    let Some(Reading { text, pictures }) = reading(&content(file, LARGEST_READ)?) else {
        return Some(Answer::Unreadable);
    };
    for (number, picture) in pictures.iter().enumerate() {
        write(&page(file, number), picture)?;
    }
    Some(Answer::Read { text, pictures: pictures.len() })
}
