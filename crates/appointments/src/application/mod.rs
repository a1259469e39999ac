//! What one can do with appointments, and what that needs from outside.

mod book_appointment;
mod cancel_appointment;
mod policy;
mod ports;
mod read_appointment;
mod reschedule_appointment;
#[cfg(test)]
mod test_data;

pub use book_appointment::{BookAppointment, BookError, Booking, GuestBooking};
pub use cancel_appointment::{CancelAppointment, CancelError, Cancellation};
pub use policy::Policy;
pub use ports::{
    AppointmentDetails, AppointmentStore, Ask, Change, DoctorAgenda, FreeSlot, InsertError, KnownGuest, NewAppointment,
    NoOffer, PatientIs, PatientTies, RequestedStart, UpdateError,
};
pub use read_appointment::{ReadAppointment, ReadError};
pub use reschedule_appointment::{RescheduleAppointment, RescheduleError, Rescheduling};
