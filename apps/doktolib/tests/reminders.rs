//! The real workers on a real database, killed over and over while they remind.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/process.rs"]
#[expect(dead_code, reason = "other test programs use the rest")]
mod process;

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use kernel::{Clock as _, SystemClock};
use platform::pg::{self, PgSettings};
use process::{Installation, said};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use testkit::Throwaway;
use uuid::Uuid;

/// A number out of the environment, for a longer run.
fn wished(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

struct House {
    installation: Installation,
    owner: tokio_postgres::Client,
    /// An instant at which it is day at every clinic.
    at: Timestamp,
    postgres: Throwaway,
}

impl House {
    /// With made-up doctors, and the visits of two weeks ahead to be reminded of.
    async fn new(doctors: usize) -> Self {
        let postgres = tokio::task::spawn_blocking(|| testkit::throwaway().unwrap()).await.unwrap();
        let settings: PgSettings = postgres.url().parse().unwrap();
        let mut installation = Installation::new();
        installation.set("DATABASE_URL", postgres.url());
        installation.set("REMINDER_HOURS", "336");
        let seeded = installation.run(&["seed", "--doctors", &doctors.to_string(), "--appointments", "40"]);
        assert!(seeded.status.success(), "{}", said(&seeded));
        let owner = pg::client(&settings).await.unwrap();
        // Who was just told of a visit would not be reminded of it.
        owner.batch_execute("UPDATE appointments.appointment SET told_at = '2020-01-01Z'").await.unwrap();
        // Seven in the evening of UTC is morning on Hawaii and afternoon in New York.
        let now = SystemClock.now().to_zoned(jiff::tz::TimeZone::UTC);
        let at = now.date().at(19, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        Self { installation, owner, at, postgres }
    }

    async fn number(&self, sql: &str) -> i64 {
        self.owner.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Puts in a look for what is due at [`Self::at`].
    async fn look(&self) {
        let sql = "INSERT INTO jobs.job (id, queue, name, payload, created_at, available_at)
             VALUES ($1::text::uuid, 'reminders', 'reminders', $2, now(), now())";
        let payload = serde_json::json!({ "at": self.at }).to_string();
        self.owner.execute(sql, &[&Uuid::now_v7().to_string(), &payload]).await.unwrap();
    }

    /// How many visits are to be reminded of in all.
    async fn due(&self) -> i64 {
        let until = self.at + SignedDuration::from_hours(336);
        // A patient's other visits of a last day go with it.
        self.number(&format!(
            "SELECT count(*) FROM appointments.appointment WHERE status = 'booked' AND starts_at > '{}' AND starts_at <= '{until}'",
            self.at
        ))
        .await
    }

    async fn reminded(&self) -> i64 {
        self.number("SELECT count(*) FROM appointments.reminder").await
    }

    async fn worked_off(&self) {
        let begun = Instant::now();
        while self.number("SELECT count(*) FROM jobs.job WHERE name LIKE 'reminders%'").await > 0 {
            assert!(begun.elapsed() < Duration::from_secs(300), "{} reminded", self.reminded().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// One letter for a patient and a day, and each visit in one of them.
    async fn each_once(&self, due: i64) {
        assert!(self.reminded().await >= due, "{} of {due}", self.reminded().await);
        let letters = self.number("SELECT count(*) FROM journal.outbox WHERE topic = 'mail'").await;
        assert_eq!(letters, self.number("SELECT count(DISTINCT letter_id) FROM appointments.reminder").await);
        let days = "SELECT count(DISTINCT (a.patient_id, (a.starts_at AT TIME ZONE a.time_zone)::date))
             FROM appointments.reminder r JOIN appointments.appointment a ON a.id = r.appointment_id";
        assert_eq!(letters, self.number(days).await, "several letters of a day");
        let twice =
            "SELECT count(*) FROM (SELECT appointment_id FROM appointments.reminder GROUP BY 1 HAVING count(*) > 1) x";
        assert_eq!(self.number(twice).await, 0);
        let events = "SELECT count(*) FROM journal.audit_event WHERE action = 'appointment.reminded'";
        assert_eq!(self.number(events).await, self.reminded().await);
    }

    async fn close(self) {
        let Self { installation, owner, postgres, .. } = self;
        drop((installation, owner));
        tokio::task::spawn_blocking(move || drop(postgres)).await.unwrap();
    }
}

/// `REMINDER_KILLS=100` makes it the longer run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_over_and_over_each_visit_is_reminded_of_once() {
    const SEED: u64 = 20_270_302;
    let kills = wished("REMINDER_KILLS", 10);
    let mut dice = ChaCha8Rng::seed_from_u64(SEED);
    // About 30 visits are reminded of between two kills.
    let house = House::new(7 * kills).await;
    let due = house.due().await;
    assert!(due > 100, "{due}");
    let mut killed = 0;
    let mut survivor = house.installation.launch(&["worker"]);
    while killed < kills && house.reminded().await < due {
        let before = house.reminded().await;
        // One more look in each round: the same visits lie in several batches.
        house.look().await;
        let next = house.installation.launch(&["worker"]);
        let begun = Instant::now();
        while house.reminded().await == before && begun.elapsed() < Duration::from_secs(10) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..40))).await;
        survivor.kill();
        survivor = next;
        killed += 1;
        // Nobody holds these any more; let us not wait a minute each time, nor run out of tries.
        house
            .owner
            .batch_execute(
                "UPDATE jobs.job SET available_at = now(), attempts = 0, worker = NULL WHERE worker IS NOT NULL",
            )
            .await
            .unwrap();
    }
    house.look().await;
    house.worked_off().await;
    survivor.signal(rustix::process::Signal::TERM);
    assert!(survivor.end().await.success(), "{}", survivor.log());
    println!("seed {SEED}: {killed} kills over {due} visits");
    assert!(killed * 2 >= kills, "all was done after {killed} kills");
    assert_eq!(house.number("SELECT count(*) FROM jobs.job WHERE failed_at IS NOT NULL").await, 0);
    house.each_once(due).await;
    assert!(!survivor.log().contains("@"), "no address in {}", survivor.log());
    house.close().await;
}

/// Kilobytes of memory that our workers have now, and had at the most.
fn memory() -> Vec<(u64, u64)> {
    let ours = std::process::id().to_string();
    let of = |folder: &std::path::Path| {
        let status = std::fs::read_to_string(folder.join("status")).ok()?;
        let command = std::fs::read_to_string(folder.join("cmdline")).ok()?;
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1).map(str::to_owned)
        };
        let is_worker = command.starts_with(env!("CARGO_BIN_EXE_doktolib")) && field("PPid:")? == ours;
        is_worker.then_some((field("VmRSS:")?.parse().ok()?, field("VmHWM:")?.parse().ok()?))
    };
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    processes.filter_map(|process| of(&process.path())).collect()
}

/// A measurement: `cargo test --workspace --test reminders -- --ignored --nocapture`. `REMINDER_DOCTORS` makes it
/// larger.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn two_workers_work_off_many_reminders() {
    let house = House::new(wished("REMINDER_DOCTORS", 1_000)).await;
    let due = house.due().await;
    let workers = [house.installation.launch(&["worker"]), house.installation.launch(&["worker"])];
    tokio::time::sleep(Duration::from_secs(2)).await;
    // Mail would only disturb; letters wait.
    house.owner.batch_execute("INSERT INTO jobs.queue VALUES ('reminders', now())").await.unwrap();
    house.look().await;
    let at_rest = memory();
    house.owner.batch_execute("DELETE FROM jobs.queue").await.unwrap();
    let begun = Instant::now();
    let (mut shown, mut quarter) = (Vec::new(), 1);
    while house.number("SELECT count(*) FROM jobs.job WHERE name LIKE 'reminders%'").await > 0 {
        if house.reminded().await * 4 >= due * quarter {
            shown.push((begun.elapsed().as_secs_f64(), memory()));
            quarter += 1;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let took = begun.elapsed().as_secs_f64();
    let busy: f64 = house
        .owner
        .query_one("SELECT extract(epoch FROM sum(ended_at - started_at))::float8 FROM jobs.run", &[])
        .await
        .unwrap()
        .get(0);
    let reminded = house.reminded().await;
    println!("{reminded} of {due} visits in {took:.1} s ({:.0} a second)", reminded as f64 / took);
    println!("150 visits take {:.2} s of worker time", busy / reminded as f64 * 150.0);
    println!("kB of the two workers, and at the most: at rest {at_rest:?}");
    for (seconds, memory) in shown {
        println!("  after {seconds:.1} s {memory:?}");
    }
    house.each_once(due).await;
    drop(workers);
    house.close().await;
}
