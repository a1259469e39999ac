//! Parsing of bodies and query strings, with all bad fields told at once.

use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use validator::{Validate, ValidationErrors};

use super::problem::{FieldError, Problem, kinds};

/// The largest JSON body: 64 KiB.
pub const MAX_JSON_BYTES: usize = 64 * 1024;
/// Shorter than the request's own deadline, so that a slow sender hears what was wrong.
const BODY_DEADLINE: Duration = Duration::from_secs(4);
const MAX_ERRORS: usize = 50;

/// A JSON body, parsed and validated.
///
/// Fails with 400 (not JSON), 408 (does not arrive), 413, 415, or 422 with every bad field.
/// `T` refuses unknown fields (`deny_unknown_fields`) and makes each field an `Option`, so that one bad
/// field does not hide the next; what is needed says `#[validate(required)]`.
#[derive(Debug)]
pub struct Body<T> {
    /// What was sent.
    pub value: T,
    /// SHA-256 over method, path and the parsed content: equal for a retry, whatever its spaces.
    pub fingerprint: [u8; 32],
}

impl<T: DeserializeOwned + Serialize + Validate + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            require_json(&request)?;
            let bytes = read(&request, payload, MAX_JSON_BYTES).await?;
            let value: T = parse_json(&bytes)?;
            let fingerprint = fingerprint(&request, &value);
            Ok(Self { value, fingerprint })
        })
    }
}

/// Like [`Body`], but nothing at all (or `null`) may be sent, which is `T::default()`.
#[derive(Debug)]
pub struct OptionalBody<T>(
    /// What was sent.
    pub Body<T>,
);

impl<T: DeserializeOwned + Serialize + Validate + Default + 'static> FromRequest for OptionalBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let bytes = read(&request, payload, MAX_JSON_BYTES).await?;
            let value = if bytes.trim_ascii().is_empty() || bytes.trim_ascii() == b"null" {
                T::default()
            } else {
                require_json(&request)?;
                parse_json(&bytes)?
            };
            let fingerprint = fingerprint(&request, &value);
            Ok(Self(Body { value, fingerprint }))
        })
    }
}

/// The query string, parsed and validated; an unknown or repeated parameter is 422.
///
/// Fields that are not texts, dates or ids read themselves by `#[serde(deserialize_with = "from_text")]`.
#[derive(Debug)]
pub struct Query<T>(
    /// What was asked.
    pub T,
);

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(parse_query(request.query_string()).map(Self))
    }
}

/// Reads an optional field of a query string by its [`FromStr`].
///
/// # Errors
/// When the text is not one of `T`'s.
pub fn from_text<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(|_| serde::de::Error::custom("is not a valid value here"))).transpose()
}

/// The media type of the body, in lower case and without its parameters.
pub(super) fn media_type(request: &HttpRequest) -> String {
    let content_type =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn require_json(request: &HttpRequest) -> Result<(), Problem> {
    let essence = media_type(request);
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        Ok(())
    } else {
        Err(Problem::of(&kinds::UNSUPPORTED_MEDIA_TYPE))
    }
}

/// The whole body, `most` bytes at most.
pub(super) async fn read(request: &HttpRequest, mut payload: Payload, most: usize) -> Result<BytesMut, Problem> {
    let too_large = || Problem::of(&kinds::TOO_LARGE).detail(format!("A body here has at most {most} bytes."));
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let all = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Problem::of(&kinds::UNREADABLE).detail("The body broke off."))?;
            if bytes.len() + chunk.len() > most {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    tokio::time::timeout(BODY_DEADLINE, all).await.unwrap_or_else(|_| Err(Problem::of(&kinds::REQUEST_TIMEOUT)))
}

fn fingerprint<T: Serialize>(request: &HttpRequest, value: &T) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(request.method().as_str());
    hash.update(b"\n");
    hash.update(request.path());
    hash.update(b"\n");
    hash.update(serde_json::to_vec(value).unwrap_or_default());
    hash.finalize().into()
}

/// Parses and validates a JSON text.
///
/// # Errors
/// 400 when it is not JSON, 422 with every bad field.
pub fn parse_json<T: DeserializeOwned + Validate>(bytes: &[u8]) -> Result<T, Problem> {
    if holds_nul(bytes) {
        return Err(Problem::invalid(vec![FieldError::new("body", "characters", "must not hold the character NUL")]));
    }
    match serde_json::from_slice::<T>(bytes) {
        Ok(value) => checked(value, Vec::new()),
        Err(error) if !error.is_data() => Err(Problem::of(&kinds::UNREADABLE).detail(format!(
            "The body is not JSON: line {}, column {}.",
            error.line(),
            error.column()
        ))),
        Err(_) => match serde_json::from_slice::<Value>(bytes) {
            Ok(Value::Object(fields)) => {
                let (value, errors) = field_by_field::<T>(fields);
                match value {
                    // The text failed and its last-one-wins form does not: some name stands there twice.
                    Some(value) if errors.is_empty() => {
                        checked(value, vec![FieldError::new("body", "duplicate", "has a field that is given twice")])
                    }
                    Some(value) => checked(value, errors),
                    None => Err(Problem::invalid(errors)),
                }
            }
            Ok(_) => Err(Problem::invalid(vec![FieldError::new("body", "type", "must be a JSON object")])),
            Err(_) => Err(Problem::of(&kinds::UNREADABLE).detail("The body is not JSON.")),
        },
    }
}

/// Parses and validates a query string.
///
/// # Errors
/// 422 with every bad parameter.
pub fn parse_query<T: DeserializeOwned + Validate>(query: &str) -> Result<T, Problem> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
        .map_err(|_| Problem::of(&kinds::UNREADABLE).detail("The query string cannot be read."))?;
    let mut fields = Map::new();
    for (name, value) in pairs {
        if value.contains('\0') {
            return Err(Problem::invalid(vec![FieldError::new(
                printable(&name),
                "characters",
                "must not hold the character NUL",
            )]));
        }
        if fields.insert(name.clone(), Value::String(value)).is_some() {
            return Err(Problem::invalid(vec![FieldError::new(printable(&name), "duplicate", "is given twice")]));
        }
    }
    match field_by_field::<T>(fields) {
        (Some(value), errors) => checked(value, errors),
        (None, errors) => Err(Problem::invalid(errors)),
    }
}

/// Does the JSON text spell U+0000? PostgreSQL keeps no such text.
pub(super) fn holds_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        // Whatever follows a backslash belongs to it, a second one as well.
        if rest[at..].starts_with(b"\\u0000") {
            return true;
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    false
}

/// Takes out one bad field after the other, so that all of them can be told.
fn field_by_field<T: DeserializeOwned>(mut fields: Map<String, Value>) -> (Option<T>, Vec<FieldError>) {
    let mut errors = Vec::new();
    while errors.len() < MAX_ERRORS {
        let error = match serde_path_to_error::deserialize::<_, T>(Value::Object(fields.clone())) {
            Ok(value) => return (Some(value), errors),
            Err(error) => error,
        };
        let message = error.inner().to_string();
        if message.starts_with("unknown field") && error.path().iter().count() <= 1 {
            let known = expected_names(&message);
            let unknown: Vec<String> = fields.keys().filter(|name| !known.contains(&name.as_str())).cloned().collect();
            if unknown.is_empty() {
                break;
            }
            for name in unknown {
                fields.remove(&name);
                errors.push(FieldError::new(printable(&name), "unknown", "is not known here"));
            }
            continue;
        }
        let path = error.path().to_string();
        let top = path.split(['.', '[']).next().unwrap_or_default().to_owned();
        errors.push(FieldError::new(path, "type", explain(&message)));
        if fields.remove(&top).is_none() {
            break;
        }
    }
    (None, errors)
}

fn checked<T: Validate>(value: T, mut errors: Vec<FieldError>) -> Result<T, Problem> {
    if let Err(found) = value.validate() {
        let seen: Vec<String> = errors.iter().map(|e| e.field.clone()).collect();
        errors.extend(field_errors(&found).into_iter().filter(|e| !seen.contains(&e.field)));
    }
    if errors.is_empty() { Ok(value) } else { Err(Problem::invalid(errors)) }
}

fn field_errors(found: &ValidationErrors) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = found
        .field_errors()
        .into_iter()
        .flat_map(|(field, list)| list.iter().map(move |error| (field.clone(), error)))
        .map(|(field, error)| {
            let number = |name: &str| error.params.get(name).map(ToString::to_string);
            let message = match (error.message.as_ref(), error.code.as_ref(), number("min"), number("max")) {
                (Some(message), ..) => message.to_string(),
                (_, "required", ..) => "is required".to_owned(),
                (_, "email", ..) => "is not an e-mail address".to_owned(),
                (_, "length", Some(min), Some(max)) => format!("must have {min} to {max} characters"),
                (_, "length", None, Some(max)) => format!("must have at most {max} characters"),
                (_, "range", Some(min), Some(max)) => format!("must be between {min} and {max}"),
                (_, "range", Some(min), None) => format!("must be at least {min}"),
                _ => "is not valid".to_owned(),
            };
            FieldError::new(field, error.code.clone(), message)
        })
        .collect();
    errors.sort_by(|a, b| a.field.cmp(&b.field));
    errors
}

/// The names in "… expected one of `a`, `b`": they are ours, not the client's.
fn expected_names(message: &str) -> Vec<&str> {
    let tail = message.rsplit_once(", expected ").map_or("", |(_, tail)| tail);
    tail.split('`').skip(1).step_by(2).collect()
}

/// What serde expected, without what it found: that may be somebody's name.
fn explain(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some((_, expected)) if expected.len() <= 200 => {
            format!("must be {}", expected.trim_end_matches('.'))
        }
        _ => "is not a valid value here".to_owned(),
    }
}

/// A name that the client made up, fit to be shown back.
fn printable(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_graphic()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Serialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[validate(required, length(min = 1, max = 5))]
        name: Option<String>,
        #[validate(range(min = 1, max = 9))]
        count: Option<u8>,
        #[validate(email)]
        email: Option<String>,
    }

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Search {
        #[serde(default, deserialize_with = "from_text")]
        #[validate(range(min = 1, max = 100))]
        limit: Option<u32>,
        q: Option<String>,
    }

    fn told<T: std::fmt::Debug>(result: Result<T, Problem>) -> (u16, Vec<String>) {
        let problem = result.unwrap_err();
        let body: Value = serde_json::from_slice(&problem.body()).unwrap();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let mut fields: Vec<String> = errors
            .iter()
            .map(|e| format!("{}:{}", e["field"].as_str().unwrap(), e["code"].as_str().unwrap()))
            .collect();
        fields.sort();
        (problem.kind().status, fields)
    }

    #[test]
    fn every_bad_field_of_a_body_is_told_at_once() {
        let (status, fields) =
            told(parse_json::<Form>(br#"{"name":"","count":"x","email":"no","role":"admin","x":1}"#));
        assert_eq!(status, 422);
        assert_eq!(fields, ["count:type", "email:email", "name:length", "role:unknown", "x:unknown"]);
    }

    #[test]
    fn what_is_missing_is_required_and_what_is_no_json_is_unreadable() {
        assert_eq!(told(parse_json::<Form>(b"{}")), (422, vec!["name:required".into()]));
        assert_eq!(told(parse_json::<Form>(b"{")).0, 400);
        assert_eq!(told(parse_json::<Form>(b"[]")).0, 422);
        assert_eq!(told(parse_json::<Form>(br#"{"name":"a","name":"b"}"#)), (422, vec!["body:duplicate".into()]));
    }

    #[test]
    fn a_backslash_in_front_of_u0000_is_text_and_no_nul() {
        assert!(holds_nul(br#"{"name":"a\u0000"}"#));
        assert!(holds_nul(br#"{"name":"\\\u0000"}"#));
        assert!(!holds_nul(br#"{"name":"\\u0000","email":"\\"}"#));
    }

    #[test]
    fn no_value_of_the_client_comes_back_in_an_error() {
        let problem = parse_json::<Form>(br#"{"count":"jane@example.org","name":"abcdefghij"}"#).unwrap_err();
        let text = String::from_utf8(problem.body()).unwrap();
        assert!(!text.contains("jane") && !text.contains("abcdefghij"), "{text}");
    }

    #[test]
    fn a_query_refuses_unknown_repeated_and_bad_parameters() {
        let search = parse_query::<Search>("limit=20&q=a%20b").unwrap();
        assert_eq!((search.limit, search.q.as_deref()), (Some(20), Some("a b")));
        assert_eq!(
            told(parse_query::<Search>("limit=0&page=2")),
            (422, vec!["limit:range".into(), "page:unknown".into()])
        );
        assert_eq!(told(parse_query::<Search>("limit=many")), (422, vec!["limit:type".into()]));
        assert_eq!(told(parse_query::<Search>("q=1&q=2")), (422, vec!["q:duplicate".into()]));
    }
}
