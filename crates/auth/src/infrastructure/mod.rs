//! PostgreSQL, tokens, HTTP.

mod access_token;
mod bcrypt_passwords;
mod doorkeeper;
mod end_sessions;
mod front_desks;
pub mod http;
mod mint;
mod pg_codes;
mod pg_records;
mod pg_sessions;
mod pg_tries;
mod pg_users;
mod purge;
mod schema;
mod secret_proofs;
mod token_keys;
mod user_parts;
mod user_rows;

pub use access_token::AccessTokens;
pub use bcrypt_passwords::{BcryptPasswords, COST};
pub use doorkeeper::SessionDoorkeeper;
pub use end_sessions::end_sessions;
pub use mint::Mint;
pub use pg_records::PgRecords;
pub use pg_sessions::PgSessions;
pub use pg_tries::PgTries;
pub use pg_users::{Person, PgUsers};
pub use purge::{Forgotten, purge};
pub use secret_proofs::{SecretProofs, totp_code};
pub use token_keys::{KeyFault, LEAST_SECRET, TokenKeys};
