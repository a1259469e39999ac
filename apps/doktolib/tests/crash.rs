//! The real binary, killed, stopped and misconfigured.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[expect(dead_code, reason = "other test programs use the rest")]
#[path = "support/client.rs"]
mod client;
#[path = "support/process.rs"]
mod process;
#[path = "support/promises.rs"]
mod promises;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use client::{Answer, Client};
use futures_util::future::join_all;
use kernel::{Clock as _, SystemClock};
use platform::pg::{self, PgSettings, PrivateServer, PrivateServerOptions};
use process::{Installation, Server, said};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use rustix::process::Signal;
use serde_json::{Value, json};

/// A booking and the key it is made under.
#[derive(Debug, Clone)]
struct Wish {
    key: String,
    body: Value,
}

/// One wish for each free time of the next weeks, a guest each.
async fn wishes(client: &Client, count: usize) -> VecDeque<Wish> {
    let today = SystemClock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let until = today + jiff::ToSpan::days(30);
    let mut wishes = VecDeque::new();
    for doctor in client.get("/api/v1/doctors").await.unwrap().json().as_array().unwrap() {
        let id = doctor["id"].as_str().unwrap();
        let slots = client.get(&format!("/api/v1/doctors/{id}/slots?from={today}&to={until}")).await.unwrap();
        // Every other one, since buffers may make neighbours exclude each other.
        for slot in slots.json().as_array().unwrap().iter().skip(2).step_by(2) {
            let number = wishes.len();
            let name = format!("Guest {number}");
            let body = client::booking(id, slot["starts_at"].as_str().unwrap(), &name);
            wishes.push_back(Wish { key: format!("key-{number}"), body });
        }
    }
    assert!(wishes.len() >= count, "{} free times", wishes.len());
    wishes.truncate(count);
    wishes
}

/// As superuser on the installation's own PostgreSQL.
async fn owner(installation: &Installation) -> tokio_postgres::Client {
    let server = PrivateServer::start(&installation.data(), PrivateServerOptions::default()).await.unwrap();
    assert!(!server.is_owner(), "the server's PostgreSQL is there");
    pg::client(server.settings()).await.unwrap()
}

async fn count(owner: &tokio_postgres::Client, from: &str) -> i64 {
    owner.query_one(&format!("SELECT count(*) FROM {from}"), &[]).await.unwrap().get(0)
}

const NOBODY_SEEDED: &str = "a.notes IS NULL AND EXISTS (SELECT FROM platform.idempotency_key k \
    WHERE k.location = '/api/v1/appointments/' || a.id)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_point_and_asked_again_with_the_same_keys_each_key_has_one_visit_and_none_is_lost() {
    const SEED: u64 = 20_270_305;
    let mut dice = ChaCha8Rng::seed_from_u64(SEED);
    let installation = Installation::new();
    // The first start, with its making of the tables and the data, is cut short too.
    let mut cut_short = installation.launch(&["all"]);
    tokio::time::sleep(Duration::from_millis(dice.random_range(500..2500))).await;
    cut_short.kill();

    let mut server = installation.start(&["all"]).await;
    let wishes = wishes(&Client::new(server.base()), 400).await;
    let all: Vec<Wish> = wishes.iter().cloned().collect();
    let queue = Arc::new(Mutex::new(wishes));
    let client = Arc::new(Mutex::new(Client::new(server.base())));
    // Every whole answer to a key, in the order of their coming.
    let answers: Arc<Mutex<BTreeMap<String, Vec<Answer>>>> = Arc::default();
    let (over, broken_off) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let patients: Vec<_> = (0..6)
        .map(|_| {
            let (queue, client, answers) = (Arc::clone(&queue), Arc::clone(&client), Arc::clone(&answers));
            let (over, broken_off) = (Arc::clone(&over), Arc::clone(&broken_off));
            tokio::spawn(async move {
                while !over.load(Ordering::SeqCst) {
                    let Some(wish) = queue.lock().unwrap().pop_front() else { break };
                    loop {
                        let client = client.lock().unwrap().clone();
                        match client.book(&wish.body, Some(&wish.key)).await {
                            // Nothing was confirmed; the same key asks again.
                            Ok(answer) if answer.status == 503 || answer.code() == "idempotency-in-progress" => {}
                            Ok(answer) => {
                                assert!([201, 409].contains(&answer.status), "{answer:?}");
                                answers.lock().unwrap().entry(wish.key.clone()).or_default().push(answer);
                                break;
                            }
                            Err(_cut) => {}
                        }
                        broken_off.fetch_add(1, Ordering::SeqCst);
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
            })
        })
        .collect();

    for round in 0..6 {
        tokio::time::sleep(Duration::from_millis(dice.random_range(50..500))).await;
        if round == 2 || round == 4 {
            // Its PostgreSQL alone: it comes back without a new start of the server.
            let postgres = installation.postgres().unwrap();
            rustix::process::kill_process(postgres, Signal::KILL).unwrap();
            tokio::time::sleep(Duration::from_millis(1500)).await;
            continue;
        }
        server.kill();
        server = installation.start(&["all"]).await;
        *client.lock().unwrap() = Client::new(server.base());
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    over.store(true, Ordering::SeqCst);
    for patient in patients {
        patient.await.unwrap();
    }

    let client = Client::new(server.base());
    let mut answers = std::mem::take(&mut *answers.lock().unwrap());
    let asked = answers.len();
    assert!(asked > 3, "the patients had time to ask: {asked}");
    for wish in all.iter().filter(|wish| answers.contains_key(&wish.key)).cloned().collect::<Vec<_>>() {
        let again = client.book(&wish.body, Some(&wish.key)).await.unwrap();
        assert!(again.is_replayed(), "{} was answered and is not known any more: {again:?}", wish.key);
        answers.get_mut(&wish.key).unwrap().push(again);
    }
    let owner = owner(&installation).await;
    let mut booked = 0;
    let keys = installation.keys();
    for (key, answers) in &answers {
        for answer in answers {
            assert_eq!(answer.essence(), answers[0].essence(), "{key}");
        }
        let guest = format!("Guest {}", key.strip_prefix("key-").unwrap());
        // Names are sealed; the index finds them.
        let name_key = keys.blind("appointments.patient.name_key", &guest.to_lowercase());
        let name_key: String = name_key.iter().map(|byte| format!("{byte:02x}")).collect();
        let visits = format!(
            "appointments.appointment a JOIN appointments.patient p ON p.id = a.patient_id \
             WHERE p.name_key = '\\x{name_key}'"
        );
        let expected = i64::from(answers[0].status == 201);
        assert_eq!(count(&owner, &visits).await, expected, "{key}");
        if expected == 1 {
            assert_eq!(count(&owner, &format!("{visits} AND a.id = '{}'", answers[0].id())).await, 1, "{key}");
            booked += 1;
        }
    }
    assert_eq!(count(&owner, "platform.idempotency_key").await, i64::try_from(answers.len()).unwrap());
    assert_eq!(count(&owner, "journal.audit_event WHERE action = 'appointment.booked'").await, booked);
    assert_eq!(promises::broken(&owner, NOBODY_SEEDED).await, [""; 0]);
    let verified = installation.run(&["audit", "verify"]);
    assert!(verified.status.success(), "{}", said(&verified));
    println!(
        "seed {SEED}: 5 kills of the server, 2 of PostgreSQL; {asked} keys, {booked} booked, {} requests broken off",
        broken_off.load(Ordering::SeqCst)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_told_to_stop_cuts_no_request_that_it_has_taken() {
    let installation = Installation::new();
    let mut server = installation.start(&["all"]).await;
    let client = Client::new(server.base());
    let queue = Mutex::new(wishes(&client, 400).await);
    let (outcomes, told) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let after = AtomicUsize::new(0);
    let patient = async |_: usize| {
        loop {
            let Some(wish) = queue.lock().unwrap().pop_front() else { return };
            let outcome = client.book(&wish.body, Some(&wish.key)).await;
            let cut = outcome.is_err();
            if !cut && told.load(Ordering::SeqCst) {
                after.fetch_add(1, Ordering::SeqCst);
            }
            outcomes.lock().unwrap().push((wish, outcome));
            if cut {
                return;
            }
        }
    };
    let stop = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        told.store(true, Ordering::SeqCst);
        server.signal(Signal::TERM);
        let begun = Instant::now();
        let status = server.end().await;
        (status, begun.elapsed())
    };
    let (_, (status, took)) = futures_util::future::join(join_all((0..12).map(patient)), stop).await;
    assert!(status.success(), "{status:?}\n{}", server.log());
    assert!(server.log().contains("\"stopped\""));
    assert!(installation.postgres().is_none(), "its PostgreSQL is stopped as well");

    let _server: Server = installation.start(&["all"]).await;
    let owner = owner(&installation).await;
    let (mut whole, mut cut) = (0, 0);
    for (wish, outcome) in outcomes.into_inner().unwrap() {
        let kept = format!("platform.idempotency_key WHERE key = '{}'", wish.key);
        match outcome {
            Ok(answer) => {
                assert!([201, 409].contains(&answer.status), "{}: {answer:?}", wish.key);
                assert_eq!(count(&owner, &kept).await, 1, "{}", wish.key);
                whole += 1;
            }
            Err(error) => {
                assert_eq!(count(&owner, &kept).await, 0, "{} was taken and not answered: {error:?}", wish.key);
                cut += 1;
            }
        }
    }
    assert_eq!(promises::broken(&owner, NOBODY_SEEDED).await, [""; 0]);
    let after = after.into_inner();
    println!("stopped in {took:?}: {whole} answered, {after} of them after the signal; {cut} never taken");
    assert!(whole > 0 && after > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_tells_by_its_exit_code_and_seed_uses_the_running_servers_database() {
    let mut installation = Installation::new();
    let mut server = installation.start(&["all"]).await;
    let client = Client::new(server.base());
    installation.set("PORT", server.port.to_string());

    let health = installation.run(&["health"]);
    assert!(health.status.success(), "{}", said(&health));
    assert!(String::from_utf8_lossy(&health.stdout).contains(r#""status":"healthy""#), "{}", said(&health));

    let postgres = installation.postgres().unwrap();
    let before = client.get("/api/v1/doctors").await.unwrap();
    let refused = installation.run(&["seed", "--doctors", "7", "--appointments", "3"]);
    assert!(refused.status.success(), "{}", said(&refused));
    assert!(said(&refused).contains("nothing was seeded"), "{}", said(&refused));
    assert_eq!(client.get("/api/v1/doctors").await.unwrap().body, before.body);
    let seeded = installation.run(&["seed", "--doctors", "7", "--appointments", "3", "--seed", "5", "--force"]);
    assert!(seeded.status.success() && said(&seeded).contains("seeded 7 doctors"), "{}", said(&seeded));
    assert_eq!(client.get("/api/v1/doctors").await.unwrap().json().as_array().unwrap().len(), 7);
    assert_eq!(installation.postgres(), Some(postgres), "nobody has started another");

    server.signal(Signal::INT);
    assert!(server.end().await.success());
    let health = installation.run(&["health"]);
    assert_eq!(health.status.code(), Some(1), "{}", said(&health));
    assert!(said(&health).contains(&format!("no server answers on port {}", server.port)), "{}", said(&health));

    // A server whose database is away is there, and not healthy.
    server = installation.start(&["all"]).await;
    let folder = installation.data().join("postgres");
    std::fs::rename(&folder, folder.with_extension("away")).unwrap();
    rustix::process::kill_process(postgres_of(&folder.with_extension("away")), Signal::KILL).unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let health = installation.run(&["health"]);
    assert_eq!(health.status.code(), Some(1), "{}", said(&health));
    assert!(said(&health).contains(r#""db":"disconnected""#), "{}", said(&health));
    let live = client.get("/health").await.unwrap();
    assert_eq!((live.status, live.json()), (200, json!({"status": "healthy"})));
    std::fs::rename(folder.with_extension("away"), &folder).unwrap();
    let begun = Instant::now();
    while !installation.run(&["health"]).status.success() {
        assert!(begun.elapsed() < Duration::from_secs(15), "it comes back\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("back {:?} after the data", begun.elapsed());
}

fn postgres_of(folder: &std::path::Path) -> rustix::process::Pid {
    let file = std::fs::read_to_string(folder.join("postmaster.pid")).unwrap();
    rustix::process::Pid::from_raw(file.lines().next().unwrap().trim().parse().unwrap()).unwrap()
}

#[test]
fn a_configuration_that_cannot_be_used_names_each_variable_and_starts_nothing() {
    for command in ["all", "serve", "worker", "migrate", "seed", "health"] {
        let mut installation = Installation::new();
        for (name, value) in [("PORT", "eighty"), ("DB_POOL_SIZE", "0"), ("DATABASE_URL", "mysql://u:hunter22@h/d")] {
            installation.set(name, value);
        }
        let output = installation.run(&[command]);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{command}: {said}");
        for name in ["PORT", "DB_POOL_SIZE", "DATABASE_URL"] {
            assert!(said.contains(&format!("\n  {name} ")), "{command} does not name {name}: {said}");
        }
        assert!(!said.contains("hunter22"), "{command}: {said}");
        assert!(!installation.data().exists(), "{command} made the data folder");
    }
    let mut production = Installation::new();
    production.set("DOKTOLIB_TIER", "production");
    let output = production.run(&["serve"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("DOKTOLIB_SECRET is needed"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_named_is_the_one_that_is_used() {
    let given = tokio::task::spawn_blocking(|| testkit::throwaway().unwrap()).await.unwrap();
    let settings: PgSettings = given.url().parse().unwrap();
    let owner = pg::client(&settings).await.unwrap();
    let mut installation = Installation::new();
    installation.set("DATABASE_URL", given.url());

    let too_early = installation.run(&["serve"]);
    assert_eq!(too_early.status.code(), Some(1), "{}", said(&too_early));
    assert!(said(&too_early).contains("doktolib migrate"), "{}", said(&too_early));
    let migrated = installation.run(&["migrate"]);
    assert!(migrated.status.success(), "{}", said(&migrated));
    assert_eq!(count(&owner, "doctors.doctor").await, 0);
    assert!(said(&installation.run(&["migrate"])).contains("up to date"));

    let mut server = installation.start(&["all"]).await;
    let client = Client::new(server.base());
    assert_eq!(client.get("/api/v1/doctors").await.unwrap().json().as_array().unwrap().len(), 4);
    assert_eq!(count(&owner, "doctors.doctor").await, 4);
    let wish = wishes(&client, 1).await.pop_front().unwrap();
    let answer = client.book(&wish.body, Some(&wish.key)).await.unwrap();
    assert_eq!(answer.status, 201, "{answer:?}");
    let visit = format!("appointments.appointment WHERE id = '{}'", answer.id());
    assert_eq!(count(&owner, &visit).await, 1);
    assert!(!installation.data().join("postgres").exists(), "no PostgreSQL of its own beside it");
    server.signal(Signal::TERM);
    assert!(server.end().await.success());
    assert_eq!(count(&owner, &visit).await, 1, "the given server is left running");
    drop(owner);
    tokio::task::spawn_blocking(move || drop(given)).await.unwrap();
}
