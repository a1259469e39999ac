//! What is done of files in the background.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use diesel::result::Error as DieselError;
use kernel::Clock;
use platform::jobs::{Job, JobError, NewJob, Stop, Task};
use serde::{Deserialize, Serialize};

use super::sweep::Sweep;
use crate::application::{JudgeQuarantined, PurgeFiles, ReadVersionText};
use crate::domain::VersionId;

/// The queue of what is done with files.
pub const FILE_QUEUE: &str = "files";
/// The job that reads the text of a version.
pub const READ_TEXT: &str = "files.read";
/// The job that sends to the scanner what waits for it.
pub const RESCAN: &str = "files.rescan";
/// The job that compares the storage with the rows.
pub const SWEEP: &str = "files.sweep";
/// The job that removes what was deleted long ago.
pub const PURGE: &str = "files.purge";

/// All objects of a large installation.
const PATIENCE: Duration = Duration::from_secs(3600);

#[derive(Serialize, Deserialize)]
struct Errand {
    version_id: VersionId,
}

/// Has the text of a version read.
pub(super) fn read_text(version_id: VersionId) -> Result<NewJob, DieselError> {
    Ok(NewJob::new(FILE_QUEUE, READ_TEXT, &Errand { version_id })?.once(format!("files/read/{version_id}")))
}

/// Does [`READ_TEXT`].
pub struct ReadTextTask {
    /// The use case.
    pub read: ReadVersionText,
}

#[async_trait]
impl Task for ReadTextTask {
    fn name(&self) -> &'static str {
        READ_TEXT
    }

    async fn run(&self, job: &Job, _stop: &Stop) -> Result<String, JobError> {
        let Errand { version_id } = job.payload()?;
        let read = self.read.run(version_id).await?;
        Ok(if read { "read" } else { "nothing to read" }.to_owned())
    }
}

/// Does [`RESCAN`].
pub struct RescanTask {
    /// The use case.
    pub judge: JudgeQuarantined,
}

#[async_trait]
impl Task for RescanTask {
    fn name(&self) -> &'static str {
        RESCAN
    }

    async fn run(&self, _job: &Job, stop: &Stop) -> Result<String, JobError> {
        let judged = self.judge.run(&|| stop.is_asked()).await?;
        Ok(format!("released {}, infected {}, waiting {}", judged.released, judged.infected, judged.waiting))
    }
}

/// Does [`SWEEP`].
pub struct SweepTask {
    /// What sweeps.
    pub sweep: Sweep,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Task for SweepTask {
    fn name(&self) -> &'static str {
        SWEEP
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn run(&self, _job: &Job, stop: &Stop) -> Result<String, JobError> {
        let swept = self.sweep.run(self.clock.now(), &|| stop.is_asked()).await?;
        if stop.is_asked() {
            return Err(JobError::Interrupted);
        }
        Ok(format!("deleted {}, missing {}", swept.deleted, swept.missing))
    }
}

/// Does [`PURGE`].
pub struct PurgeTask {
    /// The use case.
    pub purge: PurgeFiles,
}

#[async_trait]
impl Task for PurgeTask {
    fn name(&self) -> &'static str {
        PURGE
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn run(&self, _job: &Job, stop: &Stop) -> Result<String, JobError> {
        let gone = self.purge.run(&|| stop.is_asked()).await?;
        if stop.is_asked() { Err(JobError::Interrupted) } else { Ok(format!("purged {gone}")) }
    }
}
