//! The outbox on a real database.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kernel::{Clock, PortFailure, StoppedClock};
use platform::crypto::Keyring;
use platform::letters::{self, Letter};
use platform::outbox::{Courier, LEASE, Message, Outbox, Subscriber, TRIES, Undelivered};
use platform::pg;
use secrecy::SecretString;
use testkit::TestDatabase;
use tokio::sync::watch;
use uuid::Uuid;

const NOW: &str = "2027-03-01T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// Notes what it gets, and does as it is told.
#[derive(Default)]
struct Ears {
    heard: Mutex<Vec<(Uuid, u32)>>,
    answer: Mutex<Option<Undelivered>>,
    takes: Duration,
    panics: bool,
    /// Only every other message concerns it.
    picks: bool,
}

impl Ears {
    fn heard(&self) -> Vec<(Uuid, u32)> {
        self.heard.lock().unwrap().clone()
    }

    fn answer(&self, answer: Option<Undelivered>) {
        *self.answer.lock().unwrap() = answer;
    }
}

#[async_trait]
impl Subscriber for Ears {
    fn topics(&self) -> &'static [&'static str] {
        &["mail"]
    }

    async fn concerned(&self, messages: &[&Message]) -> Result<HashSet<Uuid>, PortFailure> {
        if self.answer.lock().unwrap().is_some() {
            return Err(PortFailure::new("ask", "away"));
        }
        let step = if self.picks { 2 } else { 1 };
        Ok(messages.iter().step_by(step).map(|message| message.id).collect())
    }

    async fn take(&self, message: &Message) -> Result<(), Undelivered> {
        self.heard.lock().unwrap().push((message.id, message.attempt));
        assert!(!self.panics, "a defect");
        tokio::time::sleep(self.takes).await;
        self.answer.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

struct House {
    db: TestDatabase,
    outbox: Outbox,
    clock: Arc<StoppedClock>,
    going: watch::Receiver<bool>,
    _stop: watch::Sender<bool>,
}

impl House {
    async fn new() -> Self {
        let db = testkit::database_with(8).await;
        let (stop, going) = watch::channel(false);
        let outbox = Outbox::new(db.pool.clone());
        Self { db, outbox, clock: Arc::new(StoppedClock::at(now())), going, _stop: stop }
    }

    fn courier(&self, ears: &Arc<Ears>) -> Courier {
        Courier::new(self.outbox.clone(), vec![ears.clone()], self.clock.clone())
    }

    /// So many messages, written now.
    async fn write(&self, topic: &str, count: i32) -> Vec<Uuid> {
        let sql = "INSERT INTO journal.outbox (id, topic, subject, payload, sealed, created_at, available_at)
             SELECT gen_random_uuid(), $1, gen_random_uuid(), '{}', 'secret'::bytea, $2::text::timestamptz, $2::text::timestamptz
             FROM generate_series(1, $3) RETURNING id::text";
        let client = pg::client(&self.db.settings).await.unwrap();
        let rows = client.query(sql, &[&topic, &self.clock.now().to_string(), &count]).await.unwrap();
        rows.iter().map(|row| row.get::<_, String>(0).parse().unwrap()).collect()
    }

    /// Lets messages that were given up be tried again; gives how many that were.
    async fn requeue(&self, id: Option<Uuid>) -> usize {
        let mut conn = pg::conn(&self.db.pool).await.unwrap();
        platform::outbox::requeue(&mut conn, id, self.clock.now()).await.unwrap()
    }

    async fn number(&self, of: &str) -> i64 {
        let client = pg::client(&self.db.settings).await.unwrap();
        client.query_one(&format!("SELECT count(*) FROM journal.outbox WHERE {of}"), &[]).await.unwrap().get(0)
    }

    /// Rounds until one finds nothing.
    async fn work(&self, courier: &Courier) {
        while courier.round(&self.going).await.unwrap() > 0 {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_workers_racing_over_300_messages_handle_each_once() {
    let house = House::new().await;
    let written = house.write("mail", 300).await;
    let ears: Vec<Arc<Ears>> = (0..4).map(|_| Arc::new(Ears::default())).collect();
    let workers = ears.iter().map(|ears| {
        let (courier, going) = (house.courier(ears), house.going.clone());
        tokio::spawn(async move { while courier.round(&going).await.unwrap() > 0 {} })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    let mut times: HashMap<Uuid, u32> = HashMap::new();
    let mut shares = Vec::new();
    for ears in &ears {
        shares.push(ears.heard().len());
        for (id, attempt) in ears.heard() {
            assert_eq!(attempt, 1);
            *times.entry(id).or_default() += 1;
        }
    }
    assert!(shares.iter().filter(|share| **share > 0).count() > 1, "it was a race: {shares:?}");
    assert!(written.iter().all(|id| times.get(id) == Some(&1)), "{times:?}");
    assert_eq!(house.number("done_at IS NOT NULL AND sealed IS NULL AND attempts = 1").await, 300);
}

#[tokio::test]
async fn what_a_dead_worker_held_is_taken_over_when_its_lease_is_over_and_not_before() {
    let house = House::new().await;
    let written = house.write("mail", 3).await;
    let died = house.outbox.claim(&["mail"], 10, house.clock.now()).await.unwrap();
    assert_eq!(died.len(), 3);
    let ears = Arc::new(Ears::default());
    let courier = house.courier(&ears);
    house.clock.advance(LEASE - SignedDuration::from_secs(1));
    house.work(&courier).await;
    assert_eq!(ears.heard(), []);
    house.clock.advance(SignedDuration::from_secs(1));
    house.work(&courier).await;
    let heard: HashMap<Uuid, u32> = ears.heard().into_iter().collect();
    assert!(written.iter().all(|id| heard[id] == 2), "the second try of each: {heard:?}");

    // The first one was not dead after all, and fails late: it has no say any more.
    for message in &died {
        house.outbox.put_off(message, "late", house.clock.now()).await.unwrap();
        house.outbox.give_up(message, "late", house.clock.now()).await.unwrap();
        house.outbox.release(std::slice::from_ref(message), house.clock.now()).await.unwrap();
    }
    assert_eq!(house.number("done_at IS NOT NULL AND failed_at IS NULL AND last_error IS NULL").await, 3);
    house.work(&courier).await;
    assert_eq!(ears.heard().len(), 3);
}

#[tokio::test]
async fn a_worker_with_an_old_claim_changes_nothing_while_another_one_holds_the_message() {
    let house = House::new().await;
    house.write("mail", 1).await;
    let old = house.outbox.claim(&["mail"], 1, house.clock.now()).await.unwrap().remove(0);
    house.clock.advance(LEASE);
    let new = house.outbox.claim(&["mail"], 1, house.clock.now()).await.unwrap().remove(0);
    assert_eq!((old.id, old.attempt, new.attempt), (new.id, 1, 2));
    house.outbox.put_off(&old, "late", house.clock.now()).await.unwrap();
    house.outbox.give_up(&old, "late", house.clock.now()).await.unwrap();
    house.outbox.release(&[old], house.clock.now()).await.unwrap();
    assert_eq!(house.outbox.claim(&["mail"], 1, house.clock.now()).await.unwrap().len(), 0);
    house.outbox.release(&[new], house.clock.now()).await.unwrap();
    let again = house.outbox.claim(&["mail"], 1, house.clock.now()).await.unwrap();
    assert_eq!(again[0].attempt, 2, "what was given back untried was no try");
}

#[tokio::test]
async fn a_letter_of_a_change_that_rolls_back_does_not_exist() {
    let house = House::new().await;
    let keys = Keyring::derived(&SecretString::from("s".repeat(40)));
    let post = async |fails: bool| {
        let keys = &keys;
        pg::transaction::<_, PortFailure, _>(&house.db.pool, "test", async |conn| {
            let letter = Letter::new("no-account", "ada@example.org", "en");
            letters::post(conn, keys, &letter, Uuid::now_v7(), now()).await?;
            if fails { Err(diesel::result::Error::RollbackTransaction.into()) } else { Ok(()) }
        })
        .await
    };
    post(true).await.unwrap_err();
    let ears = Arc::new(Ears::default());
    house.work(&house.courier(&ears)).await;
    assert_eq!((ears.heard().len(), house.number("true").await), (0, 0));
    post(false).await.unwrap();
    house.work(&house.courier(&ears)).await;
    assert_eq!((ears.heard().len(), house.number("done_at IS NOT NULL").await), (1, 1));
}

#[tokio::test]
async fn a_failure_is_tried_again_later_and_later_then_waits_for_a_person_who_can_let_it_go_on() {
    let house = House::new().await;
    let id = house.write("mail", 1).await[0];
    let ears = Arc::new(Ears::default());
    let courier = house.courier(&ears);
    ears.answer(Some(Undelivered::Later("server away".into())));
    let mut pauses = Vec::new();
    for attempt in 1..=TRIES {
        let begun = house.clock.now();
        while ears.heard().len() < usize::try_from(attempt).unwrap() {
            // Less than a tenth of the pause.
            house.clock.advance(SignedDuration::from_millis(31 << attempt.min(9)));
            courier.round(&house.going).await.unwrap();
            assert!(
                house.clock.now().duration_since(begun) < SignedDuration::from_mins(16),
                "try {attempt} never comes"
            );
        }
        pauses.push(house.clock.now().duration_since(begun).as_secs_f64());
        assert_eq!(house.number("last_error = 'server away'").await, 1);
    }
    for (at, expected) in [(1, 2.0), (2, 4.0), (3, 8.0), (9, 512.0), (10, 900.0)] {
        let pause: f64 = pauses[at];
        assert!(pause >= expected * 0.7 && pause <= (expected * 1.35).min(920.0), "pause {at}: {pauses:?}");
    }
    let failed = house.outbox.failed().await.unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].id, failed[0].attempts, failed[0].last_error.as_str()), (id, 12, "server away"));
    house.clock.advance(SignedDuration::from_hours(1));
    house.work(&courier).await;
    assert_eq!(ears.heard().len(), 12);
    assert_eq!(house.number("sealed IS NOT NULL").await, 1, "it is not lost");

    ears.answer(None);
    assert_eq!(house.requeue(Some(Uuid::now_v7())).await, 0);
    assert_eq!(house.requeue(Some(id)).await, 1);
    house.work(&courier).await;
    assert_eq!(ears.heard().last(), Some(&(id, 1)));
    assert_eq!(house.number("done_at IS NOT NULL AND failed_at IS NULL AND sealed IS NULL").await, 1);
    assert_eq!(house.requeue(None).await, 0, "what is done stays done");
}

#[tokio::test]
async fn what_never_works_is_given_up_after_the_first_try_and_a_panic_is_a_failure_like_others() {
    let house = House::new().await;
    house.write("mail", 2).await;
    let ears = Arc::new(Ears::default());
    ears.answer(Some(Undelivered::Never("unknown template".into())));
    house.work(&house.courier(&ears)).await;
    assert_eq!(house.number("failed_at IS NOT NULL AND attempts = 1 AND last_error = 'unknown template'").await, 2);
    assert_eq!(house.requeue(None).await, 2);

    let broken = Arc::new(Ears { panics: true, ..Ears::default() });
    house.work(&house.courier(&broken)).await;
    assert_eq!(house.number("failed_at IS NULL AND done_at IS NULL AND last_error = 'a defect'").await, 2);
}

#[tokio::test]
async fn messages_nobody_waits_for_are_done_in_one_step_and_others_are_left_alone() {
    let house = House::new().await;
    house.write("appointment.booked", 500).await;
    house.write("mail", 1).await;
    assert_eq!(house.outbox.skip_unheard(&["mail"], house.clock.now()).await.unwrap(), 500);
    assert_eq!(house.number("done_at IS NULL").await, 1);
    let depth = house.outbox.depth().await.unwrap();
    assert_eq!((depth.waiting, depth.oldest, depth.failed), (1, Some(now()), 0));
}

#[tokio::test]
async fn what_concerns_no_subscriber_is_done_without_it_and_one_that_cannot_tell_gets_everything() {
    let house = House::new().await;
    let ears = Arc::new(Ears { picks: true, ..Ears::default() });
    let courier = house.courier(&ears);
    house.write("mail", 8).await;
    house.work(&courier).await;
    assert_eq!(ears.heard().len(), 4);
    assert_eq!(house.number("done_at IS NULL OR sealed IS NOT NULL").await, 0);

    ears.answer(Some(Undelivered::Later("away".into())));
    house.write("mail", 8).await;
    assert_eq!(courier.round(&house.going).await.unwrap(), 8);
    assert_eq!(ears.heard().len(), 12, "all eight were handed out");
    assert_eq!(house.number("done_at IS NULL").await, 8);
}

#[tokio::test]
async fn what_is_done_for_a_week_goes_and_what_waits_stays_however_old() {
    let house = House::new().await;
    house.write("appointment.booked", 4500).await;
    for _ in 0..3 {
        house.outbox.skip_unheard(&[], house.clock.now()).await.unwrap();
    }
    house.write("mail", 2).await;
    let one = house.outbox.claim(&["mail"], 1, house.clock.now()).await.unwrap();
    house.outbox.give_up(&one[0], "refused", house.clock.now()).await.unwrap();
    house.clock.advance(SignedDuration::from_hours(7 * 24));
    assert_eq!(house.outbox.purge(house.clock.now()).await.unwrap(), 0);
    house.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(house.outbox.purge(house.clock.now()).await.unwrap(), 4500);
    house.clock.advance(SignedDuration::from_hours(90 * 24));
    assert_eq!(house.outbox.purge(house.clock.now()).await.unwrap(), 1);
    assert_eq!(house.number("done_at IS NULL AND failed_at IS NULL").await, 1);
}

#[tokio::test]
async fn a_worker_told_to_stop_ends_its_message_and_gives_the_others_back() {
    let house = House::new().await;
    house.write("mail", 5).await;
    let ears = Arc::new(Ears { takes: Duration::from_millis(300), ..Ears::default() });
    let (stop, going) = watch::channel(false);
    let courier = house.courier(&ears);
    let running = tokio::spawn(async move { courier.run(going).await });
    while ears.heard().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.send_replace(true);
    tokio::time::timeout(Duration::from_secs(10), running).await.unwrap().unwrap();
    let done = house.number("done_at IS NOT NULL").await;
    assert_eq!(i64::try_from(ears.heard().len()).unwrap(), done, "no try was cut off");
    assert!(done < 5);
    assert_eq!(house.number("done_at IS NULL AND attempts = 0").await, 5 - done);
    assert_eq!(
        house.outbox.claim(&["mail"], 9, house.clock.now()).await.unwrap().len(),
        usize::try_from(5 - done).unwrap()
    );
}
