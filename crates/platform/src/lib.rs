//! Tools for adapters. A slice's `infrastructure` and the composition root use them; `domain` and
//! `application` never do.

pub mod crypto;
pub mod http;
pub mod idempotency;
pub mod jobs;
pub mod journal;
pub mod letters;
pub mod limits;
pub mod outbox;
pub mod outgoing;
pub mod pg;
pub mod print;
pub mod records;
pub mod signing;
pub mod spreadsheet;
pub mod storage;
pub mod telemetry;
pub mod texts;

mod schema;
