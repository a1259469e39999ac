//! How mail leaves this installation.

use std::path::PathBuf;
use std::sync::Arc;

use notifications::application::Post;
use notifications::infrastructure::{FolderPost, Mailbox, Sender, SmtpPost, SmtpSetupError};

use crate::config::{Config, Tier};

/// A way for mail to get out, and where it can be read in development.
#[derive(Clone)]
pub struct Mailing {
    /// Takes mail.
    pub post: Arc<dyn Post>,
    /// Who it comes from.
    pub from: Sender,
    /// The folder that is shown at `/dev/mail`.
    pub mailbox: Option<Mailbox>,
}

impl Mailing {
    /// The configured way: SMTP, or the folder `mail` of the data in development.
    ///
    /// # Errors
    /// When the mail server's address cannot be used.
    pub fn of(config: &Config) -> Result<Self, SmtpSetupError> {
        let Some(settings) = &config.smtp else {
            let mailbox = Mailbox::new(config.data_dir.join("mail"));
            let post = FolderPost::new(mailbox.clone(), config.mail_from.clone(), &config.public_url);
            let mailbox = (config.tier == Tier::Development).then_some(mailbox);
            return Ok(Self { post: Arc::new(post), from: config.mail_from.clone(), mailbox });
        };
        let post = SmtpPost::new(settings, config.mail_from.clone(), &config.public_url)?;
        Ok(Self { post: Arc::new(post), from: config.mail_from.clone(), mailbox: None })
    }

    /// Into this folder, as in development.
    #[must_use]
    pub fn into_folder(folder: PathBuf, from: Sender, public_url: &str) -> Self {
        let mailbox = Mailbox::new(folder);
        Self {
            post: Arc::new(FolderPost::new(mailbox.clone(), from.clone(), public_url)),
            from,
            mailbox: Some(mailbox),
        }
    }
}
