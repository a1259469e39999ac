//! Word documents since 2007: an archive of XML parts. All of it is unpacked, into nothing, and counted.

use std::collections::HashSet;
use std::io::{Cursor, Read};

use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::docx_parts::judge;
use super::look::{Looked, bytes_at};
use crate::application::Unfit;
use crate::domain::FileKind;

const TYPES: &str = "[Content_Types].xml";
pub(super) const DOCUMENT: &str = "word/document.xml";

const MOST_PARTS: usize = 1000;
/// What all parts may unpack to together.
const MOST_UNPACKED: u64 = 100 * 1024 * 1024;
/// What is read as XML lies in memory.
const MOST_XML: u64 = 32 * 1024 * 1024;
/// The record at the end of an archive that has no comment.
const END: usize = 22;

/// What a document consists of: text, pictures, typefaces.
const PARTS: [&str; 17] = [
    "xml", "rels", "psmdcp", "png", "jpg", "jpeg", "jfif", "gif", "bmp", "tif", "tiff", "emf", "wmf", "svg", "odttf",
    "ttf", "thmx",
];
/// Those that are XML.
const XML: [&str; 3] = ["xml", "rels", "psmdcp"];
/// Parts of names, in small letters, of what holds programs or other files.
const ACTIVE: [&str; 7] = ["vbaproject", "vbadata", "activex", "embeddings/", "oleobject", "afchunk", "webextensions/"];
/// How other files begin: archives, OLE files, programs, PDF.
const FILES: [&[u8]; 6] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"MZ", b"\x7fELF", b"%PDF-", b"Rar!\x1a\x07"];

pub(super) type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// The archive, which has to begin at the first byte and to end at the last: its directory lies right before the record
/// of its end, behind which there is nothing.
pub(super) fn opened(content: &[u8]) -> Result<Archive<'_>, Unfit> {
    let end = content.len().checked_sub(END).ok_or(Unfit::Malformed)?;
    let number = |at| bytes_at(content, end + at).map(u32::from_le_bytes).map(u64::from).ok_or(Unfit::Malformed);
    let entries = bytes_at(content, end + 10).map(u16::from_le_bytes).map(usize::from);
    let (size, begin) = (number(12)?, number(16)?);
    if !content[end..].starts_with(b"PK\x05\x06") || begin + size != end as u64 {
        return Err(Unfit::Malformed);
    }
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    let archive = ZipArchive::with_config(config, Cursor::new(content)).map_err(|_| Unfit::Malformed)?;
    // A reader that does not like this end looks for an earlier one.
    if archive.central_directory_start() != begin || Some(archive.len()) != entries {
        return Err(Unfit::Malformed);
    }
    if archive.len() > MOST_PARTS { Err(Unfit::TooLarge) } else { Ok(archive) }
}

pub(super) fn look(content: &[u8]) -> Result<Looked, Unfit> {
    let mut archive = opened(content)?;
    if archive.index_for_name(TYPES).is_none() || archive.index_for_name(DOCUMENT).is_none() {
        return Err(Unfit::UnknownKind);
    }
    // Two that lie on each other, one that only the local headers tell of, a name twice.
    archive.validate_header_consistency().map_err(|_| Unfit::Malformed)?;
    let mut names = HashSet::new();
    let mut left = MOST_UNPACKED;
    for index in 0..archive.len() {
        let name = named(&mut archive, index)?;
        if !names.insert(name.to_lowercase()) {
            return Err(Unfit::Malformed);
        }
        let part = archive.by_index(index).map_err(|error| refused(&error))?;
        left = unpack(&name, part, left)?;
    }
    Ok(Looked::as_it_came(FileKind::Docx))
}

/// The name of a part, if it is one that a document may have.
fn named(archive: &mut Archive<'_>, index: usize) -> Result<String, Unfit> {
    let part = archive.by_index_raw(index).map_err(|_| Unfit::Malformed)?;
    if part.encrypted() {
        return Err(Unfit::Protected);
    }
    if !matches!(part.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) || part.is_symlink() {
        return Err(Unfit::Malformed);
    }
    let name = part.name().map_err(|_| Unfit::Malformed)?.into_owned();
    let tricky = |part: &str| matches!(part, "" | "." | "..");
    let path = name.strip_suffix('/').unwrap_or(&name);
    if name.contains(['\\', ':', '\0']) || path.split('/').any(tricky) {
        return Err(Unfit::Malformed);
    }
    let small = name.to_lowercase();
    let extension = extension(&small);
    if ACTIVE.iter().any(|part| small.contains(part)) || !(part.is_dir() || PARTS.contains(&extension)) {
        return Err(Unfit::Active);
    }
    Ok(name)
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Unpacks one part, and tells how many bytes the others may still have.
fn unpack(name: &str, mut part: impl Read, left: u64) -> Result<u64, Unfit> {
    let unpacked = if XML.contains(&extension(&name.to_lowercase())) {
        let mut xml = Vec::new();
        let most = left.min(MOST_XML);
        part.take(most + 1).read_to_end(&mut xml).map_err(|_| Unfit::Malformed)?;
        let unpacked = xml.len() as u64;
        if unpacked > most {
            return Err(Unfit::TooLarge);
        }
        judge(name, &xml)?;
        unpacked
    } else {
        let mut begin = Vec::new();
        part.by_ref().take(8).read_to_end(&mut begin).map_err(|_| Unfit::Malformed)?;
        if FILES.iter().any(|begins| begin.starts_with(begins)) {
            return Err(Unfit::Active);
        }
        let rest = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(|_| Unfit::Malformed)?;
        begin.len() as u64 + rest
    };
    left.checked_sub(unpacked).ok_or(Unfit::TooLarge)
}

const fn refused(error: &ZipError) -> Unfit {
    match error {
        ZipError::InvalidPassword => Unfit::Protected,
        _ => Unfit::Malformed,
    }
}
