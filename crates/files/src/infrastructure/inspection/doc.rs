//! Word documents of before 2007: a file system of streams within a file (OLE).

use std::io::{Cursor, Read as _};

use super::look::{Looked, bytes_at, holds};
use crate::application::Unfit;
use crate::domain::FileKind;

const DOCUMENT: &str = "/WordDocument";
/// Where documents with a password put what they are.
const SEALED: [&str; 2] = ["/EncryptedPackage", "/EncryptionInfo"];
/// Parts of names, in small letters, of what holds programs or other files.
const ACTIVE: [&str; 7] = ["macros", "vba", "objectpool", "ole10native", "package", "activex", "objinfo"];
const MOST_ENTRIES: usize = 1000;

/// Every Word document of these begins so.
const WORD: u16 = 0xa5ec;
const VERSION: usize = 0x02;
/// Word 97. Those before kept their macros where nobody looks for them.
const FIRST_VERSION: u16 = 0x00c1;
const FLAGS: usize = 0x0a;
const ENCRYPTED: u16 = 0x0100;
const OBFUSCATED: u16 = 0x8000;

pub(super) fn look(content: &[u8]) -> Result<Looked, Unfit> {
    if !is_whole(content) {
        return Err(Unfit::Malformed);
    }
    let mut file = cfb::CompoundFile::open(Cursor::new(content)).map_err(|_| Unfit::Malformed)?;
    if SEALED.iter().any(|stream| file.exists(stream)) {
        return Err(Unfit::Protected);
    }
    // Spreadsheets, mails and installers are files of this sort, too.
    if !file.is_stream(DOCUMENT) {
        return Err(Unfit::UnknownKind);
    }
    let entries: Vec<cfb::Entry> = file.walk().take(MOST_ENTRIES + 1).collect();
    if entries.len() > MOST_ENTRIES {
        return Err(Unfit::TooLarge);
    }
    if entries.iter().any(|entry| ACTIVE.iter().any(|part| entry.name().to_lowercase().contains(part))) {
        return Err(Unfit::Active);
    }
    let mut left = content.len() as u64;
    for entry in entries.iter().filter(|entry| entry.is_stream()) {
        // Streams lie in the file side by side; those that together are longer lie on each other.
        left = left.checked_sub(entry.len()).ok_or(Unfit::Malformed)?;
        let mut stream = file.open_stream(entry.path()).map_err(|_| Unfit::Malformed)?;
        let mut held = Vec::new();
        stream.read_to_end(&mut held).map_err(|_| Unfit::Malformed)?;
        if held.len() as u64 != entry.len() {
            return Err(Unfit::Malformed);
        }
    }
    let mut document = Vec::new();
    let mut stream = file.open_stream(DOCUMENT).map_err(|_| Unfit::Malformed)?;
    stream.read_to_end(&mut document).map_err(|_| Unfit::Malformed)?;
    judged(&document)
}

/// The file consists of sectors, and all of the last one is there.
fn is_whole(content: &[u8]) -> bool {
    const SECTOR_SHIFT: usize = 30;
    let shift = bytes_at(content, SECTOR_SHIFT).map(u16::from_le_bytes);
    matches!(shift, Some(shift @ (9 | 12)) if content.len().is_multiple_of(1 << shift))
}

fn judged(document: &[u8]) -> Result<Looked, Unfit> {
    let number = |at| bytes_at(document, at).map(u16::from_le_bytes).ok_or(Unfit::Malformed);
    if number(0)? != WORD {
        return Err(Unfit::Malformed);
    }
    if number(VERSION)? < FIRST_VERSION {
        return Err(Unfit::UnknownKind);
    }
    if number(FLAGS)? & (ENCRYPTED | OBFUSCATED) != 0 {
        return Err(Unfit::Protected);
    }
    // A field that starts a program; its name stands in the text, in one or two bytes for each letter.
    const FIELD: &[u8] = b"DDEAUTO";
    let wide: Vec<u8> = FIELD.iter().flat_map(|&letter| [letter, 0]).collect();
    let small = document.to_ascii_uppercase();
    if holds(&small, FIELD) || holds(&small, &wide) {
        return Err(Unfit::Active);
    }
    Ok(Looked::as_it_came(FileKind::Doc))
}
