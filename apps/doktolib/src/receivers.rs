//! How messages are posted to clinics' own systems.

use std::sync::Arc;
use std::time::Duration;

use kernel::PortFailure;
use webhooks::application::Receivers;
use webhooks::infrastructure::WebReceivers;

use crate::config::Config;

/// The longest that a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// At the addresses that the configuration allows.
///
/// # Errors
/// When there is no way to speak TLS.
pub fn receivers(config: &Config) -> Result<Arc<dyn Receivers>, PortFailure> {
    Ok(Arc::new(WebReceivers::new(config.webhook_addresses, PATIENCE)?))
}
