use std::sync::Arc;

use kernel::PortFailure;

use super::ports::{DailyQuery, DailyStore};
use crate::domain::DailyRow;

/// Lists figures of days.
pub struct ListFigures {
    /// Where they are kept.
    pub store: Arc<dyn DailyStore>,
}

impl ListFigures {
    /// A page of rows within the reach that the query names, and whether there are more behind it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run(&self, query: DailyQuery) -> Result<(Vec<DailyRow>, bool), PortFailure> {
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let asked = DailyQuery { limit: query.limit.saturating_add(1), ..query };
        let mut rows = self.store.find(&asked).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        Ok((rows, more))
    }
}
