//! The slice's adapters: PostgreSQL and HTTP.

mod busy_in_transaction;
mod change_rows;
mod clinic_zones;
mod external_busy;
pub mod http;
mod live;
mod pg_agendas;
mod pg_changes;
mod pg_directory;
mod pg_practice;
mod pg_search;
mod practice_records;
mod practice_rows;
mod practices;
mod resource_rows;
mod schema;
mod sharing;
mod soonest;
mod visit_desk;
mod week_rows;

pub use busy_in_transaction::{BusyInTransaction, ResourceTaken, Taken};
pub use clinic_zones::ClinicZones;
pub use external_busy::{home_zone, replace_external_busy};
pub use live::{Calendar, Listener, LiveSlots, NoListening};
pub use pg_agendas::PgAgendas;
pub use pg_changes::PgChanges;
pub use pg_directory::PgDirectory;
pub use pg_practice::{BookedVisits, PgPractice};
pub use practices::{
    change_cutoff_of, clinics_of, clinics_of_any, clinics_on_clock, clock_of_clinic, doctors_of_clinic,
    names_of_clinics, names_of_doctors, places_of_clinics, specialist,
};
pub use soonest::{Rivals, Soonest, doctors_of, marks};
pub use visit_desk::{Moving, PreparedVisits, VisitDesk};
