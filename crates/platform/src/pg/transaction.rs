use std::time::Duration;

use diesel::result::Error;
use diesel_async::{
    AnsiTransactionManager, AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _, TransactionManager,
};
use kernel::{FailureKind, PortFailure};
use uuid::Uuid;

use super::failure::{failure, kind_of};
use super::pool::{PgPool, conn};

/// Runs after the first, before giving up with [`FailureKind::Contention`].
const MORE_TRIES: u32 = 3;

/// Why a transaction is rolled back: by a refusal `E` of ours, or by the database.
///
/// `?` turns Diesel's errors and [`PortFailure`]s into it; a refusal is spelled [`refuse`].
#[derive(Debug)]
pub enum Abort<E> {
    /// A rule says no; the caller of [`transaction`] gets it as it is.
    Refused(E),
    /// The database failed.
    Database(Error),
    /// Something called inside the transaction failed.
    Failed(PortFailure),
}

impl<E> From<Error> for Abort<E> {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl<E> From<PortFailure> for Abort<E> {
    fn from(failure: PortFailure) -> Self {
        Self::Failed(failure)
    }
}

impl<E> Abort<E> {
    fn kind(&self) -> Option<FailureKind> {
        match self {
            Self::Refused(_) => None,
            Self::Database(error) => Some(kind_of(error)),
            Self::Failed(failure) => Some(failure.kind()),
        }
    }
}

/// Ends a transaction with a refusal: `return pg::refuse(InsertError::SlotTaken)`.
///
/// # Errors
/// Always; that is its purpose.
pub fn refuse<T, E>(refusal: E) -> Result<T, Abort<E>> {
    Err(Abort::Refused(refusal))
}

/// First thing in a transaction that only reads: statements see one snapshot and are planned for their very
/// values, until [`plan_once`] or the end. Otherwise, statements of the pool are planned once for all values.
///
/// # Errors
/// Of the database.
pub async fn plan_by_value(conn: &mut AsyncPgConnection) -> Result<(), Error> {
    let settings = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
                    SET LOCAL plan_cache_mode = force_custom_plan";
    conn.batch_execute(settings).await
}

/// Ends what [`plan_by_value`] began, the snapshot apart.
///
/// # Errors
/// Of the database.
pub async fn plan_once(conn: &mut AsyncPgConnection) -> Result<(), Error> {
    conn.batch_execute("SET LOCAL plan_cache_mode = force_generic_plan").await
}

mod functions {
    use diesel::sql_types::BigInt;

    diesel::define_sql_function! {
        /// Waits for a lock that ends with the transaction.
        fn pg_advisory_xact_lock(key: BigInt) -> diesel::sql_types::Bool;
    }
}

/// Waits until nobody else holds the lock of that number; it is held until the transaction ends.
///
/// # Errors
/// Of the database.
pub async fn lock(conn: &mut AsyncPgConnection, number: i64) -> Result<(), Error> {
    diesel::select(functions::pg_advisory_xact_lock(number)).execute(conn).await?;
    Ok(())
}

/// The number of the [`lock`] of one record.
#[must_use]
pub fn lock_number(record: Uuid) -> i64 {
    let (high, low) = record.as_u64_pair();
    (high ^ low).cast_signed()
}

/// What runs inside a [`transaction`]: `async |conn| { … }`. It may run more than once, so it keeps
/// nothing outside of the database. Never implemented by hand.
pub trait Work<C, R>: AsyncFn(C) -> R + Fn(C) -> <Self as Work<C, R>>::Fut {
    /// The running work.
    type Fut: Future<Output = R>;
}

impl<F, C, Fut, R> Work<C, R> for F
where
    F: AsyncFn(C) -> R + Fn(C) -> Fut,
    Fut: Future<Output = R>,
{
    type Fut = Fut;
}

/// Runs `work` in a READ COMMITTED transaction: commits when it is `Ok`, rolls back otherwise.
///
/// A deadlock or serialisation failure makes it run again, at most three times, after a short random
/// pause. Nothing else is repeated, because a commit whose answer was lost may have happened.
///
/// # Errors
/// The refusal of `work`; else a [`PortFailure`] while `doing`, see [`failure`].
pub async fn transaction<T, E, F>(pool: &PgPool, doing: &'static str, work: F) -> Result<T, E>
where
    for<'r> F: AsyncFn(&'r mut AsyncPgConnection) -> Result<T, Abort<E>>
        + Work<&'r mut AsyncPgConnection, Result<T, Abort<E>>, Fut: Send>
        + Send
        + Sync,
    T: Send,
    E: From<PortFailure> + Send,
{
    let mut tries = 0;
    loop {
        let mut conn = conn(pool).await?;
        let abort = match once(&mut conn, &work).await {
            Ok(value) => return Ok(value),
            Err(abort) => abort,
        };
        drop(conn);
        if abort.kind() == Some(FailureKind::Contention) && tries < MORE_TRIES {
            tries += 1;
            tracing::debug!(doing, tries, "rivals aborted a transaction");
            tokio::time::sleep(pause(tries)).await;
            continue;
        }
        return Err(match abort {
            Abort::Refused(refusal) => refusal,
            Abort::Database(error) => failure(doing, error).into(),
            Abort::Failed(failure) => failure.into(),
        });
    }
}

async fn once<T, E, F>(conn: &mut AsyncPgConnection, work: &F) -> Result<T, Abort<E>>
where
    for<'r> F: AsyncFn(&'r mut AsyncPgConnection) -> Result<T, Abort<E>>
        + Work<&'r mut AsyncPgConnection, Result<T, Abort<E>>, Fut: Send>
        + Send
        + Sync,
    T: Send,
    E: Send,
{
    AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    match work(conn).await {
        Ok(value) => {
            AnsiTransactionManager::commit_transaction(conn).await?;
            Ok(value)
        }
        Err(abort) => {
            // A refusal counts only once the rollback is done; a failure says more than the rollback
            // that failed after it, and the pool throws such a connection away.
            let rolled_back = AnsiTransactionManager::rollback_transaction(conn).await;
            match (abort, rolled_back) {
                (Abort::Refused(_), Err(error)) => Err(error.into()),
                (abort, _) => Err(abort),
            }
        }
    }
}

/// 5–20 ms before the second run, up to four times that before the last.
fn pause(tries: u32) -> Duration {
    let unit = 5 << tries.saturating_sub(1).min(2);
    Duration::from_millis(rand::random_range(unit..=unit * 4))
}
