use std::collections::HashMap;

use async_trait::async_trait;
use kernel::{PortFailure, UserId};

use crate::domain::Quiet;

/// How somebody wishes to be reminded of visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReminderWish {
    /// By mail?
    pub by_mail: bool,
    /// By text?
    pub by_text: bool,
    /// When not.
    pub quiet: Quiet,
}

impl Default for ReminderWish {
    /// What holds for whom nobody has asked.
    fn default() -> Self {
        Self { by_mail: true, by_text: true, quiet: Quiet::default() }
    }
}

/// How people wish to be reminded; another slice keeps it.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Wishes: Send + Sync {
    /// The wishes of those among these users who have told theirs.
    async fn of(&self, users: &[UserId]) -> Result<HashMap<UserId, ReminderWish>, PortFailure>;
}
