//! Writing, changing and withdrawing prescriptions.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post, put};
use kernel::{AppointmentId, Caller, KeptAnswer, Once};
use platform::http::admission::{As, Doctors};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, scope, send, send_refusal};
use platform::http::{
    Body, Closed, NoParams, Problem, ProblemBody, Query, WithBody, id_in_path, required_versions, version_tag,
    versions_in_if_match,
};

use super::bodies::{ChangeBody, NewPrescriptionBody, PrescriptionBody, WithdrawBody};
use super::{PrescriptionsApi, asked};
use crate::application::{Asked, PrescriptionError};
use crate::domain::{Prescription, PrescriptionId};

fn answer(api: &PrescriptionsApi, one: &Prescription, status: u16) -> KeptAnswer {
    KeptAnswer {
        status,
        location: (status == 201).then(|| format!("/api/v1/prescriptions/{}", one.id)),
        etag: Some(version_tag(one.revision)),
        body: serde_json::to_vec(&PrescriptionBody::new(api, one, api.clock.now())).unwrap_or_default(),
    }
}

/// The client's wish to have it done once.
fn once(
    api: &Data<PrescriptionsApi>,
    request: &HttpRequest,
    caller: &Caller,
    (what, status): (&str, u16),
    fingerprint: [u8; 32],
) -> Result<Option<Once<Prescription>>, Problem> {
    let Some(key) = key_of(request)? else { return Ok(None) };
    let scope = scope(caller, what);
    let api = Data::clone(api);
    Ok(Some(Once { scope, key, fingerprint, answer: Arc::new(move |one: &Prescription| answer(&api, one, status)) }))
}

/// Prescribe something
///
/// For the doctor of the visit, while the patient is there or after the visit took place. There is one prescription for
/// each visit; a change of it is a new version. The patient is told by mail that it is there.
#[utoipa::path(
    tag = "Prescriptions",
    operation_id = "writePrescription",
    security(("bearer" = []), ("session" = [])),
    params(IdempotencyHeader),
    request_body(content = NewPrescriptionBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Written", body = PrescriptionBody, headers(
            ("location" = String, description = "Its address"),
            ("etag" = String, description = "For `If-Match`"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        (status = 401, description = "Nobody is signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not a doctor", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`prescription-exists`, `visit-not-held`, `idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, all of them at once; a visit that is not yours; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
        WithBody,
    )
)]
#[post("/prescriptions")]
pub(super) async fn write_prescription(
    who: As<Doctors>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: Body<NewPrescriptionBody>,
    api: Data<PrescriptionsApi>,
) -> Result<HttpResponse, Problem> {
    let once = once(&api, &request, &who.caller, ("write-prescription", 201), body.fingerprint)?;
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let appointment = AppointmentId::from_uuid(body.value.appointment_id.unwrap_or_default());
    match api.write.run(&who.caller, appointment, &body.value.draft(), &asked(), once.clone()).await {
        Ok(new) => Ok(send(&answer(&api, &new, 201), Replayed::No)),
        Err(PrescriptionError::Once(before)) => again(&before),
        Err(refused @ PrescriptionError::Exists(_)) => {
            send_refusal(&api.answers, once.as_ref(), refused.into(), api.clock.now()).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Change a prescription
///
/// Writes a new version, with a paper of its own; whoever checks an older paper sees that it was replaced. Older versions
/// are kept. For the doctor who wrote it. One that says the same changes nothing.
#[utoipa::path(
    tag = "Prescriptions",
    operation_id = "changePrescription",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The prescription"),
        ("If-Match" = String, Header, description = "The version you have read, from `ETag`"),
    ),
    request_body(content = ChangeBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The new version", body = PrescriptionBody, headers(("etag" = String, description = "For `If-Match`"))),
        Closed,
        WithBody,
        (status = 409, description = "`prescription-withdrawn`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since you read it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "Without `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[put("/prescriptions/{id}")]
pub(super) async fn change_prescription(
    who: As<Doctors>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: Body<ChangeBody>,
    api: Data<PrescriptionsApi>,
) -> Result<HttpResponse, Problem> {
    let id: PrescriptionId = id_in_path(&request, "id")?;
    let asked = Asked { only_revisions: required_versions(&request)?, ..asked() };
    let changed = api.change.run(&who.caller, id, &body.value.draft(), &asked).await?;
    Ok(send(&answer(&api, &changed, 200), Replayed::No))
}

/// Withdraw a prescription
///
/// Whoever checks a paper of it sees that it is not good any more. It stays readable, and is not changed any more. Once
/// more gives the same answer. For the doctor who wrote it.
#[utoipa::path(
    tag = "Prescriptions",
    operation_id = "withdrawPrescription",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The prescription"),
        IdempotencyHeader,
        ("If-Match" = Option<String>, Header, nullable = false, description = "Withdraw only this version"),
    ),
    request_body(content = WithdrawBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Withdrawn, now or before", body = PrescriptionBody, headers(
            ("etag" = String, description = "For `If-Match`"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        Closed,
        WithBody,
        (status = 409, description = "`idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since you read it", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/prescriptions/{id}/withdraw")]
pub(super) async fn withdraw_prescription(
    who: As<Doctors>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: Body<WithdrawBody>,
    api: Data<PrescriptionsApi>,
) -> Result<HttpResponse, Problem> {
    let id: PrescriptionId = id_in_path(&request, "id")?;
    let what = format!("withdraw-prescription:{id}");
    let once = once(&api, &request, &who.caller, (&what, 200), body.fingerprint)?;
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let asked = Asked { only_revisions: versions_in_if_match(&request)?, ..asked() };
    let reason = body.value.reason.unwrap_or_default();
    match api.withdraw.run(&who.caller, id, &reason, &asked, once).await {
        Ok(withdrawn) => Ok(send(&answer(&api, &withdrawn, 200), Replayed::No)),
        Err(PrescriptionError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}
