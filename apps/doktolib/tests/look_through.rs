//! The program itself looks through files: its first argument says so, and nothing of a server is started.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::path::Path;

use files::application::{FileInspector as _, Inspected, Unfit};
use files::domain::FileKind;
use files::infrastructure::inspection::{Apart, ContentInspector};

async fn inspect(inspector: &ContentInspector, file: &Path) -> Result<Inspected, Unfit> {
    inspector.inspect(file).await.unwrap()
}

#[tokio::test]
async fn the_program_looks_through_files_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (text, page) = (folder.path().join("text"), folder.path().join("page"));
    std::fs::write(&text, "Take one in the morning.\n").unwrap();
    std::fs::write(&page, "<html><script>alert(1)</script></html>").unwrap();
    // As another program of the same folder finds it, and as it was built for this test.
    for inspector in [ContentInspector::new(), ContentInspector::within(Apart::by(env!("CARGO_BIN_EXE_doktolib")))] {
        let expected = Inspected { kind: FileKind::Txt, rewritten: None, pages: None };
        assert_eq!(inspect(&inspector, &text).await, Ok(expected));
        assert_eq!(inspect(&inspector, &page).await, Err(Unfit::UnknownKind));
    }
}

#[test]
fn an_unknown_task_is_a_failure_and_no_server() {
    for words in [&["look-through"][..], &["look-through", "serve", "1000000000", "10", "/dev/null"]] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_doktolib")).args(words).output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty(), "{words:?}: {output:?}");
    }
}
