use std::sync::Arc;

use kernel::{Caller, Clock, PortFailure, Recorded};

use super::records_ports::{PersonalRecords, RecordFile, RecordTrail};
use crate::domain::RecordsEvent;

/// Gives somebody a copy of all that is stored about them.
pub struct ExportRecords {
    /// Every part that holds something.
    pub sources: Vec<Arc<dyn PersonalRecords>>,
    /// What was done with it.
    pub trail: Arc<dyn RecordTrail>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ExportRecords {
    /// The records, source by source, the trail last; nothing for who is not signed in. That it was given is written
    /// down before it is.
    ///
    /// # Errors
    /// When a source or the trail fails: half a copy would look like a whole one.
    pub async fn run(&self, caller: &Caller, request_id: Option<String>) -> Result<Vec<RecordFile>, PortFailure> {
        let Some(user) = caller.user() else { return Ok(Vec::new()) };
        let (mut files, mut subjects) = (Vec::new(), vec![user.as_uuid()]);
        for source in &self.sources {
            let found = source.of(user).await?;
            files.extend(found.files);
            subjects.extend(found.subjects);
        }
        files.extend(self.trail.about(user, &subjects).await?);
        let event = RecordsEvent::Exported { user_id: user };
        self.trail.note(&Recorded::new(event, caller.actor(), self.clock.now()).caused_by(request_id)).await?;
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{StoppedClock, UserId};
    use uuid::Uuid;

    use super::super::records_ports::{Found, MockPersonalRecords, MockRecordTrail};
    use super::super::test_data::now;
    use super::*;

    fn source(name: &'static str, subject: Uuid) -> Arc<dyn PersonalRecords> {
        let mut source = MockPersonalRecords::new();
        let file = RecordFile { name, about: "", json: "[]".into() };
        source.expect_of().returning(move |_| Ok(Found { files: vec![file.clone()], subjects: vec![subject] }));
        Arc::new(source)
    }

    #[tokio::test]
    async fn every_source_is_in_it_and_the_trail_is_asked_about_all_of_them_and_told() {
        let (user, one, other) = (UserId::mint(), Uuid::from_u128(1), Uuid::from_u128(2));
        let mut trail = MockRecordTrail::new();
        trail
            .expect_about()
            .withf(move |_, subjects| subjects == [user.as_uuid(), one, other])
            .returning(|_, _| Ok(vec![RecordFile { name: "events.json", about: "", json: "[]".into() }]));
        trail
            .expect_note()
            .withf(move |noted| noted.event == RecordsEvent::Exported { user_id: user })
            .times(1)
            .returning(|_| Ok(()));
        let export = ExportRecords {
            sources: vec![source("a.json", one), source("b.json", other)],
            trail: Arc::new(trail),
            clock: Arc::new(StoppedClock::at(now())),
        };
        let files = export.run(&Caller::patient(user), None).await.unwrap();
        assert_eq!(files.iter().map(|file| file.name).collect::<Vec<_>>(), ["a.json", "b.json", "events.json"]);
        assert_eq!(export.run(&Caller::guest(), None).await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_source_that_fails_is_not_left_out() {
        let mut broken = MockPersonalRecords::new();
        broken.expect_of().returning(|_| Err(PortFailure::new("read", "away")));
        let mut trail = MockRecordTrail::new();
        trail.expect_note().never();
        let export = ExportRecords {
            sources: vec![Arc::new(broken)],
            trail: Arc::new(trail),
            clock: Arc::new(StoppedClock::at(now())),
        };
        assert!(export.run(&Caller::patient(UserId::mint()), None).await.is_err());
    }
}
