//! Connections and transactions on a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use kernel::{FailureKind, PortFailure};
use platform::pg::{self, Abort, PgPool, PrivateServer, PrivateServerOptions};
use tokio::sync::Barrier;

#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("taken")]
    Taken,
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

async fn count(conn: &mut AsyncPgConnection, what: &str) -> Result<i64, diesel::result::Error> {
    diesel_async::RunQueryDsl::get_result(diesel::select(sql::<BigInt>(what)), conn).await
}

async fn setting(pool: &PgPool, name: &str) -> String {
    let mut conn = pg::conn(pool).await.unwrap();
    let query = sql::<Text>(&format!("current_setting('{name}')"));
    diesel_async::RunQueryDsl::get_result(diesel::select(query), &mut conn).await.unwrap()
}

#[tokio::test]
async fn every_connection_has_its_limits() {
    let db = testkit::database().await;
    for (name, value) in [
        ("statement_timeout", "15s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("TimeZone", "UTC"),
    ] {
        assert_eq!(setting(&db.pool, name).await, value, "{name}");
    }
    assert!(setting(&db.pool, "application_name").await.contains("every_connection"));
}

/// A port and its adapter, to see that the futures can be sent between threads.
#[async_trait]
trait Seats: Send + Sync {
    async fn take(&self, seat: i64) -> Result<i64, Refusal>;
}

struct PgSeats {
    pool: PgPool,
}

#[async_trait]
impl Seats for PgSeats {
    async fn take(&self, seat: i64) -> Result<i64, Refusal> {
        pg::transaction(&self.pool, "take a seat", async |conn| {
            conn.batch_execute(&format!("INSERT INTO seat VALUES ({seat})")).await?;
            let taken = count(conn, &format!("(SELECT count(*) FROM seat WHERE id = {seat})")).await?;
            if taken > 1 {
                return pg::refuse(Refusal::Taken);
            }
            Ok(taken)
        })
        .await
    }
}

#[tokio::test]
async fn a_refusal_is_passed_on_and_leaves_nothing_behind() {
    let db = testkit::database().await;
    let mut conn = pg::conn(&db.pool).await.unwrap();
    conn.batch_execute("CREATE TABLE seat (id bigint)").await.unwrap();
    let seats: Arc<dyn Seats> = Arc::new(PgSeats { pool: db.pool.clone() });
    assert_eq!(seats.take(3).await.unwrap(), 1);
    let again = tokio::spawn({
        let seats = Arc::clone(&seats);
        async move { seats.take(3).await }
    });
    assert!(matches!(again.await.unwrap(), Err(Refusal::Taken)));
    assert_eq!(count(&mut conn, "(SELECT count(*) FROM seat)").await.unwrap(), 1);
}

#[tokio::test]
async fn a_defect_is_internal_and_a_late_statement_unavailable() {
    let db = testkit::database().await;
    let mut quick = db.settings.clone();
    quick.statement_timeout = Duration::from_millis(100);
    let pool = pg::pool(&quick).unwrap();
    for (statement, expected) in [
        ("SELECT no_such_column", FailureKind::Internal),
        ("SELECT pg_sleep(5)", FailureKind::Unavailable),
        ("SELECT pg_terminate_backend(pg_backend_pid())", FailureKind::Unavailable),
    ] {
        let failed: Result<(), PortFailure> = pg::transaction(&pool, "try", async |conn| {
            conn.batch_execute(statement).await?;
            Ok(())
        })
        .await;
        assert_eq!(failed.unwrap_err().kind(), expected, "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_deadlock_both_get_through() {
    let db = testkit::database().await;
    let mut conn = pg::conn(&db.pool).await.unwrap();
    let tables = "CREATE TABLE account (id int PRIMARY KEY, sum int); INSERT INTO account VALUES (1, 0), (2, 0); \
                  ALTER DATABASE \"";
    conn.batch_execute(&format!("{tables}{}\" SET deadlock_timeout = '50ms'", db.settings.database())).await.unwrap();
    let pool = pg::pool(&db.settings).unwrap();
    let (met, tries) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let move_money = |from: i32, to: i32| {
        let (pool, met, tries) = (pool.clone(), Arc::clone(&met), Arc::clone(&tries));
        tokio::spawn(async move {
            pg::transaction::<_, Refusal, _>(&pool, "move money", async |conn| {
                conn.batch_execute(&format!("UPDATE account SET sum = sum + 1 WHERE id = {from}")).await?;
                if tries.fetch_add(1, Ordering::SeqCst) < 2 {
                    met.wait().await;
                }
                conn.batch_execute(&format!("UPDATE account SET sum = sum + 1 WHERE id = {to}")).await?;
                Ok(())
            })
            .await
        })
    };
    let (one, other) = (move_money(1, 2), move_money(2, 1));
    one.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    assert_eq!(tries.load(Ordering::SeqCst), 3, "one of them ran twice");
    assert_eq!(count(&mut conn, "(SELECT sum(sum) FROM account)").await.unwrap(), 4);
}

#[tokio::test]
async fn who_always_loses_is_told_after_four_runs() {
    let db = testkit::database().await;
    let runs = AtomicU32::new(0);
    let lost: Result<(), PortFailure> = pg::transaction(&db.pool, "win", async |conn| {
        runs.fetch_add(1, Ordering::SeqCst);
        conn.batch_execute("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$").await?;
        Err(Abort::Refused(PortFailure::new("be", "unreachable")))
    })
    .await;
    assert_eq!(lost.unwrap_err().kind(), FailureKind::Contention);
    assert_eq!(runs.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn an_exhausted_pool_says_so_before_the_request_is_given_up() {
    let db = testkit::database_with(1).await;
    let held = pg::conn(&db.pool).await.unwrap();
    let begun = Instant::now();
    let refused = pg::conn(&db.pool).await.err().unwrap();
    assert_eq!(refused.kind(), FailureKind::Unavailable);
    assert!(begun.elapsed() < platform::http::DEADLINE, "{:?}", begun.elapsed());
    drop(held);
    drop(pg::conn(&db.pool).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_postgresql_costs_no_request_that_comes_after_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let options = PrivateServerOptions { fsync: false, ..PrivateServerOptions::default() };
    let server = PrivateServer::start(folder.path(), options).await.unwrap();
    let pool = pg::pool(server.settings()).unwrap();
    let all = futures_util::future::try_join_all((0..8).map(|_| pg::conn(&pool))).await.unwrap();
    assert_eq!(pool.status().size, 8);
    drop(all);

    server.stop().await;
    let begun = Instant::now();
    assert_eq!(pg::conn(&pool).await.err().unwrap().kind(), FailureKind::Unavailable);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());

    let server = PrivateServer::start(folder.path(), options).await.unwrap();
    for _ in 0..20 {
        let mut conn = pg::conn(&pool).await.unwrap();
        assert_eq!(count(&mut conn, "1::bigint").await.unwrap(), 1);
    }
    server.stop().await;
}
