//! The slice of reports: figures of each day for clinics and doctors, and reports about doctors to be printed.

pub mod application;
pub mod domain;
pub mod infrastructure;
