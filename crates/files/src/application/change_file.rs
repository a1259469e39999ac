use std::sync::Arc;

use kernel::{Caller, Clock, PortFailure, Recorded};

use super::ports::{FileStore, Patients, StoreError, TieKind};
use crate::domain::{Category, File, FileEvent, FileId};

/// Tries while others are faster.
const TRIES: usize = 3;

/// What is to become of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Another category, another name, or both.
    Edit {
        /// What it is about.
        category: Option<Category>,
        /// What it is called.
        name: Option<String>,
    },
    /// It is deleted; for patients and those who look after them.
    Delete,
}

/// Why a file was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is none, or not for the caller.
    #[error("no such file")]
    NotFound,
    /// The caller insists on another revision.
    #[error("the file is another one by now")]
    RevisionChanged,
    /// Others were faster, again and again.
    #[error("others change the file at the same time")]
    ChangedMeanwhile,
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Changes and deletes files.
pub struct ChangeFile {
    /// Whose they may be.
    pub patients: Arc<dyn Patients>,
    /// Where they are kept.
    pub store: Arc<dyn FileStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ChangeFile {
    /// Changes the file, if it is of one of these revisions, where the caller insists on some.
    ///
    /// # Errors
    /// See [`ChangeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        id: FileId,
        change: Change,
        revisions: Option<Vec<i32>>,
        request_id: Option<String>,
    ) -> Result<File, ChangeError> {
        for _ in 0..TRIES {
            let now = self.clock.now();
            let file = self.store.find(id).await?.ok_or(ChangeError::NotFound)?;
            let tie = self.patients.tie(caller, file.patient, now).await?;
            let may = match (&change, tie.map(|tie| tie.kind)) {
                (Change::Edit { .. }, Some(TieKind::Care | TieKind::Treats | TieKind::Desk)) => true,
                (Change::Delete, Some(TieKind::Care)) => true,
                // Emergency access is for reading, and for what is handed in then.
                (Change::Edit { .. } | Change::Delete, _) => false,
            };
            if !may {
                return Err(ChangeError::NotFound);
            }
            if revisions.as_ref().is_some_and(|wanted| !wanted.contains(&file.revision)) {
                return Err(ChangeError::RevisionChanged);
            }
            let (changed, event): (File, FileEvent) = match &change {
                Change::Edit { category, name } => file.edited(*category, name.as_deref(), now),
                Change::Delete => file.deleted(now),
            };
            let recorded = Recorded::new(event, caller.actor(), now).caused_by(request_id.clone());
            match self.store.change(&changed, &recorded).await {
                Ok(()) => return Ok(changed),
                Err(StoreError::Stale) => {}
                Err(StoreError::Failed(failure)) => return Err(failure.into()),
                Err(StoreError::Once(_)) => {
                    return Err(PortFailure::new("change a file", "there is no key to it").into());
                }
            }
        }
        Err(ChangeError::ChangedMeanwhile)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{PatientId, StoppedClock, UserId};

    use super::super::ports::{MockFileStore, MockPatients, Tie};
    use super::*;
    use crate::domain::test_data::file;

    fn use_case(kind: Option<TieKind>, store: MockFileStore) -> ChangeFile {
        let mut patients = MockPatients::new();
        patients.expect_tie().returning(move |_, _: PatientId, _| Ok(kind.map(|kind| Tie { kind, clinic: None })));
        let clock = StoppedClock::at("2027-03-02T12:00:00Z".parse().unwrap());
        ChangeFile { patients: Arc::new(patients), store: Arc::new(store), clock: Arc::new(clock) }
    }

    async fn deletes(kind: Option<TieKind>, times: usize) -> bool {
        let mut store = MockFileStore::new();
        store.expect_find().returning(|_| Ok(Some(file())));
        store.expect_change().times(times).returning(|_, _| Ok(()));
        let caller = Caller::patient(UserId::mint());
        let id = FileId::mint();
        use_case(kind, store).run(&caller, id, Change::Delete, None, None).await.is_ok()
    }

    #[tokio::test]
    async fn those_who_care_delete_and_nobody_else() {
        assert!(deletes(Some(TieKind::Care), 1).await);
        for kind in [None, Some(TieKind::Treats), Some(TieKind::Emergency), Some(TieKind::Desk)] {
            assert!(!deletes(kind, 0).await, "{kind:?}");
        }
    }

    #[tokio::test]
    async fn a_file_of_another_revision_is_left_alone() {
        let mut store = MockFileStore::new();
        store.expect_find().returning(|_| Ok(Some(file())));
        store.expect_change().never();
        let edit = Change::Edit { category: Some(Category::Other), name: None };
        let caller = Caller::patient(UserId::mint());
        let refused =
            use_case(Some(TieKind::Care), store).run(&caller, FileId::mint(), edit, Some(vec![2]), None).await;
        assert!(matches!(refused, Err(ChangeError::RevisionChanged)), "{refused:?}");
    }

    #[tokio::test]
    async fn who_is_too_slow_looks_again_three_times() {
        let mut store = MockFileStore::new();
        store.expect_find().times(3).returning(|_| Ok(Some(file())));
        store.expect_change().times(3).returning(|_, _| Err(StoreError::Stale));
        let caller = Caller::patient(UserId::mint());
        let refused =
            use_case(Some(TieKind::Care), store).run(&caller, FileId::mint(), Change::Delete, None, None).await;
        assert!(matches!(refused, Err(ChangeError::ChangedMeanwhile)), "{refused:?}");
    }
}
