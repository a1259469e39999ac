//! What a file is, by its content.

use super::{archive, doc, docx, gif, jpeg, pdf, picture, txt};
use crate::application::Unfit;
use crate::domain::FileKind;

/// The most bytes that a file may have: 10 MiB.
pub const LARGEST: u64 = 10 * 1024 * 1024;
/// How far into a file some readers look for the beginning of a PDF.
const PDF_MAY_BEGIN: usize = 1024;

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Told by the content.
    pub kind: FileKind,
    /// What is to be kept in its place.
    pub rewritten: Option<Vec<u8>>,
    /// Pages of a PDF.
    pub pages: Option<u32>,
}

impl Looked {
    /// A file that is kept as it came.
    pub(super) const fn as_it_came(kind: FileKind) -> Self {
        Self { kind, rewritten: None, pages: None }
    }
}

/// Tells what `content` is and refuses what is not harmless. Meant for the process apart: in the one that serves
/// requests, only for content that is known.
///
/// # Errors
/// Why it is refused.
pub fn look_through(content: &[u8]) -> Result<Looked, Unfit> {
    if content.is_empty() {
        return Err(Unfit::Empty);
    }
    if content.len() as u64 > LARGEST {
        return Err(Unfit::TooLarge);
    }
    let kind = signature(content);
    if kind != Some(FileKind::Docx) && archive::ends_in_one(content) {
        return Err(Unfit::Malformed);
    }
    let kept_as_it_came = matches!(kind, Some(FileKind::Doc | FileKind::Docx) | None);
    if kept_as_it_came && holds(&content[..content.len().min(PDF_MAY_BEGIN)], b"%PDF-") {
        return Err(Unfit::Malformed);
    }
    match kind {
        Some(FileKind::Pdf) => pdf::look(content),
        Some(FileKind::Jpeg) => jpeg::look(content),
        Some(FileKind::Png) => picture::look_png(content),
        Some(FileKind::Gif) => gif::look(content),
        Some(FileKind::Doc) => doc::look(content),
        Some(FileKind::Docx) => docx::look(content),
        Some(FileKind::Txt) | None => txt::look(content),
    }
}

/// The kind whose files begin so; text begins anyhow.
pub(super) fn signature(content: &[u8]) -> Option<FileKind> {
    const SIGNATURES: [(&[u8], FileKind); 7] = [
        (b"%PDF-", FileKind::Pdf),
        (b"\xff\xd8\xff", FileKind::Jpeg),
        (b"\x89PNG\r\n\x1a\n", FileKind::Png),
        (b"GIF87a", FileKind::Gif),
        (b"GIF89a", FileKind::Gif),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind::Doc),
        (b"PK\x03\x04", FileKind::Docx),
    ];
    SIGNATURES.into_iter().find(|(begins, _)| content.starts_with(begins)).map(|(_, kind)| kind)
}

/// Whether those bytes stand in it.
pub(super) fn holds(content: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(content, wanted).is_some()
}

/// Whether one of those words, written in small letters, stands in it however it is written.
pub(super) fn holds_word(content: &[u8], words: &[&str]) -> bool {
    let small = content.to_ascii_lowercase();
    words.iter().any(|word| holds(&small, word.as_bytes()))
}

/// Bytes at that place; `None` behind the end.
pub(super) fn bytes_at<const N: usize>(content: &[u8], at: usize) -> Option<[u8; N]> {
    content.get(at..at.checked_add(N)?)?.try_into().ok()
}
