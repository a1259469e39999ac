//! Contents, handed out.

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::{FailureKind, PortFailure};
use platform::http::admission::{As, Readers};
use platform::http::{Problem, ProblemBody, Query, from_text, id_in_path, is_known};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::FilesApi;
use super::disposition::attachment;
use super::problems::not_satisfiable;
use super::ranges::{Asked, asked};
use crate::domain::Version;
use crate::infrastructure::StoredContents;
use crate::infrastructure::rows::hex;

/// Which version.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ContentParams {
    /// Its number; the newest one when left out.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 1, max = 1000))]
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    version: Option<i32>,
}

/// The content of a file
///
/// With its own media type, to be saved and not shown. `Range` and `If-Range` are honoured (RFC 9110), so that what was
/// cut off can go on. That somebody of a practice has read it stands in the access log before the first byte is sent.
#[utoipa::path(
    tag = "Files",
    operation_id = "getFileContent",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The file"), ContentParams, ("Range" = Option<String>, Header, nullable = false, description = "One stretch, e.g. `bytes=0-65535`", max_length = 200), ("If-Range" = Option<String>, Header, nullable = false, description = "The `ETag` that the stretch is to be of", max_length = 200)),
    responses(
        (status = 200, description = "All of it", body = Vec<u8>, content_type = "application/octet-stream", headers(("content-disposition" = String, description = "Its name"), ("etag" = String), ("repr-digest" = String, description = "SHA-256 of all of it (RFC 9530)"), ("accept-ranges" = String))),
        (status = 206, description = "The stretch", body = Vec<u8>, content_type = "application/octet-stream", headers(("content-range" = String))),
        (status = 304, description = "As it was (`If-None-Match`)"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "An account of a front desk or an administrator", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such file or version, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`file-quarantined`, `file-infected`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 416, description = "No such stretch", body = ProblemBody, content_type = "application/problem+json", headers(("content-range" = String))),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/files/{id}/content")]
pub(super) async fn get_file_content(
    who: As<Readers>,
    request: HttpRequest,
    Query(params): Query<ContentParams>,
    api: Data<FilesApi>,
) -> Result<HttpResponse, Problem> {
    let version = api.read.content(&who.caller, id_in_path(&request, "id")?, params.version).await?;
    hand_out(&request, &api.contents, &version).await
}

/// Sends the content, or the stretch of it that is asked for.
pub(super) async fn hand_out(
    request: &HttpRequest,
    contents: &StoredContents,
    version: &Version,
) -> Result<HttpResponse, Problem> {
    let tag = format!("\"{}\"", hex(version.sha256.get(..16).unwrap_or_default()));
    if is_known(request, &tag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, tag)).finish());
    }
    let field = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let stretch = match asked(field(header::RANGE), field(header::IF_RANGE), &tag, version.size) {
        Asked::Whole => None,
        Asked::Part(stretch) => Some(stretch),
        Asked::Unsatisfiable => return Err(not_satisfiable(version.size)),
    };
    let Some(found) = contents.open(version, stretch.clone()).await? else {
        let gone = PortFailure::new("find the content of a file", "there is a row, and no object");
        return Err(Problem::internal(&gone.of_kind(FailureKind::Unavailable)));
    };
    let digest = STANDARD.encode(version.sha256);
    let mut response =
        HttpResponse::build(if stretch.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK });
    if stretch.is_some() {
        let last = found.range.end.saturating_sub(1);
        response.insert_header((header::CONTENT_RANGE, format!("bytes {}-{last}/{}", found.range.start, found.size)));
    }
    Ok(response
        .insert_header((header::CONTENT_TYPE, version.kind.media_type()))
        .insert_header((header::CONTENT_DISPOSITION, attachment(&version.name)))
        // Whatever a browser does with it in spite of that, it does without rights.
        .insert_header((header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::ETAG, tag))
        .insert_header(("repr-digest", format!("sha-256=:{digest}:")))
        // The older name of it, which RFC 9530 has replaced.
        .insert_header(("digest", format!("sha-256={digest}")))
        // Packed on the way, a stretch would be none of this content.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .body(SizedStream::new(found.range.end - found.range.start, found.body)))
}
