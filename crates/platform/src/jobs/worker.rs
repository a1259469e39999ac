use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use kernel::{Clock, PortFailure};
use metrics::{counter, histogram};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::{Job, JobError, Jobs, LEASE, Outcome, Stop, Task, Timetable};
use crate::telemetry;

const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(2);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);
/// Between looks while there was something to do lately, and otherwise.
const BUSY: Duration = Duration::from_millis(200);
const IDLE: Duration = Duration::from_secs(1);
const LATELY: Duration = Duration::from_secs(5);
/// Between looks at the timetable, and between looks for zones that are new.
const TICK: Duration = Duration::from_secs(1);
const TICKS_BETWEEN_ZONES: u32 = 60;
/// What a job gets to come to an end by itself when the process stops.
const GRACE: Duration = Duration::from_secs(10);

/// How a worker works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerRules {
    /// Tries of a job, before it is given up and waits for a person.
    pub tries: u32,
    /// Jobs that are done beside each other.
    pub hands: usize,
}

impl Default for WorkerRules {
    /// Three tries, two jobs at once.
    fn default() -> Self {
        Self { tries: 3, hands: 2 }
    }
}

/// Does jobs, and keeps the timetable.
#[derive(Clone)]
pub struct Worker {
    id: Uuid,
    jobs: Jobs,
    tasks: Arc<[Arc<dyn Task>]>,
    timetable: Timetable,
    rules: WorkerRules,
    clock: Arc<dyn Clock>,
}

/// How a try came to its end.
enum End {
    Of(Result<String, JobError>),
    /// Somebody else has the job.
    TakenOver,
}

impl Worker {
    /// That does these tasks.
    #[must_use]
    pub fn new(
        jobs: Jobs,
        tasks: Vec<Arc<dyn Task>>,
        timetable: Timetable,
        rules: WorkerRules,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { id: Uuid::now_v7(), jobs, tasks: tasks.into(), timetable, rules, clock }
    }

    /// The same one under a name of its own, as another process is.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { id: Uuid::now_v7(), ..self.clone() }
    }

    /// The tables behind it.
    #[must_use]
    pub const fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// When what is done by itself.
    #[must_use]
    pub const fn timetable(&self) -> &Timetable {
        &self.timetable
    }

    /// The names of the jobs it does.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.tasks.iter().map(|task| task.name())
    }

    /// Runs until it is to stop. Jobs under way get ten seconds to end; what has not ended then is given back.
    pub async fn run(&self, stop: Stop) {
        tokio::join!(self.run_hands(stop.clone()), self.keep_timetable(&stop));
    }

    /// Does its jobs until it is to stop, and leaves the timetable to another one of the same process.
    pub async fn run_hands(&self, stop: Stop) {
        join_all((0..self.rules.hands).map(|_| self.work(&stop))).await;
    }

    async fn keep_timetable(&self, stop: &Stop) {
        let mut ticks = 0_u32;
        while !stop.is_asked() {
            if let Err(failure) = self.tick(ticks.is_multiple_of(TICKS_BETWEEN_ZONES)).await {
                telemetry::log_failure(&failure);
                // Zones may not have been written down.
                ticks = TICKS_BETWEEN_ZONES.saturating_sub(5);
            }
            ticks = ticks.wrapping_add(1);
            pause_or(TICK, stop).await;
        }
    }

    async fn tick(&self, look_for_zones: bool) -> Result<(), PortFailure> {
        let now = self.clock.now();
        if look_for_zones {
            self.timetable.prepare(now).await?;
        }
        self.timetable.tick(now).await?;
        self.give_up_lost().await
    }

    /// Gives up the jobs that have used their tries up with workers that died.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_up_lost(&self) -> Result<(), PortFailure> {
        let lost = self.jobs.give_up_lost(self.rules.tries, self.clock.now()).await?;
        if lost > 0 {
            tracing::error!(lost, "jobs were given up: their workers were lost");
        }
        Ok(())
    }

    async fn work(&self, stop: &Stop) {
        let mut busy_until = Instant::now();
        while !stop.is_asked() {
            let idle = match self.step(stop).await {
                Ok(true) => {
                    busy_until = Instant::now() + LATELY;
                    continue;
                }
                Ok(false) if Instant::now() < busy_until => BUSY,
                Ok(false) => IDLE,
                Err(failure) => {
                    telemetry::log_failure(&failure);
                    IDLE
                }
            };
            pause_or(idle, stop).await;
        }
    }

    /// Does one job, if one is due; tells whether one was.
    ///
    /// # Errors
    /// When the database fails; a job under way then comes again after its lease.
    pub async fn step(&self, stop: &Stop) -> Result<bool, PortFailure> {
        let names: Vec<&str> = self.names().collect();
        self.step_of(&names, stop).await
    }

    /// The same with jobs of these names alone.
    ///
    /// # Errors
    /// See [`Worker::step`].
    pub async fn step_of(&self, names: &[&str], stop: &Stop) -> Result<bool, PortFailure> {
        let claimed = self.jobs.claim(self.id, names, self.rules.tries, self.clock.now()).await?;
        let Some(job) = claimed else { return Ok(false) };
        if let Some(task) = self.tasks.iter().find(|task| task.name() == job.name) {
            self.deal_with(&job, &**task, stop).await?;
        }
        Ok(true)
    }

    async fn deal_with(&self, job: &Job, task: &dyn Task, stop: &Stop) -> Result<(), PortFailure> {
        let begun = Instant::now();
        let tried = AssertUnwindSafe(timeout(task.patience(), task.run(job, stop))).catch_unwind();
        let end = tokio::select! {
            tried = tried => End::Of(match tried {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(_elapsed)) => Err(JobError::Later("took too long".to_owned())),
                Err(_panic) => Err(JobError::Later("a defect".to_owned())),
            }),
            () = self.hold(job) => End::TakenOver,
            () = after_grace(stop) => End::Of(Err(JobError::Interrupted)),
        };
        let (id, name, attempt) = (job.id, job.name.as_str(), job.attempt);
        let now = self.clock.now();
        let (outcome, said) = match end {
            End::TakenOver => {
                tracing::error!(%id, name, attempt, "a job was taken over by somebody else");
                return Ok(());
            }
            End::Of(Ok(said)) => (Outcome::Done, said),
            End::Of(Err(JobError::Interrupted)) => (Outcome::Interrupted, String::new()),
            End::Of(Err(JobError::Later(error))) if attempt < self.rules.tries => {
                let next = after(now, pause(attempt, rand::random_range(0.75..=1.25)));
                tracing::warn!(%id, name, attempt, error, "a job is tried again later");
                (Outcome::Failed(next), error)
            }
            End::Of(Err(JobError::Later(error) | JobError::Never(error))) => {
                tracing::error!(%id, name, attempt, error, "a job was given up");
                (Outcome::GivenUp, error)
            }
        };
        counter!("jobs_total", "name" => task.name(), "outcome" => outcome.word()).increment(1);
        histogram!("job_duration_seconds", "name" => task.name()).record(begun.elapsed().as_secs_f64());
        self.jobs.end(job, outcome, &said, now).await
    }

    /// Renews the lease until somebody else has the job. A job that stops the thread it runs on is not held.
    async fn hold(&self, job: &Job) {
        loop {
            sleep(LEASE.unsigned_abs() / 4).await;
            match self.jobs.renew(job, self.clock.now()).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(failure) => telemetry::log_failure(&failure),
            }
        }
    }
}

async fn after_grace(stop: &Stop) {
    stop.asked().await;
    sleep(GRACE).await;
}

async fn pause_or(pause: Duration, stop: &Stop) {
    tokio::select! {
        () = sleep(pause) => {}
        () = stop.asked() => {}
    }
}

fn after(now: Timestamp, pause: SignedDuration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}

/// Two seconds after the first try, twice as long after each further one, times the `dice`, an hour at most.
fn pause(attempt: u32, dice: f64) -> SignedDuration {
    let doubled = FIRST_PAUSE.as_secs_f64() * 2_f64.powi(i32::try_from(attempt.clamp(1, 30) - 1).unwrap_or(0));
    let capped = doubled.min(LONGEST_PAUSE.as_secs_f64());
    SignedDuration::try_from_secs_f64(capped * dice).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_two_seconds_and_are_strewn_by_a_quarter() {
        let seconds: Vec<i64> = (1..=12).map(|attempt| pause(attempt, 1.0).as_secs()).collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600]);
        assert_eq!(pause(1, 0.75), SignedDuration::from_millis(1500));
        assert_eq!((pause(40, 1.25), pause(0, 1.0)), (LONGEST_PAUSE, FIRST_PAUSE));
    }
}
