//! Archives that lie inside of something else. A ZIP is read from its end, so a picture or a PDF may be one as well.

use super::look::{bytes_at, holds, holds_word};

const END_OF_DIRECTORY: &[u8] = b"PK\x05\x06";
const DIRECTORY: &[u8] = b"PK\x01\x02";
/// The record at the end with the longest comment behind it.
const END_MAY_BEGIN: usize = 22 + 65_535;

/// Whether a reader of ZIP archives would find one at the end of this file.
pub(super) fn ends_in_one(content: &[u8]) -> bool {
    let begin = content.len().saturating_sub(END_MAY_BEGIN);
    memchr::memmem::find_iter(&content[begin..], END_OF_DIRECTORY).any(|at| lists_files(content, begin + at))
}

/// The record names a directory that lies right before it, whatever stands before that.
fn lists_files(content: &[u8], at: usize) -> bool {
    let Some(size) = bytes_at(content, at + 12).map(u32::from_le_bytes) else { return false };
    let begin = usize::try_from(size).ok().and_then(|size| at.checked_sub(size));
    begin.is_some_and(|begin| content[begin..at].starts_with(DIRECTORY))
}

/// Whether what hangs behind a picture is something that other programs would open: an archive, a page, a program.
pub(super) fn is_cargo(behind: &[u8]) -> bool {
    const CARGO: [&[u8]; 7] = [
        b"PK\x03\x04",
        END_OF_DIRECTORY,
        b"Rar!\x1a\x07",
        b"7z\xbc\xaf\x27\x1c",
        b"%PDF-",
        b"\x7fELF",
        b"\xca\xfe\xba\xbe",
    ];
    // Only words that do not come about by chance in megabytes of a camera's own data.
    const PAGES: [&str; 5] = ["<!doctype", "<html", "<script", "<iframe", "<?php"];
    CARGO.iter().any(|begins| holds(behind, begins)) || behind.starts_with(b"MZ") || holds_word(behind, &PAGES)
}

/// Words by which a browser or a server would take something for a page or a program of theirs, in small letters.
pub(super) const MARKUP: [&str; 9] =
    ["<!doctype", "<html", "<script", "<svg", "<iframe", "<object", "<embed", "<?xml", "<?php"];
