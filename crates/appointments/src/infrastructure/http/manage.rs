//! Reading, cancelling and moving an appointment: signed in, or by its link.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, post, web::Data};
use kernel::{AppointmentId, Caller, DoctorId, KeptAnswer, Once};
use platform::http::admission::{Anybody, not_signed_in};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, scope, send, send_refusal};
use platform::http::{
    Body, OptionalBody, Problem, ProblemBody, Query, context, id_in_path, kinds, version_tag, versions_in_if_match,
};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::bodies::{AppointmentBody, CancelBody, RescheduleBody, SlotTakenBody};
use super::book_body::outside_hours;
use super::{AppointmentsApi, bad};
use crate::application::{
    AppointmentDetails, CancelError, Cancellation, Policy, ReadError, RequestedStart, RescheduleError, Rescheduling,
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

/// Who asks for the appointment in the path: the holder of its link where a token is given, else who is signed in.
/// Stands first among a handler's arguments, so that nobody else's body is looked at.
pub(super) struct Asker {
    pub(super) id: AppointmentId,
    pub(super) caller: Caller,
}

impl FromRequest for Asker {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let link = Query::<LinkParams>::from_request(request, payload).into_inner();
        let signed_in = Anybody::from_request(request, payload).into_inner();
        ready(link.and_then(|Query(link)| {
            let Anybody(caller) = signed_in?;
            let id: AppointmentId = id_in_path(request, "id")?;
            let api = request.app_data::<Data<AppointmentsApi>>().ok_or_else(|| Problem::of(&kinds::INTERNAL))?;
            let caller = match link.token {
                Some(token) => api.links.holder(id, &token)?,
                None if caller.role().is_none() => return Err(not_signed_in()),
                None => caller,
            };
            Ok(Self { id, caller })
        }))
    }
}

pub(super) fn shown(api: &AppointmentsApi, caller: &Caller, details: &AppointmentDetails) -> KeptAnswer {
    let manage_url = api.links.for_caller(caller, details.appointment.id);
    KeptAnswer {
        status: 200,
        location: None,
        etag: Some(version_tag(details.appointment.version)),
        body: serde_json::to_vec(&AppointmentBody::new(details, manage_url)).unwrap_or_default(),
    }
}

/// A visit was booked.
pub(super) fn created(details: &AppointmentDetails, manage_url: Option<String>) -> KeptAnswer {
    let body = AppointmentBody::new(details, manage_url);
    KeptAnswer {
        status: 201,
        location: Some(format!("/api/v1/appointments/{}", body.id)),
        etag: Some(version_tag(details.appointment.version)),
        body: serde_json::to_vec(&body).unwrap_or_default(),
    }
}

/// Of a wish that books a visit.
pub(super) fn once_created(
    api: &Data<AppointmentsApi>,
    key: String,
    caller: &Caller,
    what: &str,
    fingerprint: [u8; 32],
) -> Once<AppointmentDetails> {
    let api = Data::clone(api);
    let whose = caller.clone();
    let answer =
        move |details: &AppointmentDetails| created(details, api.links.for_caller(&whose, details.appointment.id));
    Once { scope: scope(caller, what), key, fingerprint, answer: Arc::new(answer) }
}

pub(super) fn once(
    api: &Data<AppointmentsApi>,
    key: Option<String>,
    caller: &Caller,
    what: &str,
    fingerprint: [u8; 32],
) -> Option<Once<AppointmentDetails>> {
    let api = Data::clone(api);
    let whose = caller.clone();
    let answer = move |details: &AppointmentDetails| shown(&api, &whose, details);
    Some(Once { scope: scope(caller, what), key: key?, fingerprint, answer: Arc::new(answer) })
}

/// An appointment
///
/// By its link, or signed in. Where the id is a doctor's, those who see that calendar are sent to it.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "getAppointment",
    security(("appointmentLink" = []), ("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The appointment"), LinkParams),
    responses(
        (status = 200, description = "The appointment", body = AppointmentBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 307, description = "The id is a doctor's: the calendar", headers(("location" = String, description = "Address of the calendar"))),
        (status = 401, description = "Neither signed in nor a token", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 404, description = "No such appointment, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A bad parameter", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/appointments/{id}")]
pub(super) async fn get_appointment(asker: Asker, api: Data<AppointmentsApi>) -> Result<HttpResponse, Problem> {
    let Asker { id, caller } = asker;
    match api.read.run(&caller, id).await {
        Ok(details) => Ok(send(&shown(&api, &caller, &details), Replayed::No)),
        Err(ReadError::NotFound) if Policy::is_team(&caller) => {
            let doctor = DoctorId::from_uuid(id.as_uuid());
            let sees = api.list.sees_calendar(&caller, doctor).await;
            if !sees.map_err(|failure| Problem::internal(&failure))? {
                return Err(ReadError::NotFound.into());
            }
            let calendar = format!("/api/v1/doctors/{doctor}/appointments");
            Ok(HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, calendar)).finish())
        }
        Err(error) => Err(error.into()),
    }
}

/// Cancel an appointment
///
/// Cancelling a cancelled visit changes nothing and answers as the first time.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "cancelAppointment",
    security(("appointmentLink" = []), ("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The appointment"), LinkParams,
        IdempotencyHeader,
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
        (status = 422, description = "Bad fields; `reason-required`; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/appointments/{id}/cancel")]
pub(super) async fn cancel_appointment(
    asker: Asker,
    request: HttpRequest,
    body: OptionalBody<CancelBody>,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let Asker { id, caller } = asker;
    let OptionalBody(body) = body;
    let once = once(&api, key_of(&request)?, &caller, &format!("cancel:{id}"), body.fingerprint);
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let reason = body.value.reason.filter(|reason| !reason.trim().is_empty());
    let wish = Cancellation { id, reason, only_versions: versions_in_if_match(&request)? };
    match api.cancel.run(&caller, wish, context::request_id(), once).await {
        Ok(details) => Ok(send(&shown(&api, &caller, &details), Replayed::No)),
        Err(CancelError::Once(error)) => again(&error),
        Err(error) => Err(error.into()),
    }
}

/// Move an appointment to another time of the same doctor
#[utoipa::path(
    tag = "Appointments",
    operation_id = "rescheduleAppointment",
    security(("appointmentLink" = []), ("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The appointment"), LinkParams,
        IdempotencyHeader,
        ("If-Match" = Option<String>, Header, nullable = false, description = "Move only this version"),
    ),
    request_body(content = RescheduleBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Moved, or there already", body = AppointmentBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 404, description = "No such appointment, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`slot-taken` with alternatives, `patient-busy`, `too-late-to-move`, `visit-started`, `visit-over`, `idempotency-in-progress`", body = SlotTakenBody, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since you read it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, or a time that is not offered; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/appointments/{id}/reschedule")]
pub(super) async fn reschedule_appointment(
    asker: Asker,
    request: HttpRequest,
    body: Body<RescheduleBody>,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let Asker { id, caller } = asker;
    let once = once(&api, key_of(&request)?, &caller, &format!("reschedule:{id}"), body.fingerprint);
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let start = body.value.starts_at.ok_or_else(|| bad("starts_at", "required", "is required"))?;
    if body.value.outside_hours_reason.is_some() && !Policy::is_team(&caller) {
        return Err(bad("outside_hours_reason", "unknown", "is for front desks and doctors"));
    }
    let wish = Rescheduling {
        id,
        start: RequestedStart::Instant(start.0),
        only_versions: versions_in_if_match(&request)?,
        outside: outside_hours(body.value.outside_hours_reason, None)?,
    };
    match api.reschedule.run(&caller, wish, context::request_id(), once.clone()).await {
        Ok(details) => Ok(send(&shown(&api, &caller, &details), Replayed::No)),
        Err(RescheduleError::Once(error)) => again(&error),
        Err(refused @ (RescheduleError::SlotTaken { .. } | RescheduleError::PatientBusy)) => {
            send_refusal(&api.answers, once.as_ref(), refused.into(), api.reschedule.clock.now()).await
        }
        Err(error) => Err(error.into()),
    }
}
