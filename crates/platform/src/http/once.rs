//! `Idempotency-Key`: reading it, and answering again.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use kernel::{Caller, KeptAnswer, Once, OnceError};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::problem::{FieldError, Problem, kinds};
use crate::idempotency::Answers;

/// The header, in the API's description.
pub enum IdempotencyHeader {}

impl IntoParams for IdempotencyHeader {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
        let header = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("1–255 visible ASCII characters, a random UUID is good; kept for 24 hours"))
            .schema(Some(key.pattern(Some("^[!-~]{1,255}$"))));
        vec![header.build()]
    }
}

/// The client's key, where there is one: 1–255 visible ASCII characters, bare or as a quoted string.
///
/// # Errors
/// 422 when it is given but not of that form, or given twice.
pub fn key_of(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut given = request.headers().get_all("idempotency-key");
    let Some(value) = given.next() else { return Ok(None) };
    let bad = |message: &str| Problem::invalid(vec![FieldError::new("Idempotency-Key", "key", message)]);
    if given.next().is_some() {
        return Err(bad("is given twice"));
    }
    let text = value.to_str().unwrap_or_default().trim();
    let key = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    if (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(Some(key.to_owned()))
    } else {
        Err(bad("must have 1 to 255 visible ASCII characters"))
    }
}

/// Whose key it is, and for `what`: the same key of somebody else, or for another operation, is another key.
#[must_use]
pub fn scope(caller: &Caller, what: &str) -> String {
    let actor = caller.actor();
    match actor.id() {
        Some(id) => format!("{}:{id}:{what}", actor.kind()),
        None => format!("{}:{what}", actor.kind()),
    }
}

/// Sends a kept answer; `replayed` marks it with `Idempotent-Replayed: true`.
#[must_use]
pub fn send(answer: &KeptAnswer, replayed: Replayed) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK));
    if let Some(location) = &answer.location {
        response.insert_header((header::LOCATION, location.clone()));
    }
    if let Some(etag) = &answer.etag {
        response.insert_header((header::ETAG, etag.clone()));
    }
    if replayed == Replayed::Yes {
        response.insert_header(("idempotent-replayed", "true"));
    }
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    let content_type = if answer.status < 400 { "application/json" } else { "application/problem+json" };
    response.content_type(content_type).body(answer.body.clone())
}

/// Is this the first answer, or the first answer again?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// Again.
    Yes,
    /// The first time.
    No,
}

/// What a client hears when it asks once more: the first answer, or why not.
///
/// # Errors
/// 409 while the first request runs, 422 for another request under the same key.
pub fn again(error: &OnceError) -> Result<HttpResponse, Problem> {
    match error {
        OnceError::Replay(answer) => Ok(send(answer, Replayed::Yes)),
        OnceError::InProgress => {
            Err(Problem::of(&kinds::KEY_IN_PROGRESS).header(header::RETRY_AFTER, header::HeaderValue::from_static("1")))
        }
        OnceError::Reused => Err(Problem::of(&kinds::KEY_REUSED).field(FieldError::new(
            "Idempotency-Key",
            "reused",
            "was used for another request",
        ))),
    }
}

/// What a client hears whose wish was granted before, or still runs; nothing when it is new, or came without a key.
///
/// # Errors
/// Those of [`again`], and when the kept answers cannot be read.
pub async fn answered_before<T: Sync>(
    answers: &Answers,
    once: Option<&Once<T>>,
) -> Result<Option<HttpResponse>, Problem> {
    let Some(once) = once else { return Ok(None) };
    match answers.look(once).await? {
        Ok(()) => Ok(None),
        Err(before) => again(&before).map(Some),
    }
}

/// Sends a refusal that the store has decided, and keeps it under the client's key, where there is one.
///
/// # Errors
/// When it cannot be kept.
pub async fn send_refusal<T: ?Sized + Sync>(
    answers: &Answers,
    once: Option<&Once<T>>,
    problem: Problem,
    at: Timestamp,
) -> Result<HttpResponse, Problem> {
    let Some(once) = once else { return Err(problem) };
    let answer = KeptAnswer { status: problem.kind().status, location: None, etag: None, body: problem.body() };
    match answers.keep(once, &answer, at).await? {
        Ok(()) => Ok(send(&answer, Replayed::No)),
        Err(error) => again(&error),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn key(value: &str) -> Result<Option<String>, Problem> {
        key_of(&TestRequest::default().insert_header(("Idempotency-Key", value)).to_http_request())
    }

    #[test]
    fn a_key_is_the_same_bare_or_quoted() {
        assert_eq!(key("abc").unwrap().as_deref(), Some("abc"));
        assert_eq!(key("\"abc\"").unwrap().as_deref(), Some("abc"));
        assert_eq!(key_of(&TestRequest::default().to_http_request()).unwrap(), None);
    }

    #[test]
    fn a_key_with_spaces_or_of_a_wrong_length_is_refused() {
        for bad in ["", "\"\"", "a b", &"x".repeat(256)] {
            assert!(key(bad).is_err(), "{bad:?}");
        }
    }
}
