//! What became of messages, for those who run calendars.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use kernel::AppointmentId;
use platform::http::admission::{As, Team};
use platform::http::{NoParams, Problem, ProblemBody, Query, id_in_path};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::MessagesApi;
use crate::application::LedgerEntry;

/// A message to somebody and what became of it; neither its address nor its words are kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notification)]
pub(super) struct NotificationBody {
    /// Which one.
    id: Uuid,
    /// `email` or `sms`.
    #[schema(example = "email")]
    channel: &'static str,
    /// What it tells: booking-confirmed, booking-changed, booking-cancelled, reminder, …
    #[schema(example = "reminder")]
    template: String,
    /// `queued` (waits, or is tried again), `sent` (the provider is answerable for it), `delivered` (texts: it has
    /// reached the phone), `undelivered` (texts: it could not be brought there), `failed` (refused or given up).
    #[schema(example = "sent")]
    state: &'static str,
    /// How often it was tried.
    #[schema(example = 1)]
    tries: u32,
    /// When the change it tells of was made (RFC 3339).
    #[schema(format = DateTime, example = "2027-03-01T12:00:00Z")]
    created_at: String,
    /// When the state was last heard of.
    #[schema(format = DateTime, example = "2027-03-01T12:00:02Z")]
    changed_at: String,
}

impl NotificationBody {
    pub(super) fn new(entry: &LedgerEntry) -> Self {
        Self {
            id: entry.id,
            channel: entry.channel.word(),
            template: entry.template.clone(),
            state: entry.state.word(),
            tries: entry.tries,
            created_at: entry.created_at.to_string(),
            changed_at: entry.changed_at.to_string(),
        }
    }
}

/// Messages about a visit
///
/// Which messages to the patient went out about this visit, or wait, and what became of them; those about its series and those
/// that name it among others are there as well. For those who run the calendar. Kept for 90 days.
#[utoipa::path(
    tag = "Notifications",
    operation_id = "listVisitNotifications",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The appointment")),
    responses(
        (status = 200, description = "The messages, the oldest first; at most 200", body = Vec<NotificationBody>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such appointment, or not within your reach", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/appointments/{id}/notifications")]
pub(super) async fn list_visit_messages(
    who: As<Team>,
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<MessagesApi>,
) -> Result<HttpResponse, Problem> {
    let visit: AppointmentId = id_in_path(&request, "id")?;
    let entries = api.tell.run(&who.caller, visit).await?;
    Ok(HttpResponse::Ok().json(entries.iter().map(NotificationBody::new).collect::<Vec<_>>()))
}
