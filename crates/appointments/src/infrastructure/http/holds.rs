//! Times kept while somebody fills in the form.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, post};
use jiff::tz::TimeZone;
use kernel::{AppointmentId, DoctorId, KeptAnswer, Once, VisitTypeId};
use metrics::counter;
use platform::http::admission::{Anybody, not_signed_in};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, scope, send, send_refusal};
use platform::http::{
    Body, FieldError, Problem, ProblemBody, Query, address_group, client_address, context, id_in_path, in_zone, kinds,
};
use platform::signing::LinkSigner;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::AppointmentsApi;
use super::bodies::{Instant, SlotTakenBody, When};
use super::book_body::start;
use crate::application::{Ask, HoldError, HoldWish};
use crate::domain::Hold;

/// Makes and reads the tokens by which a hold is told to be one's own.
#[derive(Debug, Clone)]
pub struct HoldTokens {
    /// Signs.
    pub signer: LinkSigner,
}

impl HoldTokens {
    fn token(&self, id: AppointmentId) -> String {
        format!("{id}.{}", self.signer.token(id.as_uuid()))
    }

    /// The hold whose token this is.
    ///
    /// # Errors
    /// 422 on `hold` when it is nobody's.
    pub(super) fn read(&self, token: &str) -> Result<AppointmentId, Problem> {
        let read = || {
            let (id, signature) = token.split_once('.')?;
            let id: Uuid = id.parse().ok()?;
            self.signer.opens(signature, id).then_some(AppointmentId::from_uuid(id))
        };
        read().ok_or_else(|| Problem::invalid(vec![FieldError::new("hold", "unknown", "is no hold's token")]))
    }
}

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
    /// Of a form's hold, for who is not signed in: goes into the booking as `hold`, and ends the hold. Keep it like a
    /// key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token: Option<String>,
}

impl HoldBody {
    pub(super) fn new(hold: &Hold, token: Option<String>) -> Self {
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
            token,
        }
    }
}

/// Where a request comes from, as holds of who is not signed in are counted.
pub(super) fn client_of(request: &HttpRequest) -> String {
    address_group(client_address(request)).to_string()
}

/// Which time is to be kept.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewHold)]
pub struct NewHoldBody {
    /// With whom.
    #[validate(required)]
    #[schema(required = true, nullable = false)]
    doctor_id: Option<Uuid>,
    /// What; the doctor's default when left out.
    #[schema(value_type = Option<Uuid>)]
    visit_type_id: Option<VisitTypeId>,
    /// When: a start from the list of slots, with its offset. Either this or `date_time` is needed.
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-03-01T09:00:00-05:00")]
    starts_at: Option<Instant>,
    /// In place of `starts_at`: may come without an offset, and is then read on the clinic's wall clock.
    #[schema(value_type = Option<String>, example = "2027-03-01T09:00:00")]
    date_time: Option<When>,
    /// Picks the visit type that lasts so long.
    #[validate(range(min = 5, max = 240))]
    #[schema(minimum = 5, maximum = 240)]
    duration_minutes: Option<u16>,
    /// The token of an earlier hold, which is given up for this one. Signed in it is given up unasked.
    #[validate(length(max = 200))]
    #[schema(max_length = 200)]
    hold: Option<String>,
}

/// Keep a time while the form is filled in
///
/// For ten minutes, and never beyond the visit's start: nobody else books it, and it never stands in the way of who
/// holds it. Whoever is signed in has one such hold, and their next one gives up the last; who is not has three. It ends by
/// itself; `DELETE` ends it before. Nothing is told of who will come.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "holdTime",
    security((), ("bearer" = []), ("session" = [])),
    params(IdempotencyHeader),
    request_body(content = NewHoldBody, content_type = "application/json"),
    responses(
        (status = 201, description = "Held", body = HoldBody, headers(
            ("location" = String, description = "Address of the hold, for `DELETE`"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "What was shown as a sign-in does not hold", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "`guest-booking-off`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`slot-taken` with alternatives, `idempotency-in-progress`", body = SlotTakenBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, or a time that is not offered; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-holds`: so many times are held for this client already", body = ProblemBody, content_type = "application/problem+json", headers(("retry-after" = u32))),
    )
)]
#[post("/holds")]
pub(super) async fn hold_time(
    Anybody(caller): Anybody,
    request: HttpRequest,
    body: Body<NewHoldBody>,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let Body { value, fingerprint } = body;
    let tokens = caller.role().is_none().then(|| api.hold_tokens.clone());
    let answer = move |hold: &Hold| KeptAnswer {
        status: 201,
        location: Some(format!("/api/v1/holds/{}", hold.id)),
        etag: None,
        body: serde_json::to_vec(&HoldBody::new(hold, tokens.as_ref().map(|tokens| tokens.token(hold.id))))
            .unwrap_or_default(),
    };
    let answer = Arc::new(answer);
    let once =
        key_of(&request)?.map(|key| Once { scope: scope(&caller, "hold"), key, fingerprint, answer: answer.clone() });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let start = start(value.starts_at, value.date_time).map_err(|error| Problem::invalid(vec![error]))?;
    let ask = Ask {
        // Required where the body was read.
        doctor: DoctorId::from_uuid(value.doctor_id.unwrap_or_default()),
        visit_type: value.visit_type_id,
        start,
        duration_minutes: value.duration_minutes,
    };
    let instead_of = value.hold.map(|token| api.hold_tokens.read(&token)).transpose()?;
    let wish = HoldWish { ask, instead_of, client: client_of(&request) };
    match api.hold_for_form.run(&caller, wish, context::request_id(), once.clone()).await {
        Ok(hold) => Ok(send(&answer(&hold), Replayed::No)),
        Err(HoldError::Once(error)) => again(&error),
        Err(refused @ HoldError::SlotTaken { .. }) => {
            counter!("booking_conflicts_total", "reason" => "slot_taken").increment(1);
            send_refusal(&api.answers, once.as_ref(), refused.into(), api.hold_for_form.clock.now()).await
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HoldTokenParams {
    /// The hold's token, for who is not signed in.
    #[validate(length(max = 200))]
    #[param(nullable = false, max_length = 200)]
    token: Option<String>,
}

/// End a hold
///
/// The time is free for everybody at once. One's own by the sign-in, or any form's hold by its token. A hold that is
/// over, or has become a visit, is 404 as one that never was.
#[utoipa::path(
    tag = "Appointments",
    operation_id = "endHold",
    security(("holdToken" = []), ("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The hold"), HoldTokenParams),
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "Neither signed in nor a token", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 404, description = "No open hold, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A bad parameter", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[delete("/holds/{id}")]
pub(super) async fn end_hold(
    Anybody(caller): Anybody,
    request: HttpRequest,
    Query(params): Query<HoldTokenParams>,
    api: Data<AppointmentsApi>,
) -> Result<HttpResponse, Problem> {
    let id: AppointmentId = id_in_path(&request, "id")?;
    let proven = match params.token {
        Some(token) => api.hold_tokens.read(&token).is_ok_and(|of| of == id),
        None if caller.role().is_none() => return Err(not_signed_in()),
        None => false,
    };
    match api.hold_for_form.release(&caller, id, proven, context::request_id()).await {
        Ok(true) => Ok(HttpResponse::NoContent().finish()),
        Ok(false) => Err(Problem::of(&kinds::NOT_FOUND)),
        Err(failure) => Err(Problem::internal(&failure)),
    }
}
