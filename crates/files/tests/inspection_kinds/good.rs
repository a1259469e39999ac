//! Good files of each kind pass.

use files::domain::FileKind;
use files::infrastructure::inspection::{LARGEST, Looked, look_through};

use crate::made::{doc, docx, gif, jpeg, packed_pdf, pdf, png, refusal, sample};

fn kind(content: &[u8]) -> FileKind {
    look_through(content).unwrap().kind
}

#[test]
fn each_kind_is_told_by_its_content() {
    assert_eq!(kind(&pdf(|_, _| ())), FileKind::Pdf);
    assert_eq!(kind(&packed_pdf(|_, _| ())), FileKind::Pdf);
    assert_eq!(kind(&png()), FileKind::Png);
    assert_eq!(kind(&jpeg()), FileKind::Jpeg);
    assert_eq!(kind(&gif()), FileKind::Gif);
    assert_eq!(kind(&docx(&[])), FileKind::Docx);
    assert_eq!(kind(&doc(0, &[])), FileKind::Doc);
    assert_eq!(kind(b"Take one in the morning.\n"), FileKind::Txt);
}

#[test]
fn files_of_other_programs_pass() {
    for (name, expected) in [
        ("reportlab.pdf", FileKind::Pdf),
        ("qpdf-object-streams.pdf", FileKind::Pdf),
        ("qpdf-linearized.pdf", FileKind::Pdf),
        ("scan.pdf", FileKind::Pdf),
        ("gps.jpg", FileKind::Jpeg),
        ("progressive.jpg", FileKind::Jpeg),
        ("cmyk.jpg", FileKind::Jpeg),
        ("writing.jpg", FileKind::Jpeg),
        ("palette.png", FileKind::Png),
        ("one-bit.png", FileKind::Png),
        ("writing.png", FileKind::Png),
        ("moving.gif", FileKind::Gif),
        ("python-docx.docx", FileKind::Docx),
        ("streamed.docx", FileKind::Docx),
        ("room-to-grow.docx", FileKind::Docx),
    ] {
        assert_eq!(look_through(&sample(name)).map(|looked| looked.kind), Ok(expected), "{name}");
    }
}

#[test]
fn documents_are_kept_as_they_came_and_pictures_are_not() {
    for content in [pdf(|_, _| ()), docx(&[]), doc(0, &[]), b"Plain\n".to_vec()] {
        assert_eq!(look_through(&content).unwrap().rewritten, None);
    }
    for content in [png(), jpeg(), gif()] {
        let rewritten = look_through(&content).unwrap().rewritten.unwrap();
        // What is kept passes as well, as the same kind.
        assert_eq!(kind(&rewritten), kind(&content));
    }
}

#[test]
fn pages_of_a_pdf_are_counted() {
    for name in ["reportlab.pdf", "qpdf-object-streams.pdf", "qpdf-linearized.pdf"] {
        assert_eq!(look_through(&sample(name)).unwrap().pages, Some(2), "{name}");
    }
    let Looked { pages, .. } = look_through(&png()).unwrap();
    assert_eq!(pages, None);
}

/// Cut after every so many bytes: a file that is not whole is refused, whatever is missing.
#[test]
fn truncated_files_of_each_kind_are_refused() {
    let files = [pdf(|_, _| ()), packed_pdf(|_, _| ()), png(), jpeg(), gif(), docx(&[]), doc(0, &[])];
    let files = files.into_iter().chain([sample("reportlab.pdf"), sample("qpdf-linearized.pdf")]);
    for file in files {
        for part in 1..20 {
            // The first letters of some are letters.
            let cut = &file[..((file.len() - 8) * part / 19).max(16)];
            assert!(
                look_through(cut).is_err(),
                "{} of {} bytes: {:?}",
                cut.len(),
                file.len(),
                &cut[..8.min(cut.len())]
            );
        }
    }
}

#[test]
fn nothing_is_empty_and_ten_mebibytes_are_the_most() {
    use files::application::Unfit;

    assert_eq!(refusal(b""), Some(Unfit::Empty));
    let most = usize::try_from(LARGEST).unwrap();
    assert_eq!(most, 10 * 1024 * 1024);
    let text = b"0123456789abcde\n".repeat(most / 16 + 1);
    assert_eq!(refusal(&text[..most]), None);
    assert_eq!(refusal(&text[..=most]), Some(Unfit::TooLarge));
}
