//! Files scanned by a real clamd, with a signature of the tests' own.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::io::{Cursor, Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use files::application::{Scan, Unfit, VirusScanner as _};
use files::infrastructure::inspection::{Clamd, ClamdAddress, look_through};
use kernel::{FailureKind, PortFailure};
use lopdf::{Document, Object, Stream, dictionary};
use testkit::VirusScanner;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn clamd(address: &str) -> Clamd {
    Clamd::new(address.parse().unwrap())
}

async fn scan(clamd: &Clamd, content: &[u8]) -> Result<Scan, PortFailure> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    clamd.scan(file.path()).await
}

fn zipped(content: &[u8]) -> Vec<u8> {
    let mut made = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    made.start_file("results.txt", options).unwrap();
    made.write_all(content).unwrap();
    made.finish().unwrap().into_inner()
}

/// A PDF that holds the content as a file within, packed so that its bytes do not show.
fn in_a_pdf(content: &[u8]) -> Vec<u8> {
    let mut document = Document::with_version("1.7");
    let pages = document.new_object_id();
    let page = document.add_object(dictionary! { "Type" => "Page", "Parent" => pages });
    document.objects.insert(
        pages,
        Object::Dictionary(dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 }),
    );
    let padded = [content, b"\n", &b"and the rest ".repeat(200)].concat();
    let mut held = Stream::new(dictionary! { "Type" => "EmbeddedFile" }, padded);
    held.compress().unwrap();
    assert!(held.dict.has(b"Filter"));
    let held = document.add_object(held);
    let file = dictionary! { "Type" => "Filespec", "F" => Object::string_literal("a.com"), "EF" => dictionary! { "F" => held } };
    let names = dictionary! { "Names" => vec![Object::string_literal("a.com"), file.into()] };
    let catalog =
        dictionary! { "Type" => "Catalog", "Pages" => pages, "Names" => dictionary! { "EmbeddedFiles" => names } };
    let catalog = document.add_object(catalog);
    document.trailer.set("Root", catalog);
    let mut made = Vec::new();
    document.save_to(&mut made).unwrap();
    made
}

#[tokio::test]
async fn a_virus_is_found_raw_zipped_and_in_a_pdf_and_nowhere_else() {
    let scanner = VirusScanner::start();
    let virus = VirusScanner::virus();
    let found = Scan::Infected(format!("{}.UNOFFICIAL", VirusScanner::NAME));
    for address in [scanner.tcp(), scanner.unix()] {
        let clamd = clamd(&address);
        assert_eq!(scan(&clamd, &virus).await.unwrap(), found, "{address}");
        assert_eq!(scan(&clamd, &zipped(&virus)).await.unwrap(), found, "{address}");
        assert_eq!(scan(&clamd, &in_a_pdf(&virus)).await.unwrap(), found, "{address}");
        assert_eq!(scan(&clamd, b"Take one in the morning.").await.unwrap(), Scan::Clean, "{address}");
        assert_eq!(scan(&clamd, &in_a_pdf(b"nothing")).await.unwrap(), Scan::Clean, "{address}");
        assert_eq!(scan(&clamd, b"").await.unwrap(), Scan::Clean, "{address}");
        // The largest file there may be, in many pieces, with the virus at its end.
        let mut large = vec![b'a'; 10 * 1024 * 1024 - virus.len()];
        assert_eq!(scan(&clamd, &large).await.unwrap(), Scan::Clean, "{address}");
        large.extend_from_slice(&virus);
        assert_eq!(scan(&clamd, &large).await.unwrap(), found, "{address}");
    }
}

/// What the scanner would find, and does not get to see.
#[test]
fn archives_and_files_within_are_refused_before_anybody_scans() {
    let virus = VirusScanner::virus();
    assert_eq!(look_through(&zipped(&virus)), Err(Unfit::UnknownKind));
    assert_eq!(look_through(&in_a_pdf(&virus)), Err(Unfit::Active));
    // Letters are text; this one is the scanner's.
    assert!(look_through(&virus).is_ok());
}

#[tokio::test]
async fn a_scanner_that_is_away_finds_nothing_clean_and_is_asked_again_once_it_is_back() {
    let mut scanner = VirusScanner::start();
    let (tcp, unix) = (clamd(&scanner.tcp()), clamd(&scanner.unix()));
    scanner.stop();
    for clamd in [&tcp, &unix] {
        assert_eq!(scan(clamd, b"text").await.unwrap_err().kind(), FailureKind::Unavailable);
    }
    scanner.start_again();
    for clamd in [&tcp, &unix] {
        assert_eq!(scan(clamd, b"text").await.unwrap(), Scan::Clean);
    }
}

#[tokio::test]
async fn a_scanner_that_takes_the_file_and_says_nothing_is_away() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let clamd = clamd(&address).with_patience(Duration::from_secs(2), Duration::from_millis(200));
    assert_eq!(scan(&clamd, b"text").await.unwrap_err().kind(), FailureKind::Unavailable);
}

#[tokio::test]
async fn nothing_but_its_own_words_counts() {
    for (answer, expected) in [
        (&b"stream: OK\0"[..], Some(Scan::Clean)),
        (b"stream: Win.Test.X\x1b[31m FOUND\0", Some(Scan::Infected("Win.Test.X[31m".to_owned()))),
        (b"INSTREAM size limit exceeded. ERROR\0", None),
        (b"stream: Can't allocate memory ERROR\0", None),
        (b"OK\0", None),
        (b"stream: OK and more\0", None),
        (b"stream: \xff\0", None),
        (b"", None),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp://{}", listener.local_addr().unwrap());
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // `zINSTREAM` and its end, four bytes of the file behind their length, and the end.
            let mut taken = [0; 10 + 4 + 4 + 4];
            stream.read_exact(&mut taken).unwrap();
            assert_eq!(&taken, b"zINSTREAM\0\0\0\0\x04text\0\0\0\0");
            stream.write_all(answer).unwrap();
        });
        let said = scan(&clamd(&address), b"text").await;
        answering.join().unwrap();
        assert_eq!(said.ok(), expected, "{}", String::from_utf8_lossy(answer));
    }
}

#[test]
fn addresses_are_a_host_with_a_port_or_a_path() {
    let parsed = |text: &str| text.parse::<ClamdAddress>().ok();
    assert_eq!(parsed("tcp://127.0.0.1:3310"), Some(ClamdAddress::Tcp("127.0.0.1:3310".to_owned())));
    assert_eq!(parsed("tcp://[::1]:3310"), Some(ClamdAddress::Tcp("[::1]:3310".to_owned())));
    assert_eq!(parsed("unix:///run/clamav/clamd.ctl"), Some(ClamdAddress::Unix("/run/clamav/clamd.ctl".into())));
    for bad in [
        "",
        "127.0.0.1:3310",
        "tcp://",
        "tcp://host",
        "tcp://:3310",
        "tcp://host:0",
        "tcp://host:99999",
        "tcp://::1:3310",
        "tcp://a@b:1",
        "tcp://host:3310/x",
        "unix://",
        "unix:///",
        "unix://run/clamd",
        "http://host:3310",
    ] {
        assert_eq!(parsed(bad), None, "{bad}");
    }
}
