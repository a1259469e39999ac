//! The slice's adapters: PostgreSQL, the installation's secret, paper, HTTP, jobs, messages of the outbox.

mod erased_patients;
pub mod http;
pub mod jobs;
mod keyed_seals;
mod pg_prescriptions;
mod pg_records;
mod pg_summaries;
mod rows;
mod sheet;
mod stored;
mod writing;

pub use erased_patients::ErasedPatients;
pub use keyed_seals::KeyedSeals;
pub use pg_prescriptions::PgPrescriptions;
pub use pg_records::{PgPrescriptionRecords, PrescriptionRecords};
pub use pg_summaries::{PgSummaries, Summary};
pub use stored::{SealedPrescription, SealedVersion, seal};
