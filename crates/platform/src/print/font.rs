//! The typeface of printed sheets: Noto Sans Mono, cut down to Latin (Vietnamese too), Greek and Cyrillic letters.
//!
//! It is embedded in each sheet (PDF 1.7, 9.7 and 9.9), since no reader has these letters by itself.

use std::collections::BTreeMap;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Finish as _, Name, Pdf, Rect, Ref, Str};
use ttf_parser::{Face, FaceParsingError};
use unicode_normalization::UnicodeNormalization as _;

const FILE: &[u8] = include_bytes!("../../fonts/NotoSansMono-subset.ttf");
/// Six letters before the name tell that it is a part of the typeface.
const NAME: Name<'static> = Name(b"DOKTOL+NotoSansMono-Regular");
const IDENTITY: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// The typeface, and the glyphs that a sheet has used of it.
pub(super) struct Typeface {
    face: Face<'static>,
    used: BTreeMap<u16, char>,
}

impl Typeface {
    pub(super) fn new() -> Result<Self, FaceParsingError> {
        Ok(Self { face: Face::parse(FILE, 0)?, used: BTreeMap::new() })
    }

    /// A text as the numbers of its glyphs. A letter that the typeface lacks is shown without its accents where it has
    /// such a form, else as `?`.
    pub(super) fn encoded(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len() * 2);
        for letter in text.nfc() {
            let plain = || letter.nfd().next().unwrap_or('?');
            let known = [letter, plain(), '?'].into_iter().find_map(|one| Some((self.face.glyph_index(one)?, one)));
            if let Some((glyph, shown)) = known {
                self.used.insert(glyph.0, shown);
                bytes.extend(glyph.0.to_be_bytes());
            }
        }
        bytes
    }

    /// Writes the typeface as the font `id`; the other objects get numbers from `fresh`.
    pub(super) fn write(&self, pdf: &mut Pdf, id: Ref, mut fresh: impl FnMut() -> Ref) {
        let (cid, descriptor, file, to_unicode) = (fresh(), fresh(), fresh(), fresh());
        let em = f32::from(self.face.units_per_em());
        let scaled = |units: i16| f32::from(units) * 1000.0 / em;
        pdf.type0_font(id)
            .base_font(NAME)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(to_unicode);
        let mut font = pdf.cid_font(cid);
        font.subtype(CidFontType::Type2)
            .base_font(NAME)
            .system_info(IDENTITY)
            .font_descriptor(descriptor)
            .default_width(600.0)
            .cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = font.widths();
        for glyph in self.used.keys() {
            let width = self.face.glyph_hor_advance(ttf_parser::GlyphId(*glyph)).unwrap_or(600);
            widths.consecutive(*glyph, [f32::from(width) * 1000.0 / em]);
        }
        widths.finish();
        font.finish();
        let bounds = self.face.global_bounding_box();
        pdf.font_descriptor(descriptor)
            .name(NAME)
            .flags(FontFlags::FIXED_PITCH | FontFlags::NON_SYMBOLIC)
            .bbox(Rect::new(scaled(bounds.x_min), scaled(bounds.y_min), scaled(bounds.x_max), scaled(bounds.y_max)))
            .italic_angle(0.0)
            .ascent(scaled(self.face.ascender()))
            .descent(scaled(self.face.descender()))
            .cap_height(scaled(self.face.capital_height().unwrap_or(714)))
            .stem_v(80.0)
            .font_file2(file);
        let length = i32::try_from(FILE.len()).unwrap_or(i32::MAX);
        pdf.stream(file, FILE).pair(Name(b"Length1"), length);
        let mut letters = UnicodeCmap::new(Name(b"Letters"), IDENTITY);
        for (glyph, letter) in &self.used {
            letters.pair(*glyph, *letter);
        }
        pdf.cmap(to_unicode, &letters.finish()).name(Name(b"Letters")).system_info(IDENTITY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_europe_and_vietnam_are_there_letter_by_letter() {
        let mut font = Typeface::new().unwrap();
        for name in ["Łukasz Żółć", "Dvořák", "Şahin Ağaoğlu", "Nguyễn Thị Ánh", "Иванов Щукин", "Γεώργιος", "Ærø–Œ’"]
        {
            let glyphs = font.encoded(name);
            assert_eq!(glyphs.len(), 2 * name.chars().count(), "{name}");
            let shown: Vec<char> =
                glyphs.chunks(2).map(|pair| font.used[&u16::from_be_bytes([pair[0], pair[1]])]).collect();
            assert_eq!(shown, name.chars().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_letter_beyond_them_is_a_question_mark_and_never_lost() {
        let mut font = Typeface::new().unwrap();
        assert_eq!(font.encoded("李"), font.encoded("?"));
        assert_eq!(font.encoded("e\u{301}"), font.encoded("é"));
    }
}
