//! The slice of messages to people: letters become mail, and are sent after the change that caused them.

pub mod application;
pub mod domain;
pub mod infrastructure;
