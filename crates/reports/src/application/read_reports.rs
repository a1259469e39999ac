use std::sync::Arc;

use kernel::{Caller, PortFailure};

use super::policy::{Reach, reads};
use super::report_ports::ReportStore;
use crate::domain::{Report, ReportId};

/// Why a report is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadReportError {
    /// There is none, or not for the caller.
    #[error("no such report")]
    NotFound,
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Shows reports to those who may have them.
pub struct ReadReports {
    /// Where they are kept.
    pub store: Arc<dyn ReportStore>,
}

impl ReadReports {
    /// One report.
    ///
    /// # Errors
    /// See [`ReadReportError`].
    pub async fn one(&self, caller: &Caller, id: ReportId) -> Result<Report, ReadReportError> {
        let found = self.store.find(id).await?.filter(|report| reads(caller, report));
        found.ok_or(ReadReportError::NotFound)
    }

    /// The newest behind `after`, and whether there are more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run(
        &self,
        caller: &Caller,
        after: Option<ReportId>,
        limit: u32,
    ) -> Result<(Vec<Report>, bool), PortFailure> {
        let mut found = self.store.list(&Reach::of(caller), after, limit.saturating_add(1)).await?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > most;
        found.truncate(most);
        Ok((found, more))
    }
}
