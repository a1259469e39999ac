//! Whatever clients, networks and machines do: is there one calendar that could have given all the answers?
//!
//! Eight clients book, cancel, move and look at four times of one doctor, over two server processes. Meanwhile servers
//! and PostgreSQL are killed, connections to the database are ended and sockets are cut. A checker that knows nothing of
//! Doktolib judges what they were told (`docs/correctness.md`). `LINEARIZABLE_SEEDS` is the number of runs,
//! `LINEARIZABLE_FIRST` the first seed.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "linearizable/calendar.rs"]
mod calendar;
#[expect(dead_code, reason = "other test programs use the rest")]
#[path = "support/client.rs"]
mod client;
#[path = "linearizable/clients.rs"]
mod clients;
#[expect(dead_code, reason = "other test programs use the rest")]
#[path = "support/process.rs"]
mod process;
#[path = "support/promises.rs"]
mod promises;

use std::sync::Arc;
use std::time::Duration;

use calendar::{Deed, TIMES};
use client::Client;
use clients::{Prize, Run, Servers};
use futures_util::future::join_all;
use kernel::{Clock as _, SystemClock};
use platform::pg::{self, PrivateServer, PrivateServerOptions};
use process::{Installation, Server, said};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use rustix::process::Signal;

const CLIENTS: usize = 8;
const DEEDS: usize = 12;
const NOBODY_SEEDED: &str = "a.notes IS NULL AND EXISTS (SELECT FROM platform.idempotency_key k \
    WHERE k.location = '/api/v1/appointments/' || a.id)";

/// Two servers on one database.
struct Stage {
    installation: Installation,
    running: Vec<Server>,
    servers: Servers,
    prizes: Vec<Prize>,
}

impl Stage {
    async fn set() -> Self {
        let installation = Installation::new();
        // The first brings the database up; both look after it.
        let running = vec![installation.start(&["all"]).await, installation.start(&["serve"]).await];
        let clients: Vec<Client> = running.iter().map(|server| Client::new(server.base())).collect();
        let prizes = prizes(&clients[0]).await;
        Self { installation, running, servers: Arc::new(std::sync::Mutex::new(clients)), prizes }
    }

    /// One run of one seed, with or without faults.
    async fn run(&mut self, seed: u64, faults: bool) -> Run {
        let run = Run::new(seed, self.prizes.pop().unwrap(), self.servers.clone());
        let clients = join_all((0..CLIENTS).map(|number| run.client(number, DEEDS)));
        if faults {
            tokio::join!(clients, self.trouble(seed));
        } else {
            clients.await;
        }
        run
    }

    /// Two faults in each run.
    async fn trouble(&mut self, seed: u64) {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(dice.random_range(20..200))).await;
            match dice.random_range(0..6) {
                place @ 0..2 => self.kill_server(place).await,
                2 => self.kill_postgres(),
                _ => self.end_connections(dice.random_range(1..6)).await,
            }
        }
    }

    async fn kill_server(&mut self, place: usize) {
        self.running[place].kill();
        let word = if place == 0 { "all" } else { "serve" };
        self.running[place] = self.installation.start(&[word]).await;
        self.servers.lock().unwrap()[place] = Client::new(self.running[place].base());
    }

    fn kill_postgres(&self) {
        if let Some(postgres) = self.installation.postgres() {
            let _may_have_gone = rustix::process::kill_process(postgres, Signal::KILL);
        }
    }

    /// Cuts some connections between servers and database, whatever they are doing.
    async fn end_connections(&self, count: i64) {
        if let Some(owner) = self.owner().await {
            let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' ORDER BY random() LIMIT $1";
            let _may_be_down = owner.query(ended, &[&count]).await;
        }
    }

    /// Nobody while PostgreSQL is down.
    async fn owner(&self) -> Option<tokio_postgres::Client> {
        self.installation.postgres()?;
        let server = PrivateServer::start(&self.installation.data(), PrivateServerOptions::default()).await.ok()?;
        pg::client(server.settings()).await.ok()
    }

    async fn patient_owner(&self) -> tokio_postgres::Client {
        loop {
            if let Some(owner) = self.owner().await {
                return owner;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Days of doctors on which enough is free, the nearest last.
async fn prizes(client: &Client) -> Vec<Prize> {
    let today = SystemClock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut prizes = Vec::new();
    for doctor in client.get("/api/v1/doctors").await.unwrap().json().as_array().unwrap() {
        let doctor = doctor["id"].as_str().unwrap();
        for day in (2..85).map(|ahead| today + jiff::ToSpan::days(ahead)) {
            let list = client.get(&format!("/api/v1/doctors/{doctor}/slots?from={day}&to={day}")).await.unwrap();
            // Every other one, since buffers may make neighbours exclude each other.
            let starts: Vec<String> = list
                .json()
                .as_array()
                .unwrap()
                .iter()
                .step_by(2)
                .take(TIMES)
                .map(|slot| slot["starts_at"].as_str().unwrap().into())
                .collect();
            if let Ok(times) = starts.try_into() {
                prizes.push(Prize { doctor: doctor.to_owned(), day: day.to_string(), times });
            }
        }
    }
    prizes
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_kills_and_cuts_all_answers_could_come_from_one_calendar() {
    let mut stage = Stage::set().await;
    let (first, count) = (number("LINEARIZABLE_FIRST", 1), number("LINEARIZABLE_SEEDS", 5));
    let (mut deeds, mut cut, mut won) = (0, 0, 0);
    for seed in first..first + count {
        let run = stage.run(seed, true).await;
        let record = run.record.lock().unwrap().clone();
        assert!(record.could_be(), "seed {seed}: no calendar could have answered so\n{record}");
        println!("seed {seed}: {} deeds, {} requests cut", record.deeds(), run.cut());
        deeds += record.deeds();
        cut += run.cut();
        won += record.count(|deed| matches!(deed, Deed::Booked(..) | Deed::Moved(..)));
    }
    assert!(won > 0 && cut > 0, "nothing happened: {won} times won, {cut} requests cut");
    let owner = stage.patient_owner().await;
    assert_eq!(promises::broken(&owner, NOBODY_SEEDED).await, [""; 0]);
    let verified = stage.installation.run(&["audit", "verify"]);
    assert!(verified.status.success(), "{}", said(&verified));
    println!("{count} seeds: {deeds} deeds, {won} times won, {cut} requests cut; all could come from one calendar");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_constraints_the_same_clients_are_told_what_no_calendar_could_tell() {
    let mut stage = Stage::set().await;
    let owner = stage.patient_owner().await;
    owner
        .batch_execute(
            "ALTER TABLE appointments.appointment
             DROP CONSTRAINT appointment_one_per_doctor, DROP CONSTRAINT appointment_one_per_patient",
        )
        .await
        .unwrap();
    // No faults: the missing constraint alone has to show.
    for seed in 1..=50 {
        let run = stage.run(seed, false).await;
        if !run.record.lock().unwrap().could_be() {
            println!("seed {seed} is found out");
            return;
        }
    }
    panic!("fifty runs without a constraint, and nobody has noticed");
}
