//! What happens to every request, whatever it asks: id, log line, figures, headers, deadline, last resort.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, ResponseError};
use futures_util::FutureExt as _;
use metrics::{counter, histogram};
use tracing::{info, warn};
use uuid::Uuid;

use super::context::{RequestContext, sane_request_id, trace_id, within};
use super::problem::{Problem, kinds};

/// The longest a request may take, as long as a single statement may; later it is answered with 503.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// Requests that may take longer than [`DEADLINE`], because their bodies do. Lies in the application's data as
/// `Data<LongRequests>`.
#[derive(Debug, Clone)]
pub struct LongRequests(
    /// Method, beginning of the path, and the longest such a request may take.
    pub Vec<(Method, &'static str, Duration)>,
);

fn deadline(request: &ServiceRequest) -> Duration {
    let long = request.app_data::<Data<LongRequests>>();
    let mut fitting = long.iter().flat_map(|long| long.0.iter());
    let fits = fitting.find(|(method, path, _)| request.method() == method && request.path().starts_with(path));
    fits.map_or(DEADLINE, |(_, _, longest)| *longest)
}

const FIXED_HEADERS: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
];

/// The outermost layer.
///
/// # Errors
/// Only with an answer that is complete in itself, when nothing below gave one.
pub async fn edge(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let text = |request: &ServiceRequest, name: &str| {
        request.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned)
    };
    let context = RequestContext {
        request_id: text(&request, "x-request-id")
            .as_deref()
            .and_then(sane_request_id)
            .map_or_else(|| Uuid::now_v7().to_string(), str::to_owned),
        trace_id: text(&request, "traceparent").as_deref().and_then(trace_id).map(str::to_owned),
    };
    let method = request.method().clone();
    if method == Method::HEAD {
        // HEAD is GET without the body (RFC 9110, section 9.3.2), which the server leaves out by itself.
        request.head_mut().method = Method::GET;
    }
    let answer = AssertUnwindSafe(tokio::time::timeout(deadline(&request), next.call(request))).catch_unwind();
    let outcome = within(context.clone(), answer).await;

    let (response, route) = match outcome {
        Ok(Ok(Ok(mut response))) => {
            let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());
            finish(response.headers_mut(), &context.request_id);
            (Ok(response.map_into_boxed_body()), route)
        }
        Ok(Ok(Err(error))) => {
            (Err(LastResort::from_response(error.error_response(), &context)), "unmatched".to_owned())
        }
        Ok(Err(_elapsed)) => (Err(LastResort::from_problem(&Problem::unavailable(), &context)), "unmatched".to_owned()),
        Err(_panic) => {
            (Err(LastResort::from_problem(&Problem::of(&kinds::INTERNAL), &context)), "unmatched".to_owned())
        }
    };
    let status = response.as_ref().map_or_else(|last| last.status, ServiceResponse::status);
    note(&method, &route, status, started.elapsed(), &context);
    response.map_err(Into::into)
}

fn note(method: &Method, route: &str, status: StatusCode, took: Duration, context: &RequestContext) {
    // A method is the client's word: unknown ones must not make the series of figures grow.
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    let method = if known.contains(method) { method.to_string() } else { "OTHER".to_owned() };
    let labels = [("method", method.clone()), ("route", route.to_owned()), ("status", status.as_u16().to_string())];
    counter!("http_requests_total", &labels).increment(1);
    histogram!("http_request_duration_seconds", "method" => method.clone(), "route" => route.to_owned())
        .record(took.as_secs_f64());
    let ms = u64::try_from(took.as_micros()).unwrap_or(u64::MAX) as f64 / 1000.0;
    let (request_id, trace_id, status) = (&context.request_id, context.trace_id.as_deref(), status.as_u16());
    if status >= 500 {
        warn!(method, route, status, ms, request_id, trace_id, "request");
    } else {
        info!(method, route, status, ms, request_id, trace_id, "request");
    }
}

fn finish(headers: &mut HeaderMap, request_id: &str) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    for (name, value) in FIXED_HEADERS {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    // Tells the layer that compresses to leave an answer alone; in an answer the word is out of place (RFC 9110,
    // section 8.4.1).
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding == "identity") {
        headers.remove(header::CONTENT_ENCODING);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// An answer for the case that no layer below gave one.
#[derive(Debug)]
struct LastResort {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl LastResort {
    fn from_problem(problem: &Problem, context: &RequestContext) -> Self {
        let mut headers = problem.error_response().headers().clone();
        finish(&mut headers, &context.request_id);
        let mut body: serde_json::Value = serde_json::from_slice(&problem.body()).unwrap_or_default();
        body["request_id"] = context.request_id.clone().into();
        Self { status: problem.status_code(), headers, body: body.to_string().into_bytes() }
    }

    fn from_response(response: HttpResponse, context: &RequestContext) -> Self {
        let kind = kind_for(response.status());
        Self::from_problem(&Problem::of(kind), context)
    }
}

impl std::fmt::Display for LastResort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.status.fmt(f)
    }
}

impl ResponseError for LastResort {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status);
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        response.body(self.body.clone())
    }
}

fn kind_for(status: StatusCode) -> &'static super::problem::Kind {
    kinds::ALL.iter().find(|kind| kind.status == status.as_u16()).copied().unwrap_or(match status.as_u16() {
        400..=499 => &kinds::UNREADABLE,
        _ => &kinds::INTERNAL,
    })
}

/// Gives every error of the framework itself the form of a problem.
///
/// # Errors
/// Those of the layers below.
pub async fn problems_only(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    let is_ours = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/problem+json"));
    if status.is_client_error() || status.is_server_error() {
        // The framework's own are plain texts; what is JSON or a page was meant so.
        let is_meant = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| {
            [&b"application/json"[..], b"text/html"].iter().any(|meant| value.as_bytes().starts_with(meant))
        });
        if !is_ours && !is_meant {
            let (request, _) = response.into_parts();
            return Ok(ServiceResponse::new(request, Problem::of(kind_for(status)).error_response()));
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service};
    use actix_web::{App, web};

    use super::*;

    /// Status, problem code and request id of what a handler's fate is answered with.
    async fn answered(path: &str) -> (u16, String, String) {
        async fn slow() -> &'static str {
            tokio::time::sleep(DEADLINE * 2).await;
            "too late"
        }
        async fn broken() -> &'static str {
            std::panic::panic_any("a defect")
        }
        let long = LongRequests(vec![(Method::GET, "/slower", DEADLINE * 3)]);
        let app = App::new()
            .app_data(Data::new(long))
            .route("/slow", web::get().to(slow))
            .route("/slower", web::get().to(slow))
            .route("/broken", web::get().to(broken))
            .wrap(from_fn(edge));
        let app = init_service(app).await;
        let request = TestRequest::get().uri(path).insert_header(("x-request-id", "r-1")).to_request();
        let error = match actix_web::dev::Service::call(&app, request).await {
            Ok(response) => return (response.status().as_u16(), String::new(), String::new()),
            Err(error) => error,
        };
        let response = error.error_response();
        assert_eq!(response.headers().get("x-content-type-options").unwrap(), "nosniff");
        let id = response.headers().get("x-request-id").unwrap().to_str().unwrap().to_owned();
        let status = response.status().as_u16();
        let body = actix_web::body::to_bytes(response.into_body()).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["request_id"], "r-1");
        (status, body["code"].as_str().unwrap().to_owned(), id)
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_too_long_is_answered_with_503() {
        assert_eq!(answered("/slow").await, (503, "unavailable".into(), "r-1".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_may_take_longer_does() {
        assert_eq!(answered("/slower").await.0, 200);
    }

    #[tokio::test]
    async fn a_panic_is_answered_with_500_and_tells_nothing() {
        assert_eq!(answered("/broken").await, (500, "internal".into(), "r-1".into()));
    }
}
