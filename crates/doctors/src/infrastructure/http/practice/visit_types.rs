//! Visit types: reading one, adding, changing, retiring.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Data};
use kernel::{DoctorId, VisitTypeId};
use platform::http::admission::{As, Team};
use platform::http::once::{IdempotencyHeader, Replayed, again, send};
use platform::http::{Body, NoParams, Problem, ProblemBody, Query, id_in_path, ok_or_not_modified_at};

use super::bodies::VisitTypeDraftBody;
use super::{AffectedBody, Closed, ConflictParams, Versioned, WithBody, changed, created, no_answer, once_only};
use crate::application::{PracticeError, Step, VisitTypeRecord};
use crate::infrastructure::http::DoctorsApi;
use crate::infrastructure::http::bodies::VisitTypeBody;

/// One visit type
#[utoipa::path(
    tag = "Doctors",
    operation_id = "getVisitType",
    security(()),
    params(("id" = Uuid, Path, description = "The doctor"), ("visit_type_id" = Uuid, Path, description = "The visit type")),
    responses(
        (status = 200, description = "The visit type", body = VisitTypeBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 304, description = "The client has it already"),
        (status = 404, description = "No such doctor or visit type", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/doctors/{id}/visit-types/{visit_type_id}")]
pub(super) async fn get_visit_type(
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let (doctor, id): (DoctorId, VisitTypeId) = (id_in_path(&request, "id")?, id_in_path(&request, "visit_type_id")?);
    let found = api.practice.read.visit_type(doctor, id).await?;
    Ok(ok_or_not_modified_at(&request, &VisitTypeBody::from(found.visit_type), found.version))
}

/// Add a visit type
///
/// For the doctor in person, the front desk, and administrators. The first one is the default.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "addVisitType",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), IdempotencyHeader),
    request_body(content = VisitTypeDraftBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Added", body = VisitTypeBody, headers(
            ("location" = String, description = "Its address"),
            ("etag" = String, description = "For `If-Match`"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        Closed,
        WithBody,
        (status = 409, description = "`idempotency-in-progress`", body = AffectedBody, content_type = "application/problem+json"),
    )
)]
#[post("/doctors/{id}/visit-types")]
pub(super) async fn add_visit_type(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: Body<VisitTypeDraftBody>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let doctor: DoctorId = id_in_path(&request, "id")?;
    let answer = |step: &Step| match step {
        Step::NewVisitType(added) => shown(added),
        _ => no_answer(),
    };
    let once = match once_only(&api, &request, &who.caller, "add-visit-type", body.fingerprint, answer).await? {
        Ok(once) => once,
        Err(before) => return Ok(before),
    };
    match api.practice.add_visit_type.run(&who.caller, doctor, body.value.into(), super::asked_once(once)).await {
        Ok(added) => Ok(send(&shown(&added), Replayed::No)),
        Err(PracticeError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}

fn shown(added: &VisitTypeRecord) -> kernel::KeptAnswer {
    let location = format!("/api/v1/doctors/{}/visit-types/{}", added.doctor, added.visit_type.id);
    created(location, added.version, &VisitTypeBody::from(added.visit_type.clone()))
}

/// Change a visit type
///
/// What is booked already keeps its length and price.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "changeVisitType",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), ("visit_type_id" = Uuid, Path, description = "The visit type"), ConflictParams, ("If-Match" = Option<String>, Header, nullable = false, description = "The version you have seen, from `ETag`; `*` is any. Needed.")),
    request_body(content = VisitTypeDraftBody, content_type = "application/json"),
    responses(
        (status = 200, description = "As it is now", body = VisitTypeBody, headers(("etag" = String, description = "For `If-Match`"))),
        Closed,
        WithBody,
        Versioned,
        (status = 409, description = "`appointments-affected` with the visits", body = AffectedBody, content_type = "application/problem+json"),
    )
)]
#[patch("/doctors/{id}/visit-types/{visit_type_id}")]
pub(super) async fn change_visit_type(
    who: As<Team>,
    request: HttpRequest,
    params: Query<ConflictParams>,
    body: Body<VisitTypeDraftBody>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let (doctor, id): (DoctorId, VisitTypeId) = (id_in_path(&request, "id")?, id_in_path(&request, "visit_type_id")?);
    let asked = params.0.asked_of_version(&request)?;
    let found = api.practice.change_visit_type.run(&who.caller, doctor, id, body.value.into(), asked).await?;
    Ok(changed(found.version, &VisitTypeBody::from(found.visit_type)))
}

/// Retire a visit type
///
/// Nobody books it any more. The default one goes only as the last; a second time changes nothing.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "retireVisitType",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), ("visit_type_id" = Uuid, Path, description = "The visit type"), ConflictParams),
    responses(
        (status = 204, description = "Retired, now or before"),
        Closed,
        (status = 409, description = "`appointments-affected` with the visits, `default-visit-type`", body = AffectedBody, content_type = "application/problem+json"),
    )
)]
#[delete("/doctors/{id}/visit-types/{visit_type_id}")]
pub(super) async fn retire_visit_type(
    who: As<Team>,
    request: HttpRequest,
    params: Query<ConflictParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let (doctor, id): (DoctorId, VisitTypeId) = (id_in_path(&request, "id")?, id_in_path(&request, "visit_type_id")?);
    api.practice.retire_visit_type.run(&who.caller, doctor, id, params.0.asked()).await?;
    Ok(HttpResponse::NoContent().finish())
}
