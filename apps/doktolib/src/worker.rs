//! What happens without anybody asking.

use std::collections::BTreeSet;
use std::time::Duration;

use appointments::application::Served;
use doctors::infrastructure::Rivals;
use jiff::Timestamp;
use kernel::PortFailure;
use metrics::gauge;
use platform::crypto::Keyring;
use platform::jobs::{QueueView, Stop};
use platform::outbox::Depth;
use platform::pg::PgPool;
use platform::telemetry;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::application::Application;

const BATCH: i64 = 500;
/// Calendars that are read before others may.
const CALENDARS: u32 = 5;

/// Runs until `stop` turns true: hands out messages, does jobs, keeps first free times fresh.
pub async fn run(application: Application, stop: watch::Receiver<bool>) {
    // Beside each other: mail must not wait for calendars, nor the other way round.
    tokio::join!(
        application.courier.run(stop.clone()),
        read_calendars(&application, stop.clone()),
        upkeep(&application, stop.clone()),
        serve_the_line(&application, stop.clone()),
        application.deliverer.run_hands(Stop::by(stop.clone())),
        application.worker.run(Stop::by(stop))
    );
}

/// Offers freed times to those who wait, every few seconds.
async fn serve_the_line(application: &Application, mut stop: watch::Receiver<bool>) {
    let mut tick = interval(Duration::from_secs(3));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !*stop.borrow() {
        tokio::select! {
            _ = tick.tick() => match application.line.run().await {
                Ok(served) if served != Served::default() => {
                    tracing::info!(offered = served.offered, ended = served.ended, "served the waitlist");
                }
                Ok(_) => {}
                Err(failure) => telemetry::log_failure(&failure),
            },
            _ = stop.changed() => break,
        }
    }
}

async fn upkeep(application: &Application, mut stop: watch::Receiver<bool>) {
    let mut often = interval(Duration::from_secs(1));
    often.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !*stop.borrow() {
        let outcome = tokio::select! {
            _ = often.tick() => clear_holds(application).await.and(refresh(application).await),
            _ = stop.changed() => break,
        };
        if let Err(failure) = outcome {
            telemetry::log_failure(&failure);
        }
    }
}

/// Reads calendars elsewhere as their time comes. On its own, because others answer as slowly as they like.
async fn read_calendars(application: &Application, mut stop: watch::Receiver<bool>) {
    let mut tick = interval(Duration::from_secs(20));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !*stop.borrow() {
        tokio::select! {
            _ = tick.tick() => {}
            _ = stop.changed() => break,
        }
        loop {
            let read = tokio::select! {
                read = application.externals.run(CALENDARS) => read,
                _ = stop.changed() => return,
            };
            match read {
                Ok(0) => break,
                Ok(_) => {}
                Err(failure) => {
                    telemetry::log_failure(&failure);
                    break;
                }
            }
        }
    }
}

/// Mends every first free time that has become stale; gives how many.
///
/// # Errors
/// When the database fails.
pub async fn refresh(application: &Application) -> Result<(), PortFailure> {
    loop {
        let mended = application.soonest.refresh_stale(BATCH, application.clock.now(), Rivals::Skip).await?;
        if i64::try_from(mended).unwrap_or(0) < BATCH {
            return Ok(());
        }
    }
}

/// Clears away holds that are over. They count for nothing anyway; but they name people, and pages that stay open hear
/// of a freed time by this.
async fn clear_holds(application: &Application) -> Result<(), PortFailure> {
    while application.holds.clear(BATCH, application.clock.now()).await? > 0 {}
    Ok(())
}

/// Looks every two seconds whether a key was added, until the process ends.
pub async fn watch_keys(keys: Keyring) {
    let mut tick = interval(crate::keys::LOOK);
    loop {
        tick.tick().await;
        match keys.refresh() {
            Ok(true) => tracing::info!(key = keys.current(), "the key file has changed"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the key file cannot be read; the keys stay as they were"),
        }
    }
}

/// Shows the states of pool and outbox as figures, every five seconds, until the process ends.
pub async fn watch_states(application: Application) {
    let mut tick = interval(Duration::from_secs(5));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shown = BTreeSet::new();
    loop {
        tick.tick().await;
        show_pool(&application.pool);
        // When the database is away, others say so.
        if let Ok(depth) = application.courier.outbox().depth().await {
            show_outbox(depth, application.clock.now());
        }
        if let Ok(queues) = application.worker.jobs().queues(application.clock.now()).await {
            show_jobs(&queues, &mut shown, application.clock.now());
        }
    }
}

fn show_outbox(depth: Depth, now: Timestamp) {
    let age = depth.oldest.map_or(0.0, |oldest| now.duration_since(oldest).as_secs_f64().max(0.0));
    gauge!("outbox_depth").set(number(depth.waiting));
    gauge!("outbox_failed").set(number(depth.failed));
    gauge!("outbox_oldest_age_seconds").set(age);
}

/// `shown` are the queues that have figures; one that is empty now is zero.
fn show_jobs(queues: &[QueueView], shown: &mut BTreeSet<String>, now: Timestamp) {
    shown.extend(queues.iter().map(|queue| queue.name.clone()));
    for name in shown.iter() {
        let queue = queues.iter().find(|queue| queue.name == *name);
        for (state, count) in [
            ("waiting", queue.map_or(0, |queue| queue.waiting)),
            ("running", queue.map_or(0, |queue| queue.running)),
            ("failed", queue.map_or(0, |queue| queue.failed)),
        ] {
            gauge!("jobs_depth", "queue" => name.clone(), "state" => state).set(number(count));
        }
        let oldest = queue.and_then(|queue| queue.oldest_due);
        let age = oldest.map_or(0.0, |oldest| now.duration_since(oldest).as_secs_f64().max(0.0));
        gauge!("jobs_oldest_age_seconds", "queue" => name.clone()).set(age);
    }
}

fn number(count: i64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

fn show_pool(pool: &PgPool) {
    let status = pool.status();
    for (state, count) in
        [("size", status.size), ("available", status.available), ("waiting", status.waiting), ("max", status.max_size)]
    {
        gauge!("db_pool_connections", "state" => state).set(u32::try_from(count).map_or(f64::MAX, f64::from));
    }
}
