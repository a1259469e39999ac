//! What clients do.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::catalogue::{Catalogue, FreeTime};
use super::client::{Answer, Connection};
use super::load::{Kind, Step, Visitor};

/// Numbers people and keys, so that each is new; over all runs.
static PEOPLE: AtomicU64 = AtomicU64::new(1);

/// What is booked, to be contested and cancelled.
#[derive(Default)]
pub struct Booked {
    pub times: Mutex<Vec<FreeTime>>,
    /// Targets that cancel.
    pub links: Mutex<Vec<String>>,
}

impl Booked {
    pub fn forget_times(&self) {
        if let Ok(mut times) = self.times.lock() {
            times.clear();
        }
    }
}

/// Reads one of many targets after the other.
pub struct Reader<'a> {
    pub targets: &'a [String],
    /// Of who is signed in.
    pub access_token: Option<&'a str>,
    pub next: usize,
}

impl Visitor for Reader<'_> {
    fn step(&mut self, connection: &mut Connection) -> io::Result<Option<Step>> {
        // A stride that visits every target in an order without locality.
        self.next = (self.next + 7919) % self.targets.len();
        let target = &self.targets[self.next];
        let answer = match self.access_token {
            Some(token) => connection.get_as(target, token)?,
            None => connection.get(target)?,
        };
        Ok(Some(step(Kind::Read, &answer)))
    }
}

/// Books time after time, each for a new patient.
pub struct Booker<'a> {
    pub free: &'a Mutex<Vec<FreeTime>>,
    pub booked: &'a Booked,
}

impl Visitor for Booker<'_> {
    fn step(&mut self, connection: &mut Connection) -> io::Result<Option<Step>> {
        let Some(time) = taken(self.free) else { return Ok(None) };
        let answer = book(connection, &time)?;
        if answer.status == 201
            && let Some(link) = value(answer.body, "manage_url").and_then(|url| url.split_once("/api/"))
            && let Some((path, token)) = link.1.split_once('?')
        {
            put(&self.booked.links, format!("/api/{path}/cancel?{token}"));
            put(&self.booked.times, time);
        }
        Ok(Some(step(Kind::Write, &answer)))
    }
}

/// Wants times that others have.
pub struct Rival<'a> {
    pub booked: &'a Booked,
    pub next: usize,
}

impl Visitor for Rival<'_> {
    fn step(&mut self, connection: &mut Connection) -> io::Result<Option<Step>> {
        self.next += 7919;
        let time = self.booked.times.lock().ok().and_then(|times| times.get(self.next % times.len()).cloned());
        let Some(time) = time else { return Ok(None) };
        Ok(Some(step(Kind::Write, &book(connection, &time)?)))
    }
}

/// Cancels what was booked.
pub struct Canceller<'a> {
    pub booked: &'a Booked,
}

impl Visitor for Canceller<'_> {
    fn step(&mut self, connection: &mut Connection) -> io::Result<Option<Step>> {
        let Some(link) = taken(&self.booked.links) else { return Ok(None) };
        let key = PEOPLE.fetch_add(1, Ordering::Relaxed).to_string();
        connection.post(&link, &key, "{}").map(|answer| Some(step(Kind::Write, &answer)))
    }
}

/// Searches, looks at a doctor, at the free times, and books one: each step a quarter of the load.
pub struct Journey<'a> {
    catalogue: &'a Catalogue,
    turn: usize,
    doctor: String,
    free: Option<FreeTime>,
    stage: usize,
}

impl<'a> Journey<'a> {
    pub fn new(catalogue: &'a Catalogue, number: usize) -> Self {
        let doctor = catalogue.doctors[number % catalogue.doctors.len()].clone();
        Self { catalogue, turn: number, doctor, free: None, stage: number % 4 }
    }
}

impl Visitor for Journey<'_> {
    fn step(&mut self, connection: &mut Connection) -> io::Result<Option<Step>> {
        let stage = self.stage;
        self.stage = (stage + 1) % 4;
        let target = match stage {
            0 => {
                self.turn += 7919;
                let searches = [&self.catalogue.by_pair, &self.catalogue.by_specialty, &self.catalogue.by_name];
                let targets = searches[self.turn % searches.len()];
                targets[self.turn % targets.len()].clone()
            }
            1 => format!("/api/v1/doctors/{}", self.doctor),
            2 => format!("/api/v1/doctors/{}/slots", self.doctor),
            _ => {
                return match self.free.take() {
                    Some(time) => book(connection, &time).map(|answer| Some(step(Kind::Write, &answer))),
                    // Everything is taken: look once more, so that the load keeps its pace.
                    None => connection.get("/api/v1/health").map(|answer| Some(step(Kind::Read, &answer))),
                };
            }
        };
        let answer = connection.get(&target)?;
        let done = step(Kind::Read, &answer);
        match stage {
            0 => {
                let found: Vec<&str> = values(answer.body, "id").collect();
                let fallback = &self.catalogue.doctors[self.turn % self.catalogue.doctors.len()];
                self.doctor =
                    found.get(self.turn % found.len().max(1)).map_or_else(|| fallback.clone(), |id| (*id).to_owned());
            }
            2 => {
                let starts: Vec<&str> = values(answer.body, "starts_at").collect();
                let start = starts.get(self.turn % starts.len().max(1));
                self.free = start.map(|at| FreeTime { doctor: self.doctor.clone(), starts_at: (*at).to_owned() });
            }
            _ => {}
        }
        Ok(Some(done))
    }
}

fn book<'a>(connection: &'a mut Connection, time: &FreeTime) -> io::Result<Answer<'a>> {
    let number = PEOPLE.fetch_add(1, Ordering::Relaxed);
    let FreeTime { doctor, starts_at } = time;
    let body = format!(
        r#"{{"doctor_id":"{doctor}","starts_at":"{starts_at}","patient_name":"Bench {number}","patient_email":"bench{number}@example.org","notes":"Measured, not ill"}}"#
    );
    connection.post("/api/v1/appointments", &format!("bench-{number}"), &body)
}

fn step(kind: Kind, answer: &Answer<'_>) -> Step {
    Step { kind, status: answer.status, bytes: answer.body.len() }
}

fn taken<T>(from: &Mutex<Vec<T>>) -> Option<T> {
    from.lock().ok().and_then(|mut left| left.pop())
}

fn put<T>(into: &Mutex<Vec<T>>, value: T) {
    if let Ok(mut values) = into.lock() {
        values.push(value);
    }
}

/// The strings under a name in a JSON text of ours, found without reading the rest.
fn values<'a>(body: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let mark = format!("\"{name}\":\"");
    let mut rest = body;
    std::iter::from_fn(move || {
        rest = &rest[rest.find(&mark)? + mark.len()..];
        rest.split('"').next()
    })
}

fn value<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    values(body, name).next()
}
