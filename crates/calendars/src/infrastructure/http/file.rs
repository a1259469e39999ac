//! What calendar programs subscribe to.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use platform::http::{Problem, ProblemBody, etag_of, is_known, kinds};

use super::CalendarsApi;

/// The visits of a calendar address
///
/// iCalendar (RFC 5545), for calendar programs. The secret in the address is the only key; one that is unknown and one that
/// was removed are answered alike.
#[utoipa::path(
    tag = "Calendars",
    operation_id = "getFeedFile",
    params(("secret" = String, Path, description = "The secret of the address")),
    responses(
        (status = 200, description = "The file", body = String, content_type = "text/calendar", headers(("etag" = String, description = "For `If-None-Match`"))),
        (status = 304, description = "The client has this file already"),
        (status = 404, description = "No such address, or not any more", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests: come again after the seconds in `Retry-After`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "A part we depend on is away; try again after `Retry-After`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/calendars/{secret}.ics")]
pub(super) async fn get_feed_file(request: HttpRequest, api: Data<CalendarsApi>) -> Result<HttpResponse, Problem> {
    let secret = request.match_info().get("secret").ok_or_else(|| Problem::of(&kinds::NOT_FOUND))?;
    let file = api.read.run(secret).await?;
    let tag = etag_of(file.as_bytes());
    let known = is_known(&request, &tag);
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((header::ETAG, tag)).insert_header((header::CACHE_CONTROL, "private, no-cache"));
    if known {
        return Ok(answer.finish());
    }
    Ok(answer.insert_header((header::CONTENT_TYPE, "text/calendar; charset=utf-8")).body(file))
}
