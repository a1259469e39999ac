//! Plain text: UTF-8 afterwards, and nothing but text.

use files::application::Unfit;
use files::infrastructure::inspection::{look_through, words_of};

use crate::made::{archive, refusal};

fn kept(content: &[u8]) -> String {
    String::from_utf8(look_through(content).unwrap().rewritten.unwrap()).unwrap()
}

#[test]
fn other_encodings_become_utf_8() {
    let told = "Ordonnance délivrée à 8 h – 5 €";
    let windows: Vec<u8> = told
        .chars()
        .map(|c| match c {
            '–' => 0x96,
            '€' => 0x80,
            c => c as u8,
        })
        .collect();
    let marked = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        mark.into_iter().chain(told.encode_utf16().flat_map(bytes)).collect()
    };
    assert_eq!(kept(&windows), told);
    assert_eq!(kept(&marked([0xff, 0xfe], u16::to_le_bytes)), told);
    assert_eq!(kept(&marked([0xfe, 0xff], u16::to_be_bytes)), told);
    assert_eq!(kept(format!("\u{feff}{told}").as_bytes()), told);
    assert_eq!(look_through(told.as_bytes()).unwrap().rewritten, None);
}

#[test]
fn control_characters_are_no_text() {
    for content in [&b"a\0b"[..], b"a\x1b[31mb", b"a\x08b", b"\x81\x8d text", "a\u{85}b".as_bytes()] {
        assert_eq!(refusal(content), Some(Unfit::UnknownKind), "{content:?}");
    }
    assert_eq!(refusal(b"a\tb\r\nc\x0cd\n"), None);
    // A few bullets of a word processor are no harm, a text of them is none.
    assert_eq!(refusal("\u{f0b7} one tablet in the morning, one at night".as_bytes()), None);
    assert_eq!(refusal("\u{e123}\u{f0b7}\u{e456} \u{f8ff}".as_bytes()), Some(Unfit::UnknownKind));
    assert_eq!(refusal(b"\xff\xfea\0\0\xd8"), Some(Unfit::Malformed));
    assert_eq!(refusal(b" \n\t\n"), Some(Unfit::Empty));
}

/// They would come named .pdf or .txt; the name is never asked.
#[test]
fn pages_pictures_and_programs_in_letters_are_refused() {
    for content in [
        "<html><body><script>alert(1)</script></body></html>",
        "<!DOCTYPE html><title>x</title>",
        "\n  <SVG xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "<?xml version='1.0'?><svg><script>alert(1)</script></svg>",
        "<?php system('id');",
        "Dear doctor,\n<script src=//example.org></script>",
        "<div onclick=alert(1)>",
        "<!-- a -->",
        "#!/bin/sh\nid\n",
        "{\\rtf1 hello}",
        "%!PS\n(hello) show",
    ] {
        assert_eq!(refusal(content.as_bytes()), Some(Unfit::UnknownKind), "{content}");
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(content.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(refusal(&wide), Some(Unfit::UnknownKind), "{content} as UTF-16");
    }
    // Signs of more and less are no markup.
    assert_eq!(refusal("CRP < 5 mg/l, K > 3.5\n".as_bytes()), None);
}

#[test]
fn a_pdf_that_does_not_begin_as_one_is_refused() {
    assert_eq!(refusal(b"A word before.\n%PDF-1.4\n1 0 obj\n"), Some(Unfit::Malformed));
}

#[test]
fn other_kinds_are_refused() {
    let archived = archive(&[("letter.txt", b"hello")]);
    let programs = [
        &b"MZ\x90\0\x03\0\0\0"[..],
        b"\x7fELF\x02\x01\x01\0",
        b"RIFF\x24\0\0\0WAVE",
        b"\0\0\0\x18ftypheic",
        b"II*\0\x08\0\0\0",
    ];
    for content in programs.into_iter().chain([archived.as_slice(), b"Rar!\x1a\x07\0", b"\x1f\x8b\x08\0\0\0"]) {
        assert_eq!(refusal(content), Some(Unfit::UnknownKind), "{content:?}");
    }
}

#[test]
fn text_is_read_without_what_is_none() {
    assert_eq!(words_of("été\n".as_bytes()).unwrap(), "été\n");
    assert_eq!(words_of("\u{feff}one\r\ntwo".as_bytes()).unwrap(), "one\ntwo");
    // As they stand in printed papers; nobody types them to find one.
    assert_eq!(words_of("e\u{fb03}cacité, \u{fb01}èvre".as_bytes()).unwrap(), "efficacité, fièvre");
    let long = "é".repeat(700_000);
    let read = words_of(long.as_bytes()).unwrap();
    assert_eq!(read.len(), 1024 * 1024);
}
