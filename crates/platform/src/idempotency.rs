//! First answers, kept under the client's key in the same transaction as the change they answer; sealed, because
//! they name people.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel as _;
use kernel::{KeptAnswer, Once, OnceError, PortFailure};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::crypto::Keyring;
use crate::pg::{self, Abort, PgPool};
use crate::schema::{clear_answer, idempotency_key};

diesel::define_sql_function! {
    /// Takes a lock that ends with the transaction, if nobody else has it.
    fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;
}

/// A refusal, or the database's word.
#[derive(Debug, thiserror::Error)]
pub enum OnceFailure {
    /// See [`OnceError`].
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The statement failed.
    #[error(transparent)]
    Database(#[from] DieselError),
}

/// Looks whether the request was answered before. Costs one indexed read.
///
/// # Errors
/// [`OnceError::Replay`] with the first answer, [`OnceError::Reused`] for another request.
pub async fn look<T: ?Sized>(mut conn: &AsyncPgConnection, keys: &Keyring, once: &Once<T>) -> Result<(), OnceFailure> {
    type Row = (Vec<u8>, i16, Option<String>, Option<String>, Vec<u8>);
    let id = row_of(&once.scope, &once.key);
    let found: Option<Row> = idempotency_key::table
        .find(id)
        .select((
            idempotency_key::fingerprint,
            idempotency_key::status,
            idempotency_key::location,
            idempotency_key::etag,
            idempotency_key::body,
        ))
        .first(&mut conn)
        .await
        .optional()?;
    match found {
        None => Ok(()),
        Some((fingerprint, ..)) if fingerprint != once.fingerprint => Err(OnceError::Reused.into()),
        Some((_, status, location, etag, body)) => {
            let status = u16::try_from(status).unwrap_or(500);
            let body = keys.open(PLACE, id, &body).map_err(|error| DieselError::DeserializationError(error.into()))?;
            Err(OnceError::Replay(KeptAnswer { status, location, etag, body }).into())
        }
    }
}

/// First thing in a transaction: makes this the only request at work under the key.
///
/// # Errors
/// [`OnceError::InProgress`] while another one is, else those of [`look`].
pub async fn begin<T: ?Sized>(conn: &mut AsyncPgConnection, keys: &Keyring, once: &Once<T>) -> Result<(), OnceFailure> {
    // Both are sent at once; the look comes after the lock all the same, and sees what its last holder committed.
    let mut conn = &*conn;
    let lock = diesel::select(pg_try_advisory_xact_lock(lock_number(once))).get_result::<bool>(&mut conn);
    let (alone, answered) = futures_util::join!(lock, look(conn, keys, once));
    if alone? { answered } else { Err(OnceError::InProgress.into()) }
}

/// Last thing in a transaction: keeps the answer.
///
/// # Errors
/// Of the database only; the lock of [`begin`] rules out a rival.
pub async fn keep<T: ?Sized>(
    conn: &mut AsyncPgConnection,
    keys: &Keyring,
    once: &Once<T>,
    answer: &KeptAnswer,
    at: Timestamp,
) -> Result<(), DieselError> {
    let id = row_of(&once.scope, &once.key);
    diesel::insert_into(idempotency_key::table)
        .values((
            idempotency_key::id.eq(id),
            idempotency_key::scope.eq(&once.scope),
            idempotency_key::key.eq(&once.key),
            idempotency_key::fingerprint.eq(once.fingerprint.as_slice()),
            idempotency_key::status.eq(i16::try_from(answer.status).unwrap_or(500)),
            idempotency_key::location.eq(&answer.location),
            idempotency_key::etag.eq(&answer.etag),
            idempotency_key::body.eq(keys.seal(PLACE, id, &answer.body)),
            idempotency_key::created_at.eq(at.to_diesel()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Where kept answers are sealed.
const PLACE: &str = "platform.idempotency_key.body";

/// The id of the row of a key: the first half of SHA-256 over both names.
fn row_of(scope: &str, key: &str) -> Uuid {
    let digest = digest(scope, key);
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(half)
}

/// Seals at most 1,000 answers that an earlier version has kept in the clear; gives how many there were.
///
/// # Errors
/// Of the database.
pub async fn seal_clear(pool: &PgPool, keys: &Keyring) -> Result<usize, PortFailure> {
    pg::transaction(pool, "seal kept answers", async |conn| {
        let clear: Vec<(String, String, Vec<u8>)> = clear_answer::table
            .select((clear_answer::scope, clear_answer::key, clear_answer::body))
            .limit(1000)
            .for_update()
            .skip_locked()
            .load(conn)
            .await?;
        for (scope, key, body) in &clear {
            let id = row_of(scope, key);
            diesel::sql_query(
                "INSERT INTO platform.idempotency_key
                     (id, scope, key, fingerprint, status, location, etag, body, created_at)
                 SELECT $1, scope, key, fingerprint, status, location, etag, $2, created_at FROM platform.clear_answer
                  WHERE scope = $3 AND key = $4",
            )
            .bind::<diesel::sql_types::Uuid, _>(id)
            .bind::<diesel::sql_types::Binary, _>(keys.seal(PLACE, id, body))
            .bind::<diesel::sql_types::Text, _>(scope)
            .bind::<diesel::sql_types::Text, _>(key)
            .execute(conn)
            .await?;
            diesel::delete(clear_answer::table.find((scope, key))).execute(conn).await?;
        }
        if clear.is_empty() {
            // Deleted rows stay in the table's file until this.
            diesel::sql_query("TRUNCATE platform.clear_answer").execute(conn).await?;
        }
        Ok::<_, Abort<PortFailure>>(clear.len())
    })
    .await
}

/// Forgets answers older than `before`, at most 10,000 at a time; gives how many.
///
/// # Errors
/// Of the database.
pub async fn purge(conn: &mut AsyncPgConnection, before: Timestamp) -> Result<usize, DieselError> {
    let old = idempotency_key::table
        .filter(idempotency_key::created_at.lt(before.to_diesel()))
        .order(idempotency_key::created_at)
        .select(idempotency_key::id)
        .limit(10_000)
        .load::<Uuid>(conn)
        .await?;
    diesel::delete(idempotency_key::table.filter(idempotency_key::id.eq_any(old))).execute(conn).await
}

fn digest(scope: &str, key: &str) -> [u8; 32] {
    Sha256::new().chain_update(scope.as_bytes()).chain_update([0]).chain_update(key.as_bytes()).finalize().into()
}

fn lock_number<T: ?Sized>(once: &Once<T>) -> i64 {
    let digest = digest(&once.scope, &once.key);
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}

impl<E: From<OnceError>> From<OnceFailure> for Abort<E> {
    fn from(failure: OnceFailure) -> Self {
        match failure {
            OnceFailure::Once(error) => Self::Refused(error.into()),
            OnceFailure::Database(error) => Self::Database(error),
        }
    }
}

/// Answers kept outside of any change: refusals, and early looks.
#[derive(Clone)]
pub struct Answers {
    pool: PgPool,
    keys: Keyring,
}

impl Answers {
    /// Works through `pool`, seals with `keys`.
    #[must_use]
    pub const fn new(pool: PgPool, keys: Keyring) -> Self {
        Self { pool, keys }
    }

    /// Was this answered before? Asked before any rule is, since a rule may say no today to what was done yesterday.
    ///
    /// # Errors
    /// Those of [`look`] in the inner result, the database's in the outer.
    pub async fn look<T: ?Sized + Sync>(&self, once: &Once<T>) -> Result<Result<(), OnceError>, PortFailure> {
        pg::read(&self.pool, "look up an idempotency key", async |conn| match look(conn, &self.keys, once).await {
            Ok(()) => Ok(Ok(())),
            Err(OnceFailure::Once(error)) => Ok(Err(error)),
            Err(OnceFailure::Database(error)) => Err(error),
        })
        .await
    }

    /// Keeps the answer to a request that has changed nothing, so that a retry hears the same.
    ///
    /// # Errors
    /// When a rival with the same key was answered meanwhile, that answer in the inner result.
    pub async fn keep<T: ?Sized + Sync>(
        &self,
        once: &Once<T>,
        answer: &KeptAnswer,
        at: Timestamp,
    ) -> Result<Result<(), OnceError>, PortFailure> {
        enum Stop {
            Once(OnceError),
            Failed(PortFailure),
        }
        impl From<OnceError> for Stop {
            fn from(error: OnceError) -> Self {
                Self::Once(error)
            }
        }
        impl From<PortFailure> for Stop {
            fn from(failure: PortFailure) -> Self {
                Self::Failed(failure)
            }
        }
        let kept = pg::transaction(&self.pool, "keep an answer", async |conn| {
            begin(conn, &self.keys, once).await?;
            keep(conn, &self.keys, once, answer, at).await?;
            Ok::<_, Abort<Stop>>(())
        })
        .await;
        match kept {
            Ok(()) => Ok(Ok(())),
            Err(Stop::Once(error)) => Ok(Err(error)),
            Err(Stop::Failed(failure)) => Err(failure),
        }
    }
}
