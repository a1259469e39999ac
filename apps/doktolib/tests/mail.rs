//! The real worker, killed over and over while it sends.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/process.rs"]
#[expect(dead_code, reason = "other test programs use the rest")]
mod process;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kernel::{Clock as _, SystemClock};
use platform::crypto::Keyring;
use platform::letters::{self, Letter};
use platform::pg::{self, PgPool, PgSettings};
use process::{Installation, said};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use secrecy::SecretString;
use testkit::{MailPrivacy, MailServer, MailServerOptions, TakenMail, Throwaway};
use uuid::Uuid;

const SECRET: &str = "a secret of the tests, longer than 32 characters";

/// A number out of the environment, for a longer run.
fn wished(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

struct House {
    installation: Installation,
    mail: MailServer,
    pool: PgPool,
    owner: tokio_postgres::Client,
    postgres: Throwaway,
}

impl House {
    async fn new(options: MailServerOptions) -> Self {
        let postgres = tokio::task::spawn_blocking(|| testkit::throwaway().unwrap()).await.unwrap();
        let settings: PgSettings = postgres.url().parse().unwrap();
        pg::migrate(&settings).await.unwrap();
        let mail = MailServer::start(options);
        let mut installation = Installation::new();
        installation.set("DATABASE_URL", postgres.url());
        installation.set("DOKTOLIB_TIER", "production");
        installation.set("VIRUS_SCAN", "off");
        installation.set("DOKTOLIB_SECRET", SECRET);
        installation.set("JWT_SECRET", SECRET);
        installation.set("PUBLIC_URL", "https://doktolib.example");
        installation.set("SMTP_URL", format!("smtp://localhost:{}?tls=required", mail.port()));
        installation.set("SMTP_SSL_ROOT_CERT", mail.root_cert().display().to_string());
        installation.set("MAIL_FROM", "no-reply@clinic.example");
        let (pool, owner) = (pg::pool(&settings).unwrap(), pg::client(&settings).await.unwrap());
        Self { installation, mail, pool, owner, postgres }
    }

    async fn post(&self, letter: &Letter) -> Uuid {
        let keys = Keyring::derived(&SecretString::from(SECRET));
        let mut conn = pg::conn(&self.pool).await.unwrap();
        let id = letters::post(&mut conn, &keys, letter, Uuid::now_v7(), SystemClock.now()).await.unwrap();
        id.as_uuid()
    }

    async fn count(&self, of: &str) -> i64 {
        self.owner.query_one(&format!("SELECT count(*) FROM journal.outbox WHERE {of}"), &[]).await.unwrap().get(0)
    }

    async fn wait_until_none(&self, of: &str) {
        let (mut least, mut since) = (i64::MAX, Instant::now());
        loop {
            let left = self.count(of).await;
            if left == 0 {
                return;
            }
            if left < least {
                (least, since) = (left, Instant::now());
            }
            // Longer than a lease: a claim may have come through just after its worker was killed.
            assert!(since.elapsed() < Duration::from_secs(120), "{of}: still {left}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn close(self) {
        let Self { installation, mail, pool, owner, postgres } = self;
        drop((installation, mail, owner));
        pool.close();
        tokio::task::spawn_blocking(move || drop(postgres)).await.unwrap();
    }
}

fn code_for(to: &str) -> Letter {
    Letter::new("sign-in-code", to, "en").with("code", "424242").with("minutes", "10")
}

fn id_of(mail: &TakenMail) -> Uuid {
    mail.field("Message-ID").unwrap().trim_start_matches('<').split('@').next().unwrap().parse().unwrap()
}

/// `MAIL_KILLS=100 MAIL_LETTERS=1000` make it the longer run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_over_and_over_each_letter_goes_out_and_no_more_go_out_twice_than_there_were_kills() {
    const SEED: u64 = 20_270_301;
    let (kills, letters) = (wished("MAIL_KILLS", 20), wished("MAIL_LETTERS", 200));
    let mut dice = ChaCha8Rng::seed_from_u64(SEED);
    let house = House::new(MailServerOptions {
        privacy: MailPrivacy::StartTls,
        // Kills hit more often between the taking of a mail and the word that it was taken.
        delay: Duration::from_millis(4),
        ..MailServerOptions::default()
    })
    .await;
    let mut posted = BTreeMap::new();
    for number in 0..letters {
        let to = format!("reader-{number}@example.org");
        posted.insert(house.post(&code_for(&to)).await, to);
    }
    let mut killed = 0;
    while killed < kills && house.count("done_at IS NULL").await > 0 {
        let before = house.mail.taken().len();
        let mut worker = house.installation.launch(&["worker"]);
        house.mail.wait_for(before + 1).await;
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..60))).await;
        worker.kill();
        killed += 1;
        // Nobody holds these any more; let us not wait a minute and a half each time.
        house
            .owner
            .batch_execute("UPDATE journal.outbox SET available_at = now() WHERE done_at IS NULL")
            .await
            .unwrap();
    }
    let mut worker = house.installation.launch(&["worker"]);
    house.wait_until_none("done_at IS NULL").await;
    worker.signal(rustix::process::Signal::TERM);
    assert!(worker.end().await.success(), "{}", worker.log());

    let mut times: BTreeMap<Uuid, usize> = BTreeMap::new();
    let taken = house.mail.taken();
    for mail in &taken {
        assert_eq!(mail.to, [posted[&id_of(mail)].clone()], "the same id means the same letter");
        *times.entry(id_of(mail)).or_default() += 1;
    }
    assert!(posted.keys().all(|id| times.contains_key(id)), "{} of {letters} letters went out", times.len());
    let doubled = taken.len() - times.len();
    println!("seed {SEED}: {killed} kills over {letters} letters, {} mails, {doubled} of them once more", taken.len());
    assert!(doubled <= killed, "{doubled} mails too many after {killed} kills");
    assert!(killed >= kills.min(letters / 40), "{killed} kills");
    assert_eq!(house.count("sealed IS NOT NULL OR failed_at IS NOT NULL").await, 0);
    assert!(!worker.log().contains("example.org") && !worker.log().contains("424242"), "{}", worker.log());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_what_was_given_up_and_lets_it_be_tried_again() {
    let refuses = vec!["gone@example.org".to_owned()];
    let options = MailServerOptions { privacy: MailPrivacy::StartTls, refuses, ..MailServerOptions::default() };
    let mut house = House::new(options).await;
    let id = house.post(&code_for("gone@example.org")).await;
    let worker = house.installation.launch(&["worker"]);
    house.wait_until_none("failed_at IS NULL").await;

    let listed = house.installation.run(&["outbox", "failed"]);
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.status.success() && text.starts_with("1 messages were given up\n"), "{}", said(&listed));
    assert!(
        text.contains(&id.to_string()) && text.contains("after 1 tries: refused by the mail server (550)"),
        "{text}"
    );
    assert!(!said(&listed).contains("example.org"), "{}", said(&listed));

    let nothing = house.installation.run(&["outbox", "retry", &Uuid::now_v7().to_string()]);
    assert_eq!(nothing.status.code(), Some(1), "{}", said(&nothing));
    house.mail.change(|options| options.refuses.clear());
    house.mail.come_back();
    let again = house.installation.run(&["outbox", "retry", &id.to_string()]);
    assert!(again.status.success(), "{}", said(&again));
    assert_eq!(house.mail.wait_for(1).await[0].to, ["gone@example.org"]);
    house.wait_until_none("done_at IS NULL").await;
    drop(worker);
    house.close().await;
}

#[test]
fn every_letter_can_be_looked_at_without_any_configuration() {
    let mut installation = Installation::new();
    installation.set("PORT", "not a number");
    let all = installation.run(&["mail", "preview", "--language", "fr"]);
    let text = String::from_utf8_lossy(&all.stdout).into_owned();
    assert!(all.status.success() && text.matches("==== ").count() == 27, "{}", said(&all));
    let one = installation.run(&["mail", "preview", "--template", "booking-confirmed"]);
    let text = String::from_utf8_lossy(&one.stdout).into_owned();
    assert!(text.starts_with("Subject: Your appointment is booked\n\nHello Ada Example,\n"), "{text}");
    let none = installation.run(&["mail", "preview", "--template", "nonsense"]);
    assert!(said(&none).contains("sign-in-code"), "it tells which there are: {}", said(&none));
}
