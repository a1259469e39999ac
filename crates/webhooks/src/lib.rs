//! The slice of webhooks: clinics' own systems are told what happens to visits, as the Standard Webhooks specification
//! says.

pub mod application;
pub mod domain;
pub mod infrastructure;
