//! The slice of messages to people.
