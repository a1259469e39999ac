//! What stands in a file, read in the process apart.

use std::io::Read as _;

use quick_xml::XmlVersion;
use quick_xml::events::Event;

use super::docx::{DOCUMENT, opened};
use super::docx_parts::walk;
use super::look::signature;
use super::{pdf_text, txt};
use crate::domain::FileKind;

/// The most bytes of text that are kept of a file: 1 MiB.
pub(super) const LONGEST: usize = 1024 * 1024;
/// What the part with the text may unpack to.
const MOST_XML: u64 = 32 * 1024 * 1024;

/// What was read.
pub(super) struct Reading {
    pub(super) text: String,
    /// Pictures of pages (PNG), when there was nothing to read.
    pub(super) pictures: Vec<Vec<u8>>,
}

/// The words of a file that was looked through before, 1 MiB at most; `None` when nothing here reads its kind. Meant
/// for the process apart, as [`super::look_through`] is.
#[must_use]
pub fn words_of(content: &[u8]) -> Option<String> {
    reading(content).map(|reading| reading.text)
}

pub(super) fn reading(content: &[u8]) -> Option<Reading> {
    let reading = match signature(content) {
        Some(FileKind::Pdf) => pdf_text::reading(content)?,
        Some(FileKind::Docx) => Reading { text: of_docx(content)?, pictures: Vec::new() },
        None => Reading { text: txt::decoded(content).ok()?, pictures: Vec::new() },
        // Pictures are the recognizer's, and the text of a DOC lies in pieces that no library here puts together.
        Some(_) => return None,
    };
    Some(Reading { text: tidy(&reading.text), ..reading })
}

fn of_docx(content: &[u8]) -> Option<String> {
    let mut archive = opened(content).ok()?;
    let part = archive.by_name(DOCUMENT).ok()?;
    let mut xml = Vec::new();
    part.take(MOST_XML).read_to_end(&mut xml).ok()?;

    let mut text = String::new();
    let mut inside = false;
    let read = walk(&xml, |event| {
        match event {
            Event::Start(element) => {
                inside = element.local_name().as_ref() == "t";
                if element.local_name().as_ref() == "tc" {
                    text.push('\t');
                }
            }
            Event::Empty(element) => match element.local_name().as_ref() {
                "tab" => text.push('\t'),
                "br" | "cr" | "p" => text.push('\n'),
                _ => {}
            },
            Event::End(element) => {
                inside = false;
                if element.local_name().as_ref() == "p" {
                    text.push('\n');
                }
            }
            Event::Text(piece) if inside => text.push_str(&piece.xml_content(XmlVersion::default())),
            Event::CData(piece) if inside => text.push_str(&piece.xml_content(XmlVersion::default())),
            Event::GeneralRef(name) if inside => text.extend(referred(name)),
            _ => {}
        }
        Ok(text.len() <= LONGEST)
    });
    read.ok().map(|()| text)
}

fn referred(name: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Ok(Some(letter)) = name.resolve_char_ref() {
        return Some(letter);
    }
    match name.xml_content(XmlVersion::default()).as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// Without characters that are none, letters apart that printers join, and no longer than is kept.
pub(super) fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len().min(LONGEST));
    for letter in text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')) {
        match letter {
            'ﬀ' => tidy.push_str("ff"),
            'ﬁ' => tidy.push_str("fi"),
            'ﬂ' => tidy.push_str("fl"),
            'ﬃ' => tidy.push_str("ffi"),
            'ﬄ' => tidy.push_str("ffl"),
            'ﬅ' | 'ﬆ' => tidy.push_str("st"),
            other => tidy.push(other),
        }
        if tidy.len() > LONGEST {
            break;
        }
    }
    tidy.truncate(tidy.floor_char_boundary(LONGEST));
    tidy
}
