//! Pictures are drawn anew, so that nothing comes along that is not seen: places, names, thumbnails, other files.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits};

use super::look::{Looked, bytes_at};
use crate::application::Unfit;
use crate::domain::FileKind;

/// A sheet of A4 at 600 dots per inch has 35 million dots.
const MOST_PIXELS: u64 = 40_000_000;
/// The longest side.
const LONGEST_SIDE: u32 = 20_000;
/// What a decoder may take, the picture included: that many pixels of four bytes, and some more.
const MOST_MEMORY: u64 = 192 * 1024 * 1024;
/// Of 100; papers stay readable.
const JPEG_QUALITY: u8 = 90;

const IHDR: usize = 16;
const IEND: &[u8] = b"IEND";

/// A picture of that size is opened.
pub(super) fn fits(width: u32, height: u32) -> Result<(), Unfit> {
    if width == 0 || height == 0 {
        return Err(Unfit::Malformed);
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PIXELS || width.max(height) > LONGEST_SIDE { Err(Unfit::TooLarge) } else { Ok(()) }
}

pub(super) fn look_png(content: &[u8]) -> Result<Looked, Unfit> {
    let side = |at| bytes_at(content, at).map(u32::from_be_bytes).ok_or(Unfit::Malformed);
    fits(side(IHDR)?, side(IHDR + 4)?)?;
    if end_of_png(content) != Some(content.len()) {
        return Err(Unfit::Malformed);
    }
    let image = drawn(content, ImageFormat::Png)?;
    Ok(Looked { kind: FileKind::Png, rewritten: Some(as_png(&image)?), pages: None })
}

/// Behind the last chunk; `None` when the chain of chunks breaks off.
fn end_of_png(content: &[u8]) -> Option<usize> {
    const SIGNATURE: usize = 8;
    const AROUND: usize = 12;
    let mut at = SIGNATURE;
    loop {
        let length = usize::try_from(u32::from_be_bytes(bytes_at(content, at)?)).ok()?;
        let kind = content.get(at + 4..at + 8)?;
        at = at.checked_add(length)?.checked_add(AROUND)?;
        if at > content.len() {
            return None;
        }
        if kind == IEND {
            return Some(at);
        }
    }
}

/// The picture as it is looked at, eight bits for each colour.
pub(super) fn drawn(content: &[u8], format: ImageFormat) -> Result<DynamicImage, Unfit> {
    let mut reader = ImageReader::with_format(Cursor::new(content), format);
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| refused(&error))?;
    let (width, height) = decoder.dimensions();
    fits(width, height)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(|error| refused(&error))?;
    let mut image = eight_bits(image);
    image.apply_orientation(orientation);
    Ok(image)
}

fn eight_bits(image: DynamicImage) -> DynamicImage {
    match image.color() {
        ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => image,
        ColorType::L16 => DynamicImage::ImageLuma8(image.into_luma8()),
        ColorType::La16 => DynamicImage::ImageLumaA8(image.into_luma_alpha8()),
        ColorType::Rgba16 | ColorType::Rgba32F => DynamicImage::ImageRgba8(image.into_rgba8()),
        _ => DynamicImage::ImageRgb8(image.into_rgb8()),
    }
}

pub(super) fn as_png(image: &DynamicImage) -> Result<Vec<u8>, Unfit> {
    let mut made = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut made, CompressionType::Default, FilterType::Adaptive);
    image.write_with_encoder(encoder).map_err(|error| refused(&error))?;
    Ok(made)
}

pub(super) fn as_jpeg(image: &DynamicImage) -> Result<Vec<u8>, Unfit> {
    let mut made = Vec::new();
    image
        .write_with_encoder(JpegEncoder::new_with_quality(&mut made, JPEG_QUALITY))
        .map_err(|error| refused(&error))?;
    Ok(made)
}

const fn refused(error: &ImageError) -> Unfit {
    match error {
        ImageError::Limits(_) => Unfit::TooLarge,
        _ => Unfit::Malformed,
    }
}
