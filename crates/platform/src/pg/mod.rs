//! PostgreSQL: settings, connections, transactions, migrations, and the private server.

mod dial;
mod embedded;
mod failure;
mod migrate;
mod pool;
mod settings;
mod tls;
mod transaction;

pub use dial::{PoolError, client};
pub use embedded::{PrivateServer, PrivateServerError, PrivateServerOptions};
pub use failure::failure;
pub use migrate::{MigrateError, migrate, migrations_fingerprint, pending};
pub use pool::{PgPool, PoolStatus, PooledConn, conn, pool, read};
pub use settings::{PgSettings, PgSettingsError, SslMode};
pub use transaction::{Abort, Work, lock, lock_number, plan_by_value, plan_once, refuse, transaction};
