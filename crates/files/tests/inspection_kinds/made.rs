//! Files made for the tests.

use std::io::{Cursor, Write as _};
use std::path::Path;

use files::application::Unfit;
use files::infrastructure::inspection::look_through;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use lopdf::{Dictionary, Document, Object, ObjectId, SaveOptions, Stream, dictionary};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// One that another program has made (`samples/make.py`).
pub fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name)).unwrap()
}

/// Why it is refused.
pub fn refusal(content: &[u8]) -> Option<Unfit> {
    look_through(content).err()
}

pub fn png() -> Vec<u8> {
    picture(ImageFormat::Png)
}

pub fn jpeg() -> Vec<u8> {
    picture(ImageFormat::Jpeg)
}

fn picture(format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(40, 30, |x, y| Rgb([x as u8 * 5, y as u8 * 8, 90]));
    let mut made = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image).write_to(&mut made, format).unwrap();
    made.into_inner()
}

/// Two frames of other colours.
pub fn gif() -> Vec<u8> {
    let mut made = gif::Encoder::new(Vec::new(), 8, 6, &[0xff, 0, 0, 0, 0xff, 0]).unwrap();
    for colour in [0, 1] {
        made.write_frame(&gif::Frame { width: 8, height: 6, buffer: vec![colour; 48].into(), ..Default::default() })
            .unwrap();
    }
    made.into_inner().unwrap()
}

/// A piece of a PNG with its length before and its sum behind it.
pub fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut made = u32::try_from(data.len()).unwrap().to_be_bytes().to_vec();
    made.extend_from_slice(kind);
    made.extend_from_slice(data);
    let mut sum = u32::MAX;
    for byte in &made[4..] {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    made.extend_from_slice(&(!sum).to_be_bytes());
    made
}

/// A PNG of that size whose pixels are missing.
pub fn png_of_size(width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let pixels = [0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1];
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", &pixels), chunk(b"IEND", b"")].concat()
}

/// An archive of those files.
pub fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut made = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in files {
        made.start_file(*name, options).unwrap();
        made.write_all(content).unwrap();
    }
    made.finish().unwrap().into_inner()
}

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"#;
const RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;

/// The XML of a document with that in its body.
pub fn body(inside: &str) -> String {
    format!(
        r#"<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{inside}</w:body></w:document>"#
    )
}

/// A Word document with those parts besides its own; one of the same name takes the place of its own.
pub fn docx(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let words = body("<w:p><w:r><w:t>Rest for 3 days</w:t></w:r></w:p>");
    let own: [(&str, &[u8]); 3] = [
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", RELATIONS.as_bytes()),
        ("word/document.xml", words.as_bytes()),
    ];
    let kept = own.into_iter().filter(|(name, _)| !parts.iter().any(|(other, _)| other == name));
    archive(&kept.chain(parts.iter().copied()).collect::<Vec<_>>())
}

/// Relationships of a document: one of that type, to that target, in that mode.
pub fn relation(kind: &str, target: &str, mode: &str) -> String {
    let mode = if mode.is_empty() { String::new() } else { format!(r#" TargetMode="{mode}""#) };
    format!(
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"{mode}/></Relationships>"#
    )
}

/// A Word document of before 2007 with those streams; its own begins as `flags` say.
pub fn doc(flags: u16, streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut word = vec![0; 2000];
    word[..4].copy_from_slice(&[0xec, 0xa5, 0xc1, 0]);
    word[10..12].copy_from_slice(&flags.to_le_bytes());
    let mut made = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    for (path, content) in [("/WordDocument", word.as_slice()), ("/1Table", &[0; 600])].iter().chain(streams) {
        if let Some(parent) = Path::new(path).parent() {
            made.create_storage_all(parent).unwrap();
        }
        made.create_stream(path).unwrap().write_all(content).unwrap();
    }
    made.flush().unwrap();
    made.into_inner().into_inner()
}

/// A PDF of one page that says "Hello", changed by whom it is for: the document and the id of its catalog.
pub fn pdf(change: impl FnOnce(&mut Document, ObjectId)) -> Vec<u8> {
    let mut document = whole_pdf(change);
    let mut made = Vec::new();
    document.save_to(&mut made).unwrap();
    made
}

/// The same with its objects in compressed streams, so that nothing of them stands in the bytes.
pub fn packed_pdf(change: impl FnOnce(&mut Document, ObjectId)) -> Vec<u8> {
    let mut document = whole_pdf(change);
    let mut made = Vec::new();
    let options = SaveOptions::builder().use_object_streams(true).use_xref_streams(true).build();
    document.save_with_options(&mut made, options).unwrap();
    made
}

fn whole_pdf(change: impl FnOnce(&mut Document, ObjectId)) -> Document {
    let mut document = Document::with_version("1.7");
    let pages = document.new_object_id();
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Courier", "Encoding" => "WinAnsiEncoding",
    });
    let words = Stream::new(Dictionary::new(), b"BT /F1 24 Tf 50 100 Td (Hello on 2026-03-14) Tj ET".to_vec());
    let words = document.add_object(words);
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "Contents" => words,
        "MediaBox" => vec![0.into(), 0.into(), 400.into(), 200.into()],
        "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } },
    });
    let tree = dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 };
    document.objects.insert(pages, Object::Dictionary(tree));
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", catalog);
    change(&mut document, catalog);
    document
}
