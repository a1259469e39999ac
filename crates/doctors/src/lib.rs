//! The slice of clinics, doctors, what they offer, and when they are free.

pub mod domain;
