//! What operators do about jobs.

use std::time::Duration;

use appointments::infrastructure::jobs::{FIND_REMINDERS, FIND_TEXT_REMINDERS, RETENTION};
use clap::Subcommand;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{JobState, NewJob, RunView, Stop};
use serde_json::json;
use tokio::sync::watch;
use uuid::Uuid;

use crate::application::Application;
use crate::server::Failure;
use crate::timetable::COUNTS_ONLY;

const SHOWN: i64 = 50;

/// Commands about jobs.
#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// Count the jobs of each queue, and list what waits and runs
    List,
    /// List what is done at set times, and when it is due
    Schedules,
    /// List the last runs, the newest first
    History,
    /// Do a job of the timetable now, and wait until it is done; exit code 1 when it fails
    Run {
        /// Name of the job
        name: String,
        /// As if it were this instant, e.g. 2027-03-01T09:00:00-05:00
        #[arg(long)]
        at: Option<Timestamp>,
        /// As if it were so long before --at, e.g. 23h
        #[arg(long, requires = "at")]
        earlier: Option<SignedDuration>,
        /// Tell what would be done (reminders, text-reminders, retention and purge-prescriptions alone)
        #[arg(long)]
        dry_run: bool,
    },
    /// List the jobs that were given up, the newest first
    Failed,
    /// Let jobs that were given up be tried again; exit code 1 when there is none
    Retry {
        /// Id of the job
        #[arg(required_unless_present = "all")]
        id: Option<Uuid>,
        /// All of them
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

impl JobsCommand {
    /// Does it; false when there was nothing to do it to, or it failed.
    ///
    /// # Errors
    /// When the database fails, or no such job is known.
    pub async fn run(&self, application: &Application) -> Result<bool, Failure> {
        let jobs = application.worker.jobs();
        let now = application.clock.now();
        match self {
            Self::List => list(application, now).await?,
            Self::Schedules => {
                application.worker.timetable().prepare(now).await?;
                for schedule in application.worker.timetable().list().await? {
                    let last = schedule.last_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
                    let (name, zone, rhythm) = (schedule.name, schedule.zone, schedule.rhythm);
                    println!("{name}  {rhythm}  {zone}  next {}  last {last}", schedule.next_at);
                }
            }
            Self::History => {
                for run in jobs.runs(None, None, SHOWN).await? {
                    println!("{}", line(&run));
                }
            }
            Self::Run { name, at, earlier, dry_run: only_look } => {
                let at = at.map(|at| at.checked_sub(earlier.unwrap_or_default())).transpose()?;
                if !only_look || COUNTS_ONLY.contains(&name.as_str()) {
                    return run_now(application, name, at, *only_look).await;
                }
                dry_run(application, name, at.unwrap_or(now)).await?;
            }
            Self::Failed => {
                let failed = jobs.list(JobState::Failed, SHOWN).await?;
                println!("{} jobs were given up", failed.len());
                for job in failed {
                    let (at, error) = (job.failed_at.unwrap_or(job.created_at), job.last_error.unwrap_or_default());
                    println!("{}  {at}  {}  after {} tries: {error}", job.id, job.name, job.attempts);
                }
            }
            Self::Retry { id, .. } => {
                let count = application.steps.retry_jobs(*id, now).await?;
                println!("{count} jobs are tried again");
                return Ok(count > 0);
            }
        }
        Ok(true)
    }
}

async fn list(application: &Application, now: Timestamp) -> Result<(), Failure> {
    let jobs = application.worker.jobs();
    for queue in jobs.queues(now).await? {
        let paused = queue.paused_at.map_or_else(String::new, |at| format!(", paused since {at}"));
        let (waiting, running, failed) = (queue.waiting, queue.running, queue.failed);
        println!("{}: {waiting} wait, {running} run, {failed} were given up{paused}", queue.name);
    }
    for state in [JobState::Running, JobState::Waiting] {
        for job in jobs.list(state, SHOWN).await? {
            println!("{}  {}  {}  {}  tries {}", job.id, state.word(), job.name, job.available_at, job.attempts);
        }
    }
    Ok(())
}

fn line(run: &RunView) -> String {
    let outcome = run.outcome.as_deref().unwrap_or("runs");
    let said = run.said.as_deref().filter(|said| !said.is_empty()).map_or_else(String::new, |said| format!(": {said}"));
    let took = run.ended_at.map(|end| end.duration_since(run.started_at).as_millis()).unwrap_or_default();
    format!("{}  {}  {}  try {}  {took} ms  {outcome}{said}", run.started_at, run.job_id, run.name, run.attempt)
}

/// Lists whom a run would remind, or which visits it would purge: ids, times and counts.
async fn dry_run(application: &Application, name: &str, at: Timestamp) -> Result<(), Failure> {
    let find = match name {
        FIND_REMINDERS => &application.reminders,
        FIND_TEXT_REMINDERS => &application.text_reminders,
        RETENTION => return would_purge(application, at).await,
        _ => {
            return Err(format!(
                "only {FIND_REMINDERS}, {FIND_TEXT_REMINDERS}, {RETENTION} and {} have a dry run",
                COUNTS_ONLY.join(", ")
            )
            .into());
        }
    };
    let due = find.list(at).await?;
    for (lead, due) in &due {
        let zone = TimeZone::get(&due.time_zone).unwrap_or(TimeZone::UTC);
        let starts = due.starts_at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        println!("{}  starts {starts}  patient {}  {lead} hours ahead", due.visit, due.patient);
    }
    println!("{} visits would be reminded of", due.len());
    Ok(())
}

async fn would_purge(application: &Application, at: Timestamp) -> Result<(), Failure> {
    let overdue = application.purge.preview(at).await?;
    for clinic in &overdue {
        println!("clinic {}  {} visits, the oldest of {}", clinic.clinic, clinic.visits, clinic.oldest);
    }
    let (visits, years) =
        (overdue.iter().map(|clinic| clinic.visits).sum::<u64>(), application.purge.retention.years());
    println!("{visits} visits ended over {years} years ago and would be purged");
    Ok(())
}

/// Puts the job in, and works beside whoever else works until it and what follows from it is done.
async fn run_now(
    application: &Application,
    name: &str,
    at: Option<Timestamp>,
    only_look: bool,
) -> Result<bool, Failure> {
    let worker = application.worker.another();
    let schedules = worker.timetable().schedules();
    let Some(schedule) = schedules.iter().find(|schedule| schedule.name == name) else {
        let known: Vec<&str> = schedules.iter().map(|schedule| schedule.name).collect();
        return Err(format!("no job is called {name}; there are {}", known.join(", ")).into());
    };
    let begun = application.clock.now();
    let queues = worker.jobs().queues(begun).await?;
    if queues.iter().any(|queue| queue.name == schedule.queue && queue.paused_at.is_some()) {
        return Err(format!("the queue {} is paused", schedule.queue).into());
    }
    let family: Vec<&str> = worker.names().filter(|other| belongs(other, name)).collect();
    let payload = json!({ "at": at, "dry_run": only_look });
    let job = NewJob::new(schedule.queue, schedule.name, &payload)?.priority(-100);
    let Some(id) = worker.jobs().add(&job, begun).await? else { return Ok(false) };
    // Dropped at the end of this function only: nobody asks us to stop.
    let (_going, stop) = watch::channel(false);
    let stop = Stop::by(stop);
    let mut succeeded = None;
    loop {
        if worker.step_of(&family, &stop).await? {
            continue;
        }
        let outcome = worker.jobs().last_run(id).await?.and_then(|run| run.outcome);
        match outcome.as_deref() {
            Some("done") => succeeded = Some(true),
            Some("given_up") => succeeded = Some(false),
            _ => {}
        }
        if succeeded.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for run in worker.jobs().runs(None, None, SHOWN).await?.iter().rev() {
        if run.started_at >= begun && belongs(&run.name, name) {
            println!("{}", line(run));
        }
    }
    Ok(succeeded == Some(true))
}

/// Is it this job, or one that follows from it?
fn belongs(name: &str, to: &str) -> bool {
    name == to || name.strip_prefix(to).is_some_and(|rest| rest.starts_with('.'))
}
