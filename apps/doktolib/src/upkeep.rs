//! What an installation does for itself: forgetting what is over.

use std::sync::Arc;

use appointments::application::OfferFreedTimes;
use appointments::infrastructure::{PgHolds, PgVisitRecords};
use async_trait::async_trait;
use jiff::SignedDuration;
use kernel::{Clock, PortFailure};
use notifications::infrastructure::PgLedger;
use platform::idempotency;
use platform::jobs::{Job, JobError, Jobs, Stop, Task};
use platform::outbox::Outbox;
use platform::pg::{self, PgPool};

/// The queue of what an installation does for itself.
pub const UPKEEP_QUEUE: &str = "upkeep";
/// The job that ends holds and offers that are over.
pub const EXPIRE: &str = "expire";
/// The job that forgets what was kept for a while.
pub const FORGET: &str = "forget";
/// The job that forgets old runs of jobs.
pub const FORGET_RUNS: &str = "forget-runs";

const BATCH: i64 = 500;
/// An answer is promised for 24 hours; a day more costs little and forgives clocks.
const KEEP_ANSWERS: SignedDuration = SignedDuration::from_hours(48);

/// What upkeep works on.
pub(crate) struct Upkeep {
    pub(crate) pool: PgPool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) outbox: Outbox,
    pub(crate) ledger: PgLedger,
    pub(crate) visit_records: PgVisitRecords,
    pub(crate) holds: PgHolds,
    pub(crate) line: Arc<OfferFreedTimes>,
}

impl Upkeep {
    /// The tasks that do it.
    pub(crate) fn tasks(self) -> Vec<Arc<dyn Task>> {
        let upkeep = Arc::new(self);
        let named = |name| Arc::new(UpkeepTask { name, upkeep: Arc::clone(&upkeep) }) as Arc<dyn Task>;
        vec![named(EXPIRE), named(FORGET), named(FORGET_RUNS)]
    }

    /// Holds and offers end when their time is over, whether or not anybody clears them away; timers do so every few
    /// seconds. Whatever these have missed ends here, and its count is seen.
    async fn expire(&self) -> Result<String, PortFailure> {
        let mut holds = 0;
        loop {
            let gone = self.holds.clear(BATCH, self.clock.now()).await?;
            holds += gone;
            if gone == 0 {
                break;
            }
        }
        let served = self.line.run().await?;
        Ok(format!("holds {holds}, offers {}", served.ended))
    }

    async fn forget(&self) -> Result<String, PortFailure> {
        let now = self.clock.now();
        let mut erased = 0;
        loop {
            let gone = self.visit_records.purge(now).await?;
            erased += gone;
            if gone == 0 {
                break;
            }
        }
        let mut waits = 0;
        loop {
            let gone = self.visit_records.forget_waits(now).await?;
            waits += gone;
            if gone == 0 {
                break;
            }
        }
        let before = now.checked_sub(KEEP_ANSWERS).unwrap_or(now);
        let mut conn = pg::conn(&self.pool).await?;
        let answers =
            idempotency::purge(&mut conn, before).await.map_err(|error| pg::failure("forget old answers", error))?;
        drop(conn);
        let messages = self.outbox.purge(now).await?;
        let ledger = self.ledger.purge(now).await?;
        let (mut sessions, mut codes) = (0, 0);
        loop {
            let gone = auth::infrastructure::purge(&self.pool, BATCH, self.clock.now()).await?;
            sessions += gone.sessions;
            codes += gone.codes;
            if !gone.is_full(BATCH) {
                break;
            }
        }
        Ok(format!(
            "erased {erased}, waits {waits}, answers {answers}, messages {messages}, ledger {ledger}, sessions {sessions}, codes {codes}"
        ))
    }
}

struct UpkeepTask {
    name: &'static str,
    upkeep: Arc<Upkeep>,
}

#[async_trait]
impl Task for UpkeepTask {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn run(&self, _job: &Job, _stop: &Stop) -> Result<String, JobError> {
        let upkeep = &self.upkeep;
        Ok(match self.name {
            EXPIRE => upkeep.expire().await?,
            FORGET => upkeep.forget().await?,
            _ => format!("rows {}", Jobs::new(upkeep.pool.clone()).purge(upkeep.clock.now()).await?),
        })
    }
}
