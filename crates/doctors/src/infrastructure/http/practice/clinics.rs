//! Clinics: opening and changing.

use actix_web::{HttpRequest, HttpResponse, patch, post, web::Data};
use kernel::ClinicId;
use platform::http::admission::{Admins, As, FrontDesk};
use platform::http::once::{IdempotencyHeader, Replayed, again, send};
use platform::http::{Body, NoParams, Problem, Query, id_in_path};

use super::bodies::{ClinicCardBody, ClinicDraftBody};
use super::{AffectedBody, Closed, ConflictParams, Versioned, WithBody, changed, created, no_answer, once_only};
use crate::application::{ClinicRecord, PracticeError, Step};
use crate::infrastructure::http::DoctorsApi;

/// Open a clinic
///
/// For administrators.
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "createClinic",
    security(("bearer" = []), ("session" = [])),
    params(IdempotencyHeader),
    request_body(content = ClinicDraftBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Opened", body = ClinicCardBody, headers(
            ("location" = String, description = "Its address"),
            ("etag" = String, description = "For `If-Match`"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        Closed,
        WithBody,
        (status = 409, description = "`idempotency-in-progress`", body = AffectedBody, content_type = "application/problem+json"),
    )
)]
#[post("/clinics")]
pub(super) async fn create_clinic(
    who: As<Admins>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: Body<ClinicDraftBody>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let answer = |step: &Step| match step {
        Step::NewClinic(clinic) => opened(clinic),
        _ => no_answer(),
    };
    let once = match once_only(&api, &request, &who.caller, "create-clinic", body.fingerprint, answer).await? {
        Ok(once) => once,
        Err(before) => return Ok(before),
    };
    match api.practice.create_clinic.run(&who.caller, body.value.into(), super::asked_once(once)).await {
        Ok(clinic) => Ok(send(&opened(&clinic), Replayed::No)),
        Err(PracticeError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}

fn opened(clinic: &ClinicRecord) -> kernel::KeptAnswer {
    created(format!("/api/v1/clinics/{}", clinic.id), clinic.version, &ClinicCardBody::from(clinic))
}

/// Change a clinic
///
/// For its front desk (name and address) and for administrators.
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "changeClinic",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic"), ConflictParams, ("If-Match" = Option<String>, Header, nullable = false, description = "The version you have seen, from `ETag`; `*` is any. Needed.")),
    request_body(content = ClinicDraftBody, content_type = "application/json"),
    responses(
        (status = 200, description = "As it is now", body = ClinicCardBody, headers(("etag" = String, description = "For `If-Match`"))),
        Closed,
        WithBody,
        Versioned,
        (status = 409, description = "`appointments-affected` with the visits", body = AffectedBody, content_type = "application/problem+json"),
    )
)]
#[patch("/clinics/{id}")]
pub(super) async fn change_clinic(
    who: As<FrontDesk>,
    request: HttpRequest,
    params: Query<ConflictParams>,
    body: Body<ClinicDraftBody>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let id: ClinicId = id_in_path(&request, "id")?;
    let asked = params.0.asked_of_version(&request)?;
    let clinic = api.practice.change_clinic.run(&who.caller, id, body.value.into(), asked).await?;
    Ok(changed(clinic.version, &ClinicCardBody::from(&clinic)))
}
