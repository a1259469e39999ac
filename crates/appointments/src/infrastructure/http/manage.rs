//! Reading, cancelling and moving an appointment by its signed link.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, post, web::Data};
use kernel::{Actor, AppointmentId, KeptAnswer, Once};
use platform::http::once::{Replayed, again, key_of, send, send_refusal};
use platform::http::{
    Body, OptionalBody, Problem, ProblemBody, Query, context, id_in_path, kinds, version_tag, versions_in_if_match,
};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::bodies::{AppointmentBody, CancelBody, RescheduleBody, SlotTakenBody};
use super::{AppointmentsApi, bad};
use crate::application::{
    AppointmentDetails, CancelError, Cancellation, RequestedStart, RescheduleError, Rescheduling,
};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LinkParams {
    /// The token of the appointment's link (`manage_url`).
    #[validate(length(max = 200))]
    #[param(nullable = false, max_length = 200)]
    token: Option<String>,
}

/// Whoever holds the link of the appointment in the path. Stands first among a handler's arguments, so that
/// nobody else's body is looked at.
pub(super) struct Holder {
    id: AppointmentId,
    actor: Actor,
}

impl FromRequest for Holder {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let link = Query::<LinkParams>::from_request(request, payload).into_inner();
        ready(link.and_then(|Query(link)| {
            let id: AppointmentId = id_in_path(request, "id")?;
            let api = request.app_data::<Data<AppointmentsApi>>().ok_or_else(|| Problem::of(&kinds::INTERNAL))?;
            Ok(Self { id, actor: api.links.holder(id, link.token.as_deref())? })
        }))
    }
}

fn shown(api: &AppointmentsApi, details: &AppointmentDetails) -> KeptAnswer {
    KeptAnswer {
        status: 200,
        location: None,
        etag: Some(version_tag(details.appointment.version)),
        body: serde_json::to_vec(&AppointmentBody::new(details, &api.links)).unwrap_or_default(),
    }
}

fn once(
    api: &Data<AppointmentsApi>,
    key: Option<String>,
    what: &str,
    id: AppointmentId,
    fingerprint: [u8; 32],
) -> Option<Once<AppointmentDetails>> {
    let api = Data::clone(api);
    let answer = move |details: &AppointmentDetails| shown(&api, details);
    Some(Once { scope: format!("link:{id}:{what}"), key: key?, fingerprint, answer: Arc::new(answer) })
}

/// An appointment, by its link
#[utoipa::path(
    tag = "Appointments",
    operation_id = "getAppointment",
    security((), ("appointmentLink" = [])),
    params(("id" = Uuid, Path, description = "The appointment"), LinkParams),
    responses(
        (status = 200, description = "The appointment", body = AppointmentBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 401, description = "No token", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 404, description = "No such appointment, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A bad parameter", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/appointments/{id}")]
pub(super) async fn get_appointment(holder: Holder, api: Data<AppointmentsApi>) -> Result<HttpResponse, Problem> {
    let Holder { id, actor } = holder;
    let details = api.read.run(actor, id).await?;
    Ok(send(&shown(&api, &details), Replayed::No))
}

/// Cancel an appointment
///
/// Cancelling a cancelled visit changes nothing and answers as the first time.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "cancelAppointment",
    security((), ("appointmentLink" = [])),
    params(
        ("id" = Uuid, Path, description = "The appointment"), LinkParams,
        ("Idempotency-Key" = Option<String>, Header, nullable = false, description = "1–255 visible ASCII characters", min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$"),
        ("If-Match" = Option<String>, Header, nullable = false, description = "Cancel only this version"),
    ),
    request_body(content = Option<CancelBody>, content_type = "application/json"),
    responses(
        (status = 200, description = "Cancelled, now or before", body = AppointmentBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 404, description = "No such appointment, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`visit-started`, `visit-over`, `idempotency-in-progress`", body = SlotTakenBody, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since you read it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/appointments/{id}/cancel")]
pub(super) async fn cancel_appointment(
    holder: Holder,
    request: HttpRequest,
    body: OptionalBody<CancelBody>,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let Holder { id, actor } = holder;
    let OptionalBody(body) = body;
    let once = once(&api, key_of(&request)?, "cancel", id, body.fingerprint);
    if let Some(once) = &once
        && let Err(before) = api.answers.look(once).await?
    {
        return again(&before);
    }
    let reason = body.value.reason.filter(|reason| !reason.trim().is_empty());
    let wish = Cancellation { id, reason, only_versions: versions_in_if_match(&request)? };
    match api.cancel.run(actor, wish, context::request_id(), once).await {
        Ok(details) => Ok(send(&shown(&api, &details), Replayed::No)),
        Err(CancelError::Once(error)) => again(&error),
        Err(error) => Err(error.into()),
    }
}

/// Move an appointment to another time of the same doctor
#[utoipa::path(
    tag = "Appointments",
    operation_id = "rescheduleAppointment",
    security((), ("appointmentLink" = [])),
    params(
        ("id" = Uuid, Path, description = "The appointment"), LinkParams,
        ("Idempotency-Key" = Option<String>, Header, nullable = false, description = "1–255 visible ASCII characters", min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$"),
        ("If-Match" = Option<String>, Header, nullable = false, description = "Move only this version"),
    ),
    request_body(content = RescheduleBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Moved, or there already", body = AppointmentBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 404, description = "No such appointment, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`slot-taken` with alternatives, `patient-busy`, `visit-started`, `visit-over`, `idempotency-in-progress`", body = SlotTakenBody, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since you read it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, or a time that is not offered; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/appointments/{id}/reschedule")]
pub(super) async fn reschedule_appointment(
    holder: Holder,
    request: HttpRequest,
    body: Body<RescheduleBody>,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let Holder { id, actor } = holder;
    let once = once(&api, key_of(&request)?, "reschedule", id, body.fingerprint);
    if let Some(once) = &once
        && let Err(before) = api.answers.look(once).await?
    {
        return again(&before);
    }
    let start = body.value.starts_at.ok_or_else(|| bad("starts_at", "required", "is required"))?;
    let wish =
        Rescheduling { id, start: RequestedStart::Instant(start.0), only_versions: versions_in_if_match(&request)? };
    match api.reschedule.run(actor, wish, context::request_id(), once.clone()).await {
        Ok(details) => Ok(send(&shown(&api, &details), Replayed::No)),
        Err(RescheduleError::Once(error)) => again(&error),
        Err(refused @ (RescheduleError::SlotTaken { .. } | RescheduleError::PatientBusy)) => {
            send_refusal(&api.answers, once.as_ref(), refused.into(), api.reschedule.clock.now()).await
        }
        Err(error) => Err(error.into()),
    }
}
