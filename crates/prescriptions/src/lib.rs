//! The slice of prescriptions: written for a visit by its doctor, printed, and checked by pharmacies.

pub mod application;
pub mod domain;
pub mod infrastructure;
