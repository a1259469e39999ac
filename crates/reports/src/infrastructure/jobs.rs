//! What is counted and written by itself.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::Clock;
use platform::jobs::{Job, JobError, Stop, Task, Zones};
use serde::Deserialize;

use crate::application::CountDays;

/// The queue of what is counted and printed.
pub const REPORT_QUEUE: &str = "reports";
/// The job that counts the days that have ended.
pub const ANALYTICS: &str = "analytics";

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
        let zones = match zone {
            Some(zone) => vec![zone],
            None => self.zones.in_use().await?,
        };
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
