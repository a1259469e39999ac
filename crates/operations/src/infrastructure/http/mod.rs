//! The slice's part of the REST API, and the page `/queue-dashboard`.

mod bodies;
mod jobs;
mod page;
mod queues;
mod view;

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::web;
use jiff::Timestamp;
use kernel::{Clock, KeptAnswer, PortFailure, SessionId};
use platform::http::once::{Replayed, again, answered_before, key_of, scope, send};
use platform::http::{Problem, context};
use platform::idempotency::Answers;
use platform::jobs::{Jobs, QueueView, Timetable};
use platform::outbox::Outbox;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Asked, Done, Step, Steps};

/// Gives the token that a page of a session shows with what it changes.
pub type CsrfTokens = Arc<dyn Fn(SessionId) -> String + Send + Sync>;

/// What the handlers need.
pub struct OperationsApi {
    /// Jobs, and their runs.
    pub jobs: Jobs,
    /// What is done at set times.
    pub timetable: Timetable,
    /// Messages.
    pub outbox: Outbox,
    /// Changes all of these.
    pub steps: Steps,
    /// First answers, kept.
    pub answers: Answers,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// For the page.
    pub csrf: CsrfTokens,
}

impl OperationsApi {
    /// Every queue there is: those of the timetable, and those that hold a job or are paused.
    async fn queues(&self, now: Timestamp) -> Result<Vec<QueueView>, PortFailure> {
        let mut queues = self.jobs.queues(now).await?;
        let known: BTreeSet<&str> = self.timetable.schedules().iter().map(|schedule| schedule.queue).collect();
        for name in known {
            if !queues.iter().any(|queue| queue.name == name) {
                let name = name.to_owned();
                queues.push(QueueView { name, paused_at: None, waiting: 0, running: 0, failed: 0, oldest_due: None });
            }
        }
        queues.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(queues)
    }
}

/// Mounts the operations under `/api/v1`; the state is [`OperationsApi`].
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(jobs::list_jobs)
        .service(jobs::list_job_runs)
        .service(jobs::retry_job)
        .service(jobs::retry_jobs)
        .service(queues::list_queues)
        .service(queues::pause_queue)
        .service(queues::resume_queue)
        .service(queues::list_schedules)
        .service(queues::run_schedule)
        .service(queues::get_outbox)
        .service(queues::retry_message)
        .service(queues::retry_messages);
}

/// Mounts the page for administrators.
pub fn pages(config: &mut web::ServiceConfig) {
    config
        .route("/queue-dashboard", web::get().to(page::dashboard))
        .route("/queue-dashboard.css", web::get().to(page::style))
        .route("/queue-dashboard.js", web::get().to(page::script));
}

/// Takes a step for an administrator, once for each key.
async fn taken(
    api: &OperationsApi,
    request: &actix_web::HttpRequest,
    who: &platform::http::admission::As<platform::http::admission::Admins>,
    what: &str,
    fingerprint: [u8; 32],
    step: &Step,
    answer: fn(&Done) -> KeptAnswer,
) -> Result<actix_web::HttpResponse, Problem> {
    let scope = scope(&who.caller, what);
    let once = key_of(request)?.map(|key| kernel::Once { scope, key, fingerprint, answer: Arc::new(answer) });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let asked = Asked { actor: who.caller.actor(), request_id: context::request_id(), once };
    match api.steps.take(step, asked, api.clock.now()).await? {
        Ok(done) => Ok(send(&answer(&done), Replayed::No)),
        Err(before) => again(&before),
    }
}
