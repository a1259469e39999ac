//! The slice's adapters: PostgreSQL, HTTP, and fetching calendars from elsewhere.

pub mod http;
mod personal_records;
mod pg_externals;
mod pg_feeds;
mod random_secrets;
mod schema;
mod web_calendars;

pub use personal_records::{CalendarRecords, PgCalendarRecords};
pub use pg_externals::PgExternals;
pub use pg_feeds::PgFeeds;
pub use random_secrets::RandomSecrets;
pub use web_calendars::WebCalendars;
