//! Booking.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use metrics::counter;
use platform::http::admission::Anybody;
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, send, send_refusal};
use platform::http::{Problem, ProblemBody, context};

use super::AppointmentsApi;
use super::bodies::{AppointmentBody, SlotTakenBody};
use super::book_body::{self, Asked, BookBody};
use super::confirm::hold_for_guest;
use super::holds::HoldBody;
use super::manage::{created, once_created};
use crate::application::{BookError, Booking, GuestBooking};

/// Book a time
///
/// Open to guests where the installation allows it, at once or by a code that is mailed to them; a patient who is signed in books for oneself or a relative, a
/// doctor in the own calendar, a front desk at its clinics. Send an `Idempotency-Key` and repeat the request with it
/// whenever you are not sure whether it arrived: it is booked once, and you get the first answer again.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "bookAppointment",
    security((), ("bearer" = []), ("session" = [])),
    params(IdempotencyHeader),
    request_body(content = BookBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Booked; the answer holds the link to manage it", body = AppointmentBody, headers(
            ("location" = String, description = "Address of the appointment"),
            ("etag" = String, description = "For `If-Match`"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        (status = 202, description = "Held for ten minutes: a guest books it by `POST /appointments/{id}/confirm` with the mailed code", body = HoldBody),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "What was shown as a sign-in does not hold", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "`guest-booking-off`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`slot-taken` with alternatives, `patient-busy`, `idempotency-in-progress`", body = SlotTakenBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, or a time that is not offered: `outside-availability`, `in-the-past`, `too-soon`, `too-far-ahead`, `nonexistent-local-time`, `ambiguous-local-time`, `not-for-new-patients`; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-holds`: so many times are held for this address or client already", body = ProblemBody, content_type = "application/problem+json", headers(("retry-after" = u32))),
    )
)]
#[post("/appointments")]
pub(super) async fn book_appointment(
    Anybody(caller): Anybody,
    request: HttpRequest,
    payload: Payload,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let Asked { booking, hold, fingerprint } = book_body::read(&caller, &request, &mut payload.into_inner()).await?;
    let key = key_of(&request)?;
    let once = key.clone().map(|key| once_created(&api, key, &caller, "book", fingerprint));
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let hold = hold.map(|token| api.hold_tokens.read(&token)).transpose()?;
    let booking = Booking { hold, ..booking? };
    if caller.role().is_none() && api.book.guests == GuestBooking::Code {
        return hold_for_guest(&api, &caller, &request, booking, key.map(|key| (key, fingerprint))).await;
    }
    match api.book.run(&caller, booking, context::request_id(), once.clone()).await {
        Ok(booked) => {
            let link = api.links.for_caller(&caller, booked.appointment.id);
            Ok(send(&created(&booked, link), Replayed::No))
        }
        Err(BookError::Once(error)) => again(&error),
        Err(refused @ (BookError::SlotTaken { .. } | BookError::PatientBusy)) => {
            let reason = if matches!(refused, BookError::PatientBusy) { "patient_busy" } else { "slot_taken" };
            counter!("booking_conflicts_total", "reason" => reason).increment(1);
            send_refusal(&api.answers, once.as_ref(), refused.into(), api.book.clock.now()).await
        }
        Err(error) => Err(error.into()),
    }
}
