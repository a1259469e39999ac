//! The slice's adapters: PostgreSQL, the object storage, HTTP, jobs.

mod daily_files;
pub mod http;
pub mod jobs;
mod lines;
mod pg_daily;
mod pg_reports;
mod report_files;
mod report_sheet;

pub use daily_files::StoredDailyFiles;
pub use pg_daily::PgDaily;
pub use pg_reports::PgReports;
pub use report_files::StoredReportFiles;
