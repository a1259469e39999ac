use jiff::Timestamp;
use kernel::DomainEvent;
use serde::Serialize;
use uuid::Uuid;

/// What was done by somebody who runs the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OperationsEvent {
    /// Nothing is taken from a queue any more.
    QueuePaused {
        /// Its name.
        queue: String,
    },
    /// It goes on.
    QueueResumed {
        /// Its name.
        queue: String,
    },
    /// A job that was given up is tried again.
    JobRetried {
        /// Of the job.
        job_id: Uuid,
    },
    /// All jobs that were given up are tried again.
    JobsRetried {
        /// How many.
        count: usize,
    },
    /// A job of the timetable was put in at another time.
    JobStarted {
        /// Of the job.
        job_id: Uuid,
        /// Its name.
        job: String,
        /// The instant it is done for, where one was named.
        #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// A message that was given up is tried again.
    MessageRetried {
        /// Of the message.
        message_id: Uuid,
    },
    /// All messages that were given up are tried again.
    MessagesRetried {
        /// How many.
        count: usize,
    },
}

impl DomainEvent for OperationsEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::QueuePaused { .. } => "queue.paused",
            Self::QueueResumed { .. } => "queue.resumed",
            Self::JobRetried { .. } => "job.retried",
            Self::JobsRetried { .. } => "job.all_retried",
            Self::JobStarted { .. } => "job.started",
            Self::MessageRetried { .. } => "message.retried",
            Self::MessagesRetried { .. } => "message.all_retried",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::JobRetried { job_id } | Self::JobStarted { job_id, .. } => *job_id,
            Self::MessageRetried { message_id } => *message_id,
            // A queue has a name alone, and several jobs have no id in common.
            Self::QueuePaused { .. }
            | Self::QueueResumed { .. }
            | Self::JobsRetried { .. }
            | Self::MessagesRetried { .. } => Uuid::nil(),
        }
    }

    fn clinic(&self) -> Option<Uuid> {
        None
    }
}
