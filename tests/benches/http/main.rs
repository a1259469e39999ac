//! What each operation costs over HTTP, with PostgreSQL beside the server: `cargo bench -p doktolib-tests --bench http`.
//!
//! Needs the release binary. `BENCH_DOCTORS=100,10000`, `BENCH_APPOINTMENTS` of each doctor, `BENCH_SECONDS` of a
//! run, `BENCH_RUNS`, `BENCH_CONNECTIONS`, `BENCH_RATE` of the stress mix, `BENCH_ONLY=slots,search`; `BENCH_BINARY`, and
//! `BENCH_AGAINST=<an older binary>` takes turns with it and shows ratios.

mod catalogue;
mod client;
mod load;
mod report;
mod server;
mod visitors;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Mutex;
use std::time::Duration;

use catalogue::{Catalogue, FreeTime};
use load::{Measured, Pace, Visitor, measure};
use server::{Outcome, Server};
use visitors::{Booked, Booker, Canceller, Journey, Reader, Rival};

/// The paced load needs enough of them that one slow answer does not hold up the others.
const MIX_CONNECTIONS: usize = 48;

struct Options {
    doctors: Vec<u32>,
    appointments: u32,
    seconds: f64,
    runs: usize,
    connections: usize,
    rate: u32,
    only: String,
    binaries: Vec<(String, PathBuf)>,
}

fn main() -> Outcome<()> {
    // `cargo test --benches` only wants to know whether it can be built.
    if std::env::args().any(|argument| argument == "--test") || !std::env::args().any(|argument| argument == "--bench")
    {
        return Ok(());
    }
    let options = options()?;
    let mut sizes = Vec::new();
    for doctors in &options.doctors {
        let results = of_size(&options, *doctors)?;
        report::size(*doctors, options.appointments, &results);
        sizes.push((*doctors, results));
    }
    report::growth(&sizes);
    Ok(())
}

fn options() -> Outcome<Options> {
    // This program lies in target/release/deps.
    let built = std::env::current_exe()?.parent().and_then(Path::parent).map(|folder| folder.join("doktolib"));
    let binary = variable("BENCH_BINARY", built.unwrap_or_default())?;
    if !binary.is_file() {
        return Err(format!("{} is not there: cargo build --release -p doktolib", binary.display()).into());
    }
    let mut binaries = vec![("this".to_owned(), binary)];
    if let Ok(against) = std::env::var("BENCH_AGAINST") {
        binaries.insert(0, ("before".to_owned(), against.into()));
    }
    let doctors = variable("BENCH_DOCTORS", "100,10000".to_owned())?;
    Ok(Options {
        doctors: doctors.split(',').map(|number| number.trim().parse()).collect::<Result<_, _>>()?,
        appointments: variable("BENCH_APPOINTMENTS", 50)?,
        seconds: variable("BENCH_SECONDS", 5.0)?,
        runs: variable("BENCH_RUNS", 3)?,
        connections: variable("BENCH_CONNECTIONS", 16)?,
        rate: variable("BENCH_RATE", 1000)?,
        only: variable("BENCH_ONLY", String::new())?,
        binaries,
    })
}

fn variable<T: FromStr>(name: &str, otherwise: T) -> Outcome<T> {
    match std::env::var(name) {
        Ok(text) => text.parse().map_err(|_| format!("{name} is not what it should be: {text}").into()),
        Err(_) => Ok(otherwise),
    }
}

/// Runs of each operation by name, of each binary in turn.
pub struct Results {
    pub label: String,
    pub operations: Vec<(&'static str, Vec<Measured>)>,
    pub memory: Memory,
    pub start_up: Vec<Duration>,
    pub binary_size: u64,
}

/// KiB.
#[derive(Default)]
pub struct Memory {
    pub idle: u64,
    pub highest: u64,
}

struct Contestant {
    server: Server,
    catalogue: Catalogue,
    anywhere: Mutex<Vec<FreeTime>>,
    earliest: Mutex<Vec<FreeTime>>,
    booked: Booked,
    results: Results,
}

impl Contestant {
    fn new(label: &str, binary: &Path, options: &Options, doctors: u32) -> Outcome<Self> {
        let server = Server::start(label, binary, doctors, options.appointments)?;
        let idle = server.memory().0;
        let catalogue = Catalogue::of(server.address)?;
        let free = catalogue.free_times(server.address, 500)?;
        let (anywhere, earliest) = in_two_orders(free);
        let start_up = (0..5).map(|_| server.start_up_time()).collect::<Outcome<_>>()?;
        let results = Results {
            label: label.to_owned(),
            operations: Vec::new(),
            memory: Memory { idle, highest: 0 },
            start_up,
            binary_size: server.size(),
        };
        let (anywhere, earliest) = (Mutex::new(anywhere), Mutex::new(earliest));
        Ok(Self { server, catalogue, anywhere, earliest, booked: Booked::default(), results })
    }
}

/// Half of the doctors give times without any order, the other half the first times first.
fn in_two_orders(free: Vec<Vec<FreeTime>>) -> (Vec<FreeTime>, Vec<FreeTime>) {
    let (mut anywhere, mut earliest) = (Vec::new(), Vec::new());
    let longest = free.iter().map(Vec::len).max().unwrap_or(0);
    for rank in 0..longest {
        for (number, times) in free.iter().enumerate() {
            let order = if number % 2 == 0 { &mut anywhere } else { &mut earliest };
            order.extend(times.get(rank).cloned());
        }
    }
    // They are taken from the end.
    earliest.reverse();
    let count = anywhere.len();
    let stride = (count / 2 + 1..).find(|stride| gcd(*stride, count) == 1).unwrap_or(1);
    let mixed = (0..count).map(|turn| anywhere[turn * stride % count].clone()).collect();
    (mixed, earliest)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn of_size(options: &Options, doctors: u32) -> Outcome<Vec<Results>> {
    let mut contestants = options
        .binaries
        .iter()
        .map(|(label, binary)| Contestant::new(label, binary, options, doctors))
        .collect::<Outcome<Vec<_>>>()?;
    for run in 0..options.runs {
        let wanted = |name: &str| options.only.split(',').any(|part| name.contains(part));
        for name in OPERATIONS.into_iter().filter(|name| wanted(name)) {
            for contestant in &mut contestants {
                let measured = operation(contestant, name, options)?;
                eprintln!(
                    "run {} {:>6} {name:<34} {:>7.0}/s {:>6.1} + {:>6.1} us",
                    run + 1,
                    contestant.server.label,
                    measured.per_second,
                    measured.server_us,
                    measured.postgres_us
                );
                let known = contestant.results.operations.iter_mut().find(|(known, _)| *known == name);
                match known {
                    Some((_, runs)) => runs.push(measured),
                    None => contestant.results.operations.push((name, vec![measured])),
                }
            }
        }
    }
    Ok(contestants
        .into_iter()
        .map(|mut contestant| {
            contestant.results.memory.highest = contestant.server.memory().1;
            contestant.results
        })
        .collect())
}

pub const PACED: &str = "stress mix, paced";

const SIGNED_IN: &str = "doctor by id, signed in";

const MIX: &str = "stress mix, as fast as it goes";

const OPERATIONS: [&str; 17] = [
    "liveness, no database",
    "health",
    "doctor by id",
    SIGNED_IN,
    "search, best rated",
    "search, specialty",
    "search, specialty + city, soonest",
    "search, q = a last name",
    "search, q = a word of many",
    "slots of 7 days",
    "slots of 14 days",
    "booking, any time",
    "booking, first free time",
    "booking, taken (409)",
    "cancel",
    MIX,
    PACED,
];

fn operation(contestant: &Contestant, name: &str, options: &Options) -> Outcome<Measured> {
    let Contestant { server, catalogue, anywhere, earliest, booked, .. } = contestant;
    let seconds = Duration::from_secs_f64(options.seconds);
    let live = ["/health".to_owned()];
    let ready = ["/api/v1/health".to_owned()];
    let targets: &[String] = match name {
        "liveness, no database" => &live,
        "health" => &ready,
        "doctor by id" | SIGNED_IN => &catalogue.by_id,
        "search, best rated" => &catalogue.by_rating,
        "search, specialty" => &catalogue.by_specialty,
        "search, specialty + city, soonest" => &catalogue.by_pair,
        "search, q = a last name" => &catalogue.by_name,
        "search, q = a word of many" => &catalogue.by_word,
        "slots of 7 days" => &catalogue.week,
        "slots of 14 days" => &catalogue.fortnight,
        _ => &[],
    };
    let access_token = if name == SIGNED_IN { Some(server.access_token()?) } else { None };
    let visitor = |number: usize| -> Box<dyn Visitor + '_> {
        match name {
            MIX | PACED => Box::new(Journey::new(catalogue, number)),
            "booking, any time" => Box::new(Booker { free: anywhere, booked }),
            "booking, first free time" => Box::new(Booker { free: earliest, booked }),
            "booking, taken (409)" => Box::new(Rival { booked, next: number }),
            "cancel" => Box::new(Canceller { booked }),
            _ => Box::new(Reader { targets, access_token: access_token.as_deref(), next: number }),
        }
    };
    let expected: &[u16] = match name {
        MIX | PACED => &[200, 201, 409],
        "booking, taken (409)" => &[409],
        "booking, any time" | "booking, first free time" => &[201],
        _ => &[200],
    };
    let (connections, pace) = match name {
        PACED => (MIX_CONNECTIONS, Pace::PerSecond(options.rate)),
        _ => (options.connections, Pace::Closed),
    };
    if name == "cancel" {
        // From now on they are free: rivals of a later run want others.
        booked.forget_times();
    }
    let mut visitors: Vec<_> = (0..connections).map(visitor).collect();
    measure(server, &mut visitors, pace, seconds, expected)
}
