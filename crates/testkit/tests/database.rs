//! Databases for tests are whole, apart from each other, and gone afterwards.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use platform::pg;

async fn count(settings: &pg::PgSettings, sql: &str) -> i64 {
    pg::client(settings).await.unwrap().query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_database_has_all_migrations_and_nobody_elses_rows() {
    let (one, two) = (testkit::database().await, testkit::database().await);
    assert_eq!(pg::pending(&one.settings).await.unwrap(), Vec::<String>::new());
    let client = pg::client(&one.settings).await.unwrap();
    client.batch_execute("CREATE TABLE only_here ()").await.unwrap();
    let there = "SELECT count(*) FROM pg_class WHERE relname = 'only_here'";
    assert_eq!(count(&one.settings, there).await, 1);
    assert_eq!(count(&two.settings, there).await, 0);
}

#[tokio::test]
async fn many_at_once_are_no_trouble() {
    let all = futures_util::future::join_all((0..8).map(|_| testkit::database_with(2))).await;
    for db in &all {
        drop(pg::conn(&db.pool).await.unwrap());
    }
}

#[tokio::test]
async fn a_dropped_database_is_gone_even_while_somebody_uses_it() {
    let db = testkit::database().await;
    let conn = pg::conn(&db.pool).await.unwrap();
    let server = db.settings.with_database("postgres");
    let name = db.settings.database().to_owned();
    drop(db);
    assert_eq!(count(&server, &format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'")).await, 0);
    drop(conn);
}

#[actix_web::test]
async fn migrations_run_once_and_in_a_single_threaded_runtime() {
    let db = testkit::empty_database().await;
    let before = pg::pending(&db.settings).await.unwrap();
    assert!(before.len() >= 5, "{before:?}");
    let rivals = futures_util::future::join_all((0..4).map(|_| pg::migrate(&db.settings))).await;
    let applied = rivals.into_iter().map(|done| done.unwrap().len()).collect::<Vec<_>>();
    assert_eq!(applied.iter().sum::<usize>(), before.len(), "{applied:?}");
    assert!(pg::pending(&db.settings).await.unwrap().is_empty());
}
