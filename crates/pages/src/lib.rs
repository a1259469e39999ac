//! The pages: what patients, doctors and front desks see.
//!
//! A second driving adapter beside the REST API: handlers call the same use cases. Everything works without a script and
//! is embedded in the binary. [`kit`] holds what all pages are made of; each slice has a folder of its own.

pub mod appointments;
pub mod dev;
pub mod doctors;
pub mod kit;

use actix_web::web::ServiceConfig;

/// Mounts the pages; they need [`kit::Site`], [`doctors::DoctorPages`] and [`appointments::AppointmentPages`].
pub fn routes(config: &mut ServiceConfig) {
    config.configure(kit::routes).configure(doctors::routes).configure(appointments::routes);
}
