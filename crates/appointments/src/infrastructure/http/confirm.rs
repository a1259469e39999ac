//! A guest's booking where the address has to be proven: held first, booked by the mailed code.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, post};
use kernel::{AppointmentId, Caller, KeptAnswer, Once};
use metrics::counter;
use platform::http::admission::Anybody;
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, scope, send, send_refusal};
use platform::http::{Body, Problem, ProblemBody, context};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::AppointmentsApi;
use super::bodies::{AppointmentBody, SlotTakenBody};
use super::holds::{HoldBody, client_of};
use super::manage::created;
use crate::application::{AppointmentDetails, Booking, ConfirmError, HoldError};
use crate::domain::Hold;

/// The other end of `POST /appointments`, where guests' addresses have to be proven.
pub(super) async fn hold_for_guest(
    api: &Data<AppointmentsApi>,
    caller: &Caller,
    request: &HttpRequest,
    booking: Booking,
    key: Option<(String, [u8; 32])>,
) -> Result<HttpResponse, Problem> {
    let answer = |hold: &Hold| KeptAnswer {
        status: 202,
        location: None,
        etag: None,
        body: serde_json::to_vec(&HoldBody::new(hold, None)).unwrap_or_default(),
    };
    let once =
        key.map(|(key, fingerprint)| Once { scope: scope(caller, "book"), key, fingerprint, answer: Arc::new(answer) });
    let held = api.hold_for_guest.run(caller, booking, &client_of(request), context::request_id(), once.clone()).await;
    match held {
        Ok(hold) => Ok(send(&answer(&hold), Replayed::No)),
        Err(HoldError::Once(error)) => again(&error),
        Err(refused @ HoldError::SlotTaken { .. }) => {
            counter!("booking_conflicts_total", "reason" => "slot_taken").increment(1);
            send_refusal(&api.answers, once.as_ref(), refused.into(), api.hold_for_guest.clock.now()).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The code from the mail.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingCode)]
pub struct ConfirmBody {
    /// Six digits; spaces and dashes are overlooked.
    #[validate(required, length(min = 1, max = 64))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 64, example = "424242")]
    code: Option<String>,
}

/// Book what is held for a guest
///
/// With the code mailed to the guest's address. It is good for ten minutes and for once, and dead after five wrong
/// tries. A wrong code, one that is over and a hold that does not exist are answered alike; whether the patient is
/// free, and known to the doctor, is told to who has the right one.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "confirmAppointment",
    security((), ("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The hold, which becomes the appointment"),
        IdempotencyHeader,
    ),
    request_body(content = ConfirmBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Booked; the answer holds the link to manage it", body = AppointmentBody, headers(
            ("location" = String, description = "Address of the appointment"),
            ("etag" = String, description = "For `If-Match`"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`wrong-code`: wrong, used, too old, dead, or of no hold", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 409, description = "`patient-busy`, `idempotency-in-progress`", body = SlotTakenBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields; `not-for-new-patients`; `outside-availability`, where the doctor's hours have changed meanwhile; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/appointments/{id}/confirm")]
pub(super) async fn confirm_appointment(
    Anybody(caller): Anybody,
    id: Path<String>,
    request: HttpRequest,
    body: Body<ConfirmBody>,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    // What is no id is no hold's: the same answer as for any other that is none.
    let id = AppointmentId::from_uuid(id.parse::<Uuid>().unwrap_or_default());
    let code = body.value.code.unwrap_or_default();
    let once = key_of(&request)?.map(|key| {
        let api = Data::clone(&api);
        let answer = move |booked: &AppointmentDetails| confirmed(&api, booked);
        let scope = scope(&caller, &format!("confirm:{id}"));
        Once { scope, key, fingerprint: body.fingerprint, answer: Arc::new(answer) }
    });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    match api.confirm.run(&caller, id, &code, context::request_id(), once.clone()).await {
        Ok(booked) => Ok(send(&confirmed(&api, &booked), Replayed::No)),
        Err(ConfirmError::Once(error)) => again(&error),
        Err(refused @ ConfirmError::PatientBusy) => {
            counter!("booking_conflicts_total", "reason" => "patient_busy").increment(1);
            send_refusal(&api.answers, once.as_ref(), refused.into(), api.confirm.clock.now()).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The link is for whoever has proven the address.
fn confirmed(api: &AppointmentsApi, booked: &AppointmentDetails) -> KeptAnswer {
    created(booked, Some(api.links.manage_url(booked.appointment.id)))
}
