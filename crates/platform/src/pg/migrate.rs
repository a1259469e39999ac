use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::dial::{PoolError, unlimited};
use super::settings::PgSettings;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Any number will do as long as it stays: two versions of the program must not migrate at once.
const LOCK: &str = "SELECT pg_advisory_lock(7263548901)";

/// Why the tables could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] PoolError),
    /// A statement outside of the migrations failed.
    #[error("could not prepare the migration")]
    Prepare(#[from] diesel::result::Error),
    /// A migration failed; it was rolled back, those before it stay.
    #[error("a migration failed: {0}")]
    Failed(Box<dyn std::error::Error + Send + Sync>),
    /// The thread that ran it panicked or was cancelled.
    #[error("the migration was interrupted")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// Brings the tables up to date and returns the versions that were applied, in order.
///
/// Several programs may call it at once: the others wait for the first. Works in every kind of runtime.
///
/// # Errors
/// See [`MigrateError`].
pub async fn migrate(settings: &PgSettings) -> Result<Vec<String>, MigrateError> {
    let mut conn = unlimited(settings).await?;
    // Closing the connection gives the lock back, also when a migration fails.
    conn.batch_execute(LOCK).await?;
    warn_of_foreign_words(&mut conn).await?;
    blocking(conn, |harness| {
        let applied = harness.run_pending_migrations(MIGRATIONS)?;
        Ok(applied.iter().map(ToString::to_string).collect())
    })
    .await
}

/// The names of the migrations that are still to be applied, in order.
///
/// # Errors
/// See [`MigrateError`].
pub async fn pending(settings: &PgSettings) -> Result<Vec<String>, MigrateError> {
    blocking(unlimited(settings).await?, |harness| {
        let pending = harness.pending_migrations(MIGRATIONS)?;
        Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
    })
    .await
}

type Harness = AsyncMigrationHarness<AsyncPgConnection>;

/// Diesel's harness blocks its thread, which a single-threaded runtime could not bear.
async fn blocking<F>(conn: AsyncPgConnection, work: F) -> Result<Vec<String>, MigrateError>
where
    F: FnOnce(&mut Harness) -> diesel::migration::Result<Vec<String>> + Send + 'static,
{
    tokio::task::spawn_blocking(move || work(&mut AsyncMigrationHarness::new(conn)).map_err(MigrateError::Failed))
        .await?
}

/// [`super::failure`] knows some errors by their English text only.
async fn warn_of_foreign_words(conn: &mut AsyncPgConnection) -> Result<(), diesel::result::Error> {
    let language = diesel::select(sql::<Text>("current_setting('lc_messages')")).get_result::<String>(conn).await?;
    let english = language.is_empty() || ["C", "POSIX", "en"].iter().any(|start| language.starts_with(start));
    if !english {
        tracing::warn!(lc_messages = language, "set lc_messages = 'C' on this server, or deadlocks are not retried");
    }
    Ok(())
}

/// Tells one set of migrations from another: 16 hexadecimal digits over all of their text.
#[must_use]
pub const fn migrations_fingerprint() -> &'static str {
    env!("DOKTOLIB_MIGRATIONS_FINGERPRINT")
}
