//! Figures and reports.

use std::sync::Arc;

use ::reports::application::{ClearReports, CountDays, ListFigures, MakeReport, ReadReports, RequestReport};
use ::reports::infrastructure::http::ReportsApi;
use ::reports::infrastructure::jobs::{AnalyticsTask, CleanupTask, PrintReportTask};
use ::reports::infrastructure::{PgDaily, PgReports, StoredDailyFiles, StoredReportFiles};
use platform::idempotency::Answers;
use platform::jobs::{Task, WorkerRules, Zones};
use platform::storage::Storage;

use super::Base;
use super::doctors::Doctors;
use crate::neighbours::{AppointmentsForReports, AuthForReports, DoctorsForReports};

/// The API of reports, and what makes them.
pub(super) struct Reports {
    pub(super) api: ReportsApi,
    pub(super) tasks: Vec<Arc<dyn Task>>,
}

pub(super) fn reports(
    base: &Base,
    doctors: &Doctors,
    storage: &Storage,
    zones: Arc<dyn Zones>,
    rules: WorkerRules,
) -> Reports {
    let Base { pool, journal, keys, clock, public_url, users, .. } = base;
    let figures = Arc::new(PgDaily::new(pool.clone()));
    let catalogue = Arc::new(DoctorsForReports { pool: pool.clone(), measure: doctors.measure_offer() });
    let store = Arc::new(PgReports {
        pool: pool.clone(),
        journal: journal.clone(),
        keys: keys.clone(),
        public_url: public_url.clone(),
    });
    let files = Arc::new(StoredReportFiles { storage: storage.clone(), clock: clock.clone() });
    let count = CountDays {
        catalogue: catalogue.clone(),
        visits: Arc::new(AppointmentsForReports { pool: pool.clone() }),
        store: figures.clone(),
        files: Arc::new(StoredDailyFiles { storage: storage.clone() }),
    };
    let make = MakeReport {
        store: store.clone(),
        figures: figures.clone(),
        files: files.clone(),
        doctors: catalogue.clone(),
        readers: Arc::new(AuthForReports { users: users.clone() }),
        clock: clock.clone(),
    };
    let clear = ClearReports { store: store.clone(), files, clock: clock.clone() };
    let tasks: Vec<Arc<dyn Task>> = vec![
        Arc::new(AnalyticsTask { count: Arc::new(count), zones, clock: clock.clone() }),
        Arc::new(PrintReportTask { make: Arc::new(make), tries: rules.tries }),
        Arc::new(CleanupTask { clear: Arc::new(clear) }),
    ];
    let api = ReportsApi {
        figures: ListFigures { store: figures },
        request: RequestReport { store: store.clone(), doctors: catalogue, clock: clock.clone() },
        read: ReadReports { store },
        storage: storage.clone(),
        answers: Answers::new(pool.clone(), keys.clone()),
        clock: clock.clone(),
    };
    Reports { api, tasks }
}
