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
const FLAGS: usize = 0x0a;
const ENCRYPTED: u16 = 0x0100;
const OBFUSCATED: u16 = 0x8000;

pub(super) fn look(content: &[u8]) -> Result<Looked, Unfit> {
    let mut file = cfb::CompoundFile::open(Cursor::new(content)).map_err(|_| Unfit::Malformed)?;
    if SEALED.iter().any(|stream| file.exists(stream)) {
        return Err(Unfit::Protected);
    }
    // Spreadsheets, mails and installers are files of this sort, too.
    if !file.is_stream(DOCUMENT) {
        return Err(Unfit::UnknownKind);
    }
    for (at, entry) in file.walk().enumerate() {
        let name = entry.name().to_lowercase();
        if ACTIVE.iter().any(|part| name.contains(part)) {
            return Err(Unfit::Active);
        }
        if at >= MOST_ENTRIES {
            return Err(Unfit::TooLarge);
        }
    }
    let mut document = Vec::new();
    let stream = file.open_stream(DOCUMENT).map_err(|_| Unfit::Malformed)?;
    stream.take(content.len() as u64).read_to_end(&mut document).map_err(|_| Unfit::Malformed)?;
    judged(&document)
}

fn judged(document: &[u8]) -> Result<Looked, Unfit> {
    let number = |at| bytes_at(document, at).map(u16::from_le_bytes).ok_or(Unfit::Malformed);
    if number(0)? != WORD {
        return Err(Unfit::Malformed);
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
