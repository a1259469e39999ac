//! Lists in pages, by cursor.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::input::holds_nul;
use super::problem::{FieldError, Problem};

/// Entries of a page when the client does not say.
pub const DEFAULT_LIMIT: u32 = 20;

/// Makes an opaque cursor of the last entry's sort key.
#[must_use]
pub fn cursor<K: Serialize>(key: &K) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

/// Reads a cursor back.
///
/// # Errors
/// 422 on `cursor` when it is none of ours.
pub fn read_cursor<K: DeserializeOwned>(cursor: &str) -> Result<K, Problem> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .filter(|bytes| !holds_nul(bytes))
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| Problem::invalid(vec![FieldError::new("cursor", "cursor", "is not a cursor of this list")]))
}

/// The value of `Link` (RFC 8288) that leads to the next page: this request's address with another cursor.
#[must_use]
pub fn next_link(request: &HttpRequest, cursor: &str) -> String {
    let kept: Vec<(String, String)> = serde_urlencoded::from_str::<Vec<(String, String)>>(request.query_string())
        .unwrap_or_default()
        .into_iter()
        .filter(|(name, _)| name != "cursor")
        .chain([("cursor".to_owned(), cursor.to_owned())])
        .collect();
    let query = serde_urlencoded::to_string(kept).unwrap_or_default();
    format!("<{}?{query}>; rel=\"next\"", request.path())
}

/// Cuts what was found, one more than `limit` asked for, down to a page. `true` when there is more behind it.
pub fn cut<T>(found: &mut Vec<T>, limit: u32) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    more
}

/// Sends a page of a list that nobody may keep, with a link to the one behind it, where `next` is its cursor.
#[must_use]
pub fn page_of<B: Serialize>(request: &HttpRequest, bodies: &[B], next: Option<&str>) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(next) = next {
        answer.insert_header((header::LINK, next_link(request, next)));
    }
    answer.json(bodies)
}
