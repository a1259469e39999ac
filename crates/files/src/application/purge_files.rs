use std::sync::Arc;

use kernel::{Actor, Clock, PatientId, PortFailure, Recorded};

use super::ports::{Contents, FileUpkeep};
use crate::domain::{FileEvent, retention_ends_before};

const BATCH: u32 = 100;

/// Removes for good what was deleted, once its retention has ended.
pub struct PurgeFiles {
    /// Where files are kept.
    pub upkeep: Arc<dyn FileUpkeep>,
    /// Where their contents are.
    pub contents: Arc<dyn Contents>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// So long is kept what was deleted.
    pub retention_years: i16,
}

impl PurgeFiles {
    /// First the contents, then the rows, so that no content is left of which nobody knows; the audit trail tells what has
    /// gone. Gives how many files.
    ///
    /// # Errors
    /// When a port fails; what went before stays gone.
    pub async fn run(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<usize, PortFailure> {
        let now = self.clock.now();
        let mut gone = 0;
        while !stop() {
            let over = self.upkeep.deleted_before(retention_ends_before(now, self.retention_years), BATCH).await?;
            if over.is_empty() {
                break;
            }
            for remains in over {
                for (key, _) in &remains.objects {
                    self.contents.delete(key).await?;
                }
                let event = FileEvent::Purged {
                    file_id: remains.id,
                    patient_id: remains.patient,
                    clinic_id: remains.clinic,
                    versions: remains.objects.len(),
                    bytes: remains.objects.iter().map(|(_, bytes)| bytes).sum(),
                    retention_years: self.retention_years,
                };
                let recorded = Recorded::new(event, Actor::System, now);
                gone += usize::from(self.upkeep.purge(remains.id, &recorded).await?);
            }
        }
        Ok(gone)
    }
}

/// Forgets the files of somebody who is erased: nobody finds them any more, what they were called and what was read in
/// them goes at once, and their contents when their retention ends.
pub struct ForgetPatient {
    /// Where files are kept.
    pub upkeep: Arc<dyn FileUpkeep>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ForgetPatient {
    /// Forgets them; once more finds nothing.
    ///
    /// # Errors
    /// When the store fails; once more goes on where it was.
    pub async fn run(&self, patient: PatientId) -> Result<(), PortFailure> {
        loop {
            let files = self.upkeep.of_patient(patient, BATCH).await?;
            if files.is_empty() {
                return Ok(());
            }
            for file in files {
                let now = self.clock.now();
                let (deleted, event) = file.deleted(now);
                self.upkeep.forget(&deleted, &Recorded::new(event, Actor::System, now)).await?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::StoppedClock;

    use super::super::ports::{MockContents, MockFileUpkeep, Remains};
    use super::*;
    use crate::domain::FileId;

    #[tokio::test]
    async fn contents_go_before_rows_and_only_when_seven_years_are_over() {
        let remains = Remains {
            id: FileId::mint(),
            patient: PatientId::mint(),
            clinic: None,
            objects: vec![("a".into(), 3), ("b".into(), 4)],
        };
        let (mut upkeep, mut contents) = (MockFileUpkeep::new(), MockContents::new());
        let mut order = mockall::Sequence::new();
        upkeep
            .expect_deleted_before()
            .once()
            .in_sequence(&mut order)
            .withf(|before, _| *before == "2027-03-01T12:00:00Z".parse().unwrap())
            .returning(move |_, _| Ok(vec![remains.clone()]));
        contents.expect_delete().times(2).in_sequence(&mut order).returning(|_| Ok(()));
        upkeep
            .expect_purge()
            .once()
            .in_sequence(&mut order)
            .withf(|_, recorded| {
                matches!(recorded.event, FileEvent::Purged { versions: 2, bytes: 7, retention_years: 7, .. })
            })
            .returning(|_, _| Ok(true));
        upkeep.expect_deleted_before().once().in_sequence(&mut order).returning(|_, _| Ok(Vec::new()));
        let purge = PurgeFiles {
            upkeep: Arc::new(upkeep),
            contents: Arc::new(contents),
            clock: Arc::new(StoppedClock::at("2034-03-01T12:00:00Z".parse().unwrap())),
            retention_years: 7,
        };
        assert_eq!(purge.run(&|| false).await.unwrap(), 1);
    }
}
