//! Records whose time is over.

use std::sync::Arc;

use ::appointments::application::{Papers, PurgeRecords};
use ::appointments::domain::Retention;
use ::appointments::infrastructure::PgRetention;

use super::Base;

/// Purges visits and patients of whom nothing is kept among those papers either.
pub(super) fn purging(base: &Base, retention: Retention, papers: Vec<Arc<dyn Papers>>) -> Arc<PurgeRecords> {
    let records = Arc::new(PgRetention::new(base.pool.clone(), base.journal.clone(), base.clock.clone()));
    Arc::new(PurgeRecords { records, papers, retention })
}
