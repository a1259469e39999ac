//! Doctors: listing, changing, taking off the list.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, patch, post, web::Data};
use kernel::DoctorId;
use platform::http::admission::{As, FrontDesk, Team};
use platform::http::once::{IdempotencyHeader, Replayed, again, send};
use platform::http::{Body, NoParams, Problem, Query, id_in_path, version_tag};

use super::bodies::{DoctorDraftBody, DoctorProfileBody};
use super::{AffectedBody, Closed, ConflictParams, Versioned, WithBody, changed, created, no_answer, once_only};
use crate::application::{DoctorRecord, PracticeError, Step};
use crate::infrastructure::http::DoctorsApi;

/// List a new doctor
///
/// For front desks at their clinics and for administrators. Without visit types and hours nobody can book yet.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "createDoctor",
    security(("bearer" = []), ("session" = [])),
    params(IdempotencyHeader),
    request_body(content = DoctorDraftBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Listed", body = DoctorProfileBody, headers(
            ("location" = String, description = "Its address"),
            ("etag" = String, description = "For `If-Match`"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        Closed,
        WithBody,
        (status = 409, description = "`idempotency-in-progress`", body = AffectedBody, content_type = "application/problem+json"),
    )
)]
#[post("/doctors")]
pub(super) async fn create_doctor(
    who: As<FrontDesk>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: Body<DoctorDraftBody>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let answer = |step: &Step| match step {
        Step::NewDoctor(doctor) => listed(doctor),
        _ => no_answer(),
    };
    let once = match once_only(&api, &request, &who.caller, "create-doctor", body.fingerprint, answer).await? {
        Ok(once) => once,
        Err(before) => return Ok(before),
    };
    let asked = super::asked_once(once);
    match api.practice.create_doctor.run(&who.caller, body.value.into(), asked).await {
        Ok(doctor) => Ok(send(&listed(&doctor), Replayed::No)),
        Err(PracticeError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}

fn listed(doctor: &DoctorRecord) -> kernel::KeptAnswer {
    created(format!("/api/v1/doctors/{}", doctor.id), doctor.version, &DoctorProfileBody::from(doctor))
}

/// Change a doctor's profile
///
/// For the doctor in person, the front desk of the clinic, and administrators. Specialty and `active` are not one's
/// own to change.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "changeDoctor",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), ConflictParams, ("If-Match" = Option<String>, Header, nullable = false, description = "The version you have seen, from `ETag`; `*` is any. Needed.")),
    request_body(content = DoctorDraftBody, content_type = "application/json"),
    responses(
        (status = 200, description = "As it is now", body = DoctorProfileBody, headers(("etag" = String, description = "For `If-Match`"))),
        Closed,
        WithBody,
        Versioned,
        (status = 409, description = "`appointments-affected` with the visits", body = AffectedBody, content_type = "application/problem+json"),
    )
)]
#[patch("/doctors/{id}")]
pub(super) async fn change_doctor(
    who: As<Team>,
    request: HttpRequest,
    params: Query<ConflictParams>,
    body: Body<DoctorDraftBody>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let id: DoctorId = id_in_path(&request, "id")?;
    let asked = params.0.asked_of_version(&request)?;
    let doctor = api.practice.change_doctor.run(&who.caller, id, body.value.into(), asked).await?;
    Ok(changed(doctor.version, &DoctorProfileBody::from(&doctor)))
}

/// Take a doctor off the list
///
/// Visits, history and profile stay. A second time changes nothing; `active` of the profile lists the doctor again.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "deactivateDoctor",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The doctor"), ConflictParams),
    responses(
        (status = 204, description = "Off the list, now or before", headers(("etag" = String, description = "For `If-Match`"))),
        Closed,
        (status = 409, description = "`appointments-affected` with the visits", body = AffectedBody, content_type = "application/problem+json"),
    )
)]
#[delete("/doctors/{id}")]
pub(super) async fn deactivate_doctor(
    who: As<FrontDesk>,
    request: HttpRequest,
    params: Query<ConflictParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let id: DoctorId = id_in_path(&request, "id")?;
    let doctor = api.practice.deactivate_doctor.run(&who.caller, id, params.0.asked()).await?;
    Ok(HttpResponse::NoContent().insert_header((header::ETAG, version_tag(doctor.version))).finish())
}
