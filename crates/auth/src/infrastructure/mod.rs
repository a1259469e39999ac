//! PostgreSQL, tokens, HTTP.

pub mod http;
mod schema;
