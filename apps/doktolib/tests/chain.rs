//! From a booking to the mail about it: real processes, a real database, a real mail server.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[expect(dead_code, reason = "other test programs use the rest")]
#[path = "support/client.rs"]
mod client;
#[expect(dead_code, reason = "other test programs use the rest")]
#[path = "support/process.rs"]
mod process;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use client::Client;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use kernel::{Clock as _, SystemClock};
use platform::pg::{self, PgSettings};
use process::{Installation, Server, said};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use testkit::{MailPrivacy, MailServer, MailServerOptions, TakenMail, Throwaway};

const SECRET: &str = "a secret of the tests, longer than 32 characters";

/// A number out of the environment, for a longer run.
fn wished(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

struct House {
    installation: Installation,
    mail: MailServer,
    owner: tokio_postgres::Client,
    postgres: Throwaway,
}

impl House {
    /// An installation that sends real mail, with made-up doctors who are all free.
    async fn new(doctors: usize) -> Self {
        // Kills hit more often between the taking of a mail and the word that it was taken.
        Self::with(doctors, Duration::from_millis(2)).await
    }

    /// The mail server says so long after it took a mail that it did.
    async fn with(doctors: usize, delay: Duration) -> Self {
        let postgres = tokio::task::spawn_blocking(|| testkit::throwaway().unwrap()).await.unwrap();
        let settings: PgSettings = postgres.url().parse().unwrap();
        let mail = MailServer::start(MailServerOptions {
            delay,
            privacy: MailPrivacy::StartTls,
            ..MailServerOptions::default()
        });
        let mut installation = Installation::new();
        installation.set("DATABASE_URL", postgres.url());
        installation.set("DOKTOLIB_TIER", "production");
        installation.set("VIRUS_SCAN", "off");
        installation.set("DOKTOLIB_SECRET", SECRET);
        installation.set("JWT_SECRET", SECRET);
        installation.set("PUBLIC_URL", "https://doktolib.example");
        installation.set("GUEST_BOOKING", "immediate");
        installation.set("SMTP_URL", format!("smtp://localhost:{}?tls=required", mail.port()));
        installation.set("SMTP_SSL_ROOT_CERT", mail.root_cert().display().to_string());
        installation.set("MAIL_FROM", "no-reply@clinic.example");
        let seeded = installation.run(&[
            "seed",
            "--doctors",
            &doctors.to_string(),
            "--appointments",
            "0",
            "--yes-in-production",
        ]);
        assert!(seeded.status.success(), "{}", said(&seeded));
        let owner = pg::client(&settings).await.unwrap();
        Self { installation, mail, owner, postgres }
    }

    async fn count(&self, of: &str) -> i64 {
        self.owner.query_one(&format!("SELECT count(*) FROM {of}"), &[]).await.unwrap().get(0)
    }

    /// Waits until no letter waits any more.
    async fn all_sent(&self) {
        let (mut least, mut since) = (i64::MAX, Instant::now());
        loop {
            let left = self.count("journal.outbox WHERE done_at IS NULL").await;
            if left == 0 {
                return;
            }
            if left < least {
                (least, since) = (left, Instant::now());
            }
            // Longer than a lease.
            assert!(since.elapsed() < Duration::from_secs(150), "still {left}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What one reader got.
    fn mails_to(&self, reader: &str) -> Vec<TakenMail> {
        self.mail.taken().into_iter().filter(|mail| mail.to == [reader.to_owned()]).collect()
    }

    async fn wait_for_mails(&self, reader: &str, count: usize) -> Vec<TakenMail> {
        let begun = Instant::now();
        loop {
            let mails = self.mails_to(reader);
            if mails.len() >= count {
                return mails;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{} of {count} mails came", mails.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn close(self) {
        let Self { installation, mail, owner, postgres } = self;
        drop((installation, mail, owner));
        tokio::task::spawn_blocking(move || drop(postgres)).await.unwrap();
    }
}

/// A doctor's free time.
#[derive(Clone)]
struct Free {
    doctor: String,
    clinic: String,
    starts_at: String,
}

/// Free times from tomorrow on, of which none excludes another.
async fn free_times(client: &Client, count: usize) -> Vec<Free> {
    let today = SystemClock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let (from, to) = (today + 2.days(), today + 30.days());
    let mut times = Vec::new();
    let doctors = client.get("/api/v1/doctors?limit=100").await.unwrap().json();
    for doctor in doctors.as_array().unwrap() {
        let id = doctor["id"].as_str().unwrap();
        let slots = client.get(&format!("/api/v1/doctors/{id}/slots?from={from}&to={to}")).await.unwrap().json();
        // Every other one, since buffers may make neighbours exclude each other.
        for slot in slots.as_array().unwrap().iter().step_by(2) {
            let text = |name: &str| slot[name].as_str().unwrap_or_default().to_owned();
            times.push(Free { doctor: id.to_owned(), clinic: text("clinic_id"), starts_at: text("starts_at") });
        }
    }
    assert!(times.len() >= count, "{} free times", times.len());
    times.truncate(count);
    times
}

fn message_id(mail: &TakenMail) -> String {
    mail.field("Message-ID").unwrap().to_owned()
}

/// `CHAIN_KILLS=100 CHAIN_BOOKINGS=1000` make it the longer run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_workers_are_killed_and_the_mail_server_is_away_each_booking_is_confirmed_and_no_refused_one_is() {
    const SEED: u64 = 20_270_306;
    let (kills, bookings) = (wished("CHAIN_KILLS", 12), wished("CHAIN_BOOKINGS", 120));
    let mut dice = ChaCha8Rng::seed_from_u64(SEED);
    let mut house = House::new(40).await;
    let server = house.installation.start(&["serve"]).await;
    let client = Client::new(server.base());
    let times = free_times(&client, bookings).await;
    let (next, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let guests: Vec<_> = (0..3)
        .map(|_| {
            let (client, times, next, refused) =
                (client.clone(), times.clone(), Arc::clone(&next), Arc::clone(&refused));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let Some(free) = times.get(number) else { return };
                    let body = client::booking(&free.doctor, &free.starts_at, &format!("Guest {number}"));
                    let booked = client.book(&body, None).await.unwrap();
                    assert_eq!(booked.status, 201, "{booked:?}");
                    if number % 5 == 0 {
                        // Rolled back after its letter was written.
                        let body = client::booking(&free.doctor, &free.starts_at, &format!("Late {number}"));
                        let late = client.book(&body, None).await.unwrap();
                        assert_eq!(late.status, 409, "{late:?}");
                        refused.fetch_add(1, Ordering::SeqCst);
                    }
                }
            })
        })
        .collect();

    let mut killed = 0;
    let begun = Instant::now();
    while killed < kills && begun.elapsed() < Duration::from_secs(400) {
        let away = killed == kills / 3;
        if away {
            house.mail.go_away();
        }
        let before = house.mail.taken().len();
        let mut worker = house.installation.launch(&["worker"]);
        let started = Instant::now();
        // Not before it sends, unless there is nothing to send or nobody to send to.
        while !away && house.mail.taken().len() == before && started.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let pause = if away { 3_000 } else { dice.random_range(0..60) };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        worker.kill();
        killed += 1;
        if away {
            assert_eq!(house.mail.taken().len(), before);
            assert_eq!(
                house.count("journal.outbox WHERE failed_at IS NOT NULL").await,
                0,
                "nothing is given up for that"
            );
            house.mail.come_back();
        }
        // Nobody holds these any more; let us not wait a minute and a half each time.
        let at_once = "UPDATE journal.outbox SET available_at = now() WHERE done_at IS NULL";
        house.owner.batch_execute(at_once).await.unwrap();
    }
    for guest in guests {
        guest.await.unwrap();
    }
    let mut worker = house.installation.launch(&["worker"]);
    house.all_sent().await;
    worker.signal(rustix::process::Signal::TERM);
    assert!(worker.end().await.success(), "{}", worker.log());

    let taken = house.mail.taken();
    let mut ids: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for mail in &taken {
        ids.entry(&mail.to[0]).or_default().push(message_id(mail));
    }
    assert_eq!(ids.len(), bookings, "each guest is written to, and nobody else");
    assert!(ids.keys().all(|reader| reader.starts_with("guest.")), "{:?}", ids.keys());
    for (reader, ids) in &ids {
        assert!(ids.windows(2).all(|two| two[0] == two[1]), "{reader} has two different mails: {ids:?}");
    }
    let doubled = taken.len() - bookings;
    println!(
        "seed {SEED}: {killed} kills over {bookings} bookings and {} refusals, {} mails, {doubled} of them once more, {:.0} s",
        refused.load(Ordering::SeqCst),
        taken.len(),
        begun.elapsed().as_secs_f64()
    );
    assert!(doubled <= killed, "{doubled} mails too many after {killed} kills");
    assert_eq!(house.count("journal.outbox WHERE sealed IS NOT NULL OR failed_at IS NOT NULL").await, 0);
    assert_eq!(house.count("appointments.appointment WHERE status = 'booked'").await, i64::try_from(bookings).unwrap());
    drop(server);
    house.close().await;
}

/// The one window in which nobody can know: the mail server has taken a mail, and its sender dies before it hears so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_whose_sender_dies_before_it_hears_that_it_was_taken_goes_out_once_more_and_is_counted() {
    let house = House::with(2, Duration::from_secs(2)).await;
    let server = house.installation.start(&["serve"]).await;
    let client = Client::new(server.base());
    let free = free_times(&client, 1).await.remove(0);
    let booked = client.book(&client::booking(&free.doctor, &free.starts_at, "Guest 1"), None).await.unwrap();
    assert_eq!(booked.status, 201, "{booked:?}");

    let mut worker = house.installation.launch(&["worker"]);
    let begun = Instant::now();
    while house.mail.taken().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", worker.log());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    worker.kill();
    assert_eq!(house.count("notifications.message WHERE trying_since IS NOT NULL AND state = 'queued'").await, 1);
    let at_once = "UPDATE journal.outbox SET available_at = now() WHERE done_at IS NULL";
    house.owner.batch_execute(at_once).await.unwrap();

    let mut worker = house.installation.launch(&["worker"]);
    house.all_sent().await;
    worker.signal(rustix::process::Signal::TERM);
    assert!(worker.end().await.success(), "{}", worker.log());
    assert_eq!(worker.log().matches("a message may have been handed over before").count(), 1, "{}", worker.log());
    let taken = house.mail.taken();
    assert_eq!(taken.len(), 2, "once in doubt, and once more");
    assert_eq!(message_id(&taken[0]), message_id(&taken[1]), "readers' programs see one mail");
    assert_eq!(
        house.count("notifications.message WHERE state = 'sent' AND tries = 2 AND trying_since IS NULL").await,
        1
    );
    drop(server);
    house.close().await;
}

/// A front desk of that clinic with its bearer token: invited, and the invitation taken.
async fn front_desk(house: &House, client: &Client, server: &Server, clinic: &str) -> String {
    let made = house.installation.run(&[
        "user",
        "create",
        "--email",
        "desk@example.org",
        "--name",
        "Mona Sample",
        "--role",
        "staff",
        "--clinic",
        clinic,
    ]);
    let text = String::from_utf8_lossy(&made.stdout).into_owned();
    let told = |name: &str| {
        let line =
            text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_else(|| panic!("{}", said(&made)));
        line.split_whitespace().last().unwrap().to_owned()
    };
    let body =
        json!({"request_id": told("request_id"), "code": told("code"), "new_password": "vexing quilt over a lamp"});
    let set = client.post("/api/v1/auth/password/reset", &body, None).await.unwrap();
    assert!((200..300).contains(&set.status), "{set:?}\n{}", server.log());
    let token = house.installation.run(&["token", "--user", "desk@example.org"]);
    assert!(token.status.success(), "{}", said(&token));
    let text = String::from_utf8_lossy(&token.stdout).into_owned();
    text.split_whitespace().find(|word| word.matches('.').count() == 2).unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_is_confirmed_reminded_of_once_and_the_patient_hears_when_the_clinic_cancels() {
    const READER: &str = "guest.1@example.org";
    let house = House::new(4).await;
    let server = house.installation.start(&["all"]).await;
    let client = Client::new(server.base());
    let free = free_times(&client, 1).await.remove(0);
    let booked = client.book(&client::booking(&free.doctor, &free.starts_at, "Guest 1"), None).await.unwrap();
    assert_eq!(booked.status, 201, "{booked:?}");
    let mails = house.wait_for_mails(READER, 1).await;
    assert!(mails[0].content.contains("BEGIN:VCALENDAR") || mails[0].content.contains("text/calendar"));

    let starts_at: Timestamp = free.starts_at.parse().unwrap();
    let day_before = (starts_at - SignedDuration::from_hours(23)).to_string();
    let shown = house.installation.run(&["jobs", "run", "reminders", "--at", &day_before, "--dry-run"]);
    assert!(said(&shown).contains("1 visits would be reminded of"), "{}", said(&shown));
    for _ in 0..2 {
        let run = house.installation.run(&["jobs", "run", "reminders", "--at", &day_before]);
        assert!(run.status.success(), "{}", said(&run));
    }
    let mails = house.wait_for_mails(READER, 2).await;
    assert_eq!(mails[1].field("Subject"), Some("Your appointment is near"));

    let token = front_desk(&house, &client, &server, &free.clinic).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let cancel = http
        .post(format!("{}/api/v1/appointments/{}/cancel", server.base(), booked.id()))
        .bearer_auth(token)
        .json(&json!({"reason": "Quarantine of the ward"}));
    let cancelled = cancel.send().await.unwrap();
    let (status, body) = (cancelled.status().as_u16(), cancelled.text().await.unwrap());
    assert_eq!(status, 200, "{body}");
    house.wait_for_mails(READER, 3).await;
    house.all_sent().await;
    let mails = house.mails_to(READER);
    assert_eq!(mails.len(), 3, "a confirmation, one reminder, the cancellation");
    assert!(
        mails[2].content.contains("method=CANCEL") || mails[2].content.contains("method=\"CANCEL\""),
        "{}",
        mails[2].content
    );
    assert!(!mails[2].content.contains("Quarantine"), "the reason is for the records");
    drop(server);
    house.close().await;
}
