//! Work that is done later, or at set times, by whichever process has hands free.
//!
//! A job is put into its queue inside the transaction that wants it done ([`enqueue`]). A [`Worker`] claims it for a
//! while (its lease) and renews the lease while the job runs; a worker that dies or hangs lets it run out, and another
//! one takes the job. So every job is done at least once, and its [`Task`] must bear that.
//!
//! Letters to people are not jobs: they have the [`crate::outbox`].

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::result::Error as DieselError;
use diesel::sql_query;
use diesel::sql_types::{Array, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel as _;
use kernel::PortFailure;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

use crate::pg::{self, PgPool};

mod handling;
mod rhythm;
mod timetable;
mod views;
mod worker;

pub use handling::{pause, resume, retry};
pub use rhythm::{BadRhythm, Rhythm};
pub use timetable::{InZone, Schedule, ScheduleView, Timetable, Zones};
pub use views::{JobState, JobView, QueueView, RunView};
pub use worker::{Worker, WorkerRules};

/// How long a claimed job belongs to its worker, unless the lease is renewed.
pub const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// A job to be put into its queue.
#[derive(Debug, Clone)]
pub struct NewJob {
    queue: &'static str,
    name: &'static str,
    payload: String,
    priority: i16,
    not_before: Option<Timestamp>,
    once: Option<String>,
}

impl NewJob {
    /// For the [`Task`] of that name. The payload holds ids and times, nothing else.
    ///
    /// # Errors
    /// When the payload cannot be written as JSON.
    pub fn new(queue: &'static str, name: &'static str, payload: &impl Serialize) -> Result<Self, DieselError> {
        let payload = serde_json::to_string(payload).map_err(|error| DieselError::SerializationError(error.into()))?;
        Ok(Self { queue, name, payload, priority: 0, not_before: None, once: None })
    }

    /// Taken before those with a greater number; 0 is the usual one.
    #[must_use]
    pub const fn priority(mut self, priority: i16) -> Self {
        self.priority = priority;
        self
    }

    /// Not taken before that instant.
    #[must_use]
    pub const fn not_before(mut self, at: Timestamp) -> Self {
        self.not_before = Some(at);
        self
    }

    /// Left out while another one with the same key waits or runs.
    #[must_use]
    pub fn once(mut self, key: impl Into<String>) -> Self {
        self.once = Some(key.into());
        self
    }
}

/// Puts a job into its queue, in the caller's transaction. Gives its id; `None` when one with the same key
/// ([`NewJob::once`]) is there already.
///
/// # Errors
/// Of the database.
pub async fn enqueue(conn: &mut AsyncPgConnection, job: &NewJob, now: Timestamp) -> Result<Option<Uuid>, DieselError> {
    let id = Uuid::now_v7();
    let inserted = sql_query(
        "INSERT INTO jobs.job (id, queue, name, payload, once, priority, created_at, available_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (once) WHERE once IS NOT NULL AND failed_at IS NULL DO NOTHING",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(job.queue)
    .bind::<Text, _>(job.name)
    .bind::<Text, _>(&job.payload)
    .bind::<Nullable<Text>, _>(job.once.as_deref())
    .bind::<SmallInt, _>(job.priority)
    .bind::<Timestamptz, _>(now.to_diesel())
    .bind::<Timestamptz, _>(job.not_before.unwrap_or(now).to_diesel())
    .execute(conn)
    .await?;
    Ok((inserted == 1).then_some(id))
}

/// A claimed job.
#[derive(Debug, Clone)]
pub struct Job {
    /// The same at every try.
    pub id: Uuid,
    /// Where it waited.
    pub queue: String,
    /// Which task does it.
    pub name: String,
    /// Which try this is, from 1; tries of workers that died count as well.
    pub attempt: u32,
    worker: Uuid,
    payload: String,
}

impl Job {
    /// What it was given.
    ///
    /// # Errors
    /// [`JobError::Never`] when it is something else.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        serde_json::from_str(&self.payload).map_err(|_| JobError::Never("the payload cannot be read".to_owned()))
    }
}

/// Why a job was not done: the sort of failure in a few fixed words, without personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobError {
    /// It may work later; it is tried again after a growing pause, until its tries are used up.
    Later(String),
    /// It never will; it waits for a person at once.
    Never(String),
    /// It was asked to stop, and did. The try does not count, and the job goes on elsewhere.
    Interrupted,
}

impl From<PortFailure> for JobError {
    /// Logs the failure with its causes.
    fn from(failure: PortFailure) -> Self {
        crate::telemetry::log_failure(&failure);
        Self::Later(failure.to_string())
    }
}

/// Tells whether the process is about to end.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Asked for when the channel says `true`, or nobody is left who could.
    #[must_use]
    pub const fn by(channel: watch::Receiver<bool>) -> Self {
        Self(channel)
    }

    /// Long work looks here between its steps, and ends with [`JobError::Interrupted`].
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is asked.
    pub(crate) async fn asked(&self) {
        let mut channel = self.0.clone();
        // An error means that nobody is left who could ask; then it ends as well.
        let _ended = channel.wait_for(|stop| *stop).await;
    }
}

/// Does the jobs of one name.
#[async_trait]
pub trait Task: Send + Sync {
    /// Which jobs.
    fn name(&self) -> &'static str;

    /// The longest a try may take. One that takes longer is given up and tried again.
    fn patience(&self) -> Duration {
        Duration::from_secs(300)
    }

    /// Does a job, perhaps not for the first time. Gives what was done in a few words and numbers, for the list of
    /// runs.
    ///
    /// # Errors
    /// See [`JobError`].
    async fn run(&self, job: &Job, stop: &Stop) -> Result<String, JobError>;
}

/// The tables of jobs, as workers and operators use them.
#[derive(Clone)]
pub struct Jobs {
    pool: PgPool,
}

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Failed(Timestamp),
    GivenUp,
    Interrupted,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::GivenUp => "given_up",
            Self::Interrupted => "interrupted",
        }
    }
}

#[derive(QueryableByName)]
struct Claimed {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    queue: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    payload: String,
    #[diesel(sql_type = Integer)]
    attempts: i32,
}

/// A CTE, because a plan may run a subquery with `LIMIT` more than once. A job that still has a worker has lost it.
const CLAIM: &str = "
    WITH due AS MATERIALIZED (
        SELECT j.id FROM jobs.job j
         WHERE j.failed_at IS NULL AND j.available_at <= $1 AND j.attempts < $2 AND j.name = ANY ($3)
           AND NOT EXISTS (SELECT FROM jobs.queue q WHERE q.name = j.queue)
         ORDER BY j.priority, j.available_at LIMIT 1
           FOR UPDATE OF j SKIP LOCKED),
    lost AS (
        UPDATE jobs.run r SET ended_at = $1, outcome = 'lost' FROM due WHERE r.job_id = due.id AND r.ended_at IS NULL),
    taken AS (
        UPDATE jobs.job j SET available_at = $4, worker = $5, attempts = j.attempts + 1
          FROM due WHERE j.id = due.id
        RETURNING j.id, j.queue, j.name, j.payload, j.attempts),
    begun AS (
        INSERT INTO jobs.run (job_id, queue, name, attempt, worker, started_at)
        SELECT id, queue, name, attempts, $5, $1 FROM taken)
    SELECT id, queue, name, payload, attempts FROM taken";

/// Jobs of workers that are gone, with no tries left.
const GIVE_UP_LOST: &str = "
    WITH lost AS MATERIALIZED (
        SELECT id FROM jobs.job WHERE failed_at IS NULL AND available_at <= $1 AND attempts >= $2
           FOR UPDATE SKIP LOCKED),
    ended AS (
        UPDATE jobs.run r SET ended_at = $1, outcome = 'lost' FROM lost WHERE r.job_id = lost.id AND r.ended_at IS NULL)
    UPDATE jobs.job j SET failed_at = $1, worker = NULL, last_error = coalesce(j.last_error, 'its worker was lost')
      FROM lost WHERE j.id = lost.id";

/// Writes the end of a try, unless somebody else has taken the job since; the job's own change stands in between.
fn end_of_run(change: &str) -> String {
    format!(
        "WITH own AS ({change} WHERE id = $1 AND worker = $2 AND attempts = $3 RETURNING id)
         UPDATE jobs.run r SET ended_at = $4, outcome = $5, said = $6
           FROM own WHERE r.job_id = own.id AND r.ended_at IS NULL AND $7::timestamptz IS NOT NULL"
    )
}

impl Jobs {
    /// The tables of the database behind `pool`.
    #[must_use]
    pub const fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Puts a job into its queue in a transaction of its own; see [`enqueue`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add(&self, job: &NewJob, now: Timestamp) -> Result<Option<Uuid>, PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        enqueue(&mut conn, job, now).await.map_err(|error| pg::failure("put a job into its queue", error))
    }

    /// Takes the next due job of these names for [`LEASE`]: the smallest priority, of those the longest due.
    async fn claim(
        &self,
        worker: Uuid,
        names: &[&str],
        tries: u32,
        now: Timestamp,
    ) -> Result<Option<Job>, PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        let taken: Vec<Claimed> = sql_query(CLAIM)
            .bind::<Timestamptz, _>(now.to_diesel())
            .bind::<Integer, _>(number(tries))
            .bind::<Array<Text>, _>(names)
            .bind::<Timestamptz, _>(lease(now).to_diesel())
            .bind::<SqlUuid, _>(worker)
            .load(&mut conn)
            .await
            .map_err(|error| pg::failure("claim a job", error))?;
        Ok(taken.into_iter().next().map(|row| Job {
            id: row.id,
            queue: row.queue,
            name: row.name,
            payload: row.payload,
            attempt: u32::try_from(row.attempts).unwrap_or(0),
            worker,
        }))
    }

    async fn give_up_lost(&self, tries: u32, now: Timestamp) -> Result<usize, PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        sql_query(GIVE_UP_LOST)
            .bind::<Timestamptz, _>(now.to_diesel())
            .bind::<Integer, _>(number(tries))
            .execute(&mut conn)
            .await
            .map_err(|error| pg::failure("give up lost jobs", error))
    }

    /// Renews the lease; `false` when the job is somebody else's by now.
    async fn renew(&self, job: &Job, now: Timestamp) -> Result<bool, PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        let renewed =
            sql_query("UPDATE jobs.job SET available_at = $4 WHERE id = $1 AND worker = $2 AND attempts = $3")
                .bind::<SqlUuid, _>(job.id)
                .bind::<SqlUuid, _>(job.worker)
                .bind::<Integer, _>(number(job.attempt))
                .bind::<Timestamptz, _>(lease(now).to_diesel())
                .execute(&mut conn)
                .await
                .map_err(|error| pg::failure("renew the lease of a job", error))?;
        Ok(renewed == 1)
    }

    async fn end(&self, job: &Job, outcome: Outcome, said: &str, now: Timestamp) -> Result<(), PortFailure> {
        let change = match outcome {
            Outcome::Done => "DELETE FROM jobs.job",
            Outcome::Failed(_) => "UPDATE jobs.job SET worker = NULL, last_error = $6, available_at = $7",
            Outcome::GivenUp => "UPDATE jobs.job SET worker = NULL, last_error = $6, failed_at = $7",
            Outcome::Interrupted => "UPDATE jobs.job SET worker = NULL, available_at = $7, attempts = attempts - 1",
        };
        let next = if let Outcome::Failed(next) = outcome { next } else { now };
        let mut conn = pg::conn(&self.pool).await?;
        sql_query(end_of_run(change))
            .bind::<SqlUuid, _>(job.id)
            .bind::<SqlUuid, _>(job.worker)
            .bind::<Integer, _>(number(job.attempt))
            .bind::<Timestamptz, _>(now.to_diesel())
            .bind::<Text, _>(outcome.word())
            .bind::<Text, _>(said)
            .bind::<Timestamptz, _>(next.to_diesel())
            .execute(&mut conn)
            .await
            .map_err(|error| pg::failure("end a job's run", error))?;
        Ok(())
    }
}

fn lease(now: Timestamp) -> Timestamp {
    now.saturating_add(LEASE).unwrap_or(Timestamp::MAX)
}

fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
