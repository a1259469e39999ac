//! The slice's adapters: PostgreSQL, the object storage, the spool, HTTP, jobs.

mod copies;
mod erasures;
pub mod http;
mod in_turns;
pub mod inspection;
pub mod jobs;
mod kept;
mod pg_files;
mod pg_upkeep;
mod rows;
mod schema;
mod spool;
mod stored_contents;
mod sweep;

pub use copies::{CopiedFiles, FileCopies};
pub use erasures::Erasures;
pub use in_turns::{InspectedInTurns, ScannedInTurns};
pub use kept::patients_with_files;
pub use pg_files::PgFiles;
pub use spool::{Spool, SpoolFolder};
pub use stored_contents::StoredContents;
pub use sweep::{Sweep, Swept};
