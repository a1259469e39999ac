//! What an appointment is, and which steps it may take; who patients are.

mod appointment;
mod arrival;
mod correction;
mod emergency;
mod event;
mod hold;
mod offer;
mod patient;
mod patient_event;
mod patient_search;
mod queue;
mod recurrence;
mod relation;
mod reminder;
mod reminder_plan;
mod retention;
mod room;
mod series;
mod waitlist;
mod waitlist_event;

pub use appointment::{Appointment, CancelRefusal, Mark, MarkRefusal, RescheduleRefusal, Side, Status};
pub use arrival::{CHECK_IN_CLOSES, CHECK_IN_OPENS, CheckInRefusal};
pub use correction::{CORRECTABLE_FOR, CorrectRefusal};
pub use emergency::{BadReason, EmergencyAccess, EmergencyAccessId};
pub use event::AppointmentEvent;
pub use hold::{Hold, HoldEvent, HoldKind, HoldRefusal};
pub use offer::{Offer, VisitMode};
pub use patient::{Particulars, Patient, PatientError};
pub use patient_event::PatientEvent;
pub use patient_search::{PatientSearch, SearchError, SearchTerm};
pub use queue::{arrived_at, expected_starts, waiting_minutes};
pub use recurrence::{LONGEST_SERIES_DAYS, MOST_IN_SERIES, Recurrence, RecurrenceError};
pub use relation::Relation;
pub use reminder::{BadLeads, LeadWindow, Leads, day_of};
pub use reminder_plan::{BadTextLead, LONGEST_QUIET_MINUTES, Quiet, ReminderPlan, TextLead, Turn};
pub use retention::{BadRetention, Retention, VisitPurged, archived_before};
pub use room::{Resource, Room};
pub use series::{MOST_BY_PATIENT, NewVisits, Series, SeriesEvent, SeriesId, SeriesPlace, SeriesTerms};
pub use waitlist::{
    BadWindow, DAY, EntryState, LONGEST_WAIT_DAYS, MOST_SILENT, Outcome, WaitlistEntry, WaitlistEntryId, WaitlistOffer,
    Wanted, Weekdays, Window, deadline, is_quiet,
};
pub use waitlist_event::WaitlistEvent;
