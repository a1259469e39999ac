//! The slice of appointments: a patient books a doctor's time, moves it, gives it back.

pub mod application;
pub mod domain;
pub mod infrastructure;
