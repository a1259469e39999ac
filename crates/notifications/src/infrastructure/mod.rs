//! How mail gets away, and where it is read in development.

mod folder;
mod html;
pub mod http;
mod letters;
mod mime;
mod smtp;

pub use folder::{FolderPost, KeptMail, Mailbox};
pub use letters::Letters;
pub use mime::{Sender, SenderError};
pub use smtp::{SmtpPost, SmtpSettings, SmtpSettingsError, SmtpSetupError};
