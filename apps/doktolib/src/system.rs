//! What operators and readers ask: health, figures, the API's description, the pages about problems.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::{Data, Path, Redirect};
use actix_web::{HttpRequest, HttpResponse, Responder, get};
use appointments::infrastructure::http::PROBLEMS as APPOINTMENTS_PROBLEMS;
use auth::infrastructure::http::{PROBLEMS as AUTH_PROBLEMS, RECORDS_PROBLEMS};
use calendars::infrastructure::http::PROBLEMS as CALENDARS_PROBLEMS;
use diesel::IntoSql as _;
use diesel_async::RunQueryDsl as _;
use doctors::infrastructure::http::PROBLEMS as DOCTORS_PROBLEMS;
use files::infrastructure::http::PROBLEMS as FILES_PROBLEMS;
use jiff::Timestamp;
use kernel::Clock;
use notifications::infrastructure::http::PROBLEMS as NOTIFICATIONS_PROBLEMS;
use platform::http::{Kind, PROBLEMS_CSS, Problem, kinds, ok_or_not_modified, problem_index, problem_page};
use platform::pg::{self, PgPool};
use prescriptions::infrastructure::http::PROBLEMS as PRESCRIPTIONS_PROBLEMS;
use reports::infrastructure::http::PROBLEMS as REPORTS_PROBLEMS;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use webhooks::infrastructure::http::PROBLEMS as WEBHOOKS_PROBLEMS;

use crate::application::Figures;
use crate::{openapi, prebuilt};

/// What the handlers need.
pub struct SystemApi {
    pub(crate) pool: PgPool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) started_at: Timestamp,
    pub(crate) figures: Option<Figures>,
}

const DATABASE_PATIENCE: Duration = Duration::from_millis(1500);

/// Mounts the operations outside of the API's version.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(live).service(figures);
}

/// Mounts the operations under `/api/v1`.
pub fn api_routes(config: &mut ServiceConfig<'_>) {
    config.service(ready);
}

/// Is the process there?
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Liveness)]
pub struct Live {
    /// Always `healthy`: who cannot say so says nothing.
    #[schema(example = "healthy")]
    status: &'static str,
}

/// Can it serve?
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Readiness)]
pub struct Ready {
    /// `healthy` or `unhealthy`.
    #[schema(example = "healthy")]
    status: &'static str,
    /// `connected` or `disconnected`.
    #[schema(example = "connected")]
    db: &'static str,
    /// Of this program.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Since its start.
    #[schema(example = 42, minimum = 0)]
    uptime_seconds: i64,
}

/// Liveness: answers without asking anybody
#[utoipa::path(
    tag = "Operations",
    operation_id = "live",
    security(()),
    responses((status = 200, description = "The process is there", body = Live))
)]
#[get("/health")]
async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Live { status: "healthy" })
}

/// Readiness: really asks the database
#[utoipa::path(
    tag = "Operations",
    operation_id = "ready",
    security(()),
    responses(
        (status = 200, description = "Ready to serve", body = Ready),
        (status = 503, description = "The database does not answer", body = Ready),
    )
)]
#[get("/health")]
async fn ready(api: Data<SystemApi>) -> HttpResponse {
    let asked = tokio::time::timeout(DATABASE_PATIENCE, async {
        pg::read(&api.pool, "ask whether it is there", async |mut conn| {
            diesel::select(1.into_sql::<diesel::sql_types::Integer>()).get_result::<i32>(&mut conn).await
        })
        .await
    })
    .await;
    let connected = matches!(asked, Ok(Ok(1)));
    let body = Ready {
        status: if connected { "healthy" } else { "unhealthy" },
        db: if connected { "connected" } else { "disconnected" },
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: api.clock.now().duration_since(api.started_at).as_secs().max(0),
    };
    if connected {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, "2")).json(body)
    }
}

/// Figures in Prometheus' text form
#[utoipa::path(
    tag = "Operations",
    operation_id = "metrics",
    security(()),
    responses(
        (status = 200, description = "Request rates and latencies by route, pool, bookings, conflicts", body = String, content_type = "text/plain"),
    )
)]
#[get("/metrics")]
async fn figures(api: Data<SystemApi>) -> HttpResponse {
    let text = api.figures.as_ref().map(|render| render()).unwrap_or_default();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}

/// The description of the API, generated from the code.
pub async fn openapi_json(request: HttpRequest) -> HttpResponse {
    if !prebuilt::takes_brotli(&request) {
        return ok_or_not_modified(&request, openapi::document(), None);
    }
    let body = serde_json::to_vec(openapi::document()).unwrap_or_default();
    prebuilt::send(&request, "openapi.json", "application/json", body)
}

/// Every kind of problem there is.
fn all_kinds() -> Vec<&'static Kind> {
    kinds::ALL
        .iter()
        .chain(APPOINTMENTS_PROBLEMS)
        .chain(AUTH_PROBLEMS)
        .chain(CALENDARS_PROBLEMS)
        .chain(WEBHOOKS_PROBLEMS)
        .chain(DOCTORS_PROBLEMS)
        .chain(FILES_PROBLEMS)
        .chain(RECORDS_PROBLEMS)
        .chain(NOTIFICATIONS_PROBLEMS)
        .chain(REPORTS_PROBLEMS)
        .chain(PRESCRIPTIONS_PROBLEMS)
        .copied()
        .collect()
}

const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The list of problems.
pub async fn problems() -> HttpResponse {
    html(problem_index(&all_kinds()).into_string())
}

/// The page about one problem.
pub async fn problem(code: Path<String>) -> Result<HttpResponse, Problem> {
    let kinds = all_kinds();
    let kind = kinds.iter().find(|kind| kind.code == code.as_str()).ok_or_else(|| Problem::of(&kinds::NOT_FOUND))?;
    Ok(html(problem_page(kind).into_string()))
}

fn html(page: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .body(page)
}

/// The looks of the pages about problems.
pub async fn problems_css() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(PROBLEMS_CSS)
}

/// The interactive page's files carry their styles inline and their icons as data.
const DOCS_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

/// The interactive page; all its files are in the binary, and its check by an outside service is off.
pub async fn docs(request: HttpRequest, file: Path<String>) -> Result<HttpResponse, Problem> {
    let config = Arc::new(utoipa_swagger_ui::Config::from("/api/v1/openapi.json").validator_url("none"));
    match utoipa_swagger_ui::serve(&file, config) {
        Ok(Some(found)) => {
            let mut response = if prebuilt::takes_brotli(&request) {
                prebuilt::send(&request, &format!("docs/{file}"), &found.content_type, found.bytes.into_owned())
            } else {
                HttpResponse::Ok().content_type(found.content_type).body(found.bytes.into_owned())
            };
            let policy = header::HeaderValue::from_static(DOCS_POLICY);
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
            response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache"));
            Ok(response)
        }
        Ok(None) | Err(_) => Err(Problem::of(&kinds::NOT_FOUND)),
    }
}

/// `/docs` without the slash its files are found by.
pub async fn to_docs() -> impl Responder {
    Redirect::to("/docs/").permanent()
}
