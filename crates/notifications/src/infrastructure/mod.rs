//! How mail and texts get away, what became of them, and where they are read in development.

mod folder;
mod handing;
mod html;
pub mod http;
mod letters;
mod mime;
mod pg_clinic_messages;
mod pg_ledger;
mod pg_preferences;
mod schema;
mod smtp;
mod text_folder;
mod texts;
mod twilio;
mod twilio_signature;

pub use folder::{FolderPost, KeptMail, Mailbox};
pub use letters::Letters;
pub use mime::{Sender, SenderError};
pub use pg_clinic_messages::PgClinicMessages;
pub use pg_ledger::PgLedger;
pub use pg_preferences::PgPreferences;
pub use smtp::{SmtpPost, SmtpSettings, SmtpSettingsError, SmtpSetupError};
pub use text_folder::{KeptText, TextFolder};
pub use texts::PostedTexts;
pub use twilio::{TWILIO_API, TextSender, TextSenderError, TwilioApi, TwilioApiError, TwilioSettings, TwilioTexts};
pub use twilio_signature::twilio_signature;
