//! What operations take that need nothing beyond their address.

use serde::{Deserialize, Serialize};
use validator::Validate;

/// No parameters in the query string: whatever is given is unknown.
#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// No body, or `{}`: whatever is in it is unknown.
#[derive(Debug, Default, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}
