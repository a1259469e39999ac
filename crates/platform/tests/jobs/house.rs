//! A database with workers on it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kernel::{Clock as _, PortFailure, StoppedClock};
use platform::jobs::{
    Job, JobError, JobState, Jobs, NewJob, Schedule, Stop, Task, Timetable, Worker, WorkerRules, Zones,
};
use serde_json::{Value, json};
use testkit::TestDatabase;
use tokio::sync::watch;
use uuid::Uuid;

pub fn now() -> Timestamp {
    "2027-03-13T12:00:00Z".parse().unwrap()
}

/// How a task behaves.
#[derive(Clone)]
pub enum Does {
    Well,
    Fails(JobError),
    Panics,
    Hangs,
    WaitsForStop,
}

/// Notes what it gets, and does as it is told.
pub struct Hands {
    pub does: Mutex<Does>,
    pub done: Mutex<Vec<(Uuid, u32, Value)>>,
    pub patience: Duration,
}

impl Hands {
    pub fn new(does: Does) -> Arc<Self> {
        Arc::new(Self { does: Mutex::new(does), done: Mutex::default(), patience: Duration::from_secs(300) })
    }

    pub fn done(&self) -> Vec<(Uuid, u32, Value)> {
        self.done.lock().unwrap().clone()
    }

    pub fn attempts(&self) -> Vec<u32> {
        self.done().iter().map(|(_, attempt, _)| *attempt).collect()
    }
}

#[async_trait]
impl Task for Hands {
    fn name(&self) -> &'static str {
        "sweep"
    }

    fn patience(&self) -> Duration {
        self.patience
    }

    async fn run(&self, job: &Job, stop: &Stop) -> Result<String, JobError> {
        self.done.lock().unwrap().push((job.id, job.attempt, job.payload()?));
        let does = self.does.lock().unwrap().clone();
        match does {
            Does::Well => Ok("swept 1".into()),
            Does::Fails(error) => Err(error),
            Does::Panics => panic!("a defect"),
            Does::Hangs => std::future::pending().await,
            Does::WaitsForStop => {
                while !stop.is_asked() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(JobError::Interrupted)
            }
        }
    }
}

pub struct TwoZones;

#[async_trait]
impl Zones for TwoZones {
    async fn in_use(&self) -> Result<Vec<String>, PortFailure> {
        Ok(vec!["America/New_York".into(), "America/Los_Angeles".into()])
    }
}

pub struct House {
    pub db: TestDatabase,
    pub jobs: Jobs,
    pub clock: Arc<StoppedClock>,
    pub stop: watch::Sender<bool>,
    pub schedules: Vec<Schedule>,
}

impl House {
    pub async fn new() -> Self {
        let db = testkit::database_with(8).await;
        let jobs = Jobs::new(db.pool.clone());
        let clock = Arc::new(StoppedClock::at(now()));
        Self { db, jobs, clock, stop: watch::channel(false).0, schedules: Vec::new() }
    }

    pub fn going(&self) -> Stop {
        Stop::by(self.stop.subscribe())
    }

    pub fn timetable(&self) -> Timetable {
        Timetable::new(self.db.pool.clone(), self.schedules.clone(), Arc::new(TwoZones))
    }

    pub fn worker(&self, hands: &Arc<Hands>) -> Worker {
        let rules = WorkerRules::default();
        Worker::new(self.jobs.clone(), vec![hands.clone()], self.timetable(), rules, self.clock.clone())
    }

    pub async fn add(&self, number: usize) -> Uuid {
        let job = NewJob::new("upkeep", "sweep", &json!({ "number": number })).unwrap();
        self.jobs.add(&job, self.clock.now()).await.unwrap().unwrap()
    }

    /// Lets a job that was given up be tried again; gives how many that were.
    pub async fn retry(&self, id: Uuid) -> usize {
        let mut conn = platform::pg::conn(&self.db.pool).await.unwrap();
        platform::jobs::retry(&mut conn, Some(id), self.clock.now()).await.unwrap()
    }

    pub async fn work(&self, worker: &Worker) {
        while worker.step(&self.going()).await.unwrap() {}
    }

    pub fn later(&self, seconds: i64) {
        self.clock.set(self.clock.now() + SignedDuration::from_secs(seconds));
    }

    pub async fn count(&self, state: JobState) -> usize {
        self.jobs.list(state, 1_000).await.unwrap().len()
    }

    pub async fn outcomes(&self) -> Vec<String> {
        let runs = self.jobs.runs(None, None, 1_000).await.unwrap();
        runs.iter().rev().map(|run| run.outcome.clone().unwrap_or_default()).collect()
    }
}
