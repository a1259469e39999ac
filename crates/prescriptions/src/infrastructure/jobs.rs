//! What is done of prescriptions in the background.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use platform::jobs::{Job, JobError, Stop, Task};
use serde::Deserialize;

use crate::application::{PurgePrescriptions, Run};

/// The job that takes away prescriptions whose retention is over.
pub const PURGE_PRESCRIPTIONS: &str = "purge-prescriptions";

/// Years of a large clinic, at once.
const PATIENCE: Duration = Duration::from_secs(3600);

#[derive(Deserialize)]
struct Occasion {
    /// Only count.
    #[serde(default)]
    dry_run: bool,
}

/// Does [`PURGE_PRESCRIPTIONS`].
pub struct PurgeTask {
    /// The use case.
    pub purge: Arc<PurgePrescriptions>,
}

#[async_trait]
impl Task for PurgeTask {
    fn name(&self) -> &'static str {
        PURGE_PRESCRIPTIONS
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn run(&self, job: &Job, stop: &Stop) -> Result<String, JobError> {
        let Occasion { dry_run } = job.payload()?;
        let run = if dry_run { Run::Dry } else { Run::Real };
        let purged = self.purge.run(run, &|| stop.is_asked()).await?;
        if stop.is_asked() {
            return Err(JobError::Interrupted);
        }
        let what = if dry_run { "would purge: " } else { "" };
        Ok(format!("{what}prescriptions {}, versions {}", purged.prescriptions, purged.versions))
    }
}
