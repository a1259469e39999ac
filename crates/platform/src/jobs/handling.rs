//! What operators do about jobs, each inside their own transaction.

use diesel::result::Error as DieselError;
use diesel::sql_query;
use diesel::sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel as _;
use uuid::Uuid;

/// Lets jobs that were given up be tried again at once, as if never tried, in the caller's transaction: one, or all when
/// none is named. Gives how many.
///
/// # Errors
/// Of the database.
pub async fn retry(conn: &mut AsyncPgConnection, id: Option<Uuid>, now: Timestamp) -> Result<usize, DieselError> {
    // Another one with the same key may wait by now; both are done then.
    sql_query(
        "UPDATE jobs.job SET failed_at = NULL, attempts = 0, available_at = $2, once = NULL
          WHERE failed_at IS NOT NULL AND ($1::uuid IS NULL OR id = $1)",
    )
    .bind::<Nullable<SqlUuid>, _>(id)
    .bind::<Timestamptz, _>(now.to_diesel())
    .execute(conn)
    .await
}

/// Pauses a queue, in the caller's transaction: what is in it waits, what runs goes on. `false` when it is paused
/// already.
///
/// # Errors
/// Of the database.
pub async fn pause(conn: &mut AsyncPgConnection, queue: &str, now: Timestamp) -> Result<bool, DieselError> {
    let paused = sql_query("INSERT INTO jobs.queue (name, paused_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind::<Text, _>(queue)
        .bind::<Timestamptz, _>(now.to_diesel())
        .execute(conn)
        .await?;
    Ok(paused == 1)
}

/// Lets a paused queue go on, in the caller's transaction; `false` when it is not paused.
///
/// # Errors
/// Of the database.
pub async fn resume(conn: &mut AsyncPgConnection, queue: &str) -> Result<bool, DieselError> {
    let resumed = sql_query("DELETE FROM jobs.queue WHERE name = $1").bind::<Text, _>(queue).execute(conn).await?;
    Ok(resumed == 1)
}
