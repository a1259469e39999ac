//! PostgreSQL, tokens, HTTP.

pub mod http;
mod pg_codes;
mod pg_users;
mod schema;
mod user_parts;
mod user_rows;

pub use pg_users::{Person, PgUsers};
