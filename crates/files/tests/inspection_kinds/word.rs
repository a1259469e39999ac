//! Word documents of both sorts.

use files::application::Unfit;
use files::infrastructure::inspection::{look_through, words_of};

use crate::made::{archive, body, doc, docx, refusal, relation, sample};

const RELATIONS: &str = "word/_rels/document.xml.rels";

#[track_caller]
fn refused(expected: Unfit, parts: &[(&str, &[u8])]) {
    assert_eq!(refusal(&docx(parts)), Some(expected));
}

#[test]
fn macros_and_what_runs_are_refused() {
    refused(Unfit::Active, &[("word/vbaProject.bin", b"x")]);
    refused(Unfit::Active, &[("word/VBAPROJECT.xml", b"<a/>")]);
    refused(Unfit::Active, &[("word/activeX/activeX1.xml", b"<a/>")]);
    refused(Unfit::Active, &[("word/embeddings/oleObject1.bin", b"x")]);
    refused(Unfit::Active, &[("word/embeddings/sheet.xml", b"<a/>")]);
    refused(Unfit::Active, &[("word/webextensions/webextension1.xml", b"<a/>")]);
    refused(Unfit::Active, &[("setup.exe", b"MZ")]);
    refused(Unfit::Active, &[("word/media/page.html", b"<html>")]);
    // Under the name of a picture, too.
    refused(Unfit::Active, &[("word/media/image1.png", b"MZ\x90\0 and so on")]);
    refused(Unfit::Active, &[("word/media/image1.png", &archive(&[("a", b"a")]))]);
}

#[test]
fn kinds_that_are_no_plain_document_are_refused() {
    let types = |kind: &str| {
        format!(
            r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="{kind}"/></Types>"#
        )
    };
    let macros = types("application/vnd.ms-word.document.macroEnabled.main+xml");
    refused(Unfit::Active, &[("[Content_Types].xml", macros.as_bytes())]);
    let template = types("application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml");
    refused(Unfit::UnknownKind, &[("[Content_Types].xml", template.as_bytes())]);
    assert_eq!(
        refusal(&archive(&[("xl/workbook.xml", b"<a/>"), ("[Content_Types].xml", b"<a/>")])),
        Some(Unfit::UnknownKind)
    );
    assert_eq!(
        refusal(&archive(&[("mimetype", b"application/vnd.oasis.opendocument.text")])),
        Some(Unfit::UnknownKind)
    );
}

#[test]
fn what_is_fetched_from_elsewhere_is_refused() {
    for (kind, target, mode) in [
        ("attachedTemplate", "https://example.org/t.dotm", "External"),
        ("attachedTemplate", "file:///C:/Templates/t.dotm", "External"),
        ("attachedTemplate", "template.xml", ""),
        ("image", "https://example.org/pixel.png", "External"),
        ("image", "https://example.org/pixel.png", "external"),
        ("image", "https://example.org/pixel.png", ""),
        ("image", r"\\host\share\pixel.png", ""),
        ("oleObject", "https://example.org/x", "External"),
        ("aFChunk", "chunk.html", ""),
        ("webextensiontaskpanes", "webextensions/taskpanes.xml", ""),
        ("subDocument", "https://example.org/x.docx", "External"),
        ("frame", "https://example.org/", "External"),
        ("hyperlink", "file:///C:/Windows/System32/calc.exe", "External"),
        ("hyperlink", "javascript:alert(1)", "External"),
    ] {
        let relations = relation(kind, target, mode);
        assert_eq!(refusal(&docx(&[(RELATIONS, relations.as_bytes())])), Some(Unfit::Active), "{kind} {target} {mode}");
    }
    for target in ["https://example.org/", "mailto:front@example.org"] {
        let relations = relation("hyperlink", target, "External");
        assert_eq!(refusal(&docx(&[(RELATIONS, relations.as_bytes())])), None, "{target}");
    }
}

#[test]
fn fields_that_start_programs_are_refused_in_pieces_as_well() {
    for inside in [
        r#"<w:p><w:fldSimple w:instr=" DDEAUTO c:\\windows\\system32\\cmd.exe &quot;/k calc&quot; "/></w:p>"#,
        r#"<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DD</w:instrText></w:r><w:r><w:instrText>E cmd</w:instrText></w:r></w:p>"#,
        r#"<w:p><w:r><w:instrText>&#68;DEAUTO cmd</w:instrText></w:r></w:p>"#,
        r#"<w:p><w:r><w:instrText> INCLUDEPICTURE "http://example.org/x.png" </w:instrText></w:r></w:p>"#,
        r#"<w:p><w:altChunk r:id="rId9"/></w:p>"#,
    ] {
        refused(Unfit::Active, &[("word/document.xml", body(inside).as_bytes())]);
    }
    let harmless = r#"<w:p><w:r><w:instrText> HYPERLINK "https://example.org/link" </w:instrText></w:r><w:r><w:t>DDE</w:t></w:r></w:p>"#;
    assert_eq!(refusal(&docx(&[("word/document.xml", body(harmless).as_bytes())])), None);
}

#[test]
fn document_types_and_broken_xml_are_refused() {
    let growing = br#"<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><w>&b;</w>"#;
    refused(Unfit::Active, &[("word/document.xml", growing)]);
    let fetching = br#"<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]><w>&a;</w>"#;
    refused(Unfit::Active, &[("customXml/item1.xml", fetching)]);
    refused(Unfit::Active, &[("package/core.psmdcp", fetching)]);
    refused(Unfit::Malformed, &[("word/document.xml", b"<w><p></w>")]);
    refused(Unfit::Malformed, &[("word/document.xml", b"<w><p></p>")]);
    refused(Unfit::Malformed, &[("word/document.xml", "<w>".repeat(300).as_bytes())]);
}

#[test]
fn an_archive_that_unpacks_to_too_much_is_refused() {
    let zeros = vec![0; 33 * 1024 * 1024];
    let bomb = docx(&[("word/document.xml", &zeros)]);
    assert!(bomb.len() < 64 * 1024);
    assert_eq!(refusal(&bomb), Some(Unfit::TooLarge));
    // Each is small enough, all of them are not.
    let names: Vec<String> = (0..4).map(|number| format!("word/media/image{number}.bmp")).collect();
    let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), zeros.as_slice())).collect();
    assert_eq!(refusal(&docx(&parts)), Some(Unfit::TooLarge));
    let names: Vec<String> = (0..1001).map(|number| format!("word/media/{number}.png")).collect();
    let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert_eq!(refusal(&docx(&parts)), Some(Unfit::TooLarge));
}

#[test]
fn sizes_that_an_archive_claims_are_not_believed() {
    let mut bomb = docx(&[("word/document.xml", &vec![0; 33 * 1024 * 1024])]);
    // The unpacked size in the directory, which stands 24 bytes into each entry.
    let begins = |window: &[u8]| window == b"PK\x01\x02";
    let entries: Vec<usize> = bomb.windows(4).enumerate().filter(|(_, four)| begins(four)).map(|(at, _)| at).collect();
    for at in entries {
        bomb[at + 24..at + 28].copy_from_slice(&7_u32.to_le_bytes());
    }
    assert!(refusal(&bomb).is_some());
}

#[test]
fn archives_with_tricks_are_refused() {
    for name in ["../../etc/cron.xml", "/etc/cron.xml", "word\\evil.xml", "C:evil.xml", "word//a.xml", "word/./a.xml"] {
        refused(Unfit::Malformed, &[(name, b"<a/>")]);
    }
    refused(Unfit::Malformed, &[("WORD/document.xml", b"<a/>")]);
    let whole = docx(&[]);
    let second = archive(&[("a.txt", b"a")]);
    assert!(refusal(&[second.as_slice(), &whole].concat()).is_some());
    assert_eq!(refusal(&[whole.as_slice(), &second].concat()), Some(Unfit::Malformed));
    assert_eq!(refusal(&[whole.as_slice(), b"<html>"].concat()), Some(Unfit::Malformed));
    // A file that only its own header tells of, between the others and the directory.
    let end = whole.len() - 22;
    let directory = u32::from_le_bytes(whole[end + 16..end + 20].try_into().unwrap()) as usize;
    let hidden = &second[..35];
    let mut smuggled = [&whole[..directory], hidden, &whole[directory..]].concat();
    let end = smuggled.len() - 22;
    smuggled[end + 16..end + 20].copy_from_slice(&u32::try_from(directory + hidden.len()).unwrap().to_le_bytes());
    assert_eq!(refusal(&smuggled), Some(Unfit::Malformed));
}

#[test]
fn documents_with_a_password_are_told_as_such() {
    let mut locked = docx(&[]);
    // The flag in each entry, local and in the directory.
    for (signature, at) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let found: Vec<usize> = (0..locked.len() - 4).filter(|&from| &locked[from..from + 4] == signature).collect();
        for from in found {
            locked[from + at] |= 1;
        }
    }
    assert_eq!(refusal(&locked), Some(Unfit::Protected));
    // Word itself wraps them up in a file of the older sort.
    assert_eq!(refusal(&doc(0, &[("/EncryptionInfo", b"x"), ("/EncryptedPackage", b"x")])), Some(Unfit::Protected));
    assert_eq!(refusal(&doc(0x0100, &[])), Some(Unfit::Protected));
    assert_eq!(refusal(&doc(0x8000, &[])), Some(Unfit::Protected));
}

#[test]
fn old_documents_with_macros_or_other_files_are_refused() {
    for path in ["/Macros/VBA/dir", "/_VBA_PROJECT_CUR/x", "/ObjectPool/_1234/Contents", "/\u{1}Ole10Native"] {
        assert_eq!(refusal(&doc(0, &[(path, b"x")])), Some(Unfit::Active), "{path}");
    }
    let field: Vec<u8> = "DDEAUTO cmd".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut active = doc(0, &[]);
    let word = active.windows(4).position(|four| four == [0xec, 0xa5, 0xc1, 0]).unwrap();
    active[word + 1024..word + 1024 + field.len()].copy_from_slice(&field);
    assert_eq!(refusal(&active), Some(Unfit::Active));
}

#[test]
fn old_files_of_other_programs_are_refused() {
    use std::io::Cursor;

    let mut sheet = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    sheet.create_stream("/Workbook").unwrap();
    sheet.flush().unwrap();
    assert_eq!(refusal(&sheet.into_inner().into_inner()), Some(Unfit::UnknownKind));
    let whole = doc(0, &[]);
    let mut of_word_95 = whole.clone();
    let word = whole.windows(4).position(|four| four == [0xec, 0xa5, 0xc1, 0]).unwrap();
    of_word_95[word + 2] = 0x68;
    assert_eq!(refusal(&of_word_95), Some(Unfit::UnknownKind));
    assert_eq!(refusal(&[whole.as_slice(), &archive(&[("a", b"a")])].concat()), Some(Unfit::Malformed));
}

#[test]
fn its_words_are_read() {
    let words = words_of(&sample("python-docx.docx")).unwrap();
    for line in
        ["Letter of discharge\n", "Seen on 2 avril 2026 & sent home; < 3 days of rest.\n", "\tTemperature", "\t37.2"]
    {
        assert!(words.contains(line), "{words}");
    }
    // Nobody here puts the pieces of an old one together.
    assert_eq!(words_of(&doc(0, &[])), None);
    assert!(look_through(&doc(0, &[])).is_ok());
}
