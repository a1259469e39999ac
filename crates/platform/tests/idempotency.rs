//! First answers on a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel_async::SimpleAsyncConnection;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use kernel::{KeptAnswer, Once, OnceError, PortFailure};
use platform::crypto::Keyring;
use platform::idempotency::{self, Answers};
use platform::pg::{self, Abort, PgPool};
use secrecy::SecretString;
use testkit::TestDatabase;
use tokio::sync::{Barrier, Notify};

#[derive(Debug, thiserror::Error)]
enum Outcome {
    #[error(transparent)]
    Once(#[from] OnceError),
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

fn once(scope: &str, key: &str, request: u8) -> Once<String> {
    let answer = |made: &String| KeptAnswer {
        status: 201,
        location: Some(format!("/made/{made}")),
        etag: None,
        body: made.clone().into_bytes(),
    };
    Once { scope: scope.into(), key: key.into(), fingerprint: [request; 32], answer: Arc::new(answer) }
}

fn keys() -> Keyring {
    Keyring::derived(&SecretString::from("s".repeat(40)))
}

fn at(hour: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
}

async fn database() -> TestDatabase {
    let db = testkit::database_with(16).await;
    let mut conn = pg::conn(&db.pool).await.unwrap();
    conn.batch_execute("CREATE TABLE made (name text)").await.unwrap();
    drop(conn);
    db
}

/// Makes a thing once, and takes its time.
async fn make(pool: &PgPool, once: &Once<String>, name: &str) -> Result<(), Outcome> {
    let name = name.to_owned();
    pg::transaction(pool, "make", async |conn| {
        idempotency::begin(conn, &keys(), once).await?;
        conn.batch_execute(&format!("INSERT INTO made VALUES ('{name}')")).await?;
        conn.batch_execute("SELECT pg_sleep(0.02)").await?;
        idempotency::keep(conn, &keys(), once, &(once.answer)(&name), at(1)).await?;
        Ok::<_, Abort<Outcome>>(())
    })
    .await
}

async fn count(db: &TestDatabase, what: &str) -> i64 {
    let client = pg::client(&db.settings).await.unwrap();
    client.query_one(&format!("SELECT count(*) FROM {what}"), &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_at_once_with_one_key_one_works_and_the_others_hear_its_answer_or_that_it_runs() {
    let db = database().await;
    let met = Barrier::new(50);
    let once = once("guest:book", "k", 1);
    let names: Vec<String> = (0..50).map(|number| format!("thing-{number}")).collect();
    let outcomes = join_all(names.iter().map(async |name| {
        met.wait().await;
        make(&db.pool, &once, name).await
    }))
    .await;
    let winners: Vec<usize> = (0..50).filter(|number| outcomes[*number].is_ok()).collect();
    let [winner] = winners[..] else { panic!("{winners:?}") };
    let expected = (once.answer)(&names[winner]);
    for outcome in outcomes.iter().filter(|outcome| outcome.is_err()) {
        match outcome {
            Err(Outcome::Once(OnceError::InProgress)) => {}
            Err(Outcome::Once(OnceError::Replay(answer))) => assert_eq!(*answer, expected),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((count(&db, "made").await, count(&db, "platform.idempotency_key").await), (1, 1));
    let look = Answers::new(db.pool.clone(), keys()).look(&once).await.unwrap();
    assert_eq!(look, Err(OnceError::Replay(expected)));
}

#[tokio::test]
async fn a_kept_answer_comes_back_byte_for_byte() {
    let db = database().await;
    let answers = Answers::new(db.pool.clone(), keys());
    for (number, answer) in [
        KeptAnswer { status: 200, location: None, etag: None, body: Vec::new() },
        KeptAnswer { status: 409, location: None, etag: None, body: (0..=255).collect() },
        KeptAnswer {
            status: 201,
            location: Some("/a/ä".into()),
            etag: Some("\"v1\"".into()),
            body: vec![b'x'; 70_000],
        },
    ]
    .into_iter()
    .enumerate()
    {
        let once = once("any", &format!("key-{number}"), 1);
        assert_eq!(answers.look(&once).await.unwrap(), Ok(()));
        assert_eq!(answers.keep(&once, &answer, at(1)).await.unwrap(), Ok(()));
        assert_eq!(answers.look(&once).await.unwrap(), Err(OnceError::Replay(answer.clone())));
        assert_eq!(answers.look(&once).await.unwrap(), Err(OnceError::Replay(answer)));
    }
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_scope() {
    let db = database().await;
    let answers = Answers::new(db.pool.clone(), keys());
    make(&db.pool, &once("one", "k", 1), "a").await.unwrap();
    assert_eq!(answers.look(&once("one", "k", 2)).await.unwrap(), Err(OnceError::Reused));
    let reused = make(&db.pool, &once("one", "k", 2), "b").await;
    assert!(matches!(reused, Err(Outcome::Once(OnceError::Reused))), "{reused:?}");
    assert_eq!(count(&db, "made").await, 1);
    // Neither another caller's key nor one that only looks alike when written side by side.
    make(&db.pool, &once("two", "k", 2), "c").await.unwrap();
    make(&db.pool, &once("on", "ek", 2), "d").await.unwrap();
    assert_eq!(count(&db, "made").await, 3);
}

#[tokio::test]
async fn work_that_fails_keeps_nothing_and_may_be_tried_again() {
    let db = database().await;
    let once = once("one", "k", 1);
    let runs = AtomicU32::new(0);
    let failed: Result<(), Outcome> = pg::transaction(&db.pool, "make", async |conn| {
        runs.fetch_add(1, Ordering::SeqCst);
        idempotency::begin(conn, &keys(), &once).await?;
        idempotency::keep(conn, &keys(), &once, &(once.answer)(&"x".to_owned()), at(1)).await?;
        conn.batch_execute("INSERT INTO nowhere VALUES (1)").await?;
        Ok::<_, Abort<Outcome>>(())
    })
    .await;
    assert!(matches!(failed, Err(Outcome::Failed(_))), "{failed:?}");
    assert_eq!((runs.into_inner(), count(&db, "platform.idempotency_key").await), (1, 0));
    make(&db.pool, &once, "x").await.unwrap();
}

#[tokio::test]
async fn while_one_works_the_other_is_told_at_once_and_nobody_waits() {
    let db = database().await;
    let once = once("one", "k", 1);
    let (at_work, go_on) = (Notify::new(), Notify::new());
    let first = pg::transaction(&db.pool, "make", async |conn| {
        idempotency::begin(conn, &keys(), &once).await?;
        at_work.notify_one();
        go_on.notified().await;
        Ok::<_, Abort<Outcome>>(())
    });
    let second = async {
        at_work.notified().await;
        let refused = make(&db.pool, &once, "b").await;
        // Had it waited, neither of the two would ever end.
        go_on.notify_one();
        refused
    };
    let (first, second) = futures_util::future::join(first, second).await;
    first.unwrap();
    assert!(matches!(second, Err(Outcome::Once(OnceError::InProgress))), "{second:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_is_kept_late_gives_way_to_what_a_rival_has_done_meanwhile() {
    let db = database().await;
    let once = once("one", "k", 1);
    make(&db.pool, &once, "x").await.unwrap();
    let refusal = KeptAnswer { status: 409, location: None, etag: None, body: b"taken".to_vec() };
    let kept = Answers::new(db.pool.clone(), keys()).keep(&once, &refusal, at(2)).await.unwrap();
    assert_eq!(kept, Err(OnceError::Replay((once.answer)(&"x".to_owned()))));
}

#[tokio::test]
async fn only_answers_older_than_asked_for_are_forgotten() {
    let db = database().await;
    let answers = Answers::new(db.pool.clone(), keys());
    let answer = KeptAnswer { status: 200, location: None, etag: None, body: Vec::new() };
    for hour in 1..=5 {
        answers.keep(&once("one", &format!("k{hour}"), 1), &answer, at(hour)).await.unwrap().unwrap();
    }
    let mut conn = pg::conn(&db.pool).await.unwrap();
    assert_eq!(idempotency::purge(&mut conn, at(3)).await.unwrap(), 2);
    assert_eq!(idempotency::purge(&mut conn, at(3)).await.unwrap(), 0);
    assert_eq!(answers.look(&once("one", "k2", 1)).await.unwrap(), Ok(()));
    assert_eq!(answers.look(&once("one", "k3", 1)).await.unwrap(), Err(OnceError::Replay(answer)));
}

#[tokio::test]
async fn a_server_error_cannot_be_kept() {
    let db = database().await;
    let broken = KeptAnswer { status: 503, location: None, etag: None, body: Vec::new() };
    assert!(Answers::new(db.pool.clone(), keys()).keep(&once("one", "k", 1), &broken, at(1)).await.is_err());
    assert_eq!(count(&db, "platform.idempotency_key").await, 0);
}
