//! The slice's adapters: PostgreSQL and HTTP.

mod busy;
mod day_pdf;
mod day_table;
mod held;
mod held_row;
mod hold_codes;
pub mod http;
mod inserting;
pub mod jobs;
mod letters;
mod many_visits;
mod patient_row;
mod personal_records;
mod pg_access_log;
mod pg_appointments;
mod pg_clinic_visits;
mod pg_day_summaries;
mod pg_desk;
mod pg_emergency;
mod pg_holds;
mod pg_patients;
mod pg_reminders;
mod pg_series;
mod pg_sweep;
mod pg_views;
mod pg_waitlist;
mod pg_waitlist_line;
mod rooms;
mod rows;
mod schema;
mod sealed;
mod search_keys;
mod series_rows;
mod updating;
mod visit_facts;
mod waitlist_rows;
mod waitlist_steps;

pub use busy::{
    PlannedVisit, Taken, TakenOfBoth, busy_of, busy_of_many, busy_of_resources, busy_with_resources, planned_of_many,
};
pub use hold_codes::SecretHoldCodes;
pub use many_visits::{Expired, TakenBy, Written, elsewhere_of};
pub use personal_records::{PgVisitRecords, StillBooked, VisitRecords};
pub use pg_access_log::PgAccessLog;
pub use pg_appointments::{CalendarWatch, PgAppointments};
pub use pg_clinic_visits::PgClinicVisits;
pub use pg_desk::PgDesk;
pub use pg_emergency::PgEmergencies;
pub use pg_holds::PgHolds;
pub use pg_patients::PgPatients;
pub use pg_views::PgViews;
pub use pg_waitlist::PgWaitlist;
pub use sealed::{SealedPatient, seal_clear_patients, seal_clear_visits, sealed_cancel_reason, sealed_notes};
pub use search_keys::index_patients;
pub use visit_facts::{Booker, Canceller, Facts, facts_of_clinic, facts_of_doctor};
