//! Conditional requests: `ETag`, `If-None-Match`, `If-Match` (RFC 9110, section 13).

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::problem::{Problem, kinds};

/// A strong entity tag over the bytes of a representation.
#[must_use]
pub fn etag_of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut tag = String::with_capacity(26);
    tag.push('"');
    for byte in digest.iter().take(12) {
        tag.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        tag.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
    }
    tag.push('"');
    tag
}

/// 200 with `ETag`, or 304 when the client has this representation already.
#[must_use]
pub fn ok_or_not_modified<T: Serialize>(request: &HttpRequest, value: &T, link: Option<String>) -> HttpResponse {
    let body = serde_json::to_vec(value).unwrap_or_default();
    let tag = etag_of(&body);
    let mut response = shown(request, body, tag);
    if let Some(link) = link.and_then(|link| header::HeaderValue::try_from(link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

fn shown(request: &HttpRequest, body: Vec<u8>, tag: String) -> HttpResponse {
    let known = is_known(request, &tag);
    let mut response = HttpResponse::build(if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    response.insert_header((header::ETAG, tag));
    response.insert_header((header::CACHE_CONTROL, "no-cache"));
    if known { response.finish() } else { response.content_type("application/json").body(body) }
}

/// The same for a record that counts its versions, shown with what is computed: the tag is `"v3-…"`, and `If-Match`
/// looks at the version alone.
#[must_use]
pub fn ok_or_not_modified_at<T: Serialize>(request: &HttpRequest, value: &T, version: i32) -> HttpResponse {
    let body = serde_json::to_vec(value).unwrap_or_default();
    let tag = format!("\"v{version}-{}\"", etag_of(&body).trim_matches('"'));
    shown(request, body, tag)
}

/// Does the client have the representation of this tag already (`If-None-Match`)? Weak tags count here.
#[must_use]
pub fn is_known(request: &HttpRequest, tag: &str) -> bool {
    let given = request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    given
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|listed| listed == "*" || listed.strip_prefix("W/").unwrap_or(listed) == tag)
}

/// The entity tag of a record that counts its versions.
#[must_use]
pub fn version_tag(version: i32) -> String {
    format!("\"v{version}\"")
}

/// The versions that `If-Match` insists on; `None` when there is no such header field, or `*`.
///
/// # Errors
/// 412 when it names nothing that [`version_tag`] makes.
pub fn versions_in_if_match(request: &HttpRequest) -> Result<Option<Vec<i32>>, Problem> {
    if !request.headers().contains_key(header::IF_MATCH) {
        return Ok(None);
    }
    let given = request.headers().get_all(header::IF_MATCH).filter_map(|value| value.to_str().ok());
    let tags: Vec<&str> = given.flat_map(|value| value.split(',')).map(str::trim).collect();
    if tags.contains(&"*") {
        return Ok(None);
    }
    // What is computed, behind the dash, may change without a change of the record.
    let version = |tag: &&str| tag.strip_prefix("\"v")?.strip_suffix('"')?.split('-').next()?.parse().ok();
    let versions: Vec<i32> = tags.iter().filter_map(version).collect();
    if versions.is_empty() { Err(Problem::of(&kinds::PRECONDITION_FAILED)) } else { Ok(Some(versions)) }
}

/// The versions that `If-Match` insists on, where it has to be sent; `None` for `*`.
///
/// # Errors
/// 428 without the header field (RFC 6585), 412 as [`versions_in_if_match`].
pub fn required_versions(request: &HttpRequest) -> Result<Option<Vec<i32>>, Problem> {
    if request.headers().contains_key(header::IF_MATCH) {
        versions_in_if_match(request)
    } else {
        Err(Problem::of(&kinds::PRECONDITION_REQUIRED))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_weak_tag_revalidates() {
        let request = TestRequest::default().insert_header(("If-None-Match", "\"a\", W/\"b\"")).to_http_request();
        assert!(is_known(&request, "\"b\"") && !is_known(&request, "\"c\""));
        assert!(is_known(&TestRequest::default().insert_header(("If-None-Match", "*")).to_http_request(), "\"c\""));
    }

    #[test]
    fn a_change_without_a_version_is_asked_for_one() {
        let asked = |request: TestRequest| required_versions(&request.to_http_request());
        assert_eq!(asked(TestRequest::default()).unwrap_err().kind().status, 428);
        assert_eq!(asked(TestRequest::default().insert_header(("If-Match", "*"))).unwrap(), None);
        assert_eq!(asked(TestRequest::default().insert_header(("If-Match", "\"v3\""))).unwrap(), Some(vec![3]));
    }

    #[test]
    fn a_list_of_versions_is_any_of_them_and_what_is_none_is_refused() {
        let asked = |value: &str| {
            versions_in_if_match(&TestRequest::default().insert_header(("If-Match", value)).to_http_request())
        };
        assert_eq!(asked("\"v1\", \"v3\"").unwrap(), Some(vec![1, 3]));
        assert_eq!(asked("\"v4-0a1b\"").unwrap(), Some(vec![4]));
        assert_eq!(asked("\"v1\", *").unwrap(), None);
        assert_eq!(asked("\"other\", W/\"v3\"").unwrap_err().kind().status, 412);
        assert_eq!(versions_in_if_match(&TestRequest::default().to_http_request()).unwrap(), None);
    }
}
