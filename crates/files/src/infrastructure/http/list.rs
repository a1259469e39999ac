//! What is known of files: listed, shown, changed, deleted.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch};
use kernel::PatientId;
use platform::http::admission::{As, Carers, Patients};
use platform::http::{
    Body, FieldError, NoParams, Problem, ProblemBody, Query, context, cursor, from_text, id_in_path,
    ok_or_not_modified_at, page_of, read_cursor, required_versions, version_tag, versions_in_if_match,
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use validator::Validate;

use super::FilesApi;
use super::bodies::{CategoryWord, EditBody, FileBody, StateWord};
use crate::application::{Change, Sight, Wanted};
use crate::domain::FileId;

/// Which files.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// Whose; a patient may leave it out, for the own ones.
    #[param(nullable = false)]
    patient_id: Option<Uuid>,
    /// About this alone.
    #[param(nullable = false, inline)]
    category: Option<CategoryWord>,
    /// In this state alone.
    #[param(nullable = false, inline)]
    state: Option<StateWord>,
    /// Words, or beginnings of three letters at least, that stand in a file or its name, all of them in any order. A front
    /// desk looks in names alone.
    #[validate(length(min = 1, max = 200))]
    #[param(nullable = false, min_length = 1, max_length = 200)]
    q: Option<String>,
    /// Where the last page ended, from its `Link`.
    #[validate(length(max = 500))]
    #[param(nullable = false, max_length = 500)]
    cursor: Option<String>,
    /// Entries of a page, 20 when left out.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 1, max = 100))]
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A patient's files
///
/// The newest first, each with its newest version; without those that are deleted. That somebody of a practice has looked
/// at them stands in the access log.
#[utoipa::path(
    tag = "Files",
    operation_id = "listFiles",
    security(("bearer" = []), ("session" = [])),
    params(ListParams),
    responses(
        (status = 200, description = "A page", body = Vec<FileBody>, headers(("link" = Option<String>, description = "`rel=\"next\"`: the next page, where there is one (RFC 8288)"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "An administrator's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such patient, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/files/list")]
pub(super) async fn list_files(
    who: As<Carers>,
    Query(asked): Query<ListParams>,
    request: HttpRequest,
    api: Data<FilesApi>,
) -> Result<HttpResponse, Problem> {
    let after: Option<FileId> = asked.cursor.as_deref().map(read_cursor).transpose()?;
    let wanted = Wanted {
        patient: asked.patient_id.map(PatientId::from_uuid),
        category: asked.category.map(Into::into),
        state: asked.state.map(Into::into),
        words: asked.q,
        after,
        limit: asked.limit.unwrap_or(20),
    };
    let (found, more, sight) = api.read.list(&who.caller, wanted).await?;
    let next = found.last().filter(|_| more).map(|last| cursor(&last.id));
    let bodies: Vec<FileBody> = found.iter().map(|file| FileBody::new(file, sight)).collect();
    Ok(page_of(&request, &bodies, next.as_deref()))
}

/// A file
///
/// What is known of it, and of its newest version.
#[utoipa::path(
    tag = "Files",
    operation_id = "getFile",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The file"), ("If-None-Match" = Option<String>, Header, nullable = false, description = "An `ETag` of before", max_length = 500)),
    responses(
        (status = 200, description = "The file", body = FileBody, headers(("etag" = String, description = "Its revision"))),
        (status = 304, description = "As it was"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "An administrator's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such file, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/files/{id}")]
pub(super) async fn get_file(
    who: As<Carers>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<FilesApi>,
) -> Result<HttpResponse, Problem> {
    let (file, sight) = api.read.one(&who.caller, id_in_path(&request, "id")?).await?;
    let mut response = ok_or_not_modified_at(&request, &FileBody::new(&file, sight), file.revision);
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The versions of a file
///
/// The newest first.
#[utoipa::path(
    tag = "Files",
    operation_id = "listFileVersions",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The file")),
    responses(
        (status = 200, description = "All of them, 100 at most", body = Vec<FileBody>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "An administrator's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such file, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/files/{id}/versions")]
pub(super) async fn list_file_versions(
    who: As<Carers>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<FilesApi>,
) -> Result<HttpResponse, Problem> {
    let (file, versions, sight) = api.read.versions(&who.caller, id_in_path(&request, "id")?).await?;
    let bodies: Vec<_> = versions.iter().map(|version| FileBody::of_version(&file, version, sight)).collect();
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(bodies))
}

/// Change category or name of a file
///
/// A category that somebody has chosen stays, whatever is read in the file.
#[utoipa::path(
    tag = "Files",
    operation_id = "editFile",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The file"), ("If-Match" = String, Header, description = "The `ETag` of what you have read, or `*`", max_length = 500)),
    request_body(content = EditBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The file as it is now", body = FileBody, headers(("etag" = String, description = "Its revision"))),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "An administrator's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such file, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`changed-meanwhile`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, or none", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "Without `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[patch("/files/{id}")]
pub(super) async fn edit_file(
    who: As<Carers>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: Body<EditBody>,
    api: Data<FilesApi>,
) -> Result<HttpResponse, Problem> {
    let id: FileId = id_in_path(&request, "id")?;
    let revisions = required_versions(&request)?;
    let EditBody { category, name } = body.value;
    if category.is_none() && name.is_none() {
        return Err(Problem::invalid(vec![FieldError::new("category", "required", "or a name is required")]));
    }
    let change = Change::Edit { category: category.map(Into::into), name };
    let file = api.change.run(&who.caller, id, change, revisions, context::request_id()).await?;
    let sight = if who.caller.role() == Some(kernel::Role::Staff) { Sight::Names } else { Sight::Whole };
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, version_tag(file.revision)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(FileBody::new(&file, sight)))
}

/// Delete a file
///
/// For patients, their own and those of whom they look after. Nobody finds it any more. As the law asks, its content is
/// kept, sealed, for seven years from then on, and goes after that.
#[utoipa::path(
    tag = "Files",
    operation_id = "deleteFile",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The file"), ("If-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of what you have read", max_length = 500)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such file, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`changed-meanwhile`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[delete("/files/{id}")]
pub(super) async fn delete_file(
    who: As<Patients>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<FilesApi>,
) -> Result<HttpResponse, Problem> {
    let id: FileId = id_in_path(&request, "id")?;
    let revisions = versions_in_if_match(&request)?;
    api.change.run(&who.caller, id, Change::Delete, revisions, context::request_id()).await?;
    Ok(HttpResponse::NoContent().finish())
}
