//! PDFs: those that do anything but show pages are refused, however it is written.

use files::application::Unfit;
use files::infrastructure::inspection::{look_through, words_of};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use crate::made::{archive, packed_pdf, pdf, refusal, sample};

/// The same refusal, whether its objects stand in the bytes or are packed.
#[track_caller]
fn refused(expected: Unfit, change: impl Fn(&mut Document, ObjectId)) {
    assert_eq!(refusal(&pdf(&change)), Some(expected), "plain");
    assert_eq!(refusal(&packed_pdf(&change)), Some(expected), "packed");
}

fn catalog(document: &mut Document, id: ObjectId) -> &mut Dictionary {
    document.get_dictionary_mut(id).unwrap()
}

fn action(kind: &str) -> Dictionary {
    dictionary! { "Type" => "Action", "S" => kind }
}

#[test]
fn javascript_is_refused_wherever_it_hangs() {
    let script = || dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("app.alert(1)") };
    refused(Unfit::Active, |document, id| catalog(document, id).set("OpenAction", script()));
    refused(Unfit::Active, |document, id| {
        let opened = document.add_object(script());
        catalog(document, id).set("AA", dictionary! { "WC" => opened });
    });
    refused(Unfit::Active, |document, id| {
        let names = dictionary! { "Names" => vec![Object::string_literal("a"), script().into()] };
        catalog(document, id).set("Names", dictionary! { "JavaScript" => names });
    });
    // Reached from nowhere, or only by way of a name that stands elsewhere.
    refused(Unfit::Active, |document, _| {
        document.add_object(script());
    });
    refused(Unfit::Active, |document, id| {
        let name = document.add_object(Object::Name(b"JavaScript".to_vec()));
        catalog(document, id).set("OpenAction", dictionary! { "S" => name });
    });
    assert_eq!(refusal(&sample("qpdf-javascript.pdf")), Some(Unfit::Active));
}

#[test]
fn a_name_that_hides_its_letters_is_read() {
    let plain = pdf(|document, id| catalog(document, id).set("OpenAction", action("Launch")));
    let hidden = String::from_utf8_lossy(&plain).replace("/Launch", "/#4caun#63h");
    // Four bytes more move the table behind, which is mended.
    assert!(hidden.contains("/#4caun#63h") && !hidden.contains("/Launch"));
    assert_eq!(refusal(hidden.as_bytes()), Some(Unfit::Active));
}

#[test]
fn actions_that_start_send_or_fetch_are_refused() {
    for kind in ["Launch", "ImportData", "SubmitForm", "GoToR", "GoToE", "Rendition", "Movie", "Sound"] {
        refused(Unfit::Active, |document, id| catalog(document, id).set("OpenAction", action(kind)));
        refused(Unfit::Active, |document, _| {
            let link = dictionary! { "Type" => "Annot", "Subtype" => "Link", "A" => action(kind) };
            document.add_object(link);
        });
    }
}

#[test]
fn a_link_is_for_those_who_click() {
    let link = || dictionary! { "S" => "URI", "URI" => Object::string_literal("https://example.org") };
    let clicked = pdf(|document, _| {
        document.add_object(dictionary! { "Type" => "Annot", "Subtype" => "Link", "A" => link() });
    });
    assert_eq!(refusal(&clicked), None);
    refused(Unfit::Active, |document, id| catalog(document, id).set("OpenAction", link()));
    refused(Unfit::Active, |document, _| {
        let page = document.page_iter().next().unwrap();
        let opened = document.add_object(link());
        document.get_dictionary_mut(page).unwrap().set("AA", dictionary! { "O" => opened });
    });
    // Most documents say at which page they open.
    let opens = pdf(|document, id| {
        let page = document.page_iter().next().unwrap();
        catalog(document, id).set("OpenAction", vec![page.into(), "Fit".into()]);
    });
    assert_eq!(refusal(&opens), None);
}

#[test]
fn files_within_are_refused() {
    refused(Unfit::Active, |document, id| {
        let held = Stream::new(dictionary! { "Type" => "EmbeddedFile" }, b"anything".to_vec());
        let held = document.add_object(held);
        let file = dictionary! { "Type" => "Filespec", "F" => "a.exe", "EF" => dictionary! { "F" => held } };
        let names = dictionary! { "Names" => vec![Object::string_literal("a"), file.into()] };
        catalog(document, id).set("Names", dictionary! { "EmbeddedFiles" => names });
    });
    refused(Unfit::Active, |document, _| {
        document.add_object(dictionary! { "Type" => "Annot", "Subtype" => "FileAttachment" });
    });
    refused(Unfit::Active, |document, id| catalog(document, id).set("Collection", Dictionary::new()));
    assert_eq!(refusal(&sample("qpdf-attachment.pdf")), Some(Unfit::Active));
}

#[test]
fn films_forms_of_another_language_and_content_from_elsewhere_are_refused() {
    refused(Unfit::Active, |document, _| {
        document.add_object(dictionary! { "Type" => "Annot", "Subtype" => "RichMedia" });
    });
    refused(Unfit::Active, |document, id| {
        catalog(document, id).set("AcroForm", dictionary! { "XFA" => Object::string_literal("<xdp/>") });
    });
    refused(Unfit::Active, |document, _| {
        document.add_object(Stream::new(dictionary! { "F" => Object::string_literal("//host/share") }, Vec::new()));
    });
    // A form that is only filled in is a form.
    let form =
        pdf(|document, id| catalog(document, id).set("AcroForm", dictionary! { "Fields" => Vec::<Object>::new() }));
    assert_eq!(refusal(&form), None);
}

/// An earlier state of the file, which a later one has hidden, is in the bytes.
#[test]
fn what_was_replaced_is_found_in_the_bytes() {
    let plain = pdf(|_, _| ());
    let at = plain.windows(5).position(|five| five == b"2 0 o").unwrap();
    let hidden = b"99 0 obj\n<</S/JavaScript/JS(app.alert\\(1\\))>>\nendobj\n";
    assert_eq!(refusal(&[&plain[..at], hidden, &plain[at..]].concat()), Some(Unfit::Active));
}

/// A page, and what stands in the bytes although the table does not tell of it.
fn pdf_with_a_hidden(object: &str) -> Vec<u8> {
    let body = format!(
        "%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
         3 0 obj<</Type/Page/Parent 2 0 R>>endobj\n{object}\n"
    );
    let places = (1..4).map(|number| body.find(&format!("\n{number} 0 obj")).unwrap() + 1);
    let table: String = places.map(|at| format!("{at:010} 00000 n \n")).collect();
    let end = format!(
        "xref\n0 4\n0000000000 65535 f \n{table}trailer<</Root 1 0 R/Size 4>>\nstartxref\n{}\n%%EOF\n",
        body.len()
    );
    [body, end].concat().into_bytes()
}

/// Some readers find it, when something about the table is odd.
#[test]
fn what_the_table_does_not_tell_of_is_looked_at() {
    let active = "98 0 <</S/Launch/F(cmd.exe)>>";
    let packed =
        format!("9 0 obj<</Type/ObjStm/N 1/First 5/Length {}>>stream\n{active}\nendstream endobj", active.len());
    for hidden in [packed.as_str(), "9 0 obj<</S/Launch/F(cmd.exe)>>endobj"] {
        let file = pdf_with_a_hidden(hidden);
        let believed = Document::load_mem(&file).unwrap();
        assert_eq!(believed.objects.len(), 3, "the table has to hide it");
        assert_eq!(refusal(&file), Some(Unfit::Active), "{hidden}");
        assert_eq!(refusal(&pdf_with_a_hidden(&hidden.replace("Launch", "GoTo"))), None, "{hidden}");
    }
}

/// Whoever is less strict might understand it.
#[test]
fn objects_that_cannot_be_understood_are_not_taken_to_be_harmless() {
    let packed = |about: &str, objects: &str| {
        format!("9 0 obj<<{about}/N 1/First 5/Length {}>>stream\n{objects}\nendstream endobj", objects.len())
    };
    let broken = "98 0 <</S/L#61unch/F(cmd.exe) ) ] >>";
    let harmless = "98 0 <</S/GoTo/D(page) ) ] >>";
    for (hidden, expected) in [
        (packed("/Type/ObjStm", broken), Some(Unfit::Active)),
        (packed("", broken), Some(Unfit::Active)),
        (format!("9 0 obj{}endobj", &broken[5..]), Some(Unfit::Active)),
        (packed("/Type/ObjStm", harmless), None),
        (packed("/Type/ObjStm/Filter/Unheard", harmless), Some(Unfit::Malformed)),
        (packed("/Type/ObjStm/Filter 8 0 R", harmless), Some(Unfit::Malformed)),
    ] {
        let file = pdf_with_a_hidden(&hidden);
        assert!(!Document::load_mem(&file).unwrap().objects.contains_key(&(98, 0)));
        assert_eq!(refusal(&file), expected, "{hidden}");
    }
}

/// Something that cannot be looked at does not make what lies beside it harmless.
#[test]
fn what_cannot_be_unpacked_hides_nothing() {
    let mut bomb = Stream::new(Dictionary::new(), vec![b' '; 17 * 1024 * 1024]);
    bomb.compress().unwrap();
    let head = format!("9 0 obj<</Type/ObjStm/N 1/First 5/Filter/FlateDecode/Length {}>>stream\n", bomb.content.len());
    let plain = pdf_with_a_hidden("8 0 obj<</S/Launch/F(cmd.exe)>>endobj");
    let at = plain.windows(7).position(|seven| seven == b"8 0 obj").unwrap();
    let end = plain.windows(5).position(|five| five == b"xref\n").unwrap();
    let objects = [&plain[..at], head.as_bytes(), &bomb.content, b"\nendstream endobj\n", &plain[at..end]].concat();
    let table = String::from_utf8_lossy(&plain[end..])
        .replace(&format!("startxref\n{end}"), &format!("startxref\n{}", objects.len()));
    let file = [objects.as_slice(), table.as_bytes()].concat();
    assert_eq!(Document::load_mem(&file).unwrap().objects.len(), 3, "the table has to hide it");
    assert!(refusal(&file).is_some());
    // The bomb alone, of which the table does not tell either.
    let harmless = String::from_utf8_lossy(&plain[at..end]).replace("Launch", "GoToXX");
    let alone = [&file[..file.len() - table.len() - harmless.len()], harmless.as_bytes(), table.as_bytes()].concat();
    assert_eq!(refusal(&alone), Some(Unfit::TooLarge));
}

#[test]
fn passwords_are_told_as_such() {
    for name in ["qpdf-user-password.pdf", "qpdf-owner-password.pdf"] {
        assert_eq!(refusal(&sample(name)), Some(Unfit::Protected), "{name}");
    }
}

#[test]
fn a_pdf_that_is_something_else_as_well_is_refused() {
    let plain = pdf(|_, _| ());
    let cargo = archive(&[("a.txt", b"a")]);
    assert_eq!(refusal(&[plain.as_slice(), &cargo].concat()), Some(Unfit::Malformed));
    // With an end of its own behind, which is a comment of the archive.
    let mut commented = [plain.as_slice(), &cargo].concat();
    let length = commented.len();
    commented[length - 2..].copy_from_slice(&6_u16.to_le_bytes());
    commented.extend_from_slice(b"\n%%EOF");
    assert_eq!(refusal(&commented), Some(Unfit::Malformed));
    assert_eq!(refusal(&[plain.as_slice(), b"<script>alert(1)</script>"].concat()), Some(Unfit::Malformed));
    // Before the first object, where it disturbs no reader of PDF.
    let page = [&b"%PDF-1.7\n%<html><script>alert(1)</script></html>\n"[..], &plain[9..]].concat();
    assert_eq!(refusal(&page), Some(Unfit::Malformed));
    // Space is nothing.
    assert_eq!(refusal(&[plain.as_slice(), b"\r\n \0"].concat()), None);
}

#[test]
fn a_table_that_points_nowhere_is_mended_and_a_file_without_pages_is_refused() {
    let plain = pdf(|_, _| ());
    let text = String::from_utf8_lossy(&plain).into_owned();
    let (begin, _) = text.rsplit_once("startxref").unwrap();
    let mended = format!("{begin}startxref\n7\n%%EOF");
    assert_eq!(look_through(mended.as_bytes()).unwrap().pages, Some(1));
    refused(Unfit::Malformed, |document, id| {
        catalog(document, id).remove(b"Pages");
    });
    assert_eq!(refusal(b"%PDF-1.7\nnothing of the sort\n%%EOF"), Some(Unfit::Malformed));
}

#[test]
fn a_stream_that_unpacks_to_too_much_is_refused() {
    let bomb = pdf(|document, _| {
        let mut stream = Stream::new(Dictionary::new(), vec![0; 129 * 1024 * 1024]);
        stream.compress().unwrap();
        document.add_object(stream);
    });
    assert!(bomb.len() < 1024 * 1024);
    assert_eq!(refusal(&bomb), Some(Unfit::TooLarge));
}

#[test]
fn its_words_are_read() {
    assert!(words_of(&pdf(|_, _| ())).unwrap().contains("Hello on 2026-03-14"));
    for name in ["reportlab.pdf", "qpdf-object-streams.pdf"] {
        let words = words_of(&sample(name)).unwrap();
        for line in ["Blood count of 14 March 2026", "Haemoglobin 13.8 g/dl"] {
            assert!(words.contains(line), "{name}: {words}");
        }
    }
}
