//! How calendars from elsewhere are fetched.

use std::sync::Arc;
use std::time::Duration;

use calendars::application::CalendarSource;
use calendars::infrastructure::WebCalendars;
use kernel::PortFailure;

use crate::config::Config;

/// The longest a calendar may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// From the addresses that the configuration allows.
///
/// # Errors
/// When there is no way to speak TLS.
pub fn calendars(config: &Config) -> Result<Arc<dyn CalendarSource>, PortFailure> {
    Ok(Arc::new(WebCalendars::new(config.external_calendars, PATIENCE)?))
}
