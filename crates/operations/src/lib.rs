//! The slice of those who run an installation: what is done at set times, what waits, what was given up, and what they
//! do about it.
//!
//! It has no layer of use cases: whoever may do this may do all of it, so that such a layer would only hand on.

pub mod domain;
pub mod infrastructure;
