//! What an appointment is, and which steps it may take; who patients are.

mod appointment;
mod emergency;
mod event;
mod hold;
mod patient;
mod patient_event;
mod patient_search;
mod relation;
mod waitlist;
mod waitlist_event;

pub use appointment::{
    Appointment, CancelRefusal, Mark, MarkRefusal, Offer, RescheduleRefusal, Side, Status, VisitMode,
};
pub use emergency::{BadReason, EmergencyAccess, EmergencyAccessId};
pub use event::AppointmentEvent;
pub use hold::{Hold, HoldEvent, HoldKind, HoldRefusal};
pub use patient::{Particulars, Patient, PatientError};
pub use patient_event::PatientEvent;
pub use patient_search::{PatientSearch, SearchError, SearchTerm};
pub use relation::Relation;
pub use waitlist::{
    BadWindow, DAY, EntryState, LONGEST_WAIT_DAYS, MOST_SILENT, Outcome, WaitlistEntry, WaitlistEntryId, WaitlistOffer,
    Wanted, Weekdays, Window, deadline, is_quiet,
};
pub use waitlist_event::WaitlistEvent;
