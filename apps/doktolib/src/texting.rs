//! How text messages leave this installation.

use std::path::PathBuf;
use std::sync::Arc;

use kernel::PortFailure;
use notifications::application::Texts;
use notifications::infrastructure::{TextFolder, TwilioTexts};
use secrecy::SecretString;

use crate::config::{Config, Tier};

/// A way for texts to get out, where there is one, and where they can be read in development.
#[derive(Clone, Default)]
pub struct Texting {
    /// Takes texts; without it none are sent.
    pub texts: Option<Arc<dyn Texts>>,
    /// With what the provider signs what it tells.
    pub token: Option<SecretString>,
    /// The folder that is shown at `/dev/texts`.
    pub folder: Option<TextFolder>,
}

impl Texting {
    /// The configured way: a provider; in development, without one, the folder `texts` of the data.
    ///
    /// # Errors
    /// When the provider's address cannot be used.
    pub fn of(config: &Config) -> Result<Self, PortFailure> {
        match &config.twilio {
            Some(settings) => {
                let texts = TwilioTexts::new(settings.clone(), &config.public_url)?;
                Ok(Self { texts: Some(Arc::new(texts)), token: Some(settings.token.clone()), folder: None })
            }
            None if config.tier == Tier::Development => Ok(Self::into_folder(config.data_dir.join("texts"))),
            None => Ok(Self::default()),
        }
    }

    /// Into this folder, as in development.
    #[must_use]
    pub fn into_folder(folder: PathBuf) -> Self {
        let folder = TextFolder::new(folder);
        Self { texts: Some(Arc::new(folder.clone())), token: None, folder: Some(folder) }
    }
}
