//! A guest's booking where the address has to be proven: held first, booked by the mailed code.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, post};
use jiff::tz::TimeZone;
use kernel::{AppointmentId, Caller, KeptAnswer, Once};
use metrics::counter;
use platform::http::admission::Anybody;
use platform::http::once::{Replayed, again, answered_before, key_of, send, send_refusal};
use platform::http::{Body, Problem, ProblemBody, address_group, client_address, context, in_zone, version_tag};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::AppointmentsApi;
use super::bodies::{AppointmentBody, SlotTakenBody};
use super::manage::scope;
use crate::application::{AppointmentDetails, Booking, ConfirmError, HoldForGuestError};
use crate::domain::Hold;

/// A time that is held.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hold)]
pub struct HoldBody {
    /// Of a guest's booking: the id the appointment will have.
    pub id: Uuid,
    /// `held`.
    #[schema(example = "held")]
    status: &'static str,
    /// From then on it is over.
    #[schema(format = DateTime, example = "2027-03-01T08:40:00-05:00")]
    held_until: String,
    doctor_id: Uuid,
    visit_type_id: Uuid,
    clinic_id: Uuid,
    /// `in_person` or `video`.
    #[schema(example = "in_person")]
    visit_mode: &'static str,
    /// With the clinic's offset.
    #[schema(format = DateTime, example = "2027-03-01T09:00:00-05:00")]
    starts_at: String,
    #[schema(format = DateTime, example = "2027-03-01T09:30:00-05:00")]
    ends_at: String,
    #[schema(example = 30)]
    duration_minutes: i64,
}

impl HoldBody {
    pub(super) fn new(hold: &Hold) -> Self {
        let zone = TimeZone::get(&hold.time_zone).unwrap_or(TimeZone::UTC);
        Self {
            id: hold.id.as_uuid(),
            status: "held",
            held_until: in_zone(hold.held_until, &zone),
            doctor_id: hold.doctor.as_uuid(),
            visit_type_id: hold.visit_type.as_uuid(),
            clinic_id: hold.clinic.as_uuid(),
            visit_mode: hold.mode.word(),
            starts_at: in_zone(hold.visit.start, &zone),
            ends_at: in_zone(hold.visit.end, &zone),
            duration_minutes: hold.visit.length().as_mins(),
        }
    }
}

/// Where a request comes from, as holds of who is not signed in are counted.
pub(super) fn client_of(request: &HttpRequest) -> String {
    address_group(client_address(request)).to_string()
}

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
        body: serde_json::to_vec(&HoldBody::new(hold)).unwrap_or_default(),
    };
    let once =
        key.map(|(key, fingerprint)| Once { scope: scope(caller, "book"), key, fingerprint, answer: Arc::new(answer) });
    let held = api.hold_for_guest.run(caller, booking, &client_of(request), context::request_id(), once.clone()).await;
    match held {
        Ok(hold) => Ok(send(&answer(&hold), Replayed::No)),
        Err(HoldForGuestError::Once(error)) => again(&error),
        Err(refused @ HoldForGuestError::SlotTaken { .. }) => {
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
        ("Idempotency-Key" = Option<String>, Header, nullable = false, description = "1–255 visible ASCII characters", min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$"),
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
    let body = AppointmentBody::new(booked, Some(api.links.manage_url(booked.appointment.id)));
    KeptAnswer {
        status: 201,
        location: Some(format!("/api/v1/appointments/{}", body.id)),
        etag: Some(version_tag(booked.appointment.version)),
        body: serde_json::to_vec(&body).unwrap_or_default(),
    }
}
