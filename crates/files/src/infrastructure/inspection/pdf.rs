//! PDF: kept as it came, so everything in it is looked at.

use lopdf::xref::XrefEntry;
use lopdf::{Dictionary, Document, Error, LoadOptions, Object, Stream};

use super::look::{Looked, holds, holds_word};
use crate::application::Unfit;
use crate::domain::FileKind;

const MIB: usize = 1024 * 1024;
/// What one of the streams may unpack to that tell where the others are.
const MOST_STRUCTURE: usize = 16 * MIB;
/// What any other stream may unpack to: a page at 600 dots per inch, in colours.
const MOST_STREAM: usize = 128 * MIB;
/// And all of them together.
const MOST_UNPACKED: usize = 512 * MIB;
const MOST_PAGES: usize = 2000;

/// Keys whose presence means programs, forms of another language, or files within.
const ACTIVE_KEYS: [&[u8]; 9] = [
    b"JS",
    b"JavaScript",
    b"EmbeddedFiles",
    b"EF",
    b"XFA",
    b"RichMediaContent",
    b"RichMediaSettings",
    b"Collection",
    b"FFilter",
];
/// Kinds of actions that run, send, fetch or open something else than a page of this document or a link.
const ACTIVE_ACTIONS: [&[u8]; 10] = [
    b"JavaScript",
    b"Launch",
    b"ImportData",
    b"SubmitForm",
    b"GoToR",
    b"GoToE",
    b"Rendition",
    b"Movie",
    b"Sound",
    b"RichMediaExecute",
];
/// Types of objects that hold something else than pages.
const ACTIVE_TYPES: [&[u8]; 6] = [b"EmbeddedFile", b"FileAttachment", b"RichMedia", b"Screen", b"Movie", b"3D"];
/// Looked for in the bytes as well, should another reader understand an object that ours does not.
const ACTIVE_BYTES: [&[u8]; 6] =
    [b"/JavaScript", b"/EmbeddedFile", b"/RichMedia", b"/ImportData", b"/Launch", b"/SubmitForm"];
/// A page that also is a PDF has its words at the beginning.
const PAGE_BEGINS: usize = 1024;
const PAGE: [&str; 5] = ["<!doctype", "<html", "<script", "<svg", "<?php"];

pub(super) fn look(content: &[u8]) -> Result<Looked, Unfit> {
    if !ends_well(content) || holds_word(&content[..content.len().min(PAGE_BEGINS)], &PAGE) {
        return Err(Unfit::Malformed);
    }
    let everything = found(content)?;
    judged(&everything)?;
    if lost_objects(content, &everything) {
        return Err(Unfit::Malformed);
    }
    drop(everything);
    let document = loaded(content)?;
    judged(&document)?;
    if names_something_active(content) {
        return Err(Unfit::Active);
    }
    measure(&document)?;
    let pages = document.page_iter().take(MOST_PAGES + 1).count();
    match pages {
        0 => Err(Unfit::Malformed),
        _ if pages > MOST_PAGES => Err(Unfit::TooLarge),
        _ => Ok(Looked { kind: FileKind::Pdf, rewritten: None, pages: u32::try_from(pages).ok() }),
    }
}

/// Nothing but space stands behind the last mark of an end.
fn ends_well(content: &[u8]) -> bool {
    const END: &[u8] = b"%%EOF";
    let end = memchr::memmem::rfind(content, END).map(|at| at + END.len());
    end.is_some_and(|end| content[end..].iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0))
}

/// The objects that the file's own table tells of.
pub(super) fn loaded(content: &[u8]) -> Result<Document, Unfit> {
    opened(content, false)
}

/// The objects that somebody finds who does not believe the table. Readers differ in when they stop believing it, so
/// what only some of them see has to be harmless as well.
fn found(content: &[u8]) -> Result<Document, Unfit> {
    opened(content, true)
}

fn opened(content: &[u8], force_reconstruct: bool) -> Result<Document, Unfit> {
    let options = LoadOptions { max_decompressed_size: Some(MOST_STRUCTURE), force_reconstruct, ..Default::default() };
    Document::load_mem_with_options(content, options).map_err(|error| match unpacked(&error) {
        Unfit::Malformed if holds(content, b"/Encrypt") => Unfit::Protected,
        unfit => unfit,
    })
}

fn judged(document: &Document) -> Result<(), Unfit> {
    if document.trailer.has(b"Encrypt") || document.was_encrypted() {
        return Err(Unfit::Protected);
    }
    if is_active(document) {
        return Err(Unfit::Active);
    }
    let streams = document.objects.values().filter_map(|object| object.as_stream().ok());
    for stream in streams.filter(|stream| holds_objects(&stream.dict)) {
        // Objects may be in there that nobody here can read; others might.
        if stream.dict.has(b"Filter") && stream.filters().is_err() {
            return Err(Unfit::Malformed);
        }
        let objects = stream.get_plain_content_with_limit(MOST_STRUCTURE).map_err(|error| unpacked(&error))?;
        if names_something_active(&objects) {
            return Err(Unfit::Active);
        }
    }
    Ok(())
}

/// Some readers ask for the type, and some just for what they need.
fn holds_objects(entries: &Dictionary) -> bool {
    entries.has_type(b"ObjStm") || (entries.has(b"First") && entries.has(b"N"))
}

const fn unpacked(error: &Error) -> Unfit {
    match error {
        Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. }) => Unfit::TooLarge,
        _ => Unfit::Malformed,
    }
}

/// Whether there is a stream of objects that could not be opened, of which nothing is known therefore.
fn lost_objects(content: &[u8], document: &Document) -> bool {
    /// How far a stream's own entries reach.
    const ENTRIES: usize = 4096;
    document.reference_table.entries.iter().any(|(number, entry)| {
        let XrefEntry::Normal { offset, generation } = entry else { return false };
        if document.objects.contains_key(&(*number, *generation)) {
            return false;
        }
        let begin = usize::try_from(*offset).unwrap_or(usize::MAX).min(content.len());
        let entries = unescaped(&content[begin..content.len().min(begin.saturating_add(ENTRIES))]);
        let entries = &entries[..memchr::memmem::find(&entries, b"endobj").unwrap_or(entries.len())];
        holds(entries, b"/ObjStm") || (holds(entries, b"/First") && holds(entries, b"/N"))
    })
}

fn names_something_active(bytes: &[u8]) -> bool {
    let plain = unescaped(bytes);
    ACTIVE_BYTES.iter().any(|word| holds(&plain, word))
}

/// In PDF's own language, any letter of a name may be written by its number.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut left = bytes;
    while let [first, rest @ ..] = left {
        let number = rest.get(..2).filter(|_| *first == b'#').and_then(|digits| std::str::from_utf8(digits).ok());
        let letter = number.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        plain.push(letter.unwrap_or(*first));
        left = if letter.is_some() { &rest[2..] } else { rest };
    }
    plain
}

fn is_active(document: &Document) -> bool {
    let mut left: Vec<&Object> = document.objects.values().collect();
    if active_entries(document, &document.trailer) {
        return true;
    }
    left.extend(document.trailer.iter().map(|(_, object)| object));
    while let Some(object) = left.pop() {
        let entries = match object {
            Object::Array(objects) => {
                left.extend(objects);
                continue;
            }
            Object::Dictionary(entries) => entries,
            // A stream that names a file takes its content from there.
            Object::Stream(stream) if stream.dict.has(b"F") => return true,
            Object::Stream(stream) => &stream.dict,
            _ => continue,
        };
        if active_entries(document, entries) {
            return true;
        }
        left.extend(entries.iter().map(|(_, object)| object));
    }
    false
}

fn active_entries(document: &Document, entries: &Dictionary) -> bool {
    let names = |key: &[u8], list: &[&[u8]]| name(document, entries, key).is_some_and(|name| list.contains(&name));
    ACTIVE_KEYS.iter().any(|key| entries.has(key))
        || names(b"S", &ACTIVE_ACTIONS)
        || names(b"Type", &ACTIVE_TYPES)
        || names(b"Subtype", &ACTIVE_TYPES)
        || follows_by_itself(document, entries)
}

/// A link is for those who click on it; one that follows by itself, when a document or a page opens, is not.
fn follows_by_itself(document: &Document, entries: &Dictionary) -> bool {
    let entries_of = |object| document.dereference(object).ok().and_then(|(_, object)| object.as_dict().ok());
    let opening = entries.get(b"OpenAction").ok().into_iter();
    let events = entries.get(b"AA").ok().and_then(entries_of);
    let events = events.into_iter().flat_map(|events| events.iter().map(|(_, action)| action));
    opening.chain(events).filter_map(entries_of).any(|action| name(document, action, b"S") == Some(b"URI".as_slice()))
}

fn name<'a>(document: &'a Document, entries: &'a Dictionary, key: &[u8]) -> Option<&'a [u8]> {
    let (_, object) = document.dereference(entries.get(key).ok()?).ok()?;
    object.as_name().ok()
}

/// Unpacks every stream that can be, into nothing.
fn measure(document: &Document) -> Result<(), Unfit> {
    let mut left = MOST_UNPACKED;
    for stream in document.objects.values().filter_map(|object| object.as_stream().ok()).filter(|one| is_packed(one)) {
        match stream.decompressed_content_with_limit(left.min(MOST_STREAM)) {
            Ok(content) => left -= content.len().min(left),
            Err(Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. })) => return Err(Unfit::TooLarge),
            // Pictures whose filters are not known here, and broken streams: both stay as small as they are.
            Err(_) => {}
        }
    }
    Ok(())
}

fn is_packed(stream: &Stream) -> bool {
    stream.dict.has(b"Filter")
}
