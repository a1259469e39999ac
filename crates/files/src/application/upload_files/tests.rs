use kernel::{Role, StoppedClock, UserId};

use super::super::inspection_ports::{Inspected, MockFileInspector, MockVirusScanner, Scan};
use super::super::ports::{MockContents, MockFileStore, MockPatients, Placed, TieKind};
use super::*;
use crate::domain::{FileKind, ToldBy, VersionState};

fn incoming(name: &str) -> Incoming {
    Incoming { name: name.to_owned(), path: format!("/spool/{name}").into() }
}

fn upload(names: &[&str]) -> Upload {
    Upload {
        patient: Some(PatientId::mint()),
        category: None,
        files: names.iter().map(|name| incoming(name)).collect(),
    }
}

struct House {
    tie: Option<TieKind>,
    scan: fn(&str) -> Result<Scan, PortFailure>,
    store: MockFileStore,
    contents: MockContents,
}

fn clean(_: &str) -> Result<Scan, PortFailure> {
    Ok(Scan::Clean)
}

fn puts(contents: &mut MockContents, times: usize) {
    contents
        .expect_put()
        .times(times)
        .returning(|_, _, _| Ok(Placed { sealed_key: vec![1], size: 3, sha256: [1; 32] }));
}

impl House {
    fn new() -> Self {
        Self { tie: Some(TieKind::Care), scan: clean, store: MockFileStore::new(), contents: MockContents::new() }
    }

    async fn run(self, upload: Upload) -> Result<Vec<File>, UploadError> {
        let Self { tie, scan, store, contents } = self;
        let mut patients = MockPatients::new();
        patients.expect_tie().returning(move |_, _, _| Ok(tie.map(|kind| Tie { kind, clinic: None })));
        let mut inspector = MockFileInspector::new();
        inspector.expect_inspect().returning(|path| {
            let bad = path.to_string_lossy().contains("bad");
            Ok(if bad {
                Err(Unfit::Active)
            } else {
                Ok(Inspected { kind: FileKind::Pdf, rewritten: None, pages: Some(2) })
            })
        });
        let mut scanner = MockVirusScanner::new();
        scanner.expect_scan().returning(move |path| scan(&path.to_string_lossy()));
        let use_case = UploadFiles {
            patients: Arc::new(patients),
            take_in: TakeIn {
                inspector: Arc::new(inspector),
                scanner: Some(Arc::new(scanner)),
                contents: Arc::new(contents),
                clock: Arc::new(StoppedClock::at("2027-03-01T12:00:00Z".parse().unwrap())),
            },
            store: Arc::new(store),
        };
        use_case.run(&Caller::patient(UserId::mint()), upload, None, None).await
    }
}

#[tokio::test]
async fn files_are_stored_with_what_was_found_in_them() {
    let mut house = House::new();
    puts(&mut house.contents, 2);
    house.store.expect_add().once().returning(|_, _| Ok(()));
    let files = house.run(upload(&["Blood test.pdf", "x.pdf"])).await.unwrap();
    assert_eq!(files.len(), 2);
    assert_eq!((files[0].category, files[0].told_by), (Category::LabResults, ToldBy::Content));
    assert_eq!((files[0].newest.state, files[0].newest.pages), (VersionState::Available, Some(2)));
    assert_eq!(files[0].newest.uploader, Role::Patient);
    assert!(files[0].newest.object_key.contains("/lab_results/20270301T120000Z_"));
}

#[tokio::test]
async fn nothing_is_looked_at_for_a_patient_who_is_not_the_callers() {
    let mut house = House::new();
    house.tie = None;
    house.contents.expect_put().never();
    house.store.expect_add().never();
    let refused = house.run(upload(&["a.pdf"])).await;
    assert!(matches!(refused, Err(UploadError::NoSuchPatient)), "{refused:?}");
}

#[tokio::test]
async fn one_bad_file_is_told_by_its_place_and_none_is_kept() {
    let mut house = House::new();
    house.contents.expect_put().never();
    house.store.expect_add().never();
    let refused = house.run(upload(&["a.pdf", "bad.pdf", "c.pdf", "bad2.pdf"])).await;
    let Err(UploadError::Unfit(unfit)) = refused else { panic!("{refused:?}") };
    assert_eq!(unfit, [(1, Unfit::Active), (3, Unfit::Active)]);
}

#[tokio::test]
async fn a_virus_leaves_an_audit_event_and_nothing_else() {
    let mut house = House::new();
    house.scan = |path| Ok(if path.contains("ill") { Scan::Infected("x".into()) } else { Scan::Clean });
    house.contents.expect_put().never();
    house.store.expect_add().never();
    house
        .store
        .expect_refused()
        .once()
        .withf(|recorded| matches!(recorded.event, FileEvent::Refused { .. }))
        .returning(|_| Ok(()));
    let refused = house.run(upload(&["a.pdf", "ill.pdf"])).await;
    assert!(matches!(&refused, Err(UploadError::Infected(places)) if places == &[1]), "{refused:?}");
}

#[tokio::test]
async fn while_the_scanner_is_away_files_are_quarantined() {
    let mut house = House::new();
    house.scan = |_| Err(PortFailure::new("scan", "away"));
    puts(&mut house.contents, 1);
    house.store.expect_add().once().returning(|_, _| Ok(()));
    let files = house.run(upload(&["a.pdf"])).await.unwrap();
    assert_eq!(files[0].newest.state, VersionState::Quarantined);
}

#[tokio::test]
async fn when_a_storage_fails_midway_what_was_stored_is_taken_back() {
    let mut house = House::new();
    let mut times = 0;
    house.contents.expect_put().times(2).returning(move |_, _, _| {
        times += 1;
        match times {
            1 => Ok(Placed { sealed_key: vec![], size: 1, sha256: [0; 32] }),
            _ => Err(PortFailure::new("put", "full")),
        }
    });
    house.contents.expect_delete().once().returning(|_| Ok(()));
    house.store.expect_add().never();
    let refused = house.run(upload(&["a.pdf", "b.pdf"])).await;
    assert!(matches!(refused, Err(UploadError::Failed(_))), "{refused:?}");
}

#[tokio::test]
async fn a_rival_with_the_same_key_keeps_its_files_and_ours_go() {
    let mut house = House::new();
    puts(&mut house.contents, 1);
    house.contents.expect_delete().once().returning(|_| Ok(()));
    house.store.expect_add().returning(|_, _| Err(OnceError::InProgress.into()));
    let refused = house.run(upload(&["a.pdf"])).await;
    assert!(matches!(refused, Err(UploadError::Once(OnceError::InProgress))), "{refused:?}");
}

#[tokio::test]
async fn after_a_commit_that_is_in_doubt_contents_stay() {
    let mut house = House::new();
    puts(&mut house.contents, 1);
    house.contents.expect_delete().never();
    house.store.expect_add().returning(|_, _| Err(PortFailure::new("add", "the connection broke").into()));
    let refused = house.run(upload(&["a.pdf"])).await;
    assert!(matches!(refused, Err(UploadError::Failed(_))), "{refused:?}");
}
