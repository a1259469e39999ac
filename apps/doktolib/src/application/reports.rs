//! Figures and reports.

use std::sync::Arc;

use ::reports::application::{CountDays, ListFigures};
use ::reports::infrastructure::http::ReportsApi;
use ::reports::infrastructure::jobs::AnalyticsTask;
use ::reports::infrastructure::{PgDaily, StoredDailyFiles};
use platform::jobs::{Task, Zones};
use platform::storage::Storage;

use super::Base;
use super::doctors::Doctors;
use crate::neighbours::{AppointmentsForReports, DoctorsForReports};

/// The API of reports, and what makes them.
pub(super) struct Reports {
    pub(super) api: ReportsApi,
    pub(super) tasks: Vec<Arc<dyn Task>>,
}

pub(super) fn reports(base: &Base, doctors: &Doctors, storage: &Storage, zones: Arc<dyn Zones>) -> Reports {
    let (pool, clock) = (&base.pool, &base.clock);
    let store = Arc::new(PgDaily::new(pool.clone()));
    let count = CountDays {
        catalogue: Arc::new(DoctorsForReports { pool: pool.clone(), measure: doctors.measure_offer() }),
        visits: Arc::new(AppointmentsForReports { pool: pool.clone() }),
        store: store.clone(),
        files: Arc::new(StoredDailyFiles { storage: storage.clone() }),
    };
    let tasks: Vec<Arc<dyn Task>> =
        vec![Arc::new(AnalyticsTask { count: Arc::new(count), zones, clock: clock.clone() })];
    let api = ReportsApi { figures: ListFigures { store }, clock: clock.clone() };
    Reports { api, tasks }
}
