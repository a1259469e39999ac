use std::collections::BTreeMap;

use jiff::Timestamp;
use kernel::KeptAnswer;
use platform::http::{from_text, refusals};
use platform::jobs::{JobState, JobView, QueueView, RunView, ScheduleView};
use platform::outbox::{Depth, Failed};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoParams, IntoResponses, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::Done;

/// Where a job stands.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobState)]
pub enum StateBody {
    /// For its time, for a hand, or for the next try.
    Waiting,
    /// A worker does it.
    Running,
    /// Its tries are used up; it waits for a person.
    Failed,
}

impl From<StateBody> for JobState {
    fn from(state: StateBody) -> Self {
        match state {
            StateBody::Waiting => Self::Waiting,
            StateBody::Running => Self::Running,
            StateBody::Failed => Self::Failed,
        }
    }
}

impl From<JobState> for StateBody {
    fn from(state: JobState) -> Self {
        match state {
            JobState::Waiting => Self::Waiting,
            JobState::Running => Self::Running,
            JobState::Failed => Self::Failed,
        }
    }
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct JobParams {
    /// In this state alone.
    #[param(inline, nullable = false)]
    pub state: Option<StateBody>,
    /// In this queue alone.
    #[param(nullable = false, min_length = 1, max_length = 64)]
    #[validate(length(min = 1, max = 64, message = "must have 1 to 64 characters"))]
    pub queue: Option<String>,
    /// Entries of a page.
    #[serde(default, deserialize_with = "from_text")]
    #[param(nullable = false, minimum = 1, maximum = 100, default = 20)]
    #[validate(range(min = 1, max = 100, message = "must be from 1 to 100"))]
    pub limit: Option<u32>,
    /// Where the next page begins; from `Link`.
    #[param(nullable = false)]
    pub cursor: Option<String>,
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RunParams {
    /// Of this job alone.
    #[serde(default, deserialize_with = "from_text")]
    #[param(nullable = false, value_type = Option<Uuid>)]
    pub job_id: Option<Uuid>,
    /// Entries of a page.
    #[serde(default, deserialize_with = "from_text")]
    #[param(nullable = false, minimum = 1, maximum = 100, default = 20)]
    #[validate(range(min = 1, max = 100, message = "must be from 1 to 100"))]
    pub limit: Option<u32>,
    /// Where the next page begins; from `Link`.
    #[param(nullable = false)]
    pub cursor: Option<String>,
}

/// When a job of the timetable is done out of turn.
#[derive(Debug, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RunNow)]
pub struct RunBody {
    /// As if it were this instant; now when left out. Only reminders and reports look at it.
    #[schema(example = "2027-03-01T09:00:00-05:00", nullable = false)]
    pub at: Option<Timestamp>,
}

/// A job that is not done. What it was given is not shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobBody {
    /// Its id.
    pub id: Uuid,
    /// Where it waits.
    #[schema(example = "reminders")]
    pub queue: String,
    /// What is to be done.
    #[schema(example = "reminders.send")]
    pub name: String,
    /// Where it stands.
    pub state: StateBody,
    /// The smaller the sooner; 0 is the usual one.
    pub priority: i16,
    /// When it was put in.
    pub created_at: Timestamp,
    /// When it is taken next; while it runs, until when its worker has it.
    pub available_at: Timestamp,
    /// When it was given up.
    pub failed_at: Option<Timestamp>,
    /// Tries so far.
    #[schema(minimum = 0)]
    pub attempts: i32,
    /// Sort of the last failure.
    pub last_error: Option<String>,
}

impl From<JobView> for JobBody {
    fn from(job: JobView) -> Self {
        let JobView { id, queue, name, state, priority, created_at, available_at, failed_at, attempts, last_error } =
            job;
        let state = state.into();
        Self { id, queue, name, state, priority, created_at, available_at, failed_at, attempts, last_error }
    }
}

/// A try of a job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobRun)]
pub struct RunOfJobBody {
    /// Grows with time.
    pub id: i64,
    /// Of the job.
    pub job_id: Uuid,
    /// Where it waited.
    #[schema(example = "reminders")]
    pub queue: String,
    /// What was to be done.
    #[schema(example = "reminders.send")]
    pub name: String,
    /// Which try it was, from 1.
    #[schema(minimum = 1)]
    pub attempt: i32,
    /// From.
    pub started_at: Timestamp,
    /// To; null while it runs.
    pub ended_at: Option<Timestamp>,
    /// `done`, `failed`, `given_up`, `interrupted` or `lost`; null while it runs.
    #[schema(example = "done")]
    pub outcome: Option<String>,
    /// What was done in numbers, or the sort of the failure.
    #[schema(example = "messages 20, visits 23")]
    pub said: Option<String>,
}

impl From<RunView> for RunOfJobBody {
    fn from(run: RunView) -> Self {
        let RunView { id, job_id, queue, name, attempt, started_at, ended_at, outcome, said } = run;
        Self { id, job_id, queue, name, attempt, started_at, ended_at, outcome, said }
    }
}

/// A queue, and how much there is to do in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobQueue)]
pub struct QueueBody {
    /// Its name.
    #[schema(example = "reminders")]
    pub name: String,
    /// Since when nothing is taken from it; null while it is worked on.
    pub paused_at: Option<Timestamp>,
    /// Jobs that wait.
    #[schema(minimum = 0)]
    pub waiting: i64,
    /// Jobs that run.
    #[schema(minimum = 0)]
    pub running: i64,
    /// Jobs that were given up.
    #[schema(minimum = 0)]
    pub failed: i64,
    /// Since when the longest due job waits for a hand.
    pub oldest_due: Option<Timestamp>,
}

impl From<QueueView> for QueueBody {
    fn from(queue: QueueView) -> Self {
        let QueueView { name, paused_at, waiting, running, failed, oldest_due } = queue;
        Self { name, paused_at, waiting, running, failed, oldest_due }
    }
}

/// Something that is done at set times.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobSchedule)]
pub struct ScheduleBody {
    /// Of the job.
    #[schema(example = "no-shows")]
    pub name: String,
    /// On whose wall clock: an IANA zone.
    #[schema(example = "Europe/Paris")]
    pub zone: String,
    /// Five fields as in `crontab(5)`.
    #[schema(example = "0 3 * * *")]
    pub rhythm: String,
    /// When it is due next.
    pub next_at: Timestamp,
    /// When it was due last; null before the first time.
    pub last_at: Option<Timestamp>,
}

impl From<ScheduleView> for ScheduleBody {
    fn from(schedule: ScheduleView) -> Self {
        let ScheduleView { name, zone, rhythm, next_at, last_at } = schedule;
        Self { name, zone, rhythm, next_at, last_at }
    }
}

/// Messages to people and to programs that wait to go out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Outbox)]
pub struct OutboxBody {
    /// Neither out nor given up.
    #[schema(minimum = 0)]
    pub waiting: i64,
    /// When the oldest of them was written.
    pub oldest: Option<Timestamp>,
    /// Given up.
    #[schema(minimum = 0)]
    pub failed: i64,
    /// The newest of those given up, at most 1,000.
    pub given_up: Vec<MessageBody>,
}

impl OutboxBody {
    pub(super) fn new(depth: Depth, failed: Vec<Failed>) -> Self {
        let given_up = failed.into_iter().map(MessageBody::from).collect();
        Self { waiting: depth.waiting, oldest: depth.oldest, failed: depth.failed, given_up }
    }
}

/// A message that was given up. To whom it goes and what it says is not shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GivenUpMessage)]
pub struct MessageBody {
    /// Its id.
    pub id: Uuid,
    /// Its sort.
    #[schema(example = "mail")]
    pub topic: String,
    /// The record it is about.
    pub subject: Uuid,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was given up.
    pub failed_at: Timestamp,
    /// Tries so far.
    #[schema(minimum = 0)]
    pub attempts: i32,
    /// Sort of the last failure.
    #[schema(example = "refused with 550")]
    pub last_error: String,
}

impl From<Failed> for MessageBody {
    fn from(failed: Failed) -> Self {
        let Failed { id, topic, subject, created_at, failed_at, attempts, last_error } = failed;
        Self { id, topic, subject, created_at, failed_at, attempts, last_error }
    }
}

/// How many were changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Changed)]
pub struct ChangedBody {
    /// None when it was so already.
    #[schema(example = 1, minimum = 0)]
    pub changed: usize,
}

/// The job that was put in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StartedJob)]
pub struct StartedBody {
    /// For `GET /jobs/runs?job_id=…`.
    pub job_id: Uuid,
}

/// How a step is answered.
pub(super) fn answer(done: &Done) -> KeptAnswer {
    let (status, location, body) = match done {
        Done::Changed(changed) => (200, None, serde_json::to_vec(&ChangedBody { changed: *changed })),
        Done::Started(job_id) => {
            let location = format!("/api/v1/jobs/runs?job_id={job_id}");
            (202, Some(location), serde_json::to_vec(&StartedBody { job_id: *job_id }))
        }
    };
    KeptAnswer { status, location, etag: None, body: body.unwrap_or_default() }
}

/// What every operation here may refuse with.
pub(super) enum Closed {}

impl IntoResponses for Closed {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[
            ("401", "Nobody is signed in"),
            ("403", "Not an administrator, or `csrf`"),
            ("422", "Bad values, all of them at once"),
        ])
    }
}

/// What operations with a body or a key may refuse with as well.
pub(super) enum Changing {}

impl IntoResponses for Changing {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[
            ("400", "Not JSON"),
            ("409", "`idempotency-in-progress`"),
            ("413", "More than 64 KiB"),
            ("415", "Not `application/json`"),
        ])
    }
}
