//! The store on a real database.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::sync::Arc;

use files::application::{FileStore as _, FileUpkeep as _, ListQuery, NamesOnly, StoreError};
use files::domain::{
    Category, File, FileEvent, FileKind, FileName, Version, VersionId, VersionState, object_key, terms_asked,
};
use files::infrastructure::PgFiles;
use futures_util::future::join_all;
use jiff::Timestamp;
use kernel::{Actor, KeptAnswer, Once, OnceError, PatientId, Recorded, Role, UserId};
use platform::crypto::Keyring;
use platform::journal::Journal;
use platform::pg;
use secrecy::SecretString;
use testkit::TestDatabase;

struct House {
    _db: TestDatabase,
    owner: tokio_postgres::Client,
    files: PgFiles,
    patient: PatientId,
}

fn now() -> Timestamp {
    "2027-03-01T12:00:00Z".parse().unwrap()
}

fn version(patient: PatientId, name: &str, state: VersionState) -> Version {
    let id = VersionId::mint();
    Version {
        id,
        number: 1,
        state,
        name: FileName::harmless(name, FileKind::Pdf),
        kind: FileKind::Pdf,
        size: 10,
        sha256: [9; 32],
        pages: Some(2),
        dates: Vec::new(),
        object_key: object_key(patient, Category::Other, FileKind::Pdf, id, now()),
        sealed_key: vec![1, 2, 3],
        uploaded_at: now(),
        uploaded_by: UserId::mint(),
        uploader: Role::Patient,
    }
}

fn by_system(event: FileEvent) -> Recorded<FileEvent> {
    Recorded::new(event, Actor::System, now())
}

impl House {
    async fn new() -> Self {
        let db = testkit::database_with(12).await;
        let secret = SecretString::from("s".repeat(40));
        let files = PgFiles::new(db.pool.clone(), Journal::new(&secret), Keyring::derived(&secret));
        Self { owner: pg::client(&db.settings).await.unwrap(), files, patient: PatientId::mint(), _db: db }
    }

    fn new_file(&self, name: &str, state: VersionState) -> (File, Recorded<FileEvent>) {
        let (file, event) = File::new(self.patient, None, None, version(self.patient, name, state));
        (file, by_system(event))
    }

    async fn added(&self, name: &str, state: VersionState) -> File {
        let new = self.new_file(name, state);
        self.files.add(std::slice::from_ref(&new), None).await.unwrap();
        new.0
    }

    async fn count(&self, query: &str) -> i64 {
        self.owner.query_one(query, &[]).await.unwrap().get(0)
    }

    async fn found(&self, words: &str, names_only: NamesOnly) -> usize {
        let query = ListQuery {
            patient: self.patient,
            category: None,
            state: None,
            terms: terms_asked(words),
            names_only,
            after: None,
            limit: 100,
        };
        self.files.list(&query).await.unwrap().len()
    }
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_stored_by_id_key_and_version() {
    let house = House::new().await;
    let file = house.added("Blood test.pdf", VersionState::Available).await;
    assert_eq!(house.files.find(file.id).await.unwrap(), Some(file.clone()));
    assert_eq!(house.files.find_by_key(&file.newest.object_key).await.unwrap(), Some(file.clone()));
    assert_eq!(house.files.find_by_version(file.newest.id).await.unwrap(), Some(file.clone()));
    assert_eq!(house.files.versions(file.id).await.unwrap(), [file.newest]);
    assert_eq!(house.count("SELECT count(*) FROM jobs.job WHERE name = 'files.read'").await, 1);
}

#[tokio::test]
async fn a_batch_is_stored_whole_or_not_at_all() {
    let house = House::new().await;
    let (first, second) =
        (house.new_file("a.pdf", VersionState::Available), house.new_file("b.pdf", VersionState::Available));
    let mut clash = second.clone();
    clash.0.newest.object_key.clone_from(&first.0.newest.object_key);
    assert!(matches!(house.files.add(&[first.clone(), clash], None).await, Err(StoreError::Failed(_))));
    for table in ["files.file", "files.version", "journal.audit_event", "journal.outbox", "jobs.job"] {
        assert_eq!(house.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    house.files.add(&[first, second], None).await.unwrap();
    assert_eq!(house.count("SELECT count(*) FROM files.file").await, 2);
}

#[tokio::test]
async fn of_rivals_with_one_key_one_stores_its_files() {
    let house = Arc::new(House::new().await);
    let tries = (0..16).map(|_| {
        let house = Arc::clone(&house);
        async move {
            let new = house.new_file("a.pdf", VersionState::Available);
            let answer = |_: &Vec<File>| KeptAnswer { status: 201, location: None, etag: None, body: b"[]".to_vec() };
            let once = Once { scope: "s".into(), key: "k".into(), fingerprint: [1; 32], answer: Arc::new(answer) };
            house.files.add(&[new], Some(once)).await
        }
    });
    let outcomes = join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let lost = |outcome: &Result<(), StoreError>| {
        matches!(outcome, Err(StoreError::Once(OnceError::InProgress | OnceError::Replay(_))))
    };
    assert_eq!(outcomes.iter().filter(|outcome| lost(outcome)).count(), 15, "{outcomes:?}");
    assert_eq!(house.count("SELECT count(*) FROM files.version").await, 1);
}

#[tokio::test]
async fn of_rivals_with_a_new_version_one_wins_each_round_and_no_number_is_given_twice() {
    let house = Arc::new(House::new().await);
    let file = house.added("a.pdf", VersionState::Available).await;
    for round in 2..=6 {
        let before = house.files.find(file.id).await.unwrap().unwrap();
        let tries = (0..8).map(|_| {
            let (house, before) = (Arc::clone(&house), before.clone());
            async move {
                let newer = version(house.patient, "a.pdf", VersionState::Available);
                let (renewed, event) = before.renewed(newer).unwrap();
                house.files.add_version(&renewed, &by_system(event), None).await
            }
        });
        let outcomes = join_all(tries).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(StoreError::Stale))), "{outcomes:?}");
        assert_eq!(house.files.versions(file.id).await.unwrap()[0].number, round);
    }
}

#[tokio::test]
async fn a_change_of_an_old_revision_changes_nothing() {
    let house = House::new().await;
    let file = house.added("a.pdf", VersionState::Available).await;
    let (renamed, event) = file.edited(None, Some("plan.pdf"), now());
    house.files.change(&renamed, &by_system(event)).await.unwrap();
    assert_eq!((house.found("plan", NamesOnly::Yes).await, house.found("a", NamesOnly::Yes).await), (1, 0));
    let (late, event) = file.deleted(now());
    assert!(matches!(house.files.change(&late, &by_system(event)).await, Err(StoreError::Stale)));
    let kept = house.files.find(file.id).await.unwrap().unwrap();
    assert_eq!((kept.newest.name.as_str(), kept.revision), ("plan.pdf", 2));
}

#[tokio::test]
async fn a_text_finds_its_file_and_leaves_what_was_told_meanwhile() {
    let house = House::new().await;
    let file = house.added("a.pdf", VersionState::Available).await;
    let (chosen, event) = file.edited(Some(Category::Insurance), Some("card.pdf"), now());
    house.files.change(&chosen, &by_system(event)).await.unwrap();
    let read = || {
        by_system(FileEvent::Read {
            file_id: file.id,
            version_id: file.newest.id,
            patient_id: file.patient,
            clinic_id: None,
        })
    };
    let dates = ["2027-02-11".parse().unwrap()];
    // As it was read before somebody changed it.
    assert!(
        house.files.keep_text(&file, "ferritin low".to_owned(), &dates, Category::LabResults, &read()).await.unwrap()
    );
    let known = house.files.find(file.id).await.unwrap().unwrap();
    assert_eq!((known.category, known.newest.name.as_str()), (Category::Insurance, "card.pdf"));
    assert_eq!(known.newest.dates, dates);
    assert_eq!((house.found("ferr", NamesOnly::No).await, house.found("ferr", NamesOnly::Yes).await), (1, 0));
    assert_eq!(house.found("ferr card", NamesOnly::No).await, 1);
    let plain = "SELECT count(*) FROM files.version WHERE position('ferritin'::bytea in text) > 0
                    OR position('card'::bytea in details) > 0";
    assert_eq!(house.count(plain).await, 0);
}

#[tokio::test]
async fn a_quarantine_ends_once() {
    let house = House::new().await;
    let file = house.added("a.pdf", VersionState::Quarantined).await;
    assert_eq!(house.count("SELECT count(*) FROM jobs.job").await, 0, "what waits is not read");
    assert_eq!(house.files.quarantined(None, 10).await.unwrap().len(), 1);
    let released = || {
        by_system(FileEvent::Released {
            file_id: file.id,
            version_id: file.newest.id,
            patient_id: file.patient,
            clinic_id: None,
        })
    };
    assert!(house.files.judge(file.newest.id, VersionState::Available, &released()).await.unwrap());
    assert!(!house.files.judge(file.newest.id, VersionState::Infected, &released()).await.unwrap());
    let known = house.files.find(file.id).await.unwrap().unwrap();
    assert_eq!((known.newest.state, known.revision), (VersionState::Available, 2));
    assert_eq!(house.count("SELECT count(*) FROM jobs.job WHERE name = 'files.read'").await, 1);
    assert_eq!(house.count("SELECT count(*) FROM journal.audit_event WHERE action = 'file.released'").await, 1);
}

#[tokio::test]
async fn what_is_forgotten_keeps_its_content_and_nothing_that_tells_of_it() {
    let house = House::new().await;
    let file = house.added("Blood test.pdf", VersionState::Available).await;
    let read =
        FileEvent::Read { file_id: file.id, version_id: file.newest.id, patient_id: file.patient, clinic_id: None };
    house.files.keep_text(&file, "ferritin".to_owned(), &[], Category::LabResults, &by_system(read)).await.unwrap();
    let (deleted, event) = file.deleted(now());
    house.files.forget(&deleted, &by_system(event.clone())).await.unwrap();
    house.files.forget(&deleted, &by_system(event)).await.unwrap();
    assert!(house.files.of_patient(file.patient, 10).await.unwrap().is_empty());
    let kept = house.files.versions(file.id).await.unwrap().remove(0);
    assert_eq!((kept.name.as_str(), kept.object_key), ("file.pdf", file.newest.object_key.clone()));
    let left = "SELECT count(*) FROM files.version WHERE text IS NOT NULL OR name_keys <> '{}' OR text_keys <> '{}'";
    assert_eq!(house.count(left).await, 0);
    assert_eq!(house.count("SELECT count(*) FROM journal.audit_event WHERE action = 'file.deleted'").await, 1);

    let over = house.files.deleted_before("2027-03-01T12:00:01Z".parse().unwrap(), 10).await.unwrap();
    assert_eq!(over[0].objects, [(file.newest.object_key, 10)]);
    assert!(house.files.deleted_before(now(), 10).await.unwrap().is_empty());
    let purged = FileEvent::Purged {
        file_id: file.id,
        patient_id: file.patient,
        clinic_id: None,
        versions: 1,
        bytes: 10,
        retention_years: 7,
    };
    assert!(house.files.purge(file.id, &by_system(purged.clone())).await.unwrap());
    assert!(!house.files.purge(file.id, &by_system(purged)).await.unwrap());
    assert_eq!(house.count("SELECT count(*) FROM files.version").await, 0);
}
