//! The slice's adapters: PostgreSQL, jobs, messages of the outbox, HTTP, and posting to receivers.

mod happenings;
pub mod http;
pub mod jobs;
mod pg_deliveries;
mod pg_endpoints;
mod pg_tries;
mod rows;
mod schema;
mod signature;
mod web_receivers;

pub use happenings::Happenings;
pub use pg_deliveries::PgDeliveries;
pub use pg_endpoints::PgEndpoints;
pub use pg_tries::PgTries;
pub use signature::{RandomSecrets, secret_text, signature};
pub use web_receivers::WebReceivers;
