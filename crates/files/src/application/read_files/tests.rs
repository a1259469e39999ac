use kernel::{StoppedClock, UserId};

use super::super::ports::{MockFileStore, MockPatients};
use super::*;
use crate::domain::test_data::{file, version};

fn use_case(kind: Option<TieKind>, told: usize, store: MockFileStore) -> ReadFiles {
    let mut patients = MockPatients::new();
    patients.expect_tie().returning(move |_, _, _| Ok(kind.map(|kind| Tie { kind, clinic: None })));
    patients.expect_told().times(told).returning(|_, _, _, _| Ok(()));
    let clock = StoppedClock::at("2027-03-01T12:00:00Z".parse().unwrap());
    ReadFiles { patients: Arc::new(patients), store: Arc::new(store), clock: Arc::new(clock) }
}

fn with(state: VersionState) -> MockFileStore {
    let mut store = MockFileStore::new();
    store.expect_find().returning(move |_| Ok(Some(File { newest: Version { state, ..version() }, ..file() })));
    store
}

fn somebody() -> Caller {
    Caller::patient(UserId::mint())
}

#[tokio::test]
async fn a_front_desk_sees_names_and_reads_nothing() {
    let store = || with(VersionState::Available);
    let (_, sight) = use_case(Some(TieKind::Desk), 1, store()).one(&somebody(), FileId::mint()).await.unwrap();
    assert_eq!(sight, Sight::Names);
    let refused = use_case(Some(TieKind::Desk), 0, store()).content(&somebody(), FileId::mint(), None).await;
    assert!(matches!(refused, Err(ReadError::NotFound)), "{refused:?}");
    for kind in [TieKind::Care, TieKind::Treats, TieKind::Emergency] {
        assert!(use_case(Some(kind), 1, store()).content(&somebody(), FileId::mint(), None).await.is_ok());
    }
    let stranger = use_case(None, 0, store()).one(&somebody(), FileId::mint()).await;
    assert!(matches!(stranger, Err(ReadError::NotFound)), "{stranger:?}");
}

#[tokio::test]
async fn nobody_reads_what_is_quarantined_or_infected() {
    let content =
        async |state| use_case(Some(TieKind::Care), 0, with(state)).content(&somebody(), FileId::mint(), None).await;
    assert!(matches!(content(VersionState::Quarantined).await, Err(ReadError::Quarantined)));
    assert!(matches!(content(VersionState::Infected).await, Err(ReadError::Infected)));
}

#[tokio::test]
async fn nothing_is_shown_that_could_not_be_written_down() {
    let mut patients = MockPatients::new();
    patients.expect_tie().returning(|_, _, _| Ok(Some(Tie { kind: TieKind::Treats, clinic: None })));
    patients.expect_told().returning(|_, _, _, _| Err(PortFailure::new("write down", "away")));
    let clock = StoppedClock::at("2027-03-01T12:00:00Z".parse().unwrap());
    let read = ReadFiles {
        patients: Arc::new(patients),
        store: Arc::new(with(VersionState::Available)),
        clock: Arc::new(clock),
    };
    assert!(matches!(read.content(&somebody(), FileId::mint(), None).await, Err(ReadError::Failed(_))));
    assert!(matches!(read.one(&somebody(), FileId::mint()).await, Err(ReadError::Failed(_))));
}

#[tokio::test]
async fn a_front_desk_looks_for_words_in_names_alone() {
    for (kind, names_only) in [(TieKind::Desk, NamesOnly::Yes), (TieKind::Treats, NamesOnly::No)] {
        let mut store = MockFileStore::new();
        store
            .expect_list()
            .once()
            .withf(move |query| query.names_only == names_only && query.terms.len() == 2 && query.limit == 21)
            .returning(|_| Ok(Vec::new()));
        let wanted = Wanted {
            patient: Some(PatientId::mint()),
            words: Some("blood test".into()),
            limit: 20,
            ..Wanted::default()
        };
        use_case(Some(kind), 1, store).list(&somebody(), wanted).await.unwrap();
    }
}
