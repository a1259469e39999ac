//! The slice of calendars: visits as iCalendar files (RFC 5545, RFC 5546).

pub mod application;
pub mod domain;
pub mod infrastructure;
