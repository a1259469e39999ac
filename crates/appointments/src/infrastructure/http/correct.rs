//! Taking a mistaken mark back: for those who run calendars.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use kernel::AppointmentId;
use platform::http::admission::{As, Team};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, send, send_refusal};
use platform::http::{Body, Problem, ProblemBody, context, id_in_path, versions_in_if_match};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::bodies::{AppointmentBody, SlotTakenBody};
use super::manage::{once, shown};
use super::{AppointmentsApi, bad};
use crate::application::{CorrectError, MarkCorrection};
use crate::domain::Status;

/// How a visit should stand that was marked by mistake.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MarkCorrection)]
pub struct CorrectBody {
    /// `booked`, `arrived`, `completed` or `no_show`.
    #[validate(required)]
    #[schema(required = true, nullable = false, value_type = Option<String>, example = "arrived")]
    to: Option<RightStatus>,
    /// Why; kept sealed with the visit.
    #[validate(required, length(min = 1, max = 500))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 500, example = "Came ten minutes late")]
    reason: Option<String>,
}

/// What a mark can be corrected to.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum RightStatus {
    Booked,
    Arrived,
    Completed,
    NoShow,
}

impl From<RightStatus> for Status {
    fn from(word: RightStatus) -> Self {
        match word {
            RightStatus::Booked => Self::Booked,
            RightStatus::Arrived => Self::Arrived,
            RightStatus::Completed => Self::Completed,
            RightStatus::NoShow => Self::NoShow,
        }
    }
}

/// Take a mistaken mark back
///
/// A visit that was marked `completed` or `no_show` by mistake, within 24 hours of the mark. What becomes `booked` or
/// `arrived` again needs its time, which somebody else may have taken meanwhile.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "correctAppointment",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The appointment"),
        IdempotencyHeader,
        ("If-Match" = Option<String>, Header, nullable = false, description = "Correct only this version"),
    ),
    request_body(content = CorrectBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Corrected, or standing so already", body = AppointmentBody, headers(("etag" = String, description = "For `If-Match`"))),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such appointment, or not within your reach", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`nothing-to-correct`, `too-late-to-correct`, `slot-taken`, `patient-busy`, `idempotency-in-progress`", body = SlotTakenBody, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since you read it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/appointments/{id}/correct")]
pub(super) async fn correct_appointment(
    who: As<Team>,
    request: HttpRequest,
    body: Body<CorrectBody>,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let id: AppointmentId = id_in_path(&request, "id")?;
    let once = once(&api, key_of(&request)?, &who.caller, &format!("correct:{id}"), body.fingerprint);
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let to = body.value.to.ok_or_else(|| bad("to", "required", "is required"))?.into();
    let reason = body.value.reason.filter(|reason| !reason.trim().is_empty());
    let reason = reason.ok_or_else(|| bad("reason", "required", "is required"))?;
    let wish = MarkCorrection { id, to, reason, only_versions: versions_in_if_match(&request)? };
    match api.correct.run(&who.caller, wish, context::request_id(), once.clone()).await {
        Ok(details) => Ok(send(&shown(&api, &who.caller, &details), Replayed::No)),
        Err(CorrectError::Once(error)) => again(&error),
        Err(refused @ (CorrectError::SlotTaken | CorrectError::PatientBusy)) => {
            send_refusal(&api.answers, once.as_ref(), refused.into(), api.correct.clock.now()).await
        }
        Err(error) => Err(error.into()),
    }
}
