//! The slice of accounts: who may sign in, how they prove it, and how far a sign-in reaches.

pub mod application;
pub mod domain;
pub mod infrastructure;
