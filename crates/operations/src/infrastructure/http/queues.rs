//! Queues, the timetable, and messages.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use platform::http::admission::{Admins, As};
use platform::http::once::IdempotencyHeader;
use platform::http::{NoParams, Nothing, OptionalBody, Problem, ProblemBody, Query, id_in_path, kinds};
use uuid::Uuid;

use super::bodies::{ChangedBody, Changing, Closed, OutboxBody, QueueBody, RunBody, ScheduleBody, StartedBody, answer};
use super::{OperationsApi, Step, taken};

/// The queues, and how much there is to do
#[utoipa::path(
    tag = "Operations",
    operation_id = "listQueues",
    security(("bearer" = []), ("session" = [])),
    responses((status = 200, description = "All there are, by name", body = Vec<QueueBody>), Closed)
)]
#[get("/jobs/queues")]
pub(super) async fn list_queues(
    _: As<Admins>,
    _: Query<NoParams>,
    api: Data<OperationsApi>,
) -> Result<HttpResponse, Problem> {
    let queues = api.queues(api.clock.now()).await?;
    Ok(HttpResponse::Ok().json(queues.into_iter().map(QueueBody::from).collect::<Vec<_>>()))
}

/// Pause a queue
///
/// What is in it waits, and what comes waits as well; what runs goes on.
#[utoipa::path(
    tag = "Operations",
    operation_id = "pauseQueue",
    security(("bearer" = []), ("session" = [])),
    params(("name" = String, Path, description = "The queue", example = "reminders"), IdempotencyHeader),
    responses(
        (status = 200, description = "It is paused", body = ChangedBody, headers(("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"))),
        Closed,
        Changing,
        (status = 404, description = "There is none of that name", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/jobs/queues/{name}/pause")]
pub(super) async fn pause_queue(
    who: As<Admins>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: OptionalBody<Nothing>,
    api: Data<OperationsApi>,
) -> Result<HttpResponse, Problem> {
    let queue = known_queue(&api, &request).await?;
    let what = format!("pause-queue:{queue}");
    taken(&api, &request, &who, &what, body.0.fingerprint, &Step::Pause(queue), answer).await
}

/// Let a paused queue go on
#[utoipa::path(
    tag = "Operations",
    operation_id = "resumeQueue",
    security(("bearer" = []), ("session" = [])),
    params(("name" = String, Path, description = "The queue", example = "reminders"), IdempotencyHeader),
    responses(
        (status = 200, description = "It goes on", body = ChangedBody, headers(("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"))),
        Closed,
        Changing,
        (status = 404, description = "There is none of that name", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/jobs/queues/{name}/resume")]
pub(super) async fn resume_queue(
    who: As<Admins>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: OptionalBody<Nothing>,
    api: Data<OperationsApi>,
) -> Result<HttpResponse, Problem> {
    let queue = known_queue(&api, &request).await?;
    let what = format!("resume-queue:{queue}");
    taken(&api, &request, &who, &what, body.0.fingerprint, &Step::Resume(queue), answer).await
}

/// The queue in the path, if it is one.
async fn known_queue(api: &OperationsApi, request: &HttpRequest) -> Result<String, Problem> {
    let name: String = id_in_path(request, "name")?;
    let queues = api.queues(api.clock.now()).await?;
    if queues.iter().any(|queue| queue.name == name) { Ok(name) } else { Err(Problem::of(&kinds::NOT_FOUND)) }
}

/// What is done at set times
#[utoipa::path(
    tag = "Operations",
    operation_id = "listSchedules",
    security(("bearer" = []), ("session" = [])),
    responses((status = 200, description = "By name and zone; empty until a worker has started for the first time", body = Vec<ScheduleBody>), Closed)
)]
#[get("/jobs/schedules")]
pub(super) async fn list_schedules(
    _: As<Admins>,
    _: Query<NoParams>,
    api: Data<OperationsApi>,
) -> Result<HttpResponse, Problem> {
    let schedules = api.timetable.list().await?;
    Ok(HttpResponse::Ok().json(schedules.into_iter().map(ScheduleBody::from).collect::<Vec<_>>()))
}

/// Do something of the timetable now
///
/// On the wall clocks of all zones. Its next set time stays as it is.
#[utoipa::path(
    tag = "Operations",
    operation_id = "runSchedule",
    security(("bearer" = []), ("session" = [])),
    params(("name" = String, Path, description = "Of the job", example = "reminders"), IdempotencyHeader),
    request_body(content = Option<RunBody>, content_type = "application/json"),
    responses(
        (status = 202, description = "The job waits for a hand", body = StartedBody, headers(
            ("location" = String, description = "Its runs"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        Closed,
        Changing,
        (status = 404, description = "There is none of that name", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/jobs/schedules/{name}/run")]
pub(super) async fn run_schedule(
    who: As<Admins>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: OptionalBody<RunBody>,
    api: Data<OperationsApi>,
) -> Result<HttpResponse, Problem> {
    let name: String = id_in_path(&request, "name")?;
    let schedule = api.timetable.schedules().iter().find(|schedule| schedule.name == name);
    let schedule = schedule.ok_or_else(|| Problem::of(&kinds::NOT_FOUND))?;
    let step = Step::Start { queue: schedule.queue, name: schedule.name, at: body.0.value.at };
    let what = format!("run-schedule:{name}");
    taken(&api, &request, &who, &what, body.0.fingerprint, &step, answer).await
}

/// Messages that wait to go out, and those that were given up
#[utoipa::path(
    tag = "Operations",
    operation_id = "getOutbox",
    security(("bearer" = []), ("session" = [])),
    responses((status = 200, description = "How many, and which were given up", body = OutboxBody), Closed)
)]
#[get("/outbox")]
pub(super) async fn get_outbox(
    _: As<Admins>,
    _: Query<NoParams>,
    api: Data<OperationsApi>,
) -> Result<HttpResponse, Problem> {
    let (depth, failed) = (api.outbox.depth().await?, api.outbox.failed().await?);
    Ok(HttpResponse::Ok().json(OutboxBody::new(depth, failed)))
}

/// Try a message again that was given up
#[utoipa::path(
    tag = "Operations",
    operation_id = "retryMessage",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The message"), IdempotencyHeader),
    responses(
        (status = 200, description = "It waits for a hand; none was changed where it is out by now", body = ChangedBody, headers(("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"))),
        Closed,
        Changing,
        (status = 404, description = "There is none", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/outbox/{id}/retry")]
pub(super) async fn retry_message(
    who: As<Admins>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: OptionalBody<Nothing>,
    api: Data<OperationsApi>,
) -> Result<HttpResponse, Problem> {
    let id: Uuid = id_in_path(&request, "id")?;
    if !api.outbox.is_there(id).await? {
        return Err(Problem::of(&kinds::NOT_FOUND));
    }
    let what = format!("retry-message:{id}");
    taken(&api, &request, &who, &what, body.0.fingerprint, &Step::RetryMessages(Some(id)), answer).await
}

/// Try all messages again that were given up
#[utoipa::path(
    tag = "Operations",
    operation_id = "retryMessages",
    security(("bearer" = []), ("session" = [])),
    params(IdempotencyHeader),
    responses(
        (status = 200, description = "So many wait for a hand", body = ChangedBody, headers(("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"))),
        Closed,
        Changing,
    )
)]
#[post("/outbox/retry")]
pub(super) async fn retry_messages(
    who: As<Admins>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: OptionalBody<Nothing>,
    api: Data<OperationsApi>,
) -> Result<HttpResponse, Problem> {
    taken(&api, &request, &who, "retry-messages", body.0.fingerprint, &Step::RetryMessages(None), answer).await
}
