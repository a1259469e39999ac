//! Messages that somebody at a clinic writes to a patient.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use kernel::{ClinicId, EventId, KeptAnswer, Once, PatientId};
use platform::http::admission::{As, Practice};
use platform::http::once::{IdempotencyHeader, Replayed, again, answered_before, key_of, scope, send};
use platform::http::{Body, FieldError, NoParams, Problem, ProblemBody, Query, context, id_in_path};
use platform::idempotency::Answers;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::application::{Message, ReadClinicMessage, SendClinicMessage, SendMessageError};
use crate::domain::{Channel, ClinicMessage, DeliveryState};

/// What the handlers of this file need.
pub struct ClinicMessagesApi {
    /// Sends one.
    pub send: SendClinicMessage,
    /// Tells what became of one.
    pub read: ReadClinicMessage,
    /// Kept answers.
    pub answers: Answers,
}

/// By what way somebody is told.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotificationChannel)]
pub(super) enum ChannelWord {
    /// By mail.
    #[default]
    Email,
    /// By a text message to a phone.
    Sms,
}

/// What a patient is to be told.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewNotification)]
pub(super) struct NewMessageBody {
    /// Whom.
    #[validate(required)]
    #[schema(required = true, nullable = false)]
    patient_id: Option<Uuid>,
    /// In the name of which clinic; whoever works at one only may leave it out.
    #[schema(nullable = false)]
    clinic_id: Option<Uuid>,
    /// `email` where nothing is said.
    #[schema(nullable = false)]
    channel: Option<ChannelWord>,
    /// The words, in lines; nothing medical: mail and texts are read by others as well. By text, about 300 letters fit,
    /// fewer where signs need more room.
    #[validate(required, length(min = 1, max = 1_000))]
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 1000,
        example = "Please come ten minutes early on Monday."
    )]
    message: Option<String>,
}

/// A message from a clinic to a patient, and what became of it; its words are not kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClinicMessage)]
pub(super) struct ClinicMessageBody {
    /// Which one.
    id: Uuid,
    /// To whom.
    patient_id: Uuid,
    /// In whose name.
    clinic_id: Uuid,
    /// `email` or `sms`.
    #[schema(example = "email")]
    channel: &'static str,
    /// `queued` (waits, or is tried again), `sent` (the provider is answerable for it), `delivered` (texts: it has
    /// reached the phone), `undelivered` (texts: it could not be brought there), `failed` (refused or given up).
    #[schema(example = "queued")]
    state: &'static str,
    /// When it was written (RFC 3339).
    #[schema(format = DateTime, example = "2027-03-01T12:00:00Z")]
    sent_at: String,
    /// When the state was last heard of.
    #[schema(format = DateTime, example = "2027-03-01T12:00:02Z")]
    changed_at: String,
}

impl ClinicMessageBody {
    fn new(message: &ClinicMessage, state: DeliveryState, changed_at: jiff::Timestamp) -> Self {
        Self {
            id: message.id.as_uuid(),
            patient_id: message.patient.as_uuid(),
            clinic_id: message.clinic.as_uuid(),
            channel: message.channel.word(),
            state: state.word(),
            sent_at: message.at.to_string(),
            changed_at: changed_at.to_string(),
        }
    }
}

fn accepted(message: &ClinicMessage) -> KeptAnswer {
    KeptAnswer {
        status: 202,
        location: Some(format!("/api/v1/notifications/{}", message.id)),
        etag: None,
        body: serde_json::to_vec(&ClinicMessageBody::new(message, DeliveryState::Queued, message.at))
            .unwrap_or_default(),
    }
}

/// Write to a patient
///
/// Sends what somebody at a clinic has written, by mail or by text, in the clinic's name: by a front desk to who was or
/// will be there, by a doctor to whom there is a care link with. One account sends at most 60 within an hour, and a
/// patient gets at most 10 within a day. The words are kept nowhere but with the message on its way; that it was sent is
/// in the audit trail.
#[utoipa::path(
    tag = "Notifications",
    operation_id = "sendNotification",
    security(("bearer" = []), ("session" = [])),
    params(IdempotencyHeader),
    request_body(content = NewMessageBody, content_type = "application/json"),
    responses(
        (status = 202, description = "It is on its way", body = ClinicMessageBody, headers(("location" = String, description = "Where to ask what became of it"), ("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"))),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Nobody is signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Neither a doctor nor a front desk", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`not-reachable`: the patient has no address for that channel, or no texts are sent here; `idempotency-in-progress`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `application/json`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad fields, all of them at once; a patient whom one may not write to is unknown; `idempotency-key-reused`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too-many-notifications`", body = ProblemBody, content_type = "application/problem+json", headers(("retry-after" = u32))),
    )
)]
#[post("/notifications/send")]
pub(super) async fn send_notification(
    who: As<Practice>,
    request: HttpRequest,
    _: Query<NoParams>,
    body: Body<NewMessageBody>,
    api: Data<ClinicMessagesApi>,
) -> Result<HttpResponse, Problem> {
    let once = key_of(&request)?.map(|key| Once {
        scope: scope(&who.caller, "notification"),
        key,
        fingerprint: body.fingerprint,
        answer: Arc::new(accepted),
    });
    if let Some(before) = answered_before(&api.answers, once.as_ref()).await? {
        return Ok(before);
    }
    let NewMessageBody { patient_id: Some(patient), clinic_id, channel, message: Some(words) } = body.value else {
        return Err(Problem::invalid(Vec::new()));
    };
    let wanted = Message {
        patient: PatientId::from_uuid(patient),
        clinic: clinic_id.map(ClinicId::from_uuid),
        channel: match channel.unwrap_or_default() {
            ChannelWord::Email => Channel::Email,
            ChannelWord::Sms => Channel::Sms,
        },
        words,
    };
    match api.send.run(&who.caller, wanted, context::request_id(), once).await {
        Ok(sent) => Ok(send(&accepted(&sent), Replayed::No)),
        Err(SendMessageError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}

/// What became of a message
///
/// Of one that was sent by writing to a patient; for those who could write to the same patient in the name of the same
/// clinic. Kept for 90 days.
#[utoipa::path(
    tag = "Notifications",
    operation_id = "getNotification",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The message")),
    responses(
        (status = 200, description = "The message", body = ClinicMessageBody),
        (status = 401, description = "Nobody is signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "Neither a doctor nor a front desk", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such message, or not one of yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/notifications/{id}")]
pub(super) async fn get_notification(
    who: As<Practice>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<ClinicMessagesApi>,
) -> Result<HttpResponse, Problem> {
    let id: EventId = id_in_path(&request, "id")?;
    let (message, entry) = api.read.run(&who.caller, id).await?;
    let (state, changed_at) =
        entry.map_or((DeliveryState::Queued, message.at), |entry| (entry.state, entry.changed_at));
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(ClinicMessageBody::new(&message, state, changed_at)))
}

/// What is wrong with a field of the body.
pub(super) fn bad(field: &str, code: &'static str, message: &str) -> Problem {
    Problem::invalid(vec![FieldError::new(field, code, message)])
}
