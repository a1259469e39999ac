//! Sealing what earlier versions have written in the clear: the part of a migration that SQL has no keys for.

use appointments::infrastructure::{index_patients, seal_clear_patients, seal_clear_visits};
use platform::crypto::Keyring;
use platform::idempotency;
use platform::pg::{self, PgSettings};

use crate::server::Failure;

/// Is anything left of what was written before it was sealed?
///
/// # Errors
/// Of the database.
pub async fn something_is_clear(settings: &PgSettings) -> Result<bool, Failure> {
    let sql = "SELECT EXISTS (SELECT FROM appointments.clear_patient) \
                   OR EXISTS (SELECT FROM appointments.clear_appointment) \
                   OR EXISTS (SELECT FROM platform.clear_answer)";
    Ok(pg::client(settings).await?.query_one(sql, &[]).await?.get(0))
}

/// Seals all of it, in batches of which each is a transaction: interrupted, it goes on where it was. Gives how many rows
/// there were.
///
/// # Errors
/// Of the database.
pub async fn seal_what_is_clear(settings: &PgSettings, keys: &Keyring) -> Result<usize, Failure> {
    let sealed = if something_is_clear(settings).await? { seal(settings, keys).await? } else { 0 };
    index(settings, keys).await?;
    Ok(sealed)
}

/// Makes search keys of patients that have none: those of versions that knew no search.
async fn index(settings: &PgSettings, keys: &Keyring) -> Result<(), Failure> {
    let sql = "SELECT EXISTS (SELECT FROM appointments.patient WHERE search_keys IS NULL)";
    if !pg::client(settings).await?.query_one(sql, &[]).await?.get::<_, bool>(0) {
        return Ok(());
    }
    let mut one = settings.clone();
    one.max_connections = 1;
    let pool = pg::pool(&one)?;
    while index_patients(&pool, keys).await? > 0 {}
    Ok(())
}

async fn seal(settings: &PgSettings, keys: &Keyring) -> Result<usize, Failure> {
    let mut one = settings.clone();
    one.max_connections = 1;
    let pool = pg::pool(&one)?;
    let mut sealed = 0;
    while something_is_clear(settings).await? {
        loop {
            let patients = seal_clear_patients(&pool, keys).await?;
            let visits = seal_clear_visits(&pool, keys).await?;
            let answers = idempotency::seal_clear(&pool, keys).await?;
            let batch = patients + visits + answers;
            sealed += batch;
            if batch == 0 {
                break;
            }
            tracing::info!(sealed, "sealing what was written in the clear");
        }
    }
    Ok(sealed)
}
