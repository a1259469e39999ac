//! Visits that are booked together: looking at the dates, booking them, and ending early.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use kernel::{AppointmentId, Caller, KeptAnswer, Once};
use metrics::counter;
use platform::http::admission::{AnyRole, As};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, scope, send, send_refusal};
use platform::http::{Body, Problem, ProblemBody, context, id_in_path};
use platform::idempotency::Answers;

use super::bodies::SlotTakenBody;
use super::series_bodies::{CancelSeriesBody, NewSeriesBody, SeriesBody, SeriesPlanBody, SeriesWishBody};
use super::{AppointmentLinks, bad};
use crate::application::{
    BookSeries, CancelSeries, CancelSeriesError, PlanSeries, ReadSeries, SeriesCancellation, SeriesDetails, SeriesError,
};
use crate::domain::SeriesId;

/// What the handlers of series need.
pub struct SeriesApi {
    /// Looks at the dates.
    pub plan: PlanSeries,
    /// Books.
    pub book: BookSeries,
    /// Shows.
    pub read: ReadSeries,
    /// Calls off.
    pub cancel: CancelSeries,
    /// First answers, kept.
    pub answers: Answers,
    /// Makes the links of appointments.
    pub links: AppointmentLinks,
}

fn shown(links: &AppointmentLinks, caller: &Caller, status: u16, details: &SeriesDetails) -> KeptAnswer {
    let body = SeriesBody::new(details, |id: AppointmentId| links.for_caller(caller, id));
    KeptAnswer {
        status,
        location: (status == 201).then(|| format!("/api/v1/series/{}", body.id)),
        etag: None,
        body: serde_json::to_vec(&body).unwrap_or_default(),
    }
}

fn once(
    api: &SeriesApi,
    caller: &Caller,
    (key, what, status): (Option<String>, &str, u16),
    fingerprint: [u8; 32],
) -> Option<Once<SeriesDetails>> {
    let (links, whose) = (api.links.clone(), caller.clone());
    let answer = move |details: &SeriesDetails| shown(&links, &whose, status, details);
    key.map(|key| Once { scope: scope(caller, what), key, fingerprint, answer: Arc::new(answer) })
}

/// The dates of a series, looked at
///
/// Changes nothing. Tells of each date whether it is free, why not, and what is free near it. Doctors and front desks
/// book series up to five years ahead, patients as far as the doctor's horizon and 12 visits at once.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "previewSeries",
    security(("bearer" = []), ("session" = [])),
    request_body(content = SeriesWishBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The dates", body = SeriesPlanBody),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not with this sign-in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, a rule that is not understood; `not-for-new-patients`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/series/preview")]
pub(super) async fn preview_series(
    who: As<AnyRole>,
    body: Body<SeriesWishBody>,
    api: Data<SeriesApi>,
) -> Result<HttpResponse, Problem> {
    let plan = api.plan.run(&who.caller, &body.value.into_wish()?).await?;
    Ok(HttpResponse::Ok().json(SeriesPlanBody::new(&plan)))
}

/// Book a series
///
/// All of its visits, or none. The patient hears of it in one letter.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "bookSeries",
    security(("bearer" = []), ("session" = [])),
    params(IdempotencyHeader),
    request_body(content = NewSeriesBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Booked", body = SeriesBody, headers(
            ("location" = String, description = "Address of the series"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not with this sign-in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`slot-taken` or `patient-busy` with the times in `taken`, nothing is booked; `idempotency-in-progress`", body = SlotTakenBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields; `series-not-offered` with the times in `refused`, nothing is booked; `not-for-new-patients`; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/series")]
pub(super) async fn book_series(
    who: As<AnyRole>,
    request: HttpRequest,
    body: Body<NewSeriesBody>,
    api: Data<SeriesApi>,
) -> Result<HttpResponse, Problem> {
    let once = once(&api, &who.caller, (key_of(&request)?, "book-series", 201), body.fingerprint);
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let booking = body.value.into_booking()?;
    match api.book.run(&who.caller, booking, context::request_id(), once.clone()).await {
        Ok(details) => Ok(send(&shown(&api.links, &who.caller, 201, &details), Replayed::No)),
        Err(SeriesError::Once(error)) => again(&error),
        Err(refused @ (SeriesError::SlotTaken(..) | SeriesError::PatientBusy(..))) => {
            let reason = if matches!(refused, SeriesError::PatientBusy(..)) { "patient_busy" } else { "slot_taken" };
            counter!("booking_conflicts_total", "reason" => reason).increment(1);
            send_refusal(&api.answers, once.as_ref(), refused.into(), api.plan.clock.now()).await
        }
        Err(error) => Err(error.into()),
    }
}

/// A series
///
/// With its visits as they stand now. A front desk sees those at its clinics.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "getSeries",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The series")),
    responses(
        (status = 200, description = "The series", body = SeriesBody),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not with this sign-in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such series, or not yours", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/series/{id}")]
pub(super) async fn get_series(
    who: As<AnyRole>,
    request: HttpRequest,
    api: Data<SeriesApi>,
) -> Result<HttpResponse, Problem> {
    let id: SeriesId = id_in_path(&request, "id")?;
    let details = api.read.run(&who.caller, id).await?;
    Ok(send(&shown(&api.links, &who.caller, 200, &details), Replayed::No))
}

/// End a series early
///
/// Calls off one of its visits and all that come after it, as far as they are booked and have not begun; what has
/// arrived or is over stays. Once more changes nothing. One visit alone is cancelled as any other.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "cancelSeries",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The series"),
        IdempotencyHeader,
    ),
    request_body(content = CancelSeriesBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Called off, now or before", body = SeriesBody),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not with this sign-in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such series, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Others change the visits at the same time", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields; `reason-required`; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/series/{id}/cancel")]
pub(super) async fn cancel_series(
    who: As<AnyRole>,
    request: HttpRequest,
    body: Body<CancelSeriesBody>,
    api: Data<SeriesApi>,
) -> Result<HttpResponse, Problem> {
    let id: SeriesId = id_in_path(&request, "id")?;
    let what = format!("cancel-series:{id}");
    let once = once(&api, &who.caller, (key_of(&request)?, &what, 200), body.fingerprint);
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let from = body.value.from.ok_or_else(|| bad("from", "required", "is required"))?;
    let reason = body.value.reason.filter(|reason| !reason.trim().is_empty());
    let wish = SeriesCancellation { id, from, reason };
    match api.cancel.run(&who.caller, wish, context::request_id(), once).await {
        Ok(details) => Ok(send(&shown(&api.links, &who.caller, 200, &details), Replayed::No)),
        Err(CancelSeriesError::Once(error)) => again(&error),
        Err(error) => Err(error.into()),
    }
}
