//! What is counted and written by itself.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::Clock;
use platform::jobs::{Job, JobError, Stop, Task, Zones};
use serde::{Deserialize, Serialize};

use crate::application::{ClearReports, CountDays, MakeReport};
use crate::domain::ReportId;

/// The queue of what is counted and printed.
pub const REPORT_QUEUE: &str = "reports";
/// The job that counts the days that have ended.
pub const ANALYTICS: &str = "analytics";

/// The job that prints a report.
pub const PRINT_REPORT: &str = "report";
/// The job that clears away reports and temporary objects.
pub const CLEANUP: &str = "cleanup";

/// A month that was missed, for many clinics.
const PATIENCE: Duration = Duration::from_secs(3600);

#[derive(Deserialize)]
struct Occasion {
    /// The wall clock that the timetable names.
    zone: Option<String>,
    /// The instant that an operator has named.
    at: Option<Timestamp>,
}

/// Does [`ANALYTICS`]: on the wall clock that the timetable names, or on all.
pub struct AnalyticsTask {
    /// The use case.
    pub count: Arc<CountDays>,
    /// The clocks there are.
    pub zones: Arc<dyn Zones>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Task for AnalyticsTask {
    fn name(&self) -> &'static str {
        ANALYTICS
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn run(&self, job: &Job, stop: &Stop) -> Result<String, JobError> {
        let Occasion { zone, at } = job.payload()?;
        let zones = self.zones.named_or_all(zone).await?;
        let now = at.unwrap_or_else(|| self.clock.now());
        let (mut days, mut rows) = (0, 0);
        for zone in zones {
            let counted = self.count.run(&zone, now, &|| stop.is_asked()).await?;
            days += counted.days;
            rows += counted.rows;
        }
        if stop.is_asked() { Err(JobError::Interrupted) } else { Ok(format!("days {days}, rows {rows}")) }
    }
}

/// Which report is to be printed.
#[derive(Serialize, Deserialize)]
pub(super) struct PrintOrder {
    pub(super) report_id: ReportId,
}

/// Does [`PRINT_REPORT`].
pub struct PrintReportTask {
    /// The use case.
    pub make: Arc<MakeReport>,
    /// After so many tries the report is one that failed.
    pub tries: u32,
}

#[async_trait]
impl Task for PrintReportTask {
    fn name(&self) -> &'static str {
        PRINT_REPORT
    }

    async fn run(&self, job: &Job, _stop: &Stop) -> Result<String, JobError> {
        let PrintOrder { report_id } = job.payload()?;
        match self.make.run(report_id).await {
            Ok(true) => Ok("printed".to_owned()),
            Ok(false) => Ok("nothing to print".to_owned()),
            Err(failure) => {
                if job.attempt >= self.tries {
                    self.make.give_up(report_id).await?;
                }
                Err(failure.into())
            }
        }
    }
}

/// Does [`CLEANUP`].
pub struct CleanupTask {
    /// The use case.
    pub clear: Arc<ClearReports>,
}

#[async_trait]
impl Task for CleanupTask {
    fn name(&self) -> &'static str {
        CLEANUP
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn run(&self, _job: &Job, stop: &Stop) -> Result<String, JobError> {
        let cleared = self.clear.run(&|| stop.is_asked()).await?;
        if stop.is_asked() {
            return Err(JobError::Interrupted);
        }
        Ok(format!("reports {}, temporary objects {}", cleared.reports, cleared.temporary))
    }
}
