//! Plain text: made UTF-8, and nothing but text.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::archive::MARKUP;
use super::look::{Looked, holds_word};
use crate::application::Unfit;
use crate::domain::FileKind;

/// Of a hundred: more letters than these that are not of ASCII make it no text of an old Windows.
const MOST_FOREIGN: usize = 30;
/// Of a hundred: more characters than these that have a meaning in one typeface alone are no text.
const MOST_PRIVATE: usize = 5;

pub(super) fn look(content: &[u8]) -> Result<Looked, Unfit> {
    let text = decoded(content)?;
    if text.trim().is_empty() {
        return Err(Unfit::Empty);
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}')) {
        return Err(Unfit::UnknownKind);
    }
    if has_no_letters(&text) || is_another_language(&text) {
        return Err(Unfit::UnknownKind);
    }
    let rewritten = (text.as_bytes() != content).then(|| text.into_bytes());
    Ok(Looked { kind: FileKind::Txt, rewritten, pages: None })
}

/// UTF-8, UTF-16 that says so, or what Windows wrote in western Europe; without the mark at the beginning.
pub(super) fn decoded(content: &[u8]) -> Result<String, Unfit> {
    let utf_16 = match content {
        [0xff, 0xfe, rest @ ..] => Some((UTF_16LE, rest)),
        [0xfe, 0xff, rest @ ..] => Some((UTF_16BE, rest)),
        _ => None,
    };
    if let Some((encoding, rest)) = utf_16 {
        let text = encoding.decode_without_bom_handling_and_without_replacement(rest);
        return text.map(Into::into).ok_or(Unfit::Malformed);
    }
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    if let Ok(text) = std::str::from_utf8(content) {
        return Ok(text.to_owned());
    }
    let foreign = content.iter().filter(|byte| !byte.is_ascii()).count();
    if foreign * 100 > content.len() * MOST_FOREIGN {
        return Err(Unfit::UnknownKind);
    }
    // Five bytes have no meaning there; they become control characters, which are refused.
    Ok(WINDOWS_1252.decode_without_bom_handling(content).0.into_owned())
}

/// Characters without a meaning: word processors leave some behind as bullets, and chance makes many.
fn has_no_letters(text: &str) -> bool {
    let private = text.chars().filter(|c| matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..)).count();
    private * 100 > text.chars().count() * MOST_PRIVATE
}

/// A page, a picture, a document or a program that is written in letters. Handed out as plain text it would do nothing;
/// but nobody's papers are that, and somebody may give it another name.
fn is_another_language(text: &str) -> bool {
    let begin = text.trim_start();
    let tag = |c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?' | '/');
    let begins = ["#!", "{\\rtf", "%!PS", "MIME-Version:"].iter().any(|begins| begin.starts_with(begins))
        || begin.strip_prefix('<').is_some_and(|rest| rest.starts_with(tag));
    begins || holds_word(text.as_bytes(), &MARKUP)
}
