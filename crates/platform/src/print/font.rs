//! The typefaces of printed sheets: Noto Sans Mono and Noto Sans, cut down to Latin (Vietnamese too), Greek and Cyrillic
//! letters.
//!
//! Those that a sheet uses are embedded in it (PDF 1.7, 9.7 and 9.9), since no reader has these letters by itself.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish as _, Name, Pdf, Rect, Ref, Str};
use ttf_parser::{Face, FaceParsingError, GlyphId};
use unicode_normalization::UnicodeNormalization as _;

const MONO: &[u8] = include_bytes!("../../fonts/NotoSansMono-subset.ttf");
const SANS: &[u8] = include_bytes!("../../fonts/NotoSans-Regular-subset.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/NotoSans-Bold-subset.ttf");
const IDENTITY: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// A face that texts are printed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// Noto Sans Mono: all letters are equally wide.
    Mono,
    /// Noto Sans.
    Sans,
    /// Noto Sans, bold.
    Bold,
}

impl Letters {
    const fn file(self) -> &'static [u8] {
        match self {
            Self::Mono => MONO,
            Self::Sans => SANS,
            Self::Bold => BOLD,
        }
    }

    /// The file, packed once for all sheets (zlib).
    fn packed(self) -> &'static [u8] {
        static PACKED: [OnceLock<Vec<u8>>; 3] = [const { OnceLock::new() }; 3];
        let [mono, sans, bold] = &PACKED;
        let place = match self {
            Self::Mono => mono,
            Self::Sans => sans,
            Self::Bold => bold,
        };
        place.get_or_init(|| compress_to_vec_zlib(self.file(), 9))
    }

    /// Six letters before the name tell that it is a part of the typeface.
    const fn name(self) -> Name<'static> {
        match self {
            Self::Mono => Name(b"DOKTOL+NotoSansMono-Regular"),
            Self::Sans => Name(b"DOKTOL+NotoSans-Regular"),
            Self::Bold => Name(b"DOKTOL+NotoSans-Bold"),
        }
    }

    const fn flags(self) -> FontFlags {
        match self {
            Self::Mono => FontFlags::FIXED_PITCH.union(FontFlags::NON_SYMBOLIC),
            Self::Sans | Self::Bold => FontFlags::NON_SYMBOLIC,
        }
    }

    const fn stem(self) -> f32 {
        match self {
            Self::Mono | Self::Sans => 80.0,
            Self::Bold => 140.0,
        }
    }
}

/// The typeface, and the glyphs that a sheet has used of it.
pub(super) struct Typeface {
    letters: Letters,
    face: Face<'static>,
    used: BTreeMap<u16, char>,
}

impl Typeface {
    pub(super) fn new(letters: Letters) -> Result<Self, FaceParsingError> {
        Ok(Self { letters, face: Face::parse(letters.file(), 0)?, used: BTreeMap::new() })
    }

    pub(super) fn is_used(&self) -> bool {
        !self.used.is_empty()
    }

    /// How wide a text is, in parts of its size.
    pub(super) fn width(&self, text: &str) -> f32 {
        let em = f32::from(self.face.units_per_em());
        let widths =
            text.nfc().filter_map(|letter| Some(f32::from(self.face.glyph_hor_advance(self.glyph(letter)?.0)?)));
        widths.sum::<f32>() / em
    }

    /// The glyph of a letter, and the letter it shows.
    fn glyph(&self, letter: char) -> Option<(GlyphId, char)> {
        let plain = || letter.nfd().next().unwrap_or('?');
        [letter, plain(), '?'].into_iter().find_map(|one| Some((self.face.glyph_index(one)?, one)))
    }

    /// A text as the numbers of its glyphs. A letter that the typeface lacks is shown without its accents where it has
    /// such a form, else as `?`.
    pub(super) fn encoded(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len() * 2);
        for letter in text.nfc() {
            if let Some((glyph, shown)) = self.glyph(letter) {
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
            .base_font(self.letters.name())
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(to_unicode);
        let mut font = pdf.cid_font(cid);
        font.subtype(CidFontType::Type2)
            .base_font(self.letters.name())
            .system_info(IDENTITY)
            .font_descriptor(descriptor)
            .default_width(600.0)
            .cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = font.widths();
        for glyph in self.used.keys() {
            let width = self.face.glyph_hor_advance(GlyphId(*glyph)).unwrap_or(600);
            widths.consecutive(*glyph, [f32::from(width) * 1000.0 / em]);
        }
        widths.finish();
        font.finish();
        let bounds = self.face.global_bounding_box();
        pdf.font_descriptor(descriptor)
            .name(self.letters.name())
            .flags(self.letters.flags())
            .bbox(Rect::new(scaled(bounds.x_min), scaled(bounds.y_min), scaled(bounds.x_max), scaled(bounds.y_max)))
            .italic_angle(0.0)
            .ascent(scaled(self.face.ascender()))
            .descent(scaled(self.face.descender()))
            .cap_height(scaled(self.face.capital_height().unwrap_or(714)))
            .stem_v(self.letters.stem())
            .font_file2(file);
        let length = i32::try_from(self.letters.file().len()).unwrap_or(i32::MAX);
        pdf.stream(file, self.letters.packed()).filter(Filter::FlateDecode).pair(Name(b"Length1"), length);
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
        for name in
            ["Łukasz Żółć", "Dvořák", "Şahin Ağaoğlu", "Nguyễn Thị Ánh", "Иванов Щукин", "Γεώργιος", "Ærø–Œ’", "őű½µ"]
        {
            for letters in [Letters::Mono, Letters::Sans, Letters::Bold] {
                let mut font = Typeface::new(letters).unwrap();
                let glyphs = font.encoded(name);
                assert_eq!(glyphs.len(), 2 * name.chars().count(), "{name}");
                let shown: Vec<char> =
                    glyphs.chunks(2).map(|pair| font.used[&u16::from_be_bytes([pair[0], pair[1]])]).collect();
                assert_eq!(shown, name.chars().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_letter_beyond_them_is_a_question_mark_and_never_lost() {
        let mut font = Typeface::new(Letters::Mono).unwrap();
        assert_eq!(font.encoded("李"), font.encoded("?"));
        assert_eq!(font.encoded("e\u{301}"), font.encoded("é"));
    }

    #[test]
    fn a_width_is_the_sum_of_its_letters() {
        let mono = Typeface::new(Letters::Mono).unwrap();
        assert!((mono.width("iW–é李") - 5.0 * super::super::LETTER).abs() < 0.001);
        let sans = Typeface::new(Letters::Sans).unwrap();
        assert!(
            sans.width("iii") < sans.width("WWW") && Typeface::new(Letters::Bold).unwrap().width("W") > sans.width("W")
        );
    }
}
