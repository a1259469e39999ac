//! The slice of clinics, doctors, what they offer, and when they are free.

pub mod application;
pub mod domain;
pub mod infrastructure;
