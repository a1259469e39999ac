//! First answers, kept under the client's key in the same transaction as the change they answer.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel as _;
use kernel::{KeptAnswer, Once, OnceError, PortFailure};
use sha2::{Digest, Sha256};

use crate::pg::{self, Abort, PgPool};
use crate::schema::idempotency_key;

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
pub async fn look<T: ?Sized>(mut conn: &AsyncPgConnection, once: &Once<T>) -> Result<(), OnceFailure> {
    type Row = (Vec<u8>, i16, Option<String>, Option<String>, Vec<u8>);
    let found: Option<Row> = idempotency_key::table
        .find((&once.scope, &once.key))
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
            Err(OnceError::Replay(KeptAnswer { status, location, etag, body }).into())
        }
    }
}

/// First thing in a transaction: makes this the only request at work under the key.
///
/// # Errors
/// [`OnceError::InProgress`] while another one is, else those of [`look`].
pub async fn begin<T: ?Sized>(conn: &mut AsyncPgConnection, once: &Once<T>) -> Result<(), OnceFailure> {
    // Both are sent at once; the look comes after the lock all the same, and sees what its last holder committed.
    let mut conn = &*conn;
    let lock = diesel::select(pg_try_advisory_xact_lock(lock_number(once))).get_result::<bool>(&mut conn);
    let (alone, answered) = futures_util::join!(lock, look(conn, once));
    if alone? { answered } else { Err(OnceError::InProgress.into()) }
}

/// Last thing in a transaction: keeps the answer.
///
/// # Errors
/// Of the database only; the lock of [`begin`] rules out a rival.
pub async fn keep<T: ?Sized>(
    conn: &mut AsyncPgConnection,
    once: &Once<T>,
    answer: &KeptAnswer,
    at: Timestamp,
) -> Result<(), DieselError> {
    diesel::insert_into(idempotency_key::table)
        .values((
            idempotency_key::scope.eq(&once.scope),
            idempotency_key::key.eq(&once.key),
            idempotency_key::fingerprint.eq(once.fingerprint.as_slice()),
            idempotency_key::status.eq(i16::try_from(answer.status).unwrap_or(500)),
            idempotency_key::location.eq(&answer.location),
            idempotency_key::etag.eq(&answer.etag),
            idempotency_key::body.eq(&answer.body),
            idempotency_key::created_at.eq(at.to_diesel()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets answers older than `before`, at most 10,000 at a time; gives how many.
///
/// # Errors
/// Of the database.
pub async fn purge(conn: &mut AsyncPgConnection, before: Timestamp) -> Result<usize, DieselError> {
    let old = idempotency_key::table
        .filter(idempotency_key::created_at.lt(before.to_diesel()))
        .order(idempotency_key::created_at)
        .select((idempotency_key::scope, idempotency_key::key))
        .limit(10_000)
        .load::<(String, String)>(conn)
        .await?;
    let mut gone = 0;
    for (scope, key) in old {
        gone += diesel::delete(idempotency_key::table.find((scope, key))).execute(conn).await?;
    }
    Ok(gone)
}

fn lock_number<T: ?Sized>(once: &Once<T>) -> i64 {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(once.scope.as_bytes())
        .chain_update([0])
        .chain_update(once.key.as_bytes())
        .finalize()
        .into();
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
}

impl Answers {
    /// Works through `pool`.
    #[must_use]
    pub const fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Was this answered before? Asked before any rule is, since a rule may say no today to what was done yesterday.
    ///
    /// # Errors
    /// Those of [`look`] in the inner result, the database's in the outer.
    pub async fn look<T: ?Sized + Sync>(&self, once: &Once<T>) -> Result<Result<(), OnceError>, PortFailure> {
        pg::read(&self.pool, "look up an idempotency key", async |conn| match look(conn, once).await {
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
            begin(conn, once).await?;
            keep(conn, once, answer, at).await?;
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
