//! The slice's adapters: PostgreSQL and HTTP.

pub mod http;
mod live;
mod pg_agendas;
mod pg_directory;
mod pg_practice;
mod pg_search;
mod practice_records;
mod practice_rows;
mod practices;
mod schema;
mod soonest;

pub use live::{Calendar, Listener, LiveSlots, NoListening};
pub use pg_agendas::PgAgendas;
pub use pg_directory::PgDirectory;
pub use pg_practice::{BookedVisits, PgPractice};
pub use practices::{clinics_of, names_of_clinics, names_of_doctors, places_of_clinics};
pub use soonest::{BusyInTransaction, Rivals, Soonest, Taken, doctors_of, marks};
