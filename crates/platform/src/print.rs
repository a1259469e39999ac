//! Sheets of paper: PDF 1.7, A4, with texts, bars and lines, in typefaces that are built in.

use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str};
use ttf_parser::FaceParsingError;

mod font;

pub use font::Letters;
use font::Typeface;

/// Width of A4 in points.
pub const WIDTH: f32 = 595.0;
/// Height of A4 in points.
pub const HEIGHT: f32 = 842.0;
/// The width of a letter of [`Letters::Mono`] in parts of its size; all are equally wide.
pub const LETTER: f32 = 0.6;

const FACES: [Letters; 3] = [Letters::Mono, Letters::Sans, Letters::Bold];
const FONTS: [Name<'static>; 3] = [Name(b"F1"), Name(b"F2"), Name(b"F3")];

const fn place_of(letters: Letters) -> usize {
    match letters {
        Letters::Mono => 0,
        Letters::Sans => 1,
        Letters::Bold => 2,
    }
}

/// Sheets under way. Places count in points from the lower left corner of the page; what is drawn goes onto the page
/// that was begun last.
pub struct Print {
    fonts: [Typeface; 3],
    pages: Vec<Content>,
    title: Option<String>,
}

impl Print {
    /// Nothing yet.
    ///
    /// # Errors
    /// When the typeface that is built in cannot be read.
    pub fn new() -> Result<Self, FaceParsingError> {
        let [mono, sans, bold] = FACES.map(Typeface::new);
        Ok(Self { fonts: [mono?, sans?, bold?], pages: Vec::new(), title: None })
    }

    /// With a name that readers of the file show.
    #[must_use]
    pub fn titled(mut self, title: &str) -> Self {
        self.title = Some(title.to_owned());
        self
    }

    /// Begins a page.
    pub fn page(&mut self) {
        self.pages.push(Content::new());
    }

    fn content(&mut self) -> &mut Content {
        if self.pages.is_empty() {
            self.pages.push(Content::new());
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    /// Writes a line of [`Letters::Mono`] whose first letter stands at that place.
    pub fn text(&mut self, at: (f32, f32), size: f32, text: &str) {
        self.write((Letters::Mono, size), at, text);
    }

    /// Writes a line of text whose first letter stands at that place.
    pub fn write(&mut self, (letters, size): (Letters, f32), (x, y): (f32, f32), text: &str) {
        let place = place_of(letters);
        let glyphs = self.fonts[place].encoded(text);
        self.content().begin_text().set_font(FONTS[place], size).next_line(x, y).show(Str(&glyphs)).end_text();
    }

    /// Writes a line of text that ends at that place.
    pub fn write_up_to(&mut self, (letters, size): (Letters, f32), (x, y): (f32, f32), text: &str) {
        let width = self.width_of((letters, size), text);
        self.write((letters, size), (x - width, y), text);
    }

    /// How wide a line of text is, in points.
    #[must_use]
    pub fn width_of(&self, (letters, size): (Letters, f32), text: &str) -> f32 {
        self.fonts[place_of(letters)].width(text) * size
    }

    /// Writes a line of [`Letters::Mono`] that ends at that place.
    pub fn text_up_to(&mut self, (x, y): (f32, f32), size: f32, text: &str) {
        let letters = u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
        self.text((x - f32::from(letters) * LETTER * size, y), size, text);
    }

    /// Fills a rectangle with a shade from 0 (black) to 1 (white).
    pub fn fill(&mut self, (x, y): (f32, f32), (width, height): (f32, f32), shade: f32) {
        let content = self.content();
        content.save_state().set_fill_gray(shade).rect(x, y, width, height).fill_nonzero().restore_state();
    }

    /// Fills many rectangles black, each by its lower left corner and its size.
    pub fn blocks(&mut self, blocks: impl IntoIterator<Item = ((f32, f32), (f32, f32))>) {
        let content = self.content();
        content.save_state().set_fill_gray(0.0);
        for ((x, y), (width, height)) in blocks {
            content.rect(x, y, width, height);
        }
        content.fill_nonzero().restore_state();
    }

    /// Draws a thin line.
    pub fn line(&mut self, (x, y): (f32, f32), (to_x, to_y): (f32, f32), shade: f32) {
        let content = self.content();
        content.save_state().set_stroke_gray(shade).set_line_width(0.5);
        content.move_to(x, y).line_to(to_x, to_y).stroke().restore_state();
    }

    /// The file: the same for the same drawing.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let mut next = 0;
        let mut fresh = || {
            next += 1;
            Ref::new(next)
        };
        let (catalog, tree) = (fresh(), fresh());
        let used = FONTS.into_iter().zip(&self.fonts).filter(|(_, font)| font.is_used());
        let fonts: Vec<(Name<'_>, &Typeface, Ref)> = used.map(|(name, font)| (name, font, fresh())).collect();
        let ids: Vec<(Ref, Ref)> = self.pages.iter().map(|_| (fresh(), fresh())).collect();
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(tree);
        if let Some(title) = &self.title {
            pdf.document_info(fresh()).title(pdf_writer::TextStr(title));
        }
        let count = i32::try_from(ids.len()).unwrap_or(i32::MAX);
        pdf.pages(tree).kids(ids.iter().map(|(page, _)| *page)).count(count);
        for (content, (id, stream)) in self.pages.into_iter().zip(&ids) {
            let mut leaf = pdf.page(*id);
            leaf.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(*stream);
            let mut resources = leaf.resources();
            resources.fonts().pairs(fonts.iter().map(|(name, _, id)| (*name, *id)));
            resources.finish();
            leaf.finish();
            pdf.stream(*stream, &content.finish());
        }
        for (_, font, id) in fonts {
            font.write(&mut pdf, id, &mut fresh);
        }
        pdf.finish()
    }
}
