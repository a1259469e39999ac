//! The slice's part of the REST API.

mod bodies;
mod book;
mod manage;
mod problems;

use kernel::{AppointmentId, Caller};
use platform::http::{FieldError, Problem, kinds};
use platform::idempotency::Answers;
use platform::signing::LinkSigner;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::application::{BookAppointment, CancelAppointment, ReadAppointment, RescheduleAppointment};

pub use bodies::{AppointmentBody, SlotTakenBody};
pub use problems::PROBLEMS;

/// What the handlers need.
pub struct AppointmentsApi {
    /// Books.
    pub book: BookAppointment,
    /// Shows.
    pub read: ReadAppointment,
    /// Calls off.
    pub cancel: CancelAppointment,
    /// Moves.
    pub reschedule: RescheduleAppointment,
    /// First answers, kept.
    pub answers: Answers,
    /// Makes and checks the links of appointments.
    pub links: AppointmentLinks,
}

/// Mounts the slice's operations; the state is [`AppointmentsApi`].
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(book::book_appointment)
        .service(manage::get_appointment)
        .service(manage::cancel_appointment)
        .service(manage::reschedule_appointment);
}

/// Signed links: whoever holds one may read, move and cancel that one appointment.
#[derive(Debug, Clone)]
pub struct AppointmentLinks {
    /// Signs.
    pub signer: LinkSigner,
    /// Where clients reach this installation, without a slash at the end.
    pub public_url: String,
}

impl AppointmentLinks {
    /// The link of an appointment.
    #[must_use]
    pub fn manage_url(&self, id: AppointmentId) -> String {
        format!("{}/api/v1/appointments/{id}?token={}", self.public_url, self.signer.token(id.as_uuid()))
    }

    /// Who holds this token: the holder of that appointment's link, or nobody.
    ///
    /// A wrong token is answered like an appointment that does not exist.
    fn holder(&self, id: AppointmentId, token: &str) -> Result<Caller, Problem> {
        if self.signer.opens(token, id.as_uuid()) {
            Ok(Caller::link_holder(id))
        } else {
            Err(Problem::of(&kinds::NOT_FOUND))
        }
    }
}

/// 422 on one field.
fn bad(field: &str, code: &str, message: &str) -> Problem {
    Problem::invalid(vec![FieldError::new(field, code, message)])
}
