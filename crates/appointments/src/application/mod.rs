//! What one can do with appointments, and what that needs from outside.

mod book_appointment;
mod cancel_appointment;
mod ports;
mod read_appointment;
mod reschedule_appointment;
#[cfg(test)]
mod test_data;

pub use book_appointment::{BookAppointment, BookError, Booking, GuestBooking};
pub use cancel_appointment::{CancelAppointment, CancelError, Cancellation};
pub use ports::{
    AppointmentDetails, AppointmentStore, Ask, Change, DoctorAgenda, FreeSlot, InsertError, KnownGuest, NewAppointment,
    NoOffer, PatientIs, RequestedStart, UpdateError,
};
pub use read_appointment::{ReadAppointment, ReadError};
pub use reschedule_appointment::{RescheduleAppointment, RescheduleError, Rescheduling};

use kernel::{Actor, AppointmentId};

/// May this actor see and change that appointment? Others are told that it does not exist.
const fn may_manage(actor: Actor, id: AppointmentId) -> bool {
    match actor {
        Actor::LinkHolder(own) => own.as_uuid().as_u128() == id.as_uuid().as_u128(),
        Actor::System => true,
        // Signed-in people reach appointments by their role; that needs accounts.
        Actor::Guest | Actor::Patient(_) | Actor::Doctor(_) | Actor::Staff(_) | Actor::Admin(_) => false,
    }
}
