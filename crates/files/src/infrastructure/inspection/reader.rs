//! The port [`TextReader`]: words by the process apart, letters in pictures by Tesseract where that is installed.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use kernel::PortFailure;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio::sync::OnceCell;

use super::answers::Answer;
use super::apart::{Apart, Outcome};
use super::dates::dates_in;
use super::look::signature;
use super::within::page;
use super::words::{LONGEST, tidy};
use crate::application::{ReadText, TextReader};
use crate::domain::FileKind;

const DOING: &str = "read the text of a file";
const RECOGNIZER: &str = "tesseract";
/// Those of the documents that are expected, where their models are installed.
const LANGUAGES: [&str; 2] = ["eng", "fra"];

/// Reads PDF, DOCX and text; pictures and scanned PDFs as well where Tesseract is installed. What was not
/// [looked through](super::look_through) before is not for it. While it reads, pictures of pages may lie beside the
/// file, their names beginning with its own.
#[derive(Debug, Clone)]
pub struct LocalTextReader {
    apart: Apart,
    recognizer: Option<PathBuf>,
    /// As Tesseract wants them, once it was asked; `None` when it has none of ours.
    languages: Arc<OnceCell<Option<String>>>,
}

impl LocalTextReader {
    /// By the program that runs, and by the Tesseract on the path.
    #[must_use]
    pub fn new() -> Self {
        Self::within(Apart::new())
    }

    /// By a process that starts so.
    #[must_use]
    pub fn within(apart: Apart) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let recognizer = std::env::split_paths(&path).map(|folder| folder.join(RECOGNIZER)).find(|one| one.is_file());
        Self { apart, recognizer, languages: Arc::default() }
    }

    /// The same on a machine where no Tesseract is.
    #[must_use]
    pub fn without_recognizer(mut self) -> Self {
        self.recognizer = None;
        self
    }

    /// What the recognizer has to be told; `None` where there is none, or none for our languages.
    async fn recognizes(&self) -> Result<Option<(&Path, &str)>, PortFailure> {
        let Some(recognizer) = self.recognizer.as_deref() else { return Ok(None) };
        let asked = self.languages.get_or_try_init(|| async {
            let question = [recognizer.into(), "--list-langs".into()];
            let Outcome::Said(listed) = self.apart.recognize(&question).await? else { return Ok(None) };
            let listed = String::from_utf8_lossy(&listed).into_owned();
            let known = |language: &&str| listed.lines().any(|line| line.trim() == *language);
            let ours: Vec<&str> = LANGUAGES.into_iter().filter(|language| known(language)).collect();
            Ok::<_, PortFailure>(if ours.is_empty() { None } else { Some(ours.join("+")) })
        });
        Ok(asked.await?.as_deref().map(|languages| (recognizer, languages)))
    }

    /// What stands on a picture.
    async fn seen(&self, picture: &Path) -> Result<Option<String>, PortFailure> {
        // Anything else it takes for a list of pictures, and reads whatever that names.
        if !is_picture(picture).await.map_err(|error| PortFailure::new(DOING, error))? {
            return Ok(None);
        }
        let Some((recognizer, languages)) = self.recognizes().await? else { return Ok(None) };
        let words: [OsString; 5] = [recognizer.into(), picture.into(), "stdout".into(), "-l".into(), languages.into()];
        Ok(match self.apart.recognize(&words).await? {
            Outcome::Said(text) => Some(tidy(&String::from_utf8_lossy(&text))),
            // One that takes too long, or that it cannot open, says nothing.
            Outcome::Exhausted | Outcome::Stumbled => None,
        })
    }

    async fn text(&self, file: &Path, kind: FileKind) -> Result<Option<String>, PortFailure> {
        if matches!(kind, FileKind::Jpeg | FileKind::Png | FileKind::Gif) {
            return self.seen(file).await;
        }
        let (mut text, pictures) = match self.apart.ask("read", file).await? {
            Outcome::Said(Answer::Read { text, pictures }) => (text, pictures),
            Outcome::Said(Answer::Unreadable) | Outcome::Exhausted | Outcome::Stumbled => return Ok(None),
            Outcome::Said(_) => return Err(PortFailure::new(DOING, "the answer is not of this kind")),
        };
        let pages = Pages { file, count: pictures };
        for number in 0..pages.count {
            if let Some(seen) = self.seen(&page(file, number)).await?
                && text.len() + seen.len() < LONGEST
            {
                text.push_str(&seen);
            }
        }
        Ok(Some(text))
    }
}

impl Default for LocalTextReader {
    fn default() -> Self {
        Self::new()
    }
}

async fn is_picture(file: &Path) -> io::Result<bool> {
    let mut begins = Vec::new();
    File::open(file).await?.take(8).read_to_end(&mut begins).await?;
    Ok(matches!(signature(&begins), Some(FileKind::Jpeg | FileKind::Png | FileKind::Gif)))
}

/// Pictures of pages beside a file; gone with this value.
struct Pages<'a> {
    file: &'a Path,
    count: usize,
}

impl Drop for Pages<'_> {
    fn drop(&mut self) {
        for number in 0..self.count {
            let _ = std::fs::remove_file(page(self.file, number));
        }
    }
}

#[async_trait]
impl TextReader for LocalTextReader {
    async fn read(&self, file: &Path, kind: FileKind) -> Result<Option<ReadText>, PortFailure> {
        let Some(text) = self.text(file, kind).await? else { return Ok(None) };
        let read = tokio::task::spawn_blocking(move || ReadText { dates: dates_in(&text), text }).await;
        read.map(Some).map_err(|error| PortFailure::new(DOING, error))
    }
}
