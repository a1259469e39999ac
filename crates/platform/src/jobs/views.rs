//! Jobs as operators see and handle them.

use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::{NullableTimestamp, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::PortFailure;
use uuid::Uuid;

use super::Jobs;
use crate::pg;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// For its time, for a hand, or for the next try.
    Waiting,
    /// Somebody does it.
    Running,
    /// For a person.
    Failed,
}

impl JobState {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Running, Self::Failed];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Failed => "failed",
        }
    }

    const fn sql(self) -> &'static str {
        match self {
            Self::Waiting => "failed_at IS NULL AND worker IS NULL",
            Self::Running => "failed_at IS NULL AND worker IS NOT NULL",
            Self::Failed => "failed_at IS NOT NULL",
        }
    }
}

/// A job that is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobView {
    /// Of the job.
    pub id: Uuid,
    /// Where it waits.
    pub queue: String,
    /// What is to be done.
    pub name: String,
    /// Where it stands.
    pub state: JobState,
    /// The smaller the sooner.
    pub priority: i16,
    /// When it was put in.
    pub created_at: Timestamp,
    /// When it is taken next; while it runs, the end of its worker's lease.
    pub available_at: Timestamp,
    /// When it was given up.
    pub failed_at: Option<Timestamp>,
    /// Tries so far.
    pub attempts: i32,
    /// Sort of the last failure.
    pub last_error: Option<String>,
}

/// A try of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunView {
    /// Grows with time.
    pub id: i64,
    /// Of the job.
    pub job_id: Uuid,
    /// Where it waited.
    pub queue: String,
    /// What was to be done.
    pub name: String,
    /// Which try it was.
    pub attempt: i32,
    /// From.
    pub started_at: Timestamp,
    /// To; nothing while it runs.
    pub ended_at: Option<Timestamp>,
    /// `done`, `failed`, `given_up`, `interrupted`, `lost`; nothing while it runs.
    pub outcome: Option<String>,
    /// What was done in numbers, or the sort of the failure.
    pub said: Option<String>,
}

/// How much there is to do in one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// Its name.
    pub name: String,
    /// Since when it is paused.
    pub paused_at: Option<Timestamp>,
    /// Jobs that wait.
    pub waiting: i64,
    /// Jobs that run.
    pub running: i64,
    /// Jobs that were given up.
    pub failed: i64,
    /// Since when the longest due job waits for a hand.
    pub oldest_due: Option<Timestamp>,
}

#[derive(QueryableByName)]
struct JobRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    queue: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = SmallInt)]
    priority: i16,
    #[diesel(sql_type = Timestamptz)]
    created_at: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    available_at: DbTimestamp,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    failed_at: NullableTimestamp,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Nullable<Text>)]
    last_error: Option<String>,
    #[diesel(sql_type = Bool)]
    running: bool,
}

#[derive(QueryableByName)]
struct RunRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = SqlUuid)]
    job_id: Uuid,
    #[diesel(sql_type = Text)]
    queue: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Integer)]
    attempt: i32,
    #[diesel(sql_type = Timestamptz)]
    started_at: DbTimestamp,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    ended_at: NullableTimestamp,
    #[diesel(sql_type = Nullable<Text>)]
    outcome: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    said: Option<String>,
}

#[derive(QueryableByName)]
struct QueueRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    paused_at: NullableTimestamp,
    #[diesel(sql_type = BigInt)]
    waiting: i64,
    #[diesel(sql_type = BigInt)]
    running: i64,
    #[diesel(sql_type = BigInt)]
    failed: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    oldest_due: NullableTimestamp,
}

/// Every queue that has a job or is paused.
const QUEUES: &str = "
    SELECT coalesce(j.queue, q.name) AS name, q.paused_at,
           count(j.id) FILTER (WHERE j.failed_at IS NULL AND j.worker IS NULL) AS waiting,
           count(j.id) FILTER (WHERE j.failed_at IS NULL AND j.worker IS NOT NULL) AS running,
           count(j.id) FILTER (WHERE j.failed_at IS NOT NULL) AS failed,
           min(j.available_at) FILTER (WHERE j.failed_at IS NULL AND j.worker IS NULL AND j.available_at <= $1)
               AS oldest_due
      FROM jobs.job j FULL JOIN jobs.queue q ON q.name = j.queue
     GROUP BY 1, 2 ORDER BY 1";

const JOBS: &str = "
    SELECT id, queue, name, priority, created_at, available_at, failed_at, attempts, last_error,
           worker IS NOT NULL AND failed_at IS NULL AS running
      FROM jobs.job";

const RUNS: &str = "SELECT id, job_id, queue, name, attempt, started_at, ended_at, outcome, said FROM jobs.run";

impl Jobs {
    /// The first jobs in this state, the next one first; of those given up, the newest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, state: JobState, limit: i64) -> Result<Vec<JobView>, PortFailure> {
        let order = match state {
            JobState::Waiting | JobState::Running => "priority, available_at, id",
            JobState::Failed => "failed_at DESC, id",
        };
        let statement = format!("{JOBS} WHERE {} ORDER BY {order} LIMIT $1", state.sql());
        let rows: Vec<JobRow> = pg::read(&self.pool, "list jobs", async |mut conn| {
            sql_query(&statement).bind::<BigInt, _>(limit).load(&mut conn).await
        })
        .await?;
        Ok(rows.into_iter().map(JobRow::into_view).collect())
    }

    /// The jobs that were put in last before the one with this id, the newest first: of all states or one, of all
    /// queues or one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest(
        &self,
        state: Option<JobState>,
        queue: Option<&str>,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<JobView>, PortFailure> {
        let statement = format!(
            "{JOBS} WHERE {} AND ($1 IS NULL OR queue = $1) AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
            state.map_or("true", JobState::sql)
        );
        let rows: Vec<JobRow> = pg::read(&self.pool, "list jobs", async |mut conn| {
            sql_query(&statement)
                .bind::<Nullable<Text>, _>(queue)
                .bind::<Nullable<SqlUuid>, _>(before)
                .bind::<BigInt, _>(limit)
                .load(&mut conn)
                .await
        })
        .await?;
        Ok(rows.into_iter().map(JobRow::into_view).collect())
    }

    /// Is there a job with this id that is not done?
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_there(&self, id: Uuid) -> Result<bool, PortFailure> {
        let rows = pg::read(&self.pool, "look for a job", async |mut conn| {
            sql_query("SELECT FROM jobs.job WHERE id = $1").bind::<SqlUuid, _>(id).execute(&mut conn).await
        })
        .await?;
        Ok(rows > 0)
    }

    /// The newest tries before the one with this id, the newest first: of all jobs or one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn runs(&self, job: Option<Uuid>, before: Option<i64>, limit: i64) -> Result<Vec<RunView>, PortFailure> {
        let rows: Vec<RunRow> = pg::read(&self.pool, "list runs", async |mut conn| {
            sql_query(format!("{RUNS} WHERE id < $1 AND ($2 IS NULL OR job_id = $2) ORDER BY id DESC LIMIT $3"))
                .bind::<BigInt, _>(before.unwrap_or(i64::MAX))
                .bind::<Nullable<SqlUuid>, _>(job)
                .bind::<BigInt, _>(limit)
                .load(&mut conn)
                .await
        })
        .await?;
        Ok(rows.into_iter().map(RunRow::into_view).collect())
    }

    /// The last try of a job, if it was tried.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_run(&self, job: Uuid) -> Result<Option<RunView>, PortFailure> {
        let rows: Vec<RunRow> = pg::read(&self.pool, "read a run", async |mut conn| {
            sql_query(format!("{RUNS} WHERE job_id = $1 ORDER BY id DESC LIMIT 1"))
                .bind::<SqlUuid, _>(job)
                .load(&mut conn)
                .await
        })
        .await?;
        Ok(rows.into_iter().next().map(RunRow::into_view))
    }

    /// How much there is to do, by queue.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queues(&self, now: Timestamp) -> Result<Vec<QueueView>, PortFailure> {
        let rows: Vec<QueueRow> = pg::read(&self.pool, "count jobs", async |mut conn| {
            sql_query(QUEUES).bind::<Timestamptz, _>(now.to_diesel()).load(&mut conn).await
        })
        .await?;
        let view = |row: QueueRow| QueueView {
            name: row.name,
            paused_at: row.paused_at.to_jiff(),
            waiting: row.waiting,
            running: row.running,
            failed: row.failed,
            oldest_due: row.oldest_due.to_jiff(),
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Removes runs that ended more than 30 days ago, and jobs that were given up more than 90 days ago; gives how
    /// many rows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge(&self, now: Timestamp) -> Result<usize, PortFailure> {
        const KEEP_RUNS: SignedDuration = SignedDuration::from_hours(30 * 24);
        const KEEP_FAILED: SignedDuration = SignedDuration::from_hours(90 * 24);
        const BATCH: i64 = 2_000;
        let mut conn = pg::conn(&self.pool).await?;
        let mut gone = 0;
        for (statement, keep) in [
            ("DELETE FROM jobs.run WHERE id IN (SELECT id FROM jobs.run WHERE started_at < $1 LIMIT $2)", KEEP_RUNS),
            ("DELETE FROM jobs.job WHERE id IN (SELECT id FROM jobs.job WHERE failed_at < $1 LIMIT $2)", KEEP_FAILED),
        ] {
            let before = now.checked_sub(keep).unwrap_or(now);
            loop {
                let deleted = sql_query(statement)
                    .bind::<Timestamptz, _>(before.to_diesel())
                    .bind::<BigInt, _>(BATCH)
                    .execute(&mut conn)
                    .await
                    .map_err(|error| pg::failure("forget old runs", error))?;
                gone += deleted;
                if i64::try_from(deleted).unwrap_or(0) < BATCH {
                    break;
                }
            }
        }
        Ok(gone)
    }
}

impl JobRow {
    fn into_view(self) -> JobView {
        let state = match (self.failed_at.to_jiff(), self.running) {
            (Some(_), _) => JobState::Failed,
            (None, true) => JobState::Running,
            (None, false) => JobState::Waiting,
        };
        JobView {
            id: self.id,
            queue: self.queue,
            name: self.name,
            state,
            priority: self.priority,
            created_at: self.created_at.to_jiff(),
            available_at: self.available_at.to_jiff(),
            failed_at: self.failed_at.to_jiff(),
            attempts: self.attempts,
            last_error: self.last_error,
        }
    }
}

impl RunRow {
    fn into_view(self) -> RunView {
        RunView {
            id: self.id,
            job_id: self.job_id,
            queue: self.queue,
            name: self.name,
            attempt: self.attempt,
            started_at: self.started_at.to_jiff(),
            ended_at: self.ended_at.to_jiff(),
            outcome: self.outcome,
            said: self.said,
        }
    }
}
