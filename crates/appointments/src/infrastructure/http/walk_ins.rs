//! Who comes without an appointment.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use kernel::{ClinicId, DoctorId, PatientId, VisitTypeId};
use metrics::counter;
use platform::http::admission::{As, Team};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, send, send_refusal};
use platform::http::{Body, Problem, ProblemBody, context, id_in_path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::AppointmentsApi;
use super::bodies::{AppointmentBody, SlotTakenBody};
use super::book_body::named;
use super::manage::{created, once_created};
use crate::application::{BookError, WalkIn};

/// Somebody who is here without an appointment: a known patient by id, or somebody by name.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWalkIn)]
pub struct WalkInBody {
    /// Who is to see them.
    #[validate(required)]
    #[schema(required = true, nullable = false)]
    doctor_id: Option<Uuid>,
    /// What for; the doctor's default when left out.
    #[schema(value_type = Option<Uuid>)]
    visit_type_id: Option<VisitTypeId>,
    /// A known patient.
    #[schema(value_type = Option<Uuid>)]
    patient_id: Option<PatientId>,
    /// In place of `patient_id`.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "Ada Example")]
    patient_name: Option<String>,
    /// With `patient_name`, where it is told.
    #[validate(email, length(max = 320))]
    #[schema(format = Email, max_length = 320, example = "ada@example.org")]
    patient_email: Option<String>,
    /// With `patient_name`, where it is told.
    #[validate(length(max = 40))]
    #[schema(max_length = 40, example = "+1 212 555 0100")]
    patient_phone: Option<String>,
    /// What the doctor should know.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000)]
    notes: Option<String>,
    /// Leave to see them outside the doctor's hours where that is earlier, and why. Kept with the visit, for the team.
    #[validate(length(max = 500))]
    #[schema(max_length = 500, example = "Bleeding, cannot wait until the afternoon")]
    outside_hours_reason: Option<String>,
}

/// Take in who comes without an appointment
///
/// The earliest time of the clinic's day from now on that nobody has, on any minute of the doctor's hours, becomes a visit, and the
/// patient waits in the queue: it is booked and arrived in one step. Notice, grid and horizon do not matter.
#[utoipa::path(
    tag = "Front desk",
    operation_id = "receiveWalkIn",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The clinic"),
        IdempotencyHeader,
    ),
    request_body(content = WalkInBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Booked, and arrived", body = AppointmentBody, headers(
            ("location" = String, description = "Address of the appointment"),
            ("etag" = String, description = "For `If-Match`"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not for your role", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`day-full` with alternatives; `patient-busy`, `idempotency-in-progress`", body = SlotTakenBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields; a doctor, a clinic or a patient out of reach; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/clinics/{id}/walk-ins")]
pub(super) async fn receive_walk_in(
    who: As<Team>,
    request: HttpRequest,
    body: Body<WalkInBody>,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let clinic: ClinicId = id_in_path(&request, "id")?;
    let Body { value, fingerprint } = body;
    let what = format!("walk-in:{clinic}");
    let once = key_of(&request)?.map(|key| once_created(&api, key, &who.caller, &what, fingerprint));
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let whom = named(value.patient_id, value.patient_name, value.patient_email, value.patient_phone)?;
    let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let walk_in = WalkIn {
        clinic,
        // Required where the body was read.
        doctor: DoctorId::from_uuid(value.doctor_id.unwrap_or_default()),
        visit_type: value.visit_type_id,
        whom,
        notes: said(value.notes),
        outside_hours: said(value.outside_hours_reason),
    };
    match api.walk_in.run(&who.caller, walk_in, context::request_id(), once.clone()).await {
        Ok(taken_in) => {
            let link = api.links.for_caller(&who.caller, taken_in.appointment.id);
            Ok(send(&created(&taken_in, link), Replayed::No))
        }
        Err(BookError::Once(error)) => again(&error),
        Err(refused @ (BookError::DayFull { .. } | BookError::PatientBusy)) => {
            let reason = if matches!(refused, BookError::PatientBusy) { "patient_busy" } else { "day_full" };
            counter!("booking_conflicts_total", "reason" => reason).increment(1);
            send_refusal(&api.answers, once.as_ref(), refused.into(), api.walk_in.clock.now()).await
        }
        Err(error) => Err(error.into()),
    }
}
