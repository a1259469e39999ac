//! The slice of files: what patients, doctors and front desks hand in, looked through, kept sealed, found again and
//! handed out.

pub mod application;
pub mod domain;
pub mod infrastructure;
