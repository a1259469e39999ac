use std::fmt;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kernel::PortFailure;
use uuid::Uuid;

/// A limit on how often something may be tried.
#[derive(Clone, PartialEq, Eq)]
pub struct Limit {
    /// What is tried.
    pub kind: &'static str,
    /// By whom, at whose expense; stored as a keyed hash.
    pub subject: String,
    /// So often.
    pub most: u32,
    /// Within so long.
    pub window: SignedDuration,
}

impl fmt::Debug for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limit").field("kind", &self.kind).field("most", &self.most).finish_non_exhaustive()
    }
}

/// A try that was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted(
    /// One for each limit, in their order.
    pub Vec<Uuid>,
);

/// Why a try is not let through.
#[derive(Debug, thiserror::Error)]
pub enum TryError {
    /// Too many in too short a time.
    #[error("too many tries")]
    TooMany {
        /// Seconds until it is worth trying again.
        retry_after: u32,
    },
    /// They could not be counted.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Counts tries, for all instances together and before what is tried is looked at, so that parallel ones cannot
/// slip through.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Tries: Send + Sync {
    /// Counts one try against all of these limits, or against none and refuses it.
    async fn count(&self, limits: &[Limit], at: Timestamp) -> Result<Counted, TryError>;

    /// Takes back a try that did not fail.
    async fn take_back(&self, counted: &Counted) -> Result<(), PortFailure>;

    /// Forgets all tries against one limit.
    async fn forget(&self, limit: &Limit) -> Result<(), PortFailure>;
}
