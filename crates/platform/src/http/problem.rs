use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use kernel::{FailureKind, PortFailure};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::context;
use crate::telemetry;

/// A sort of problem: what a client may program against, and the page that explains it.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Stable word, kebab-case; the last part of `type`.
    pub code: &'static str,
    /// HTTP status code.
    pub status: u16,
    /// One short sentence, always the same for the code.
    pub title: &'static str,
    /// What happened and what to do about it, for the page `/problems/{code}`.
    pub help: &'static str,
}

/// The kinds every part of the API may answer.
pub mod kinds {
    use super::Kind;

    macro_rules! kinds {
        ($($name:ident $status:literal $code:literal $title:literal $help:literal;)+) => {
            $(#[doc = $title] pub static $name: Kind = Kind { code: $code, status: $status, title: $title, help: $help };)+
            /// All of them.
            pub static ALL: &[&Kind] = &[$(&$name),+];
        };
    }

    kinds! {
        UNREADABLE 400 "unreadable" "The request cannot be read"
            "The request is not well-formed: the body is not JSON, or the request line or a header field is broken. Send it again in the right form; as it is, it will never be accepted.";
        NOT_SIGNED_IN 401 "not-signed-in" "This needs a sign-in"
            "The operation is not open to everybody. Sign in and send the access token as Authorization: Bearer; one that has expired or was revoked is answered in the same way, refresh it or sign in again. An appointment can also be opened by its link, with the token in it.";
        WRONG_CODE 401 "wrong-code" "This is not the code"
            "The code is wrong, was used before, is too old, or belongs to another request; the answer is the same for all of these. After five wrong tries a code is dead. Ask for a new one.";
        VISITS_AHEAD 409 "visits-ahead" "There are visits ahead"
            "Nobody would be told of them any more. Cancel them first, or wait until they are over.";
        FORBIDDEN 403 "forbidden" "This is not allowed"
            "You are known, but what you ask for is not open to you in your role.";
        CSRF 403 "csrf" "This did not come from our page"
            "A request with the session cookie that changes something has to carry the token of the page in X-CSRF-Token. Load the page again.";
        SECOND_FACTOR_MISSING 403 "second-factor-missing" "A second factor has to be set up first"
            "Doctors, front desks and administrators sign in with password and a code of an authenticator app. This sign-in is good for setting that up and for nothing else.";
        NOT_FOUND 404 "not-found" "There is nothing here"
            "Nothing has this address, or it is not yours to see: the answer is the same for both.";
        METHOD_NOT_ALLOWED 405 "method-not-allowed" "This method is not offered here"
            "The address exists, the method does not. The Allow header field lists those that do.";
        NOT_ACCEPTABLE 406 "not-acceptable" "There is no form of the answer that you accept"
            "Accept-Encoding refuses every coding that could be sent, identity included. Leave out identity;q=0.";
        REQUEST_TIMEOUT 408 "request-timeout" "The request took too long to arrive"
            "The body did not arrive in time. Send it again.";
        PRECONDITION_FAILED 412 "precondition-failed" "It has changed since you read it"
            "If-Match names a version that is no longer the present one. Read it again, look at what changed, and decide anew.";
        PRECONDITION_REQUIRED 428 "precondition-required" "Say which version you change"
            "Send the ETag of what you have read in If-Match, so that you do not undo somebody else's change unseen.";
        TOO_LARGE 413 "too-large" "The body is too large"
            "Bodies of this operation are limited. The detail tells the limit.";
        UNSUPPORTED_MEDIA_TYPE 415 "unsupported-media-type" "This media type is not understood"
            "Send the body as application/json and say so in Content-Type.";
        INVALID 422 "invalid" "Some values are not valid"
            "The request was understood, but values in it are not acceptable. The list `errors` names every one of them; nothing was changed.";
        KEY_REUSED 422 "idempotency-key-reused" "This idempotency key belongs to another request"
            "A key stands for one request. Use a new key (a random UUID is good) for each new request, and the same key only to repeat the very same one.";
        CHANGED_MEANWHILE 409 "changed-meanwhile" "Others are changing it at the same time"
            "Three times somebody else was faster, and nothing of yours was done. Wait for a moment, look at it again and send the request once more with the same idempotency key.";
        KEY_IN_PROGRESS 409 "idempotency-in-progress" "The first request with this key still runs"
            "Wait for a moment, then send the same request with the same key again: you will get the first answer.";
        TOO_MANY_REQUESTS 429 "too-many-requests" "Too many requests"
            "Slow down; Retry-After tells for how long.";
        INTERNAL 500 "internal" "Something went wrong on our side"
            "This is a defect of ours. The request_id finds it in the server's log; send it along when you report it. A repeat with the same idempotency key is safe.";
        UNAVAILABLE 503 "unavailable" "The service is not available for the moment"
            "A part we depend on is away or overloaded. Nothing was confirmed. Try again after the seconds in Retry-After; with the same idempotency key this is safe.";
    }
}

/// One bad value of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Name of the field, parameter or header field.
    #[schema(example = "starts_at")]
    pub field: String,
    /// Stable word for a program: `required`, `unknown`, `type`, `length`, `range`, `email`, …
    #[schema(example = "required")]
    pub code: String,
    /// A sentence for a person. It never repeats the value.
    #[schema(example = "is required")]
    pub message: String,
}

impl FieldError {
    /// A bad value in `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), code: code.into(), message: message.into() }
    }
}

/// An error as clients see it: `application/problem+json` (RFC 9457).
#[derive(Debug)]
pub struct Problem(Box<Told>);

#[derive(Debug)]
struct Told {
    kind: &'static Kind,
    detail: Option<String>,
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    request_id: Option<String>,
}

/// The shape of every error answer (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// A relative address of a page that explains this sort of problem.
    #[schema(example = "/problems/invalid")]
    pub r#type: String,
    /// The same short sentence for every problem of this sort.
    pub title: String,
    /// The HTTP status code.
    #[schema(minimum = 400, maximum = 599, example = 422)]
    pub status: u16,
    /// What is wrong in this very case.
    pub detail: String,
    /// Stable word for programs, the last part of `type`.
    #[schema(example = "invalid")]
    pub code: String,
    /// Finds this request in the server's log.
    pub request_id: String,
    /// The bad values, all of them at once; only where input was bad.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub errors: Option<Vec<FieldError>>,
}

impl Problem {
    /// A problem of a kind, told by its title alone.
    #[must_use]
    pub fn of(kind: &'static Kind) -> Self {
        Self(Box::new(Told {
            kind,
            detail: None,
            errors: Vec::new(),
            members: Map::new(),
            headers: Vec::new(),
            request_id: context::request_id(),
        }))
    }

    /// Bad input: 422 with every bad field.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::of(&kinds::INVALID);
        problem.0.errors = errors;
        problem
    }

    /// A technical failure: logs its whole chain of causes once and shows none of it.
    #[must_use]
    pub fn internal(failure: &PortFailure) -> Self {
        telemetry::log_failure(failure);
        match failure.kind() {
            FailureKind::Unavailable | FailureKind::Contention => Self::unavailable(),
            FailureKind::Internal => Self::of(&kinds::INTERNAL),
        }
    }

    /// 503 with `Retry-After`.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::of(&kinds::UNAVAILABLE).header(header::RETRY_AFTER, HeaderValue::from_static("2"))
    }

    /// With a sentence about this very case. Never put a client's values or a cause in it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// With one bad field.
    #[must_use]
    pub fn field(mut self, error: FieldError) -> Self {
        self.0.errors.push(error);
        self
    }

    /// With a further member (RFC 9457, section 3.2).
    #[must_use]
    pub fn member(mut self, name: &str, value: Value) -> Self {
        self.0.members.insert(name.to_owned(), value);
        self
    }

    /// With a header field.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> &'static Kind {
        self.0.kind
    }

    /// The body's bytes.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let body = ProblemBody {
            r#type: format!("/problems/{}", self.0.kind.code),
            title: self.0.kind.title.to_owned(),
            status: self.0.kind.status,
            detail: self.0.detail.clone().unwrap_or_else(|| format!("{}.", self.0.kind.title)),
            code: self.0.kind.code.to_owned(),
            request_id: self.0.request_id.clone().or_else(context::request_id).unwrap_or_default(),
            errors: (!self.0.errors.is_empty()).then(|| self.0.errors.clone()),
        };
        let mut value = serde_json::to_value(body).unwrap_or_default();
        if let Value::Object(map) = &mut value {
            map.extend(self.0.members.clone());
        }
        value.to_string().into_bytes()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        for (name, value) in &self.0.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        response.body(self.body())
    }
}

impl From<PortFailure> for Problem {
    fn from(failure: PortFailure) -> Self {
        Self::internal(&failure)
    }
}
