//! Where one slice asks another: adapters named `<answerer>_for_<asker>`, without decisions of their own.

mod appointments_for_doctors;
mod doctors_for_appointments;

pub use appointments_for_doctors::AppointmentsForDoctors;
pub use doctors_for_appointments::{DoctorsForAppointments, SoonestForAppointments};
