//! Closed and paced loops over a few connections.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::client::Connection;
use super::server::{Outcome, Server};

/// What one connection does: one request after the other.
pub trait Visitor: Send {
    /// Makes a request; says what it was and how large the answer. `None` when there is nothing left to do.
    fn step(&mut self, connection: &mut Connection) -> std::io::Result<Option<Step>>;
}

/// One answered request.
#[derive(Clone, Copy)]
pub struct Step {
    pub kind: Kind,
    pub status: u16,
    pub bytes: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Read,
    Write,
}

#[derive(Clone, Copy)]
pub enum Pace {
    /// The next request follows the answer.
    Closed,
    /// So many requests a second over all connections, whether answers come or not: a late answer makes the
    /// next ones late too, and counts from when it should have been asked for.
    PerSecond(u32),
}

/// What a run came to.
#[derive(Clone, Default)]
pub struct Measured {
    pub per_second: f64,
    pub reads: Latencies,
    pub writes: Latencies,
    pub server_us: f64,
    pub postgres_us: f64,
    pub bytes: f64,
    /// Answers that were not expected, by status.
    pub unexpected: BTreeMap<u16, usize>,
}

/// Milliseconds.
#[derive(Clone, Copy, Default)]
pub struct Latencies {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

struct Sample {
    step: Step,
    took: Duration,
}

/// Lets the visitors in for `duration` and accounts for what that took.
pub fn measure(
    server: &Server,
    visitors: &mut [Box<dyn Visitor + '_>],
    pace: Pace,
    duration: Duration,
    expected: &[u16],
) -> Outcome<Measured> {
    // Statements are prepared, plans settle.
    run(server.address, visitors, Pace::Closed, duration.min(Duration::from_millis(400)))?;
    let before = server.used();
    let begun = Instant::now();
    let samples = run(server.address, visitors, pace, duration)?;
    let seconds = begun.elapsed().as_secs_f64();
    let after = server.used();
    if samples.is_empty() {
        return Err("not a single answer".into());
    }
    let count = samples.len() as f64;
    let of = |kind: Kind| {
        latencies(samples.iter().filter(|sample| sample.step.kind == kind).map(|sample| sample.took).collect())
    };
    Ok(Measured {
        per_second: count / seconds,
        reads: of(Kind::Read),
        writes: of(Kind::Write),
        server_us: (after.server - before.server) as f64 / count / 1e3,
        postgres_us: after.postgres.saturating_sub(before.postgres) as f64 / count / 1e3,
        bytes: samples.iter().map(|sample| sample.step.bytes).sum::<usize>() as f64 / count,
        unexpected: samples.iter().map(|sample| sample.step.status).filter(|status| !expected.contains(status)).fold(
            BTreeMap::new(),
            |mut counts, status| {
                *counts.entry(status).or_insert(0) += 1;
                counts
            },
        ),
    })
}

fn run(
    address: SocketAddr,
    visitors: &mut [Box<dyn Visitor + '_>],
    pace: Pace,
    duration: Duration,
) -> Outcome<Vec<Sample>> {
    let all = Mutex::new(Vec::new());
    let connections = visitors.len();
    let begun = Instant::now();
    thread::scope(|scope| {
        let running: Vec<_> = visitors
            .iter_mut()
            .enumerate()
            .map(|(number, visitor)| {
                let all = &all;
                scope.spawn(move || -> std::io::Result<()> {
                    let mut connection = Connection::open(address)?;
                    let mut samples = Vec::new();
                    for turn in 0.. {
                        let due = match pace {
                            Pace::Closed => Instant::now(),
                            Pace::PerSecond(rate) => {
                                let place = f64::from(turn) * connections as f64 + number as f64;
                                begun + Duration::from_secs_f64(place / f64::from(rate))
                            }
                        };
                        if due.duration_since(begun) >= duration {
                            break;
                        }
                        thread::sleep(due.saturating_duration_since(Instant::now()));
                        let Some(step) = visitor.step(&mut connection)? else { break };
                        samples.push(Sample { step, took: due.elapsed() });
                    }
                    if let Ok(mut all) = all.lock() {
                        all.append(&mut samples);
                    }
                    Ok(())
                })
            })
            .collect();
        running.into_iter().try_for_each(|thread| match thread.join() {
            Ok(outcome) => outcome.map_err(Into::into),
            Err(_) => Err("a connection's thread broke".into()),
        })
    })
    .map(|()| all.into_inner().unwrap_or_default())
}

fn latencies(mut times: Vec<Duration>) -> Latencies {
    times.sort_unstable();
    let at = |part: f64| {
        let index = (times.len() as f64 * part) as usize;
        times.get(index.min(times.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    Latencies { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
