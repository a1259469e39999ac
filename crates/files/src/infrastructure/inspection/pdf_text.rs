//! What stands in a PDF, and pictures of its pages where nothing does.

use image::{DynamicImage, ImageFormat};
use lopdf::{Document, Object};

use super::pdf::loaded;
use super::picture::{as_png, drawn};
use super::words::{LONGEST, Reading};

/// What a page may unpack to.
const MOST_PAGE: usize = 8 * 1024 * 1024;
/// Fewer letters than these on all pages together, and it is taken for pictures of paper.
const FEWEST_LETTERS: usize = 16;
/// Recognizing letters takes seconds for each.
const MOST_PICTURES: usize = 10;

pub(super) fn reading(content: &[u8]) -> Option<Reading> {
    let document = loaded(content).ok()?;
    let mut text = String::new();
    for (number, _) in document.get_pages() {
        for piece in document.extract_text_chunks_with_limit(&[number], MOST_PAGE).into_iter().flatten() {
            text.push_str(&piece);
        }
        text.push('\n');
        if text.len() > LONGEST {
            break;
        }
    }
    let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
    let pictures = if letters < FEWEST_LETTERS { pictures(&document) } else { Vec::new() };
    Some(Reading { text, pictures })
}

/// What scanners make: one JPEG for each page. Drawn anew, since what reads them next is written in C.
fn pictures(document: &Document) -> Vec<Vec<u8>> {
    let jpegs = document.page_iter().flat_map(|page| document.get_page_images(page).unwrap_or_default());
    let jpegs = jpegs.filter(|image| is_jpeg(image.origin_dict.get(b"Filter").ok()));
    jpegs.take(MOST_PICTURES).filter_map(|image| grey(image.content)).collect()
}

fn is_jpeg(filter: Option<&Object>) -> bool {
    let only = match filter {
        Some(Object::Array(filters)) if filters.len() == 1 => filters.first(),
        other => other,
    };
    only.and_then(|filter| filter.as_name().ok()) == Some(b"DCTDecode".as_slice())
}

fn grey(jpeg: &[u8]) -> Option<Vec<u8>> {
    let image = drawn(jpeg, ImageFormat::Jpeg).ok()?;
    as_png(&DynamicImage::ImageLuma8(image.into_luma8())).ok()
}
