//! What prescriptions are, and what may become of them.

mod check_code;
mod content;
mod event;
mod prescription;
mod search;
mod signature;
mod state;
mod validity;

pub use check_code::{CheckCode, NotACode};
pub use content::{Content, Fault, MOST_MEDICINES, Medicine, MedicineDraft};
pub use event::{PrescriptionEvent, PrescriptionFact};
pub use prescription::{ChangeRefusal, Heads, Prescription, PrescriptionId, Treated, Version, VersionId, Withdrawal};
pub use search::{Search, SearchError, SearchTerm, medicine_names, search_terms};
pub use signature::{NotASignature, Signature};
pub use state::{Standing, State};
pub use validity::{DEFAULT_MONTHS, KEPT_YEARS, MOST_MONTHS, valid_until};

#[cfg(test)]
pub(crate) use prescription::tests::prescription as sample;
