//! Files looked through and read by the process apart, as in an installation.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use files::application::{FileInspector as _, Inspected, TextReader as _, Unfit};
use files::domain::FileKind;
use files::infrastructure::inspection::{Apart, ContentInspector, LocalTextReader, look_through};
use kernel::{FailureKind, PortFailure};
use tempfile::TempDir;

const MIB: u64 = 1024 * 1024;

fn apart() -> Apart {
    Apart::by(env!("CARGO_BIN_EXE_files-apart"))
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name)).unwrap()
}

/// A folder with one file in it.
struct Spool {
    folder: TempDir,
}

impl Spool {
    fn holding(content: &[u8]) -> Self {
        let spool = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(spool.file(), content).unwrap();
        spool
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("0192")
    }

    /// Names in the folder, in order.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries.map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    async fn inspect(&self, apart: Apart) -> Result<Result<Inspected, Unfit>, PortFailure> {
        ContentInspector::within(apart).inspect(&self.file()).await
    }
}

#[tokio::test]
async fn a_document_passes_and_stays_alone() {
    let spool = Spool::holding(&sample("reportlab.pdf"));
    let inspected = spool.inspect(apart()).await.unwrap();
    assert_eq!(inspected, Ok(Inspected { kind: FileKind::Pdf, rewritten: None, pages: Some(2) }));
    assert_eq!(spool.names(), ["0192"]);
}

#[tokio::test]
async fn a_picture_is_made_anew_beside_what_came_for_nobody_else_to_read() {
    let photograph = sample("gps.jpg");
    let spool = Spool::holding(&photograph);
    let inspected = spool.inspect(apart()).await.unwrap().unwrap();
    let beside = spool.folder.path().join("0192.rewritten");
    assert_eq!(inspected, Inspected { kind: FileKind::Jpeg, rewritten: Some(beside.clone()), pages: None });
    assert_eq!(fs::read(&beside).unwrap(), look_through(&photograph).unwrap().rewritten.unwrap());
    assert_eq!(fs::metadata(&beside).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read(spool.file()).unwrap(), photograph);
}

#[tokio::test]
async fn refusals_come_through_and_leave_nothing() {
    for (content, unfit) in [
        (Vec::new(), Unfit::Empty),
        (b"<html>".to_vec(), Unfit::UnknownKind),
        (b"%PDF-1.7\n".to_vec(), Unfit::Malformed),
        (sample("qpdf-user-password.pdf"), Unfit::Protected),
        (sample("qpdf-javascript.pdf"), Unfit::Active),
        (vec![b'a'; 10 * 1024 * 1024 + 1], Unfit::TooLarge),
    ] {
        let spool = Spool::holding(&content);
        assert_eq!(spool.inspect(apart()).await.unwrap(), Err(unfit));
        assert_eq!(spool.names(), ["0192"]);
    }
}

/// A page tree that is in order, and one object more.
fn pdf_with(object: &str) -> Vec<u8> {
    format!(
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
         3 0 obj<</Type/Page/Parent 2 0 R>>endobj\n{object}\ntrailer<</Root 1 0 R/Size 9>>\n%%EOF"
    )
    .into_bytes()
}

/// Two bytes of the file become a hundred and more in memory: the limit ends the process, and not the server.
#[tokio::test]
async fn a_file_that_takes_too_much_memory_is_refused() {
    let swelling = |numbers| pdf_with(&format!("4 0 obj[{}]endobj", "0 ".repeat(numbers)));
    let small = Spool::holding(&swelling(1000));
    let tight = || apart().with_limits(48 * MIB, 20);
    assert!(small.inspect(tight()).await.unwrap().is_ok());
    let large = Spool::holding(&swelling(1_000_000));
    assert_eq!(large.inspect(tight()).await.unwrap(), Err(Unfit::TooLarge));
    assert_eq!(large.names(), ["0192"]);
    assert!(large.inspect(apart()).await.unwrap().is_ok());
}

/// A PDF whose objects all have the same end, which is read for each of them anew.
fn pdf_of_one_end(objects: usize, end: &str) -> Vec<u8> {
    let head = pdf_with("");
    let (head, _) = std::str::from_utf8(&head).unwrap().rsplit_once("trailer").unwrap();
    let mut body = head.to_owned();
    let mut places: Vec<usize> = (1..4).map(|number| head.find(&format!("{number} 0 obj")).unwrap()).collect();
    for number in 4..objects {
        places.push(body.len());
        // Each is an array that begins with a comment: all others, to the end of the line.
        body.push_str(&format!("{number} 0 obj[%"));
    }
    body.push_str(&format!("\n{end}]endobj\n"));
    let table: String = places.iter().map(|at| format!("{at:010} 00000 n \n")).collect();
    format!(
        "{body}xref\n0 {objects}\n0000000000 65535 f \n{table}trailer<</Root 1 0 R/Size {objects}>>\nstartxref\n{}\n%%EOF",
        body.len()
    )
    .into_bytes()
}

/// A hundred kilobytes that become gigabytes where nobody stops it.
#[tokio::test]
async fn a_small_file_whose_objects_share_their_numbers_is_refused() {
    let file = pdf_of_one_end(2000, &"0 ".repeat(20_000));
    assert!(file.len() < 128 * 1024);
    assert_eq!(Spool::holding(&file).inspect(apart()).await.unwrap(), Err(Unfit::TooLarge));
    // The same in small is a document like others.
    let file = pdf_of_one_end(20, &"0 ".repeat(20));
    assert!(Spool::holding(&file).inspect(apart()).await.unwrap().is_ok());
}

/// Space takes no memory, only time.
#[tokio::test]
async fn a_file_that_takes_too_much_time_is_refused() {
    let file = pdf_of_one_end(6000, &" ".repeat(5 * 1024 * 1024));
    assert_eq!(Spool::holding(&file).inspect(apart().with_limits(512 * MIB, 1)).await.unwrap(), Err(Unfit::TooLarge));
}

/// Nine hundred million pixels would be 2.7 GB.
#[test]
fn a_picture_that_claims_too_many_pixels_costs_no_memory() {
    let most = || -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or_default()
    };
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x75\x30\0\0\x75\x30\x08\x02\0\0\0\0\0\0\0".to_vec();
    png.extend_from_slice(b"\0\0\0\x09IDATx\x9cc\0\0\0\x01\0\x01\0\0\0\0\0\0\0\0IEND\xaeB`\x82");
    let before = most();
    assert_eq!(look_through(&png), Err(Unfit::TooLarge));
    // Other tests of this program hold a few files meanwhile.
    assert!(most() - before < 128 * 1024);
}

/// A program in place of ours, that does this with the file `$5`.
fn program(folder: &Path, script: &str) -> Apart {
    let path = folder.join("program");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    Apart::by(path)
}

#[tokio::test]
async fn the_process_apart_knows_nothing_of_the_server() {
    let spool = Spool::holding(b"text");
    let apart = program(spool.folder.path(), "env >$5.environment; pwd >>$5.environment; exit 1");
    assert!(spool.inspect(apart).await.is_err());
    let known = fs::read_to_string(spool.folder.path().join("0192.environment")).unwrap();
    assert!(std::env::var_os("PATH").is_some() && !known.contains("PATH="), "{known}");
    // What a shell makes up for itself, and the root folder.
    let names: Vec<&str> = known.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    assert!(
        names.iter().all(|name| ["PWD", "OLDPWD", "SHLVL", "_", "TESSDATA_PREFIX", "OMP_THREAD_LIMIT"].contains(name)),
        "{known}"
    );
    assert!(known.ends_with("\n/\n"), "{known}");
}

#[tokio::test]
async fn a_panic_is_the_files_fault_and_an_end_from_outside_is_not() {
    for (script, expected) in [
        ("exit 101", Some(Unfit::Malformed)),
        ("kill -ABRT $$", Some(Unfit::TooLarge)),
        ("kill -XCPU $$", Some(Unfit::TooLarge)),
        ("kill -SEGV $$", Some(Unfit::TooLarge)),
        ("kill -KILL $$", None),
        ("kill -TERM $$", None),
        ("exit 1", None),
        ("echo '{}'", None),
        ("echo '{\"unreadable\"'", None),
        (
            "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done",
            None,
        ),
    ] {
        let spool = Spool::holding(b"text");
        fs::write(spool.folder.path().join("0192.rewritten"), b"half of a picture").unwrap();
        let apart = program(spool.folder.path(), script);
        let answer = spool.inspect(apart).await;
        match expected {
            Some(unfit) => assert_eq!(answer.unwrap(), Err(unfit), "{script}"),
            None => assert!(answer.is_err(), "{script}"),
        }
        assert_eq!(spool.names(), ["0192", "program"], "{script}");
    }
}

#[tokio::test]
async fn without_its_program_nothing_is_taken() {
    let spool = Spool::holding(b"text");
    let failure = spool.inspect(Apart::by("/nowhere/doktolib")).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unavailable);
}

/// Its text and its dates.
async fn read(name: &str, kind: FileKind, reader: &LocalTextReader) -> Option<(String, Vec<String>)> {
    let spool = Spool::holding(&sample(name));
    let read = reader.read(&spool.file(), kind).await.unwrap();
    assert_eq!(spool.names(), ["0192"], "{name}");
    read.map(|read| (read.text, read.dates.iter().map(ToString::to_string).collect()))
}

#[tokio::test]
async fn documents_are_read_with_their_dates() {
    let reader = LocalTextReader::within(apart()).without_recognizer();
    let (text, dates) = read("reportlab.pdf", FileKind::Pdf, &reader).await.unwrap();
    assert!(text.contains("Haemoglobin 13.8 g/dl"), "{text}");
    assert_eq!(dates, ["2026-03-27", "2026-03-14"]);
    let (text, dates) = read("python-docx.docx", FileKind::Docx, &reader).await.unwrap();
    assert!(text.contains("Letter of discharge"), "{text}");
    assert_eq!(dates, ["2026-04-02"]);
    // Broken by now, whatever it was when it came.
    let spool = Spool::holding(b"%PDF-1.7\n");
    assert_eq!(reader.read(&spool.file(), FileKind::Pdf).await.unwrap(), None);
}

#[tokio::test]
async fn without_a_recognizer_pictures_say_nothing() {
    let reader = LocalTextReader::within(apart()).without_recognizer();
    assert_eq!(read("writing.png", FileKind::Png, &reader).await, None);
    let (text, dates) = read("scan.pdf", FileKind::Pdf, &reader).await.unwrap();
    assert_eq!((text.trim(), dates.len()), ("", 0));
}

#[tokio::test]
async fn letters_in_pictures_and_scans_are_recognized() {
    if !tesseract_is_here() {
        return;
    }
    let reader = LocalTextReader::within(apart());
    for (name, kind) in [("writing.png", FileKind::Png), ("writing.jpg", FileKind::Jpeg), ("scan.pdf", FileKind::Pdf)] {
        let (text, dates) = read(name, kind, &reader).await.unwrap();
        assert!(text.contains("Paracetamol 500 mg"), "{name}: {text}");
        assert_eq!(dates, ["2026-03-14"], "{name}");
    }
    // No letters are no fault.
    let (text, _) = read("palette.png", FileKind::Png, &reader).await.unwrap_or_default();
    assert!(text.trim().len() < 20, "{text}");
}

fn tesseract_is_here() -> bool {
    let installed = std::process::Command::new("tesseract").arg("--version").output().is_ok();
    if !installed {
        eprintln!("tesseract is not installed: letters in pictures are not tried (scripts/setup.sh tesseract)");
    }
    installed
}

/// Tesseract takes a text for a list of pictures to read.
#[tokio::test]
async fn a_file_that_names_others_does_not_have_them_read() {
    if !tesseract_is_here() {
        return;
    }
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/writing.png");
    let reader = LocalTextReader::within(apart());
    for content in [format!("{}\n", other.display()).into_bytes(), b"\x89PNG\r\n\x1a\nand no picture".to_vec()] {
        let spool = Spool::holding(&content);
        assert_eq!(reader.read(&spool.file(), FileKind::Png).await.unwrap(), None);
    }
}
