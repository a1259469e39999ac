//! Waiting for a time: getting in line, leaving it, and answering what is offered.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, delete, get, post};
use kernel::{AppointmentId, Caller, DoctorId, KeptAnswer, Once};
use platform::http::admission::{AnyRole, Anybody, As, not_signed_in};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, scope, send, send_refusal};
use platform::http::{
    Body, DEFAULT_LIMIT, Nothing, OptionalBody, Problem, ProblemBody, Query, context, cursor, from_text, id_in_path,
    kinds, page_of, read_cursor,
};
use platform::idempotency::Answers;
use platform::signing::LinkSigner;
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::AppointmentLinks;
use super::bodies::{AppointmentBody, SlotTakenBody};
use super::manage::created;
use super::waitlist_bodies::{EntryBody, NewEntryBody, OfferBody};
use crate::application::{
    AnswerError, AnswerOffer, AppointmentDetails, EntryPosition, JoinError, JoinWaitlist, ReadWaitlist,
};
use crate::domain::{WaitlistEntry, WaitlistEntryId};

/// What the handlers of the waitlist need.
pub struct WaitlistApi {
    /// Puts in line.
    pub join: JoinWaitlist,
    /// Shows, and takes off.
    pub read: ReadWaitlist,
    /// Takes and refuses offers.
    pub answer: AnswerOffer,
    /// First answers, kept.
    pub answers: Answers,
    /// Makes the links of appointments.
    pub appointments: AppointmentLinks,
    /// Checks the links of offers.
    pub links: WaitlistLinks,
}

/// Signed links: whoever holds one may see and answer that one offer.
#[derive(Debug, Clone)]
pub struct WaitlistLinks {
    /// Signs.
    pub signer: LinkSigner,
    /// Where clients reach this installation, without a slash at the end.
    pub public_url: String,
}

impl WaitlistLinks {
    /// The link of an offer.
    #[must_use]
    pub fn url(&self, id: AppointmentId) -> String {
        format!("{}/api/v1/waitlist/offers/{id}?token={}", self.public_url, self.signer.token(id.as_uuid()))
    }
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OfferLinkParams {
    /// The token of the offer's link, from the mail.
    #[validate(length(max = 200))]
    #[param(nullable = false, max_length = 200)]
    token: Option<String>,
}

/// Who asks for the offer in the path: the holder of its link where a token is given, else who is signed in.
pub(super) struct OfferAsker {
    id: AppointmentId,
    caller: Caller,
}

impl FromRequest for OfferAsker {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let link = Query::<OfferLinkParams>::from_request(request, payload).into_inner();
        let signed_in = Anybody::from_request(request, payload).into_inner();
        ready(link.and_then(|Query(link)| {
            let Anybody(caller) = signed_in?;
            let id: AppointmentId = id_in_path(request, "id")?;
            let api = request.app_data::<Data<WaitlistApi>>().ok_or_else(|| Problem::of(&kinds::INTERNAL))?;
            let caller = match link.token {
                Some(token) if api.links.signer.opens(&token, id.as_uuid()) => Caller::link_holder(id),
                // A wrong token is answered like an offer that does not exist.
                Some(_) => return Err(Problem::of(&kinds::NOT_FOUND)),
                None if caller.role().is_none() => return Err(not_signed_in()),
                None => caller,
            };
            Ok(Self { id, caller })
        }))
    }
}

/// Which entries.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WaitlistParams {
    /// Those for a time of this doctor.
    #[serde(default, deserialize_with = "from_text")]
    #[param(nullable = false, value_type = Option<Uuid>)]
    doctor_id: Option<DoctorId>,
    /// Where the last page ended, from its `Link`.
    #[validate(length(max = 500))]
    #[param(nullable = false, max_length = 500)]
    cursor: Option<String>,
    /// Entries of a page, 20 when left out.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 1, max = 100))]
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

fn joined(entry: &WaitlistEntry) -> KeptAnswer {
    let body = EntryBody::new(entry, None);
    KeptAnswer { status: 201, location: None, etag: None, body: serde_json::to_vec(&body).unwrap_or_default() }
}

fn booked(api: &WaitlistApi, caller: &Caller, details: &AppointmentDetails) -> KeptAnswer {
    created(details, api.appointments.for_caller(caller, details.appointment.id))
}

/// Wait for a time
///
/// When a time is free that fits, it is kept for who came first, and told by mail; the answer is awaited until
/// `until` of the offer. Doctors and front desks put patients in line for the doctors whose calendars they run.
#[utoipa::path(
    tag = "Waitlist",
    operation_id = "joinWaitlist",
    security(("bearer" = []), ("session" = [])),
    params(IdempotencyHeader),
    request_body(content = NewEntryBody, content_type = "application/json"),
    responses(
        (status = 201, description = "In line", body = EntryBody, headers(("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"))),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not with this sign-in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`already-waiting`, `too-many-entries`, `idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/waitlist")]
pub(super) async fn join_waitlist(
    who: As<AnyRole>,
    request: HttpRequest,
    body: Body<NewEntryBody>,
    api: Data<WaitlistApi>,
) -> Result<HttpResponse, Problem> {
    let fingerprint = body.fingerprint;
    let once = key_of(&request)?.map(|key| Once {
        scope: scope(&who.caller, "waitlist"),
        key,
        fingerprint,
        answer: Arc::new(joined),
    });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let wish = body.value.into_wish()?;
    match api.join.run(&who.caller, wish, context::request_id(), once).await {
        Ok(entry) => Ok(send(&joined(&entry), Replayed::No)),
        Err(JoinError::Once(error)) => again(&error),
        Err(error) => Err(error.into()),
    }
}

/// Who waits
///
/// Patients: for themselves and whom they look after; doctors: for their own time; front desks: for the doctors of
/// their clinics; administrators: all. In the order of the line.
#[utoipa::path(
    tag = "Waitlist",
    operation_id = "listWaitlist",
    security(("bearer" = []), ("session" = [])),
    params(WaitlistParams),
    responses(
        (status = 200, description = "A page", body = [EntryBody], headers(("link" = Option<String>, description = "The next page, where there is one"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not with this sign-in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/waitlist")]
pub(super) async fn list_waitlist(
    who: As<AnyRole>,
    Query(asked): Query<WaitlistParams>,
    request: HttpRequest,
    api: Data<WaitlistApi>,
) -> Result<HttpResponse, Problem> {
    let after: Option<EntryPosition> = asked.cursor.as_deref().map(read_cursor).transpose()?;
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    let listed = api.read.list(&who.caller, asked.doctor_id, after, limit).await;
    let (entries, next) = listed.map_err(|failure| Problem::internal(&failure))?;
    let bodies: Vec<EntryBody> = entries.iter().map(EntryBody::of).collect();
    Ok(page_of(&request, &bodies, next.map(|next| cursor(&next)).as_deref()))
}

/// Wait no longer
///
/// An open offer ends with it. Once more changes nothing.
#[utoipa::path(
    tag = "Waitlist",
    operation_id = "leaveWaitlist",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The entry")),
    responses(
        (status = 204, description = "Out of the line"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Not with this sign-in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such entry, or not yours", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[delete("/waitlist/{id}")]
pub(super) async fn leave_waitlist(
    who: As<AnyRole>,
    request: HttpRequest,
    api: Data<WaitlistApi>,
) -> Result<HttpResponse, Problem> {
    let id: WaitlistEntryId = id_in_path(&request, "id")?;
    api.read.leave(&who.caller, id, context::request_id()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A time that is offered to you
#[utoipa::path(
    tag = "Waitlist",
    operation_id = "getWaitlistOffer",
    security(("offerLink" = []), ("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The offer"), OfferLinkParams),
    responses(
        (status = 200, description = "The offer, as it stands", body = OfferBody),
        (status = 401, description = "Neither signed in nor a token", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 404, description = "No such offer, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A bad parameter", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/waitlist/offers/{id}")]
pub(super) async fn get_offer(asker: OfferAsker, api: Data<WaitlistApi>) -> Result<HttpResponse, Problem> {
    let offer = api.read.offer(&asker.caller, asker.id).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(OfferBody::new(&offer)))
}

/// Take the time that is offered
///
/// It becomes an appointment with the offer's id. Of several answers at once one counts.
#[utoipa::path(
    tag = "Waitlist",
    operation_id = "acceptWaitlistOffer",
    security(("offerLink" = []), ("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The offer"), OfferLinkParams,
        IdempotencyHeader,
    ),
    responses(
        (status = 201, description = "Booked", body = AppointmentBody, headers(
            ("location" = String, description = "Address of the appointment"),
            ("etag" = String, description = "For `If-Match`"),
            ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"),
        )),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Neither signed in nor a token", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 404, description = "No such offer, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`offer-over`, `patient-busy`, `idempotency-in-progress`", body = SlotTakenBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/waitlist/offers/{id}/accept")]
pub(super) async fn accept_offer(
    asker: OfferAsker,
    request: HttpRequest,
    OptionalBody(body): OptionalBody<Nothing>,
    api: Data<WaitlistApi>,
) -> Result<HttpResponse, Problem> {
    let OfferAsker { id, caller } = asker;
    let once = key_of(&request)?.map(|key| {
        let (api, whose) = (Data::clone(&api), caller.clone());
        let answer = move |details: &AppointmentDetails| booked(&api, &whose, details);
        let scope = scope(&caller, &format!("accept:{id}"));
        Once { scope, key, fingerprint: body.fingerprint, answer: Arc::new(answer) }
    });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    match api.answer.accept(&caller, id, context::request_id(), once.clone()).await {
        Ok(details) => Ok(send(&booked(&api, &caller, &details), Replayed::No)),
        Err(AnswerError::Once(error)) => again(&error),
        Err(refused @ (AnswerError::Over | AnswerError::PatientBusy)) => {
            send_refusal(&api.answers, once.as_ref(), refused.into(), api.answer.clock.now()).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Give the offered time back
///
/// The next in line is asked; you keep your place, and are not offered this time again. Once more changes nothing.
#[utoipa::path(
    tag = "Waitlist",
    operation_id = "refuseWaitlistOffer",
    security(("offerLink" = []), ("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The offer"), OfferLinkParams,
        IdempotencyHeader,
    ),
    responses(
        (status = 204, description = "Refused, now or before"),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Neither signed in nor a token", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 404, description = "No such offer, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`offer-over`, `idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/waitlist/offers/{id}/refuse")]
pub(super) async fn refuse_offer(
    asker: OfferAsker,
    request: HttpRequest,
    OptionalBody(body): OptionalBody<Nothing>,
    api: Data<WaitlistApi>,
) -> Result<HttpResponse, Problem> {
    let OfferAsker { id, caller } = asker;
    let nothing = |(): &()| KeptAnswer { status: 204, location: None, etag: None, body: Vec::new() };
    let once = key_of(&request)?.map(|key| {
        let scope = scope(&caller, &format!("refuse:{id}"));
        Once::<()> { scope, key, fingerprint: body.fingerprint, answer: Arc::new(nothing) }
    });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    match api.answer.refuse(&caller, id, context::request_id(), once).await {
        Ok(()) => Ok(HttpResponse::NoContent().finish()),
        Err(AnswerError::Once(error)) => again(&error),
        Err(error) => Err(error.into()),
    }
}
