//! The slice's adapters: PostgreSQL and HTTP.

pub mod http;
mod pg_feeds;
mod random_secrets;
mod schema;

pub use pg_feeds::PgFeeds;
pub use random_secrets::RandomSecrets;
