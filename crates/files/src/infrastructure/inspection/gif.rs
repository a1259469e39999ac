//! GIF: its frames are taken out and put into a new file, with their colours and times and nothing else.

use std::io::Cursor;

use gif::{ColorOutput, DecodeOptions, Encoder, MemoryLimit};

use super::look::Looked;
use super::picture::fits;
use crate::application::Unfit;
use crate::domain::FileKind;

const MOST_FRAMES: usize = 200;
/// Of all frames together.
const MOST_PIXELS: u64 = 100_000_000;
/// For one frame; a pixel is a byte.
const MEMORY: u64 = 64 * 1024 * 1024;

pub(super) fn look(content: &[u8]) -> Result<Looked, Unfit> {
    // Anything behind the end belongs to something else.
    if end(content) != Some(content.len()) {
        return Err(Unfit::Malformed);
    }
    Ok(Looked { kind: FileKind::Gif, rewritten: Some(anew(content)?), pages: None })
}

fn anew(content: &[u8]) -> Result<Vec<u8>, Unfit> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.check_frame_consistency(true);
    options.set_memory_limit(std::num::NonZeroU64::new(MEMORY).map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes));
    let mut frames = options.read_info(Cursor::new(content)).map_err(|_| Unfit::Malformed)?;
    let (width, height) = (frames.width(), frames.height());
    fits(width.into(), height.into())?;

    let palette = frames.global_palette().unwrap_or_default().to_vec();
    let mut made = Encoder::new(Vec::new(), width, height, &palette).map_err(|_| Unfit::Malformed)?;
    let repeat = frames.repeat();
    let mut pixels = 0;
    let mut count = 0;
    // The size of a frame is known before it is unpacked.
    while let Some(frame) = frames.next_frame_info().map_err(|_| Unfit::Malformed)? {
        pixels += u64::from(frame.width) * u64::from(frame.height);
        count += 1;
        if count > MOST_FRAMES || pixels > MOST_PIXELS {
            return Err(Unfit::TooLarge);
        }
        let mut frame = frame.clone();
        let mut buffer = vec![0; frames.buffer_size()];
        frames.read_into_buffer(&mut buffer).map_err(|_| Unfit::Malformed)?;
        frame.buffer = buffer.into();
        frame.interlaced = false;
        if count == 2 {
            made.set_repeat(repeat).map_err(|_| Unfit::Malformed)?;
        }
        made.write_frame(&frame).map_err(|_| Unfit::Malformed)?;
    }
    if count == 0 {
        return Err(Unfit::Malformed);
    }
    made.into_inner().map_err(|_| Unfit::Malformed)
}

/// Behind the trailer; `None` when the chain of blocks breaks off.
fn end(content: &[u8]) -> Option<usize> {
    const HEADER: usize = 13;
    const DESCRIPTOR: usize = 10;
    let mut at = HEADER + table(*content.get(10)?);
    loop {
        match *content.get(at)? {
            0x3b => return Some(at + 1),
            0x21 => at = blocks(content, at + 2)?,
            0x2c => {
                let flags = *content.get(at + DESCRIPTOR - 1)?;
                // A byte tells the length of codes.
                at = blocks(content, at + DESCRIPTOR + table(flags) + 1)?;
            }
            _ => return None,
        }
    }
}

/// Bytes of the colours that such flags announce.
const fn table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Behind a chain of blocks that tell their lengths; an empty one is the last.
fn blocks(content: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*content.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}
