//! What an appointment is, and which steps it may take.

mod appointment;
mod event;
mod patient;

pub use appointment::{Appointment, CancelRefusal, Offer, RescheduleRefusal, Status, VisitMode};
pub use event::AppointmentEvent;
pub use patient::{Patient, PatientError};
