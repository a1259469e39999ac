use kernel::{Actor, PortFailure, Recorded};
use std::sync::Arc;

use super::inspection_ports::Scan;
use super::ports::FileUpkeep;
use super::take_in::TakeIn;
use crate::domain::{File, FileEvent, VersionState};

const BATCH: u32 = 50;

/// What became of what had waited for the scanner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Judged {
    /// Can be read from now on.
    pub released: usize,
    /// A virus was found; the content is gone.
    pub infected: usize,
    /// Nobody knows yet, or the content is lost.
    pub waiting: usize,
}

/// Ends the quarantine of versions, as far as the scanner is back.
pub struct JudgeQuarantined {
    /// Where they are kept.
    pub upkeep: Arc<dyn FileUpkeep>,
    /// The scanner, and the contents.
    pub take_in: TakeIn,
}

impl JudgeQuarantined {
    /// Looks at all that waits, the oldest first; ends early while the scanner is away.
    ///
    /// # Errors
    /// When the store or the storage fails; what was judged before stays so.
    pub async fn run(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<Judged, PortFailure> {
        let (mut judged, mut after) = (Judged::default(), None);
        while !stop() {
            let waiting = self.upkeep.quarantined(after, BATCH).await?;
            let Some(last) = waiting.last() else { break };
            after = Some(last.newest.id);
            for file in &waiting {
                let Some(spooled) = self.take_in.contents.fetch(&file.newest).await? else {
                    judged.waiting += 1;
                    continue;
                };
                let Some(scan) = self.take_in.scan(spooled.path()).await else {
                    judged.waiting += 1;
                    return Ok(judged);
                };
                drop(spooled);
                match scan {
                    Scan::Clean => judged.released += usize::from(self.end(file, VersionState::Available).await?),
                    Scan::Infected(_) => {
                        judged.infected += usize::from(self.end(file, VersionState::Infected).await?);
                        self.take_in.contents.delete(&file.newest.object_key).await?;
                    }
                }
            }
        }
        Ok(judged)
    }

    async fn end(&self, file: &File, state: VersionState) -> Result<bool, PortFailure> {
        let (file_id, version_id) = (file.id, file.newest.id);
        let (patient_id, clinic_id) = (file.patient, file.clinic);
        let event = match state {
            VersionState::Infected => FileEvent::Infected { file_id, version_id, patient_id, clinic_id },
            VersionState::Available | VersionState::Quarantined => {
                FileEvent::Released { file_id, version_id, patient_id, clinic_id }
            }
        };
        let recorded = Recorded::new(event, Actor::System, self.take_in.clock.now());
        self.upkeep.judge(version_id, state, &recorded).await
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kernel::StoppedClock;

    use super::super::inspection_ports::{MockFileInspector, MockVirusScanner};
    use super::super::ports::{MockContents, MockFileUpkeep, Spooled};
    use super::*;
    use crate::domain::Version;
    use crate::domain::test_data::{file, version};

    struct There;

    impl Spooled for There {
        fn path(&self) -> &Path {
            Path::new("/spool/0")
        }
    }

    fn waiting() -> File {
        File { newest: Version { state: VersionState::Quarantined, ..version() }, ..file() }
    }

    fn use_case(
        upkeep: MockFileUpkeep,
        contents: MockContents,
        scan: fn() -> Result<Scan, PortFailure>,
    ) -> JudgeQuarantined {
        let mut scanner = MockVirusScanner::new();
        scanner.expect_scan().returning(move |_| scan());
        let take_in = TakeIn {
            inspector: Arc::new(MockFileInspector::new()),
            scanner: Some(Arc::new(scanner)),
            contents: Arc::new(contents),
            clock: Arc::new(StoppedClock::at("2027-03-01T12:00:00Z".parse().unwrap())),
        };
        JudgeQuarantined { upkeep: Arc::new(upkeep), take_in }
    }

    fn two_wait() -> MockFileUpkeep {
        let mut upkeep = MockFileUpkeep::new();
        upkeep
            .expect_quarantined()
            .returning(|after, _| Ok(if after.is_none() { vec![waiting(), waiting()] } else { vec![] }));
        upkeep
    }

    #[tokio::test]
    async fn what_is_clean_is_released_and_its_content_stays() {
        let mut upkeep = two_wait();
        upkeep
            .expect_judge()
            .times(2)
            .withf(|_, state, _| *state == VersionState::Available)
            .returning(|_, _, _| Ok(true));
        let mut contents = MockContents::new();
        contents.expect_fetch().returning(|_| Ok(Some(Box::new(There))));
        contents.expect_delete().never();
        let judged = use_case(upkeep, contents, || Ok(Scan::Clean)).run(&|| false).await.unwrap();
        assert_eq!(judged, Judged { released: 2, ..Judged::default() });
    }

    #[tokio::test]
    async fn what_is_infected_is_noted_before_its_content_goes() {
        let mut upkeep = two_wait();
        upkeep
            .expect_judge()
            .times(2)
            .withf(|_, state, _| *state == VersionState::Infected)
            .returning(|_, _, _| Ok(true));
        let mut contents = MockContents::new();
        contents.expect_fetch().returning(|_| Ok(Some(Box::new(There))));
        contents.expect_delete().times(2).returning(|_| Ok(()));
        let judged = use_case(upkeep, contents, || Ok(Scan::Infected("x".into()))).run(&|| false).await.unwrap();
        assert_eq!(judged, Judged { infected: 2, ..Judged::default() });
    }

    #[tokio::test]
    async fn while_the_scanner_is_away_nothing_is_judged() {
        let mut upkeep = two_wait();
        upkeep.expect_judge().never();
        let mut contents = MockContents::new();
        contents.expect_fetch().once().returning(|_| Ok(Some(Box::new(There))));
        let away = || Err(PortFailure::new("scan", "away"));
        let judged = use_case(upkeep, contents, away).run(&|| false).await.unwrap();
        assert_eq!(judged, Judged { waiting: 1, ..Judged::default() });
    }
}
