//! What is done of visits by itself.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{AppointmentId, Clock, PortFailure};
use platform::jobs::{Job, JobError, Jobs, NewJob, Stop, Task, Zones};
use platform::pg;
use serde::{Deserialize, Serialize};

use crate::application::{
    FindDueReminders, PurgeRecords, PurgedRecords, RemindPatients, ReminderBatches, SummariseDays, SweepMissed,
};

/// The queue of what is written to patients.
pub const REMINDER_QUEUE: &str = "reminders";
/// The job that looks for patients who are to be reminded.
pub const FIND_REMINDERS: &str = "reminders";
/// The job that reminds some of them.
pub const SEND_REMINDERS: &str = "reminders.send";
/// The job that looks for patients who are to be reminded by a text.
pub const FIND_TEXT_REMINDERS: &str = "text-reminders";
/// The job that reminds some of them by a text.
pub const SEND_TEXT_REMINDERS: &str = "text-reminders.send";

/// For when a run is: by the timetable it is now; an operator may name another instant.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Occasion {
    /// The instant that an operator has named.
    #[serde(default)]
    pub at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct Batch {
    lead: u16,
    visits: Vec<AppointmentId>,
    now: Timestamp,
}

/// Batches of due visits as jobs.
pub struct QueuedReminders {
    /// What such a job is called.
    pub name: &'static str,
    /// Where they wait.
    pub jobs: Jobs,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl ReminderBatches for QueuedReminders {
    async fn hand_on(&self, lead: u16, visits: &[AppointmentId], now: Timestamp) -> Result<(), PortFailure> {
        let job = NewJob::new(REMINDER_QUEUE, self.name, &Batch { lead, visits: visits.to_vec(), now })
            .map_err(|error| pg::failure("hand on reminders", error))?;
        self.jobs.add(&job, self.clock.now()).await?;
        Ok(())
    }
}

/// Does [`FIND_REMINDERS`] or [`FIND_TEXT_REMINDERS`].
pub struct FindRemindersTask {
    /// Which of them.
    pub name: &'static str,
    /// The use case.
    pub find: Arc<FindDueReminders>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Task for FindRemindersTask {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn run(&self, job: &Job, _stop: &Stop) -> Result<String, JobError> {
        let now = job.payload::<Occasion>()?.at.unwrap_or_else(|| self.clock.now());
        let looked = self.find.run(now).await?;
        Ok(format!("due {}, quiet {}, left out {}", looked.due, looked.quiet, looked.left_out))
    }
}

/// Does [`SEND_REMINDERS`] or [`SEND_TEXT_REMINDERS`].
pub struct SendRemindersTask {
    /// Which of them.
    pub name: &'static str,
    /// The use case.
    pub remind: Arc<RemindPatients>,
}

#[async_trait]
impl Task for SendRemindersTask {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn run(&self, job: &Job, _stop: &Stop) -> Result<String, JobError> {
        let Batch { lead, visits, now } = job.payload()?;
        let reminded = self.remind.run(lead, &visits, now).await?;
        Ok(format!("messages {}, visits {}", reminded.messages, reminded.visits))
    }
}

/// The job that marks who did not come.
pub const SWEEP_MISSED: &str = "no-shows";

#[derive(Deserialize)]
struct OnClock {
    zone: Option<String>,
}

/// Does [`SWEEP_MISSED`]: on the wall clock that the timetable names, or on all.
pub struct SweepMissedTask {
    /// The use case.
    pub sweep: Arc<SweepMissed>,
    /// The clocks there are.
    pub zones: Arc<dyn Zones>,
}

#[async_trait]
impl Task for SweepMissedTask {
    fn name(&self) -> &'static str {
        SWEEP_MISSED
    }

    async fn run(&self, job: &Job, stop: &Stop) -> Result<String, JobError> {
        let zones = self.zones.named_or_all(job.payload::<OnClock>()?.zone).await?;
        let mut marked = 0;
        for zone in zones {
            marked += self.sweep.run(&zone, &|| stop.is_asked()).await?;
        }
        if stop.is_asked() { Err(JobError::Interrupted) } else { Ok(format!("marked {marked}")) }
    }
}

/// The job that tells doctors what their day holds.
pub const SUMMARISE_DAYS: &str = "day-summaries";

/// Does [`SUMMARISE_DAYS`]: on the wall clock that the timetable names, or on all.
pub struct SummariseDaysTask {
    /// The use case.
    pub summarise: Arc<SummariseDays>,
    /// The clocks there are.
    pub zones: Arc<dyn Zones>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Task for SummariseDaysTask {
    fn name(&self) -> &'static str {
        SUMMARISE_DAYS
    }

    async fn run(&self, job: &Job, _stop: &Stop) -> Result<String, JobError> {
        let zones = self.zones.named_or_all(job.payload::<OnClock>()?.zone).await?;
        let now = job.payload::<Occasion>()?.at.unwrap_or_else(|| self.clock.now());
        let mut letters = 0;
        for zone in zones {
            letters += self.summarise.run(&zone, now).await?;
        }
        Ok(format!("letters {letters}"))
    }
}

/// The job that purges records whose time is over.
pub const RETENTION: &str = "retention";
/// The first run of an installation with many years behind it.
const PURGING: Duration = Duration::from_secs(3600);

/// Does [`RETENTION`].
pub struct RetentionTask {
    /// The use case.
    pub purge: Arc<PurgeRecords>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Task for RetentionTask {
    fn name(&self) -> &'static str {
        RETENTION
    }

    fn patience(&self) -> Duration {
        PURGING
    }

    async fn run(&self, job: &Job, stop: &Stop) -> Result<String, JobError> {
        let now = job.payload::<Occasion>()?.at.unwrap_or_else(|| self.clock.now());
        let purged = self.purge.run(now, &|| stop.is_asked()).await?;
        let PurgedRecords { visits, patients } = purged;
        if stop.is_asked() { Err(JobError::Interrupted) } else { Ok(format!("visits {visits}, patients {patients}")) }
    }
}
