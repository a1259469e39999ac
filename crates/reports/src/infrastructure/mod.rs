//! The slice's adapters: PostgreSQL, the object storage, HTTP, jobs.

mod daily_files;
pub mod http;
pub mod jobs;
mod lines;
mod pg_daily;

pub use daily_files::StoredDailyFiles;
pub use pg_daily::PgDaily;
