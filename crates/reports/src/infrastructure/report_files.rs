use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use kernel::{Clock, PortFailure};
use platform::storage::{ObjectKey, Storage};

use super::report_sheet::report_sheet;
use crate::application::ReportFiles;
use crate::domain::{Printed, Report, Summary};

/// What is put down for a while lies below this.
const TEMPORARY: &str = "temporary";

/// Files of reports in the object storage.
pub struct StoredReportFiles {
    /// Where they are kept.
    pub storage: Storage,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// The key of a report's file.
pub(super) fn object_of(report: &Report) -> Result<ObjectKey, PortFailure> {
    report.object_key.parse().map_err(|error| PortFailure::new("find a report's file", error))
}

#[async_trait]
impl ReportFiles for StoredReportFiles {
    async fn print(&self, report: &Report, summary: &Summary) -> Result<Printed, PortFailure> {
        let stored = self.storage.put_bytes(&object_of(report)?, report_sheet(report, summary)?).await?;
        Ok(Printed { size: stored.size, sha256: stored.sha256, at: self.clock.now() })
    }

    async fn delete(&self, report: &Report) -> Result<(), PortFailure> {
        self.storage.delete(&object_of(report)?).await
    }

    async fn delete_temporary(&self, before: Timestamp) -> Result<usize, PortFailure> {
        let folder: ObjectKey =
            TEMPORARY.parse().map_err(|error| PortFailure::new("look for temporary objects", error))?;
        let mut objects = self.storage.list(&folder);
        let mut gone = 0;
        while let Some(head) = objects.try_next().await? {
            // One whose name is not ours was put there by somebody else, and is left to them.
            if let Ok(key) = head.key.parse::<ObjectKey>()
                && head.stored_at < before
            {
                self.storage.delete(&key).await?;
                gone += 1;
            }
        }
        Ok(gone)
    }
}
