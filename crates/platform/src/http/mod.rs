//! The HTTP face's tools: problems, input, pages, conditional requests, idempotency, the outer layer.

pub mod admission;
mod calendar_file;
mod client;
mod conditional;
pub mod context;
mod edge;
mod input;
mod language;
mod limited;
mod nothing;
pub mod once;
mod page;
mod plain_date;
mod problem;
mod problem_pages;
mod responses;

pub use calendar_file::{CalendarFile, MAX_CALENDAR_BYTES};
pub use client::{NoNetwork, TrustedProxies, address_group, client, client_address};
pub use conditional::{
    etag_of, is_known, ok_or_not_modified, ok_or_not_modified_at, required_versions, version_tag, versions_in_if_match,
};
pub use edge::{DEADLINE, LongRequests, edge, problems_only};
pub use input::{Body, MAX_JSON_BYTES, OptionalBody, Query, from_text, parse_json, parse_query};
pub use language::preferred_language;
pub use limited::{RATE_LIMIT_HEADERS, address_holder, holder, take_from};
pub use nothing::{NoParams, Nothing};
pub use page::{DEFAULT_LIMIT, cursor, cut, next_link, page_of, read_cursor};
pub use plain_date::PlainDate;
pub use problem::{FieldError, Kind, Problem, ProblemBody, kinds};
pub use problem_pages::{
    STYLE as PROBLEMS_CSS, frame as plain_page, frame_in as plain_page_in, index as problem_index, page as problem_page,
};
pub use responses::{Closed, WithBody, refusals};

use std::str::FromStr;

use actix_web::HttpRequest;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The id in the path; one that cannot be an id is one that does not exist.
///
/// # Errors
/// 404.
pub fn id_in_path<T: FromStr>(request: &HttpRequest, name: &str) -> Result<T, Problem> {
    request.match_info().get(name).and_then(|text| text.parse().ok()).ok_or_else(|| Problem::of(&kinds::NOT_FOUND))
}

/// An instant with the offset that the clocks of `zone` have then, as every answer writes it (RFC 3339).
#[must_use]
pub fn in_zone(instant: Timestamp, zone: &TimeZone) -> String {
    instant.display_with_offset(zone.to_offset(instant)).to_string()
}
