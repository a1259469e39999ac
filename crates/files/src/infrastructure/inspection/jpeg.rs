//! JPEG: where its picture ends, and what hangs behind.

use image::ImageFormat;

use super::archive;
use super::look::{Looked, bytes_at};
use super::picture::{as_jpeg, drawn, fits};
use crate::application::Unfit;
use crate::domain::FileKind;

const START_OF_SCAN: u8 = 0xda;
const END: u8 = 0xd9;

pub(super) fn look(content: &[u8]) -> Result<Looked, Unfit> {
    let frame = walk(content).ok_or(Unfit::Malformed)?;
    fits(frame.width, frame.height)?;
    // Cameras hang a second picture, a film or figures of theirs behind; that goes. Cargo is no accident.
    if archive::is_cargo(&content[frame.end..]) {
        return Err(Unfit::Malformed);
    }
    let image = drawn(&content[..frame.end], ImageFormat::Jpeg)?;
    Ok(Looked { kind: FileKind::Jpeg, rewritten: Some(as_jpeg(&image)?), pages: None })
}

struct Frame {
    width: u32,
    height: u32,
    /// Behind the marker of the end.
    end: usize,
}

/// From marker to marker; `None` when it breaks off, or has no picture, or more than one size.
fn walk(content: &[u8]) -> Option<Frame> {
    let mut at = 2;
    let mut size = None;
    loop {
        if *content.get(at)? != 0xff {
            return None;
        }
        // Any number of these may stand before a marker.
        while *content.get(at)? == 0xff {
            at += 1;
        }
        let marker = content[at];
        at += 1;
        match marker {
            END => return size.map(|(width, height)| Frame { width, height, end: at }),
            // These stand alone.
            0x01 | 0xd0..=0xd7 => continue,
            // 0 is data, and a picture begins once.
            0x00 | 0xd8 => return None,
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes(bytes_at(content, at)?));
        if length < 2 {
            return None;
        }
        if is_frame(marker) {
            let side = |at| bytes_at(content, at).map(u16::from_be_bytes).map(u32::from);
            if size.replace((side(at + 5)?, side(at + 3)?)).is_some() {
                return None;
            }
        }
        at += length;
        if marker == START_OF_SCAN {
            at = end_of_scan(content, at)?;
        }
    }
}

const fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// At the next marker: within a scan, 0xff is followed by 0 or by the number of a restart.
fn end_of_scan(content: &[u8], from: usize) -> Option<usize> {
    let inside = content.get(from..)?;
    let marks = memchr::memchr_iter(0xff, inside);
    marks.map(|at| from + at).find(|at| content.get(at + 1).is_some_and(|next| !matches!(next, 0 | 0xd0..=0xd7 | 0xff)))
}
