//! The slice's part of the REST API.

mod figures;
mod problems;
mod reports;

use std::sync::Arc;

use kernel::Clock;
use platform::idempotency::Answers;
use platform::storage::Storage;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::application::{ListFigures, ReadReports, RequestReport};

pub use problems::PROBLEMS;

/// What the handlers need.
pub struct ReportsApi {
    /// Lists figures of days.
    pub figures: ListFigures,
    /// Has reports made.
    pub request: RequestReport,
    /// Shows reports.
    pub read: ReadReports,
    /// Where their files are.
    pub storage: Storage,
    /// First answers, kept.
    pub answers: Answers,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Mounts the operations under `/api/v1`; the state is [`ReportsApi`].
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(figures::list_figures)
        .service(reports::request_report)
        .service(reports::list_reports)
        .service(reports::get_report)
        .service(reports::get_report_file);
}
