//! The XML parts of a Word document: what they are, what they lead to, and what is written in them.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::application::Unfit;

/// The one kind of document that is taken: not a template, not one with macros, not a spreadsheet.
const MAIN: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
/// Parts of content types, in small letters.
const ACTIVE_TYPES: [&str; 6] = ["macroenabled", "vba", "activex", "oleobject", "ms-package", "webextension"];
/// Last words of the types of relationships, in small letters, by which something else comes in.
const ACTIVE_RELATIONS: [&str; 13] = [
    "attachedtemplate",
    "oleobject",
    "package",
    "afchunk",
    "subdocument",
    "frame",
    "control",
    "activexcontrolbinary",
    "vbaproject",
    "wordvbadata",
    "mailmergesource",
    "webextension",
    "webextensiontaskpanes",
];
/// Where a link that is clicked may lead.
const LINKS: [&str; 4] = ["http://", "https://", "mailto:", "tel:"];
/// Fields that start programs or fetch something, wherever they are named within a field.
const ACTIVE_WORDS: [&str; 4] = ["DDE", "DDEAUTO", "INCLUDETEXT", "INCLUDEPICTURE"];
/// The same for words that may be part of an address.
const ACTIVE_FIELDS: [&str; 5] = ["LINK", "IMPORT", "DATABASE", "EMBED", "MACROBUTTON"];
/// Deeper is nothing that a word processor has written.
const DEEPEST: usize = 256;

/// Judges a part by its name.
pub(super) fn judge(name: &str, xml: &[u8]) -> Result<(), Unfit> {
    let mut fields = String::new();
    let mut in_field = false;
    let mut main = false;
    walk(xml, |event| {
        match event {
            Event::Start(element) | Event::Empty(element) => {
                let local = element.local_name();
                match local.as_ref() {
                    "Relationship" => relation(element)?,
                    "Default" | "Override" => main |= content_type(element)?,
                    "fldChar" => fields.push('\n'),
                    "fldSimple" => {
                        fields.push('\n');
                        fields.push_str(&value(element, "instr")?.unwrap_or_default());
                    }
                    "altChunk" => return Err(Unfit::Active),
                    _ => {}
                }
                in_field = matches!(event, Event::Start(_)) && matches!(local.as_ref(), "instrText" | "delInstrText");
            }
            Event::End(_) => in_field = false,
            Event::Text(text) if in_field => fields.push_str(&text.xml_content(XmlVersion::default())),
            Event::CData(text) if in_field => fields.push_str(&text.xml_content(XmlVersion::default())),
            Event::GeneralRef(letter) if in_field => {
                fields.extend(letter.resolve_char_ref().map_err(|_| Unfit::Malformed)?);
            }
            _ => {}
        }
        Ok(true)
    })?;
    if active_field(&fields) {
        return Err(Unfit::Active);
    }
    if name == "[Content_Types].xml" && !main {
        return Err(Unfit::UnknownKind);
    }
    Ok(())
}

/// Goes through the events until `each` has had enough. Anything that is not well-formed is refused, and so is a
/// document type, by which XML fetches files and grows.
pub(super) fn walk(xml: &[u8], mut each: impl FnMut(&Event<'_>) -> Result<bool, Unfit>) -> Result<(), Unfit> {
    let xml = std::str::from_utf8(xml).map_err(|_| Unfit::Malformed)?;
    let mut reader = Reader::from_str(xml);
    let mut depth = 0_usize;
    loop {
        let event = reader.read_event().map_err(|_| Unfit::Malformed)?;
        match &event {
            Event::DocType(_) => return Err(Unfit::Active),
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.checked_sub(1).ok_or(Unfit::Malformed)?,
            Event::Eof if depth > 0 => return Err(Unfit::Malformed),
            Event::Eof => return Ok(()),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(Unfit::Malformed);
        }
        if !each(&event)? {
            return Ok(());
        }
    }
}

fn value(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, Unfit> {
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|_| Unfit::Malformed)?;
        if attribute.key.local_name().as_ref() == name {
            let value = attribute.normalized_value(XmlVersion::default()).map_err(|_| Unfit::Malformed)?;
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}

/// Whether it tells that the document is one.
fn content_type(element: &BytesStart<'_>) -> Result<bool, Unfit> {
    let told = value(element, "ContentType")?.unwrap_or_default();
    let small = told.to_lowercase();
    if ACTIVE_TYPES.iter().any(|part| small.contains(part)) {
        return Err(Unfit::Active);
    }
    Ok(told == MAIN)
}

fn relation(element: &BytesStart<'_>) -> Result<(), Unfit> {
    let kind = value(element, "Type")?.unwrap_or_default().to_lowercase();
    let kind = kind.rsplit('/').next().unwrap_or_default();
    if ACTIVE_RELATIONS.contains(&kind) {
        return Err(Unfit::Active);
    }
    let mode = value(element, "TargetMode")?.unwrap_or_default();
    let target = value(element, "Target")?.unwrap_or_default().trim().to_lowercase();
    let outside = !mode.eq_ignore_ascii_case("Internal") && !mode.is_empty();
    let link = kind == "hyperlink" && LINKS.iter().any(|begins| target.starts_with(begins));
    // What says that it is inside and names a place outside is fetched by some.
    if (outside && !link) || (!outside && target.contains("://")) || target.starts_with("\\\\") {
        return Err(Unfit::Active);
    }
    Ok(())
}

fn active_field(fields: &str) -> bool {
    let upper = fields.to_uppercase();
    let any = upper.split(|c: char| !c.is_alphanumeric()).any(|word| ACTIVE_WORDS.contains(&word));
    any || upper.lines().any(|field| {
        let word = field.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty());
        word.is_some_and(|word| ACTIVE_FIELDS.contains(&word))
    })
}
