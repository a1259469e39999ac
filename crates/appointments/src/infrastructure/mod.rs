//! The slice's adapters: PostgreSQL and HTTP.

mod busy;
pub mod http;
mod pg_appointments;
mod pg_patients;
mod schema;

pub use busy::{busy_of, busy_of_many};
pub use pg_appointments::{CalendarWatch, PgAppointments};
pub use pg_patients::PgPatients;
