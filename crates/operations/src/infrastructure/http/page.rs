//! `/queue-dashboard`: what is done by itself, for administrators in a browser.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use kernel::Role;
use platform::http::Problem;
use platform::http::admission::{Extent, SignedIn, signed_in};
use platform::jobs::JobState;
use serde::Deserialize;

use super::OperationsApi;
use super::view::{self, Shown};

const SHOWN: i64 = 50;
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// What is shown.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    /// Runs before this one.
    before: Option<i64>,
}

/// The page. Who is not signed in as an administrator gets one to sign in by instead.
pub(super) async fn dashboard(
    request: HttpRequest,
    wanted: Query<Wanted>,
    api: Data<OperationsApi>,
) -> Result<HttpResponse, Problem> {
    let Ok(Some(SignedIn { caller, session, extent: Extent::Full })) = signed_in(&request) else {
        return Ok(page(StatusCode::UNAUTHORIZED, view::sign_in()));
    };
    if caller.role() != Some(Role::Admin) {
        return Ok(page(StatusCode::FORBIDDEN, view::sign_in()));
    }
    let now = api.clock.now();
    let shown = Shown {
        now,
        csrf: (api.csrf)(session),
        queues: api.queues(now).await?,
        schedules: api.timetable.list().await?,
        running: api.jobs.list(JobState::Running, SHOWN).await?,
        waiting: api.jobs.list(JobState::Waiting, SHOWN).await?,
        failed: api.jobs.list(JobState::Failed, SHOWN).await?,
        depth: api.outbox.depth().await?,
        given_up: api.outbox.failed().await?,
        runs: api.jobs.runs(None, wanted.before, SHOWN).await?,
    };
    Ok(page(StatusCode::OK, view::dashboard(&shown)))
}

fn page(status: StatusCode, page: maud::Markup) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(page.into_string())
}

/// Its looks.
pub(super) async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(include_str!("dashboard.css"))
}

/// What its buttons do.
pub(super) async fn script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(include_str!("dashboard.js"))
}
