use async_trait::async_trait;
use jiff::Timestamp;
use kernel::PortFailure;
use uuid::Uuid;

use crate::domain::{Language, Wording};

/// Something that goes out.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Of the message in the outbox: the same mail always has the same one.
    pub id: Uuid,
    /// When the change it tells of was made.
    pub at: Timestamp,
    /// E-mail address.
    pub to: String,
    /// Name of the template.
    pub template: &'static str,
    /// What it is written in.
    pub language: Language,
    /// What it says.
    pub wording: Wording,
    /// A file for the reader's calendar.
    pub calendar: Option<CalendarFile>,
}

/// A file for the reader's calendar (RFC 5545).
#[derive(Clone, PartialEq, Eq)]
pub struct CalendarFile {
    /// What is to be done with it (RFC 5546), the same word as in the file.
    pub method: String,
    /// The file.
    pub text: String,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).field("template", &self.template).finish_non_exhaustive()
    }
}

/// Why a mail was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// The address or the mail is refused for good. The text names the sort of refusal, nothing personal.
    #[error("{0}")]
    Refused(String),
    /// It may be taken later. Nothing in the failure is personal, its causes included.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Takes mail to where it is read. It may get the same mail again after it was interrupted.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Post: Send + Sync {
    /// Hands the mail over; with `Ok` somebody else is answerable for it.
    async fn deliver(&self, mail: &Mail) -> Result<(), NotSent>;
}
