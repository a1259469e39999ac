//! Files that are handed in.

use std::sync::Arc;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use kernel::Once;
use platform::http::admission::{As, Carers};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, scope, send};
use platform::http::{NoParams, Problem, ProblemBody, Query, context, id_in_path};

use super::FilesApi;
use super::bodies::{FileBody, UploadForm, VersionForm, renewed, uploaded};
use super::form::{Takes, read_form};
use crate::application::{AddVersionError, Upload, UploadError};
use crate::domain::{File, FileId};

/// Upload files of a patient
///
/// One to five files of 10 MiB at most: PDF, JPEG, PNG, GIF, DOC, DOCX or plain text, recognised by their content. Each is
/// looked through, pictures are made anew without what cameras write into them, and scanned for viruses. All are taken or
/// none. A file that came while the virus scanner was away is `quarantined`: kept, and readable by nobody before it was
/// scanned. Patients hand in for themselves and whom they look after, doctors for patients with a visit of theirs or in
/// an emergency, front desks for patients of their clinics.
#[utoipa::path(
    tag = "Files",
    operation_id = "uploadFiles",
    security(("bearer" = []), ("session" = [])),
    params(IdempotencyHeader),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Taken, in the order they came", body = Vec<FileBody>, headers(("location" = Option<String>, description = "The file, when it is one"), ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"))),
        (status = 400, description = "No form, or one that was cut off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "An administrator's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The form took longer than two minutes to arrive", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "A file of more than 10 MiB; nothing was kept", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `multipart/form-data`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, more than five files; `unfit-file`, `infected`; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/files/upload")]
pub(super) async fn upload_files(
    who: As<Carers>,
    request: HttpRequest,
    _: Query<NoParams>,
    payload: Payload,
    api: Data<FilesApi>,
) -> Result<HttpResponse, Problem> {
    let key = key_of(&request)?;
    let form = read_form(&request, payload, api.contents.spool(), Takes::Files).await?;
    let once = key.map(|key| Once {
        scope: scope(&who.caller, "files"),
        key,
        fingerprint: form.fingerprint,
        answer: Arc::new(|files: &Vec<File>| uploaded(files)),
    });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let upload = Upload { patient: form.patient, category: form.category, files: form.files };
    let taken = api.upload.run(&who.caller, upload, context::request_id(), once).await;
    drop(form.folder);
    match taken {
        Ok(files) => Ok(send(&uploaded(&files), Replayed::No)),
        Err(UploadError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}

/// Upload a newer version of a file
///
/// The versions before are kept, and can be read by their number.
#[utoipa::path(
    tag = "Files",
    operation_id = "addFileVersion",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The file"), IdempotencyHeader),
    request_body(content = VersionForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "The file with its new version", body = FileBody, headers(("location" = String, description = "The file"), ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"))),
        (status = 400, description = "No form, or one that was cut off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "An administrator's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such file, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The form took longer than two minutes to arrive", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`too-many-versions`, `changed-meanwhile`; `idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "A file of more than 10 MiB; nothing was kept", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `multipart/form-data`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields; `unfit-file`, `infected`; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/files/{id}/versions")]
pub(super) async fn add_file_version(
    who: As<Carers>,
    request: HttpRequest,
    _: Query<NoParams>,
    payload: Payload,
    api: Data<FilesApi>,
) -> Result<HttpResponse, Problem> {
    let id: FileId = id_in_path(&request, "id")?;
    let key = key_of(&request)?;
    // Whoever has no business with it needs not send it first.
    api.add_version.which(&who.caller, id).await?;
    let form = read_form(&request, payload, api.contents.spool(), Takes::OneFile).await?;
    let once = key.map(|key| Once {
        scope: scope(&who.caller, &format!("file:{id}")),
        key,
        fingerprint: form.fingerprint,
        answer: Arc::new(renewed),
    });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let Some(incoming) = form.files.into_iter().next() else { return Err(Problem::invalid(Vec::new())) };
    let taken = api.add_version.run(&who.caller, id, incoming, context::request_id(), once).await;
    drop(form.folder);
    match taken {
        Ok(file) => Ok(send(&renewed(&file), Replayed::No)),
        Err(AddVersionError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}
