//! Conditional requests: `ETag`, `If-None-Match`, `If-Match` (RFC 9110, section 13).

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
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
    let known = is_known(request, &tag);
    let mut response = HttpResponse::build(if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    response.insert_header((header::ETAG, tag));
    response.insert_header((header::CACHE_CONTROL, "no-cache"));
    if let Some(link) = link {
        response.insert_header((header::LINK, link));
    }
    if known { response.finish() } else { response.content_type("application/json").body(body) }
}

/// Does the client have the representation of this tag already (`If-None-Match`)?
#[must_use]
pub fn is_known(request: &HttpRequest, tag: &str) -> bool {
    matches(request, header::IF_NONE_MATCH, tag, Weak::Counts)
}

/// Fails with 412 when `If-Match` is there and does not name `tag`.
///
/// # Errors
/// 412 `precondition-failed`.
pub fn honour_if_match(request: &HttpRequest, tag: &str) -> Result<(), Problem> {
    if !request.headers().contains_key(header::IF_MATCH) || matches(request, header::IF_MATCH, tag, Weak::IsNoMatch) {
        Ok(())
    } else {
        Err(Problem::of(&kinds::PRECONDITION_FAILED))
    }
}

/// The entity tag of a record that counts its versions.
#[must_use]
pub fn version_tag(version: i32) -> String {
    format!("\"v{version}\"")
}

/// The version that `If-Match` insists on; `None` when there is no such header field, or `*`.
///
/// # Errors
/// 412 when it names nothing that [`version_tag`] makes.
pub fn version_in_if_match(request: &HttpRequest) -> Result<Option<i32>, Problem> {
    let Some(value) = request.headers().get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version =
        text.strip_prefix("\"v").and_then(|rest| rest.strip_suffix('"')).and_then(|number| number.parse().ok());
    version.map(Some).ok_or_else(|| Problem::of(&kinds::PRECONDITION_FAILED))
}

#[derive(Clone, Copy, PartialEq)]
enum Weak {
    Counts,
    IsNoMatch,
}

fn matches(request: &HttpRequest, name: HeaderName, tag: &str, weak: Weak) -> bool {
    request.headers().get_all(name).filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(
        |listed| {
            let listed = listed.trim();
            let listed = if weak == Weak::Counts { listed.strip_prefix("W/").unwrap_or(listed) } else { listed };
            // A compressed answer is marked by some proxies inside the tag; theirs is never stronger than ours.
            listed == "*" || listed == tag
        },
    )
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_weak_tag_revalidates_but_never_permits_a_change() {
        let request = TestRequest::default()
            .insert_header(("If-None-Match", "\"a\", W/\"b\""))
            .insert_header(("If-Match", "W/\"b\""))
            .to_http_request();
        assert!(matches(&request, header::IF_NONE_MATCH, "\"b\"", Weak::Counts));
        assert!(honour_if_match(&request, "\"b\"").is_err());
    }

    #[test]
    fn a_star_or_no_header_permits_a_change() {
        assert!(honour_if_match(&TestRequest::default().to_http_request(), "\"1\"").is_ok());
        let star = TestRequest::default().insert_header(("If-Match", "*")).to_http_request();
        assert!(honour_if_match(&star, "\"1\"").is_ok());
    }
}
