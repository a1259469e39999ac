//! What is done of webhooks in the background.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use diesel::result::Error as DieselError;
use kernel::Clock;
use metrics::counter;
use platform::jobs::{Job, JobError, NewJob, Stop, Task};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::PgTries;
use crate::application::{Deliver, Done};
use crate::domain::DeliveryId;

/// The queue of messages to receivers.
pub const WEBHOOK_QUEUE: &str = "webhooks";
/// The job that tries to get one message through.
pub const DELIVER: &str = "webhooks.deliver";
/// The job that finds lost deliveries and forgets old ones.
pub const TIDY: &str = "webhooks.tidy";

#[derive(Serialize, Deserialize)]
struct Errand {
    delivery: Uuid,
    attempt: i32,
}

fn errand(delivery: Uuid, attempt: i32, key: &str) -> Result<NewJob, DieselError> {
    let once = format!("webhooks/{delivery}/{attempt}{key}");
    Ok(NewJob::new(WEBHOOK_QUEUE, DELIVER, &Errand { delivery, attempt })?.once(once))
}

/// Try number `attempt` of a delivery.
pub(super) fn deliver(delivery: Uuid, attempt: i32) -> Result<NewJob, DieselError> {
    errand(delivery, attempt, "")
}

/// The same, beside one that may wait for its time; whichever comes second does nothing.
pub(super) fn deliver_now(delivery: Uuid, attempt: i32) -> Result<NewJob, DieselError> {
    errand(delivery, attempt, "/now")
}

/// The same, should who is at it be gone by then.
pub(super) fn look_again(delivery: Uuid, attempt: i32) -> Result<NewJob, DieselError> {
    errand(delivery, attempt, "/again")
}

/// Does [`DELIVER`].
pub struct DeliverTask {
    /// The use case.
    pub deliver: Deliver,
}

#[async_trait]
impl Task for DeliverTask {
    fn name(&self) -> &'static str {
        DELIVER
    }

    /// A try takes 20 seconds at most, and what the database needs before and after it.
    fn patience(&self) -> Duration {
        Duration::from_secs(40)
    }

    async fn run(&self, job: &Job, _stop: &Stop) -> Result<String, JobError> {
        let Errand { delivery, attempt } = job.payload()?;
        let done = self.deliver.run(DeliveryId::from_uuid(delivery), attempt.unsigned_abs()).await?;
        if let Done::Tried(_) = done {
            counter!("webhooks_deliveries_total", "outcome" => done.word()).increment(1);
        }
        Ok(done.word().to_owned())
    }
}

/// Does [`TIDY`].
pub struct TidyTask {
    /// Where tries are kept.
    pub tries: PgTries,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Task for TidyTask {
    fn name(&self) -> &'static str {
        TIDY
    }

    async fn run(&self, _job: &Job, _stop: &Stop) -> Result<String, JobError> {
        let now = self.clock.now();
        let mended = self.tries.mend(now).await?;
        let gone = self.tries.purge(now).await?;
        Ok(format!("mended {mended}, forgotten {gone}"))
    }
}
