//! Each HTTP worker's own share of the connections.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use diesel::dsl::sql;
use diesel::sql_types::Integer;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use platform::pg::{self, PgPool};
use tokio::runtime::Builder;

async fn ask(mut conn: &AsyncPgConnection, what: &str) -> Result<i32, diesel::result::Error> {
    diesel::select(sql::<Integer>(what)).get_result(&mut conn).await
}

async fn read(pool: &PgPool, what: &str) -> i32 {
    pg::read(pool, "ask", async |conn| ask(conn, what).await).await.unwrap()
}

async fn borrowed(pool: &PgPool) -> i32 {
    ask(&pg::conn(pool).await.unwrap(), "pg_backend_pid()").await.unwrap()
}

fn shared_by_two_workers(db: &testkit::TestDatabase) -> PgPool {
    let mut settings = db.settings.clone();
    (settings.max_connections, settings.workers) = (8, 2);
    pg::pool(&settings).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_worker_keeps_to_its_own_connections_and_all_together_to_the_limit() {
    let db = testkit::database().await;
    let pool = shared_by_two_workers(&db);
    let work = |pool: PgPool| {
        std::thread::spawn(move || {
            Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let all: Vec<i32> = futures_util::future::join_all((0..20).map(|_| borrowed(&pool))).await;
                let readers = futures_util::future::join_all((0..20).map(|_| read(&pool, "pg_backend_pid()"))).await;
                (all, readers)
            })
        })
    };
    let workers = [work(pool.clone()), work(pool.clone())];
    let main = borrowed(&pool).await;
    let seen = workers.map(|worker| worker.join().unwrap());

    for (_, readers) in &seen {
        assert!(readers.iter().all(|pid| *pid == readers[0]), "reads share a connection: {readers:?}");
    }
    let mut each: Vec<Vec<i32>> = seen.map(|(all, readers)| [all, readers].concat()).into();
    each.push(vec![main]);
    for pids in &mut each {
        pids.sort_unstable();
        pids.dedup();
    }
    let mut together = each.concat();
    assert!(together.len() <= 8, "{each:?}");
    together.sort_unstable();
    together.dedup();
    assert_eq!(together.len(), each.iter().map(Vec::len).sum::<usize>(), "nobody uses another's: {each:?}");
    assert_eq!(pool.status().max_size, 6, "the two readers apart");
}

#[tokio::test]
async fn each_of_many_reads_at_once_gets_its_own_answer() {
    let db = testkit::database().await;
    let pool = shared_by_two_workers(&db);
    let asked = (0..200).map(|number| {
        let pool = &pool;
        async move { (number, read(pool, &format!("{number}")).await) }
    });
    for (asked, answered) in futures_util::future::join_all(asked).await {
        assert_eq!(asked, answered);
    }
}

#[tokio::test]
async fn reads_go_on_when_their_connection_is_cut() {
    let db = testkit::database().await;
    let pool = shared_by_two_workers(&db);
    let before = read(&pool, "pg_backend_pid()").await;
    // Once while it is idle, once under a running statement.
    assert_eq!(read(&db.pool, &format!("pg_terminate_backend({before})::int")).await, 1);
    let between = read(&pool, "pg_backend_pid()").await;
    assert_ne!(before, between);
    let (slow, _) = tokio::join!(read(&pool, "(SELECT 7 FROM pg_sleep(0.3))"), async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        read(&db.pool, &format!("pg_terminate_backend({between})::int")).await
    });
    assert_eq!(slow, 7);
}

#[tokio::test]
async fn a_statement_that_fails_leaves_the_others_alone() {
    let db = testkit::database().await;
    let pool = shared_by_two_workers(&db);
    let (bad, good) = tokio::join!(
        pg::read(&pool, "ask", async |conn| ask(conn, "no_such_column").await),
        read(&pool, "pg_backend_pid()")
    );
    assert!(bad.is_err());
    assert_eq!(read(&pool, "pg_backend_pid()").await, good);
}
