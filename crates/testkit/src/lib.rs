//! A real PostgreSQL for every test, and a real mail server for those that send.
//!
//! ```no_run
//! # async fn a_test() {
//! let db = testkit::database().await;
//! let conn = platform::pg::conn(&db.pool).await;
//! # }
//! ```
//!
//! The server is the one `DOKTOLIB_TEST_SERVER` names (`cargo run -p testkit --bin with-postgres` sets
//! it), else one that each test program starts for itself. It gives up durability for speed.

mod database;
mod foreign;
mod redis;
mod s3;
mod server;
mod smtp;
mod virus_scanner;

pub use database::{TestDatabase, database, database_with, empty_database};
pub use foreign::{MailPart, Repetition, Understood, UnderstoodEvent, mail_parts, repeated, understood};
pub use redis::Redis;
pub use s3::ObjectServer;
pub use server::{Throwaway, throwaway};
pub use smtp::{MailPrivacy, MailServer, MailServerOptions, TakenMail};
pub use virus_scanner::VirusScanner;
