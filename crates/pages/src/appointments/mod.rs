//! Booking a visit, and what becomes of it.

mod book;
mod code;
mod components;
mod visit;

use std::sync::Arc;

use ::appointments::application::{
    AppointmentDetails, BookAppointment, CancelAppointment, ConfirmBooking, GuestBooking, HoldForGuest, ReadAppointment,
};
use ::appointments::domain::Hold;
use actix_web::web;
use kernel::{AppointmentId, Caller, KeptAnswer, Once, OnceError, PortFailure};
use platform::idempotency::Answers;
use serde::Serialize;
use uuid::Uuid;

/// Signs and reads the tokens that open visits.
pub trait VisitTokens: Send + Sync {
    /// The token of a visit.
    fn token(&self, visit: AppointmentId) -> String;

    /// Whoever comes with that token, if it is one of this visit.
    fn holder(&self, visit: AppointmentId, token: &str) -> Option<Caller>;
}

/// What the pages of this folder need.
pub struct AppointmentPages {
    /// Books.
    pub book: BookAppointment,
    /// Holds a time for a guest until the address is proven.
    pub hold: HoldForGuest,
    /// Books what is held.
    pub confirm: ConfirmBooking,
    /// Shows a visit.
    pub read: ReadAppointment,
    /// Calls one off.
    pub cancel: CancelAppointment,
    /// May guests book?
    pub guests: GuestBooking,
    /// Answers that are kept.
    pub answers: Answers,
    /// Opens visits.
    pub tokens: Arc<dyn VisitTokens>,
}

/// Mounts the pages.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/doctor/{id}/book", web::get().to(book::show))
        .route("/doctor/{id}/book", web::post().to(book::send))
        .route("/bookings/{id}", web::get().to(code::show))
        .route("/bookings/{id}", web::post().to(code::send))
        .route("/appointments/{id}", web::get().to(visit::show))
        .route("/appointments/{id}/cancel", web::post().to(visit::cancel));
}

/// Where a guest looks at a visit.
fn address(pages: &AppointmentPages, visit: AppointmentId) -> String {
    format!("/appointments/{visit}?token={}", pages.tokens.token(visit))
}

/// The wish to have a form's work done once, however often it is sent: its key stands in the form, which makes it as
/// good as the form itself. What is kept is where to look, as JSON.
fn once<T: 'static>(
    what: &str,
    key: &str,
    seen: impl Fn(&T) -> AppointmentId + Send + Sync + 'static,
) -> Option<Once<T>> {
    let key: Uuid = key.parse().ok()?;
    let answer = move |done: &T| kept(200, &seen(done));
    Some(Once { scope: format!("page:{what}"), key: key.to_string(), fingerprint: [0; 32], answer: Arc::new(answer) })
}

fn kept(status: u16, told: &impl Serialize) -> KeptAnswer {
    KeptAnswer { status, location: None, etag: None, body: serde_json::to_vec(told).unwrap_or_default() }
}

/// What the first sending of a form led to.
fn before(error: &OnceError) -> Option<AppointmentId> {
    match error {
        OnceError::Replay(answer) => serde_json::from_slice(&answer.body).ok(),
        OnceError::InProgress | OnceError::Reused => None,
    }
}

/// The same, looked up before anything else: by now the time that was wanted may be taken by this very wish.
///
/// # Errors
/// When it cannot be looked up.
async fn sent_before<T: Sync>(answers: &Answers, once: Option<&Once<T>>) -> Result<Option<AppointmentId>, PortFailure> {
    let Some(once) = once else { return Ok(None) };
    Ok(answers.look(once).await?.err().as_ref().and_then(before))
}

const fn of_visit(details: &AppointmentDetails) -> AppointmentId {
    details.appointment.id
}

const fn of_hold(hold: &Hold) -> AppointmentId {
    hold.id
}
