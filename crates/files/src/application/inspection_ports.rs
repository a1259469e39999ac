//! What looking through a file needs from outside. The file lies in a private folder of this machine meanwhile.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use kernel::PortFailure;

use crate::domain::FileKind;

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// Told by the content.
    pub kind: FileKind,
    /// What is to be kept in place of what came, beside it in the same folder: a picture made anew without whatever
    /// came along with it. `None` when the file is kept as it came.
    pub rewritten: Option<PathBuf>,
    /// Pages, where the kind has some.
    pub pages: Option<u32>,
}

/// Why a file is refused. Nothing of it is told but this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It has no content.
    #[error("the file is empty")]
    Empty,
    /// It is none of the kinds that are taken.
    #[error("the content is of no kind that is taken")]
    UnknownKind,
    /// It is broken, or more than one thing at once.
    #[error("the content is broken, or more than one thing at once")]
    Malformed,
    /// It asks for a password.
    #[error("the content is protected by a password")]
    Protected,
    /// It holds programs: scripts, macros, actions, other files.
    #[error("the content holds programs or other files")]
    Active,
    /// Opened, it would be too large: pixels, or what an archive unpacks to.
    #[error("the content is too large once it is opened")]
    TooLarge,
}

/// Tells what a file is and whether it is harmless.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait FileInspector: Send + Sync {
    /// Looks through the file.
    async fn inspect(&self, file: &Path) -> Result<Result<Inspected, Unfit>, PortFailure>;
}

/// What a virus scanner says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scan {
    /// Nothing was found.
    Clean,
    /// Something was; by the scanner's name for it.
    Infected(String),
}

/// Looks for viruses.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait VirusScanner: Send + Sync {
    /// Scans the file. Fails while the scanner is away: then nobody knows.
    async fn scan(&self, file: &Path) -> Result<Scan, PortFailure>;
}

/// What can be read in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadText {
    /// Its words, cut off at a length that the reader sets.
    pub text: String,
    /// Dates that stand in it, each once, the latest first.
    pub dates: Vec<jiff::civil::Date>,
}

/// Reads what stands in a file.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait TextReader: Send + Sync {
    /// The text; `None` when nothing on this machine can read that kind.
    async fn read(&self, file: &Path, kind: FileKind) -> Result<Option<ReadText>, PortFailure>;
}
