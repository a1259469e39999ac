//! The slice's part of the REST API, and the pages on which developers read mail and texts.

mod clinic_messages;
mod dev_mail;
mod dev_texts;
mod messages;
mod preferences;
mod problems;
mod text_status;

use kernel::Clock;
use secrecy::SecretString;
use std::sync::Arc;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::application::{Ledger, ManagePreferences, TellMessages};

pub use clinic_messages::ClinicMessagesApi;
pub use dev_mail::dev_mail;
pub use dev_texts::dev_texts;
pub use problems::PROBLEMS;

/// What the handlers need.
pub struct MessagesApi {
    /// Tells of messages about a visit.
    pub tell: TellMessages,
    /// How people wish to be reminded.
    pub preferences: ManagePreferences,
    /// What became of messages.
    pub ledger: Arc<dyn Ledger>,
    /// With what the provider of texts signs; without it nobody is believed.
    pub text_token: Option<SecretString>,
    /// Where clients reach this installation, without a slash at the end.
    pub public_url: Arc<str>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Mounts the operations under `/api/v1`; the state is [`MessagesApi`] and [`ClinicMessagesApi`].
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(messages::list_visit_messages)
        .service(clinic_messages::send_notification)
        .service(clinic_messages::get_notification)
        .service(preferences::get_preferences)
        .service(preferences::put_preferences)
        .service(text_status::take_text_status);
}
