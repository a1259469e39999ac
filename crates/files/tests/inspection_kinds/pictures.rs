//! Pictures: drawn anew, and nothing but pictures.

use files::application::Unfit;
use files::infrastructure::inspection::look_through;
use image::{GenericImageView as _, Rgb, RgbImage};

use crate::made::{archive, gif, jpeg, png, png_of_size, refusal, sample};

fn rewritten(content: &[u8]) -> Vec<u8> {
    look_through(content).unwrap().rewritten.unwrap()
}

fn holds(content: &[u8], wanted: &[u8]) -> bool {
    content.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn a_photograph_loses_its_place_and_its_camera_and_stands_upright() {
    let photograph = sample("gps.jpg");
    assert!(holds(&photograph, b"Exif") && holds(&photograph, b"Camera of a telephone"), "the sample proves nothing");
    let kept = rewritten(&photograph);
    for trace in [&b"Exif"[..], b"Camera", b"a word of the camera", b"\xff\xe1", b"\xff\xfe"] {
        assert!(!holds(&kept, trace), "{}", String::from_utf8_lossy(trace));
    }
    let (before, after) = (image::load_from_memory(&photograph).unwrap(), image::load_from_memory(&kept).unwrap());
    // The camera was held upright: its left upper corner, which is blue, belongs to the right.
    assert_eq!((before.dimensions(), after.dimensions()), ((60, 40), (40, 60)));
    assert!(before.get_pixel(2, 2).0[2] > 150 && after.get_pixel(37, 2).0[2] > 150);
    assert!(after.get_pixel(2, 2).0[2] < 100);
}

#[test]
fn words_in_a_png_are_gone() {
    use crate::made::chunk;

    let plain = png();
    let end = plain.len() - 12;
    let told = [&plain[..end], &chunk(b"tEXt", b"Author\0Jane Doe"), &plain[end..]].concat();
    let kept = rewritten(&told);
    assert!(holds(&told, b"Jane Doe") && !holds(&kept, b"Jane Doe"));
    let same = image::load_from_memory(&kept).unwrap();
    assert_eq!(same.to_rgb8(), image::load_from_memory(&plain).unwrap().to_rgb8());
}

#[test]
fn a_moving_picture_keeps_its_frames_and_loses_its_words() {
    let moving = sample("moving.gif");
    assert!(holds(&moving, b"a word"));
    let kept = rewritten(&moving);
    assert!(!holds(&kept, b"a word"));
    let frames = |content: &[u8]| {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(content).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            frames.push((frame.delay, frame.buffer.to_vec()));
        }
        frames
    };
    assert_eq!(frames(&kept).len(), 2);
    assert_eq!(frames(&kept), frames(&moving));
}

#[test]
fn a_gif_of_too_many_frames_is_refused() {
    let mut made = gif::Encoder::new(Vec::new(), 1, 1, &[0, 0, 0, 0xff, 0xff, 0xff]).unwrap();
    for _ in 0..201 {
        made.write_frame(&gif::Frame { width: 1, height: 1, buffer: vec![0].into(), ..Default::default() }).unwrap();
    }
    assert_eq!(refusal(&made.into_inner().unwrap()), Some(Unfit::TooLarge));
}

#[test]
fn a_picture_of_thirty_thousand_by_thirty_thousand_is_refused_by_its_head() {
    assert_eq!(refusal(&png_of_size(30_000, 30_000)), Some(Unfit::TooLarge));
    assert_eq!(refusal(&png_of_size(u32::MAX, u32::MAX)), Some(Unfit::TooLarge));
    assert_eq!(refusal(&png_of_size(20_001, 1)), Some(Unfit::TooLarge));
    assert_eq!(refusal(&png_of_size(8000, 5001)), Some(Unfit::TooLarge));
    // The same with a size that is taken is refused for its missing pixels.
    assert_eq!(refusal(&png_of_size(300, 300)), Some(Unfit::Malformed));

    let mut jpeg = jpeg();
    let frame = jpeg.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    assert_eq!(refusal(&jpeg), Some(Unfit::TooLarge));

    let mut gif = gif();
    gif[6..10].copy_from_slice(&[0xff; 4]);
    assert_eq!(refusal(&gif), Some(Unfit::TooLarge));
}

#[test]
fn a_picture_with_an_archive_behind_it_is_refused() {
    let cargo = archive(&[("Main.class", b"\xca\xfe\xba\xbe")]);
    for picture in [png(), gif(), jpeg()] {
        assert_eq!(refusal(&picture), None);
        assert_eq!(refusal(&[picture.as_slice(), &cargo].concat()), Some(Unfit::Malformed));
    }
}

/// Within the picture's own blocks, where nothing hangs behind; ZIP archives are read from their end.
#[test]
fn a_picture_with_an_archive_in_its_last_words_is_refused() {
    use crate::made::chunk;

    let plain = png();
    let cargo = archive(&[("a.txt", b"a")]);
    let end = plain.len() - 12;
    let both = [&plain[..end], &chunk(b"zzZz", &cargo), &plain[end..]].concat();
    assert_eq!(refusal(&both), Some(Unfit::Malformed));
}

#[test]
fn what_hangs_behind_a_photograph_goes_unless_it_is_cargo() {
    let photograph = jpeg();
    for harmless in [&b"\0\0\0\0"[..], &jpeg(), b"SEFH\x01\x02figures of the cameraSEFT"] {
        let both = [photograph.as_slice(), harmless].concat();
        assert_eq!(rewritten(&both), rewritten(&photograph));
    }
    for cargo in [&b"<html><script>alert(1)</script>"[..], b"Rar!\x1a\x07\0", b"%PDF-1.4\n", b"MZ\x90\0"] {
        assert_eq!(refusal(&[photograph.as_slice(), cargo].concat()), Some(Unfit::Malformed));
    }
}

#[test]
fn a_script_in_the_words_of_a_photograph_is_gone() {
    let photograph = jpeg();
    let comment = b"\xff\xfe\0\x1b<script>alert(1)</script>";
    let told = [&photograph[..2], comment, &photograph[2..]].concat();
    assert!(holds(&told, b"<script>") && !holds(&rewritten(&told), b"<script>"));
}

#[test]
fn sixteen_bits_become_eight_and_transparency_stays() {
    let image =
        image::ImageBuffer::<image::Rgba<u16>, _>::from_fn(9, 9, |x, _| image::Rgba([60_000, 0, 0, x as u16 * 7000]));
    let mut made = std::io::Cursor::new(Vec::new());
    image::DynamicImage::ImageRgba16(image).write_to(&mut made, image::ImageFormat::Png).unwrap();
    let kept = image::load_from_memory(&rewritten(&made.into_inner())).unwrap();
    assert_eq!(kept.color(), image::ColorType::Rgba8);
    assert!(kept.get_pixel(0, 0).0[3] < 5 && kept.get_pixel(8, 0).0[3] > 200);
}

#[test]
fn what_is_seen_stays_the_same() {
    let image = RgbImage::from_pixel(64, 64, Rgb([200, 120, 40]));
    let mut made = std::io::Cursor::new(Vec::new());
    image.write_to(&mut made, image::ImageFormat::Jpeg).unwrap();
    let kept = image::load_from_memory(&rewritten(&made.into_inner())).unwrap();
    let Rgb([red, green, blue]) = *kept.to_rgb8().get_pixel(32, 32);
    assert!(red.abs_diff(200) < 6 && green.abs_diff(120) < 6 && blue.abs_diff(40) < 6);
}
