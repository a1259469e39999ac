//! What operators do, each step with its trace in the trail of the installation.

use diesel_async::AsyncPgConnection;
use jiff::Timestamp;
use kernel::{Actor, Once, OnceError, PortFailure, Recorded};
use platform::crypto::Keyring;
use platform::idempotency;
use platform::jobs::{NewJob, enqueue, pause, resume, retry};
use platform::journal::Journal;
use platform::outbox::requeue;
use platform::pg::{self, Abort, PgPool};
use serde_json::json;
use uuid::Uuid;

use crate::domain::OperationsEvent;

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Take nothing from this queue any more.
    Pause(String),
    /// Go on with it.
    Resume(String),
    /// Try a job that was given up again, or all of them.
    RetryJobs(Option<Uuid>),
    /// Put a job of the timetable in.
    Start {
        /// Where it goes.
        queue: &'static str,
        /// Its name.
        name: &'static str,
        /// As if it were that instant.
        at: Option<Timestamp>,
    },
    /// Try a message that was given up again, or all of them.
    RetryMessages(Option<Uuid>),
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// So many were changed; none when it was so already.
    Changed(usize),
    /// A job with this id was put in.
    Started(Uuid),
}

/// Who wants it, and how.
pub struct Asked {
    /// Who.
    pub actor: Actor,
    /// The request, for the trail.
    pub request_id: Option<String>,
    /// The client's wish to have it done once.
    pub once: Option<Once<Done>>,
}

/// Does steps.
#[derive(Clone)]
pub struct Steps {
    /// Connections.
    pub pool: PgPool,
    /// The audit trail.
    pub journal: Journal,
    /// Seals kept answers.
    pub keys: Keyring,
}

impl Steps {
    /// Tries a job that was given up again, or all of them, for somebody at the installation's own command line; gives
    /// how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retry_jobs(&self, id: Option<Uuid>, now: Timestamp) -> Result<usize, PortFailure> {
        self.by_command(&Step::RetryJobs(id), now).await
    }

    /// The same for messages.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retry_messages(&self, id: Option<Uuid>, now: Timestamp) -> Result<usize, PortFailure> {
        self.by_command(&Step::RetryMessages(id), now).await
    }

    async fn by_command(&self, step: &Step, now: Timestamp) -> Result<usize, PortFailure> {
        let asked = Asked { actor: Actor::System, request_id: None, once: None };
        match self.take(step, asked, now).await? {
            Ok(Done::Changed(count)) => Ok(count),
            Ok(Done::Started(_)) => Ok(1),
            // Without a key nothing was answered before.
            Err(before) => Err(PortFailure::new("handle jobs", before)),
        }
    }

    /// Does one, unless it was done before under the same key. What changes nothing leaves no trace.
    ///
    /// # Errors
    /// The first answer in the inner result; the database's failures in the outer.
    pub async fn take(
        &self,
        step: &Step,
        asked: Asked,
        now: Timestamp,
    ) -> Result<Result<Done, OnceError>, PortFailure> {
        let taken = pg::transaction(&self.pool, "handle jobs", async |conn| {
            if let Some(once) = &asked.once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            let (done, event) = act(conn, step, now).await?;
            if let Some(event) = event {
                let recorded = Recorded::new(event, asked.actor, now).caused_by(asked.request_id.clone());
                self.journal.append(conn, &recorded).await?;
            }
            if let Some(once) = &asked.once {
                idempotency::keep(conn, &self.keys, once, &(once.answer)(&done), now).await?;
            }
            Ok::<_, Abort<Taken>>(done)
        })
        .await;
        match taken {
            Ok(done) => Ok(Ok(done)),
            Err(Taken::Before(before)) => Ok(Err(before)),
            Err(Taken::Failed(failure)) => Err(failure),
        }
    }
}

/// Why a step was not taken.
enum Taken {
    Before(OnceError),
    Failed(PortFailure),
}

impl From<OnceError> for Taken {
    fn from(before: OnceError) -> Self {
        Self::Before(before)
    }
}

impl From<PortFailure> for Taken {
    fn from(failure: PortFailure) -> Self {
        Self::Failed(failure)
    }
}

async fn act(
    conn: &mut AsyncPgConnection,
    step: &Step,
    now: Timestamp,
) -> Result<(Done, Option<OperationsEvent>), Abort<Taken>> {
    let changed = |count: usize, event: OperationsEvent| (Done::Changed(count), (count > 0).then_some(event));
    Ok(match step {
        Step::Pause(queue) => {
            let count = usize::from(pause(conn, queue, now).await?);
            changed(count, OperationsEvent::QueuePaused { queue: queue.clone() })
        }
        Step::Resume(queue) => {
            let count = usize::from(resume(conn, queue).await?);
            changed(count, OperationsEvent::QueueResumed { queue: queue.clone() })
        }
        Step::RetryJobs(id) => {
            let count = retry(conn, *id, now).await?;
            let event =
                id.map_or(OperationsEvent::JobsRetried { count }, |job_id| OperationsEvent::JobRetried { job_id });
            changed(count, event)
        }
        Step::RetryMessages(id) => {
            let count = requeue(conn, *id, now).await?;
            let event = id.map_or(OperationsEvent::MessagesRetried { count }, |message_id| {
                OperationsEvent::MessageRetried { message_id }
            });
            changed(count, event)
        }
        Step::Start { queue, name, at } => {
            let job = NewJob::new(queue, name, &json!({ "at": at }))?;
            match enqueue(conn, &job, now).await? {
                Some(job_id) => {
                    let event = OperationsEvent::JobStarted { job_id, job: (*name).to_owned(), at: *at };
                    (Done::Started(job_id), Some(event))
                }
                None => (Done::Changed(0), None),
            }
        }
    })
}
