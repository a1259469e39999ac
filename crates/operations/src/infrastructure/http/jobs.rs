//! Jobs and their runs.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use platform::http::admission::{Admins, As};
use platform::http::once::IdempotencyHeader;
use platform::http::{
    DEFAULT_LIMIT, NoParams, Nothing, OptionalBody, Problem, Query, cursor, cut, id_in_path, kinds, page_of,
    read_cursor,
};
use serde::Serialize;
use uuid::Uuid;

use super::bodies::{ChangedBody, Changing, Closed, JobBody, JobParams, RunOfJobBody, RunParams, answer};
use super::{OperationsApi, Step, taken};

/// A page of at most `limit` entries of these, one of which may be too many, with a link to the next one.
fn page<T, B: Serialize>(
    request: &HttpRequest,
    mut found: Vec<T>,
    limit: u32,
    key: impl Fn(&T) -> String,
    body: impl Fn(T) -> B,
) -> HttpResponse {
    let more = cut(&mut found, limit);
    let next = found.last().filter(|_| more).map(key);
    let bodies: Vec<B> = found.into_iter().map(body).collect();
    page_of(request, &bodies, next.as_deref())
}

/// Jobs that are not done
///
/// Those that wait, run, or were given up; the newest first. A job that is done is only in the list of runs.
#[utoipa::path(
    tag = "Operations",
    operation_id = "listJobs",
    security(("bearer" = []), ("session" = [])),
    params(JobParams),
    responses(
        (status = 200, description = "A page", body = Vec<JobBody>, headers(("link" = Option<String>, description = "`rel=\"next\"`, where there is a next page"))),
        Closed,
    )
)]
#[get("/jobs")]
pub(super) async fn list_jobs(
    _: As<Admins>,
    request: HttpRequest,
    params: Query<JobParams>,
    api: Data<OperationsApi>,
) -> Result<HttpResponse, Problem> {
    let JobParams { state, queue, limit, cursor: at } = params.0;
    let before: Option<Uuid> = at.as_deref().map(read_cursor).transpose()?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    let found = api.jobs.newest(state.map(Into::into), queue.as_deref(), before, i64::from(limit) + 1).await?;
    Ok(page(&request, found, limit, |job| cursor(&job.id), JobBody::from))
}

/// What was done, and how it ended
///
/// Each try of each job of the last 30 days, the newest first.
#[utoipa::path(
    tag = "Operations",
    operation_id = "listJobRuns",
    security(("bearer" = []), ("session" = [])),
    params(RunParams),
    responses(
        (status = 200, description = "A page", body = Vec<RunOfJobBody>, headers(("link" = Option<String>, description = "`rel=\"next\"`, where there is a next page"))),
        Closed,
    )
)]
#[get("/jobs/runs")]
pub(super) async fn list_job_runs(
    _: As<Admins>,
    request: HttpRequest,
    params: Query<RunParams>,
    api: Data<OperationsApi>,
) -> Result<HttpResponse, Problem> {
    let RunParams { job_id, limit, cursor: at } = params.0;
    let before: Option<i64> = at.as_deref().map(read_cursor).transpose()?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    let found = api.jobs.runs(job_id, before, i64::from(limit) + 1).await?;
    Ok(page(&request, found, limit, |run| cursor(&run.id), RunOfJobBody::from))
}

/// Try a job again that was given up
///
/// At once, with all its tries. One that is not given up stays as it is.
#[utoipa::path(
    tag = "Operations",
    operation_id = "retryJob",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The job"), IdempotencyHeader),
    responses(
        (status = 200, description = "It waits for a hand", body = ChangedBody, headers(("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"))),
        Closed,
        Changing,
        (status = 404, description = "There is none, or it is done", body = platform::http::ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/jobs/{id}/retry")]
pub(super) async fn retry_job(
    who: As<Admins>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: OptionalBody<Nothing>,
    api: Data<OperationsApi>,
) -> Result<HttpResponse, Problem> {
    let id: Uuid = id_in_path(&request, "id")?;
    if !api.jobs.is_there(id).await? {
        return Err(Problem::of(&kinds::NOT_FOUND));
    }
    let what = format!("retry-job:{id}");
    taken(&api, &request, &who, &what, body.0.fingerprint, &Step::RetryJobs(Some(id)), answer).await
}

/// Try all jobs again that were given up
#[utoipa::path(
    tag = "Operations",
    operation_id = "retryJobs",
    security(("bearer" = []), ("session" = [])),
    params(IdempotencyHeader),
    responses(
        (status = 200, description = "So many wait for a hand", body = ChangedBody, headers(("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"))),
        Closed,
        Changing,
    )
)]
#[post("/jobs/retry")]
pub(super) async fn retry_jobs(
    who: As<Admins>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: OptionalBody<Nothing>,
    api: Data<OperationsApi>,
) -> Result<HttpResponse, Problem> {
    taken(&api, &request, &who, "retry-jobs", body.0.fingerprint, &Step::RetryJobs(None), answer).await
}
